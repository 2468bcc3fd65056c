package io.github.tornadosse.kernels.cuda;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The products of chunkwise gated linear attention on tensor cores, summed in float32, and the
 * states between chunks in float32; see docs/mathematics.md section 2. Value dims are multiples of
 * 16; groups along y take a head and 128 columns of it.
 */
public final class ChunkProducts {
  /** Work-items of a group. */
  public static final int ITEMS = 256;

  /** Work-items of a group of {@link #scan}. */
  public static final int SCAN_ITEMS = 128;

  /** Value columns of a group. */
  public static final int COLUMNS = 128;

  private static final int CHUNK = ChunkOperands.CHUNK;
  private static final int SUB = 16;
  private static final int BYTES = 4;

  /** Tiles of a right factor of 128 columns, side by side. */
  private static final int WIDE = COLUMNS / 8;

  private ChunkProducts() {}

  /**
   * What each chunk adds to the state: K×V, keysᵀ·v. Groups: along x the chunks, along y heads ×
   * ⌈V/128⌉.
   *
   * @param context the work-item
   * @param table see {@code portable.GatedLinearAttention.chunkTable}
   * @param token [R]
   * @param keys [chunks, H, K, 64] of {@link ChunkOperands#prepare}
   * @param v [H, capacity, V]
   * @param added output [chunks, H, room], the first K·V of each room
   * @param heads H
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param room floats between the chunks of added
   * @param blocks ⌈V/128⌉
   */
  public static void states(
      KernelContext context,
      IntArray table,
      IntArray token,
      IntArray keys,
      FloatArray v,
      FloatArray added,
      int heads,
      int key,
      int value,
      int capacity,
      int room,
      int blocks) {
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
      int line = begin + item % Packed.RIGHT / 4;
      int wide = column + item / Packed.RIGHT * 8 + item % 4 * 2;
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
      int l0 = keys.get(li + TornadoMath.min(item, ints - 1));
      int l1 = keys.get(li + TornadoMath.min(item + 256, ints - 1));
      int l2 = keys.get(li + TornadoMath.min(item + 512, ints - 1));
      int l3 = keys.get(li + TornadoMath.min(item + 768, ints - 1));
      int l4 = keys.get(li + TornadoMath.min(item + 1024, ints - 1));
      int l5 = keys.get(li + TornadoMath.min(item + 1280, ints - 1));
      int l6 = keys.get(li + TornadoMath.min(item + 1536, ints - 1));
      int l7 = keys.get(li + TornadoMath.min(item + 1792, ints - 1));
      int l8 = keys.get(li + TornadoMath.min(item + 2048, ints - 1));
      int l9 = keys.get(li + TornadoMath.min(item + 2304, ints - 1));
      int l10 = keys.get(li + TornadoMath.min(item + 2560, ints - 1));
      int l11 = keys.get(li + TornadoMath.min(item + 2816, ints - 1));
      int l12 = keys.get(li + TornadoMath.min(item + 3072, ints - 1));
      int l13 = keys.get(li + TornadoMath.min(item + 3328, ints - 1));
      int l14 = keys.get(li + TornadoMath.min(item + 3584, ints - 1));
      int l15 = keys.get(li + TornadoMath.min(item + 3840, ints - 1));
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
      int in0 = line < end ? 1 : 0;
      int in1 = line + 16 < end ? 1 : 0;
      int in2 = line + 32 < end ? 1 : 0;
      int in3 = line + 48 < end ? 1 : 0;
      right[item] = in0 * Packed.pair(f00, s00);
      right[item + 256] = in0 * Packed.pair(f01, s01);
      right[item + 512] = in0 * Packed.pair(f02, s02);
      right[item + 768] = in0 * Packed.pair(f03, s03);
      right[item + 1024] = in1 * Packed.pair(f10, s10);
      right[item + 1280] = in1 * Packed.pair(f11, s11);
      right[item + 1536] = in1 * Packed.pair(f12, s12);
      right[item + 1792] = in1 * Packed.pair(f13, s13);
      right[item + 2048] = in2 * Packed.pair(f20, s20);
      right[item + 2304] = in2 * Packed.pair(f21, s21);
      right[item + 2560] = in2 * Packed.pair(f22, s22);
      right[item + 2816] = in2 * Packed.pair(f23, s23);
      right[item + 3072] = in3 * Packed.pair(f30, s30);
      right[item + 3328] = in3 * Packed.pair(f31, s31);
      right[item + 3584] = in3 * Packed.pair(f32, s32);
      right[item + 3840] = in3 * Packed.pair(f33, s33);
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
      int columns = TornadoMath.min(value - column, COLUMNS);
      int to = at * room + column + x;
      if (c < key) {
        store(context, c00, added, c, to, value, x, columns);
        store(context, c01, added, c, to + 8, value, x + 8, columns);
        store(context, c02, added, c, to + 16, value, x + 16, columns);
        store(context, c03, added, c, to + 24, value, x + 24, columns);
        store(context, c04, added, c, to + 32, value, x + 32, columns);
        store(context, c05, added, c, to + 40, value, x + 40, columns);
        store(context, c06, added, c, to + 48, value, x + 48, columns);
        store(context, c07, added, c, to + 56, value, x + 56, columns);
      }
      if (c + SUB < key) {
        store(context, c10, added, c + SUB, to, value, x, columns);
        store(context, c11, added, c + SUB, to + 8, value, x + 8, columns);
        store(context, c12, added, c + SUB, to + 16, value, x + 16, columns);
        store(context, c13, added, c + SUB, to + 24, value, x + 24, columns);
        store(context, c14, added, c + SUB, to + 32, value, x + 32, columns);
        store(context, c15, added, c + SUB, to + 40, value, x + 40, columns);
        store(context, c16, added, c + SUB, to + 48, value, x + 48, columns);
        store(context, c17, added, c + SUB, to + 56, value, x + 56, columns);
      }
    }
  }

  /** Two scores of neighbouring columns from j on, of which those above the diagonal are 0. */
  private static int lower(float first, float second, int i, int j) {
    return Packed.pair(j <= i ? first : 0f, j + 1 <= i ? second : 0f);
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
   * The state at the start of each chunk, and that at the end of each segment. Groups: along x
   * segments × heads, along y ⌈K·V/2/128⌉.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param segments begin and end row of each segment
   * @param table see {@code portable.GatedLinearAttention.chunkTable}
   * @param decay [chunks, H, K] of {@link ChunkOperands#prepare}
   * @param added [chunks, H, room] of {@link #states}
   * @param state [segments, H, K, V], used if control[USE_STATE] is 1
   * @param stateAt base of state
   * @param prior output [chunks, H, K, V] as right factors
   * @param heads H
   * @param key K
   * @param value V
   * @param parts N + 1
   * @param chunks largest number of chunks
   * @param room floats between the chunks of added
   */
  public static void scan(
      KernelContext context,
      IntArray control,
      IntArray segments,
      IntArray table,
      FloatArray decay,
      FloatArray added,
      FloatArray state,
      int stateAt,
      IntArray prior,
      int heads,
      int key,
      int value,
      int parts,
      int chunks,
      int room) {
    int segment = context.groupIdx / heads;
    int head = context.groupIdx % heads;
    int n = context.groupIdy * SCAN_ITEMS + context.localIdx;
    int ints = key * value / 2;
    if (segment < control.get(Control.SEQUENCES) * parts) {
      if (n < ints) {
        int tile = n / Packed.RIGHT;
        int within = n % Packed.RIGHT;
        int tiles = value / 8;
        int c = tile / tiles * SUB + within / 4;
        int x = tile % tiles * 8 + within % 4 * 2;
        int count = (segments.get(2 * segment + 1) - segments.get(2 * segment) + CHUNK - 1) / CHUNK;
        int at = table.get(2 * chunks + segment) * heads + head;
        int useState = control.get(Control.USE_STATE);
        float first = 0f;
        float second = 0f;
        int si = (segment * heads + head) * key * value + c * value + x;
        if (useState == 1) {
          si += control.get(stateAt);
          first = state.get(si);
          second = state.get(si + 1);
        }
        int from = c * value + x;
        int i = 0;
        // Four chunks' reads are under way before the first is needed.
        for (; i + 4 <= count; i += 4) {
          int at0 = at + i * heads;
          int at1 = at0 + heads;
          int at2 = at1 + heads;
          int at3 = at2 + heads;
          float d0 = decay.get(at0 * key + c);
          float d1 = decay.get(at1 * key + c);
          float d2 = decay.get(at2 * key + c);
          float d3 = decay.get(at3 * key + c);
          float x0 = added.get(at0 * room + from);
          float y0 = added.get(at0 * room + from + 1);
          float x1 = added.get(at1 * room + from);
          float y1 = added.get(at1 * room + from + 1);
          float x2 = added.get(at2 * room + from);
          float y2 = added.get(at2 * room + from + 1);
          float x3 = added.get(at3 * room + from);
          float y3 = added.get(at3 * room + from + 1);
          prior.set(at0 * ints + n, Packed.pair(first, second));
          first = d0 * first + x0;
          second = d0 * second + y0;
          prior.set(at1 * ints + n, Packed.pair(first, second));
          first = d1 * first + x1;
          second = d1 * second + y1;
          prior.set(at2 * ints + n, Packed.pair(first, second));
          first = d2 * first + x2;
          second = d2 * second + y2;
          prior.set(at3 * ints + n, Packed.pair(first, second));
          first = d3 * first + x3;
          second = d3 * second + y3;
        }
        for (; i < count; i++) {
          int here = at + i * heads;
          prior.set(here * ints + n, Packed.pair(first, second));
          float d = decay.get(here * key + c);
          first = d * first + added.get(here * room + from);
          second = d * second + added.get(here * room + from + 1);
        }
        if (useState == 1) {
          state.set(si, first);
          state.set(si + 1, second);
        }
      }
    }
  }

  /**
   * out = queries·prior + scores·v of each chunk. Groups: along x the chunks, along y heads ×
   * ⌈V/128⌉.
   *
   * @param context the work-item
   * @param table see {@code portable.GatedLinearAttention.chunkTable}
   * @param token [R]
   * @param queries [chunks, H, 64, K] of {@link ChunkOperands#prepare}
   * @param prior [chunks, H, K, V] of {@link #scan}
   * @param scores [chunks, H, 64, 64] of {@link ChunkOperands#prepare}
   * @param v [H, capacity, V]
   * @param rest [chunks, H, room], overwritten: what a chunk of less than 64 rows has beyond them
   * @param out output [H, R, V]
   * @param heads H
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param room floats between the chunks of rest, at least 64·V
   * @param blocks ⌈V/128⌉
   */
  public static void outputs(
      KernelContext context,
      IntArray table,
      IntArray token,
      IntArray queries,
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
      int blocks) {
    int chunk = context.groupIdx;
    int head = context.groupIdy / blocks;
    int column = context.groupIdy % blocks * COLUMNS;
    int item = context.localIdx;
    int[] left = context.allocateIntLocalArray(CHUNK * CHUNK / 2);
    int[] right = context.allocateIntLocalArray(CHUNK * COLUMNS / 2);
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
      // Four tiles of terms at a time: first those of the keys.
      for (int term = 0; term < tiles; term += 4) {
        int ofKeys = TornadoMath.min(tiles - term, 4);
        context.localBarrier();
        int within = item % Packed.LEFT;
        int t0 = term + TornadoMath.min(item / Packed.LEFT, ofKeys - 1);
        int t1 = term + TornadoMath.min(item / Packed.LEFT + 2, ofKeys - 1);
        int qi = at * (CHUNK / 2) * key + within;
        int l0 = queries.get(qi + (t0) * Packed.LEFT);
        int l1 = queries.get(qi + (t1) * Packed.LEFT);
        int l2 = queries.get(qi + (tiles + t0) * Packed.LEFT);
        int l3 = queries.get(qi + (tiles + t1) * Packed.LEFT);
        int l4 = queries.get(qi + (2 * tiles + t0) * Packed.LEFT);
        int l5 = queries.get(qi + (2 * tiles + t1) * Packed.LEFT);
        int l6 = queries.get(qi + (3 * tiles + t0) * Packed.LEFT);
        int l7 = queries.get(qi + (3 * tiles + t1) * Packed.LEFT);
        int pi = at * (key * value / 2) + item % Packed.RIGHT;
        int n0 = TornadoMath.min(column / 8 + item / Packed.RIGHT, value / 8 - 1);
        int n1 = TornadoMath.min(column / 8 + item / Packed.RIGHT + 4, value / 8 - 1);
        int n2 = TornadoMath.min(column / 8 + item / Packed.RIGHT + 8, value / 8 - 1);
        int n3 = TornadoMath.min(column / 8 + item / Packed.RIGHT + 12, value / 8 - 1);
        int k0 = term * (value / 8);
        int k1 = (term + TornadoMath.min(1, ofKeys - 1)) * (value / 8);
        int k2 = (term + TornadoMath.min(2, ofKeys - 1)) * (value / 8);
        int k3 = (term + TornadoMath.min(3, ofKeys - 1)) * (value / 8);
        int b00 = prior.get(pi + (k0 + n0) * Packed.RIGHT);
        int b01 = prior.get(pi + (k0 + n1) * Packed.RIGHT);
        int b02 = prior.get(pi + (k0 + n2) * Packed.RIGHT);
        int b03 = prior.get(pi + (k0 + n3) * Packed.RIGHT);
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
        left[item] = l0;
        left[item + 256] = l1;
        left[item + 512] = l2;
        left[item + 768] = l3;
        left[item + 1024] = l4;
        left[item + 1280] = l5;
        left[item + 1536] = l6;
        left[item + 1792] = l7;
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
        context.localBarrier();
        for (int step = 0; step < ofKeys; step++) {
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
      }
      context.localBarrier();
      // All reads are under way before the first is stored: a store to local memory holds up later
      // reads, which the compiler takes for possible reads of the same memory.
      int line = begin + item % Packed.RIGHT / 4;
      int wide = column + item / Packed.RIGHT * 8 + item % 4 * 2;
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
      int si = at * CHUNK * CHUNK;
      int p0 = si + ChunkOperands.scoreAt(i0, TornadoMath.min(j0, i0 / 2 * 2));
      int p1 = si + ChunkOperands.scoreAt(i0, TornadoMath.min(j0 + 32, i0 / 2 * 2));
      int p2 = si + ChunkOperands.scoreAt(i0 + 16, TornadoMath.min(j0, (i0 + 16) / 2 * 2));
      int p3 = si + ChunkOperands.scoreAt(i0 + 16, TornadoMath.min(j0 + 32, (i0 + 16) / 2 * 2));
      int p4 = si + ChunkOperands.scoreAt(i0 + 32, TornadoMath.min(j0, (i0 + 32) / 2 * 2));
      int p5 = si + ChunkOperands.scoreAt(i0 + 32, TornadoMath.min(j0 + 32, (i0 + 32) / 2 * 2));
      int p6 = si + ChunkOperands.scoreAt(i0 + 48, TornadoMath.min(j0, (i0 + 48) / 2 * 2));
      int p7 = si + ChunkOperands.scoreAt(i0 + 48, TornadoMath.min(j0 + 32, (i0 + 48) / 2 * 2));
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
      int in0 = line < end ? 1 : 0;
      int in1 = line + 16 < end ? 1 : 0;
      int in2 = line + 32 < end ? 1 : 0;
      int in3 = line + 48 < end ? 1 : 0;
      right[item] = in0 * Packed.pair(f00, s00);
      right[item + 256] = in0 * Packed.pair(f01, s01);
      right[item + 512] = in0 * Packed.pair(f02, s02);
      right[item + 768] = in0 * Packed.pair(f03, s03);
      right[item + 1024] = in1 * Packed.pair(f10, s10);
      right[item + 1280] = in1 * Packed.pair(f11, s11);
      right[item + 1536] = in1 * Packed.pair(f12, s12);
      right[item + 1792] = in1 * Packed.pair(f13, s13);
      right[item + 2048] = in2 * Packed.pair(f20, s20);
      right[item + 2304] = in2 * Packed.pair(f21, s21);
      right[item + 2560] = in2 * Packed.pair(f22, s22);
      right[item + 2816] = in2 * Packed.pair(f23, s23);
      right[item + 3072] = in3 * Packed.pair(f30, s30);
      right[item + 3328] = in3 * Packed.pair(f31, s31);
      right[item + 3584] = in3 * Packed.pair(f32, s32);
      right[item + 3840] = in3 * Packed.pair(f33, s33);
      left[item] = lower(u0, w0, i0, j0);
      left[item + 256] = lower(u1, w1, i0, j0 + 32);
      left[item + 512] = lower(u2, w2, i0 + 16, j0);
      left[item + 768] = lower(u3, w3, i0 + 16, j0 + 32);
      left[item + 1024] = lower(u4, w4, i0 + 32, j0);
      left[item + 1280] = lower(u5, w5, i0 + 32, j0 + 32);
      left[item + 1536] = lower(u6, w6, i0 + 48, j0);
      left[item + 1792] = lower(u7, w7, i0 + 48, j0 + 32);
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

      if (end - begin == CHUNK) {
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
