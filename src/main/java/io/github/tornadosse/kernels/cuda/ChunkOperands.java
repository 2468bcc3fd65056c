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
 * <p>Decays between two rows are exponentials of differences of sums of g within the chunk, from
 * the later row's to the earlier one's: never above 1. A step's g counts as −60 if it is below, so
 * that the sums keep their digits; exp(−60) is nothing.
 */
public final class ChunkOperands {
  /** Work-items of a group. */
  public static final int ITEMS = 128;

  /** Largest key dim. */
  public static final int MOST_KEYS = 128;

  static final int CHUNK = 64;
  private static final int HALF = CHUNK / 2;
  private static final int SUB = 16;
  private static final float LEAST_GATE = -60f;

  /** Ints of the left factors in local memory; the right ones follow. */
  private static final int FACTOR = HALF * MOST_KEYS / 2;

  private static final int BYTES = 4;

  /** Pairs of rows i ≥ j of 16 rows. */
  private static final int PAIRS = SUB * (SUB + 1) / 2;

  private ChunkOperands() {}

  /**
   * Queries moved to the start and keys to the end of their chunk, the chunk's decay and its
   * scores. Groups: along x the chunks, along y the heads.
   *
   * @param context the work-item
   * @param table see {@code portable.GatedLinearAttention.chunkTable}
   * @param q [2, H, capacity, K]
   * @param k [2, H, capacity, K]
   * @param g [2, H, capacity, K]
   * @param token [R]
   * @param mode [R]
   * @param weight [2, R]
   * @param queries output [chunks, H, 64, K] as left factors: K^(-1/2)·q̂ times the decay from the
   *     chunk's start
   * @param keys output [chunks, H, K, 64] as left factors: k̂ times the decay to the chunk's end
   * @param decay output [chunks, H, K]: that of the whole chunk
   * @param scores output [chunks, H, 64, 64]: K^(-1/2)·Σ_c q̂·k̂·decay between the rows; nothing
   *     above the diagonal counts
   * @param heads H
   * @param key K
   * @param capacity largest number of tokens
   * @param rows R
   */
  public static void prepare(
      KernelContext context,
      IntArray table,
      FloatArray q,
      FloatArray k,
      FloatArray g,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      IntArray queries,
      IntArray keys,
      FloatArray decay,
      FloatArray scores,
      int heads,
      int key,
      int capacity,
      int rows) {
    int chunk = context.groupIdx;
    int head = context.groupIdy;
    int item = context.localIdx;
    float[] sums = context.allocateFloatLocalArray(CHUNK * MOST_KEYS);
    int[] factors = context.allocateIntLocalArray(2 * FACTOR);
    int begin = table.get(2 * chunk);
    int end = table.get(2 * chunk + 1);
    if (begin < end) {
      int at = chunk * heads + head;
      int from = (begin < capacity ? head : heads + head) * capacity;
      int tiles = key / SUB;

      // Sums of g from the chunk's first row to each.
      if (item < key) {
        float sum = 0f;
        for (int i = 0; i < CHUNK; i++) {
          int row = TornadoMath.min(begin + i, end - 1);
          float gate = g.get((from + token.get(row)) * key + item);
          int written = (mode.get(row) & Routing.WRITTEN) * (begin + i < end ? 1 : 0);
          sum += written > 0 ? TornadoMath.max(gate, LEAST_GATE) : 0f;
          sums[i * MOST_KEYS + item] = sum;
        }
        decay.set(at * key + item, TornadoMath.exp(sum));
      }
      context.localBarrier();

      int ints = HALF * key;
      for (int n = item; n < ints; n += ITEMS) {
        int tile = n / Packed.LEFT;
        int within = n % Packed.LEFT;
        int i = tile / tiles * SUB + within / 8;
        int c = tile % tiles * SUB + within % 8 * 2;
        int row = TornadoMath.min(begin + i, end - 1);
        float factor = query(mode, weight, row, begin + i, end, key);
        int qi = (from + token.get(row)) * key + c;
        int si = i * MOST_KEYS + c;
        queries.set(
            at * ints + n,
            Packed.pair(
                factor * q.get(qi) * TornadoMath.exp(sums[si]),
                factor * q.get(qi + 1) * TornadoMath.exp(sums[si + 1])));
      }
      for (int n = item; n < ints; n += ITEMS) {
        int tile = n / Packed.LEFT;
        int within = n % Packed.LEFT;
        int c = tile / 4 * SUB + within / 8;
        int i = tile % 4 * SUB + within % 8 * 2;
        int row0 = TornadoMath.min(begin + i, end - 1);
        int row1 = TornadoMath.min(begin + i + 1, end - 1);
        float last = sums[(CHUNK - 1) * MOST_KEYS + c];
        keys.set(
            at * ints + n,
            Packed.pair(
                key(mode, weight, row0, begin + i, end, rows)
                    * k.get((from + token.get(row0)) * key + c)
                    * TornadoMath.exp(last - sums[i * MOST_KEYS + c]),
                key(mode, weight, row1, begin + i + 1, end, rows)
                    * k.get((from + token.get(row1)) * key + c)
                    * TornadoMath.exp(last - sums[(i + 1) * MOST_KEYS + c])));
      }

      // Scores of the second half's rows with the first half's, then the same within each half:
      // queries are moved to the boundary, keys too.
      int warp = item / 32;
      for (int half = HALF; half >= SUB; half = half / 2) {
        int factorInts = SUB * key;
        for (int n = item; n < factorInts; n += ITEMS) {
          int tile = n / Packed.LEFT;
          int within = n % Packed.LEFT;
          int r = tile / tiles * SUB + within / 8;
          int c = tile % tiles * SUB + within % 8 * 2;
          int boundary = r / half * 2 * half + half;
          int i = boundary + r % half;
          int row = TornadoMath.min(begin + i, end - 1);
          float factor = query(mode, weight, row, begin + i, end, key);
          int qi = (from + token.get(row)) * key + c;
          int si = i * MOST_KEYS + c;
          int bi = (boundary - 1) * MOST_KEYS + c;
          factors[n] =
              Packed.pair(
                  factor * q.get(qi) * TornadoMath.exp(sums[si] - sums[bi]),
                  factor * q.get(qi + 1) * TornadoMath.exp(sums[si + 1] - sums[bi + 1]));
        }
        for (int n = item; n < factorInts; n += ITEMS) {
          int tile = n / Packed.RIGHT;
          int within = n % Packed.RIGHT;
          int c = tile / 4 * SUB + within / 4;
          int r = tile % 4 * 8 + within % 4 * 2;
          int boundary = r / half * 2 * half + half;
          int j = boundary - half + r % half;
          int row0 = TornadoMath.min(begin + j, end - 1);
          int row1 = TornadoMath.min(begin + j + 1, end - 1);
          float edge = sums[(boundary - 1) * MOST_KEYS + c];
          factors[FACTOR + n] =
              Packed.pair(
                  key(mode, weight, row0, begin + j, end, rows)
                      * k.get((from + token.get(row0)) * key + c)
                      * TornadoMath.exp(edge - sums[j * MOST_KEYS + c]),
                  key(mode, weight, row1, begin + j + 1, end, rows)
                      * k.get((from + token.get(row1)) * key + c)
                      * TornadoMath.exp(edge - sums[(j + 1) * MOST_KEYS + c]));
        }
        context.localBarrier();
        int upper = half == HALF ? 0 : warp / 2;
        int lower = half == HALF ? 1 : warp / 2;
        float[] first = context.mmaFragment(0f);
        float[] second = context.mmaFragment(0f);
        for (int tile = 0; tile < tiles; tile++) {
          HalfFloat[] b =
              context.mmaLoadB(factors, SUB, (FACTOR + (tile * 4 + warp) * Packed.RIGHT) * BYTES);
          HalfFloat[] a0 =
              context.mmaLoadA(factors, SUB, (upper * tiles + tile) * Packed.LEFT * BYTES);
          HalfFloat[] a1 =
              context.mmaLoadA(factors, SUB, (lower * tiles + tile) * Packed.LEFT * BYTES);
          first = context.mmaBF16(a0, b, first, MMAShape.M16N8K16);
          second = context.mmaBF16(a1, b, second, MMAShape.M16N8K16);
        }
        int to = at * CHUNK * CHUNK;
        int row = half == HALF ? HALF : warp / 2 * HALF + SUB;
        int column = half == HALF ? warp * 8 : warp / 2 * HALF + warp % 2 * 8;
        context.mmaStore(first, scores, row, to + column, CHUNK);
        if (half == HALF) {
          context.mmaStore(second, scores, row + SUB, to + column, CHUNK);
        }
        context.localBarrier();
      }

      // Scores within 16 rows, pair by pair, from queries and keys of 32 rows.
      int pairs = key / 2;
      for (int base = 0; base < CHUNK; base += HALF) {
        for (int n = item; n < HALF * pairs; n += ITEMS) {
          int i = base + n / pairs;
          int c = n % pairs * 2;
          int row = TornadoMath.min(begin + i, end - 1);
          int qi = (from + token.get(row)) * key + c;
          float ofQuery = query(mode, weight, row, begin + i, end, key);
          float ofKey = key(mode, weight, row, begin + i, end, rows);
          factors[n] = Packed.pair(ofQuery * q.get(qi), ofQuery * q.get(qi + 1));
          factors[FACTOR + n] = Packed.pair(ofKey * k.get(qi), ofKey * k.get(qi + 1));
        }
        context.localBarrier();
        for (int n = item; n < 2 * PAIRS; n += ITEMS) {
          int block = n / PAIRS * SUB;
          int j = n % PAIRS;
          int i = 0;
          while (j > i) {
            j -= i + 1;
            i++;
          }
          i += block;
          j += block;
          float sum = 0f;
          // Each work-item begins elsewhere, so that those of a warp read from different banks.
          int p = item % 32 % pairs;
          for (int step = 0; step < pairs; step++) {
            int x = factors[i * pairs + p];
            int y = factors[FACTOR + j * pairs + p];
            int si = (base + i) * MOST_KEYS + 2 * p;
            int sj = (base + j) * MOST_KEYS + 2 * p;
            sum += Packed.first(x) * Packed.first(y) * TornadoMath.exp(sums[si] - sums[sj]);
            sum +=
                Packed.second(x) * Packed.second(y) * TornadoMath.exp(sums[si + 1] - sums[sj + 1]);
            p = p + 1 == pairs ? 0 : p + 1;
          }
          scores.set(at * CHUNK * CHUNK + (base + i) * CHUNK + base + j, sum);
        }
        context.localBarrier();
      }
    }
  }

  /** What a row's query is multiplied by: 0 beyond the chunk's end or if it is not read. */
  private static float query(
      IntArray mode, FloatArray weight, int row, int place, int end, int key) {
    int read = (mode.get(row) & Routing.READ) * (place < end ? 1 : 0);
    return read > 0 ? weight.get(row) / TornadoMath.sqrt(key) : 0f;
  }

  /** What a row's key is multiplied by: 0 beyond the chunk's end or if it is not written. */
  private static float key(
      IntArray mode, FloatArray weight, int row, int place, int end, int rows) {
    int written = (mode.get(row) & Routing.WRITTEN) * (place < end ? 1 : 0);
    return written > 0 ? weight.get(rows + row) : 0f;
  }
}
