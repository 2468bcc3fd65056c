package io.github.tornadosse.kernels.cuda;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The products of chunkwise gated linear attention on tensor cores, summed in float32; see
 * docs/mathematics.md section 2. Value dims are multiples of 16; groups along y take a head and 128
 * columns of it.
 */
public final class ChunkProducts {
  /** Work-items of a group. */
  public static final int ITEMS = 256;

  /** Value columns of a group. */
  public static final int COLUMNS = 128;

  private static final int CHUNK = ChunkOperands.CHUNK;
  private static final int SUB = 16;
  private static final int BYTES = 4;

  /** Floats of a tile of 16 rows and 8 columns. */
  static final int TILE = SUB * 8;

  /** Tiles of a right factor of 128 columns, side by side. */
  private static final int WIDE = COLUMNS / 8;

  private ChunkProducts() {}

  /** Two scores of neighbouring columns from j on, of which those above the diagonal are 0. */
  private static int lower(float first, float second, int i, int j) {
    return Packed.pair(j <= i ? first : 0f, j + 1 <= i ? second : 0f);
  }

  /** Two scores of neighbouring rows from i on, of which those above the diagonal are 0. */
  private static int upper(float first, float second, int i, int j) {
    return Packed.pair(j <= i ? first : 0f, j <= i + 1 ? second : 0f);
  }

  /** Where the scores of a row and two columns from j on are; above the diagonal any that exist. */
  private static int placeOf(int i, int j) {
    return ChunkOperands.scoreAt(i, TornadoMath.min(j, i / 2 * 2));
  }

  private static void store(
      KernelContext context,
      float[] fragment,
      FloatArray to,
      int row,
      int column,
      int stride,
      int x,
      int columns) {
    if (x < columns) {
      context.mmaStore(fragment, to, row, column, stride);
    }
  }

  /**
   * out = queries·prior + scores·v of each chunk; or, of keys, keys·after + scoresᵀ·dO, the
   * gradient of v. Groups: along x the chunks, along y heads × ⌈V/128⌉.
   *
   * @param context the work-item
   * @param table see {@code gpu.GlaStates.chunks}
   * @param token [R]
   * @param factor queries [chunks, H, 64, K] or keys [chunks, H, K, 64] of {@link
   *     ChunkOperands#prepare}
   * @param prior [chunks, H, K, V] of {@link ChunkScans#scan}, or after of {@link
   *     ChunkScans#scanBack}
   * @param scores [chunks, H, 64, 64] of {@link ChunkOperands#prepare}
   * @param v [H, capacity, V], or dO
   * @param rest [chunks, H, room], overwritten: what a chunk of less than 64 rows has beyond them
   * @param out output [H, R, V]; as tiles of 16 rows and 8 columns, [chunks, H, 4, V/8, 16, 8]
   * @param heads H
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param room floats between the chunks of rest, at least 64·V
   * @param blocks ⌈V/128⌉
   * @param ofKeys 1 for keys, else 0
   * @param inTiles 1 for out as tiles, else 0. Rows make a store eight pieces of memory, tiles one
   */
  public static void outputs(
      KernelContext context,
      IntArray table,
      IntArray token,
      IntArray factor,
      IntArray prior,
      FloatArray scores,
      FloatArray v,
      FloatArray rest,
      FloatArray out,
      int heads,
      int key,
      int value,
      int capacity,
      int rows,
      int room,
      int blocks,
      int ofKeys,
      int inTiles) {
    int chunk = context.groupIdx;
    int head = context.groupIdy / blocks;
    int column = context.groupIdy % blocks * COLUMNS;
    int item = context.localIdx;
    int[] left = context.allocateIntLocalArray(CHUNK * ChunkOperands.MOST_KEYS / 2);
    int[] right = context.allocateIntLocalArray(ChunkOperands.MOST_KEYS * COLUMNS / 2);
    int begin = table.get(2 * chunk);
    int end = table.get(2 * chunk + 1);
    if (begin < end) {
      int at = chunk * heads + head;
      int columns = TornadoMath.min(value - column, COLUMNS);
      int tiles = key / SUB;
      int warp = item / 32;
      int i = warp / 4 * 32;
      int x = warp % 4 * 32;
      float[] c00 = context.mmaFragment(0f);
      float[] c01 = context.mmaFragment(0f);
      float[] c02 = context.mmaFragment(0f);
      float[] c03 = context.mmaFragment(0f);
      float[] c10 = context.mmaFragment(0f);
      float[] c11 = context.mmaFragment(0f);
      float[] c12 = context.mmaFragment(0f);
      float[] c13 = context.mmaFragment(0f);
      // All reads are under way before the first is stored: a store to local memory holds up later
      // reads, which the compiler takes for possible reads of the same memory. First those of the
      // keys' terms.
      int qi = at * (CHUNK / 2) * key;
      int within = item % Packed.LEFT;
      int pi = at * (key * value / 2) + item % Packed.RIGHT;
      int n0 = TornadoMath.min(column / 8 + item / Packed.RIGHT, value / 8 - 1);
      int n1 = TornadoMath.min(column / 8 + item / Packed.RIGHT + 4, value / 8 - 1);
      int n2 = TornadoMath.min(column / 8 + item / Packed.RIGHT + 8, value / 8 - 1);
      int n3 = TornadoMath.min(column / 8 + item / Packed.RIGHT + 12, value / 8 - 1);
      // Of keys, pairs of rows are turned into pairs of columns on the way.
      int turn0 =
          TornadoMath.min(item / 64, tiles - 1) * 4 * Packed.LEFT + item % 64 / 8 * 16 + item % 8;
      int turn1 =
          TornadoMath.min(item / 64 + 4, tiles - 1) * 4 * Packed.LEFT
              + item % 64 / 8 * 16
              + item % 8;
      int t0 = TornadoMath.min(item / Packed.LEFT, tiles - 1) * Packed.LEFT;
      int t1 = TornadoMath.min(item / Packed.LEFT + 2, tiles - 1) * Packed.LEFT;
      int t2 = TornadoMath.min(item / Packed.LEFT + 4, tiles - 1) * Packed.LEFT;
      int t3 = TornadoMath.min(item / Packed.LEFT + 6, tiles - 1) * Packed.LEFT;
      int l0 = factor.get(qi + (ofKeys == 1 ? turn0 : within + t0));
      int l1 = factor.get(qi + (ofKeys == 1 ? turn0 + 8 : within + t1));
      int l2 = factor.get(qi + (ofKeys == 1 ? turn1 : within + t2));
      int l3 = factor.get(qi + (ofKeys == 1 ? turn1 + 8 : within + t3));
      int l4 = factor.get(qi + (ofKeys == 1 ? turn0 + 128 : within + t0 + tiles * Packed.LEFT));
      int l5 = factor.get(qi + (ofKeys == 1 ? turn0 + 136 : within + t1 + tiles * Packed.LEFT));
      int l6 = factor.get(qi + (ofKeys == 1 ? turn1 + 128 : within + t2 + tiles * Packed.LEFT));
      int l7 = factor.get(qi + (ofKeys == 1 ? turn1 + 136 : within + t3 + tiles * Packed.LEFT));
      int l8 = factor.get(qi + (ofKeys == 1 ? turn0 + 256 : within + t0 + 2 * tiles * Packed.LEFT));
      int l9 = factor.get(qi + (ofKeys == 1 ? turn0 + 264 : within + t1 + 2 * tiles * Packed.LEFT));
      int l10 =
          factor.get(qi + (ofKeys == 1 ? turn1 + 256 : within + t2 + 2 * tiles * Packed.LEFT));
      int l11 =
          factor.get(qi + (ofKeys == 1 ? turn1 + 264 : within + t3 + 2 * tiles * Packed.LEFT));
      int l12 =
          factor.get(qi + (ofKeys == 1 ? turn0 + 384 : within + t0 + 3 * tiles * Packed.LEFT));
      int l13 =
          factor.get(qi + (ofKeys == 1 ? turn0 + 392 : within + t1 + 3 * tiles * Packed.LEFT));
      int l14 =
          factor.get(qi + (ofKeys == 1 ? turn1 + 384 : within + t2 + 3 * tiles * Packed.LEFT));
      int l15 =
          factor.get(qi + (ofKeys == 1 ? turn1 + 392 : within + t3 + 3 * tiles * Packed.LEFT));
      int k1 = TornadoMath.min(1, tiles - 1) * (value / 8);
      int k2 = TornadoMath.min(2, tiles - 1) * (value / 8);
      int k3 = TornadoMath.min(3, tiles - 1) * (value / 8);
      int k4 = TornadoMath.min(4, tiles - 1) * (value / 8);
      int k5 = TornadoMath.min(5, tiles - 1) * (value / 8);
      int k6 = TornadoMath.min(6, tiles - 1) * (value / 8);
      int k7 = TornadoMath.min(7, tiles - 1) * (value / 8);
      int b00 = prior.get(pi + n0 * Packed.RIGHT);
      int b01 = prior.get(pi + n1 * Packed.RIGHT);
      int b02 = prior.get(pi + n2 * Packed.RIGHT);
      int b03 = prior.get(pi + n3 * Packed.RIGHT);
      int b10 = prior.get(pi + (k1 + n0) * Packed.RIGHT);
      int b11 = prior.get(pi + (k1 + n1) * Packed.RIGHT);
      int b12 = prior.get(pi + (k1 + n2) * Packed.RIGHT);
      int b13 = prior.get(pi + (k1 + n3) * Packed.RIGHT);
      int b20 = prior.get(pi + (k2 + n0) * Packed.RIGHT);
      int b21 = prior.get(pi + (k2 + n1) * Packed.RIGHT);
      int b22 = prior.get(pi + (k2 + n2) * Packed.RIGHT);
      int b23 = prior.get(pi + (k2 + n3) * Packed.RIGHT);
      int b30 = prior.get(pi + (k3 + n0) * Packed.RIGHT);
      int b31 = prior.get(pi + (k3 + n1) * Packed.RIGHT);
      int b32 = prior.get(pi + (k3 + n2) * Packed.RIGHT);
      int b33 = prior.get(pi + (k3 + n3) * Packed.RIGHT);
      int b40 = prior.get(pi + (k4 + n0) * Packed.RIGHT);
      int b41 = prior.get(pi + (k4 + n1) * Packed.RIGHT);
      int b42 = prior.get(pi + (k4 + n2) * Packed.RIGHT);
      int b43 = prior.get(pi + (k4 + n3) * Packed.RIGHT);
      int b50 = prior.get(pi + (k5 + n0) * Packed.RIGHT);
      int b51 = prior.get(pi + (k5 + n1) * Packed.RIGHT);
      int b52 = prior.get(pi + (k5 + n2) * Packed.RIGHT);
      int b53 = prior.get(pi + (k5 + n3) * Packed.RIGHT);
      int b60 = prior.get(pi + (k6 + n0) * Packed.RIGHT);
      int b61 = prior.get(pi + (k6 + n1) * Packed.RIGHT);
      int b62 = prior.get(pi + (k6 + n2) * Packed.RIGHT);
      int b63 = prior.get(pi + (k6 + n3) * Packed.RIGHT);
      int b70 = prior.get(pi + (k7 + n0) * Packed.RIGHT);
      int b71 = prior.get(pi + (k7 + n1) * Packed.RIGHT);
      int b72 = prior.get(pi + (k7 + n2) * Packed.RIGHT);
      int b73 = prior.get(pi + (k7 + n3) * Packed.RIGHT);
      if (ofKeys == 1) {
        int to = item / 64 * Packed.LEFT + item % 8 * 16 + item % 64 / 8;
        left[to] = Packed.lower(l0, l1);
        left[to + 8] = Packed.upper(l0, l1);
        left[to + 512] = Packed.lower(l2, l3);
        left[to + 520] = Packed.upper(l2, l3);
        left[to + 1024] = Packed.lower(l4, l5);
        left[to + 1032] = Packed.upper(l4, l5);
        left[to + 1536] = Packed.lower(l6, l7);
        left[to + 1544] = Packed.upper(l6, l7);
        left[to + 2048] = Packed.lower(l8, l9);
        left[to + 2056] = Packed.upper(l8, l9);
        left[to + 2560] = Packed.lower(l10, l11);
        left[to + 2568] = Packed.upper(l10, l11);
        left[to + 3072] = Packed.lower(l12, l13);
        left[to + 3080] = Packed.upper(l12, l13);
        left[to + 3584] = Packed.lower(l14, l15);
        left[to + 3592] = Packed.upper(l14, l15);
      } else {
        left[item] = l0;
        left[item + 256] = l1;
        left[item + 512] = l2;
        left[item + 768] = l3;
        left[item + 1024] = l4;
        left[item + 1280] = l5;
        left[item + 1536] = l6;
        left[item + 1792] = l7;
        left[item + 2048] = l8;
        left[item + 2304] = l9;
        left[item + 2560] = l10;
        left[item + 2816] = l11;
        left[item + 3072] = l12;
        left[item + 3328] = l13;
        left[item + 3584] = l14;
        left[item + 3840] = l15;
      }
      right[item] = b00;
      right[item + 256] = b01;
      right[item + 512] = b02;
      right[item + 768] = b03;
      right[item + 1024] = b10;
      right[item + 1280] = b11;
      right[item + 1536] = b12;
      right[item + 1792] = b13;
      right[item + 2048] = b20;
      right[item + 2304] = b21;
      right[item + 2560] = b22;
      right[item + 2816] = b23;
      right[item + 3072] = b30;
      right[item + 3328] = b31;
      right[item + 3584] = b32;
      right[item + 3840] = b33;
      right[item + 4096] = b40;
      right[item + 4352] = b41;
      right[item + 4608] = b42;
      right[item + 4864] = b43;
      right[item + 5120] = b50;
      right[item + 5376] = b51;
      right[item + 5632] = b52;
      right[item + 5888] = b53;
      right[item + 6144] = b60;
      right[item + 6400] = b61;
      right[item + 6656] = b62;
      right[item + 6912] = b63;
      right[item + 7168] = b70;
      right[item + 7424] = b71;
      right[item + 7680] = b72;
      right[item + 7936] = b73;
      // Those of the rows while these are multiplied.
      int line = begin + item % Packed.LEFT / 8;
      int wide = column + item / Packed.LEFT * SUB + item % 8 * 2;
      int ri = item / Packed.LEFT * 2 * Packed.RIGHT + item % 8 / 4 * Packed.RIGHT;
      ri += item % Packed.LEFT / 8 * 4 + item % 4;
      int at0 = (head * capacity + token.get(TornadoMath.min(line, end - 1))) * value;
      int at1 = (head * capacity + token.get(TornadoMath.min(line + 16, end - 1))) * value;
      int at2 = (head * capacity + token.get(TornadoMath.min(line + 32, end - 1))) * value;
      int at3 = (head * capacity + token.get(TornadoMath.min(line + 48, end - 1))) * value;
      int x0 = TornadoMath.min(wide, value - 2);
      int x1 = TornadoMath.min(wide + 32, value - 2);
      int x2 = TornadoMath.min(wide + 64, value - 2);
      int x3 = TornadoMath.min(wide + 96, value - 2);
      float f00 = v.get(at0 + x0);
      float s00 = v.get(at0 + x0 + 1);
      float f01 = v.get(at0 + x1);
      float s01 = v.get(at0 + x1 + 1);
      float f02 = v.get(at0 + x2);
      float s02 = v.get(at0 + x2 + 1);
      float f03 = v.get(at0 + x3);
      float s03 = v.get(at0 + x3 + 1);
      float f10 = v.get(at1 + x0);
      float s10 = v.get(at1 + x0 + 1);
      float f11 = v.get(at1 + x1);
      float s11 = v.get(at1 + x1 + 1);
      float f12 = v.get(at1 + x2);
      float s12 = v.get(at1 + x2 + 1);
      float f13 = v.get(at1 + x3);
      float s13 = v.get(at1 + x3 + 1);
      float f20 = v.get(at2 + x0);
      float s20 = v.get(at2 + x0 + 1);
      float f21 = v.get(at2 + x1);
      float s21 = v.get(at2 + x1 + 1);
      float f22 = v.get(at2 + x2);
      float s22 = v.get(at2 + x2 + 1);
      float f23 = v.get(at2 + x3);
      float s23 = v.get(at2 + x3 + 1);
      float f30 = v.get(at3 + x0);
      float s30 = v.get(at3 + x0 + 1);
      float f31 = v.get(at3 + x1);
      float s31 = v.get(at3 + x1 + 1);
      float f32 = v.get(at3 + x2);
      float s32 = v.get(at3 + x2 + 1);
      float f33 = v.get(at3 + x3);
      float s33 = v.get(at3 + x3 + 1);
      int i0 = item % Packed.LEFT / 8;
      int j0 = item / Packed.LEFT * SUB + item % 8 * 2;
      int ir = item % 64 / 8 * 2;
      int jr = item / 64 * SUB + item % 8 * 2;
      int si = at * CHUNK * CHUNK;
      int p0 = si + (ofKeys == 1 ? placeOf(ir, jr) : placeOf(i0, j0));
      int p1 = si + (ofKeys == 1 ? placeOf(ir + 1, jr) : placeOf(i0, j0 + 32));
      int p2 = si + (ofKeys == 1 ? placeOf(ir + 16, jr) : placeOf(i0 + 16, j0));
      int p3 = si + (ofKeys == 1 ? placeOf(ir + 17, jr) : placeOf(i0 + 16, j0 + 32));
      int p4 = si + (ofKeys == 1 ? placeOf(ir + 32, jr) : placeOf(i0 + 32, j0));
      int p5 = si + (ofKeys == 1 ? placeOf(ir + 33, jr) : placeOf(i0 + 32, j0 + 32));
      int p6 = si + (ofKeys == 1 ? placeOf(ir + 48, jr) : placeOf(i0 + 48, j0));
      int p7 = si + (ofKeys == 1 ? placeOf(ir + 49, jr) : placeOf(i0 + 48, j0 + 32));
      float u0 = scores.get(p0);
      float w0 = scores.get(p0 + 1);
      float u1 = scores.get(p1);
      float w1 = scores.get(p1 + 1);
      float u2 = scores.get(p2);
      float w2 = scores.get(p2 + 1);
      float u3 = scores.get(p3);
      float w3 = scores.get(p3 + 1);
      float u4 = scores.get(p4);
      float w4 = scores.get(p4 + 1);
      float u5 = scores.get(p5);
      float w5 = scores.get(p5 + 1);
      float u6 = scores.get(p6);
      float w6 = scores.get(p6 + 1);
      float u7 = scores.get(p7);
      float w7 = scores.get(p7 + 1);
      context.localBarrier();
      for (int step = 0; step < tiles; step++) {
        int a = (i / SUB * 8 + step) * Packed.LEFT * BYTES;
        int b = (step * WIDE + x / 8) * Packed.RIGHT * BYTES;
        HalfFloat[] a0 = context.mmaLoadA(left, SUB, a);
        HalfFloat[] a1 = context.mmaLoadA(left, SUB, a + 8 * Packed.LEFT * BYTES);
        HalfFloat[] b0 = context.mmaLoadB(right, SUB, b);
        HalfFloat[] b1 = context.mmaLoadB(right, SUB, b + Packed.RIGHT * BYTES);
        HalfFloat[] b2 = context.mmaLoadB(right, SUB, b + 2 * Packed.RIGHT * BYTES);
        HalfFloat[] b3 = context.mmaLoadB(right, SUB, b + 3 * Packed.RIGHT * BYTES);
        c00 = context.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
        c01 = context.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
        c02 = context.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
        c03 = context.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
        c10 = context.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
        c11 = context.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
        c12 = context.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
        c13 = context.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
      }
      context.localBarrier();
      int in0 = line < end ? 1 : 0;
      int in1 = line + 16 < end ? 1 : 0;
      int in2 = line + 32 < end ? 1 : 0;
      int in3 = line + 48 < end ? 1 : 0;
      right[ri] = in0 * Packed.pair(f00, s00);
      right[ri + 256] = in0 * Packed.pair(f01, s01);
      right[ri + 512] = in0 * Packed.pair(f02, s02);
      right[ri + 768] = in0 * Packed.pair(f03, s03);
      right[ri + 1024] = in1 * Packed.pair(f10, s10);
      right[ri + 1280] = in1 * Packed.pair(f11, s11);
      right[ri + 1536] = in1 * Packed.pair(f12, s12);
      right[ri + 1792] = in1 * Packed.pair(f13, s13);
      right[ri + 2048] = in2 * Packed.pair(f20, s20);
      right[ri + 2304] = in2 * Packed.pair(f21, s21);
      right[ri + 2560] = in2 * Packed.pair(f22, s22);
      right[ri + 2816] = in2 * Packed.pair(f23, s23);
      right[ri + 3072] = in3 * Packed.pair(f30, s30);
      right[ri + 3328] = in3 * Packed.pair(f31, s31);
      right[ri + 3584] = in3 * Packed.pair(f32, s32);
      right[ri + 3840] = in3 * Packed.pair(f33, s33);
      if (ofKeys == 1) {
        int to = item / 64 * 4 * Packed.LEFT + item % 8 * 16 + item % 64 / 8;
        left[to] = upper(u0, u1, ir, jr);
        left[to + 8] = upper(w0, w1, ir, jr + 1);
        left[to + 128] = upper(u2, u3, ir + 16, jr);
        left[to + 136] = upper(w2, w3, ir + 16, jr + 1);
        left[to + 256] = upper(u4, u5, ir + 32, jr);
        left[to + 264] = upper(w4, w5, ir + 32, jr + 1);
        left[to + 384] = upper(u6, u7, ir + 48, jr);
        left[to + 392] = upper(w6, w7, ir + 48, jr + 1);
      } else {
        left[item] = lower(u0, w0, i0, j0);
        left[item + 256] = lower(u1, w1, i0, j0 + 32);
        left[item + 512] = lower(u2, w2, i0 + 16, j0);
        left[item + 768] = lower(u3, w3, i0 + 16, j0 + 32);
        left[item + 1024] = lower(u4, w4, i0 + 32, j0);
        left[item + 1280] = lower(u5, w5, i0 + 32, j0 + 32);
        left[item + 1536] = lower(u6, w6, i0 + 48, j0);
        left[item + 1792] = lower(u7, w7, i0 + 48, j0 + 32);
      }
      context.localBarrier();
      for (int step = 0; step < 4; step++) {
        int a = (i / SUB * 4 + step) * Packed.LEFT * BYTES;
        int b = (step * WIDE + x / 8) * Packed.RIGHT * BYTES;
        HalfFloat[] a0 = context.mmaLoadA(left, SUB, a);
        HalfFloat[] a1 = context.mmaLoadA(left, SUB, a + 4 * Packed.LEFT * BYTES);
        HalfFloat[] b0 = context.mmaLoadB(right, SUB, b);
        HalfFloat[] b1 = context.mmaLoadB(right, SUB, b + Packed.RIGHT * BYTES);
        HalfFloat[] b2 = context.mmaLoadB(right, SUB, b + 2 * Packed.RIGHT * BYTES);
        HalfFloat[] b3 = context.mmaLoadB(right, SUB, b + 3 * Packed.RIGHT * BYTES);
        c00 = context.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
        c01 = context.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
        c02 = context.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
        c03 = context.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
        c10 = context.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
        c11 = context.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
        c12 = context.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
        c13 = context.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
      }

      if (inTiles == 1) {
        int to = (at * CHUNK + i) * value + (column + x) / 8 * TILE;
        int below = to + SUB * value;
        store(context, c00, out, 0, to, 8, x, columns);
        store(context, c01, out, 0, to + TILE, 8, x + 8, columns);
        store(context, c02, out, 0, to + 2 * TILE, 8, x + 16, columns);
        store(context, c03, out, 0, to + 3 * TILE, 8, x + 24, columns);
        store(context, c10, out, 0, below, 8, x, columns);
        store(context, c11, out, 0, below + TILE, 8, x + 8, columns);
        store(context, c12, out, 0, below + 2 * TILE, 8, x + 16, columns);
        store(context, c13, out, 0, below + 3 * TILE, 8, x + 24, columns);
      } else if (end - begin == CHUNK) {
        int to = (head * rows + begin + i) * value + column + x;
        int below = to + SUB * value;
        store(context, c00, out, 0, to, value, x, columns);
        store(context, c01, out, 0, to + 8, value, x + 8, columns);
        store(context, c02, out, 0, to + 16, value, x + 16, columns);
        store(context, c03, out, 0, to + 24, value, x + 24, columns);
        store(context, c10, out, 0, below, value, x, columns);
        store(context, c11, out, 0, below + 8, value, x + 8, columns);
        store(context, c12, out, 0, below + 16, value, x + 16, columns);
        store(context, c13, out, 0, below + 24, value, x + 24, columns);
      } else {
        int to = at * room + i * value + column + x;
        int below = to + SUB * value;
        store(context, c00, rest, 0, to, value, x, columns);
        store(context, c01, rest, 0, to + 8, value, x + 8, columns);
        store(context, c02, rest, 0, to + 16, value, x + 16, columns);
        store(context, c03, rest, 0, to + 24, value, x + 24, columns);
        store(context, c10, rest, 0, below, value, x, columns);
        store(context, c11, rest, 0, below + 8, value, x + 8, columns);
        store(context, c12, rest, 0, below + 16, value, x + 16, columns);
        store(context, c13, rest, 0, below + 24, value, x + 24, columns);
        context.globalBarrier();
        int count = (end - begin) * columns;
        for (int n = item; n < count; n += ITEMS) {
          int row = n / columns;
          int y = column + n % columns;
          out.set((head * rows + begin + row) * value + y, rest.get(at * room + row * value + y));
        }
      }
    }
  }
}
