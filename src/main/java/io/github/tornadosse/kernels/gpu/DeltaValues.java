package io.github.tornadosse.kernels.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What the rows of the gated delta rule read, and what goes back from their reads; all chunks at
 * once. See docs/mathematics.md section 3.
 */
public final class DeltaValues {
  /** Work-items of a group. */
  public static final int ITEMS = Tiles.ITEMS;

  private DeltaValues() {}

  /**
   * With fromStates, what the rows read: out_i = (the decays from the chunk's start up to i)·q_i·S
   * + Σ_{j ≤ i} A[i, j]·β_j·error_j. Without, what goes back from the reads to what rows write:
   * out_j = Σ_{i ≥ j} A[i, j]·dO_i. Groups: one a chunk, value head and 64 columns, columns
   * innermost.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param token [R]
   * @param q [H, R, K] of {@link DeltaRows#normalise}
   * @param rowGates [3 or more, HV, R]
   * @param states [maxChunks, HV, K, V] before each chunk; another array without fromStates
   * @param pairs [2, HV, R, 64], A first
   * @param y errors [HV, R, V], or dO [HV, capacity, V]
   * @param out output [HV, R, V]
   * @param group HV/H
   * @param valueHeads HV
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param fromStates 1 or 0
   */
  public static void rows(
      KernelContext context,
      IntArray table,
      IntArray token,
      FloatArray q,
      FloatArray rowGates,
      FloatArray states,
      FloatArray pairs,
      FloatArray y,
      FloatArray out,
      int group,
      int valueHeads,
      int key,
      int value,
      int capacity,
      int rows,
      int fromStates) {
    int item = context.localIdx;
    int valueTiles = (value + 63) / 64;
    int unit = context.groupIdx / valueTiles;
    int h = unit % valueHeads;
    int begin = table.get(2 * (unit / valueHeads));
    int end = table.get(2 * (unit / valueHeads) + 1);
    int firstValue = context.groupIdx % valueTiles * 64;
    float[] a = context.allocateFloatLocalArray(64 * 33); // [row, channel or other row]
    float[] b = context.allocateFloatLocalArray(32 * 64); // [channel or other row, column]
    float[] decay = context.allocateFloatLocalArray(64);
    float[] before = context.allocateFloatLocalArray(64);
    float[] strength = context.allocateFloatLocalArray(64);
    int[] from = context.allocateIntLocalArray(64);
    if (begin < end) {
      int gates = h * rows + begin;
      int keys = h / group * rows + begin;
      int count = end - begin;
      if (item < 64) {
        int row = TornadoMath.min(item, count - 1);
        int tokenRow = h * capacity + token.get(begin + row);
        decay[item] = item < count ? rowGates.get(gates + row) : 1f;
        float beta = item < count ? rowGates.get(valueHeads * rows + gates + row) : 0f;
        strength[item] = fromStates == 1 ? beta : 1f;
        from[item] = (fromStates == 1 ? gates + row : tokenRow) * value;
      }
      context.localBarrier();
      if (item < 64) {
        float product = 1f;
        for (int n = 0; n <= item; n++) {
          product *= decay[n];
        }
        before[item] = product;
      }
      context.localBarrier();
      int tx = item % 16;
      int ty = item / 16;
      int channels = fromStates == 1 ? (key + 31) / 32 : 0;
      int steps = channels + (count + 31) / 32;
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
          for (int e = item; e < 64 * 32; e += ITEMS) {
            int row = TornadoMath.min(e / 32, count - 1);
            int c = TornadoMath.min(32 * step + e % 32, key - 1);
            a[e / 32 * 33 + e % 32] = before[e / 32] * q.get((keys + row) * key + c);
          }
          for (int e = item; e < 32 * 64; e += ITEMS) {
            int c = 32 * step + e / 64;
            int column = TornadoMath.min(firstValue + e % 64, value - 1);
            float state = states.get((unit * key + TornadoMath.min(c, key - 1)) * value + column);
            b[e] = c < key ? state : 0f;
          }
        } else {
          int first = 32 * (step - channels);
          for (int e = item; e < 64 * 32; e += ITEMS) {
            int row = fromStates == 1 ? e / 32 : e % 64;
            int other = first + (fromStates == 1 ? e % 32 : e / 64);
            int reader = fromStates == 1 ? row : other;
            int writer = fromStates == 1 ? other : row;
            float score = 0f;
            if (writer <= reader && reader < count) {
              score = pairs.get((gates + reader) * 64 + writer);
            }
            a[row * 33 + other - first] = score;
            int column = TornadoMath.min(firstValue + e % 64, value - 1);
            b[e] = strength[first + e / 64] * y.get(from[first + e / 64] + column);
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
          float z0 = b[bi];
          float z1 = b[bi + 16];
          float z2 = b[bi + 32];
          float z3 = b[bi + 48];
          s00 += x0 * z0;
          s01 += x0 * z1;
          s02 += x0 * z2;
          s03 += x0 * z3;
          s10 += x1 * z0;
          s11 += x1 * z1;
          s12 += x1 * z2;
          s13 += x1 * z3;
          s20 += x2 * z0;
          s21 += x2 * z1;
          s22 += x2 * z2;
          s23 += x2 * z3;
          s30 += x3 * z0;
          s31 += x3 * z1;
          s32 += x3 * z2;
          s33 += x3 * z3;
          s40 += x4 * z0;
          s41 += x4 * z1;
          s42 += x4 * z2;
          s43 += x4 * z3;
          s50 += x5 * z0;
          s51 += x5 * z1;
          s52 += x5 * z2;
          s53 += x5 * z3;
          s60 += x6 * z0;
          s61 += x6 * z1;
          s62 += x6 * z2;
          s63 += x6 * z3;
          s70 += x7 * z0;
          s71 += x7 * z1;
          s72 += x7 * z2;
          s73 += x7 * z3;
        }
        context.localBarrier();
      }
      int to = (gates + ty) * value + firstValue + tx;
      int room = value - firstValue - tx;
      int left = count - ty;
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

  /**
   * What the reads of each chunk add to the gradient of the state before it: reads[n, h, c, x] =
   * Σ_i (the decays from the chunk's start up to i)·q_i[c]·dO_i[x]. Groups: one a chunk, value head
   * and tile of 64 × 64 of the state, tiles innermost.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param token [R]
   * @param q [H, R, K] of {@link DeltaRows#normalise}
   * @param rowGates [3 or more, HV, R], decays first
   * @param dOut [HV, capacity, V]
   * @param reads output [maxChunks, HV, K, V]
   * @param group HV/H
   * @param valueHeads HV
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   */
  public static void reads(
      KernelContext context,
      IntArray table,
      IntArray token,
      FloatArray q,
      FloatArray rowGates,
      FloatArray dOut,
      FloatArray reads,
      int group,
      int valueHeads,
      int key,
      int value,
      int capacity,
      int rows) {
    int item = context.localIdx;
    int valueTiles = (value + 63) / 64;
    int tiles = (key + 63) / 64 * valueTiles;
    int unit = context.groupIdx / tiles;
    int tile = context.groupIdx % tiles;
    int h = unit % valueHeads;
    int begin = table.get(2 * (unit / valueHeads));
    int end = table.get(2 * (unit / valueHeads) + 1);
    int firstKey = tile / valueTiles * 64;
    int firstValue = tile % valueTiles * 64;
    float[] a = context.allocateFloatLocalArray(32 * 64); // [row, channel]
    float[] b = context.allocateFloatLocalArray(32 * 64); // [row, column]
    float[] decay = context.allocateFloatLocalArray(64);
    float[] before = context.allocateFloatLocalArray(64);
    int[] from = context.allocateIntLocalArray(64);
    if (begin < end) {
      int gates = h * rows + begin;
      int keys = h / group * rows + begin;
      int count = end - begin;
      if (item < 64) {
        int row = TornadoMath.min(item, count - 1);
        decay[item] = rowGates.get(gates + row);
        from[item] = (h * capacity + token.get(begin + row)) * value;
      }
      context.localBarrier();
      if (item < 64) {
        float product = item < count ? 1f : 0f;
        for (int n = 0; n <= item; n++) {
          product *= decay[n];
        }
        before[item] = product;
      }
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
      for (int first = 0; first < count; first += 32) {
        context.localBarrier();
        for (int e = item; e < 32 * 64; e += ITEMS) {
          int i = first + e / 64;
          int row = TornadoMath.min(i, count - 1);
          int c = TornadoMath.min(firstKey + e % 64, key - 1);
          int column = TornadoMath.min(firstValue + e % 64, value - 1);
          a[e] = before[i] * q.get((keys + row) * key + c);
          b[e] = dOut.get(from[i] + column);
        }
        context.localBarrier();
        for (int n = 0; n < 32; n++) {
          int ai = n * 64 + ty;
          int bi = n * 64 + tx;
          float x0 = a[ai];
          float x1 = a[ai + 8];
          float x2 = a[ai + 16];
          float x3 = a[ai + 24];
          float x4 = a[ai + 32];
          float x5 = a[ai + 40];
          float x6 = a[ai + 48];
          float x7 = a[ai + 56];
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
      }
      int to = (unit * key + firstKey + ty) * value + firstValue + tx;
      int room = value - firstValue - tx;
      int left = key - firstKey - ty;
      Tiles.put(reads, to, left > 0 ? room : 0, s00, s01, s02, s03);
      Tiles.put(reads, to + 8 * value, left > 8 ? room : 0, s10, s11, s12, s13);
      Tiles.put(reads, to + 16 * value, left > 16 ? room : 0, s20, s21, s22, s23);
      Tiles.put(reads, to + 24 * value, left > 24 ? room : 0, s30, s31, s32, s33);
      Tiles.put(reads, to + 32 * value, left > 32 ? room : 0, s40, s41, s42, s43);
      Tiles.put(reads, to + 40 * value, left > 40 ? room : 0, s50, s51, s52, s53);
      Tiles.put(reads, to + 48 * value, left > 48 ? room : 0, s60, s61, s62, s63);
      Tiles.put(reads, to + 56 * value, left > 56 ? room : 0, s70, s71, s72, s73);
    }
  }
}
