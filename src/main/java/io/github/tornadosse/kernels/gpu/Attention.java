package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Causal softmax attention, forward, see docs/mathematics.md section 5: a group takes 64 tokens of
 * a head over blocks of 64 keys and carries the softmax along: each token's largest logit so far,
 * the sum of exponentials relative to it, and 64 columns of the output before its division by that
 * sum.
 */
public final class Attention {
  /** Work-items of a group. */
  public static final int ITEMS = Tiles.ITEMS;

  /** Tokens of a group. */
  public static final int ROWS = 64;

  /** What stands for a logit that a token does not see; all others are above half of it. */
  static final float UNSEEN = -3e38f;

  /** Where keys stand behind queries. */
  private static final int KEYS = 64 * 33;

  private Attention() {}

  /** The last sequence that begins at token t or before: the one that t is in. */
  static int sequenceOf(IntArray cu, int sequences, int t) {
    int low = 0;
    int high = sequences;
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (cu.get(middle) <= t) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /**
   * Attention within packed sequences. Groups: one a 64 tokens, head and 64 columns, columns
   * innermost.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param q [H, capacity, dim]
   * @param qAt base of q
   * @param k [HK, capacity, dim]
   * @param kAt base of k
   * @param v [HK, capacity, dim]
   * @param vAt base of v
   * @param cu [S + 1]
   * @param out output [L, H·dim]
   * @param outAt base of out
   * @param lse output [H, capacity]
   * @param lseAt base of lse
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head
   * @param window tokens that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   */
  public static void forward(
      KernelContext context,
      IntArray control,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray cu,
      FloatArray out,
      int outAt,
      FloatArray lse,
      int lseAt,
      int heads,
      int keyHeads,
      int dim,
      int window,
      int capacity) {
    int item = context.localIdx;
    int columnTiles = (dim + 63) / 64;
    int firstColumn = context.groupIdx % columnTiles * 64;
    int h = context.groupIdx / columnTiles % heads;
    int begin = context.groupIdx / columnTiles / heads * ROWS;
    int end = TornadoMath.min(begin + ROWS, control.get(Control.TOKENS));
    // Queries and keys [row, 32 channels], then logits [row, key].
    float[] work = context.allocateFloatLocalArray(2 * KEYS);
    float[] values = context.allocateFloatLocalArray(32 * 64); // [key, column]
    float[] most = context.allocateFloatLocalArray(ITEMS);
    float[] sums = context.allocateFloatLocalArray(ITEMS);
    float[] largest = context.allocateFloatLocalArray(64);
    float[] total = context.allocateFloatLocalArray(64);
    float[] before = context.allocateFloatLocalArray(64);
    int[] seen = context.allocateIntLocalArray(64); // first key that a token sees
    if (begin < end) {
      if (item < 64) {
        int t = TornadoMath.min(begin + item, end - 1);
        int start = cu.get(sequenceOf(cu, control.get(Control.SEQUENCES), t));
        seen[item] = window > 0 ? TornadoMath.max(start, t - window + 1) : start;
        largest[item] = -1e38f;
        total[item] = 0f;
      }
      context.localBarrier();
      int tx = item % 16;
      int ty = item / 16;
      int row = item % 64;
      int half = item / 64;
      int queries = control.get(qAt) + (h * capacity + begin) * dim;
      int head = h / (heads / keyHeads) * capacity;
      int keys = control.get(kAt) + head * dim;
      int from = control.get(vAt) + head * dim;
      float scale = 1f / TornadoMath.sqrt(dim);
      float o00 = 0f;
      float o01 = 0f;
      float o02 = 0f;
      float o03 = 0f;
      float o10 = 0f;
      float o11 = 0f;
      float o12 = 0f;
      float o13 = 0f;
      float o20 = 0f;
      float o21 = 0f;
      float o22 = 0f;
      float o23 = 0f;
      float o30 = 0f;
      float o31 = 0f;
      float o32 = 0f;
      float o33 = 0f;
      float o40 = 0f;
      float o41 = 0f;
      float o42 = 0f;
      float o43 = 0f;
      float o50 = 0f;
      float o51 = 0f;
      float o52 = 0f;
      float o53 = 0f;
      float o60 = 0f;
      float o61 = 0f;
      float o62 = 0f;
      float o63 = 0f;
      float o70 = 0f;
      float o71 = 0f;
      float o72 = 0f;
      float o73 = 0f;
      for (int block = seen[0]; block < end; block += 64) {
        float s00 = 0f;
        float s01 = 0f;
        float s02 = 0f;
        float s03 = 0f;
        float s10 = 0f;
        float s11 = 0f;
        float s12 = 0f;
        float s13 = 0f;
        float s20 = 0f;
        float s21 = 0f;
        float s22 = 0f;
        float s23 = 0f;
        float s30 = 0f;
        float s31 = 0f;
        float s32 = 0f;
        float s33 = 0f;
        float s40 = 0f;
        float s41 = 0f;
        float s42 = 0f;
        float s43 = 0f;
        float s50 = 0f;
        float s51 = 0f;
        float s52 = 0f;
        float s53 = 0f;
        float s60 = 0f;
        float s61 = 0f;
        float s62 = 0f;
        float s63 = 0f;
        float s70 = 0f;
        float s71 = 0f;
        float s72 = 0f;
        float s73 = 0f;
        for (int first = 0; first < dim; first += 32) {
          for (int e = item; e < 64 * 32; e += ITEMS) {
            int c = TornadoMath.min(first + e % 32, dim - 1);
            float inside = first + e % 32 < dim ? 1f : 0f;
            int i = TornadoMath.min(e / 32, end - begin - 1);
            int j = TornadoMath.min(block + e / 32, end - 1);
            int to = e / 32 * 33 + e % 32;
            work[to] = inside * q.get(queries + i * dim + c);
            work[KEYS + to] = k.get(keys + j * dim + c);
          }
          context.localBarrier();
          for (int n = 0; n < 32; n++) {
            int ai = ty * 33 + n;
            int bi = KEYS + tx * 33 + n;
            float x0 = work[ai];
            float x1 = work[ai + 264];
            float x2 = work[ai + 528];
            float x3 = work[ai + 792];
            float x4 = work[ai + 1056];
            float x5 = work[ai + 1320];
            float x6 = work[ai + 1584];
            float x7 = work[ai + 1848];
            float y0 = work[bi];
            float y1 = work[bi + 528];
            float y2 = work[bi + 1056];
            float y3 = work[bi + 1584];
            s00 += x0 * y0;
            s01 += x0 * y1;
            s02 += x0 * y2;
            s03 += x0 * y3;
            s10 += x1 * y0;
            s11 += x1 * y1;
            s12 += x1 * y2;
            s13 += x1 * y3;
            s20 += x2 * y0;
            s21 += x2 * y1;
            s22 += x2 * y2;
            s23 += x2 * y3;
            s30 += x3 * y0;
            s31 += x3 * y1;
            s32 += x3 * y2;
            s33 += x3 * y3;
            s40 += x4 * y0;
            s41 += x4 * y1;
            s42 += x4 * y2;
            s43 += x4 * y3;
            s50 += x5 * y0;
            s51 += x5 * y1;
            s52 += x5 * y2;
            s53 += x5 * y3;
            s60 += x6 * y0;
            s61 += x6 * y1;
            s62 += x6 * y2;
            s63 += x6 * y3;
            s70 += x7 * y0;
            s71 += x7 * y1;
            s72 += x7 * y2;
            s73 += x7 * y3;
          }
          context.localBarrier();
        }
        int at = ty * 65 + tx;
        work[at] = s00;
        work[at + 16] = s01;
        work[at + 32] = s02;
        work[at + 48] = s03;
        work[at + 520] = s10;
        work[at + 536] = s11;
        work[at + 552] = s12;
        work[at + 568] = s13;
        work[at + 1040] = s20;
        work[at + 1056] = s21;
        work[at + 1072] = s22;
        work[at + 1088] = s23;
        work[at + 1560] = s30;
        work[at + 1576] = s31;
        work[at + 1592] = s32;
        work[at + 1608] = s33;
        work[at + 2080] = s40;
        work[at + 2096] = s41;
        work[at + 2112] = s42;
        work[at + 2128] = s43;
        work[at + 2600] = s50;
        work[at + 2616] = s51;
        work[at + 2632] = s52;
        work[at + 2648] = s53;
        work[at + 3120] = s60;
        work[at + 3136] = s61;
        work[at + 3152] = s62;
        work[at + 3168] = s63;
        work[at + 3640] = s70;
        work[at + 3656] = s71;
        work[at + 3672] = s72;
        work[at + 3688] = s73;
        context.localBarrier();
        // Two items a row, 32 keys each.
        float max = largest[row];
        float most0 = max;
        int t = begin + row;
        for (int n = 32 * half; n < 32 * half + 32; n++) {
          int j = block + n;
          float logit = scale * work[row * 65 + n];
          logit = j < seen[row] ? UNSEEN : logit;
          logit = j > t ? UNSEEN : logit;
          work[row * 65 + n] = logit;
          most0 = TornadoMath.max(most0, logit);
        }
        most[item] = most0;
        context.localBarrier();
        float next = TornadoMath.max(most[row], most[64 + row]);
        float sum = 0f;
        for (int n = row * 65 + 32 * half; n < row * 65 + 32 * half + 32; n++) {
          float logit = work[n];
          float p = TornadoMath.exp(TornadoMath.min(logit - next, 0f));
          p = logit > 0.5f * UNSEEN ? p : 0f;
          work[n] = p;
          sum += p;
        }
        sums[item] = sum;
        context.localBarrier();
        if (item < 64) {
          float factor = TornadoMath.exp(max - next);
          before[item] = factor;
          largest[item] = next;
          total[item] = total[item] * factor + (sums[item] + sums[64 + item]);
        }
        context.localBarrier();
        float f0 = before[ty];
        o00 *= f0;
        o01 *= f0;
        o02 *= f0;
        o03 *= f0;
        float f1 = before[ty + 8];
        o10 *= f1;
        o11 *= f1;
        o12 *= f1;
        o13 *= f1;
        float f2 = before[ty + 16];
        o20 *= f2;
        o21 *= f2;
        o22 *= f2;
        o23 *= f2;
        float f3 = before[ty + 24];
        o30 *= f3;
        o31 *= f3;
        o32 *= f3;
        o33 *= f3;
        float f4 = before[ty + 32];
        o40 *= f4;
        o41 *= f4;
        o42 *= f4;
        o43 *= f4;
        float f5 = before[ty + 40];
        o50 *= f5;
        o51 *= f5;
        o52 *= f5;
        o53 *= f5;
        float f6 = before[ty + 48];
        o60 *= f6;
        o61 *= f6;
        o62 *= f6;
        o63 *= f6;
        float f7 = before[ty + 56];
        o70 *= f7;
        o71 *= f7;
        o72 *= f7;
        o73 *= f7;
        for (int first = 0; first < 64; first += 32) {
          for (int e = item; e < 32 * 64; e += ITEMS) {
            int j = TornadoMath.min(block + first + e / 64, end - 1);
            int c = TornadoMath.min(firstColumn + e % 64, dim - 1);
            values[e] = v.get(from + j * dim + c);
          }
          context.localBarrier();
          for (int n = 0; n < 32; n++) {
            int ai = ty * 65 + first + n;
            int bi = n * 64 + tx;
            float x0 = work[ai];
            float x1 = work[ai + 520];
            float x2 = work[ai + 1040];
            float x3 = work[ai + 1560];
            float x4 = work[ai + 2080];
            float x5 = work[ai + 2600];
            float x6 = work[ai + 3120];
            float x7 = work[ai + 3640];
            float y0 = values[bi];
            float y1 = values[bi + 16];
            float y2 = values[bi + 32];
            float y3 = values[bi + 48];
            o00 += x0 * y0;
            o01 += x0 * y1;
            o02 += x0 * y2;
            o03 += x0 * y3;
            o10 += x1 * y0;
            o11 += x1 * y1;
            o12 += x1 * y2;
            o13 += x1 * y3;
            o20 += x2 * y0;
            o21 += x2 * y1;
            o22 += x2 * y2;
            o23 += x2 * y3;
            o30 += x3 * y0;
            o31 += x3 * y1;
            o32 += x3 * y2;
            o33 += x3 * y3;
            o40 += x4 * y0;
            o41 += x4 * y1;
            o42 += x4 * y2;
            o43 += x4 * y3;
            o50 += x5 * y0;
            o51 += x5 * y1;
            o52 += x5 * y2;
            o53 += x5 * y3;
            o60 += x6 * y0;
            o61 += x6 * y1;
            o62 += x6 * y2;
            o63 += x6 * y3;
            o70 += x7 * y0;
            o71 += x7 * y1;
            o72 += x7 * y2;
            o73 += x7 * y3;
          }
          context.localBarrier();
        }
      }
      int to = control.get(outAt) + ((begin + ty) * heads + h) * dim + firstColumn + tx;
      int stride = heads * dim;
      int room = dim - firstColumn - tx;
      int left = end - begin - ty;
      float f0 = 1f / total[ty];
      o00 *= f0;
      o01 *= f0;
      o02 *= f0;
      o03 *= f0;
      float f1 = 1f / total[ty + 8];
      o10 *= f1;
      o11 *= f1;
      o12 *= f1;
      o13 *= f1;
      float f2 = 1f / total[ty + 16];
      o20 *= f2;
      o21 *= f2;
      o22 *= f2;
      o23 *= f2;
      float f3 = 1f / total[ty + 24];
      o30 *= f3;
      o31 *= f3;
      o32 *= f3;
      o33 *= f3;
      float f4 = 1f / total[ty + 32];
      o40 *= f4;
      o41 *= f4;
      o42 *= f4;
      o43 *= f4;
      float f5 = 1f / total[ty + 40];
      o50 *= f5;
      o51 *= f5;
      o52 *= f5;
      o53 *= f5;
      float f6 = 1f / total[ty + 48];
      o60 *= f6;
      o61 *= f6;
      o62 *= f6;
      o63 *= f6;
      float f7 = 1f / total[ty + 56];
      o70 *= f7;
      o71 *= f7;
      o72 *= f7;
      o73 *= f7;
      Tiles.put(out, to, left > 0 ? room : 0, o00, o01, o02, o03);
      Tiles.put(out, to + 8 * stride, left > 8 ? room : 0, o10, o11, o12, o13);
      Tiles.put(out, to + 16 * stride, left > 16 ? room : 0, o20, o21, o22, o23);
      Tiles.put(out, to + 24 * stride, left > 24 ? room : 0, o30, o31, o32, o33);
      Tiles.put(out, to + 32 * stride, left > 32 ? room : 0, o40, o41, o42, o43);
      Tiles.put(out, to + 40 * stride, left > 40 ? room : 0, o50, o51, o52, o53);
      Tiles.put(out, to + 48 * stride, left > 48 ? room : 0, o60, o61, o62, o63);
      Tiles.put(out, to + 56 * stride, left > 56 ? room : 0, o70, o71, o72, o73);
      if (item < end - begin && firstColumn == 0) {
        float logarithm = largest[item] + TornadoMath.log(total[item]);
        lse.set(control.get(lseAt) + h * capacity + begin + item, logarithm);
      }
    }
  }
}
