package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The recurrence of the gated delta rule over the chunks of a segment, see docs/mathematics.md
 * section 3. A group takes 32 columns of one value head's state from chunk to chunk; all that does
 * not need the state before is left to kernels that run over all chunks at once. A work-item has
 * the rows ty + 8·r and the columns tx and tx + 16 of a product.
 */
public final class DeltaSweep {
  /** Work-items of a group. */
  public static final int ITEMS = 128;

  /** Columns of a group. */
  public static final int COLUMNS = 32;

  private DeltaSweep() {}

  /**
   * Every row's error v̂ − k̂·S, and the states before every chunk. Groups: one a segment, value
   * head and 32 columns, columns innermost.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param table see {@link GlaStates#chunks}
   * @param token [R]
   * @param k [H, R, K] of {@link DeltaRows#normalise}
   * @param rowGates [3, HV, R]: decays, write strengths, factors of values
   * @param inverse X [HV, R, 64] of {@link DeltaPairs#inverses}
   * @param v [HV, capacity, V]
   * @param state [segments, HV, K, V]: if control[USE_STATE] is 1, where segments begin, and, with
   *     keep, where they end
   * @param stateAt base of state
   * @param errors output [HV, R, V]
   * @param states output [maxChunks, HV, K, V]
   * @param group HV/H
   * @param valueHeads HV
   * @param keyDim K
   * @param valueDim V
   * @param capacity largest number of tokens
   * @param rows R
   * @param maxChunks largest number of chunks
   * @param keep 1 if final states are kept, else 0
   */
  public static void forward(
      KernelContext context,
      IntArray control,
      IntArray table,
      IntArray token,
      FloatArray k,
      FloatArray rowGates,
      FloatArray inverse,
      FloatArray v,
      FloatArray state,
      int stateAt,
      FloatArray errors,
      FloatArray states,
      int group,
      int valueHeads,
      int keyDim,
      int valueDim,
      int capacity,
      int rows,
      int maxChunks,
      int keep) {
    int item = context.localIdx;
    // Where it knows K and V, TornadoVM refuses this for OpenCL and compiles it wrongly for PTX.
    int one = context.localGroupSizeX / ITEMS;
    int key = keyDim * one;
    int value = valueDim * one;
    int columnTiles = (value + COLUMNS - 1) / COLUMNS;
    int segment = context.groupIdx / columnTiles / valueHeads;
    int h = context.groupIdx / columnTiles % valueHeads;
    int firstValue = context.groupIdx % columnTiles * COLUMNS;
    int firstChunk = table.get(2 * maxChunks + segment);
    int lastChunk = table.get(2 * maxChunks + segment + 1);
    float[] a = context.allocateFloatLocalArray(64 * 33); // [row, 32 of the other] or [row, 64]
    float[] b = context.allocateFloatLocalArray(32 * 32); // [channel, column]
    float[] p = context.allocateFloatLocalArray(64 * 32); // [row, column]
    float[] decay = context.allocateFloatLocalArray(64);
    float[] before = context.allocateFloatLocalArray(64);
    float[] after = context.allocateFloatLocalArray(64);
    float[] strength = context.allocateFloatLocalArray(64);
    float[] factor = context.allocateFloatLocalArray(64);
    int[] from = context.allocateIntLocalArray(64);
    if (firstChunk < lastChunk) {
      int tx = item % 16;
      int ty = item / 16;
      int column = firstValue + item % 32;
      int inside = TornadoMath.min(column, value - 1);
      int part = valueHeads * rows;
      int useState = control.get(Control.USE_STATE);
      int si = useState == 1 ? control.get(stateAt) + (segment * valueHeads + h) * key * value : 0;
      for (int c = item / 32; c < key; c += 4) {
        float s = 0f;
        if (useState == 1) {
          s = state.get(si + c * value + inside);
        }
        if (column < value) {
          states.set(((firstChunk * valueHeads + h) * key + c) * value + column, s);
        }
      }
      for (int chunk = firstChunk; chunk < lastChunk; chunk++) {
        int begin = table.get(2 * chunk);
        int count = table.get(2 * chunk + 1) - begin;
        int gates = h * rows + begin;
        int keys = h / group * rows + begin;
        int stateFrom = (chunk * valueHeads + h) * key * value;
        if (item < 64) {
          int row = TornadoMath.min(item, count - 1);
          decay[item] = item < count ? rowGates.get(gates + row) : 1f;
          strength[item] = item < count ? rowGates.get(part + gates + row) : 0f;
          factor[item] = item < count ? rowGates.get(2 * part + gates + row) : 0f;
          from[item] = (h * capacity + token.get(begin + row)) * value;
        }
        context.globalBarrier();
        float total = 1f;
        float product = 1f;
        for (int n = 0; n < 64; n++) {
          float d = decay[n];
          total *= d;
          int counts = item < 64 ? n - item : item - 64 - n;
          product = counts > 0 ? product * d : product;
        }
        // The first 64 items have the decays after a row, the others those before it.
        if (item < 64) {
          after[item] = product;
        }
        if (item >= 64) {
          before[item - 64] = product * decay[item - 64];
        }
        // What rows predict of their values from the state: k·S.
        float s00 = 0f;
        float s01 = 0f;
        float s10 = 0f;
        float s11 = 0f;
        float s20 = 0f;
        float s21 = 0f;
        float s30 = 0f;
        float s31 = 0f;
        float s40 = 0f;
        float s41 = 0f;
        float s50 = 0f;
        float s51 = 0f;
        float s60 = 0f;
        float s61 = 0f;
        float s70 = 0f;
        float s71 = 0f;
        for (int first = 0; first < key; first += 32) {
          for (int e = item; e < 64 * 32; e += ITEMS) {
            int c = TornadoMath.min(first + e % 32, key - 1);
            int row = TornadoMath.min(e / 32, count - 1);
            a[e / 32 * 33 + e % 32] = k.get((keys + row) * key + c);
          }
          for (int e = item; e < 32 * 32; e += ITEMS) {
            int c = first + e / 32;
            float y = states.get(stateFrom + TornadoMath.min(c, key - 1) * value + inside);
            b[e] = c < key ? y : 0f;
          }
          context.localBarrier();
          for (int n = 0; n < 32; n++) {
            int ai = ty * 33 + n;
            int bi = n * 32 + tx;
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
            s00 += x0 * y0;
            s01 += x0 * y1;
            s10 += x1 * y0;
            s11 += x1 * y1;
            s20 += x2 * y0;
            s21 += x2 * y1;
            s30 += x3 * y0;
            s31 += x3 * y1;
            s40 += x4 * y0;
            s41 += x4 * y1;
            s50 += x5 * y0;
            s51 += x5 * y1;
            s60 += x6 * y0;
            s61 += x6 * y1;
            s70 += x7 * y0;
            s71 += x7 * y1;
          }
          context.localBarrier();
        }
        int near = TornadoMath.min(firstValue + tx, value - 1);
        int far = TornadoMath.min(firstValue + tx + 16, value - 1);
        float f0 = factor[ty];
        float g0 = before[ty];
        int v0 = from[ty];
        float f1 = factor[ty + 8];
        float g1 = before[ty + 8];
        int v1 = from[ty + 8];
        float f2 = factor[ty + 16];
        float g2 = before[ty + 16];
        int v2 = from[ty + 16];
        float f3 = factor[ty + 24];
        float g3 = before[ty + 24];
        int v3 = from[ty + 24];
        float f4 = factor[ty + 32];
        float g4 = before[ty + 32];
        int v4 = from[ty + 32];
        float f5 = factor[ty + 40];
        float g5 = before[ty + 40];
        int v5 = from[ty + 40];
        float f6 = factor[ty + 48];
        float g6 = before[ty + 48];
        int v6 = from[ty + 48];
        float f7 = factor[ty + 56];
        float g7 = before[ty + 56];
        int v7 = from[ty + 56];
        p[ty * 32 + tx] = f0 * v.get(v0 + near) - g0 * s00;
        p[ty * 32 + tx + 16] = f0 * v.get(v0 + far) - g0 * s01;
        p[ty * 32 + tx + 256] = f1 * v.get(v1 + near) - g1 * s10;
        p[ty * 32 + tx + 272] = f1 * v.get(v1 + far) - g1 * s11;
        p[ty * 32 + tx + 512] = f2 * v.get(v2 + near) - g2 * s20;
        p[ty * 32 + tx + 528] = f2 * v.get(v2 + far) - g2 * s21;
        p[ty * 32 + tx + 768] = f3 * v.get(v3 + near) - g3 * s30;
        p[ty * 32 + tx + 784] = f3 * v.get(v3 + far) - g3 * s31;
        p[ty * 32 + tx + 1024] = f4 * v.get(v4 + near) - g4 * s40;
        p[ty * 32 + tx + 1040] = f4 * v.get(v4 + far) - g4 * s41;
        p[ty * 32 + tx + 1280] = f5 * v.get(v5 + near) - g5 * s50;
        p[ty * 32 + tx + 1296] = f5 * v.get(v5 + far) - g5 * s51;
        p[ty * 32 + tx + 1536] = f6 * v.get(v6 + near) - g6 * s60;
        p[ty * 32 + tx + 1552] = f6 * v.get(v6 + far) - g6 * s61;
        p[ty * 32 + tx + 1792] = f7 * v.get(v7 + near) - g7 * s70;
        p[ty * 32 + tx + 1808] = f7 * v.get(v7 + far) - g7 * s71;
        float t00 = 0f;
        float t01 = 0f;
        float t10 = 0f;
        float t11 = 0f;
        float t20 = 0f;
        float t21 = 0f;
        float t30 = 0f;
        float t31 = 0f;
        float t40 = 0f;
        float t41 = 0f;
        float t50 = 0f;
        float t51 = 0f;
        float t60 = 0f;
        float t61 = 0f;
        float t70 = 0f;
        float t71 = 0f;
        for (int first = 0; first < count; first += 32) {
          for (int e = item; e < 64 * 32; e += ITEMS) {
            int i = e / 32;
            int j = first + e % 32;
            float y = 0f;
            if (j <= i && i < count) {
              y = inverse.get((gates + i) * 64 + j);
            }
            a[i * 33 + e % 32] = y;
          }
          context.localBarrier();
          for (int n = 0; n < 32; n++) {
            int ai = ty * 33 + n;
            int bi = (first + n) * 32 + tx;
            float x0 = a[ai];
            float x1 = a[ai + 264];
            float x2 = a[ai + 528];
            float x3 = a[ai + 792];
            float x4 = a[ai + 1056];
            float x5 = a[ai + 1320];
            float x6 = a[ai + 1584];
            float x7 = a[ai + 1848];
            float y0 = p[bi];
            float y1 = p[bi + 16];
            t00 += x0 * y0;
            t01 += x0 * y1;
            t10 += x1 * y0;
            t11 += x1 * y1;
            t20 += x2 * y0;
            t21 += x2 * y1;
            t30 += x3 * y0;
            t31 += x3 * y1;
            t40 += x4 * y0;
            t41 += x4 * y1;
            t50 += x5 * y0;
            t51 += x5 * y1;
            t60 += x6 * y0;
            t61 += x6 * y1;
            t70 += x7 * y0;
            t71 += x7 * y1;
          }
          context.localBarrier();
        }
        int to = (gates + ty) * value + firstValue + tx;
        int room = value - firstValue - tx;
        put(errors, to, ty < count ? room : 0, t00);
        put(errors, to + 16, ty < count ? room - 16 : 0, t01);
        put(errors, to + 8 * value, ty + 8 < count ? room : 0, t10);
        put(errors, to + 8 * value + 16, ty + 8 < count ? room - 16 : 0, t11);
        put(errors, to + 16 * value, ty + 16 < count ? room : 0, t20);
        put(errors, to + 16 * value + 16, ty + 16 < count ? room - 16 : 0, t21);
        put(errors, to + 24 * value, ty + 24 < count ? room : 0, t30);
        put(errors, to + 24 * value + 16, ty + 24 < count ? room - 16 : 0, t31);
        put(errors, to + 32 * value, ty + 32 < count ? room : 0, t40);
        put(errors, to + 32 * value + 16, ty + 32 < count ? room - 16 : 0, t41);
        put(errors, to + 40 * value, ty + 40 < count ? room : 0, t50);
        put(errors, to + 40 * value + 16, ty + 40 < count ? room - 16 : 0, t51);
        put(errors, to + 48 * value, ty + 48 < count ? room : 0, t60);
        put(errors, to + 48 * value + 16, ty + 48 < count ? room - 16 : 0, t61);
        put(errors, to + 56 * value, ty + 56 < count ? room : 0, t70);
        put(errors, to + 56 * value + 16, ty + 56 < count ? room - 16 : 0, t71);
        float u0 = after[ty] * strength[ty];
        float u1 = after[ty + 8] * strength[ty + 8];
        float u2 = after[ty + 16] * strength[ty + 16];
        float u3 = after[ty + 24] * strength[ty + 24];
        float u4 = after[ty + 32] * strength[ty + 32];
        float u5 = after[ty + 40] * strength[ty + 40];
        float u6 = after[ty + 48] * strength[ty + 48];
        float u7 = after[ty + 56] * strength[ty + 56];
        p[ty * 32 + tx] = u0 * t00;
        p[ty * 32 + tx + 16] = u0 * t01;
        p[ty * 32 + tx + 256] = u1 * t10;
        p[ty * 32 + tx + 272] = u1 * t11;
        p[ty * 32 + tx + 512] = u2 * t20;
        p[ty * 32 + tx + 528] = u2 * t21;
        p[ty * 32 + tx + 768] = u3 * t30;
        p[ty * 32 + tx + 784] = u3 * t31;
        p[ty * 32 + tx + 1024] = u4 * t40;
        p[ty * 32 + tx + 1040] = u4 * t41;
        p[ty * 32 + tx + 1280] = u5 * t50;
        p[ty * 32 + tx + 1296] = u5 * t51;
        p[ty * 32 + tx + 1536] = u6 * t60;
        p[ty * 32 + tx + 1552] = u6 * t61;
        p[ty * 32 + tx + 1792] = u7 * t70;
        p[ty * 32 + tx + 1808] = u7 * t71;
        // The state after the chunk, 64 rows of it at a time.
        for (int firstKey = 0; firstKey < key; firstKey += 64) {
          float w00 = 0f;
          float w01 = 0f;
          float w10 = 0f;
          float w11 = 0f;
          float w20 = 0f;
          float w21 = 0f;
          float w30 = 0f;
          float w31 = 0f;
          float w40 = 0f;
          float w41 = 0f;
          float w50 = 0f;
          float w51 = 0f;
          float w60 = 0f;
          float w61 = 0f;
          float w70 = 0f;
          float w71 = 0f;
          for (int first = 0; first < count; first += 32) {
            for (int e = item; e < 32 * 64; e += ITEMS) {
              int c = TornadoMath.min(firstKey + e % 64, key - 1);
              int row = TornadoMath.min(first + e / 64, count - 1);
              a[e] = k.get((keys + row) * key + c);
            }
            context.localBarrier();
            for (int n = 0; n < 32; n++) {
              int ai = n * 64 + ty;
              int bi = (first + n) * 32 + tx;
              float x0 = a[ai];
              float x1 = a[ai + 8];
              float x2 = a[ai + 16];
              float x3 = a[ai + 24];
              float x4 = a[ai + 32];
              float x5 = a[ai + 40];
              float x6 = a[ai + 48];
              float x7 = a[ai + 56];
              float y0 = p[bi];
              float y1 = p[bi + 16];
              w00 += x0 * y0;
              w01 += x0 * y1;
              w10 += x1 * y0;
              w11 += x1 * y1;
              w20 += x2 * y0;
              w21 += x2 * y1;
              w30 += x3 * y0;
              w31 += x3 * y1;
              w40 += x4 * y0;
              w41 += x4 * y1;
              w50 += x5 * y0;
              w51 += x5 * y1;
              w60 += x6 * y0;
              w61 += x6 * y1;
              w70 += x7 * y0;
              w71 += x7 * y1;
            }
            context.localBarrier();
          }
          int left = key - firstKey - ty;
          int at = (firstKey + ty) * value + firstValue + tx;
          int e00 = left > 0 ? room : 0;
          w00 = next(states, stateFrom + at, total, w00, e00);
          int e01 = left > 0 ? room - 16 : 0;
          w01 = next(states, stateFrom + at + 16, total, w01, e01);
          int e10 = left > 8 ? room : 0;
          w10 = next(states, stateFrom + at + 8 * value, total, w10, e10);
          int e11 = left > 8 ? room - 16 : 0;
          w11 = next(states, stateFrom + at + 8 * value + 16, total, w11, e11);
          int e20 = left > 16 ? room : 0;
          w20 = next(states, stateFrom + at + 16 * value, total, w20, e20);
          int e21 = left > 16 ? room - 16 : 0;
          w21 = next(states, stateFrom + at + 16 * value + 16, total, w21, e21);
          int e30 = left > 24 ? room : 0;
          w30 = next(states, stateFrom + at + 24 * value, total, w30, e30);
          int e31 = left > 24 ? room - 16 : 0;
          w31 = next(states, stateFrom + at + 24 * value + 16, total, w31, e31);
          int e40 = left > 32 ? room : 0;
          w40 = next(states, stateFrom + at + 32 * value, total, w40, e40);
          int e41 = left > 32 ? room - 16 : 0;
          w41 = next(states, stateFrom + at + 32 * value + 16, total, w41, e41);
          int e50 = left > 40 ? room : 0;
          w50 = next(states, stateFrom + at + 40 * value, total, w50, e50);
          int e51 = left > 40 ? room - 16 : 0;
          w51 = next(states, stateFrom + at + 40 * value + 16, total, w51, e51);
          int e60 = left > 48 ? room : 0;
          w60 = next(states, stateFrom + at + 48 * value, total, w60, e60);
          int e61 = left > 48 ? room - 16 : 0;
          w61 = next(states, stateFrom + at + 48 * value + 16, total, w61, e61);
          int e70 = left > 56 ? room : 0;
          w70 = next(states, stateFrom + at + 56 * value, total, w70, e70);
          int e71 = left > 56 ? room - 16 : 0;
          w71 = next(states, stateFrom + at + 56 * value + 16, total, w71, e71);
          if (chunk + 1 < lastChunk) {
            put(states, stateFrom + valueHeads * key * value + at, e00, w00);
            put(states, stateFrom + valueHeads * key * value + at + 16, e01, w01);
            put(states, stateFrom + valueHeads * key * value + at + 8 * value, e10, w10);
            put(states, stateFrom + valueHeads * key * value + at + 8 * value + 16, e11, w11);
            put(states, stateFrom + valueHeads * key * value + at + 16 * value, e20, w20);
            put(states, stateFrom + valueHeads * key * value + at + 16 * value + 16, e21, w21);
            put(states, stateFrom + valueHeads * key * value + at + 24 * value, e30, w30);
            put(states, stateFrom + valueHeads * key * value + at + 24 * value + 16, e31, w31);
            put(states, stateFrom + valueHeads * key * value + at + 32 * value, e40, w40);
            put(states, stateFrom + valueHeads * key * value + at + 32 * value + 16, e41, w41);
            put(states, stateFrom + valueHeads * key * value + at + 40 * value, e50, w50);
            put(states, stateFrom + valueHeads * key * value + at + 40 * value + 16, e51, w51);
            put(states, stateFrom + valueHeads * key * value + at + 48 * value, e60, w60);
            put(states, stateFrom + valueHeads * key * value + at + 48 * value + 16, e61, w61);
            put(states, stateFrom + valueHeads * key * value + at + 56 * value, e70, w70);
            put(states, stateFrom + valueHeads * key * value + at + 56 * value + 16, e71, w71);
          }
          if (chunk + 1 == lastChunk && useState == 1 && keep == 1) {
            put(state, si + at, e00, w00);
            put(state, si + at + 16, e01, w01);
            put(state, si + at + 8 * value, e10, w10);
            put(state, si + at + 8 * value + 16, e11, w11);
            put(state, si + at + 16 * value, e20, w20);
            put(state, si + at + 16 * value + 16, e21, w21);
            put(state, si + at + 24 * value, e30, w30);
            put(state, si + at + 24 * value + 16, e31, w31);
            put(state, si + at + 32 * value, e40, w40);
            put(state, si + at + 32 * value + 16, e41, w41);
            put(state, si + at + 40 * value, e50, w50);
            put(state, si + at + 40 * value + 16, e51, w51);
            put(state, si + at + 48 * value, e60, w60);
            put(state, si + at + 48 * value + 16, e61, w61);
            put(state, si + at + 56 * value, e70, w70);
            put(state, si + at + 56 * value + 16, e71, w71);
          }
        }
        context.globalBarrier();
      }
    }
  }

  /** sum + decay·states[at], or sum if there is no room for such an element. */
  static float next(FloatArray states, int at, float decay, float sum, int room) {
    float y = sum;
    if (room > 0) {
      y += decay * states.get(at);
    }
    return y;
  }

  /** Stores y if there is room for it. */
  static void put(FloatArray to, int at, int room, float y) {
    if (room > 0) {
      to.set(at, y);
    }
  }
}
