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
      for (int n = item; n < ints; n += ITEMS) {
        left[n] = keys.get(at * ints + n);
      }
      for (int n = item; n < CHUNK * COLUMNS / 2; n += ITEMS) {
        int tile = n / Packed.RIGHT;
        int within = n % Packed.RIGHT;
        int row = begin + tile / WIDE * SUB + within / 4;
        int x = column + tile % WIDE * 8 + within % 4 * 2;
        float first = 0f;
        float second = 0f;
        if (row < end) {
          if (x < value) {
            int vi = (head * capacity + token.get(row)) * value + x;
            first = v.get(vi);
            second = v.get(vi + 1);
          }
        }
        right[n] = Packed.pair(first, second);
      }
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
        for (int n = item; n < CHUNK * CHUNK / 2; n += ITEMS) {
          int tile = n / Packed.LEFT;
          int t = term + TornadoMath.min(tile % 4, ofKeys - 1);
          left[n] =
              queries.get(
                  at * (CHUNK / 2) * key + (tile / 4 * tiles + t) * Packed.LEFT + n % Packed.LEFT);
        }
        for (int n = item; n < ofKeys * SUB * COLUMNS / 2; n += ITEMS) {
          int tile = n / Packed.RIGHT;
          int ofValue = TornadoMath.min(column / 8 + tile % WIDE, value / 8 - 1);
          right[n] =
              prior.get(
                  at * (key * value / 2)
                      + ((term + tile / WIDE) * (value / 8) + ofValue) * Packed.RIGHT
                      + n % Packed.RIGHT);
        }
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
      for (int n = item; n < CHUNK * CHUNK / 2; n += ITEMS) {
        int tile = n / Packed.LEFT;
        int within = n % Packed.LEFT;
        int row = tile / 4 * SUB + within / 8;
        int j = tile % 4 * SUB + within % 8 * 2;
        int from = at * CHUNK * CHUNK + row * CHUNK + j;
        float first = j <= row ? scores.get(from) : 0f;
        float second = j + 1 <= row ? scores.get(from + 1) : 0f;
        left[n] = Packed.pair(first, second);
      }
      for (int n = item; n < CHUNK * COLUMNS / 2; n += ITEMS) {
        int tile = n / Packed.RIGHT;
        int within = n % Packed.RIGHT;
        int row = begin + tile / WIDE * SUB + within / 4;
        int y = tile % WIDE * 8 + within % 4 * 2;
        float first = 0f;
        float second = 0f;
        if (row < end) {
          if (y < columns) {
            int vi = (head * capacity + token.get(row)) * value + column + y;
            first = v.get(vi);
            second = v.get(vi + 1);
          }
        }
        right[n] = Packed.pair(first, second);
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
