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

  /** Rows of the smallest blocks of scores. */
  private static final int LEAST = 4;

  /** Pairs of rows i ≥ j of such a block, and of all blocks of half a chunk. */
  private static final int PAIRS_OF_BLOCK = LEAST * (LEAST + 1) / 2;

  private static final int PAIRS = HALF / LEAST * PAIRS_OF_BLOCK;

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
   * @param scores output [chunks, H, 64, 64]: K^(-1/2)·Σ_c q̂·k̂·decay between the rows i ≥ j, at
   *     {@link #scoreAt}
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
        for (int i = 0; i < CHUNK; i += 4) {
          int r0 = TornadoMath.min(begin + i, end - 1);
          int r1 = TornadoMath.min(begin + i + 1, end - 1);
          int r2 = TornadoMath.min(begin + i + 2, end - 1);
          int r3 = TornadoMath.min(begin + i + 3, end - 1);
          float g0 = g.get((from + token.get(r0)) * key + item);
          float g1 = g.get((from + token.get(r1)) * key + item);
          float g2 = g.get((from + token.get(r2)) * key + item);
          float g3 = g.get((from + token.get(r3)) * key + item);
          g0 = gate(mode, r0, begin + i, end, g0);
          g1 = gate(mode, r1, begin + i + 1, end, g1);
          g2 = gate(mode, r2, begin + i + 2, end, g2);
          g3 = gate(mode, r3, begin + i + 3, end, g3);
          int si = i * MOST_KEYS + item;
          sum += g0;
          sums[si] = sum;
          sum += g1;
          sums[si + MOST_KEYS] = sum;
          sum += g2;
          sums[si + 2 * MOST_KEYS] = sum;
          sum += g3;
          sums[si + 3 * MOST_KEYS] = sum;
        }
        decay.set(at * key + item, TornadoMath.exp(sum));
      }
      context.localBarrier();

      // From here on a work-item has two columns of queries, or of keys, four rows at a time.
      int c = item % 64 * 2;
      int ofKeys = item / 64;
      int ints = HALF * key;
      if (c < key) {
        if (ofKeys == 0) {
          for (int i = 0; i < CHUNK; i += 4) {
            int r0 = TornadoMath.min(begin + i, end - 1);
            int r1 = TornadoMath.min(begin + i + 1, end - 1);
            int r2 = TornadoMath.min(begin + i + 2, end - 1);
            int r3 = TornadoMath.min(begin + i + 3, end - 1);
            int t0 = (from + token.get(r0)) * key + c;
            int t1 = (from + token.get(r1)) * key + c;
            int t2 = (from + token.get(r2)) * key + c;
            int t3 = (from + token.get(r3)) * key + c;
            float x0 = q.get(t0);
            float y0 = q.get(t0 + 1);
            float x1 = q.get(t1);
            float y1 = q.get(t1 + 1);
            float x2 = q.get(t2);
            float y2 = q.get(t2 + 1);
            float x3 = q.get(t3);
            float y3 = q.get(t3 + 1);
            float f0 = query(mode, weight, r0, begin + i, end, key);
            float f1 = query(mode, weight, r1, begin + i + 1, end, key);
            float f2 = query(mode, weight, r2, begin + i + 2, end, key);
            float f3 = query(mode, weight, r3, begin + i + 3, end, key);
            int to =
                at * ints + (i / SUB * tiles + c / SUB) * Packed.LEFT + i % SUB * 8 + c % SUB / 2;
            int si = i * MOST_KEYS + c;
            queries.set(to, moved(f0 * x0, f0 * y0, sums[si], sums[si + 1]));
            si += MOST_KEYS;
            queries.set(to + 8, moved(f1 * x1, f1 * y1, sums[si], sums[si + 1]));
            si += MOST_KEYS;
            queries.set(to + 16, moved(f2 * x2, f2 * y2, sums[si], sums[si + 1]));
            si += MOST_KEYS;
            queries.set(to + 24, moved(f3 * x3, f3 * y3, sums[si], sums[si + 1]));
          }
        } else {
          float lastX = sums[(CHUNK - 1) * MOST_KEYS + c];
          float lastY = sums[(CHUNK - 1) * MOST_KEYS + c + 1];
          for (int i = 0; i < CHUNK; i += 4) {
            int r0 = TornadoMath.min(begin + i, end - 1);
            int r1 = TornadoMath.min(begin + i + 1, end - 1);
            int r2 = TornadoMath.min(begin + i + 2, end - 1);
            int r3 = TornadoMath.min(begin + i + 3, end - 1);
            int t0 = (from + token.get(r0)) * key + c;
            int t1 = (from + token.get(r1)) * key + c;
            int t2 = (from + token.get(r2)) * key + c;
            int t3 = (from + token.get(r3)) * key + c;
            float x0 = k.get(t0);
            float y0 = k.get(t0 + 1);
            float x1 = k.get(t1);
            float y1 = k.get(t1 + 1);
            float x2 = k.get(t2);
            float y2 = k.get(t2 + 1);
            float x3 = k.get(t3);
            float y3 = k.get(t3 + 1);
            float f0 = key(mode, weight, r0, begin + i, end, rows);
            float f1 = key(mode, weight, r1, begin + i + 1, end, rows);
            float f2 = key(mode, weight, r2, begin + i + 2, end, rows);
            float f3 = key(mode, weight, r3, begin + i + 3, end, rows);
            int to = at * ints + (c / SUB * 4 + i / SUB) * Packed.LEFT + c % SUB * 8 + i % SUB / 2;
            int s0 = i * MOST_KEYS + c;
            int s1 = s0 + MOST_KEYS;
            int s2 = s1 + MOST_KEYS;
            int s3 = s2 + MOST_KEYS;
            keys.set(to, moved(f0 * x0, f1 * x1, lastX - sums[s0], lastX - sums[s1]));
            keys.set(to + 1, moved(f2 * x2, f3 * x3, lastX - sums[s2], lastX - sums[s3]));
            keys.set(to + 8, moved(f0 * y0, f1 * y1, lastY - sums[s0 + 1], lastY - sums[s1 + 1]));
            keys.set(to + 9, moved(f2 * y2, f3 * y3, lastY - sums[s2 + 1], lastY - sums[s3 + 1]));
          }
        }
      }

      // Scores of the second half's rows with the first half's, then the same within each half, and
      // so on: queries and keys are moved to the boundary between the halves.
      int warp = item / 32;
      for (int half = HALF; half >= LEAST; half = half / 2) {
        if (c < key) {
          for (int r = 0; r < HALF; r += 4) {
            int boundary = r / half * 2 * half + half;
            int bi = (boundary - 1) * MOST_KEYS + c;
            float edgeX = sums[bi];
            float edgeY = sums[bi + 1];
            if (ofKeys == 0) {
              int i = boundary + r % half;
              int r0 = TornadoMath.min(begin + i, end - 1);
              int r1 = TornadoMath.min(begin + i + 1, end - 1);
              int r2 = TornadoMath.min(begin + i + 2, end - 1);
              int r3 = TornadoMath.min(begin + i + 3, end - 1);
              int t0 = (from + token.get(r0)) * key + c;
              int t1 = (from + token.get(r1)) * key + c;
              int t2 = (from + token.get(r2)) * key + c;
              int t3 = (from + token.get(r3)) * key + c;
              float x0 = q.get(t0);
              float y0 = q.get(t0 + 1);
              float x1 = q.get(t1);
              float y1 = q.get(t1 + 1);
              float x2 = q.get(t2);
              float y2 = q.get(t2 + 1);
              float x3 = q.get(t3);
              float y3 = q.get(t3 + 1);
              float f0 = query(mode, weight, r0, begin + i, end, key);
              float f1 = query(mode, weight, r1, begin + i + 1, end, key);
              float f2 = query(mode, weight, r2, begin + i + 2, end, key);
              float f3 = query(mode, weight, r3, begin + i + 3, end, key);
              int to = (r / SUB * tiles + c / SUB) * Packed.LEFT + r % SUB * 8 + c % SUB / 2;
              int si = i * MOST_KEYS + c;
              factors[to] = moved(f0 * x0, f0 * y0, sums[si] - edgeX, sums[si + 1] - edgeY);
              si += MOST_KEYS;
              factors[to + 8] = moved(f1 * x1, f1 * y1, sums[si] - edgeX, sums[si + 1] - edgeY);
              si += MOST_KEYS;
              factors[to + 16] = moved(f2 * x2, f2 * y2, sums[si] - edgeX, sums[si + 1] - edgeY);
              si += MOST_KEYS;
              factors[to + 24] = moved(f3 * x3, f3 * y3, sums[si] - edgeX, sums[si + 1] - edgeY);
            } else {
              int i = boundary - half + r % half;
              int r0 = TornadoMath.min(begin + i, end - 1);
              int r1 = TornadoMath.min(begin + i + 1, end - 1);
              int r2 = TornadoMath.min(begin + i + 2, end - 1);
              int r3 = TornadoMath.min(begin + i + 3, end - 1);
              int t0 = (from + token.get(r0)) * key + c;
              int t1 = (from + token.get(r1)) * key + c;
              int t2 = (from + token.get(r2)) * key + c;
              int t3 = (from + token.get(r3)) * key + c;
              float x0 = k.get(t0);
              float y0 = k.get(t0 + 1);
              float x1 = k.get(t1);
              float y1 = k.get(t1 + 1);
              float x2 = k.get(t2);
              float y2 = k.get(t2 + 1);
              float x3 = k.get(t3);
              float y3 = k.get(t3 + 1);
              float f0 = key(mode, weight, r0, begin + i, end, rows);
              float f1 = key(mode, weight, r1, begin + i + 1, end, rows);
              float f2 = key(mode, weight, r2, begin + i + 2, end, rows);
              float f3 = key(mode, weight, r3, begin + i + 3, end, rows);
              int to = FACTOR + (c / SUB * 4 + r / 8) * Packed.RIGHT + c % SUB * 4 + r % 8 / 2;
              int s0 = i * MOST_KEYS + c;
              int s1 = s0 + MOST_KEYS;
              int s2 = s1 + MOST_KEYS;
              int s3 = s2 + MOST_KEYS;
              factors[to] = moved(f0 * x0, f1 * x1, edgeX - sums[s0], edgeX - sums[s1]);
              factors[to + 1] = moved(f2 * x2, f3 * x3, edgeX - sums[s2], edgeX - sums[s3]);
              factors[to + 4] = moved(f0 * y0, f1 * y1, edgeY - sums[s0 + 1], edgeY - sums[s1 + 1]);
              factors[to + 5] = moved(f2 * y2, f3 * y3, edgeY - sums[s2 + 1], edgeY - sums[s3 + 1]);
            }
          }
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
        // Smaller blocks than a tile are kept above the diagonal, see scoreAt.
        int row = half == HALF ? HALF : warp / 2 * HALF + SUB;
        int column = half == HALF ? warp * 8 : warp / 2 * HALF + warp % 2 * 8;
        if (half < SUB) {
          row = half == 8 ? 0 : SUB;
          column = HALF + warp * 8;
        }
        int to = at * CHUNK * CHUNK + column;
        context.mmaStore(first, scores, row, to, CHUNK);
        if (half == HALF) {
          context.mmaStore(second, scores, row + SUB, to, CHUNK);
        }
        context.localBarrier();
      }

      // Scores within 4 rows, pair by pair, from queries and keys of 32 rows.
      int pairs = key / 2;
      for (int base = 0; base < CHUNK; base += HALF) {
        if (c < key) {
          for (int r = 0; r < HALF; r += 4) {
            int i = base + r;
            int to = ofKeys * FACTOR + r * pairs + c / 2;
            if (ofKeys == 0) {
              int r0 = TornadoMath.min(begin + i, end - 1);
              int r1 = TornadoMath.min(begin + i + 1, end - 1);
              int r2 = TornadoMath.min(begin + i + 2, end - 1);
              int r3 = TornadoMath.min(begin + i + 3, end - 1);
              int t0 = (from + token.get(r0)) * key + c;
              int t1 = (from + token.get(r1)) * key + c;
              int t2 = (from + token.get(r2)) * key + c;
              int t3 = (from + token.get(r3)) * key + c;
              float x0 = q.get(t0);
              float y0 = q.get(t0 + 1);
              float x1 = q.get(t1);
              float y1 = q.get(t1 + 1);
              float x2 = q.get(t2);
              float y2 = q.get(t2 + 1);
              float x3 = q.get(t3);
              float y3 = q.get(t3 + 1);
              float f0 = query(mode, weight, r0, begin + i, end, key);
              float f1 = query(mode, weight, r1, begin + i + 1, end, key);
              float f2 = query(mode, weight, r2, begin + i + 2, end, key);
              float f3 = query(mode, weight, r3, begin + i + 3, end, key);
              factors[to] = Packed.pair(f0 * x0, f0 * y0);
              factors[to + pairs] = Packed.pair(f1 * x1, f1 * y1);
              factors[to + 2 * pairs] = Packed.pair(f2 * x2, f2 * y2);
              factors[to + 3 * pairs] = Packed.pair(f3 * x3, f3 * y3);
            } else {
              int r0 = TornadoMath.min(begin + i, end - 1);
              int r1 = TornadoMath.min(begin + i + 1, end - 1);
              int r2 = TornadoMath.min(begin + i + 2, end - 1);
              int r3 = TornadoMath.min(begin + i + 3, end - 1);
              int t0 = (from + token.get(r0)) * key + c;
              int t1 = (from + token.get(r1)) * key + c;
              int t2 = (from + token.get(r2)) * key + c;
              int t3 = (from + token.get(r3)) * key + c;
              float x0 = k.get(t0);
              float y0 = k.get(t0 + 1);
              float x1 = k.get(t1);
              float y1 = k.get(t1 + 1);
              float x2 = k.get(t2);
              float y2 = k.get(t2 + 1);
              float x3 = k.get(t3);
              float y3 = k.get(t3 + 1);
              float f0 = key(mode, weight, r0, begin + i, end, rows);
              float f1 = key(mode, weight, r1, begin + i + 1, end, rows);
              float f2 = key(mode, weight, r2, begin + i + 2, end, rows);
              float f3 = key(mode, weight, r3, begin + i + 3, end, rows);
              factors[to] = Packed.pair(f0 * x0, f0 * y0);
              factors[to + pairs] = Packed.pair(f1 * x1, f1 * y1);
              factors[to + 2 * pairs] = Packed.pair(f2 * x2, f2 * y2);
              factors[to + 3 * pairs] = Packed.pair(f3 * x3, f3 * y3);
            }
          }
        }
        context.localBarrier();
        if (item < PAIRS) {
          int pair = item % PAIRS_OF_BLOCK;
          // Pairs (0,0), (1,0), (1,1), (2,0) … of rows i ≥ j.
          int i = pair < 1 ? 0 : pair < 3 ? 1 : pair < 6 ? 2 : 3;
          int j = pair - i * (i + 1) / 2;
          int block = item / PAIRS_OF_BLOCK * LEAST;
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

  private static int moved(float x, float y, float exponentX, float exponentY) {
    return Packed.pair(x * TornadoMath.exp(exponentX), y * TornadoMath.exp(exponentY));
  }

  /** A row's g: 0 beyond the chunk's end or if the row is not written. */
  private static float gate(IntArray mode, int row, int place, int end, float g) {
    int written = (mode.get(row) & Routing.WRITTEN) * (place < end ? 1 : 0);
    return written > 0 ? TornadoMath.max(g, LEAST_GATE) : 0f;
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
