package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gradients of {@link Attention#forward}, see docs/mathematics.md section 5: what all of them need,
 * and those of queries. With p = exp(logit − lse) and dp = ⟨dO, v⟩, the gradient of a logit is ds =
 * p·(dp − ⟨dO, out⟩). A group makes 64 rows and 64 columns of dq over blocks of 64 tokens; no two
 * groups write the same element.
 */
public final class AttentionGradients {
  /** Work-items of a group. */
  public static final int ITEMS = Tiles.ITEMS;

  /** Tokens of a group of {@link #queries} and of {@link AttentionKeyGradients}. */
  public static final int ROWS = 64;

  /** Tokens and heads of a group of {@link #rows}. */
  public static final int FEW = 8;

  private AttentionGradients() {}

  /**
   * What the gradients need of each head of a token: lse, and ⟨dO, out⟩. Groups: one for 8 of the
   * L·H rows, 16 work-items each.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param out [L, H·dim]
   * @param outAt base of out
   * @param lse [H, capacity]
   * @param lseAt base of lse
   * @param dOut [L, H·dim]
   * @param dOutAt base of dOut
   * @param rows output [2, H, capacity]
   * @param heads H
   * @param dim size of a head
   * @param capacity largest number of tokens
   */
  public static void rows(
      KernelContext context,
      IntArray control,
      FloatArray out,
      int outAt,
      FloatArray lse,
      int lseAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray rows,
      int heads,
      int dim,
      int capacity) {
    int item = context.localIdx;
    int u = context.groupIdx * FEW + item / 16;
    float[] partial = context.allocateFloatLocalArray(ITEMS);
    float sum = 0f;
    if (u < control.get(Control.TOKENS) * heads) {
      int oi = control.get(outAt) + u * dim;
      int di = control.get(dOutAt) + u * dim;
      for (int c = item % 16; c < dim; c += 16) {
        sum += out.get(oi + c) * dOut.get(di + c);
      }
    }
    partial[item] = sum;
    context.localBarrier();
    if (u < control.get(Control.TOKENS) * heads && item % 16 == 0) {
      float all = 0f;
      for (int n = item; n < item + 16; n++) {
        all += partial[n];
      }
      int to = u % heads * capacity + u / heads;
      rows.set(to, lse.get(control.get(lseAt) + to));
      rows.set(heads * capacity + to, all);
    }
  }

  /**
   * dq, over the keys that tokens see. Groups: one a 64 tokens, head and 64 columns, columns
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
   * @param rows [2, H, capacity] of {@link #rows}
   * @param dOut [L, H·dim]
   * @param dOutAt base of dOut
   * @param dq output [H, capacity, dim]
   * @param dqAt base of dq
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head
   * @param window tokens that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   */
  public static void queries(
      KernelContext context,
      IntArray control,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray cu,
      FloatArray rows,
      FloatArray dOut,
      int dOutAt,
      FloatArray dq,
      int dqAt,
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
    // q, k, dO and v [row, 16 channels], then gradients of logits [row, key].
    float[] work = context.allocateFloatLocalArray(4352);
    float[] others = context.allocateFloatLocalArray(32 * 64); // k [key, column]
    float[] logarithm = context.allocateFloatLocalArray(64);
    float[] delta = context.allocateFloatLocalArray(64);
    int[] seen = context.allocateIntLocalArray(64); // first key that a token sees
    if (begin < end) {
      if (item < 64) {
        int t = TornadoMath.min(begin + item, end - 1);
        int start = cu.get(Attention.sequenceOf(cu, control.get(Control.SEQUENCES), t));
        seen[item] = window > 0 ? TornadoMath.max(start, t - window + 1) : start;
        logarithm[item] = rows.get(h * capacity + t);
        delta[item] = rows.get((heads + h) * capacity + t);
      }
      context.localBarrier();
      int tx = item % 16;
      int ty = item / 16;
      int queries = control.get(qAt) + (h * capacity + begin) * dim;
      int outs = control.get(dOutAt) + (begin * heads + h) * dim;
      int head = h / (heads / keyHeads) * capacity;
      int keys = control.get(kAt) + head * dim;
      int values = control.get(vAt) + head * dim;
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
        float t00 = 0f;
        float t01 = 0f;
        float t02 = 0f;
        float t03 = 0f;
        float t10 = 0f;
        float t11 = 0f;
        float t12 = 0f;
        float t13 = 0f;
        float t20 = 0f;
        float t21 = 0f;
        float t22 = 0f;
        float t23 = 0f;
        float t30 = 0f;
        float t31 = 0f;
        float t32 = 0f;
        float t33 = 0f;
        float t40 = 0f;
        float t41 = 0f;
        float t42 = 0f;
        float t43 = 0f;
        float t50 = 0f;
        float t51 = 0f;
        float t52 = 0f;
        float t53 = 0f;
        float t60 = 0f;
        float t61 = 0f;
        float t62 = 0f;
        float t63 = 0f;
        float t70 = 0f;
        float t71 = 0f;
        float t72 = 0f;
        float t73 = 0f;
        for (int first = 0; first < dim; first += 16) {
          for (int e = item; e < 64 * 16; e += ITEMS) {
            int c = TornadoMath.min(first + e % 16, dim - 1);
            float inside = first + e % 16 < dim ? 1f : 0f;
            int i = TornadoMath.min(e / 16, end - begin - 1);
            int j = TornadoMath.min(block + e / 16, end - 1);
            int to = e / 16 * 17 + e % 16;
            work[to] = inside * q.get(queries + i * dim + c);
            work[1088 + to] = k.get(keys + j * dim + c);
            work[2176 + to] = inside * dOut.get(outs + i * heads * dim + c);
            work[3264 + to] = v.get(values + j * dim + c);
          }
          context.localBarrier();
          for (int n = 0; n < 16; n++) {
            int ai = ty * 17 + n;
            int bi = 1088 + tx * 17 + n;
            int ci = 2176 + ty * 17 + n;
            int di = 3264 + tx * 17 + n;
            float x0 = work[ai];
            float x1 = work[ai + 136];
            float x2 = work[ai + 272];
            float x3 = work[ai + 408];
            float x4 = work[ai + 544];
            float x5 = work[ai + 680];
            float x6 = work[ai + 816];
            float x7 = work[ai + 952];
            float y0 = work[bi];
            float y1 = work[bi + 272];
            float y2 = work[bi + 544];
            float y3 = work[bi + 816];
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
            float z0 = work[ci];
            float z1 = work[ci + 136];
            float z2 = work[ci + 272];
            float z3 = work[ci + 408];
            float z4 = work[ci + 544];
            float z5 = work[ci + 680];
            float z6 = work[ci + 816];
            float z7 = work[ci + 952];
            float w0 = work[di];
            float w1 = work[di + 272];
            float w2 = work[di + 544];
            float w3 = work[di + 816];
            t00 += z0 * w0;
            t01 += z0 * w1;
            t02 += z0 * w2;
            t03 += z0 * w3;
            t10 += z1 * w0;
            t11 += z1 * w1;
            t12 += z1 * w2;
            t13 += z1 * w3;
            t20 += z2 * w0;
            t21 += z2 * w1;
            t22 += z2 * w2;
            t23 += z2 * w3;
            t30 += z3 * w0;
            t31 += z3 * w1;
            t32 += z3 * w2;
            t33 += z3 * w3;
            t40 += z4 * w0;
            t41 += z4 * w1;
            t42 += z4 * w2;
            t43 += z4 * w3;
            t50 += z5 * w0;
            t51 += z5 * w1;
            t52 += z5 * w2;
            t53 += z5 * w3;
            t60 += z6 * w0;
            t61 += z6 * w1;
            t62 += z6 * w2;
            t63 += z6 * w3;
            t70 += z7 * w0;
            t71 += z7 * w1;
            t72 += z7 * w2;
            t73 += z7 * w3;
          }
          context.localBarrier();
        }
        int at = ty * 65 + tx;
        int token0 = begin + ty;
        float l0 = logarithm[ty];
        float d0 = scale * delta[ty];
        int f0 = seen[ty];
        s00 = probability(scale * s00, l0, f0, block + tx, token0);
        work[at] = s00 * (scale * t00 - d0);
        s01 = probability(scale * s01, l0, f0, block + tx + 16, token0);
        work[at + 16] = s01 * (scale * t01 - d0);
        s02 = probability(scale * s02, l0, f0, block + tx + 32, token0);
        work[at + 32] = s02 * (scale * t02 - d0);
        s03 = probability(scale * s03, l0, f0, block + tx + 48, token0);
        work[at + 48] = s03 * (scale * t03 - d0);
        int token1 = begin + ty + 8;
        float l1 = logarithm[ty + 8];
        float d1 = scale * delta[ty + 8];
        int f1 = seen[ty + 8];
        s10 = probability(scale * s10, l1, f1, block + tx, token1);
        work[at + 520] = s10 * (scale * t10 - d1);
        s11 = probability(scale * s11, l1, f1, block + tx + 16, token1);
        work[at + 536] = s11 * (scale * t11 - d1);
        s12 = probability(scale * s12, l1, f1, block + tx + 32, token1);
        work[at + 552] = s12 * (scale * t12 - d1);
        s13 = probability(scale * s13, l1, f1, block + tx + 48, token1);
        work[at + 568] = s13 * (scale * t13 - d1);
        int token2 = begin + ty + 16;
        float l2 = logarithm[ty + 16];
        float d2 = scale * delta[ty + 16];
        int f2 = seen[ty + 16];
        s20 = probability(scale * s20, l2, f2, block + tx, token2);
        work[at + 1040] = s20 * (scale * t20 - d2);
        s21 = probability(scale * s21, l2, f2, block + tx + 16, token2);
        work[at + 1056] = s21 * (scale * t21 - d2);
        s22 = probability(scale * s22, l2, f2, block + tx + 32, token2);
        work[at + 1072] = s22 * (scale * t22 - d2);
        s23 = probability(scale * s23, l2, f2, block + tx + 48, token2);
        work[at + 1088] = s23 * (scale * t23 - d2);
        int token3 = begin + ty + 24;
        float l3 = logarithm[ty + 24];
        float d3 = scale * delta[ty + 24];
        int f3 = seen[ty + 24];
        s30 = probability(scale * s30, l3, f3, block + tx, token3);
        work[at + 1560] = s30 * (scale * t30 - d3);
        s31 = probability(scale * s31, l3, f3, block + tx + 16, token3);
        work[at + 1576] = s31 * (scale * t31 - d3);
        s32 = probability(scale * s32, l3, f3, block + tx + 32, token3);
        work[at + 1592] = s32 * (scale * t32 - d3);
        s33 = probability(scale * s33, l3, f3, block + tx + 48, token3);
        work[at + 1608] = s33 * (scale * t33 - d3);
        int token4 = begin + ty + 32;
        float l4 = logarithm[ty + 32];
        float d4 = scale * delta[ty + 32];
        int f4 = seen[ty + 32];
        s40 = probability(scale * s40, l4, f4, block + tx, token4);
        work[at + 2080] = s40 * (scale * t40 - d4);
        s41 = probability(scale * s41, l4, f4, block + tx + 16, token4);
        work[at + 2096] = s41 * (scale * t41 - d4);
        s42 = probability(scale * s42, l4, f4, block + tx + 32, token4);
        work[at + 2112] = s42 * (scale * t42 - d4);
        s43 = probability(scale * s43, l4, f4, block + tx + 48, token4);
        work[at + 2128] = s43 * (scale * t43 - d4);
        int token5 = begin + ty + 40;
        float l5 = logarithm[ty + 40];
        float d5 = scale * delta[ty + 40];
        int f5 = seen[ty + 40];
        s50 = probability(scale * s50, l5, f5, block + tx, token5);
        work[at + 2600] = s50 * (scale * t50 - d5);
        s51 = probability(scale * s51, l5, f5, block + tx + 16, token5);
        work[at + 2616] = s51 * (scale * t51 - d5);
        s52 = probability(scale * s52, l5, f5, block + tx + 32, token5);
        work[at + 2632] = s52 * (scale * t52 - d5);
        s53 = probability(scale * s53, l5, f5, block + tx + 48, token5);
        work[at + 2648] = s53 * (scale * t53 - d5);
        int token6 = begin + ty + 48;
        float l6 = logarithm[ty + 48];
        float d6 = scale * delta[ty + 48];
        int f6 = seen[ty + 48];
        s60 = probability(scale * s60, l6, f6, block + tx, token6);
        work[at + 3120] = s60 * (scale * t60 - d6);
        s61 = probability(scale * s61, l6, f6, block + tx + 16, token6);
        work[at + 3136] = s61 * (scale * t61 - d6);
        s62 = probability(scale * s62, l6, f6, block + tx + 32, token6);
        work[at + 3152] = s62 * (scale * t62 - d6);
        s63 = probability(scale * s63, l6, f6, block + tx + 48, token6);
        work[at + 3168] = s63 * (scale * t63 - d6);
        int token7 = begin + ty + 56;
        float l7 = logarithm[ty + 56];
        float d7 = scale * delta[ty + 56];
        int f7 = seen[ty + 56];
        s70 = probability(scale * s70, l7, f7, block + tx, token7);
        work[at + 3640] = s70 * (scale * t70 - d7);
        s71 = probability(scale * s71, l7, f7, block + tx + 16, token7);
        work[at + 3656] = s71 * (scale * t71 - d7);
        s72 = probability(scale * s72, l7, f7, block + tx + 32, token7);
        work[at + 3672] = s72 * (scale * t72 - d7);
        s73 = probability(scale * s73, l7, f7, block + tx + 48, token7);
        work[at + 3688] = s73 * (scale * t73 - d7);
        for (int first = 0; first < 64; first += 32) {
          for (int e = item; e < 32 * 64; e += ITEMS) {
            int j = TornadoMath.min(block + first + e / 64, end - 1);
            int c = TornadoMath.min(firstColumn + e % 64, dim - 1);
            others[e] = k.get(keys + j * dim + c);
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
            float y0 = others[bi];
            float y1 = others[bi + 16];
            float y2 = others[bi + 32];
            float y3 = others[bi + 48];
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
      int to = control.get(dqAt) + (h * capacity + begin + ty) * dim + firstColumn + tx;
      int room = dim - firstColumn - tx;
      int left = end - begin - ty;
      Tiles.put(dq, to, left > 0 ? room : 0, o00, o01, o02, o03);
      Tiles.put(dq, to + 8 * dim, left > 8 ? room : 0, o10, o11, o12, o13);
      Tiles.put(dq, to + 16 * dim, left > 16 ? room : 0, o20, o21, o22, o23);
      Tiles.put(dq, to + 24 * dim, left > 24 ? room : 0, o30, o31, o32, o33);
      Tiles.put(dq, to + 32 * dim, left > 32 ? room : 0, o40, o41, o42, o43);
      Tiles.put(dq, to + 40 * dim, left > 40 ? room : 0, o50, o51, o52, o53);
      Tiles.put(dq, to + 48 * dim, left > 48 ? room : 0, o60, o61, o62, o63);
      Tiles.put(dq, to + 56 * dim, left > 56 ? room : 0, o70, o71, o72, o73);
    }
  }

  /** p = exp(logit − lse) if i is from first to last, else 0. */
  static float probability(float logit, float lse, int first, int i, int last) {
    float p = 0f;
    if (i >= first && i <= last) {
      p = TornadoMath.exp(logit - lse);
    }
    return p;
  }
}
