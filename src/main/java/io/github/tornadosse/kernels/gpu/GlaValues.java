package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.portable.Routing;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What the rows of gated linear attention read, and the gradients of what they write, once the
 * states at the bounds of their chunks are known; see docs/mathematics.md section 2.
 */
public final class GlaValues {
  /** Work-items of a group. */
  public static final int ITEMS = Tiles.ITEMS;

  private GlaValues() {}

  /**
   * Of queries: out_i = K^(-1/2)·(weight[0]·q_i ⊙ the decays from the chunk's start up to i)·S +
   * Σ_{j ≤ i} A[i, j]·y_j with y = v and S the state before the chunk. Of keys: out_j =
   * (weight[1]·k_j ⊙ the decays of the later rows)·dS + Σ_{i ≥ j} A[i, j]·y_i with y = dO and dS
   * the gradient of the state after the chunk. 0 for rows that are not read or not written. Groups:
   * one a chunk, head and 64 columns, columns innermost.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param token [R]
   * @param mode [R]
   * @param weight [2, R]
   * @param x q or k [2, H, capacity, K]
   * @param g [2, H, capacity, K]
   * @param states S or dS [maxChunks, H, K, V]
   * @param scores A [H, R, 64] of {@link GlaScores#scores}
   * @param y v or dO [H, capacity, V]
   * @param out output [H, R, V]
   * @param heads H
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param queries 1 for queries, 0 for keys
   */
  public static void rows(
      KernelContext context,
      IntArray table,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      FloatArray x,
      FloatArray g,
      FloatArray states,
      FloatArray scores,
      FloatArray y,
      FloatArray out,
      int heads,
      int key,
      int value,
      int capacity,
      int rows,
      int queries) {
    int item = context.localIdx;
    int valueTiles = (value + 63) / 64;
    int unit = context.groupIdx / valueTiles;
    int h = unit % heads;
    int begin = table.get(2 * (unit / heads));
    int end = table.get(2 * (unit / heads) + 1);
    int firstValue = context.groupIdx % valueTiles * 64;
    float[] a = context.allocateFloatLocalArray(64 * 33); // [row, channel or other row]
    float[] b = context.allocateFloatLocalArray(32 * 64); // [channel or other row, column]
    float[] product = context.allocateFloatLocalArray(4 * 32); // [sub-chunk, channel]
    float[] factor = context.allocateFloatLocalArray(64);
    int[] written = context.allocateIntLocalArray(64);
    int[] from = context.allocateIntLocalArray(64);
    int[] valueFrom = context.allocateIntLocalArray(64);
    if (begin < end) {
      if (item < 64) {
        int row = TornadoMath.min(begin + item, end - 1);
        int bits = begin + item < end ? mode.get(row) : 0;
        int source = row < capacity ? h : heads + h;
        from[item] = (source * capacity + token.get(row)) * key;
        valueFrom[item] = (h * capacity + token.get(row)) * value;
        written[item] = bits & Routing.WRITTEN;
        float scale =
            queries == 1 ? weight.get(row) / TornadoMath.sqrt(key) : weight.get(rows + row);
        int part = queries == 1 ? bits & Routing.READ : bits & Routing.WRITTEN;
        factor[item] = part > 0 ? scale : 0f;
      }
      context.localBarrier();
      int tx = item % 16;
      int ty = item / 16;
      int c = item % 32;
      int s = item / 32;
      int channels = (key + 31) / 32;
      int steps = channels + (end - begin + 31) / 32;
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
      for (int step = 0; step < steps; step++) {
        if (step < channels) {
          int channel = TornadoMath.min(32 * step + c, key - 1);
          float running = 1f;
          for (int n = 0; n < 16; n++) {
            int j = queries == 1 ? 16 * s + n : 16 * s + 15 - n;
            float e = TornadoMath.exp(g.get(from[j] + channel));
            float next = written[j] > 0 ? running * e : running;
            a[j * 33 + c] = factor[j] * x.get(from[j] + channel) * (queries == 1 ? next : running);
            running = next;
          }
          product[s * 32 + c] = running;
          for (int e = item; e < 32 * 64; e += ITEMS) {
            int row = 32 * step + e / 64;
            int column = TornadoMath.min(firstValue + e % 64, value - 1);
            float state = states.get((unit * key + TornadoMath.min(row, key - 1)) * value + column);
            b[e] = row < key ? state : 0f;
          }
          context.localBarrier();
          float before = 1f;
          float after = 1f;
          for (int n = 0; n < 4; n++) {
            float p = product[n * 32 + c];
            before = n < s ? before * p : before;
            after = n > s ? after * p : after;
          }
          float bound = queries == 1 ? before : after;
          for (int j = 16 * s; j < 16 * s + 16; j++) {
            a[j * 33 + c] *= bound;
          }
        } else {
          int first = 32 * (step - channels);
          for (int e = item; e < 64 * 32; e += ITEMS) {
            int row = queries == 1 ? e / 32 : e % 64;
            int other = first + (queries == 1 ? e % 32 : e / 64);
            int reader = queries == 1 ? row : other;
            int writer = queries == 1 ? other : row;
            float score = 0f;
            if (writer <= reader && begin + reader < end) {
              score = scores.get((h * rows + begin + reader) * 64 + writer);
            }
            a[row * 33 + other - first] = score;
            int column = TornadoMath.min(firstValue + e % 64, value - 1);
            b[e] = y.get(valueFrom[first + e / 64] + column);
          }
        }
        context.localBarrier();
        for (int n = 0; n < 32; n++) {
          int ai = ty * 33 + n;
          int bi = n * 64 + tx;
          float x0 = a[ai];
          float x1 = a[ai + 264];
          float x2 = a[ai + 528];
          float x3 = a[ai + 792];
          float x4 = a[ai + 1056];
          float x5 = a[ai + 1320];
          float x6 = a[ai + 1584];
          float x7 = a[ai + 1848];
          float y0 = b[bi];
          float y1 = b[bi + 16];
          float y2 = b[bi + 32];
          float y3 = b[bi + 48];
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
          s40 += x4 * y0;
          s41 += x4 * y1;
          s42 += x4 * y2;
          s43 += x4 * y3;
          s50 += x5 * y0;
          s51 += x5 * y1;
          s52 += x5 * y2;
          s53 += x5 * y3;
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
      int to = (h * rows + begin + ty) * value + firstValue + tx;
      int room = value - firstValue - tx;
      int left = end - begin - ty;
      Tiles.put(out, to, left > 0 ? room : 0, s00, s01, s02, s03);
      Tiles.put(out, to + 8 * value, left > 8 ? room : 0, s10, s11, s12, s13);
      Tiles.put(out, to + 16 * value, left > 16 ? room : 0, s20, s21, s22, s23);
      Tiles.put(out, to + 24 * value, left > 24 ? room : 0, s30, s31, s32, s33);
      Tiles.put(out, to + 32 * value, left > 32 ? room : 0, s40, s41, s42, s43);
      Tiles.put(out, to + 40 * value, left > 40 ? room : 0, s50, s51, s52, s53);
      Tiles.put(out, to + 48 * value, left > 48 ? room : 0, s60, s61, s62, s63);
      Tiles.put(out, to + 56 * value, left > 56 ? room : 0, s70, s71, s72, s73);
    }
  }
}
