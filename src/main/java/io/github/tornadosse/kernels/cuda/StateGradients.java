package io.github.tornadosse.kernels.cuda;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What comes to the gradients of gated linear attention through the states at the bounds of its
 * chunks, and the gradients of the scores within chunks; products on tensor cores. See
 * docs/mathematics.md section 2.
 */
public final class StateGradients {
  /** Work-items of a group. */
  public static final int ITEMS = 256;

  private static final int CHUNK = ChunkOperands.CHUNK;
  private static final int SUB = 16;
  private static final int BYTES = 4;

  /** Tiles of a right factor of 128 key columns, side by side. */
  private static final int WIDE = ChunkOperands.MOST_KEYS / 8;

  /** Value columns that are in local memory at a time. */
  private static final int TERMS = 32;

  private StateGradients() {}

  /**
   * dO·Sᵀ, v·dSᵀ and dO·vᵀ of each chunk, and the decay over the chunk times Σ_x S[c, x]·dS[c, x].
   * Groups: along x the chunks, along y the heads.
   *
   * <p>v and dO are sums of two bfloat16 each: what rounding takes from one of them it would take
   * from all channels of a row alike, and it would not average out of the router's gradient, in
   * which dO meets an output that it is almost orthogonal to.
   *
   * @param context the work-item
   * @param table see {@code gpu.GlaStates.chunks}
   * @param place of {@link ChunkOperands#rowTable}
   * @param v [H, capacity, V]
   * @param dOut [H, capacity, V]
   * @param decay [chunks, H, K] of {@link ChunkOperands#prepare}
   * @param prior S [chunks, H, K, V] of {@link ChunkScans#scan}, before each chunk
   * @param after dS [chunks, H, K, V] of {@link ChunkScans#scanBack}, after each chunk
   * @param rest [chunks, H, room], overwritten: what a chunk of less than 64 rows has beyond them
   * @param through output [chunks, H, K]
   * @param dScores output [H, R, 64]: dO·vᵀ
   * @param dRows output [3, H, R, K], parts 0 and 1: dO·Sᵀ and v·dSᵀ
   * @param heads H
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param room floats between the chunks of rest, at least 64·(64 + K)
   */
  public static void through(
      KernelContext context,
      IntArray table,
      IntArray place,
      FloatArray v,
      FloatArray dOut,
      FloatArray decay,
      IntArray prior,
      IntArray after,
      FloatArray rest,
      FloatArray through,
      FloatArray dScores,
      FloatArray dRows,
      int heads,
      int key,
      int value,
      int capacity,
      int rows,
      int room) {
    int chunk = context.groupIdx;
    int head = context.groupIdy;
    int item = context.localIdx;
    int[] right = context.allocateIntLocalArray(TERMS * ChunkOperands.MOST_KEYS / 2);
    int[] left = context.allocateIntLocalArray(CHUNK * TERMS / 2);
    int[] leftRest = context.allocateIntLocalArray(CHUNK * TERMS / 2);
    int[] values = context.allocateIntLocalArray(CHUNK * TERMS / 2);
    int[] valuesRest = context.allocateIntLocalArray(CHUNK * TERMS / 2);
    float[] sums = context.allocateFloatLocalArray(2 * ITEMS);
    int[] starts = context.allocateIntLocalArray(CHUNK); // of the rows of v and dO
    int begin = table.get(2 * chunk);
    int count = table.get(2 * chunk + 1) - begin;
    if (count > 0) {
      int at = chunk * heads + head;
      int warp = item / 32;
      int line = chunk * CHUNK;
      int from = head * capacity;
      if (item < CHUNK) {
        starts[item] = (from + place.get(line + item)) * value;
      }
      context.localBarrier();
      // Of a state an item has two neighbouring channels, of every fourth pair of columns.
      int channels = TornadoMath.min(warp, key / SUB - 1);
      int states =
          (at * (key / SUB) + channels) * (value / 8) * Packed.RIGHT + item % 32 / 4 * 8 + item % 4;
      int ri = (channels * 2 + item % 32 / 16) * Packed.RIGHT + item % 4 * 8 + item % 16 / 4;
      // Of a left factor it has pairs of columns of every sixteenth row.
      int row = item % Packed.LEFT / 8;
      int pair = item / Packed.LEFT * SUB + item % 8 * 2;
      // Of the values as a right factor, two rows of one column.
      int one = item / 64 % 2 * SUB + item % SUB;
      int j = item / 128 * 8 + item / SUB % 4 * 2;
      int oi = (item / 64 % 2 * 8 + item / 128) * Packed.RIGHT + item % SUB * 4 + item / SUB % 4;
      int i = warp / 4 * 32;
      int x = warp % 4 * 32;
      int y = warp % 4 * SUB;
      float[] c00 = context.mmaFragment(0f);
      float[] c01 = context.mmaFragment(0f);
      float[] c02 = context.mmaFragment(0f);
      float[] c03 = context.mmaFragment(0f);
      float[] c10 = context.mmaFragment(0f);
      float[] c11 = context.mmaFragment(0f);
      float[] c12 = context.mmaFragment(0f);
      float[] c13 = context.mmaFragment(0f);
      float[] d00 = context.mmaFragment(0f);
      float[] d01 = context.mmaFragment(0f);
      float[] d10 = context.mmaFragment(0f);
      float[] d11 = context.mmaFragment(0f);
      for (int block = 0; block < value; block += TERMS) {
        int steps = TornadoMath.min((value - block) / SUB, 2);
        int last = 2 * steps - 1;
        int inside = item / Packed.LEFT < steps ? count : 0;
        int pi = states + block / 8 * Packed.RIGHT;
        int first = block + TornadoMath.min(pair, steps * SUB - 2);
        int p0 = prior.get(pi);
        int p0x = prior.get(pi + 4);
        int p1 = prior.get(pi + TornadoMath.min(1, last) * Packed.RIGHT);
        int p1x = prior.get(pi + TornadoMath.min(1, last) * Packed.RIGHT + 4);
        int p2 = prior.get(pi + TornadoMath.min(2, last) * Packed.RIGHT);
        int p2x = prior.get(pi + TornadoMath.min(2, last) * Packed.RIGHT + 4);
        int p3 = prior.get(pi + TornadoMath.min(3, last) * Packed.RIGHT);
        int p3x = prior.get(pi + TornadoMath.min(3, last) * Packed.RIGHT + 4);
        int l0 = starts[row] + first;
        int l1 = starts[row + 16] + first;
        int l2 = starts[row + 32] + first;
        int l3 = starts[row + 48] + first;
        float f0 = dOut.get(l0);
        float s0 = dOut.get(l0 + 1);
        float f1 = dOut.get(l1);
        float s1 = dOut.get(l1 + 1);
        float f2 = dOut.get(l2);
        float s2 = dOut.get(l2 + 1);
        float f3 = dOut.get(l3);
        float s3 = dOut.get(l3 + 1);
        first = block + TornadoMath.min(one, steps * SUB - 1);
        float u0 = v.get(starts[j] + first);
        float w0 = v.get(starts[j + 1] + first);
        float u1 = v.get(starts[j + 16] + first);
        float w1 = v.get(starts[j + 17] + first);
        float u2 = v.get(starts[j + 32] + first);
        float w2 = v.get(starts[j + 33] + first);
        float u3 = v.get(starts[j + 48] + first);
        float w3 = v.get(starts[j + 49] + first);
        context.localBarrier();
        right[ri] = Packed.lower(p0, p0x);
        right[ri + 4] = Packed.upper(p0, p0x);
        right[ri + 1 * 32] = Packed.lower(p1, p1x);
        right[ri + 1 * 32 + 4] = Packed.upper(p1, p1x);
        right[ri + 2 * 32 + 1 * (WIDE * Packed.RIGHT - 64)] = Packed.lower(p2, p2x);
        right[ri + 2 * 32 + 1 * (WIDE * Packed.RIGHT - 64) + 4] = Packed.upper(p2, p2x);
        right[ri + 3 * 32 + 1 * (WIDE * Packed.RIGHT - 64)] = Packed.lower(p3, p3x);
        right[ri + 3 * 32 + 1 * (WIDE * Packed.RIGHT - 64) + 4] = Packed.upper(p3, p3x);
        int pair0 = Packed.pair(f0, s0);
        left[item] = row < inside ? pair0 : 0;
        leftRest[item] = row < inside ? Packed.rest(pair0, f0, s0) : 0;
        int pair1 = Packed.pair(f1, s1);
        left[item + 256] = row + 16 < inside ? pair1 : 0;
        leftRest[item + 256] = row + 16 < inside ? Packed.rest(pair1, f1, s1) : 0;
        int pair2 = Packed.pair(f2, s2);
        left[item + 512] = row + 32 < inside ? pair2 : 0;
        leftRest[item + 512] = row + 32 < inside ? Packed.rest(pair2, f2, s2) : 0;
        int pair3 = Packed.pair(f3, s3);
        left[item + 768] = row + 48 < inside ? pair3 : 0;
        leftRest[item + 768] = row + 48 < inside ? Packed.rest(pair3, f3, s3) : 0;
        int value0 = Packed.pair(u0, w0);
        values[oi] = value0;
        valuesRest[oi] = Packed.rest(value0, u0, w0);
        int value1 = Packed.pair(u1, w1);
        values[oi + 2 * Packed.RIGHT] = value1;
        valuesRest[oi + 2 * Packed.RIGHT] = Packed.rest(value1, u1, w1);
        int value2 = Packed.pair(u2, w2);
        values[oi + 2 * 2 * Packed.RIGHT] = value2;
        valuesRest[oi + 2 * 2 * Packed.RIGHT] = Packed.rest(value2, u2, w2);
        int value3 = Packed.pair(u3, w3);
        values[oi + 3 * 2 * Packed.RIGHT] = value3;
        valuesRest[oi + 3 * 2 * Packed.RIGHT] = Packed.rest(value3, u3, w3);
        context.localBarrier();
        int a = i / SUB * 2 * Packed.LEFT * BYTES;
        int b = x / 8 * Packed.RIGHT * BYTES;
        int o = y / 8 * Packed.RIGHT * BYTES;
        HalfFloat[] a0 = context.mmaLoadA(left, SUB, a);
        HalfFloat[] a1 = context.mmaLoadA(left, SUB, a + 2 * Packed.LEFT * BYTES);
        HalfFloat[] r0 = context.mmaLoadA(leftRest, SUB, a);
        HalfFloat[] r1 = context.mmaLoadA(leftRest, SUB, a + 2 * Packed.LEFT * BYTES);
        HalfFloat[] b0 = context.mmaLoadB(right, SUB, b);
        HalfFloat[] b1 = context.mmaLoadB(right, SUB, b + Packed.RIGHT * BYTES);
        HalfFloat[] b2 = context.mmaLoadB(right, SUB, b + 2 * Packed.RIGHT * BYTES);
        HalfFloat[] b3 = context.mmaLoadB(right, SUB, b + 3 * Packed.RIGHT * BYTES);
        HalfFloat[] o0 = context.mmaLoadB(values, SUB, o);
        HalfFloat[] o1 = context.mmaLoadB(values, SUB, o + Packed.RIGHT * BYTES);
        HalfFloat[] e0 = context.mmaLoadB(valuesRest, SUB, o);
        HalfFloat[] e1 = context.mmaLoadB(valuesRest, SUB, o + Packed.RIGHT * BYTES);
        c00 = context.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
        c00 = context.mmaBF16(r0, b0, c00, MMAShape.M16N8K16);
        c01 = context.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
        c01 = context.mmaBF16(r0, b1, c01, MMAShape.M16N8K16);
        c02 = context.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
        c02 = context.mmaBF16(r0, b2, c02, MMAShape.M16N8K16);
        c03 = context.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
        c03 = context.mmaBF16(r0, b3, c03, MMAShape.M16N8K16);
        c10 = context.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
        c10 = context.mmaBF16(r1, b0, c10, MMAShape.M16N8K16);
        c11 = context.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
        c11 = context.mmaBF16(r1, b1, c11, MMAShape.M16N8K16);
        c12 = context.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
        c12 = context.mmaBF16(r1, b2, c12, MMAShape.M16N8K16);
        c13 = context.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
        c13 = context.mmaBF16(r1, b3, c13, MMAShape.M16N8K16);
        d00 = context.mmaBF16(a0, o0, d00, MMAShape.M16N8K16);
        d00 = context.mmaBF16(r0, o0, d00, MMAShape.M16N8K16);
        d00 = context.mmaBF16(a0, e0, d00, MMAShape.M16N8K16);
        d01 = context.mmaBF16(a0, o1, d01, MMAShape.M16N8K16);
        d01 = context.mmaBF16(r0, o1, d01, MMAShape.M16N8K16);
        d01 = context.mmaBF16(a0, e1, d01, MMAShape.M16N8K16);
        d10 = context.mmaBF16(a1, o0, d10, MMAShape.M16N8K16);
        d10 = context.mmaBF16(r1, o0, d10, MMAShape.M16N8K16);
        d10 = context.mmaBF16(a1, e0, d10, MMAShape.M16N8K16);
        d11 = context.mmaBF16(a1, o1, d11, MMAShape.M16N8K16);
        d11 = context.mmaBF16(r1, o1, d11, MMAShape.M16N8K16);
        d11 = context.mmaBF16(a1, e1, d11, MMAShape.M16N8K16);
        a += Packed.LEFT * BYTES;
        b += WIDE * Packed.RIGHT * BYTES;
        o += 8 * Packed.RIGHT * BYTES;
        a0 = context.mmaLoadA(left, SUB, a);
        a1 = context.mmaLoadA(left, SUB, a + 2 * Packed.LEFT * BYTES);
        r0 = context.mmaLoadA(leftRest, SUB, a);
        r1 = context.mmaLoadA(leftRest, SUB, a + 2 * Packed.LEFT * BYTES);
        b0 = context.mmaLoadB(right, SUB, b);
        b1 = context.mmaLoadB(right, SUB, b + Packed.RIGHT * BYTES);
        b2 = context.mmaLoadB(right, SUB, b + 2 * Packed.RIGHT * BYTES);
        b3 = context.mmaLoadB(right, SUB, b + 3 * Packed.RIGHT * BYTES);
        o0 = context.mmaLoadB(values, SUB, o);
        o1 = context.mmaLoadB(values, SUB, o + Packed.RIGHT * BYTES);
        e0 = context.mmaLoadB(valuesRest, SUB, o);
        e1 = context.mmaLoadB(valuesRest, SUB, o + Packed.RIGHT * BYTES);
        c00 = context.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
        c00 = context.mmaBF16(r0, b0, c00, MMAShape.M16N8K16);
        c01 = context.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
        c01 = context.mmaBF16(r0, b1, c01, MMAShape.M16N8K16);
        c02 = context.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
        c02 = context.mmaBF16(r0, b2, c02, MMAShape.M16N8K16);
        c03 = context.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
        c03 = context.mmaBF16(r0, b3, c03, MMAShape.M16N8K16);
        c10 = context.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
        c10 = context.mmaBF16(r1, b0, c10, MMAShape.M16N8K16);
        c11 = context.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
        c11 = context.mmaBF16(r1, b1, c11, MMAShape.M16N8K16);
        c12 = context.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
        c12 = context.mmaBF16(r1, b2, c12, MMAShape.M16N8K16);
        c13 = context.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
        c13 = context.mmaBF16(r1, b3, c13, MMAShape.M16N8K16);
        d00 = context.mmaBF16(a0, o0, d00, MMAShape.M16N8K16);
        d00 = context.mmaBF16(r0, o0, d00, MMAShape.M16N8K16);
        d00 = context.mmaBF16(a0, e0, d00, MMAShape.M16N8K16);
        d01 = context.mmaBF16(a0, o1, d01, MMAShape.M16N8K16);
        d01 = context.mmaBF16(r0, o1, d01, MMAShape.M16N8K16);
        d01 = context.mmaBF16(a0, e1, d01, MMAShape.M16N8K16);
        d10 = context.mmaBF16(a1, o0, d10, MMAShape.M16N8K16);
        d10 = context.mmaBF16(r1, o0, d10, MMAShape.M16N8K16);
        d10 = context.mmaBF16(a1, e0, d10, MMAShape.M16N8K16);
        d11 = context.mmaBF16(a1, o1, d11, MMAShape.M16N8K16);
        d11 = context.mmaBF16(r1, o1, d11, MMAShape.M16N8K16);
        d11 = context.mmaBF16(a1, e1, d11, MMAShape.M16N8K16);
      }
      int first0 = head * rows + begin;
      int part = heads * rows * key;
      if (count == CHUNK) {
        int si = first0 * CHUNK + y;
        context.mmaStore(d00, dScores, i, si, CHUNK);
        context.mmaStore(d01, dScores, i, si + 8, CHUNK);
        context.mmaStore(d10, dScores, i + SUB, si, CHUNK);
        context.mmaStore(d11, dScores, i + SUB, si + 8, CHUNK);
        int to = first0 * key + x;
        store(context, c00, dRows, i, to, key, x);
        store(context, c01, dRows, i, to + 8, key, x + 8);
        store(context, c02, dRows, i, to + 16, key, x + 16);
        store(context, c03, dRows, i, to + 24, key, x + 24);
        store(context, c10, dRows, i + SUB, to, key, x);
        store(context, c11, dRows, i + SUB, to + 8, key, x + 8);
        store(context, c12, dRows, i + SUB, to + 16, key, x + 16);
        store(context, c13, dRows, i + SUB, to + 24, key, x + 24);
      } else {
        int si = at * room + y;
        context.mmaStore(d00, rest, i, si, CHUNK);
        context.mmaStore(d01, rest, i, si + 8, CHUNK);
        context.mmaStore(d10, rest, i + SUB, si, CHUNK);
        context.mmaStore(d11, rest, i + SUB, si + 8, CHUNK);
        int to = at * room + CHUNK * CHUNK + x;
        store(context, c00, rest, i, to, key, x);
        store(context, c01, rest, i, to + 8, key, x + 8);
        store(context, c02, rest, i, to + 16, key, x + 16);
        store(context, c03, rest, i, to + 24, key, x + 24);
        store(context, c10, rest, i + SUB, to, key, x);
        store(context, c11, rest, i + SUB, to + 8, key, x + 8);
        store(context, c12, rest, i + SUB, to + 16, key, x + 16);
        store(context, c13, rest, i + SUB, to + 24, key, x + 24);
        context.globalBarrier();
        for (int n = item; n < count * CHUNK; n += ITEMS) {
          dScores.set(first0 * CHUNK + n, rest.get(at * room + n));
        }
        for (int n = item; n < count * key; n += ITEMS) {
          dRows.set(first0 * key + n, rest.get(at * room + CHUNK * CHUNK + n));
        }
      }

      c00 = context.mmaFragment(0f);
      c01 = context.mmaFragment(0f);
      c02 = context.mmaFragment(0f);
      c03 = context.mmaFragment(0f);
      c10 = context.mmaFragment(0f);
      c11 = context.mmaFragment(0f);
      c12 = context.mmaFragment(0f);
      c13 = context.mmaFragment(0f);
      float evens = 0f;
      float odds = 0f;
      for (int block = 0; block < value; block += TERMS) {
        int steps = TornadoMath.min((value - block) / SUB, 2);
        int last = 2 * steps - 1;
        int inside = item / Packed.LEFT < steps ? count : 0;
        int pi = states + block / 8 * Packed.RIGHT;
        int first = block + TornadoMath.min(pair, steps * SUB - 2);
        int p0 = prior.get(pi);
        int p0x = prior.get(pi + 4);
        int p1 = prior.get(pi + TornadoMath.min(1, last) * Packed.RIGHT);
        int p1x = prior.get(pi + TornadoMath.min(1, last) * Packed.RIGHT + 4);
        int p2 = prior.get(pi + TornadoMath.min(2, last) * Packed.RIGHT);
        int p2x = prior.get(pi + TornadoMath.min(2, last) * Packed.RIGHT + 4);
        int p3 = prior.get(pi + TornadoMath.min(3, last) * Packed.RIGHT);
        int p3x = prior.get(pi + TornadoMath.min(3, last) * Packed.RIGHT + 4);
        int n0 = after.get(pi);
        int n0x = after.get(pi + 4);
        int n1 = after.get(pi + TornadoMath.min(1, last) * Packed.RIGHT);
        int n1x = after.get(pi + TornadoMath.min(1, last) * Packed.RIGHT + 4);
        int n2 = after.get(pi + TornadoMath.min(2, last) * Packed.RIGHT);
        int n2x = after.get(pi + TornadoMath.min(2, last) * Packed.RIGHT + 4);
        int n3 = after.get(pi + TornadoMath.min(3, last) * Packed.RIGHT);
        int n3x = after.get(pi + TornadoMath.min(3, last) * Packed.RIGHT + 4);
        int l0 = starts[row] + first;
        int l1 = starts[row + 16] + first;
        int l2 = starts[row + 32] + first;
        int l3 = starts[row + 48] + first;
        float f0 = v.get(l0);
        float s0 = v.get(l0 + 1);
        float f1 = v.get(l1);
        float s1 = v.get(l1 + 1);
        float f2 = v.get(l2);
        float s2 = v.get(l2 + 1);
        float f3 = v.get(l3);
        float s3 = v.get(l3 + 1);
        context.localBarrier();
        right[ri] = Packed.lower(n0, n0x);
        right[ri + 4] = Packed.upper(n0, n0x);
        right[ri + 1 * 32] = Packed.lower(n1, n1x);
        right[ri + 1 * 32 + 4] = Packed.upper(n1, n1x);
        right[ri + 2 * 32 + 1 * (WIDE * Packed.RIGHT - 64)] = Packed.lower(n2, n2x);
        right[ri + 2 * 32 + 1 * (WIDE * Packed.RIGHT - 64) + 4] = Packed.upper(n2, n2x);
        right[ri + 3 * 32 + 1 * (WIDE * Packed.RIGHT - 64)] = Packed.lower(n3, n3x);
        right[ri + 3 * 32 + 1 * (WIDE * Packed.RIGHT - 64) + 4] = Packed.upper(n3, n3x);
        int pair0 = Packed.pair(f0, s0);
        left[item] = row < inside ? pair0 : 0;
        leftRest[item] = row < inside ? Packed.rest(pair0, f0, s0) : 0;
        int pair1 = Packed.pair(f1, s1);
        left[item + 256] = row + 16 < inside ? pair1 : 0;
        leftRest[item + 256] = row + 16 < inside ? Packed.rest(pair1, f1, s1) : 0;
        int pair2 = Packed.pair(f2, s2);
        left[item + 512] = row + 32 < inside ? pair2 : 0;
        leftRest[item + 512] = row + 32 < inside ? Packed.rest(pair2, f2, s2) : 0;
        int pair3 = Packed.pair(f3, s3);
        left[item + 768] = row + 48 < inside ? pair3 : 0;
        leftRest[item + 768] = row + 48 < inside ? Packed.rest(pair3, f3, s3) : 0;
        float on0 = 0 <= last ? 1f : 0f;
        evens +=
            on0 * (Packed.first(p0) * Packed.first(n0) + Packed.second(p0) * Packed.second(n0));
        odds +=
            on0 * (Packed.first(p0x) * Packed.first(n0x) + Packed.second(p0x) * Packed.second(n0x));
        float on1 = 1 <= last ? 1f : 0f;
        evens +=
            on1 * (Packed.first(p1) * Packed.first(n1) + Packed.second(p1) * Packed.second(n1));
        odds +=
            on1 * (Packed.first(p1x) * Packed.first(n1x) + Packed.second(p1x) * Packed.second(n1x));
        float on2 = 2 <= last ? 1f : 0f;
        evens +=
            on2 * (Packed.first(p2) * Packed.first(n2) + Packed.second(p2) * Packed.second(n2));
        odds +=
            on2 * (Packed.first(p2x) * Packed.first(n2x) + Packed.second(p2x) * Packed.second(n2x));
        float on3 = 3 <= last ? 1f : 0f;
        evens +=
            on3 * (Packed.first(p3) * Packed.first(n3) + Packed.second(p3) * Packed.second(n3));
        odds +=
            on3 * (Packed.first(p3x) * Packed.first(n3x) + Packed.second(p3x) * Packed.second(n3x));
        context.localBarrier();
        int a = i / SUB * 2 * Packed.LEFT * BYTES;
        int b = x / 8 * Packed.RIGHT * BYTES;
        HalfFloat[] a0 = context.mmaLoadA(left, SUB, a);
        HalfFloat[] a1 = context.mmaLoadA(left, SUB, a + 2 * Packed.LEFT * BYTES);
        HalfFloat[] r0 = context.mmaLoadA(leftRest, SUB, a);
        HalfFloat[] r1 = context.mmaLoadA(leftRest, SUB, a + 2 * Packed.LEFT * BYTES);
        HalfFloat[] b0 = context.mmaLoadB(right, SUB, b);
        HalfFloat[] b1 = context.mmaLoadB(right, SUB, b + Packed.RIGHT * BYTES);
        HalfFloat[] b2 = context.mmaLoadB(right, SUB, b + 2 * Packed.RIGHT * BYTES);
        HalfFloat[] b3 = context.mmaLoadB(right, SUB, b + 3 * Packed.RIGHT * BYTES);
        c00 = context.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
        c00 = context.mmaBF16(r0, b0, c00, MMAShape.M16N8K16);
        c01 = context.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
        c01 = context.mmaBF16(r0, b1, c01, MMAShape.M16N8K16);
        c02 = context.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
        c02 = context.mmaBF16(r0, b2, c02, MMAShape.M16N8K16);
        c03 = context.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
        c03 = context.mmaBF16(r0, b3, c03, MMAShape.M16N8K16);
        c10 = context.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
        c10 = context.mmaBF16(r1, b0, c10, MMAShape.M16N8K16);
        c11 = context.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
        c11 = context.mmaBF16(r1, b1, c11, MMAShape.M16N8K16);
        c12 = context.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
        c12 = context.mmaBF16(r1, b2, c12, MMAShape.M16N8K16);
        c13 = context.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
        c13 = context.mmaBF16(r1, b3, c13, MMAShape.M16N8K16);
        a += Packed.LEFT * BYTES;
        b += WIDE * Packed.RIGHT * BYTES;
        a0 = context.mmaLoadA(left, SUB, a);
        a1 = context.mmaLoadA(left, SUB, a + 2 * Packed.LEFT * BYTES);
        r0 = context.mmaLoadA(leftRest, SUB, a);
        r1 = context.mmaLoadA(leftRest, SUB, a + 2 * Packed.LEFT * BYTES);
        b0 = context.mmaLoadB(right, SUB, b);
        b1 = context.mmaLoadB(right, SUB, b + Packed.RIGHT * BYTES);
        b2 = context.mmaLoadB(right, SUB, b + 2 * Packed.RIGHT * BYTES);
        b3 = context.mmaLoadB(right, SUB, b + 3 * Packed.RIGHT * BYTES);
        c00 = context.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
        c00 = context.mmaBF16(r0, b0, c00, MMAShape.M16N8K16);
        c01 = context.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
        c01 = context.mmaBF16(r0, b1, c01, MMAShape.M16N8K16);
        c02 = context.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
        c02 = context.mmaBF16(r0, b2, c02, MMAShape.M16N8K16);
        c03 = context.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
        c03 = context.mmaBF16(r0, b3, c03, MMAShape.M16N8K16);
        c10 = context.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
        c10 = context.mmaBF16(r1, b0, c10, MMAShape.M16N8K16);
        c11 = context.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
        c11 = context.mmaBF16(r1, b1, c11, MMAShape.M16N8K16);
        c12 = context.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
        c12 = context.mmaBF16(r1, b2, c12, MMAShape.M16N8K16);
        c13 = context.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
        c13 = context.mmaBF16(r1, b3, c13, MMAShape.M16N8K16);
      }
      if (count == CHUNK) {
        int to = part + first0 * key + x;
        store(context, c00, dRows, i, to, key, x);
        store(context, c01, dRows, i, to + 8, key, x + 8);
        store(context, c02, dRows, i, to + 16, key, x + 16);
        store(context, c03, dRows, i, to + 24, key, x + 24);
        store(context, c10, dRows, i + SUB, to, key, x);
        store(context, c11, dRows, i + SUB, to + 8, key, x + 8);
        store(context, c12, dRows, i + SUB, to + 16, key, x + 16);
        store(context, c13, dRows, i + SUB, to + 24, key, x + 24);
      } else {
        int to = at * room + x;
        context.globalBarrier();
        store(context, c00, rest, i, to, key, x);
        store(context, c01, rest, i, to + 8, key, x + 8);
        store(context, c02, rest, i, to + 16, key, x + 16);
        store(context, c03, rest, i, to + 24, key, x + 24);
        store(context, c10, rest, i + SUB, to, key, x);
        store(context, c11, rest, i + SUB, to + 8, key, x + 8);
        store(context, c12, rest, i + SUB, to + 16, key, x + 16);
        store(context, c13, rest, i + SUB, to + 24, key, x + 24);
        context.globalBarrier();
        for (int n = item; n < count * key; n += ITEMS) {
          dRows.set(part + first0 * key + n, rest.get(at * room + n));
        }
      }
      sums[2 * item] = evens;
      sums[2 * item + 1] = odds;
      context.localBarrier();
      if (item < key) {
        int n = (item / SUB * 32 + item % SUB / 2 * 4) * 2 + item % 2;
        float sum = sums[n] + sums[n + 2] + sums[n + 4] + sums[n + 6];
        through.set(at * key + item, decay.get(at * key + item) * sum);
      }
    }
  }

  private static void store(
      KernelContext context, float[] fragment, FloatArray to, int row, int column, int key, int x) {
    if (x < key) {
      context.mmaStore(fragment, to, row, column, key);
    }
  }
}
