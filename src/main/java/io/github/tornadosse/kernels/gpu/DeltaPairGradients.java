package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.portable.Routing;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gradients of what {@link DeltaPairs} makes of pairs of rows of a chunk, and those of the gates. A
 * decay's gradient is a sum over pairs that it stands between; no pair is added and subtracted.
 */
public final class DeltaPairGradients {
  /** Work-items of a group of {@link #gradients}. */
  public static final int ITEMS = Tiles.ITEMS;

  /** Work-items of a group of {@link #decays}. */
  public static final int ROWS = 64;

  private DeltaPairGradients() {}

  /**
   * Gradients of {@link DeltaPairs#products}, in their place: reads become Π decay[j + 1..i]·⟨dO_i,
   * u_j⟩ for j ≤ i, predictions Π decay[j + 1..i]·⟨dr_i, u_j⟩ for j &lt; i, with u = β·error and dr
   * = β·dWrite. sums gets, at column m ≤ i, what row i gives to the gradient of the decay of row m:
   * the sum over j &lt; m of ⟨dO_i, read of j⟩ − ⟨dr_i, prediction from j⟩. And the gradients of
   * the write strengths, ⟨error, dWrite⟩, 0 for rows that are not read. Groups: one a chunk and
   * value head.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param token [R]
   * @param mode [R]
   * @param rowGates [3 or more, HV, R]
   * @param dOut [HV, capacity, V]
   * @param errors [HV, R, V]
   * @param dWrites [HV, R, V]
   * @param pairs [2, HV, R, 64] of {@link DeltaPairs#products}, replaced
   * @param sums output [HV, R, 64]
   * @param dGateRows output [2, HV, R], the second part
   * @param valueHeads HV
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   */
  public static void gradients(
      KernelContext context,
      IntArray table,
      IntArray token,
      IntArray mode,
      FloatArray rowGates,
      FloatArray dOut,
      FloatArray errors,
      FloatArray dWrites,
      FloatArray pairs,
      FloatArray sums,
      FloatArray dGateRows,
      int valueHeads,
      int value,
      int capacity,
      int rows) {
    int item = context.localIdx;
    int h = context.groupIdx % valueHeads;
    int begin = table.get(2 * (context.groupIdx / valueHeads));
    int end = table.get(2 * (context.groupIdx / valueHeads) + 1);
    // dO, dWrites and errors [row, column], later decays, then sums [i, j].
    float[] tile = context.allocateFloatLocalArray(64 * 65);
    float[] decay = context.allocateFloatLocalArray(64);
    float[] strength = context.allocateFloatLocalArray(64);
    int[] from = context.allocateIntLocalArray(64);
    if (begin < end) {
      int part = valueHeads * rows;
      int gates = h * rows + begin;
      if (item < 64) {
        int row = TornadoMath.min(item, end - begin - 1);
        from[item] = (h * capacity + token.get(begin + row)) * value;
        decay[item] = rowGates.get(gates + row);
        strength[item] = rowGates.get(part + gates + row);
      }
      context.localBarrier();
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
      for (int first = 0; first < value; first += 16) {
        for (int e = item; e < 64 * 16; e += ITEMS) {
          int x = first + e % 16;
          int column = TornadoMath.min(x, value - 1);
          int at = (gates + TornadoMath.min(e / 16, end - begin - 1)) * value + column;
          int to = e / 16 * 17 + e % 16;
          tile[to] = x < value ? dOut.get(from[e / 16] + column) : 0f;
          tile[1088 + to] = x < value ? dWrites.get(at) : 0f;
          tile[2176 + to] = x < value ? errors.get(at) : 0f;
        }
        context.localBarrier();
        for (int x = 0; x < 16; x++) {
          int ai = ty * 17 + x;
          int bi = 1088 + ty * 17 + x;
          int ci = 2176 + tx * 17 + x;
          float x0 = tile[ai];
          float x1 = tile[ai + 136];
          float x2 = tile[ai + 272];
          float x3 = tile[ai + 408];
          float x4 = tile[ai + 544];
          float x5 = tile[ai + 680];
          float x6 = tile[ai + 816];
          float x7 = tile[ai + 952];
          float z0 = tile[bi];
          float z1 = tile[bi + 136];
          float z2 = tile[bi + 272];
          float z3 = tile[bi + 408];
          float z4 = tile[bi + 544];
          float z5 = tile[bi + 680];
          float z6 = tile[bi + 816];
          float z7 = tile[bi + 952];
          float y0 = tile[ci];
          float y1 = tile[ci + 272];
          float y2 = tile[ci + 544];
          float y3 = tile[ci + 816];
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
      if (item < 64) {
        float product = 1f;
        for (int i = item; i < 64; i++) {
          product = i > item ? product * decay[i] : 1f;
          tile[i * 65 + item] = product;
        }
      }
      context.localBarrier();
      int to = (gates + ty) * 64 + tx;
      int ti = ty * 65 + tx;
      int left = end - begin - ty;
      int below = ty - tx;
      float own0 = strength[ty + 0];
      float own1 = strength[ty + 8];
      float own2 = strength[ty + 16];
      float own3 = strength[ty + 24];
      float own4 = strength[ty + 32];
      float own5 = strength[ty + 40];
      float own6 = strength[ty + 48];
      float own7 = strength[ty + 56];
      float other0 = strength[tx + 0];
      float other1 = strength[tx + 16];
      float other2 = strength[tx + 32];
      float other3 = strength[tx + 48];
      tile[ti] =
          pair(
              pairs,
              to,
              part * 64,
              below + 0,
              left - 0,
              tile[ti],
              other0 * s00,
              own0 * other0 * t00);
      tile[ti + 520] =
          pair(
              pairs,
              to + 512,
              part * 64,
              below + 8,
              left - 8,
              tile[ti + 520],
              other0 * s10,
              own1 * other0 * t10);
      tile[ti + 1040] =
          pair(
              pairs,
              to + 1024,
              part * 64,
              below + 16,
              left - 16,
              tile[ti + 1040],
              other0 * s20,
              own2 * other0 * t20);
      tile[ti + 1056] =
          pair(
              pairs,
              to + 1040,
              part * 64,
              below + 0,
              left - 16,
              tile[ti + 1056],
              other1 * s21,
              own2 * other1 * t21);
      tile[ti + 1560] =
          pair(
              pairs,
              to + 1536,
              part * 64,
              below + 24,
              left - 24,
              tile[ti + 1560],
              other0 * s30,
              own3 * other0 * t30);
      tile[ti + 1576] =
          pair(
              pairs,
              to + 1552,
              part * 64,
              below + 8,
              left - 24,
              tile[ti + 1576],
              other1 * s31,
              own3 * other1 * t31);
      tile[ti + 2080] =
          pair(
              pairs,
              to + 2048,
              part * 64,
              below + 32,
              left - 32,
              tile[ti + 2080],
              other0 * s40,
              own4 * other0 * t40);
      tile[ti + 2096] =
          pair(
              pairs,
              to + 2064,
              part * 64,
              below + 16,
              left - 32,
              tile[ti + 2096],
              other1 * s41,
              own4 * other1 * t41);
      tile[ti + 2112] =
          pair(
              pairs,
              to + 2080,
              part * 64,
              below + 0,
              left - 32,
              tile[ti + 2112],
              other2 * s42,
              own4 * other2 * t42);
      tile[ti + 2600] =
          pair(
              pairs,
              to + 2560,
              part * 64,
              below + 40,
              left - 40,
              tile[ti + 2600],
              other0 * s50,
              own5 * other0 * t50);
      tile[ti + 2616] =
          pair(
              pairs,
              to + 2576,
              part * 64,
              below + 24,
              left - 40,
              tile[ti + 2616],
              other1 * s51,
              own5 * other1 * t51);
      tile[ti + 2632] =
          pair(
              pairs,
              to + 2592,
              part * 64,
              below + 8,
              left - 40,
              tile[ti + 2632],
              other2 * s52,
              own5 * other2 * t52);
      tile[ti + 3120] =
          pair(
              pairs,
              to + 3072,
              part * 64,
              below + 48,
              left - 48,
              tile[ti + 3120],
              other0 * s60,
              own6 * other0 * t60);
      tile[ti + 3136] =
          pair(
              pairs,
              to + 3088,
              part * 64,
              below + 32,
              left - 48,
              tile[ti + 3136],
              other1 * s61,
              own6 * other1 * t61);
      tile[ti + 3152] =
          pair(
              pairs,
              to + 3104,
              part * 64,
              below + 16,
              left - 48,
              tile[ti + 3152],
              other2 * s62,
              own6 * other2 * t62);
      tile[ti + 3168] =
          pair(
              pairs,
              to + 3120,
              part * 64,
              below + 0,
              left - 48,
              tile[ti + 3168],
              other3 * s63,
              own6 * other3 * t63);
      tile[ti + 3640] =
          pair(
              pairs,
              to + 3584,
              part * 64,
              below + 56,
              left - 56,
              tile[ti + 3640],
              other0 * s70,
              own7 * other0 * t70);
      tile[ti + 3656] =
          pair(
              pairs,
              to + 3600,
              part * 64,
              below + 40,
              left - 56,
              tile[ti + 3656],
              other1 * s71,
              own7 * other1 * t71);
      tile[ti + 3672] =
          pair(
              pairs,
              to + 3616,
              part * 64,
              below + 24,
              left - 56,
              tile[ti + 3672],
              other2 * s72,
              own7 * other2 * t72);
      tile[ti + 3688] =
          pair(
              pairs,
              to + 3632,
              part * 64,
              below + 8,
              left - 56,
              tile[ti + 3688],
              other3 * s73,
              own7 * other3 * t73);
      if (below + 0 == 0 && left > 0) {
        int read = mode.get(begin + ty + 0) & Routing.READ;
        dGateRows.set(part + gates + ty + 0, read > 0 ? t00 : 0f);
      }
      if (below + 8 == 0 && left > 8) {
        int read = mode.get(begin + ty + 8) & Routing.READ;
        dGateRows.set(part + gates + ty + 8, read > 0 ? t10 : 0f);
      }
      if (below + 0 == 0 && left > 16) {
        int read = mode.get(begin + ty + 16) & Routing.READ;
        dGateRows.set(part + gates + ty + 16, read > 0 ? t21 : 0f);
      }
      if (below + 8 == 0 && left > 24) {
        int read = mode.get(begin + ty + 24) & Routing.READ;
        dGateRows.set(part + gates + ty + 24, read > 0 ? t31 : 0f);
      }
      if (below + 0 == 0 && left > 32) {
        int read = mode.get(begin + ty + 32) & Routing.READ;
        dGateRows.set(part + gates + ty + 32, read > 0 ? t42 : 0f);
      }
      if (below + 8 == 0 && left > 40) {
        int read = mode.get(begin + ty + 40) & Routing.READ;
        dGateRows.set(part + gates + ty + 40, read > 0 ? t52 : 0f);
      }
      if (below + 0 == 0 && left > 48) {
        int read = mode.get(begin + ty + 48) & Routing.READ;
        dGateRows.set(part + gates + ty + 48, read > 0 ? t63 : 0f);
      }
      if (below + 8 == 0 && left > 56) {
        int read = mode.get(begin + ty + 56) & Routing.READ;
        dGateRows.set(part + gates + ty + 56, read > 0 ? t73 : 0f);
      }
      context.localBarrier();
      if (item < 64) {
        float sum = 0f;
        for (int m = 0; m <= item; m++) {
          float own = tile[item * 65 + m];
          tile[item * 65 + m] = sum;
          sum += own;
        }
      }
      context.localBarrier();
      for (int e = item; e < 64 * 64; e += ITEMS) {
        int i = e / 64;
        int m = e % 64;
        if (m <= i && begin + i < end) {
          sums.set((gates + i) * 64 + m, tile[i * 65 + m]);
        }
      }
    }
  }

  /**
   * One pair i, j with j = i − below: its two gradients; what its products have to do with decays.
   */
  private static float pair(
      FloatArray pairs,
      int at,
      int part,
      int below,
      int exists,
      float decay,
      float dRead,
      float dPrediction) {
    float sum = 0f;
    if (exists > 0 && below >= 0) {
      sum = pairs.get(at) * dRead;
      pairs.set(at, decay * dRead);
    }
    if (exists > 0 && below > 0) {
      sum -= pairs.get(part + at) * dPrediction;
      pairs.set(part + at, decay * dPrediction);
    }
    return sum;
  }

  /**
   * The gradients of the decays, 0 for rows that are not read. Groups: one a chunk and value head,
   * of 64 work-items.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param mode [R]
   * @param rowGates [3 or more, HV, R]
   * @param sums [HV, R, 64] of {@link #gradients}
   * @param shares see {@link DeltaKeys#gradients}
   * @param dGateRows output [2, HV, R], the first part
   * @param valueHeads HV
   * @param rows R
   * @param tiles tiles of keys
   */
  public static void decays(
      KernelContext context,
      IntArray table,
      IntArray mode,
      FloatArray rowGates,
      FloatArray sums,
      FloatArray shares,
      FloatArray dGateRows,
      int valueHeads,
      int rows,
      int tiles) {
    int m = context.localIdx;
    int unit = context.groupIdx;
    int h = unit % valueHeads;
    int begin = table.get(2 * (unit / valueHeads));
    int end = table.get(2 * (unit / valueHeads) + 1);
    float[] decay = context.allocateFloatLocalArray(64);
    float[] fromState = context.allocateFloatLocalArray(64);
    float[] toState = context.allocateFloatLocalArray(64);
    if (begin < end) {
      int part = valueHeads * rows;
      int gates = h * rows + begin;
      int count = end - begin;
      // Items without a row have the last one's numbers, which nobody reads.
      int row = gates + TornadoMath.min(m, count - 1);
      float from = 0f;
      float to = 0f;
      for (int n = 0; n < tiles; n++) {
        from += shares.get(2 * n * part + row);
        to += shares.get((2 * n + 1) * part + row);
      }
      decay[m] = rowGates.get(row);
      fromState[m] = from;
      toState[m] = to;
      context.localBarrier();
      if (begin + m < end) {
        float sum = 0f;
        for (int n = 0; n < tiles; n++) {
          sum += shares.get(2 * tiles * part + unit * tiles + n);
        }
        for (int i = 0; i < count; i++) {
          sum *= decay[i];
        }
        for (int j = 0; j < m; j++) {
          sum += toState[j];
        }
        for (int i = m; i < count; i++) {
          sum += fromState[i] + sums.get((gates + i) * 64 + m);
        }
        int read = mode.get(begin + m) & Routing.READ;
        dGateRows.set(gates + m, read > 0 ? sum : 0f);
      }
    }
  }
}
