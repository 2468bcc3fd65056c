package io.github.tornadosse.kernels.cuda;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What the chunks of gated linear attention add to its states and to their gradients, on tensor
 * cores; see docs/mathematics.md section 2. Sizes as for {@link ChunkProducts}.
 */
public final class ChunkAdditions {
  private static final int CHUNK = ChunkOperands.CHUNK;
  private static final int COLUMNS = ChunkProducts.COLUMNS;
  private static final int SUB = 16;
  private static final int BYTES = 4;

  /** Floats of a tile of 16 rows and 8 columns. */
  private static final int TILE = 128;

  /** Tiles of a right factor of 128 columns, side by side. */
  private static final int WIDE = COLUMNS / 8;

  private ChunkAdditions() {}

  /**
   * What each chunk adds to the state: K×V, keysᵀ·v; or to the gradient of the state before it,
   * queriesᵀ·dO. Groups: along x the chunks, along y heads × ⌈V/128⌉.
   *
   * @param context the work-item
   * @param table see {@code gpu.GlaStates.chunks}
   * @param token [R]
   * @param factor keys [chunks, H, K, 64] or queries [chunks, H, 64, K] of {@link
   *     ChunkOperands#prepare}
   * @param v [H, capacity, V], or dO
   * @param added output [chunks, H, room], the first K·V of each room, in tiles of 16 channels and
   *     8 columns, [K/16, V/8, 16, 8]
   * @param heads H
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param room floats between the chunks of added
   * @param blocks ⌈V/128⌉
   * @param rowsFirst 1 for queries, else 0
   */
  public static void states(
      KernelContext context,
      IntArray table,
      IntArray token,
      IntArray factor,
      FloatArray v,
      FloatArray added,
      int heads,
      int key,
      int value,
      int capacity,
      int room,
      int blocks,
      int rowsFirst) {
    int chunk = context.groupIdx;
    int head = context.groupIdy / blocks;
    int column = context.groupIdy % blocks * COLUMNS;
    int item = context.localIdx;
    int[] left = context.allocateIntLocalArray(CHUNK * ChunkOperands.MOST_KEYS / 2);
    int[] right = context.allocateIntLocalArray(CHUNK * COLUMNS / 2);
    int begin = table.get(2 * chunk);
    int end = table.get(2 * chunk + 1);
    if (begin < end) {
      int at = chunk * heads + head;
      int ints = CHUNK / 2 * key;
      int li = at * ints;
      // All reads are under way before the first is stored: a store to local memory holds up later
      // reads, which the compiler takes for possible reads of the same memory.
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
      // As rows of the chunk, pairs of columns are turned into pairs of rows on the way.
      int tiles = key / SUB;
      int within = rowsFirst == 1 ? item % 64 / 8 * 16 + item % 8 : 0;
      int l0 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(item / 64, 4 * tiles - 1) * Packed.LEFT + within
                      : TornadoMath.min(item, ints - 1)));
      int l1 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(item / 64, 4 * tiles - 1) * Packed.LEFT + within + 8
                      : TornadoMath.min(item + 256, ints - 1)));
      int l2 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(4 + item / 64, 4 * tiles - 1) * Packed.LEFT + within
                      : TornadoMath.min(item + 512, ints - 1)));
      int l3 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(4 + item / 64, 4 * tiles - 1) * Packed.LEFT + within + 8
                      : TornadoMath.min(item + 768, ints - 1)));
      int l4 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(8 + item / 64, 4 * tiles - 1) * Packed.LEFT + within
                      : TornadoMath.min(item + 1024, ints - 1)));
      int l5 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(8 + item / 64, 4 * tiles - 1) * Packed.LEFT + within + 8
                      : TornadoMath.min(item + 1280, ints - 1)));
      int l6 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(12 + item / 64, 4 * tiles - 1) * Packed.LEFT + within
                      : TornadoMath.min(item + 1536, ints - 1)));
      int l7 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(12 + item / 64, 4 * tiles - 1) * Packed.LEFT + within + 8
                      : TornadoMath.min(item + 1792, ints - 1)));
      int l8 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(16 + item / 64, 4 * tiles - 1) * Packed.LEFT + within
                      : TornadoMath.min(item + 2048, ints - 1)));
      int l9 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(16 + item / 64, 4 * tiles - 1) * Packed.LEFT + within + 8
                      : TornadoMath.min(item + 2304, ints - 1)));
      int l10 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(20 + item / 64, 4 * tiles - 1) * Packed.LEFT + within
                      : TornadoMath.min(item + 2560, ints - 1)));
      int l11 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(20 + item / 64, 4 * tiles - 1) * Packed.LEFT + within + 8
                      : TornadoMath.min(item + 2816, ints - 1)));
      int l12 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(24 + item / 64, 4 * tiles - 1) * Packed.LEFT + within
                      : TornadoMath.min(item + 3072, ints - 1)));
      int l13 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(24 + item / 64, 4 * tiles - 1) * Packed.LEFT + within + 8
                      : TornadoMath.min(item + 3328, ints - 1)));
      int l14 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(28 + item / 64, 4 * tiles - 1) * Packed.LEFT + within
                      : TornadoMath.min(item + 3584, ints - 1)));
      int l15 =
          factor.get(
              li
                  + (rowsFirst == 1
                      ? TornadoMath.min(28 + item / 64, 4 * tiles - 1) * Packed.LEFT + within + 8
                      : TornadoMath.min(item + 3840, ints - 1)));
      if (rowsFirst == 1) {
        int to = item % 8 * 16 + item % 64 / 8;
        int t0 = turned(TornadoMath.min(item / 64, 4 * tiles - 1), tiles) + to;
        int t1 = turned(TornadoMath.min(4 + item / 64, 4 * tiles - 1), tiles) + to;
        int t2 = turned(TornadoMath.min(8 + item / 64, 4 * tiles - 1), tiles) + to;
        int t3 = turned(TornadoMath.min(12 + item / 64, 4 * tiles - 1), tiles) + to;
        int t4 = turned(TornadoMath.min(16 + item / 64, 4 * tiles - 1), tiles) + to;
        int t5 = turned(TornadoMath.min(20 + item / 64, 4 * tiles - 1), tiles) + to;
        int t6 = turned(TornadoMath.min(24 + item / 64, 4 * tiles - 1), tiles) + to;
        int t7 = turned(TornadoMath.min(28 + item / 64, 4 * tiles - 1), tiles) + to;
        left[t0] = Packed.lower(l0, l1);
        left[t0 + 8] = Packed.upper(l0, l1);
        left[t1] = Packed.lower(l2, l3);
        left[t1 + 8] = Packed.upper(l2, l3);
        left[t2] = Packed.lower(l4, l5);
        left[t2 + 8] = Packed.upper(l4, l5);
        left[t3] = Packed.lower(l6, l7);
        left[t3 + 8] = Packed.upper(l6, l7);
        left[t4] = Packed.lower(l8, l9);
        left[t4 + 8] = Packed.upper(l8, l9);
        left[t5] = Packed.lower(l10, l11);
        left[t5 + 8] = Packed.upper(l10, l11);
        left[t6] = Packed.lower(l12, l13);
        left[t6 + 8] = Packed.upper(l12, l13);
        left[t7] = Packed.lower(l14, l15);
        left[t7 + 8] = Packed.upper(l14, l15);
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
      context.localBarrier();

      int warp = item / 32;
      int c = warp / 2 * 32;
      int x = warp % 2 * 64;
      int leftTile = c / SUB * 4;
      int rightTile = x / 8;
      float[] c00 = context.mmaFragment(0f);
      float[] c01 = context.mmaFragment(0f);
      float[] c02 = context.mmaFragment(0f);
      float[] c03 = context.mmaFragment(0f);
      float[] c04 = context.mmaFragment(0f);
      float[] c05 = context.mmaFragment(0f);
      float[] c06 = context.mmaFragment(0f);
      float[] c07 = context.mmaFragment(0f);
      float[] c10 = context.mmaFragment(0f);
      float[] c11 = context.mmaFragment(0f);
      float[] c12 = context.mmaFragment(0f);
      float[] c13 = context.mmaFragment(0f);
      float[] c14 = context.mmaFragment(0f);
      float[] c15 = context.mmaFragment(0f);
      float[] c16 = context.mmaFragment(0f);
      float[] c17 = context.mmaFragment(0f);
      for (int step = 0; step < CHUNK / SUB; step++) {
        int a = (leftTile + step) * Packed.LEFT * BYTES;
        int b = (step * WIDE + rightTile) * Packed.RIGHT * BYTES;
        HalfFloat[] a0 = context.mmaLoadA(left, SUB, a);
        HalfFloat[] a1 = context.mmaLoadA(left, SUB, a + 4 * Packed.LEFT * BYTES);
        HalfFloat[] b0 = context.mmaLoadB(right, SUB, b);
        HalfFloat[] b1 = context.mmaLoadB(right, SUB, b + Packed.RIGHT * BYTES);
        HalfFloat[] b2 = context.mmaLoadB(right, SUB, b + 2 * Packed.RIGHT * BYTES);
        HalfFloat[] b3 = context.mmaLoadB(right, SUB, b + 3 * Packed.RIGHT * BYTES);
        HalfFloat[] b4 = context.mmaLoadB(right, SUB, b + 4 * Packed.RIGHT * BYTES);
        HalfFloat[] b5 = context.mmaLoadB(right, SUB, b + 5 * Packed.RIGHT * BYTES);
        HalfFloat[] b6 = context.mmaLoadB(right, SUB, b + 6 * Packed.RIGHT * BYTES);
        HalfFloat[] b7 = context.mmaLoadB(right, SUB, b + 7 * Packed.RIGHT * BYTES);
        c00 = context.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
        c01 = context.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
        c02 = context.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
        c03 = context.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
        c04 = context.mmaBF16(a0, b4, c04, MMAShape.M16N8K16);
        c05 = context.mmaBF16(a0, b5, c05, MMAShape.M16N8K16);
        c06 = context.mmaBF16(a0, b6, c06, MMAShape.M16N8K16);
        c07 = context.mmaBF16(a0, b7, c07, MMAShape.M16N8K16);
        c10 = context.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
        c11 = context.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
        c12 = context.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
        c13 = context.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
        c14 = context.mmaBF16(a1, b4, c14, MMAShape.M16N8K16);
        c15 = context.mmaBF16(a1, b5, c15, MMAShape.M16N8K16);
        c16 = context.mmaBF16(a1, b6, c16, MMAShape.M16N8K16);
        c17 = context.mmaBF16(a1, b7, c17, MMAShape.M16N8K16);
      }
      int most = TornadoMath.min((value - column - x) / 8, 8);
      int to = at * room + (c / SUB * (value / 8) + (column + x) / 8) * TILE;
      int below = to + value / 8 * TILE;
      if (c < key) {
        tile(context, c00, added, to, 0, most);
        tile(context, c01, added, to + TILE, 1, most);
        tile(context, c02, added, to + 2 * TILE, 2, most);
        tile(context, c03, added, to + 3 * TILE, 3, most);
        tile(context, c04, added, to + 4 * TILE, 4, most);
        tile(context, c05, added, to + 5 * TILE, 5, most);
        tile(context, c06, added, to + 6 * TILE, 6, most);
        tile(context, c07, added, to + 7 * TILE, 7, most);
      }
      if (c + SUB < key) {
        tile(context, c10, added, below, 0, most);
        tile(context, c11, added, below + TILE, 1, most);
        tile(context, c12, added, below + 2 * TILE, 2, most);
        tile(context, c13, added, below + 3 * TILE, 3, most);
        tile(context, c14, added, below + 4 * TILE, 4, most);
        tile(context, c15, added, below + 5 * TILE, 5, most);
        tile(context, c16, added, below + 6 * TILE, 6, most);
        tile(context, c17, added, below + 7 * TILE, 7, most);
      }
    }
  }

  private static void tile(
      KernelContext context, float[] fragment, FloatArray to, int at, int n, int most) {
    if (n < most) {
      context.mmaStore(fragment, to, 0, at, 8);
    }
  }

  /** Where tile t of 4 × tiles, rows first, begins among those of the transposed matrix. */
  private static int turned(int t, int tiles) {
    return (t % tiles * 4 + t / tiles) * Packed.LEFT;
  }
}
