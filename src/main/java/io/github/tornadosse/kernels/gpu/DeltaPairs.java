package io.github.tornadosse.kernels.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What pairs of rows of one chunk of the gated delta rule have to do with each other, see
 * docs/mathematics.md section 3. Decays between two rows are products of exp(g), in [0, 1] whatever
 * the gates are.
 */
public final class DeltaPairs {
  /** Work-items of a group of {@link #products}. */
  public static final int ITEMS = Tiles.ITEMS;

  /** Work-items of a group of {@link #inverses}. */
  public static final int COLUMNS = 64;

  /** Where keys stand behind queries. */
  private static final int KEYS = 64 * 33;

  private DeltaPairs() {}

  /**
   * At [h, i, j − first row of the chunk]: reads, Π decay[j + 1..i]·⟨q_i, k_j⟩ for j ≤ i, and
   * predictions, Π decay[j + 1..i]·⟨k_i, k_j⟩ for j &lt; i. Groups: one a chunk and key head.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param q [H, R, K] of {@link DeltaRows#normalise}
   * @param k [H, R, K] of {@link DeltaRows#normalise}
   * @param rowGates [3 or more, HV, R], decays first
   * @param pairs output [2, HV, R, 64]
   * @param heads H
   * @param group HV/H
   * @param key K
   * @param rows R
   */
  public static void products(
      KernelContext context,
      IntArray table,
      FloatArray q,
      FloatArray k,
      FloatArray rowGates,
      FloatArray pairs,
      int heads,
      int group,
      int key,
      int rows) {
    int item = context.localIdx;
    int h = context.groupIdx % heads;
    int begin = table.get(2 * (context.groupIdx / heads));
    int end = table.get(2 * (context.groupIdx / heads) + 1);
    // Queries and keys [row, channel], later decays [i, j].
    float[] tile = context.allocateFloatLocalArray(2 * KEYS);
    float[] decay = context.allocateFloatLocalArray(64);
    if (begin < end) {
      int tx = item % 16;
      int ty = item / 16;
      float s00 = 0f;
      float s10 = 0f;
      float s20 = 0f;
      float s21 = 0f;
      float s30 = 0f;
      float s31 = 0f;
      float s40 = 0f;
      float s41 = 0f;
      float s42 = 0f;
      float s50 = 0f;
      float s51 = 0f;
      float s52 = 0f;
      float s60 = 0f;
      float s61 = 0f;
      float s62 = 0f;
      float s63 = 0f;
      float s70 = 0f;
      float s71 = 0f;
      float s72 = 0f;
      float s73 = 0f;
      float t00 = 0f;
      float t10 = 0f;
      float t20 = 0f;
      float t21 = 0f;
      float t30 = 0f;
      float t31 = 0f;
      float t40 = 0f;
      float t41 = 0f;
      float t42 = 0f;
      float t50 = 0f;
      float t51 = 0f;
      float t52 = 0f;
      float t60 = 0f;
      float t61 = 0f;
      float t62 = 0f;
      float t63 = 0f;
      float t70 = 0f;
      float t71 = 0f;
      float t72 = 0f;
      float t73 = 0f;
      for (int first = 0; first < key; first += 32) {
        for (int e = item; e < 64 * 32; e += ITEMS) {
          int c = first + e % 32;
          int row = TornadoMath.min(begin + e / 32, end - 1);
          int at = (h * rows + row) * key + TornadoMath.min(c, key - 1);
          int to = e / 32 * 33 + e % 32;
          tile[to] = c < key ? q.get(at) : 0f;
          tile[KEYS + to] = c < key ? k.get(at) : 0f;
        }
        context.localBarrier();
        for (int c = 0; c < 32; c++) {
          int ai = ty * 33 + c;
          int bi = KEYS + ty * 33 + c;
          int ci = KEYS + tx * 33 + c;
          float x0 = tile[ai];
          float x1 = tile[ai + 264];
          float x2 = tile[ai + 528];
          float x3 = tile[ai + 792];
          float x4 = tile[ai + 1056];
          float x5 = tile[ai + 1320];
          float x6 = tile[ai + 1584];
          float x7 = tile[ai + 1848];
          float z0 = tile[bi];
          float z1 = tile[bi + 264];
          float z2 = tile[bi + 528];
          float z3 = tile[bi + 792];
          float z4 = tile[bi + 1056];
          float z5 = tile[bi + 1320];
          float z6 = tile[bi + 1584];
          float z7 = tile[bi + 1848];
          float y0 = tile[ci];
          float y1 = tile[ci + 528];
          float y2 = tile[ci + 1056];
          float y3 = tile[ci + 1584];
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
          t00 += z0 * y0;
          t10 += z1 * y0;
          t20 += z2 * y0;
          t21 += z2 * y1;
          t30 += z3 * y0;
          t31 += z3 * y1;
          t40 += z4 * y0;
          t41 += z4 * y1;
          t42 += z4 * y2;
          t50 += z5 * y0;
          t51 += z5 * y1;
          t52 += z5 * y2;
          t60 += z6 * y0;
          t61 += z6 * y1;
          t62 += z6 * y2;
          t63 += z6 * y3;
          t70 += z7 * y0;
          t71 += z7 * y1;
          t72 += z7 * y2;
          t73 += z7 * y3;
        }
        context.localBarrier();
      }
      int part = heads * group * rows * 64;
      for (int n = 0; n < group; n++) {
        int gates = (h * group + n) * rows + begin;
        if (item < 64) {
          decay[item] = begin + item < end ? rowGates.get(gates + item) : 1f;
        }
        context.localBarrier();
        if (item < 64) {
          float product = 1f;
          for (int i = item; i < 64; i++) {
            product = i > item ? product * decay[i] : 1f;
            tile[i * 64 + item] = product;
          }
        }
        context.localBarrier();
        int to = (gates + ty) * 64 + tx;
        int di = ty * 64 + tx;
        int left = end - begin - ty;
        put(pairs, to, part, left - 0, ty - tx + 0, tile[di], s00, t00);
        put(pairs, to + 512, part, left - 8, ty - tx + 8, tile[di + 512], s10, t10);
        put(pairs, to + 1024, part, left - 16, ty - tx + 16, tile[di + 1024], s20, t20);
        put(pairs, to + 1040, part, left - 16, ty - tx + 0, tile[di + 1040], s21, t21);
        put(pairs, to + 1536, part, left - 24, ty - tx + 24, tile[di + 1536], s30, t30);
        put(pairs, to + 1552, part, left - 24, ty - tx + 8, tile[di + 1552], s31, t31);
        put(pairs, to + 2048, part, left - 32, ty - tx + 32, tile[di + 2048], s40, t40);
        put(pairs, to + 2064, part, left - 32, ty - tx + 16, tile[di + 2064], s41, t41);
        put(pairs, to + 2080, part, left - 32, ty - tx + 0, tile[di + 2080], s42, t42);
        put(pairs, to + 2560, part, left - 40, ty - tx + 40, tile[di + 2560], s50, t50);
        put(pairs, to + 2576, part, left - 40, ty - tx + 24, tile[di + 2576], s51, t51);
        put(pairs, to + 2592, part, left - 40, ty - tx + 8, tile[di + 2592], s52, t52);
        put(pairs, to + 3072, part, left - 48, ty - tx + 48, tile[di + 3072], s60, t60);
        put(pairs, to + 3088, part, left - 48, ty - tx + 32, tile[di + 3088], s61, t61);
        put(pairs, to + 3104, part, left - 48, ty - tx + 16, tile[di + 3104], s62, t62);
        put(pairs, to + 3120, part, left - 48, ty - tx + 0, tile[di + 3120], s63, t63);
        put(pairs, to + 3584, part, left - 56, ty - tx + 56, tile[di + 3584], s70, t70);
        put(pairs, to + 3600, part, left - 56, ty - tx + 40, tile[di + 3600], s71, t71);
        put(pairs, to + 3616, part, left - 56, ty - tx + 24, tile[di + 3616], s72, t72);
        put(pairs, to + 3632, part, left - 56, ty - tx + 8, tile[di + 3632], s73, t73);
        context.localBarrier();
      }
    }
  }

  /** One pair i, j with j = i − below. */
  private static void put(
      FloatArray pairs,
      int at,
      int part,
      int exists,
      int below,
      float decay,
      float read,
      float prediction) {
    if (exists > 0 && below >= 0) {
      pairs.set(at, decay * read);
    }
    if (exists > 0 && below > 0) {
      pairs.set(part + at, decay * prediction);
    }
  }

  /**
   * The inverses of the triangular systems of a chunk, at [h, i, j − first row of the chunk] for j
   * ≤ i: X = (I + P·diag(β))^(-1), which takes v̂ − k̂·S to the rows' errors, or, transposed, T =
   * (I + diag(β)·P)^(-1), which takes the direct part of the gradient of what rows write to all of
   * it; P are the predictions of {@link #products}. An item has one column, by forward
   * substitution. Groups: one a chunk and value head.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param rowGates [3 or more, HV, R], the second part is β
   * @param pairs [2, HV, R, 64]
   * @param inverse output [HV, R, 64]
   * @param valueHeads HV
   * @param rows R
   * @param transposed 0 for X, 1 for T
   */
  public static void inverses(
      KernelContext context,
      IntArray table,
      FloatArray rowGates,
      FloatArray pairs,
      FloatArray inverse,
      int valueHeads,
      int rows,
      int transposed) {
    int j = context.localIdx;
    int h = context.groupIdx % valueHeads;
    int begin = table.get(2 * (context.groupIdx / valueHeads));
    int end = table.get(2 * (context.groupIdx / valueHeads) + 1);
    float[] predictions = context.allocateFloatLocalArray(2020); // [i, j < i]
    float[] column = context.allocateFloatLocalArray(64 * 64);
    float[] strength = context.allocateFloatLocalArray(64);
    if (begin < end) {
      int gates = h * rows + begin;
      int part = valueHeads * rows;
      for (int i = 0; i < 64; i++) {
        if (j < i) {
          int at = (part + gates + i) * 64 + j;
          predictions[i * (i - 1) / 2 + j] = begin + i < end ? pairs.get(at) : 0f;
        }
        column[i * 64 + j] = 0f;
      }
      if (j < 4) {
        predictions[2016 + j] = 0f;
      }
      strength[j] = begin + j < end ? rowGates.get(part + gates + j) : 0f;
      context.localBarrier();
      // A whole warp begins where the first of its columns does.
      int start = j / 32 * 32;
      for (int i = start; i < 64; i++) {
        int pi = i * (i - 1) / 2;
        float sum0 = 0f;
        float sum1 = 0f;
        float sum2 = 0f;
        float sum3 = 0f;
        // Beyond the last row the column still holds zeros.
        for (int m = start; m < i; m += 4) {
          sum0 += predictions[pi + m] * column[m * 64 + j];
          sum1 += predictions[pi + m + 1] * column[m * 64 + 64 + j];
          sum2 += predictions[pi + m + 2] * column[m * 64 + 128 + j];
          sum3 += predictions[pi + m + 3] * column[m * 64 + 192 + j];
        }
        float sum = -(sum0 + sum1 + (sum2 + sum3));
        float beta = strength[i];
        float x = transposed == 1 ? beta * sum : sum;
        x = i == j ? 1f : x;
        x = i < j ? 0f : x;
        column[i * 64 + j] = transposed == 1 ? x : beta * x;
        if (begin + i < end && j <= i) {
          inverse.set((gates + i) * 64 + j, x);
        }
      }
    }
  }
}
