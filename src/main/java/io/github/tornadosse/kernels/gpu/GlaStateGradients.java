package io.github.tornadosse.kernels.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gradients of queries, keys and gates of gated linear attention through the states at the bounds
 * of chunks; see docs/mathematics.md section 2.
 */
public final class GlaStateGradients {
  /** Work-items of a group. */
  public static final int ITEMS = Tiles.ITEMS;

  private GlaStateGradients() {}

  /**
   * What comes through the states, without decays: dRows[0] = dO·Sᵀ, dRows[1] = v·dSᵀ, and through
   * = the decay over the chunk times Σ_x S[c, x]·dS[c, x]. Groups: one a chunk, head and 64
   * channels, channels innermost.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param token [R]
   * @param v [H, capacity, V]
   * @param dOut [H, capacity, V]
   * @param decay [maxChunks, H, K]
   * @param states [maxChunks, H, K, V] before each chunk
   * @param dStates [maxChunks, H, K, V] after each chunk
   * @param through output [maxChunks, H, K]
   * @param dRows output [3, H, R, K], parts 0 and 1
   * @param heads H
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   */
  public static void through(
      KernelContext context,
      IntArray table,
      IntArray token,
      FloatArray v,
      FloatArray dOut,
      FloatArray decay,
      FloatArray states,
      FloatArray dStates,
      FloatArray through,
      FloatArray dRows,
      int heads,
      int key,
      int value,
      int capacity,
      int rows) {
    int item = context.localIdx;
    int keyTiles = (key + 63) / 64;
    int unit = context.groupIdx / keyTiles;
    int h = unit % heads;
    int begin = table.get(2 * (unit / heads));
    int end = table.get(2 * (unit / heads) + 1);
    int firstKey = context.groupIdx % keyTiles * 64;
    float[] outs = context.allocateFloatLocalArray(64 * 17); // [row, column]
    float[] values = context.allocateFloatLocalArray(64 * 17);
    float[] before = context.allocateFloatLocalArray(64 * 17); // [channel, column]
    float[] after = context.allocateFloatLocalArray(64 * 17);
    float[] halves = context.allocateFloatLocalArray(64);
    int[] from = context.allocateIntLocalArray(64);
    if (begin < end) {
      if (item < 64) {
        int row = TornadoMath.min(begin + item, end - 1);
        from[item] = (h * capacity + token.get(row)) * value;
      }
      context.localBarrier();
      int tx = item % 16;
      int ty = item / 16;
      float both = 0f;
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
      float t00 = 0f;
      float t01 = 0f;
      float t02 = 0f;
      float t03 = 0f;
      float t10 = 0f;
      float t11 = 0f;
      float t12 = 0f;
      float t13 = 0f;
      float t20 = 0f;
      float t21 = 0f;
      float t22 = 0f;
      float t23 = 0f;
      float t30 = 0f;
      float t31 = 0f;
      float t32 = 0f;
      float t33 = 0f;
      float t40 = 0f;
      float t41 = 0f;
      float t42 = 0f;
      float t43 = 0f;
      float t50 = 0f;
      float t51 = 0f;
      float t52 = 0f;
      float t53 = 0f;
      float t60 = 0f;
      float t61 = 0f;
      float t62 = 0f;
      float t63 = 0f;
      float t70 = 0f;
      float t71 = 0f;
      float t72 = 0f;
      float t73 = 0f;
      for (int first = 0; first < value; first += 16) {
        for (int e = item; e < 64 * 16; e += ITEMS) {
          int x = TornadoMath.min(first + e % 16, value - 1);
          float inside = first + e % 16 < value ? 1f : 0f;
          int channel = TornadoMath.min(firstKey + e / 16, key - 1);
          int at = e / 16 * 17 + e % 16;
          outs[at] = inside * dOut.get(from[e / 16] + x);
          values[at] = inside * v.get(from[e / 16] + x);
          before[at] = inside * states.get((unit * key + channel) * value + x);
          after[at] = inside * dStates.get((unit * key + channel) * value + x);
        }
        context.localBarrier();
        for (int x = 0; x < 16; x++) {
          int ai = ty * 17 + x;
          int bi = tx * 17 + x;
          float x0 = outs[ai];
          float x1 = outs[ai + 136];
          float x2 = outs[ai + 272];
          float x3 = outs[ai + 408];
          float x4 = outs[ai + 544];
          float x5 = outs[ai + 680];
          float x6 = outs[ai + 816];
          float x7 = outs[ai + 952];
          float y0 = before[bi];
          float y1 = before[bi + 272];
          float y2 = before[bi + 544];
          float y3 = before[bi + 816];
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
          float u0 = values[ai];
          float u1 = values[ai + 136];
          float u2 = values[ai + 272];
          float u3 = values[ai + 408];
          float u4 = values[ai + 544];
          float u5 = values[ai + 680];
          float u6 = values[ai + 816];
          float u7 = values[ai + 952];
          float w0 = after[bi];
          float w1 = after[bi + 272];
          float w2 = after[bi + 544];
          float w3 = after[bi + 816];
          t00 += u0 * w0;
          t01 += u0 * w1;
          t02 += u0 * w2;
          t03 += u0 * w3;
          t10 += u1 * w0;
          t11 += u1 * w1;
          t12 += u1 * w2;
          t13 += u1 * w3;
          t20 += u2 * w0;
          t21 += u2 * w1;
          t22 += u2 * w2;
          t23 += u2 * w3;
          t30 += u3 * w0;
          t31 += u3 * w1;
          t32 += u3 * w2;
          t33 += u3 * w3;
          t40 += u4 * w0;
          t41 += u4 * w1;
          t42 += u4 * w2;
          t43 += u4 * w3;
          t50 += u5 * w0;
          t51 += u5 * w1;
          t52 += u5 * w2;
          t53 += u5 * w3;
          t60 += u6 * w0;
          t61 += u6 * w1;
          t62 += u6 * w2;
          t63 += u6 * w3;
          t70 += u7 * w0;
          t71 += u7 * w1;
          t72 += u7 * w2;
          t73 += u7 * w3;
        }
        int half = item % 64 * 17 + item / 64 * 8;
        for (int x = half; x < half + 8; x++) {
          both += before[x] * after[x];
        }
        context.localBarrier();
      }
      if (item >= 64) {
        halves[item - 64] = both;
      }
      context.localBarrier();
      if (item < 64 && firstKey + item < key) {
        int at = unit * key + firstKey + item;
        through.set(at, decay.get(at) * (both + halves[item]));
      }
      int to = (h * rows + begin + ty) * key + firstKey + tx;
      int next = heads * rows * key + to;
      int room = key - firstKey - tx;
      int left = end - begin - ty;
      Tiles.put(dRows, to, left > 0 ? room : 0, s00, s01, s02, s03);
      Tiles.put(dRows, to + 8 * key, left > 8 ? room : 0, s10, s11, s12, s13);
      Tiles.put(dRows, to + 16 * key, left > 16 ? room : 0, s20, s21, s22, s23);
      Tiles.put(dRows, to + 24 * key, left > 24 ? room : 0, s30, s31, s32, s33);
      Tiles.put(dRows, to + 32 * key, left > 32 ? room : 0, s40, s41, s42, s43);
      Tiles.put(dRows, to + 40 * key, left > 40 ? room : 0, s50, s51, s52, s53);
      Tiles.put(dRows, to + 48 * key, left > 48 ? room : 0, s60, s61, s62, s63);
      Tiles.put(dRows, to + 56 * key, left > 56 ? room : 0, s70, s71, s72, s73);
      Tiles.put(dRows, next, left > 0 ? room : 0, t00, t01, t02, t03);
      Tiles.put(dRows, next + 8 * key, left > 8 ? room : 0, t10, t11, t12, t13);
      Tiles.put(dRows, next + 16 * key, left > 16 ? room : 0, t20, t21, t22, t23);
      Tiles.put(dRows, next + 24 * key, left > 24 ? room : 0, t30, t31, t32, t33);
      Tiles.put(dRows, next + 32 * key, left > 32 ? room : 0, t40, t41, t42, t43);
      Tiles.put(dRows, next + 40 * key, left > 40 ? room : 0, t50, t51, t52, t53);
      Tiles.put(dRows, next + 48 * key, left > 48 ? room : 0, t60, t61, t62, t63);
      Tiles.put(dRows, next + 56 * key, left > 56 ? room : 0, t70, t71, t72, t73);
    }
  }
}
