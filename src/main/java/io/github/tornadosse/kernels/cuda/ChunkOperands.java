package io.github.tornadosse.kernels.cuda;

import io.github.tornadosse.kernels.portable.Routing;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The factors of chunkwise gated linear attention's products, in bfloat16, and the scores within
 * chunks; see docs/mathematics.md section 2. A group of work-items takes a chunk of 64 rows of one
 * head, of at most 128 key columns, a multiple of 16.
 *
 * <p>Decays between two rows are running products of exp(g), in [0, 1] whatever the gates are.
 */
public final class ChunkOperands {
  /** Work-items of a group. */
  public static final int ITEMS = 512;

  /** Largest key dim. */
  public static final int MOST_KEYS = 128;

  /** Rows of a chunk, and work-items of a group of {@link #rowTable}. */
  public static final int CHUNK = 64;

  private static final int HALF = CHUNK / 2;
  private static final int SUB = 16;

  /** Rows of a work-item. */
  private static final int ROWS = 8;

  /** Work-items that have the same columns. */
  private static final int GROUPS = CHUNK / ROWS;

  /** Rows of the smallest blocks of scores, and pairs i ≥ j of them. */
  private static final int LEAST = 4;

  private static final int PAIRS = LEAST * (LEAST + 1) / 2;

  /** Work-items that sum up a score. */
  private static final int SHARES = 4;

  /** Ints between the tiles of left factors in local memory: four neighbours share no bank. */
  private static final int PADDED = Packed.LEFT + 8;

  /** Where the right factors begin in local memory. */
  private static final int RIGHTS = 2 * MOST_KEYS / SUB * PADDED;

  /** Ints between the columns of keys on their way to memory. */
  private static final int STRIDE = HALF + 1;

  /** Ints between 16 terms of the right factors in local memory: half as many share banks. */
  private static final int RIGHT_STEP = 4 * Packed.RIGHT + 4;

  /** Tiles that {@link #addProducts} takes, their loads under way together before the products. */
  private static final int AHEAD = 4;

  /** Ints of both factors in local memory, more than those of the keys. */
  private static final int FACTORS = RIGHTS + MOST_KEYS / SUB * RIGHT_STEP;

  private static final int BYTES = 4;

  private ChunkOperands() {}

  /**
   * What each row of each chunk is. Groups: one a chunk.
   *
   * @param context the work-item
   * @param table see {@code gpu.GlaStates.chunks}
   * @param token [R]
   * @param mode [R]
   * @param weight [2, R]
   * @param place output [chunks, 64]: the row's token; beyond the chunk's end that of its last row
   * @param factor output [3, chunks, 64]: what its query is multiplied by, K^(-1/2) included, what
   *     its key is, and 1 if it is written; 0 where it takes no part
   * @param key K
   * @param rows R
   * @param all 64·chunks
   */
  public static void rowTable(
      KernelContext context,
      IntArray table,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      IntArray place,
      FloatArray factor,
      IntArray slot,
      int key,
      int rows,
      int all) {
    int chunk = context.groupIdx;
    int item = context.localIdx;
    int begin = table.get(2 * chunk);
    int end = table.get(2 * chunk + 1);
    if (begin < end) {
      int row = TornadoMath.min(begin + item, end - 1);
      int inside = begin + item < end ? 1 : 0;
      int read = (mode.get(row) & Routing.READ) * inside;
      int written = (mode.get(row) & Routing.WRITTEN) * inside;
      int to = chunk * CHUNK + item;
      place.set(to, token.get(row));
      if (inside == 1) {
        slot.set(row, to);
      }
      factor.set(to, read > 0 ? weight.get(row) / TornadoMath.sqrt(key) : 0f);
      factor.set(all + to, written > 0 ? weight.get(rows + row) : 0f);
      factor.set(2 * all + to, written > 0 ? 1f : 0f);
    }
  }

  /**
   * Queries moved to the start and keys to the end of their chunk, the chunk's decay and its
   * scores. Groups: along x the chunks, along y the heads.
   *
   * @param context the work-item
   * @param table see {@code gpu.GlaStates.chunks}
   * @param q [2, H, capacity, K]
   * @param k [2, H, capacity, K]
   * @param g [2, H, capacity, K]
   * @param place of {@link #rowTable}
   * @param factor of {@link #rowTable}
   * @param queries output [chunks, H, 64, K] as left factors: K^(-1/2)·q̂ times the decay from the
   *     chunk's start
   * @param keys output [chunks, H, K, 64] as left factors: k̂ times the decay to the chunk's end
   * @param decay output [chunks, H, K]: that of the whole chunk
   * @param scores output [chunks, H, 64, 64]: K^(-1/2)·Σ_c q̂·k̂·decay between the rows i ≥ j, at
   *     {@link #scoreAt}
   * @param heads H
   * @param key K
   * @param capacity largest number of tokens
   * @param all 64·chunks
   */
  public static void prepare(
      KernelContext context,
      IntArray table,
      FloatArray q,
      FloatArray k,
      FloatArray g,
      IntArray place,
      FloatArray factor,
      IntArray queries,
      IntArray keys,
      FloatArray decay,
      FloatArray scores,
      int heads,
      int key,
      int capacity,
      int all) {
    int chunk = context.groupIdx;
    int head = context.groupIdy;
    int item = context.localIdx;
    int[] factors = context.allocateIntLocalArray(FACTORS);
    float[] sums = context.allocateFloatLocalArray(PAIRS * ITEMS);
    float[] shares = context.allocateFloatLocalArray(SHARES * PAIRS * GROUPS);
    float[] totals = context.allocateFloatLocalArray(GROUPS * MOST_KEYS);
    int begin = table.get(2 * chunk);
    int end = table.get(2 * chunk + 1);
    if (begin < end) {
      int at = chunk * heads + head;
      int from = (begin < capacity ? head : heads + head) * capacity;
      int tiles = key / SUB;
      // Behind the key's columns tiles are filled up with zeros, as AHEAD are multiplied at a time.
      int paddedTiles = (tiles + AHEAD - 1) / AHEAD * AHEAD;
      // The number of items that share rows is read, not given: sums over them would be unrolled,
      // which takes a register for each.
      int shared = context.localGroupSizeX / GROUPS / SHARES;
      // A work-item has eight rows of two columns.
      int group = item / 64;
      int c = item % 64 * 2;
      int left = c / SUB * PADDED + c % SUB / 2;
      int right = RIGHTS + c / SUB * RIGHT_STEP + c % SUB * 4;
      int line = chunk * CHUNK + group * ROWS;
      float x0 = 0f;
      float y0 = 0f;
      float u0 = 0f;
      float w0 = 0f;
      float x1 = 0f;
      float y1 = 0f;
      float u1 = 0f;
      float w1 = 0f;
      float x2 = 0f;
      float y2 = 0f;
      float u2 = 0f;
      float w2 = 0f;
      float x3 = 0f;
      float y3 = 0f;
      float u3 = 0f;
      float w3 = 0f;
      float x4 = 0f;
      float y4 = 0f;
      float u4 = 0f;
      float w4 = 0f;
      float x5 = 0f;
      float y5 = 0f;
      float u5 = 0f;
      float w5 = 0f;
      float x6 = 0f;
      float y6 = 0f;
      float u6 = 0f;
      float w6 = 0f;
      float x7 = 0f;
      float y7 = 0f;
      float u7 = 0f;
      float w7 = 0f;
      // Decays over the first four rows and the last four.
      float fx = 1f;
      float fy = 1f;
      float lx = 1f;
      float ly = 1f;
      // Four rows at a time: their scores, queries moved to their start and keys to their end.
      // Without the barriers the compiler would read all rows first, into too many registers.
      float a00 = 0f;
      float a10 = 0f;
      float a11 = 0f;
      float a20 = 0f;
      float a21 = 0f;
      float a22 = 0f;
      float a30 = 0f;
      float a31 = 0f;
      float a32 = 0f;
      float a33 = 0f;
      if (c < key) {
        int t0 = (from + place.get(line)) * key + c;
        int t1 = (from + place.get(line + 1)) * key + c;
        int t2 = (from + place.get(line + 2)) * key + c;
        int t3 = (from + place.get(line + 3)) * key + c;
        float f0 = factor.get(2 * all + line);
        float f1 = factor.get(2 * all + line + 1);
        float f2 = factor.get(2 * all + line + 2);
        float f3 = factor.get(2 * all + line + 3);
        float d0 = TornadoMath.exp(f0 * g.get(t0));
        float e0 = TornadoMath.exp(f0 * g.get(t0 + 1));
        float d1 = TornadoMath.exp(f1 * g.get(t1));
        float e1 = TornadoMath.exp(f1 * g.get(t1 + 1));
        float d2 = TornadoMath.exp(f2 * g.get(t2));
        float e2 = TornadoMath.exp(f2 * g.get(t2 + 1));
        float d3 = TornadoMath.exp(f3 * g.get(t3));
        float e3 = TornadoMath.exp(f3 * g.get(t3 + 1));
        float q0 = factor.get(line);
        x0 = q0 * q.get(t0);
        y0 = q0 * q.get(t0 + 1);
        float q1 = factor.get(line + 1);
        x1 = q1 * q.get(t1);
        y1 = q1 * q.get(t1 + 1);
        float q2 = factor.get(line + 2);
        x2 = q2 * q.get(t2);
        y2 = q2 * q.get(t2 + 1);
        float q3 = factor.get(line + 3);
        x3 = q3 * q.get(t3);
        y3 = q3 * q.get(t3 + 1);
        float k0 = factor.get(all + line);
        u0 = k0 * k.get(t0);
        w0 = k0 * k.get(t0 + 1);
        float k1 = factor.get(all + line + 1);
        u1 = k1 * k.get(t1);
        w1 = k1 * k.get(t1 + 1);
        float k2 = factor.get(all + line + 2);
        u2 = k2 * k.get(t2);
        w2 = k2 * k.get(t2 + 1);
        float k3 = factor.get(all + line + 3);
        u3 = k3 * k.get(t3);
        w3 = k3 * k.get(t3 + 1);
        a00 = x0 * u0 + y0 * w0;
        fx *= d0;
        fy *= e0;
        x0 *= fx;
        y0 *= fy;
        u0 *= d1;
        w0 *= e1;
        a10 = x1 * u0 + y1 * w0;
        a11 = x1 * u1 + y1 * w1;
        fx *= d1;
        fy *= e1;
        x1 *= fx;
        y1 *= fy;
        u0 *= d2;
        w0 *= e2;
        u1 *= d2;
        w1 *= e2;
        a20 = x2 * u0 + y2 * w0;
        a21 = x2 * u1 + y2 * w1;
        a22 = x2 * u2 + y2 * w2;
        fx *= d2;
        fy *= e2;
        x2 *= fx;
        y2 *= fy;
        u0 *= d3;
        w0 *= e3;
        u1 *= d3;
        w1 *= e3;
        u2 *= d3;
        w2 *= e3;
        a30 = x3 * u0 + y3 * w0;
        a31 = x3 * u1 + y3 * w1;
        a32 = x3 * u2 + y3 * w2;
        a33 = x3 * u3 + y3 * w3;
        fx *= d3;
        fy *= e3;
        x3 *= fx;
        y3 *= fy;
      }
      sums[item] = a00;
      sums[item + 1 * ITEMS] = a10;
      sums[item + 2 * ITEMS] = a11;
      sums[item + 3 * ITEMS] = a20;
      sums[item + 4 * ITEMS] = a21;
      sums[item + 5 * ITEMS] = a22;
      sums[item + 6 * ITEMS] = a30;
      sums[item + 7 * ITEMS] = a31;
      sums[item + 8 * ITEMS] = a32;
      sums[item + 9 * ITEMS] = a33;
      context.localBarrier();
      int to = at * CHUNK * CHUNK;
      if (item < SHARES * PAIRS * GROUPS) {
        // Of neighbouring items each begins elsewhere: they read different banks.
        int sum = item / SHARES;
        int si = sum / GROUPS * ITEMS + sum % GROUPS * 64 + item % SHARES * 16;
        int turn = sum % 8 + item % SHARES / 2 * 8;
        float even = 0f;
        float odd = 0f;
        for (int n = 0; n < shared; n += 2) {
          even += sums[si + (turn ^ n)];
          odd += sums[si + (turn ^ n ^ 1)];
        }
        shares[item] = even + odd;
      }
      float b00 = 0f;
      float b10 = 0f;
      float b11 = 0f;
      float b20 = 0f;
      float b21 = 0f;
      float b22 = 0f;
      float b30 = 0f;
      float b31 = 0f;
      float b32 = 0f;
      float b33 = 0f;
      if (c < key) {
        int t4 = (from + place.get(line + 4)) * key + c;
        int t5 = (from + place.get(line + 5)) * key + c;
        int t6 = (from + place.get(line + 6)) * key + c;
        int t7 = (from + place.get(line + 7)) * key + c;
        float f4 = factor.get(2 * all + line + 4);
        float f5 = factor.get(2 * all + line + 5);
        float f6 = factor.get(2 * all + line + 6);
        float f7 = factor.get(2 * all + line + 7);
        float d4 = TornadoMath.exp(f4 * g.get(t4));
        float e4 = TornadoMath.exp(f4 * g.get(t4 + 1));
        float d5 = TornadoMath.exp(f5 * g.get(t5));
        float e5 = TornadoMath.exp(f5 * g.get(t5 + 1));
        float d6 = TornadoMath.exp(f6 * g.get(t6));
        float e6 = TornadoMath.exp(f6 * g.get(t6 + 1));
        float d7 = TornadoMath.exp(f7 * g.get(t7));
        float e7 = TornadoMath.exp(f7 * g.get(t7 + 1));
        float q4 = factor.get(line + 4);
        x4 = q4 * q.get(t4);
        y4 = q4 * q.get(t4 + 1);
        float q5 = factor.get(line + 5);
        x5 = q5 * q.get(t5);
        y5 = q5 * q.get(t5 + 1);
        float q6 = factor.get(line + 6);
        x6 = q6 * q.get(t6);
        y6 = q6 * q.get(t6 + 1);
        float q7 = factor.get(line + 7);
        x7 = q7 * q.get(t7);
        y7 = q7 * q.get(t7 + 1);
        float k4 = factor.get(all + line + 4);
        u4 = k4 * k.get(t4);
        w4 = k4 * k.get(t4 + 1);
        float k5 = factor.get(all + line + 5);
        u5 = k5 * k.get(t5);
        w5 = k5 * k.get(t5 + 1);
        float k6 = factor.get(all + line + 6);
        u6 = k6 * k.get(t6);
        w6 = k6 * k.get(t6 + 1);
        float k7 = factor.get(all + line + 7);
        u7 = k7 * k.get(t7);
        w7 = k7 * k.get(t7 + 1);
        b00 = x4 * u4 + y4 * w4;
        lx *= d4;
        ly *= e4;
        x4 *= lx;
        y4 *= ly;
        u4 *= d5;
        w4 *= e5;
        b10 = x5 * u4 + y5 * w4;
        b11 = x5 * u5 + y5 * w5;
        lx *= d5;
        ly *= e5;
        x5 *= lx;
        y5 *= ly;
        u4 *= d6;
        w4 *= e6;
        u5 *= d6;
        w5 *= e6;
        b20 = x6 * u4 + y6 * w4;
        b21 = x6 * u5 + y6 * w5;
        b22 = x6 * u6 + y6 * w6;
        lx *= d6;
        ly *= e6;
        x6 *= lx;
        y6 *= ly;
        u4 *= d7;
        w4 *= e7;
        u5 *= d7;
        w5 *= e7;
        u6 *= d7;
        w6 *= e7;
        b30 = x7 * u4 + y7 * w4;
        b31 = x7 * u5 + y7 * w5;
        b32 = x7 * u6 + y7 * w6;
        b33 = x7 * u7 + y7 * w7;
        lx *= d7;
        ly *= e7;
        x7 *= lx;
        y7 *= ly;
      }
      // Of columns behind the key's 1, so that zeros stay zeros.
      totals[group * MOST_KEYS + c] = fx * lx;
      totals[group * MOST_KEYS + c + 1] = fy * ly;
      if (c < paddedTiles * SUB) {
        int qi = left + group / 4 * paddedTiles * PADDED + group % 4 * LEAST * 8;
        factors[qi] = Packed.pair(x4, y4);
        factors[qi + 8] = Packed.pair(x5, y5);
        factors[qi + 16] = Packed.pair(x6, y6);
        factors[qi + 24] = Packed.pair(x7, y7);
        int ki = right + group / 2 * Packed.RIGHT + group % 2 * 2;
        factors[ki] = Packed.pair(u0, u1);
        factors[ki + 4] = Packed.pair(w0, w1);
        factors[ki + 1] = Packed.pair(u2, u3);
        factors[ki + 5] = Packed.pair(w2, w3);
      }
      x4 *= fx;
      y4 *= fy;
      x5 *= fx;
      y5 *= fy;
      x6 *= fx;
      y6 *= fy;
      x7 *= fx;
      y7 *= fy;
      u0 *= lx;
      w0 *= ly;
      u1 *= lx;
      w1 *= ly;
      u2 *= lx;
      w2 *= ly;
      u3 *= lx;
      w3 *= ly;
      context.localBarrier();
      if (item < PAIRS * GROUPS) {
        // Pairs (0,0), (1,0), (1,1), (2,0) … of rows i ≥ j.
        int pair = item / GROUPS;
        int i = pair < 1 ? 0 : pair < 3 ? 1 : pair < 6 ? 2 : 3;
        int j = pair - i * (i + 1) / 2;
        int first = item % GROUPS * ROWS;
        float share = shares[SHARES * item] + shares[SHARES * item + 1];
        share += shares[SHARES * item + 2] + shares[SHARES * item + 3];
        scores.set(to + (first + i) * CHUNK + first + j, share);
      }
      sums[item] = b00;
      sums[item + 1 * ITEMS] = b10;
      sums[item + 2 * ITEMS] = b11;
      sums[item + 3 * ITEMS] = b20;
      sums[item + 4 * ITEMS] = b21;
      sums[item + 5 * ITEMS] = b22;
      sums[item + 6 * ITEMS] = b30;
      sums[item + 7 * ITEMS] = b31;
      sums[item + 8 * ITEMS] = b32;
      sums[item + 9 * ITEMS] = b33;
      // The last warps multiply, as the first ones sum up.
      int warp = (ITEMS - 1 - item) / 32;
      if (warp < 4) {
        // Smaller blocks than a tile are kept above the diagonal, see scoreAt.
        float[] fragment = context.mmaFragment(0f);
        for (int tile = 0; tile < paddedTiles; tile += AHEAD) {
          int qi = (warp / 2 * paddedTiles + tile) * PADDED;
          int ki = RIGHTS + tile * RIGHT_STEP + warp * Packed.RIGHT;
          fragment = addProducts(context, factors, qi, ki, fragment);
        }
        context.mmaStore(fragment, scores, SUB, to + HALF + warp * 8, CHUNK);
      }
      context.localBarrier();

      // Scores of the second half's rows with the first half's of 16 rows, then of 32, then of 64:
      // queries and keys have been moved to the bound between the halves.
      for (int half = 8; half <= HALF; half = 2 * half) {
        int wide = half / ROWS;
        int upper = group / wide % 2;
        int row = group / (2 * wide) * half + group % wide * ROWS;
        if (c < paddedTiles * SUB) {
          if (upper == 1) {
            int qi = left + row / SUB * paddedTiles * PADDED + row % SUB * 8;
            factors[qi] = Packed.pair(x0, y0);
            factors[qi + 8] = Packed.pair(x1, y1);
            factors[qi + 16] = Packed.pair(x2, y2);
            factors[qi + 24] = Packed.pair(x3, y3);
            factors[qi + 32] = Packed.pair(x4, y4);
            factors[qi + 40] = Packed.pair(x5, y5);
            factors[qi + 48] = Packed.pair(x6, y6);
            factors[qi + 56] = Packed.pair(x7, y7);
          } else {
            int ki = right + row / 8 * Packed.RIGHT;
            factors[ki] = Packed.pair(u0, u1);
            factors[ki + 4] = Packed.pair(w0, w1);
            factors[ki + 1] = Packed.pair(u2, u3);
            factors[ki + 5] = Packed.pair(w2, w3);
            factors[ki + 2] = Packed.pair(u4, u5);
            factors[ki + 6] = Packed.pair(w4, w5);
            factors[ki + 3] = Packed.pair(u6, u7);
            factors[ki + 7] = Packed.pair(w6, w7);
          }
        }
        context.localBarrier();
        int mine = half == HALF ? warp / 4 : warp / 2;
        if (warp < (half == HALF ? 8 : 4)) {
          float[] fragment = context.mmaFragment(0f);
          for (int tile = 0; tile < paddedTiles; tile += AHEAD) {
            int qi = (mine * paddedTiles + tile) * PADDED;
            int ki = RIGHTS + tile * RIGHT_STEP + warp % 4 * Packed.RIGHT;
            fragment = addProducts(context, factors, qi, ki, fragment);
          }
          int i = half == HALF ? HALF + mine * SUB : half == SUB ? mine * HALF + SUB : 0;
          int j =
              half == HALF
                  ? warp % 4 * 8
                  : half == SUB ? mine * HALF + warp % 2 * 8 : HALF + warp * 8;
          context.mmaStore(fragment, scores, i, to + j, CHUNK);
        }
        if (half == 8 && item < SHARES * PAIRS * GROUPS) {
          // Of neighbouring items each begins elsewhere: they read different banks.
          int sum = item / SHARES;
          int si = sum / GROUPS * ITEMS + sum % GROUPS * 64 + item % SHARES * 16;
          int turn = sum % 8 + item % SHARES / 2 * 8;
          float even = 0f;
          float odd = 0f;
          for (int n = 0; n < shared; n += 2) {
            even += sums[si + (turn ^ n)];
            odd += sums[si + (turn ^ n ^ 1)];
          }
          shares[item] = even + odd;
        }
        float px = 1f;
        float py = 1f;
        int next = (group / wide * wide + (upper == 1 ? -wide : wide)) * MOST_KEYS + c;
        for (int n = 0; n < wide; n++) {
          px *= totals[next + n * MOST_KEYS];
          py *= totals[next + n * MOST_KEYS + 1];
        }
        float qx = upper == 1 ? px : 1f;
        float qy = upper == 1 ? py : 1f;
        float kx = upper == 1 ? 1f : px;
        float ky = upper == 1 ? 1f : py;
        x0 *= qx;
        y0 *= qy;
        u0 *= kx;
        w0 *= ky;
        x1 *= qx;
        y1 *= qy;
        u1 *= kx;
        w1 *= ky;
        x2 *= qx;
        y2 *= qy;
        u2 *= kx;
        w2 *= ky;
        x3 *= qx;
        y3 *= qy;
        u3 *= kx;
        w3 *= ky;
        x4 *= qx;
        y4 *= qy;
        u4 *= kx;
        w4 *= ky;
        x5 *= qx;
        y5 *= qy;
        u5 *= kx;
        w5 *= ky;
        x6 *= qx;
        y6 *= qy;
        u6 *= kx;
        w6 *= ky;
        x7 *= qx;
        y7 *= qy;
        u7 *= kx;
        w7 *= ky;
        context.localBarrier();
        if (half == 8 && item < PAIRS * GROUPS) {
          // Pairs (0,0), (1,0), (1,1), (2,0) … of rows i ≥ j.
          int pair = item / GROUPS;
          int i = pair < 1 ? 0 : pair < 3 ? 1 : pair < 6 ? 2 : 3;
          int j = pair - i * (i + 1) / 2;
          int first = item % GROUPS * ROWS + LEAST;
          float share = shares[SHARES * item] + shares[SHARES * item + 1];
          share += shares[SHARES * item + 2] + shares[SHARES * item + 3];
          scores.set(to + (first + i) * CHUNK + first + j, share);
        }
      }

      if (c < key) {
        int qi = at * HALF * key + group / 2 * tiles * Packed.LEFT + group % 2 * 64;
        qi += c / SUB * Packed.LEFT + c % SUB / 2;
        queries.set(qi, Packed.pair(x0, y0));
        queries.set(qi + 8, Packed.pair(x1, y1));
        queries.set(qi + 16, Packed.pair(x2, y2));
        queries.set(qi + 24, Packed.pair(x3, y3));
        queries.set(qi + 32, Packed.pair(x4, y4));
        queries.set(qi + 40, Packed.pair(x5, y5));
        queries.set(qi + 48, Packed.pair(x6, y6));
        queries.set(qi + 56, Packed.pair(x7, y7));
        int ki = c * STRIDE + group * 4;
        factors[ki] = Packed.pair(u0, u1);
        factors[ki + STRIDE] = Packed.pair(w0, w1);
        factors[ki + 1] = Packed.pair(u2, u3);
        factors[ki + STRIDE + 1] = Packed.pair(w2, w3);
        factors[ki + 2] = Packed.pair(u4, u5);
        factors[ki + STRIDE + 2] = Packed.pair(w4, w5);
        factors[ki + 3] = Packed.pair(u6, u7);
        factors[ki + STRIDE + 3] = Packed.pair(w6, w7);
      }
      context.localBarrier();
      // The keys are stored in the order of memory.
      for (int n = item; n < HALF * key; n += ITEMS) {
        int tile = n / Packed.LEFT;
        int channel = tile / 4 * SUB + n % Packed.LEFT / 8;
        keys.set(at * HALF * key + n, factors[channel * STRIDE + tile % 4 * 8 + n % 8]);
      }
      if (item < key) {
        float product = 1f;
        for (int n = 0; n < GROUPS; n++) {
          product *= totals[n * MOST_KEYS + item];
        }
        decay.set(at * key + item, product);
      }
    }
  }

  /** The sum and the products of {@link #AHEAD} tiles of the factors from qi and ki on. */
  private static float[] addProducts(
      KernelContext context, int[] factors, int qi, int ki, float[] sum) {
    HalfFloat[] a0 = context.mmaLoadA(factors, SUB, qi * BYTES);
    HalfFloat[] b0 = context.mmaLoadB(factors, SUB, ki * BYTES);
    HalfFloat[] a1 = context.mmaLoadA(factors, SUB, (qi + PADDED) * BYTES);
    HalfFloat[] b1 = context.mmaLoadB(factors, SUB, (ki + RIGHT_STEP) * BYTES);
    HalfFloat[] a2 = context.mmaLoadA(factors, SUB, (qi + 2 * PADDED) * BYTES);
    HalfFloat[] b2 = context.mmaLoadB(factors, SUB, (ki + 2 * RIGHT_STEP) * BYTES);
    HalfFloat[] a3 = context.mmaLoadA(factors, SUB, (qi + 3 * PADDED) * BYTES);
    HalfFloat[] b3 = context.mmaLoadB(factors, SUB, (ki + 3 * RIGHT_STEP) * BYTES);
    float[] one = context.mmaBF16(a0, b0, sum, MMAShape.M16N8K16);
    float[] two = context.mmaBF16(a1, b1, one, MMAShape.M16N8K16);
    float[] three = context.mmaBF16(a2, b2, two, MMAShape.M16N8K16);
    return context.mmaBF16(a3, b3, three, MMAShape.M16N8K16);
  }

  /**
   * Where the score of rows i ≥ j of a chunk is in its 64×64: within 16 rows, those of different
   * groups of 8 rows, and of 4, have places above the diagonal.
   */
  static int scoreAt(int i, int j) {
    int row = i;
    int column = j;
    if (i / SUB == j / SUB) {
      if (i / 8 != j / 8) {
        row = (i / SUB * 8 + i % 8) % SUB;
        column = HALF + j / SUB * 8 + j % 8;
      } else if (i / LEAST != j / LEAST) {
        row = SUB + (i / 8 * LEAST + i % LEAST) % SUB;
        column = HALF + j / 8 * LEAST + j % LEAST;
      }
    }
    return row * CHUNK + column;
  }
}
