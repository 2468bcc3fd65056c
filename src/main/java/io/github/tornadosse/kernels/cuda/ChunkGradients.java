package io.github.tornadosse.kernels.cuda;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gradients of queries, keys and gates of gated linear attention within chunks, products on tensor
 * cores; see docs/mathematics.md section 2.
 *
 * <p>A chunk is halved again and again, as in {@link ChunkOperands#prepare}: what the rows of a
 * second half read of those of its first half is one product for each half, of factors moved to the
 * boundary between them. Blocks of 4 rows are summed directly.
 */
public final class ChunkGradients {
  /** Work-items of a group of {@link #within}. */
  public static final int ITEMS = 128;

  /** Key columns of a group of {@link #within}. */
  public static final int COLUMNS = 64;

  /** Floats of scratch that a group of {@link #within} needs. */
  public static final int PARTS = 4 * ChunkOperands.CHUNK * COLUMNS;

  private static final int CHUNK = ChunkOperands.CHUNK;
  private static final int HALF = CHUNK / 2;
  private static final int SUB = 16;
  private static final int LEAST = 4;
  private static final int WARP = 32;
  private static final int BYTES = 4;

  /** Tiles of a right factor side by side. */
  private static final int TILES = COLUMNS / 8;

  /** Ints of a right factor of 32 rows. */
  private static final int FACTOR = HALF * COLUMNS / 2;

  /** Ints of a left factor of 32 × 32. */
  private static final int SQUARE = HALF * HALF / 2;

  private ChunkGradients() {}

  /**
   * dq̂, dk̂ and dg of every row, 0 where it is not read or not written. Any number of groups,
   * which take chunks, heads and 64 key columns in turns.
   *
   * <p>A gate stands between the rows before it and those from it on. With a the sums of q·dq and b
   * those of k·dk, without what a row reads of itself, dg of row m is what comes through the
   * states, plus Σ q·dq of what the chunk reads of the state, plus Σ_{j<m} (b_j − a_j). A pair of
   * rows before m is in b and in a and has to cancel, so both are summed from the same rounded
   * factors; what a row leaves to the state after the chunk is only added, from the chunk's start.
   *
   * @param context the work-item
   * @param table see {@code portable.GatedLinearAttention.chunkTable}
   * @param q [2, H, capacity, K]
   * @param k [2, H, capacity, K]
   * @param g [2, H, capacity, K]
   * @param place of {@link ChunkOperands#rowTable}
   * @param factor of {@link ChunkOperands#rowTable}
   * @param dScores of {@link StateGradients#through}
   * @param through of {@link StateGradients#through}
   * @param ofReads of {@link StateGradients#through}
   * @param ofWrites of {@link StateGradients#through}
   * @param parts [groups, {@link #PARTS}], overwritten
   * @param dRows output [3, H, R, K]
   * @param heads H
   * @param key K
   * @param capacity largest number of tokens
   * @param rows R
   * @param chunks largest number of chunks
   * @param room floats between the chunks of ofReads and ofWrites
   */
  public static void within(
      KernelContext context,
      IntArray table,
      FloatArray q,
      FloatArray k,
      FloatArray g,
      IntArray place,
      FloatArray factor,
      FloatArray dScores,
      FloatArray through,
      FloatArray ofReads,
      FloatArray ofWrites,
      FloatArray parts,
      FloatArray dRows,
      int heads,
      int key,
      int capacity,
      int rows,
      int chunks,
      int room) {
    int item = context.localIdx;
    float[] decays = context.allocateFloatLocalArray(CHUNK * COLUMNS);
    float[] reads = context.allocateFloatLocalArray(CHUNK * COLUMNS);
    float[] totals = context.allocateFloatLocalArray(COLUMNS);
    int[] factors = context.allocateIntLocalArray(2 * FACTOR);
    int[] squares = context.allocateIntLocalArray(2 * SQUARE);
    int blocks = (key + COLUMNS - 1) / COLUMNS;
    int all = chunks * CHUNK;
    int groups = context.globalGroupSizeX / ITEMS;
    int mine = context.groupIdx * PARTS;
    int warp = item / WARP;
    int two = item % WARP * 2;
    int c = item % COLUMNS;
    for (int unit = context.groupIdx; unit < chunks * heads * blocks; unit += groups) {
      int at = unit / blocks;
      int chunk = at / heads;
      int head = at % heads;
      int column = unit % blocks * COLUMNS;
      int kc = column + c;
      int begin = table.get(2 * chunk);
      int end = table.get(2 * chunk + 1);
      if (begin < end) {
        int from = (begin < capacity ? head : heads + head) * capacity;
        int line = chunk * CHUNK;
        context.localBarrier();
        if (kc < key) {
          int last = item / COLUMNS * HALF + HALF;
          for (int i = last - HALF; i < last; i += LEAST) {
            float g0 = g.get((from + place.get(line + i)) * key + kc);
            float g1 = g.get((from + place.get(line + i + 1)) * key + kc);
            float g2 = g.get((from + place.get(line + i + 2)) * key + kc);
            float g3 = g.get((from + place.get(line + i + 3)) * key + kc);
            int of = 2 * all + line + i;
            float d0 = TornadoMath.exp(g0 * factor.get(of));
            float d1 = TornadoMath.exp(g1 * factor.get(of + 1));
            float d2 = TornadoMath.exp(g2 * factor.get(of + 2));
            float d3 = TornadoMath.exp(g3 * factor.get(of + 3));
            decays[i * COLUMNS + c] = d0;
            decays[(i + 1) * COLUMNS + c] = d1;
            decays[(i + 2) * COLUMNS + c] = d2;
            decays[(i + 3) * COLUMNS + c] = d3;
          }
        }
        context.localBarrier();

        int level = mine;
        for (int half = HALF; half >= LEAST; half = half / 2) {
          // A warp has the queries, one the keys, and two the gradients of the scores.
          if (warp == 0) {
            if (column + two < key) {
              for (int block = 0; block < HALF; block += half) {
                float px = 1f;
                float py = 1f;
                for (int r = block; r < block + half; r += LEAST) {
                  int i = block + half + r;
                  int t0 = (from + place.get(line + i)) * key + column + two;
                  int t1 = (from + place.get(line + i + 1)) * key + column + two;
                  int t2 = (from + place.get(line + i + 2)) * key + column + two;
                  int t3 = (from + place.get(line + i + 3)) * key + column + two;
                  float x0 = q.get(t0);
                  float y0 = q.get(t0 + 1);
                  float x1 = q.get(t1);
                  float y1 = q.get(t1 + 1);
                  float x2 = q.get(t2);
                  float y2 = q.get(t2 + 1);
                  float x3 = q.get(t3);
                  float y3 = q.get(t3 + 1);
                  float f0 = factor.get(line + i);
                  float f1 = factor.get(line + i + 1);
                  float f2 = factor.get(line + i + 2);
                  float f3 = factor.get(line + i + 3);
                  int into = (r / SUB * TILES + two / 8) * Packed.RIGHT + r % SUB * 4 + two % 8 / 2;
                  int di = i * COLUMNS + two;
                  px *= decays[di];
                  py *= decays[di + 1];
                  int w0 = Packed.pair(f0 * x0 * px, f0 * y0 * py);
                  px *= decays[di + COLUMNS];
                  py *= decays[di + COLUMNS + 1];
                  int w1 = Packed.pair(f1 * x1 * px, f1 * y1 * py);
                  px *= decays[di + 2 * COLUMNS];
                  py *= decays[di + 2 * COLUMNS + 1];
                  int w2 = Packed.pair(f2 * x2 * px, f2 * y2 * py);
                  px *= decays[di + 3 * COLUMNS];
                  py *= decays[di + 3 * COLUMNS + 1];
                  int w3 = Packed.pair(f3 * x3 * px, f3 * y3 * py);
                  factors[into] = w0;
                  factors[into + 4] = w1;
                  factors[into + 8] = w2;
                  factors[into + 12] = w3;
                }
              }
            }
          }
          if (warp == 1) {
            if (column + two < key) {
              for (int block = 0; block < HALF; block += half) {
                float px = 1f;
                float py = 1f;
                for (int r = block + half - LEAST; r >= block; r -= LEAST) {
                  int i = block + r;
                  int t0 = (from + place.get(line + i)) * key + column + two;
                  int t1 = (from + place.get(line + i + 1)) * key + column + two;
                  int t2 = (from + place.get(line + i + 2)) * key + column + two;
                  int t3 = (from + place.get(line + i + 3)) * key + column + two;
                  float x0 = k.get(t0);
                  float y0 = k.get(t0 + 1);
                  float x1 = k.get(t1);
                  float y1 = k.get(t1 + 1);
                  float x2 = k.get(t2);
                  float y2 = k.get(t2 + 1);
                  float x3 = k.get(t3);
                  float y3 = k.get(t3 + 1);
                  float f0 = factor.get(all + line + i);
                  float f1 = factor.get(all + line + i + 1);
                  float f2 = factor.get(all + line + i + 2);
                  float f3 = factor.get(all + line + i + 3);
                  int into =
                      FACTOR
                          + (r / SUB * TILES + two / 8) * Packed.RIGHT
                          + r % SUB * 4
                          + two % 8 / 2;
                  int di = i * COLUMNS + two;
                  int w3 = Packed.pair(f3 * x3 * px, f3 * y3 * py);
                  px *= decays[di + 3 * COLUMNS];
                  py *= decays[di + 3 * COLUMNS + 1];
                  int w2 = Packed.pair(f2 * x2 * px, f2 * y2 * py);
                  px *= decays[di + 2 * COLUMNS];
                  py *= decays[di + 2 * COLUMNS + 1];
                  int w1 = Packed.pair(f1 * x1 * px, f1 * y1 * py);
                  px *= decays[di + COLUMNS];
                  py *= decays[di + COLUMNS + 1];
                  int w0 = Packed.pair(f0 * x0 * px, f0 * y0 * py);
                  px *= decays[di];
                  py *= decays[di + 1];
                  factors[into] = w0;
                  factors[into + 4] = w1;
                  factors[into + 8] = w2;
                  factors[into + 12] = w3;
                }
              }
            }
          }
          if (warp >= 2) {
            int u = item - 2 * WARP;
            int rp = u / SUB * 2;
            int s = u % SUB * 2;
            int j = s / half * half * 2 + s % half;
            int i0 = rp / half * half * 2 + half + rp % half;
            int in0 = rp / half == s / half ? 1 : 0;
            int i1 = (rp + 8) / half * half * 2 + half + (rp + 8) % half;
            int in1 = (rp + 8) / half == s / half ? 1 : 0;
            int i2 = (rp + 16) / half * half * 2 + half + (rp + 16) % half;
            int in2 = (rp + 16) / half == s / half ? 1 : 0;
            int i3 = (rp + 24) / half * half * 2 + half + (rp + 24) % half;
            int in3 = (rp + 24) / half == s / half ? 1 : 0;
            int m0 = (at * CHUNK + i0) * CHUNK + j;
            int m1 = (at * CHUNK + i1) * CHUNK + j;
            int m2 = (at * CHUNK + i2) * CHUNK + j;
            int m3 = (at * CHUNK + i3) * CHUNK + j;
            float a0 = dScores.get(m0);
            float b0 = dScores.get(m0 + 1);
            float c0 = dScores.get(m0 + CHUNK);
            float d0 = dScores.get(m0 + CHUNK + 1);
            float a1 = dScores.get(m1);
            float b1 = dScores.get(m1 + 1);
            float c1 = dScores.get(m1 + CHUNK);
            float d1 = dScores.get(m1 + CHUNK + 1);
            float a2 = dScores.get(m2);
            float b2 = dScores.get(m2 + 1);
            float c2 = dScores.get(m2 + CHUNK);
            float d2 = dScores.get(m2 + CHUNK + 1);
            float a3 = dScores.get(m3);
            float b3 = dScores.get(m3 + 1);
            float c3 = dScores.get(m3 + CHUNK);
            float d3 = dScores.get(m3 + CHUNK + 1);
            int l0 = (rp / SUB * 2 + s / SUB) * Packed.LEFT + rp % SUB * 8 + s % SUB / 2;
            int r0 = SQUARE + (s / SUB * 2 + rp / SUB) * Packed.LEFT + s % SUB * 8 + rp % SUB / 2;
            squares[l0] = in0 * Packed.pair(a0, b0);
            squares[l0 + 8] = in0 * Packed.pair(c0, d0);
            squares[r0] = in0 * Packed.pair(a0, c0);
            squares[r0 + 8] = in0 * Packed.pair(b0, d0);
            int l1 =
                ((rp + 8) / SUB * 2 + s / SUB) * Packed.LEFT + (rp + 8) % SUB * 8 + s % SUB / 2;
            int r1 =
                SQUARE
                    + (s / SUB * 2 + (rp + 8) / SUB) * Packed.LEFT
                    + s % SUB * 8
                    + (rp + 8) % SUB / 2;
            squares[l1] = in1 * Packed.pair(a1, b1);
            squares[l1 + 8] = in1 * Packed.pair(c1, d1);
            squares[r1] = in1 * Packed.pair(a1, c1);
            squares[r1 + 8] = in1 * Packed.pair(b1, d1);
            int l2 =
                ((rp + 16) / SUB * 2 + s / SUB) * Packed.LEFT + (rp + 16) % SUB * 8 + s % SUB / 2;
            int r2 =
                SQUARE
                    + (s / SUB * 2 + (rp + 16) / SUB) * Packed.LEFT
                    + s % SUB * 8
                    + (rp + 16) % SUB / 2;
            squares[l2] = in2 * Packed.pair(a2, b2);
            squares[l2 + 8] = in2 * Packed.pair(c2, d2);
            squares[r2] = in2 * Packed.pair(a2, c2);
            squares[r2 + 8] = in2 * Packed.pair(b2, d2);
            int l3 =
                ((rp + 24) / SUB * 2 + s / SUB) * Packed.LEFT + (rp + 24) % SUB * 8 + s % SUB / 2;
            int r3 =
                SQUARE
                    + (s / SUB * 2 + (rp + 24) / SUB) * Packed.LEFT
                    + s % SUB * 8
                    + (rp + 24) % SUB / 2;
            squares[l3] = in3 * Packed.pair(a3, b3);
            squares[l3 + 8] = in3 * Packed.pair(c3, d3);
            squares[r3] = in3 * Packed.pair(a3, c3);
            squares[r3 + 8] = in3 * Packed.pair(b3, d3);
          }
          context.localBarrier();
          int ofKeys = warp / 2;
          int x = warp % 2 * 4;
          int a = ofKeys * SQUARE * BYTES;
          int b = ((1 - ofKeys) * FACTOR + x * Packed.RIGHT) * BYTES;
          HalfFloat[] a00 = context.mmaLoadA(squares, SUB, a);
          HalfFloat[] a01 = context.mmaLoadA(squares, SUB, a + Packed.LEFT * BYTES);
          HalfFloat[] a10 = context.mmaLoadA(squares, SUB, a + 2 * Packed.LEFT * BYTES);
          HalfFloat[] a11 = context.mmaLoadA(squares, SUB, a + 3 * Packed.LEFT * BYTES);
          int to0 = level + ofKeys * HALF * COLUMNS + x * 8;
          for (int tile = 0; tile < 4; tile++) {
            int bi = b + tile * Packed.RIGHT * BYTES;
            HalfFloat[] b0 = context.mmaLoadB(factors, SUB, bi);
            HalfFloat[] b1 = context.mmaLoadB(factors, SUB, bi + TILES * Packed.RIGHT * BYTES);
            float[] upper = context.mmaFragment(0f);
            float[] lower = context.mmaFragment(0f);
            upper = context.mmaBF16(a00, b0, upper, MMAShape.M16N8K16);
            upper = context.mmaBF16(a01, b1, upper, MMAShape.M16N8K16);
            lower = context.mmaBF16(a10, b0, lower, MMAShape.M16N8K16);
            lower = context.mmaBF16(a11, b1, lower, MMAShape.M16N8K16);
            context.mmaStore(upper, parts, 0, to0 + tile * 8, COLUMNS);
            context.mmaStore(lower, parts, SUB, to0 + tile * 8, COLUMNS);
          }
          level += CHUNK * COLUMNS;
          context.localBarrier();
        }
        context.globalBarrier();

        int count = end - begin;
        int part = heads * rows * key;
        int to = (head * rows + begin) * key + kc;
        if (kc < key) {
          float p = 1f;
          float pa = 1f;
          float pb = 1f;
          float pc = 1f;
          float pd = 1f;
          float total = 0f;
          if (item < COLUMNS) {
            for (int i = 0; i < CHUNK; i += LEAST) {
              int t0 = (from + place.get(line + i + 0)) * key + kc;
              int t1 = (from + place.get(line + i + 1)) * key + kc;
              int t2 = (from + place.get(line + i + 2)) * key + kc;
              int t3 = (from + place.get(line + i + 3)) * key + kc;
              float q0 = factor.get(line + i + 0) * q.get(t0);
              float q1 = factor.get(line + i + 1) * q.get(t1);
              float q2 = factor.get(line + i + 2) * q.get(t2);
              float q3 = factor.get(line + i + 3) * q.get(t3);
              float k0 = factor.get(all + line + i + 0) * k.get(t0);
              float k1 = factor.get(all + line + i + 1) * k.get(t1);
              float k2 = factor.get(all + line + i + 2) * k.get(t2);
              float k3 = factor.get(all + line + i + 3) * k.get(t3);
              int si = at * room + i * key + kc;
              float s0 = ofReads.get(si);
              float s1 = ofReads.get(si + key);
              float s2 = ofReads.get(si + 2 * key);
              float s3 = ofReads.get(si + 3 * key);
              float a0 = 0f;
              float a1 = 0f;
              float a2 = 0f;
              float a3 = 0f;
              if (i / 32 % 2 == 1) {
                int pi = mine + (i / 64 * 32 + i % 64 - 32) * COLUMNS + c;
                a0 = parts.get(pi);
                a1 = parts.get(pi + COLUMNS);
                a2 = parts.get(pi + 2 * COLUMNS);
                a3 = parts.get(pi + 3 * COLUMNS);
              }
              float b0 = 0f;
              float b1 = 0f;
              float b2 = 0f;
              float b3 = 0f;
              if (i / 16 % 2 == 1) {
                int pi = mine + 4096 + (i / 32 * 16 + i % 32 - 16) * COLUMNS + c;
                b0 = parts.get(pi);
                b1 = parts.get(pi + COLUMNS);
                b2 = parts.get(pi + 2 * COLUMNS);
                b3 = parts.get(pi + 3 * COLUMNS);
              }
              float c0 = 0f;
              float c1 = 0f;
              float c2 = 0f;
              float c3 = 0f;
              if (i / 8 % 2 == 1) {
                int pi = mine + 8192 + (i / 16 * 8 + i % 16 - 8) * COLUMNS + c;
                c0 = parts.get(pi);
                c1 = parts.get(pi + COLUMNS);
                c2 = parts.get(pi + 2 * COLUMNS);
                c3 = parts.get(pi + 3 * COLUMNS);
              }
              float d0 = 0f;
              float d1 = 0f;
              float d2 = 0f;
              float d3 = 0f;
              if (i / 4 % 2 == 1) {
                int pi = mine + 12288 + (i / 8 * 4 + i % 8 - 4) * COLUMNS + c;
                d0 = parts.get(pi);
                d1 = parts.get(pi + COLUMNS);
                d2 = parts.get(pi + 2 * COLUMNS);
                d3 = parts.get(pi + 3 * COLUMNS);
              }
              int gi = (at * CHUNK + i) * CHUNK + i;
              float g00 = dScores.get(gi);
              float g10 = dScores.get(gi + 64);
              float g11 = dScores.get(gi + 65);
              float g20 = dScores.get(gi + 128);
              float g21 = dScores.get(gi + 129);
              float g22 = dScores.get(gi + 130);
              float g30 = dScores.get(gi + 192);
              float g31 = dScores.get(gi + 193);
              float g32 = dScores.get(gi + 194);
              float g33 = dScores.get(gi + 195);
              float e0 = decays[i * COLUMNS + c];
              float e1 = decays[(i + 1) * COLUMNS + c];
              float e2 = decays[(i + 2) * COLUMNS + c];
              float e3 = decays[(i + 3) * COLUMNS + c];
              float h10 = g10 * e1;
              float h21 = g21 * e2;
              float h32 = g32 * e3;
              float h20 = g20 * e1 * e2;
              float h31 = g31 * e2 * e3;
              float h30 = g30 * e1 * e2 * e3;
              pa = i % 32 == 0 ? 1f : pa;
              pb = i % 16 == 0 ? 1f : pb;
              pc = i % 8 == 0 ? 1f : pc;
              pd = 1f;
              p *= e0;
              pa *= e0;
              pb *= e0;
              pc *= e0;
              pd *= e0;
              float x0 = p * s0;
              total += q0 * x0;
              float y0 = x0 + g00 * k0;
              float z0 = q0 * x0;
              y0 += pa * a0;
              z0 += Packed.rounded(q0 * pa) * a0;
              y0 += pb * b0;
              z0 += Packed.rounded(q0 * pb) * b0;
              y0 += pc * c0;
              z0 += Packed.rounded(q0 * pc) * c0;
              y0 += pd * d0;
              z0 += Packed.rounded(q0 * pd) * d0;
              p *= e1;
              pa *= e1;
              pb *= e1;
              pc *= e1;
              pd *= e1;
              float x1 = p * s1;
              total += q1 * x1;
              float w1 = h10 * k0;
              float y1 = x1 + w1 + g11 * k1;
              float z1 = q1 * (x1 + w1);
              y1 += pa * a1;
              z1 += Packed.rounded(q1 * pa) * a1;
              y1 += pb * b1;
              z1 += Packed.rounded(q1 * pb) * b1;
              y1 += pc * c1;
              z1 += Packed.rounded(q1 * pc) * c1;
              y1 += pd * d1;
              z1 += Packed.rounded(q1 * pd) * d1;
              p *= e2;
              pa *= e2;
              pb *= e2;
              pc *= e2;
              pd *= e2;
              float x2 = p * s2;
              total += q2 * x2;
              float w2 = h20 * k0 + h21 * k1;
              float y2 = x2 + w2 + g22 * k2;
              float z2 = q2 * (x2 + w2);
              y2 += pa * a2;
              z2 += Packed.rounded(q2 * pa) * a2;
              y2 += pb * b2;
              z2 += Packed.rounded(q2 * pb) * b2;
              y2 += pc * c2;
              z2 += Packed.rounded(q2 * pc) * c2;
              y2 += pd * d2;
              z2 += Packed.rounded(q2 * pd) * d2;
              p *= e3;
              pa *= e3;
              pb *= e3;
              pc *= e3;
              pd *= e3;
              float x3 = p * s3;
              total += q3 * x3;
              float w3 = h30 * k0 + h31 * k1 + h32 * k2;
              float y3 = x3 + w3 + g33 * k3;
              float z3 = q3 * (x3 + w3);
              y3 += pa * a3;
              z3 += Packed.rounded(q3 * pa) * a3;
              y3 += pb * b3;
              z3 += Packed.rounded(q3 * pb) * b3;
              y3 += pc * c3;
              z3 += Packed.rounded(q3 * pc) * c3;
              y3 += pd * d3;
              z3 += Packed.rounded(q3 * pd) * d3;
              reads[i * COLUMNS + c] = z0;
              reads[(i + 1) * COLUMNS + c] = z1;
              reads[(i + 2) * COLUMNS + c] = z2;
              reads[(i + 3) * COLUMNS + c] = z3;
              if (i < count) {
                dRows.set(to + i * key, factor.get(3 * all + line + i) * y0);
              }
              if (i + 1 < count) {
                dRows.set(to + (i + 1) * key, factor.get(3 * all + line + i + 1) * y1);
              }
              if (i + 2 < count) {
                dRows.set(to + (i + 2) * key, factor.get(3 * all + line + i + 2) * y2);
              }
              if (i + 3 < count) {
                dRows.set(to + (i + 3) * key, factor.get(3 * all + line + i + 3) * y3);
              }
            }
            totals[c] = total;
          } else {
            for (int i = CHUNK - LEAST; i >= 0; i -= LEAST) {
              int t0 = (from + place.get(line + i + 0)) * key + kc;
              int t1 = (from + place.get(line + i + 1)) * key + kc;
              int t2 = (from + place.get(line + i + 2)) * key + kc;
              int t3 = (from + place.get(line + i + 3)) * key + kc;
              float q0 = factor.get(line + i + 0) * q.get(t0);
              float q1 = factor.get(line + i + 1) * q.get(t1);
              float q2 = factor.get(line + i + 2) * q.get(t2);
              float q3 = factor.get(line + i + 3) * q.get(t3);
              float k0 = factor.get(all + line + i + 0) * k.get(t0);
              float k1 = factor.get(all + line + i + 1) * k.get(t1);
              float k2 = factor.get(all + line + i + 2) * k.get(t2);
              float k3 = factor.get(all + line + i + 3) * k.get(t3);
              int si = at * room + i * key + kc;
              float s0 = ofWrites.get(si);
              float s1 = ofWrites.get(si + key);
              float s2 = ofWrites.get(si + 2 * key);
              float s3 = ofWrites.get(si + 3 * key);
              float a0 = 0f;
              float a1 = 0f;
              float a2 = 0f;
              float a3 = 0f;
              if (i / 32 % 2 == 0) {
                int pi = mine + 2048 + (i / 64 * 32 + i % 64) * COLUMNS + c;
                a0 = parts.get(pi);
                a1 = parts.get(pi + COLUMNS);
                a2 = parts.get(pi + 2 * COLUMNS);
                a3 = parts.get(pi + 3 * COLUMNS);
              }
              float b0 = 0f;
              float b1 = 0f;
              float b2 = 0f;
              float b3 = 0f;
              if (i / 16 % 2 == 0) {
                int pi = mine + 6144 + (i / 32 * 16 + i % 32) * COLUMNS + c;
                b0 = parts.get(pi);
                b1 = parts.get(pi + COLUMNS);
                b2 = parts.get(pi + 2 * COLUMNS);
                b3 = parts.get(pi + 3 * COLUMNS);
              }
              float c0 = 0f;
              float c1 = 0f;
              float c2 = 0f;
              float c3 = 0f;
              if (i / 8 % 2 == 0) {
                int pi = mine + 10240 + (i / 16 * 8 + i % 16) * COLUMNS + c;
                c0 = parts.get(pi);
                c1 = parts.get(pi + COLUMNS);
                c2 = parts.get(pi + 2 * COLUMNS);
                c3 = parts.get(pi + 3 * COLUMNS);
              }
              float d0 = 0f;
              float d1 = 0f;
              float d2 = 0f;
              float d3 = 0f;
              if (i / 4 % 2 == 0) {
                int pi = mine + 14336 + (i / 8 * 4 + i % 8) * COLUMNS + c;
                d0 = parts.get(pi);
                d1 = parts.get(pi + COLUMNS);
                d2 = parts.get(pi + 2 * COLUMNS);
                d3 = parts.get(pi + 3 * COLUMNS);
              }
              int gi = (at * CHUNK + i) * CHUNK + i;
              float g00 = dScores.get(gi);
              float g10 = dScores.get(gi + 64);
              float g11 = dScores.get(gi + 65);
              float g20 = dScores.get(gi + 128);
              float g21 = dScores.get(gi + 129);
              float g22 = dScores.get(gi + 130);
              float g30 = dScores.get(gi + 192);
              float g31 = dScores.get(gi + 193);
              float g32 = dScores.get(gi + 194);
              float g33 = dScores.get(gi + 195);
              float e0 = decays[i * COLUMNS + c];
              float e1 = decays[(i + 1) * COLUMNS + c];
              float e2 = decays[(i + 2) * COLUMNS + c];
              float e3 = decays[(i + 3) * COLUMNS + c];
              float h10 = g10 * e1;
              float h21 = g21 * e2;
              float h32 = g32 * e3;
              float h20 = g20 * e1 * e2;
              float h31 = g31 * e2 * e3;
              float h30 = g30 * e1 * e2 * e3;
              pa = (i + LEAST) % 32 == 0 ? 1f : pa;
              pb = (i + LEAST) % 16 == 0 ? 1f : pb;
              pc = (i + LEAST) % 8 == 0 ? 1f : pc;
              pd = 1f;
              float x3 = p * s3;
              float y3 = x3 + g33 * q3;
              float z3 = k3 * x3;
              y3 += pa * a3;
              z3 += Packed.rounded(k3 * pa) * a3;
              y3 += pb * b3;
              z3 += Packed.rounded(k3 * pb) * b3;
              y3 += pc * c3;
              z3 += Packed.rounded(k3 * pc) * c3;
              y3 += pd * d3;
              z3 += Packed.rounded(k3 * pd) * d3;
              p *= e3;
              pa *= e3;
              pb *= e3;
              pc *= e3;
              pd *= e3;
              float x2 = p * s2;
              float w2 = h32 * q3;
              float y2 = x2 + w2 + g22 * q2;
              float z2 = k2 * (x2 + w2);
              y2 += pa * a2;
              z2 += Packed.rounded(k2 * pa) * a2;
              y2 += pb * b2;
              z2 += Packed.rounded(k2 * pb) * b2;
              y2 += pc * c2;
              z2 += Packed.rounded(k2 * pc) * c2;
              y2 += pd * d2;
              z2 += Packed.rounded(k2 * pd) * d2;
              p *= e2;
              pa *= e2;
              pb *= e2;
              pc *= e2;
              pd *= e2;
              float x1 = p * s1;
              float w1 = h21 * q2 + h31 * q3;
              float y1 = x1 + w1 + g11 * q1;
              float z1 = k1 * (x1 + w1);
              y1 += pa * a1;
              z1 += Packed.rounded(k1 * pa) * a1;
              y1 += pb * b1;
              z1 += Packed.rounded(k1 * pb) * b1;
              y1 += pc * c1;
              z1 += Packed.rounded(k1 * pc) * c1;
              y1 += pd * d1;
              z1 += Packed.rounded(k1 * pd) * d1;
              p *= e1;
              pa *= e1;
              pb *= e1;
              pc *= e1;
              pd *= e1;
              float x0 = p * s0;
              float w0 = h10 * q1 + h20 * q2 + h30 * q3;
              float y0 = x0 + w0 + g00 * q0;
              float z0 = k0 * (x0 + w0);
              y0 += pa * a0;
              z0 += Packed.rounded(k0 * pa) * a0;
              y0 += pb * b0;
              z0 += Packed.rounded(k0 * pb) * b0;
              y0 += pc * c0;
              z0 += Packed.rounded(k0 * pc) * c0;
              y0 += pd * d0;
              z0 += Packed.rounded(k0 * pd) * d0;
              p *= e0;
              pa *= e0;
              pb *= e0;
              pc *= e0;
              pd *= e0;
              if (i < count) {
                dRows.set(part + to + i * key, factor.get(2 * all + line + i) * y0);
                dRows.set(2 * part + to + i * key, z0);
              }
              if (i + 1 < count) {
                dRows.set(part + to + (i + 1) * key, factor.get(2 * all + line + i + 1) * y1);
                dRows.set(2 * part + to + (i + 1) * key, z1);
              }
              if (i + 2 < count) {
                dRows.set(part + to + (i + 2) * key, factor.get(2 * all + line + i + 2) * y2);
                dRows.set(2 * part + to + (i + 2) * key, z2);
              }
              if (i + 3 < count) {
                dRows.set(part + to + (i + 3) * key, factor.get(2 * all + line + i + 3) * y3);
                dRows.set(2 * part + to + (i + 3) * key, z3);
              }
            }
          }
        }
        context.localBarrier();
        if (item >= COLUMNS) {
          if (kc < key) {
            float sum = through.get(at * key + kc) + totals[c];
            int di = 2 * part + to;
            for (int i = 0; i < count; i += LEAST) {
              int i1 = TornadoMath.min(i + 1, count - 1);
              int i2 = TornadoMath.min(i + 2, count - 1);
              int i3 = TornadoMath.min(i + 3, count - 1);
              float b0 = dRows.get(di + i * key) - reads[i * COLUMNS + c];
              float b1 = dRows.get(di + i1 * key) - reads[i1 * COLUMNS + c];
              float b2 = dRows.get(di + i2 * key) - reads[i2 * COLUMNS + c];
              float b3 = dRows.get(di + i3 * key) - reads[i3 * COLUMNS + c];
              dRows.set(di + i * key, factor.get(2 * all + line + i) * sum);
              sum += b0;
              if (i + 1 < count) {
                dRows.set(di + i1 * key, factor.get(2 * all + line + i1) * sum);
              }
              sum += b1;
              if (i + 2 < count) {
                dRows.set(di + i2 * key, factor.get(2 * all + line + i2) * sum);
              }
              sum += b2;
              if (i + 3 < count) {
                dRows.set(di + i3 * key, factor.get(2 * all + line + i3) * sum);
              }
              sum += b3;
            }
          }
        }
      }
    }
  }
}
