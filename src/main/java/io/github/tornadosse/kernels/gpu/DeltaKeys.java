package io.github.tornadosse.kernels.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The gradients of the normalised queries and keys of the gated delta rule, see docs/mathematics.md
 * section 3; all chunks at once.
 */
public final class DeltaKeys {
  /** Work-items of a group. */
  public static final int ITEMS = 128;

  /** Channels of a group. */
  public static final int CHANNELS = 32;

  private DeltaKeys() {}

  /**
   * The gradients of what {@link DeltaRows#normalise} gives, one for each value head; and what rows
   * have to do with decays through the states: with those up to the row, from the state before the
   * chunk, and with those after it, to the state after the chunk. Groups: one a chunk, value head
   * and 32 channels, channels innermost; an item has the rows ty + 8·r and the channels tx and tx +
   * 16.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param token [R]
   * @param q [H, R, K] of {@link DeltaRows#normalise}
   * @param k [H, R, K] of {@link DeltaRows#normalise}
   * @param rowGates [3 or more, HV, R]
   * @param pairs [2, HV, R, 64] of {@link DeltaPairGradients#gradients}
   * @param dOut [HV, capacity, V]
   * @param errors [HV, R, V]
   * @param dWrites [HV, R, V]
   * @param states [maxChunks, HV, K, V] before each chunk
   * @param dStates [maxChunks, HV, K, V] after each chunk
   * @param shares output, for each tile of channels [2, HV, R]: what comes from the state before
   *     the chunk, and what goes to the one after it; then [maxChunks, HV, tiles] Σ S·dS
   * @param dKeys output [2, HV, R, K]: of qRows, of kRows
   * @param group HV/H
   * @param valueHeads HV
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   */
  public static void gradients(
      KernelContext context,
      IntArray table,
      IntArray token,
      FloatArray q,
      FloatArray k,
      FloatArray rowGates,
      FloatArray pairs,
      FloatArray dOut,
      FloatArray errors,
      FloatArray dWrites,
      FloatArray states,
      FloatArray dStates,
      FloatArray shares,
      FloatArray dKeys,
      int group,
      int valueHeads,
      int key,
      int value,
      int capacity,
      int rows) {
    int item = context.localIdx;
    int tiles = (key + CHANNELS - 1) / CHANNELS;
    int unit = context.groupIdx / tiles;
    int tile = context.groupIdx % tiles;
    int h = unit % valueHeads;
    int begin = table.get(2 * (unit / valueHeads));
    int end = table.get(2 * (unit / valueHeads) + 1);
    int firstKey = tile * CHANNELS;
    // dO, dWrites, errors [row, 16 columns], S and dS [channel, 16 columns]; then sums of rows;
    // then
    // three kinds of pairs [row, 16 others] and keys and queries [16 others, channel].
    float[] work = context.allocateFloatLocalArray(4352);
    float[] decay = context.allocateFloatLocalArray(64);
    float[] before = context.allocateFloatLocalArray(64);
    float[] after = context.allocateFloatLocalArray(64);
    float[] strength = context.allocateFloatLocalArray(64);
    float[] sums = context.allocateFloatLocalArray(ITEMS);
    int[] from = context.allocateIntLocalArray(64);
    if (begin < end) {
      int part = valueHeads * rows;
      int gates = h * rows + begin;
      int keys = h / group * rows + begin;
      int count = end - begin;
      if (item < 64) {
        int row = TornadoMath.min(item, count - 1);
        decay[item] = item < count ? rowGates.get(gates + row) : 1f;
        strength[item] = item < count ? rowGates.get(part + gates + row) : 0f;
        from[item] = (h * capacity + token.get(begin + row)) * value;
      }
      context.localBarrier();
      float product = 1f;
      for (int n = 0; n < 64; n++) {
        int counts = item < 64 ? n - item : item - 64 - n;
        product = counts > 0 ? product * decay[n] : product;
      }
      // The first 64 items have the decays after a row, the others those before it.
      if (item < 64) {
        after[item] = product;
      }
      if (item >= 64) {
        before[item - 64] = product * decay[item - 64];
      }
      int tx = item % 16;
      int ty = item / 16;
      float through = 0f;
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
      float u00 = 0f;
      float u01 = 0f;
      float u10 = 0f;
      float u11 = 0f;
      float u20 = 0f;
      float u21 = 0f;
      float u30 = 0f;
      float u31 = 0f;
      float u40 = 0f;
      float u41 = 0f;
      float u50 = 0f;
      float u51 = 0f;
      float u60 = 0f;
      float u61 = 0f;
      float u70 = 0f;
      float u71 = 0f;
      for (int first = 0; first < value; first += 16) {
        for (int e = item; e < 64 * 16; e += ITEMS) {
          int x = TornadoMath.min(first + e % 16, value - 1);
          float inside = first + e % 16 < value ? 1f : 0f;
          int at = (gates + TornadoMath.min(e / 16, count - 1)) * value + x;
          int to = e / 16 * 17 + e % 16;
          work[to] = inside * dOut.get(from[e / 16] + x);
          work[1088 + to] = inside * dWrites.get(at);
          work[2176 + to] = inside * errors.get(at);
        }
        for (int e = item; e < CHANNELS * 16; e += ITEMS) {
          int x = TornadoMath.min(first + e % 16, value - 1);
          int c = firstKey + e / 16;
          float column = first + e % 16 < value ? 1f : 0f;
          float inside = c < key ? column : 0f;
          int at = (unit * key + TornadoMath.min(c, key - 1)) * value + x;
          int to = e / 16 * 17 + e % 16;
          float y = inside * states.get(at);
          float z = inside * dStates.get(at);
          work[3264 + to] = y;
          work[3808 + to] = z;
          through += y * z;
        }
        context.localBarrier();
        for (int n = 0; n < 16; n++) {
          int ai = ty * 17 + n;
          int bi = 3264 + tx * 17 + n;
          float y0 = work[bi];
          float y1 = work[bi + 272];
          float z0 = work[bi + 544];
          float z1 = work[bi + 816];
          float o0 = work[ai];
          float w0 = work[ai + 1088];
          float e0 = work[ai + 2176];
          s00 += o0 * y0;
          t00 += w0 * y0;
          u00 += e0 * z0;
          s01 += o0 * y1;
          t01 += w0 * y1;
          u01 += e0 * z1;
          float o1 = work[ai + 136];
          float w1 = work[ai + 1224];
          float e1 = work[ai + 2312];
          s10 += o1 * y0;
          t10 += w1 * y0;
          u10 += e1 * z0;
          s11 += o1 * y1;
          t11 += w1 * y1;
          u11 += e1 * z1;
          float o2 = work[ai + 272];
          float w2 = work[ai + 1360];
          float e2 = work[ai + 2448];
          s20 += o2 * y0;
          t20 += w2 * y0;
          u20 += e2 * z0;
          s21 += o2 * y1;
          t21 += w2 * y1;
          u21 += e2 * z1;
          float o3 = work[ai + 408];
          float w3 = work[ai + 1496];
          float e3 = work[ai + 2584];
          s30 += o3 * y0;
          t30 += w3 * y0;
          u30 += e3 * z0;
          s31 += o3 * y1;
          t31 += w3 * y1;
          u31 += e3 * z1;
          float o4 = work[ai + 544];
          float w4 = work[ai + 1632];
          float e4 = work[ai + 2720];
          s40 += o4 * y0;
          t40 += w4 * y0;
          u40 += e4 * z0;
          s41 += o4 * y1;
          t41 += w4 * y1;
          u41 += e4 * z1;
          float o5 = work[ai + 680];
          float w5 = work[ai + 1768];
          float e5 = work[ai + 2856];
          s50 += o5 * y0;
          t50 += w5 * y0;
          u50 += e5 * z0;
          s51 += o5 * y1;
          t51 += w5 * y1;
          u51 += e5 * z1;
          float o6 = work[ai + 816];
          float w6 = work[ai + 1904];
          float e6 = work[ai + 2992];
          s60 += o6 * y0;
          t60 += w6 * y0;
          u60 += e6 * z0;
          s61 += o6 * y1;
          t61 += w6 * y1;
          u61 += e6 * z1;
          float o7 = work[ai + 952];
          float w7 = work[ai + 2040];
          float e7 = work[ai + 3128];
          s70 += o7 * y0;
          t70 += w7 * y0;
          u70 += e7 * z0;
          s71 += o7 * y1;
          t71 += w7 * y1;
          u71 += e7 * z1;
        }
        context.localBarrier();
      }
      sums[item] = through;
      int c0 = firstKey + tx;
      int c1 = firstKey + tx + 16;
      int k0 = TornadoMath.min(c0, key - 1);
      int k1 = TornadoMath.min(c1, key - 1);
      // A column beyond the last one adds nothing: its products are 0.
      float b0 = before[ty];
      float p0 = b0 * strength[ty];
      float a0 = after[ty] * strength[ty];
      int f0 = (keys + TornadoMath.min(ty, count - 1)) * key;
      s00 *= b0;
      t00 *= p0;
      u00 *= a0;
      s01 *= b0;
      t01 *= p0;
      u01 *= a0;
      work[ty * 17 + tx + 0] =
          q.get(f0 + k0) * s00
              - k.get(f0 + k0) * t00
              + (q.get(f0 + k1) * s01 - k.get(f0 + k1) * t01);
      work[ty * 17 + tx + 1088] = k.get(f0 + k0) * u00 + k.get(f0 + k1) * u01;
      u00 -= t00;
      u01 -= t01;
      float b1 = before[ty + 8];
      float p1 = b1 * strength[ty + 8];
      float a1 = after[ty + 8] * strength[ty + 8];
      int f1 = (keys + TornadoMath.min(ty + 8, count - 1)) * key;
      s10 *= b1;
      t10 *= p1;
      u10 *= a1;
      s11 *= b1;
      t11 *= p1;
      u11 *= a1;
      work[ty * 17 + tx + 136] =
          q.get(f1 + k0) * s10
              - k.get(f1 + k0) * t10
              + (q.get(f1 + k1) * s11 - k.get(f1 + k1) * t11);
      work[ty * 17 + tx + 1224] = k.get(f1 + k0) * u10 + k.get(f1 + k1) * u11;
      u10 -= t10;
      u11 -= t11;
      float b2 = before[ty + 16];
      float p2 = b2 * strength[ty + 16];
      float a2 = after[ty + 16] * strength[ty + 16];
      int f2 = (keys + TornadoMath.min(ty + 16, count - 1)) * key;
      s20 *= b2;
      t20 *= p2;
      u20 *= a2;
      s21 *= b2;
      t21 *= p2;
      u21 *= a2;
      work[ty * 17 + tx + 272] =
          q.get(f2 + k0) * s20
              - k.get(f2 + k0) * t20
              + (q.get(f2 + k1) * s21 - k.get(f2 + k1) * t21);
      work[ty * 17 + tx + 1360] = k.get(f2 + k0) * u20 + k.get(f2 + k1) * u21;
      u20 -= t20;
      u21 -= t21;
      float b3 = before[ty + 24];
      float p3 = b3 * strength[ty + 24];
      float a3 = after[ty + 24] * strength[ty + 24];
      int f3 = (keys + TornadoMath.min(ty + 24, count - 1)) * key;
      s30 *= b3;
      t30 *= p3;
      u30 *= a3;
      s31 *= b3;
      t31 *= p3;
      u31 *= a3;
      work[ty * 17 + tx + 408] =
          q.get(f3 + k0) * s30
              - k.get(f3 + k0) * t30
              + (q.get(f3 + k1) * s31 - k.get(f3 + k1) * t31);
      work[ty * 17 + tx + 1496] = k.get(f3 + k0) * u30 + k.get(f3 + k1) * u31;
      u30 -= t30;
      u31 -= t31;
      float b4 = before[ty + 32];
      float p4 = b4 * strength[ty + 32];
      float a4 = after[ty + 32] * strength[ty + 32];
      int f4 = (keys + TornadoMath.min(ty + 32, count - 1)) * key;
      s40 *= b4;
      t40 *= p4;
      u40 *= a4;
      s41 *= b4;
      t41 *= p4;
      u41 *= a4;
      work[ty * 17 + tx + 544] =
          q.get(f4 + k0) * s40
              - k.get(f4 + k0) * t40
              + (q.get(f4 + k1) * s41 - k.get(f4 + k1) * t41);
      work[ty * 17 + tx + 1632] = k.get(f4 + k0) * u40 + k.get(f4 + k1) * u41;
      u40 -= t40;
      u41 -= t41;
      float b5 = before[ty + 40];
      float p5 = b5 * strength[ty + 40];
      float a5 = after[ty + 40] * strength[ty + 40];
      int f5 = (keys + TornadoMath.min(ty + 40, count - 1)) * key;
      s50 *= b5;
      t50 *= p5;
      u50 *= a5;
      s51 *= b5;
      t51 *= p5;
      u51 *= a5;
      work[ty * 17 + tx + 680] =
          q.get(f5 + k0) * s50
              - k.get(f5 + k0) * t50
              + (q.get(f5 + k1) * s51 - k.get(f5 + k1) * t51);
      work[ty * 17 + tx + 1768] = k.get(f5 + k0) * u50 + k.get(f5 + k1) * u51;
      u50 -= t50;
      u51 -= t51;
      float b6 = before[ty + 48];
      float p6 = b6 * strength[ty + 48];
      float a6 = after[ty + 48] * strength[ty + 48];
      int f6 = (keys + TornadoMath.min(ty + 48, count - 1)) * key;
      s60 *= b6;
      t60 *= p6;
      u60 *= a6;
      s61 *= b6;
      t61 *= p6;
      u61 *= a6;
      work[ty * 17 + tx + 816] =
          q.get(f6 + k0) * s60
              - k.get(f6 + k0) * t60
              + (q.get(f6 + k1) * s61 - k.get(f6 + k1) * t61);
      work[ty * 17 + tx + 1904] = k.get(f6 + k0) * u60 + k.get(f6 + k1) * u61;
      u60 -= t60;
      u61 -= t61;
      float b7 = before[ty + 56];
      float p7 = b7 * strength[ty + 56];
      float a7 = after[ty + 56] * strength[ty + 56];
      int f7 = (keys + TornadoMath.min(ty + 56, count - 1)) * key;
      s70 *= b7;
      t70 *= p7;
      u70 *= a7;
      s71 *= b7;
      t71 *= p7;
      u71 *= a7;
      work[ty * 17 + tx + 952] =
          q.get(f7 + k0) * s70
              - k.get(f7 + k0) * t70
              + (q.get(f7 + k1) * s71 - k.get(f7 + k1) * t71);
      work[ty * 17 + tx + 2040] = k.get(f7 + k0) * u70 + k.get(f7 + k1) * u71;
      u70 -= t70;
      u71 -= t71;
      context.localBarrier();
      if (item < count) {
        float fromState = 0f;
        float toState = 0f;
        for (int n = item * 17; n < item * 17 + 16; n++) {
          fromState += work[n];
          toState += work[1088 + n];
        }
        shares.set(2 * tile * part + gates + item, fromState);
        shares.set((2 * tile + 1) * part + gates + item, toState);
      }
      if (item == 0) {
        float sum = 0f;
        for (int n = 0; n < ITEMS; n++) {
          sum += sums[n];
        }
        shares.set(2 * tiles * part + unit * tiles + tile, sum);
      }
      context.localBarrier();
      // Rows of the same chunk: reads of earlier rows, reads by later ones, predictions either way.
      for (int first = 0; first < count; first += 16) {
        for (int e = item; e < 64 * 16; e += ITEMS) {
          int i = e / 16;
          int other = first + e % 16;
          int to = i * 17 + e % 16;
          float read = 0f;
          float predicted = 0f;
          if (other <= i && i < count) {
            read = pairs.get((gates + i) * 64 + other);
          }
          if (other < i && i < count) {
            predicted = pairs.get((part + gates + i) * 64 + other);
          }
          work[to] = read;
          if (other <= i) {
            work[2176 + to] = predicted;
          }
          int j = e % 64;
          int later = first + e / 64;
          int too = j * 17 + e / 64;
          float readBy = 0f;
          float predictedBy = 0f;
          if (j <= later && later < count) {
            readBy = pairs.get((gates + later) * 64 + j);
          }
          if (j < later && later < count) {
            predictedBy = pairs.get((part + gates + later) * 64 + j);
          }
          work[1088 + too] = readBy;
          if (j < later) {
            work[2176 + too] = predictedBy;
          }
        }
        for (int e = item; e < 16 * CHANNELS; e += ITEMS) {
          int row = TornadoMath.min(first + e / CHANNELS, count - 1);
          int c = TornadoMath.min(firstKey + e % CHANNELS, key - 1);
          work[3264 + e] = k.get((keys + row) * key + c);
          work[3776 + e] = q.get((keys + row) * key + c);
        }
        context.localBarrier();
        for (int n = 0; n < 16; n++) {
          int ai = ty * 17 + n;
          int bi = 3264 + n * CHANNELS + tx;
          float y0 = work[bi];
          float y1 = work[bi + 16];
          float z0 = work[bi + 512];
          float z1 = work[bi + 528];
          float o0 = work[ai];
          float w0 = work[ai + 1088];
          float e0 = work[ai + 2176];
          s00 += o0 * y0;
          u00 += w0 * z0 - e0 * y0;
          s01 += o0 * y1;
          u01 += w0 * z1 - e0 * y1;
          float o1 = work[ai + 136];
          float w1 = work[ai + 1224];
          float e1 = work[ai + 2312];
          s10 += o1 * y0;
          u10 += w1 * z0 - e1 * y0;
          s11 += o1 * y1;
          u11 += w1 * z1 - e1 * y1;
          float o2 = work[ai + 272];
          float w2 = work[ai + 1360];
          float e2 = work[ai + 2448];
          s20 += o2 * y0;
          u20 += w2 * z0 - e2 * y0;
          s21 += o2 * y1;
          u21 += w2 * z1 - e2 * y1;
          float o3 = work[ai + 408];
          float w3 = work[ai + 1496];
          float e3 = work[ai + 2584];
          s30 += o3 * y0;
          u30 += w3 * z0 - e3 * y0;
          s31 += o3 * y1;
          u31 += w3 * z1 - e3 * y1;
          float o4 = work[ai + 544];
          float w4 = work[ai + 1632];
          float e4 = work[ai + 2720];
          s40 += o4 * y0;
          u40 += w4 * z0 - e4 * y0;
          s41 += o4 * y1;
          u41 += w4 * z1 - e4 * y1;
          float o5 = work[ai + 680];
          float w5 = work[ai + 1768];
          float e5 = work[ai + 2856];
          s50 += o5 * y0;
          u50 += w5 * z0 - e5 * y0;
          s51 += o5 * y1;
          u51 += w5 * z1 - e5 * y1;
          float o6 = work[ai + 816];
          float w6 = work[ai + 1904];
          float e6 = work[ai + 2992];
          s60 += o6 * y0;
          u60 += w6 * z0 - e6 * y0;
          s61 += o6 * y1;
          u61 += w6 * z1 - e6 * y1;
          float o7 = work[ai + 952];
          float w7 = work[ai + 2040];
          float e7 = work[ai + 3128];
          s70 += o7 * y0;
          u70 += w7 * z0 - e7 * y0;
          s71 += o7 * y1;
          u71 += w7 * z1 - e7 * y1;
        }
        context.localBarrier();
      }
      int to = (gates + ty) * key + c0;
      put(dKeys, to, ty + 0 < count ? key - c0 : 0, s00, s01);
      put(dKeys, part * key + to, ty + 0 < count ? key - c0 : 0, u00, u01);
      put(dKeys, to + 8 * key, ty + 8 < count ? key - c0 : 0, s10, s11);
      put(dKeys, part * key + to + 8 * key, ty + 8 < count ? key - c0 : 0, u10, u11);
      put(dKeys, to + 16 * key, ty + 16 < count ? key - c0 : 0, s20, s21);
      put(dKeys, part * key + to + 16 * key, ty + 16 < count ? key - c0 : 0, u20, u21);
      put(dKeys, to + 24 * key, ty + 24 < count ? key - c0 : 0, s30, s31);
      put(dKeys, part * key + to + 24 * key, ty + 24 < count ? key - c0 : 0, u30, u31);
      put(dKeys, to + 32 * key, ty + 32 < count ? key - c0 : 0, s40, s41);
      put(dKeys, part * key + to + 32 * key, ty + 32 < count ? key - c0 : 0, u40, u41);
      put(dKeys, to + 40 * key, ty + 40 < count ? key - c0 : 0, s50, s51);
      put(dKeys, part * key + to + 40 * key, ty + 40 < count ? key - c0 : 0, u50, u51);
      put(dKeys, to + 48 * key, ty + 48 < count ? key - c0 : 0, s60, s61);
      put(dKeys, part * key + to + 48 * key, ty + 48 < count ? key - c0 : 0, u60, u61);
      put(dKeys, to + 56 * key, ty + 56 < count ? key - c0 : 0, s70, s71);
      put(dKeys, part * key + to + 56 * key, ty + 56 < count ? key - c0 : 0, u70, u71);
    }
  }

  private static void put(FloatArray to, int at, int room, float y0, float y1) {
    if (room > 0) {
      to.set(at, y0);
    }
    if (room > 16) {
      to.set(at + 16, y1);
    }
  }
}
