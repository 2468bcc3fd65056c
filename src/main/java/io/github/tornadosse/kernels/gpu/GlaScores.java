package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.portable.Routing;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The scores of gated linear attention within chunks of 64 rows, and their gradients, see
 * docs/mathematics.md section 2.
 */
public final class GlaScores {
  /** Work-items of a group of {@link #scores}: the pairs of rows in the 16 blocks of 4 rows. */
  public static final int PAIRS = 160;

  /** Work-items of a group of {@link #gradients}. */
  public static final int ITEMS = Tiles.ITEMS;

  /** Pairs of different blocks. */
  private static final int BLOCK_PAIRS = 120;

  /** Channels that are loaded at a time. */
  private static final int CHANNELS = 16;

  /** Stride of a channel: 16 blocks of 4 rows, and one against conflicts of banks. */
  private static final int STRIDE = 65;

  private static final int LEVEL = CHANNELS * STRIDE;

  private GlaScores() {}

  /**
   * scores[h, i, j − first row of the chunk] = K^(-1/2)·Σ_c weight[0, i]·q_i[c]·weight[1, j]·k_j[c]
   * ·(the decays of the rows after j up to i) for the rows j ≤ i of i's chunk; 0 if i is not read
   * or j not written. Groups: one a chunk and head.
   *
   * <p>Rows are taken in blocks of 4, these in sub-chunks of 16. A query is scaled to the start of
   * its block and of its sub-chunk, a key to their ends, so that all factors are decays over rows
   * between j and i: a pair of blocks of one sub-chunk takes the former and the decays of the
   * blocks between, one of two sub-chunks the latter and those of the sub-chunks between. Each is
   * the work of one item; pairs of rows of one block are evaluated as they are.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param token [R]
   * @param mode [R]
   * @param weight [2, R]
   * @param q [2, H, capacity, K]
   * @param k [2, H, capacity, K]
   * @param g [2, H, capacity, K]
   * @param scores output [H, R, 64]
   * @param heads H
   * @param key K
   * @param capacity largest number of tokens
   * @param rows R
   */
  public static void scores(
      KernelContext context,
      IntArray table,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      FloatArray q,
      FloatArray k,
      FloatArray g,
      FloatArray scores,
      int heads,
      int key,
      int capacity,
      int rows) {
    int item = context.localIdx;
    int h = context.groupIdx % heads;
    int begin = table.get(2 * (context.groupIdx / heads));
    int end = table.get(2 * (context.groupIdx / heads) + 1);
    float[] queries = context.allocateFloatLocalArray(2 * LEVEL); // [level, channel, row, block]
    float[] keys = context.allocateFloatLocalArray(2 * LEVEL);
    float[] pairs = context.allocateFloatLocalArray(PAIRS * 17); // [block, pair, channel]
    // Decays over blocks, over sub-chunks, and 1.
    float[] decays = context.allocateFloatLocalArray(21 * 17);
    float[] ofQuery = context.allocateFloatLocalArray(64);
    float[] ofKey = context.allocateFloatLocalArray(64);
    int[] written = context.allocateIntLocalArray(64);
    int[] from = context.allocateIntLocalArray(64);
    if (begin < end) {
      if (item < 64) {
        int row = TornadoMath.min(begin + item, end - 1);
        int bits = begin + item < end ? mode.get(row) : 0;
        int source = row < capacity ? h : heads + h;
        from[item] = (source * capacity + token.get(row)) * key;
        written[item] = bits & Routing.WRITTEN;
        int read = bits & Routing.READ;
        ofQuery[item] = read > 0 ? weight.get(row) / TornadoMath.sqrt(key) : 0f;
        ofKey[item] = written[item] > 0 ? weight.get(rows + row) : 0f;
      }
      if (item < 17) {
        decays[20 * 17 + item] = 1f;
      }
      // Items without a pair of blocks have one beyond the chunk.
      int bi = 1;
      for (int n = 2; n < 17; n++) {
        if (n * (n - 1) / 2 <= item) {
          bi = n;
        }
      }
      int bj = item < BLOCK_PAIRS ? item - bi * (bi - 1) / 2 : 0;
      int level = bi / 4 == bj / 4 ? 0 : LEVEL;
      int apart = level == 0 ? bi - bj : bi / 4 - bj / 4;
      int next = level == 0 ? bj + 1 : 17 + bj / 4;
      int one = (apart > 1 ? next : 20) * 17;
      int two = (apart > 2 ? next + 1 : 20) * 17;
      int pair = item % 10;
      int pi = pair < 1 ? 0 : pair < 3 ? 1 : pair < 6 ? 2 : 3;
      int pj = pair - pi * (pi + 1) / 2;
      float own = 0f;
      float s00 = 0f;
      float s01 = 0f;
      float s02 = 0f;
      float s03 = 0f;
      float s10 = 0f;
      float s11 = 0f;
      float s12 = 0f;
      float s13 = 0f;
      float s20 = 0f;
      float s21 = 0f;
      float s22 = 0f;
      float s23 = 0f;
      float s30 = 0f;
      float s31 = 0f;
      float s32 = 0f;
      float s33 = 0f;
      context.localBarrier();
      for (int first = 0; first < key; first += CHANNELS) {
        for (int e = item; e < 256; e += PAIRS) {
          int c = e % CHANNELS;
          int b = e / CHANNELS;
          int channel = TornadoMath.min(first + c, key - 1);
          float inside = first + c < key ? 1f : 0f;
          int f0 = from[4 * b] + channel;
          int f1 = from[4 * b + 1] + channel;
          int f2 = from[4 * b + 2] + channel;
          int f3 = from[4 * b + 3] + channel;
          float q0 = inside * ofQuery[4 * b] * q.get(f0);
          float q1 = inside * ofQuery[4 * b + 1] * q.get(f1);
          float q2 = inside * ofQuery[4 * b + 2] * q.get(f2);
          float q3 = inside * ofQuery[4 * b + 3] * q.get(f3);
          float k0 = ofKey[4 * b] * k.get(f0);
          float k1 = ofKey[4 * b + 1] * k.get(f1);
          float k2 = ofKey[4 * b + 2] * k.get(f2);
          float k3 = ofKey[4 * b + 3] * k.get(f3);
          float d0 = written[4 * b] > 0 ? TornadoMath.exp(g.get(f0)) : 1f;
          float d1 = written[4 * b + 1] > 0 ? TornadoMath.exp(g.get(f1)) : 1f;
          float d2 = written[4 * b + 2] > 0 ? TornadoMath.exp(g.get(f2)) : 1f;
          float d3 = written[4 * b + 3] > 0 ? TornadoMath.exp(g.get(f3)) : 1f;
          int to = c * STRIDE + b;
          queries[to] = q0 * d0;
          queries[to + 16] = q1 * (d0 * d1);
          queries[to + 32] = q2 * (d0 * d1 * d2);
          queries[to + 48] = q3 * (d0 * d1 * d2 * d3);
          keys[to] = k0 * (d1 * d2 * d3);
          keys[to + 16] = k1 * (d2 * d3);
          keys[to + 32] = k2 * d3;
          keys[to + 48] = k3;
          decays[b * 17 + c] = d0 * d1 * d2 * d3;
          int p = b * 170 + c;
          pairs[p] = q0 * k0;
          pairs[p + 17] = q1 * k0 * d1;
          pairs[p + 34] = q1 * k1;
          pairs[p + 51] = q2 * k0 * (d1 * d2);
          pairs[p + 68] = q2 * k1 * d2;
          pairs[p + 85] = q2 * k2;
          pairs[p + 102] = q3 * k0 * (d1 * d2 * d3);
          pairs[p + 119] = q3 * k1 * (d2 * d3);
          pairs[p + 136] = q3 * k2 * d3;
          pairs[p + 153] = q3 * k3;
        }
        context.localBarrier();
        for (int e = item; e < 256; e += PAIRS) {
          int c = e % CHANNELS;
          int b = e / CHANNELS;
          int start = b / 4 * 4;
          float before = 1f;
          float after = 1f;
          for (int n = start; n < start + 4; n++) {
            float d = decays[n * 17 + c];
            before = n < b ? before * d : before;
            after = n > b ? after * d : after;
          }
          for (int n = c * STRIDE + b; n < c * STRIDE + 64; n += 16) {
            queries[LEVEL + n] = queries[n] * before;
            keys[LEVEL + n] = keys[n] * after;
          }
          if (b == start) {
            decays[(16 + b / 4) * 17 + c] = decays[b * 17 + c] * after;
          }
        }
        context.localBarrier();
        for (int c = 0; c < CHANNELS; c++) {
          own += pairs[item * 17 + c];
        }
        if (item < BLOCK_PAIRS) {
          for (int c = 0; c < CHANNELS; c++) {
            float d = decays[one + c] * decays[two + c];
            int qi = level + c * STRIDE + bi;
            int ki = level + c * STRIDE + bj;
            float x0 = queries[qi];
            float x1 = queries[qi + 16];
            float x2 = queries[qi + 32];
            float x3 = queries[qi + 48];
            float y0 = d * keys[ki];
            float y1 = d * keys[ki + 16];
            float y2 = d * keys[ki + 32];
            float y3 = d * keys[ki + 48];
            s00 += x0 * y0;
            s01 += x0 * y1;
            s02 += x0 * y2;
            s03 += x0 * y3;
            s10 += x1 * y0;
            s11 += x1 * y1;
            s12 += x1 * y2;
            s13 += x1 * y3;
            s20 += x2 * y0;
            s21 += x2 * y1;
            s22 += x2 * y2;
            s23 += x2 * y3;
            s30 += x3 * y0;
            s31 += x3 * y1;
            s32 += x3 * y2;
            s33 += x3 * y3;
          }
        }
        context.localBarrier();
      }
      int i = begin + item / 10 * 4 + pi;
      if (i < end) {
        scores.set((h * rows + i) * 64 + item / 10 * 4 + pj, own);
      }
      if (item < BLOCK_PAIRS) {
        int row = begin + 4 * bi;
        int to = (h * rows + row) * 64 + 4 * bj;
        put(scores, to, row < end ? 1 : 0, s00, s01, s02, s03);
        put(scores, to + 64, row + 1 < end ? 1 : 0, s10, s11, s12, s13);
        put(scores, to + 128, row + 2 < end ? 1 : 0, s20, s21, s22, s23);
        put(scores, to + 192, row + 3 < end ? 1 : 0, s30, s31, s32, s33);
      }
    }
  }

  private static void put(
      FloatArray to, int at, int exists, float y0, float y1, float y2, float y3) {
    if (exists == 1) {
      to.set(at, y0);
      to.set(at + 1, y1);
      to.set(at + 2, y2);
      to.set(at + 3, y3);
    }
  }

  /**
   * dScores[h, i, j − first row of the chunk] = ⟨dO_i, v_j⟩ for the rows j ≤ i of i's chunk.
   * Groups: one a chunk and head.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param token [R]
   * @param v [H, capacity, V]
   * @param dOut [H, capacity, V]
   * @param dScores output [H, R, 64]
   * @param heads H
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   */
  public static void gradients(
      KernelContext context,
      IntArray table,
      IntArray token,
      FloatArray v,
      FloatArray dOut,
      FloatArray dScores,
      int heads,
      int value,
      int capacity,
      int rows) {
    int item = context.localIdx;
    int h = context.groupIdx % heads;
    int begin = table.get(2 * (context.groupIdx / heads));
    int end = table.get(2 * (context.groupIdx / heads) + 1);
    float[] a = context.allocateFloatLocalArray(64 * 33); // [row, column] of dO
    float[] b = context.allocateFloatLocalArray(64 * 33); // of v
    int[] from = context.allocateIntLocalArray(64);
    if (begin < end) {
      if (item < 64) {
        int row = TornadoMath.min(begin + item, end - 1);
        from[item] = (h * capacity + token.get(row)) * value;
      }
      context.localBarrier();
      int tx = item % 16;
      int ty = item / 16;
      float s00 = 0f;
      float s01 = 0f;
      float s02 = 0f;
      float s03 = 0f;
      float s10 = 0f;
      float s11 = 0f;
      float s12 = 0f;
      float s13 = 0f;
      float s20 = 0f;
      float s21 = 0f;
      float s22 = 0f;
      float s23 = 0f;
      float s30 = 0f;
      float s31 = 0f;
      float s32 = 0f;
      float s33 = 0f;
      float s40 = 0f;
      float s41 = 0f;
      float s42 = 0f;
      float s43 = 0f;
      float s50 = 0f;
      float s51 = 0f;
      float s52 = 0f;
      float s53 = 0f;
      float s60 = 0f;
      float s61 = 0f;
      float s62 = 0f;
      float s63 = 0f;
      float s70 = 0f;
      float s71 = 0f;
      float s72 = 0f;
      float s73 = 0f;
      for (int first = 0; first < value; first += 32) {
        for (int e = item; e < 64 * 32; e += ITEMS) {
          int x = first + e % 32;
          int at = from[e / 32] + TornadoMath.min(x, value - 1);
          a[e / 32 * 33 + e % 32] = x < value ? dOut.get(at) : 0f;
          b[e / 32 * 33 + e % 32] = x < value ? v.get(at) : 0f;
        }
        context.localBarrier();
        for (int x = 0; x < 32; x++) {
          int ai = ty * 33 + x;
          int bi = tx * 33 + x;
          float x0 = a[ai];
          float x1 = a[ai + 264];
          float x2 = a[ai + 528];
          float x3 = a[ai + 792];
          float x4 = a[ai + 1056];
          float x5 = a[ai + 1320];
          float x6 = a[ai + 1584];
          float x7 = a[ai + 1848];
          float y0 = b[bi];
          float y1 = b[bi + 528];
          float y2 = b[bi + 1056];
          float y3 = b[bi + 1584];
          // Columns beyond the row's sub-chunk of 16 rows are not wanted.
          s00 += x0 * y0;
          s10 += x1 * y0;
          s20 += x2 * y0;
          s21 += x2 * y1;
          s30 += x3 * y0;
          s31 += x3 * y1;
          s40 += x4 * y0;
          s41 += x4 * y1;
          s42 += x4 * y2;
          s50 += x5 * y0;
          s51 += x5 * y1;
          s52 += x5 * y2;
          s60 += x6 * y0;
          s61 += x6 * y1;
          s62 += x6 * y2;
          s63 += x6 * y3;
          s70 += x7 * y0;
          s71 += x7 * y1;
          s72 += x7 * y2;
          s73 += x7 * y3;
        }
        context.localBarrier();
      }
      int to = (h * rows + begin + ty) * 64 + tx;
      int left = end - begin - ty;
      Tiles.put(dScores, to, left > 0 ? ty + 0 + 1 - tx : 0, s00, s01, s02, s03);
      Tiles.put(dScores, to + 8 * 64, left > 8 ? ty + 8 + 1 - tx : 0, s10, s11, s12, s13);
      Tiles.put(dScores, to + 16 * 64, left > 16 ? ty + 16 + 1 - tx : 0, s20, s21, s22, s23);
      Tiles.put(dScores, to + 24 * 64, left > 24 ? ty + 24 + 1 - tx : 0, s30, s31, s32, s33);
      Tiles.put(dScores, to + 32 * 64, left > 32 ? ty + 32 + 1 - tx : 0, s40, s41, s42, s43);
      Tiles.put(dScores, to + 40 * 64, left > 40 ? ty + 40 + 1 - tx : 0, s50, s51, s52, s53);
      Tiles.put(dScores, to + 48 * 64, left > 48 ? ty + 48 + 1 - tx : 0, s60, s61, s62, s63);
      Tiles.put(dScores, to + 56 * 64, left > 56 ? ty + 56 + 1 - tx : 0, s70, s71, s72, s73);
    }
  }
}
