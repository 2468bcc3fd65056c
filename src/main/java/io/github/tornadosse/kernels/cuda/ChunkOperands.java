package io.github.tornadosse.kernels.cuda;

import io.github.tornadosse.kernels.portable.Routing;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The factors of chunkwise gated linear attention's products, in bfloat16, and the scores within
 * chunks; see docs/mathematics.md section 2. A group of work-items takes a chunk of 64 rows of one
 * head, of at most 128 key columns, a multiple of 16.
 *
 * <p>Decays between two rows are running products of exp(g), in [0, 1] whatever the gates are.
 */
public final class ChunkOperands {
  /** Work-items of a group. */
  public static final int ITEMS = 128;

  /** Largest key dim. */
  public static final int MOST_KEYS = 128;

  /** Rows of a chunk, and work-items of a group of {@link #rowTable}. */
  public static final int CHUNK = 64;

  private static final int HALF = CHUNK / 2;
  private static final int SUB = 16;

  /** Rows of the smallest blocks of scores. */
  private static final int LEAST = 4;

  /** Ints of the left factors in local memory; the right ones follow. */
  private static final int FACTOR = HALF * MOST_KEYS / 2;

  private static final int BYTES = 4;

  /** Parts of the columns that are summed apart within the smallest blocks. */
  private static final int SLICES = 8;

  private ChunkOperands() {}

  /**
   * What each row of each chunk is. Groups: one a chunk.
   *
   * @param context the work-item
   * @param table see {@code portable.GatedLinearAttention.chunkTable}
   * @param token [R]
   * @param mode [R]
   * @param weight [2, R]
   * @param place output [chunks, 64]: the row's token; beyond the chunk's end that of its last row
   * @param factor output [3, chunks, 64]: what its query is multiplied by, K^(-1/2) included, what
   *     its key is, and 1 if it is written; 0 where it takes no part
   * @param key K
   * @param rows R
   * @param all 64·chunks
   */
  public static void rowTable(
      KernelContext context,
      IntArray table,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      IntArray place,
      FloatArray factor,
      int key,
      int rows,
      int all) {
    int chunk = context.groupIdx;
    int item = context.localIdx;
    int begin = table.get(2 * chunk);
    int end = table.get(2 * chunk + 1);
    if (begin < end) {
      int row = TornadoMath.min(begin + item, end - 1);
      int inside = begin + item < end ? 1 : 0;
      int read = (mode.get(row) & Routing.READ) * inside;
      int written = (mode.get(row) & Routing.WRITTEN) * inside;
      int to = chunk * CHUNK + item;
      place.set(to, token.get(row));
      factor.set(to, read > 0 ? weight.get(row) / TornadoMath.sqrt(key) : 0f);
      factor.set(all + to, written > 0 ? weight.get(rows + row) : 0f);
      factor.set(2 * all + to, written > 0 ? 1f : 0f);
    }
  }

  /**
   * Queries moved to the start and keys to the end of their chunk, the chunk's decay and its
   * scores. Groups: along x the chunks, along y the heads.
   *
   * @param context the work-item
   * @param table see {@code portable.GatedLinearAttention.chunkTable}
   * @param q [2, H, capacity, K]
   * @param k [2, H, capacity, K]
   * @param g [2, H, capacity, K]
   * @param place of {@link #rowTable}
   * @param factor of {@link #rowTable}
   * @param queries output [chunks, H, 64, K] as left factors: K^(-1/2)·q̂ times the decay from the
   *     chunk's start
   * @param keys output [chunks, H, K, 64] as left factors: k̂ times the decay to the chunk's end
   * @param decay output [chunks, H, K]: that of the whole chunk
   * @param scores output [chunks, H, 64, 64]: K^(-1/2)·Σ_c q̂·k̂·decay between the rows i ≥ j, at
   *     {@link #scoreAt}
   * @param heads H
   * @param key K
   * @param capacity largest number of tokens
   * @param all 64·chunks
   */
  public static void prepare(
      KernelContext context,
      IntArray table,
      FloatArray q,
      FloatArray k,
      FloatArray g,
      IntArray place,
      FloatArray factor,
      IntArray queries,
      IntArray keys,
      FloatArray decay,
      FloatArray scores,
      int heads,
      int key,
      int capacity,
      int all) {
    int chunk = context.groupIdx;
    int head = context.groupIdy;
    int item = context.localIdx;
    float[] decays = context.allocateFloatLocalArray(CHUNK * MOST_KEYS);
    int[] factors = context.allocateIntLocalArray(2 * FACTOR);
    int begin = table.get(2 * chunk);
    int end = table.get(2 * chunk + 1);
    if (begin < end) {
      int at = chunk * heads + head;
      int from = (begin < capacity ? head : heads + head) * capacity;
      int tiles = key / SUB;
      int line = chunk * CHUNK;

      if (item < key) {
        float product = 1f;
        for (int i = 0; i < CHUNK; i += SUB) {
          float g0 = g.get((from + place.get(line + i)) * key + item);
          float g1 = g.get((from + place.get(line + i + 1)) * key + item);
          float g2 = g.get((from + place.get(line + i + 2)) * key + item);
          float g3 = g.get((from + place.get(line + i + 3)) * key + item);
          float g4 = g.get((from + place.get(line + i + 4)) * key + item);
          float g5 = g.get((from + place.get(line + i + 5)) * key + item);
          float g6 = g.get((from + place.get(line + i + 6)) * key + item);
          float g7 = g.get((from + place.get(line + i + 7)) * key + item);
          float g8 = g.get((from + place.get(line + i + 8)) * key + item);
          float g9 = g.get((from + place.get(line + i + 9)) * key + item);
          float g10 = g.get((from + place.get(line + i + 10)) * key + item);
          float g11 = g.get((from + place.get(line + i + 11)) * key + item);
          float g12 = g.get((from + place.get(line + i + 12)) * key + item);
          float g13 = g.get((from + place.get(line + i + 13)) * key + item);
          float g14 = g.get((from + place.get(line + i + 14)) * key + item);
          float g15 = g.get((from + place.get(line + i + 15)) * key + item);
          int of = 2 * all + line + i;
          float d0 = TornadoMath.exp(g0 * factor.get(of));
          float d1 = TornadoMath.exp(g1 * factor.get(of + 1));
          float d2 = TornadoMath.exp(g2 * factor.get(of + 2));
          float d3 = TornadoMath.exp(g3 * factor.get(of + 3));
          float d4 = TornadoMath.exp(g4 * factor.get(of + 4));
          float d5 = TornadoMath.exp(g5 * factor.get(of + 5));
          float d6 = TornadoMath.exp(g6 * factor.get(of + 6));
          float d7 = TornadoMath.exp(g7 * factor.get(of + 7));
          float d8 = TornadoMath.exp(g8 * factor.get(of + 8));
          float d9 = TornadoMath.exp(g9 * factor.get(of + 9));
          float d10 = TornadoMath.exp(g10 * factor.get(of + 10));
          float d11 = TornadoMath.exp(g11 * factor.get(of + 11));
          float d12 = TornadoMath.exp(g12 * factor.get(of + 12));
          float d13 = TornadoMath.exp(g13 * factor.get(of + 13));
          float d14 = TornadoMath.exp(g14 * factor.get(of + 14));
          float d15 = TornadoMath.exp(g15 * factor.get(of + 15));
          int di = i * MOST_KEYS + item;
          decays[di] = d0;
          decays[di + MOST_KEYS] = d1;
          decays[di + 2 * MOST_KEYS] = d2;
          decays[di + 3 * MOST_KEYS] = d3;
          decays[di + 4 * MOST_KEYS] = d4;
          decays[di + 5 * MOST_KEYS] = d5;
          decays[di + 6 * MOST_KEYS] = d6;
          decays[di + 7 * MOST_KEYS] = d7;
          decays[di + 8 * MOST_KEYS] = d8;
          decays[di + 9 * MOST_KEYS] = d9;
          decays[di + 10 * MOST_KEYS] = d10;
          decays[di + 11 * MOST_KEYS] = d11;
          decays[di + 12 * MOST_KEYS] = d12;
          decays[di + 13 * MOST_KEYS] = d13;
          decays[di + 14 * MOST_KEYS] = d14;
          decays[di + 15 * MOST_KEYS] = d15;
          product *= d0 * d1 * (d2 * d3);
          product *= d4 * d5 * (d6 * d7);
          product *= d8 * d9 * (d10 * d11);
          product *= d12 * d13 * (d14 * d15);
        }
        decay.set(at * key + item, product);
      }
      context.localBarrier();

      // From here on a work-item has two columns of queries, or of keys.
      int c = item % 64 * 2;
      int ofKeys = item / 64;
      int left = c / SUB * Packed.LEFT + c % SUB / 2;
      int ints = HALF * key;
      if (c < key) {
        float px = 1f;
        float py = 1f;
        if (ofKeys == 0) {
          for (int i = 0; i < CHUNK; i += 8) {
            int t0 = (from + place.get(line + i)) * key + c;
            int t1 = (from + place.get(line + i + 1)) * key + c;
            int t2 = (from + place.get(line + i + 2)) * key + c;
            int t3 = (from + place.get(line + i + 3)) * key + c;
            int t4 = (from + place.get(line + i + 4)) * key + c;
            int t5 = (from + place.get(line + i + 5)) * key + c;
            int t6 = (from + place.get(line + i + 6)) * key + c;
            int t7 = (from + place.get(line + i + 7)) * key + c;
            float x0 = q.get(t0);
            float y0 = q.get(t0 + 1);
            float x1 = q.get(t1);
            float y1 = q.get(t1 + 1);
            float x2 = q.get(t2);
            float y2 = q.get(t2 + 1);
            float x3 = q.get(t3);
            float y3 = q.get(t3 + 1);
            float x4 = q.get(t4);
            float y4 = q.get(t4 + 1);
            float x5 = q.get(t5);
            float y5 = q.get(t5 + 1);
            float x6 = q.get(t6);
            float y6 = q.get(t6 + 1);
            float x7 = q.get(t7);
            float y7 = q.get(t7 + 1);
            float f0 = factor.get(line + i);
            float f1 = factor.get(line + i + 1);
            float f2 = factor.get(line + i + 2);
            float f3 = factor.get(line + i + 3);
            float f4 = factor.get(line + i + 4);
            float f5 = factor.get(line + i + 5);
            float f6 = factor.get(line + i + 6);
            float f7 = factor.get(line + i + 7);
            int to = at * ints + i / SUB * tiles * Packed.LEFT + i % SUB * 8 + left;
            int di = i * MOST_KEYS + c;
            px *= decays[di];
            py *= decays[di + 1];
            queries.set(to, Packed.pair(f0 * x0 * px, f0 * y0 * py));
            px *= decays[di + MOST_KEYS];
            py *= decays[di + MOST_KEYS + 1];
            queries.set(to + 8, Packed.pair(f1 * x1 * px, f1 * y1 * py));
            px *= decays[di + 2 * MOST_KEYS];
            py *= decays[di + 2 * MOST_KEYS + 1];
            queries.set(to + 16, Packed.pair(f2 * x2 * px, f2 * y2 * py));
            px *= decays[di + 3 * MOST_KEYS];
            py *= decays[di + 3 * MOST_KEYS + 1];
            queries.set(to + 24, Packed.pair(f3 * x3 * px, f3 * y3 * py));
            px *= decays[di + 4 * MOST_KEYS];
            py *= decays[di + 4 * MOST_KEYS + 1];
            queries.set(to + 32, Packed.pair(f4 * x4 * px, f4 * y4 * py));
            px *= decays[di + 5 * MOST_KEYS];
            py *= decays[di + 5 * MOST_KEYS + 1];
            queries.set(to + 40, Packed.pair(f5 * x5 * px, f5 * y5 * py));
            px *= decays[di + 6 * MOST_KEYS];
            py *= decays[di + 6 * MOST_KEYS + 1];
            queries.set(to + 48, Packed.pair(f6 * x6 * px, f6 * y6 * py));
            px *= decays[di + 7 * MOST_KEYS];
            py *= decays[di + 7 * MOST_KEYS + 1];
            queries.set(to + 56, Packed.pair(f7 * x7 * px, f7 * y7 * py));
          }
        } else {
          for (int i = CHUNK - 8; i >= 0; i -= 8) {
            int t0 = (from + place.get(line + i)) * key + c;
            int t1 = (from + place.get(line + i + 1)) * key + c;
            int t2 = (from + place.get(line + i + 2)) * key + c;
            int t3 = (from + place.get(line + i + 3)) * key + c;
            int t4 = (from + place.get(line + i + 4)) * key + c;
            int t5 = (from + place.get(line + i + 5)) * key + c;
            int t6 = (from + place.get(line + i + 6)) * key + c;
            int t7 = (from + place.get(line + i + 7)) * key + c;
            float x0 = k.get(t0);
            float y0 = k.get(t0 + 1);
            float x1 = k.get(t1);
            float y1 = k.get(t1 + 1);
            float x2 = k.get(t2);
            float y2 = k.get(t2 + 1);
            float x3 = k.get(t3);
            float y3 = k.get(t3 + 1);
            float x4 = k.get(t4);
            float y4 = k.get(t4 + 1);
            float x5 = k.get(t5);
            float y5 = k.get(t5 + 1);
            float x6 = k.get(t6);
            float y6 = k.get(t6 + 1);
            float x7 = k.get(t7);
            float y7 = k.get(t7 + 1);
            float f0 = factor.get(all + line + i);
            float f1 = factor.get(all + line + i + 1);
            float f2 = factor.get(all + line + i + 2);
            float f3 = factor.get(all + line + i + 3);
            float f4 = factor.get(all + line + i + 4);
            float f5 = factor.get(all + line + i + 5);
            float f6 = factor.get(all + line + i + 6);
            float f7 = factor.get(all + line + i + 7);
            int to = at * ints + (c / SUB * 4 + i / SUB) * Packed.LEFT + c % SUB * 8 + i % SUB / 2;
            int di = i * MOST_KEYS + c;
            float x7x = f7 * x7 * px;
            float y7y = f7 * y7 * py;
            px *= decays[di + 7 * MOST_KEYS];
            py *= decays[di + 7 * MOST_KEYS + 1];
            keys.set(to + 3, Packed.pair(f6 * x6 * px, x7x));
            keys.set(to + 11, Packed.pair(f6 * y6 * py, y7y));
            px *= decays[di + 6 * MOST_KEYS];
            py *= decays[di + 6 * MOST_KEYS + 1];
            float x5x = f5 * x5 * px;
            float y5y = f5 * y5 * py;
            px *= decays[di + 5 * MOST_KEYS];
            py *= decays[di + 5 * MOST_KEYS + 1];
            keys.set(to + 2, Packed.pair(f4 * x4 * px, x5x));
            keys.set(to + 10, Packed.pair(f4 * y4 * py, y5y));
            px *= decays[di + 4 * MOST_KEYS];
            py *= decays[di + 4 * MOST_KEYS + 1];
            float x3x = f3 * x3 * px;
            float y3y = f3 * y3 * py;
            px *= decays[di + 3 * MOST_KEYS];
            py *= decays[di + 3 * MOST_KEYS + 1];
            keys.set(to + 1, Packed.pair(f2 * x2 * px, x3x));
            keys.set(to + 9, Packed.pair(f2 * y2 * py, y3y));
            px *= decays[di + 2 * MOST_KEYS];
            py *= decays[di + 2 * MOST_KEYS + 1];
            float x1x = f1 * x1 * px;
            float y1y = f1 * y1 * py;
            px *= decays[di + MOST_KEYS];
            py *= decays[di + MOST_KEYS + 1];
            keys.set(to, Packed.pair(f0 * x0 * px, x1x));
            keys.set(to + 8, Packed.pair(f0 * y0 * py, y1y));
            px *= decays[di];
            py *= decays[di + 1];
          }
        }
      }

      // Scores of the second half's rows with the first half's, then the same within each half, and
      // so on: queries and keys are moved to the boundary between the halves.
      int warp = item / 32;
      for (int half = HALF; half >= LEAST; half = half / 2) {
        if (c < key) {
          for (int block = 0; block < HALF; block += half) {
            float px = 1f;
            float py = 1f;
            if (ofKeys == 0) {
              for (int r = block; r < block + half; r += 4) {
                int i = block + half + r;
                int t0 = (from + place.get(line + i)) * key + c;
                int t1 = (from + place.get(line + i + 1)) * key + c;
                int t2 = (from + place.get(line + i + 2)) * key + c;
                int t3 = (from + place.get(line + i + 3)) * key + c;
                float x0 = q.get(t0);
                float y0 = q.get(t0 + 1);
                float x1 = q.get(t1);
                float y1 = q.get(t1 + 1);
                float x2 = q.get(t2);
                float y2 = q.get(t2 + 1);
                float x3 = q.get(t3);
                float y3 = q.get(t3 + 1);
                float f0 = factor.get(line + i);
                float f1 = factor.get(line + i + 1);
                float f2 = factor.get(line + i + 2);
                float f3 = factor.get(line + i + 3);

                int to = r / SUB * tiles * Packed.LEFT + r % SUB * 8 + left;
                int di = i * MOST_KEYS + c;
                px *= decays[di];
                py *= decays[di + 1];
                int w0 = Packed.pair(f0 * x0 * px, f0 * y0 * py);
                px *= decays[di + MOST_KEYS];
                py *= decays[di + MOST_KEYS + 1];
                int w1 = Packed.pair(f1 * x1 * px, f1 * y1 * py);
                px *= decays[di + 2 * MOST_KEYS];
                py *= decays[di + 2 * MOST_KEYS + 1];
                int w2 = Packed.pair(f2 * x2 * px, f2 * y2 * py);
                px *= decays[di + 3 * MOST_KEYS];
                py *= decays[di + 3 * MOST_KEYS + 1];
                int w3 = Packed.pair(f3 * x3 * px, f3 * y3 * py);
                factors[to] = w0;
                factors[to + 8] = w1;
                factors[to + 16] = w2;
                factors[to + 24] = w3;
              }
            } else {
              for (int r = block + half - 4; r >= block; r -= 4) {
                int i = block + r;
                int t0 = (from + place.get(line + i)) * key + c;
                int t1 = (from + place.get(line + i + 1)) * key + c;
                int t2 = (from + place.get(line + i + 2)) * key + c;
                int t3 = (from + place.get(line + i + 3)) * key + c;
                float x0 = k.get(t0);
                float y0 = k.get(t0 + 1);
                float x1 = k.get(t1);
                float y1 = k.get(t1 + 1);
                float x2 = k.get(t2);
                float y2 = k.get(t2 + 1);
                float x3 = k.get(t3);
                float y3 = k.get(t3 + 1);
                float f0 = factor.get(all + line + i);
                float f1 = factor.get(all + line + i + 1);
                float f2 = factor.get(all + line + i + 2);
                float f3 = factor.get(all + line + i + 3);

                int to = FACTOR + (c / SUB * 4 + r / 8) * Packed.RIGHT + c % SUB * 4 + r % 8 / 2;
                int di = i * MOST_KEYS + c;
                float x3x = f3 * x3 * px;
                float y3y = f3 * y3 * py;
                px *= decays[di + 3 * MOST_KEYS];
                py *= decays[di + 3 * MOST_KEYS + 1];
                factors[to + 1] = Packed.pair(f2 * x2 * px, x3x);
                factors[to + 5] = Packed.pair(f2 * y2 * py, y3y);
                px *= decays[di + 2 * MOST_KEYS];
                py *= decays[di + 2 * MOST_KEYS + 1];
                float x1x = f1 * x1 * px;
                float y1y = f1 * y1 * py;
                px *= decays[di + MOST_KEYS];
                py *= decays[di + MOST_KEYS + 1];
                factors[to] = Packed.pair(f0 * x0 * px, x1x);
                factors[to + 4] = Packed.pair(f0 * y0 * py, y1y);
                px *= decays[di];
                py *= decays[di + 1];
              }
            }
          }
        }
        context.localBarrier();
        int upper = half == HALF ? 0 : warp / 2;
        int lower = half == HALF ? 1 : warp / 2;
        float[] first = context.mmaFragment(0f);
        float[] second = context.mmaFragment(0f);
        for (int tile = 0; tile < tiles; tile++) {
          HalfFloat[] b =
              context.mmaLoadB(factors, SUB, (FACTOR + (tile * 4 + warp) * Packed.RIGHT) * BYTES);
          HalfFloat[] a0 =
              context.mmaLoadA(factors, SUB, (upper * tiles + tile) * Packed.LEFT * BYTES);
          HalfFloat[] a1 =
              context.mmaLoadA(factors, SUB, (lower * tiles + tile) * Packed.LEFT * BYTES);
          first = context.mmaBF16(a0, b, first, MMAShape.M16N8K16);
          second = context.mmaBF16(a1, b, second, MMAShape.M16N8K16);
        }
        // Smaller blocks than a tile are kept above the diagonal, see scoreAt.
        int row = half == HALF ? HALF : warp / 2 * HALF + SUB;
        int column = half == HALF ? warp * 8 : warp / 2 * HALF + warp % 2 * 8;
        if (half < SUB) {
          row = half == 8 ? 0 : SUB;
          column = HALF + warp * 8;
        }
        int to = at * CHUNK * CHUNK + column;
        context.mmaStore(first, scores, row, to, CHUNK);
        if (half == HALF) {
          context.mmaStore(second, scores, row + SUB, to, CHUNK);
        }
        context.localBarrier();
      }

      // Scores within blocks of 4 rows: a work-item has a block and every eighth column of it, and
      // its ten sums are added to those of its neighbours afterwards, in the decays' memory.
      int block = item / SLICES * LEAST;
      float s00 = 0f;
      float s10 = 0f;
      float s11 = 0f;
      float s20 = 0f;
      float s21 = 0f;
      float s22 = 0f;
      float s30 = 0f;
      float s31 = 0f;
      float s32 = 0f;
      float s33 = 0f;
      float a0 = factor.get(line + block);
      float a1 = factor.get(line + block + 1);
      float a2 = factor.get(line + block + 2);
      float a3 = factor.get(line + block + 3);
      float b0 = factor.get(all + line + block);
      float b1 = factor.get(all + line + block + 1);
      float b2 = factor.get(all + line + block + 2);
      float b3 = factor.get(all + line + block + 3);
      int t0 = (from + place.get(line + block)) * key;
      int t1 = (from + place.get(line + block + 1)) * key;
      int t2 = (from + place.get(line + block + 2)) * key;
      int t3 = (from + place.get(line + block + 3)) * key;
      for (int x = item % SLICES; x < key; x += SLICES) {
        float q0 = q.get(t0 + x);
        float q1 = q.get(t1 + x);
        float q2 = q.get(t2 + x);
        float q3 = q.get(t3 + x);
        float k0 = k.get(t0 + x);
        float k1 = k.get(t1 + x);
        float k2 = k.get(t2 + x);
        float k3 = k.get(t3 + x);
        float d1 = decays[(block + 1) * MOST_KEYS + x];
        float d2 = decays[(block + 2) * MOST_KEYS + x];
        float d3 = decays[(block + 3) * MOST_KEYS + x];
        s00 += q0 * k0;
        s11 += q1 * k1;
        s22 += q2 * k2;
        s33 += q3 * k3;
        k0 *= d1;
        s10 += q1 * k0;
        k0 *= d2;
        k1 *= d2;
        s20 += q2 * k0;
        s21 += q2 * k1;
        k0 *= d3;
        k1 *= d3;
        k2 *= d3;
        s30 += q3 * k0;
        s31 += q3 * k1;
        s32 += q3 * k2;
      }
      context.localBarrier();
      decays[item] = a0 * b0 * s00;
      decays[item + ITEMS] = a1 * b0 * s10;
      decays[item + 2 * ITEMS] = a1 * b1 * s11;
      decays[item + 3 * ITEMS] = a2 * b0 * s20;
      decays[item + 4 * ITEMS] = a2 * b1 * s21;
      decays[item + 5 * ITEMS] = a2 * b2 * s22;
      decays[item + 6 * ITEMS] = a3 * b0 * s30;
      decays[item + 7 * ITEMS] = a3 * b1 * s31;
      decays[item + 8 * ITEMS] = a3 * b2 * s32;
      decays[item + 9 * ITEMS] = a3 * b3 * s33;
      context.localBarrier();
      for (int n = item; n < 10 * CHUNK / LEAST; n += ITEMS) {
        int pair = n / (CHUNK / LEAST);
        int of = n % (CHUNK / LEAST);
        // Pairs (0,0), (1,0), (1,1), (2,0) … of rows i ≥ j.
        int i = pair < 1 ? 0 : pair < 3 ? 1 : pair < 6 ? 2 : 3;
        int j = pair - i * (i + 1) / 2;
        float sum = 0f;
        for (int slice = 0; slice < SLICES; slice++) {
          sum += decays[pair * ITEMS + of * SLICES + slice];
        }
        scores.set(at * CHUNK * CHUNK + (of * LEAST + i) * CHUNK + of * LEAST + j, sum);
      }
    }
  }

  /**
   * Where the score of rows i ≥ j of a chunk is in its 64×64: within 16 rows, those of different
   * groups of 8 rows, and of 4, have places above the diagonal.
   */
  static int scoreAt(int i, int j) {
    int row = i;
    int column = j;
    if (i / SUB == j / SUB) {
      if (i / 8 != j / 8) {
        row = (i / SUB * 8 + i % 8) % SUB;
        column = HALF + j / SUB * 8 + j % 8;
      } else if (i / LEAST != j / LEAST) {
        row = SUB + (i / 8 * LEAST + i % LEAST) % SUB;
        column = HALF + j / 8 * LEAST + j % LEAST;
      }
    }
    return row * CHUNK + column;
  }
}
