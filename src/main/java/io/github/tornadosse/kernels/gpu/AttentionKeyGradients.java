package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gradients of {@link Attention#forward} for keys and values, see docs/mathematics.md section 5 and
 * {@link AttentionGradients}. A group makes 64 rows and 64 columns of dk or dv over blocks of 64
 * tokens; no two groups write the same element.
 */
public final class AttentionKeyGradients {
  private AttentionKeyGradients() {}

  /**
   * dk or dv, over the tokens that see a key and the heads that read it. Groups: one a 64 keys, key
   * head and 64 columns, columns innermost.
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
   * @param rows [2, H, capacity] of {@link AttentionGradients#rows}
   * @param dOut [L, H·dim]
   * @param dOutAt base of dOut
   * @param d output dk or dv [HK, capacity, dim]
   * @param dAt base of d
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head
   * @param window tokens that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   * @param ofValues 1 for dv, 0 for dk
   */
  public static void keys(
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
      FloatArray d,
      int dAt,
      int heads,
      int keyHeads,
      int dim,
      int window,
      int capacity,
      int ofValues) {
    int item = context.localIdx;
    int columnTiles = (dim + 63) / 64;
    int firstColumn = context.groupIdx % columnTiles * 64;
    int h = context.groupIdx / columnTiles % keyHeads;
    int begin = context.groupIdx / columnTiles / keyHeads * AttentionGradients.ROWS;
    int tokens = control.get(Control.TOKENS);
    int end = TornadoMath.min(begin + AttentionGradients.ROWS, tokens);
    // k, q, v and dO [row, 16 channels], then what multiplies dO or q [key, token].
    float[] work = context.allocateFloatLocalArray(4352);
    float[] others = context.allocateFloatLocalArray(32 * 64); // q or dO [token, column]
    float[] logarithm = context.allocateFloatLocalArray(64);
    float[] delta = context.allocateFloatLocalArray(64);
    int[] stop = context.allocateIntLocalArray(64); // behind the last token that sees a key
    if (begin < end) {
      if (item < 64) {
        int j = TornadoMath.min(begin + item, end - 1);
        int last = cu.get(Attention.sequenceOf(cu, control.get(Control.SEQUENCES), j) + 1);
        stop[item] = window > 0 ? TornadoMath.min(last - j, window) + j : last;
      }
      context.localBarrier();
      int tx = item % 16;
      int ty = item / 16;
      int group = heads / keyHeads;
      int keys = control.get(kAt) + (h * capacity + begin) * dim;
      int values = control.get(vAt) + (h * capacity + begin) * dim;
      int after = stop[63];
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
      for (int reader = h * group; reader < (h + 1) * group; reader++) {
        int queries = control.get(qAt) + reader * capacity * dim;
        int outs = control.get(dOutAt) + reader * dim;
        for (int block = begin; block < after; block += 64) {
          if (item < 64) {
            int t = TornadoMath.min(block + item, after - 1);
            logarithm[item] = rows.get(reader * capacity + t);
            delta[item] = rows.get((heads + reader) * capacity + t);
          }
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
            for (int e = item; e < 64 * 16; e += AttentionGradients.ITEMS) {
              int c = TornadoMath.min(first + e % 16, dim - 1);
              float inside = first + e % 16 < dim ? 1f : 0f;
              int j = TornadoMath.min(e / 16, end - begin - 1);
              int i = TornadoMath.min(block + e / 16, after - 1);
              int to = e / 16 * 17 + e % 16;
              work[to] = inside * k.get(keys + j * dim + c);
              work[1088 + to] = q.get(queries + i * dim + c);
              if (ofValues == 0) {
                work[2176 + to] = inside * v.get(values + j * dim + c);
                work[3264 + to] = dOut.get(outs + i * heads * dim + c);
              }
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
              if (ofValues == 0) {
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
            }
            context.localBarrier();
          }
          int at = ty * 65 + tx;
          int token0 = block + tx;
          float l0 = logarithm[tx];
          float d0 = scale * delta[tx];
          int token1 = block + tx + 16;
          float l1 = logarithm[tx + 16];
          float d1 = scale * delta[tx + 16];
          int token2 = block + tx + 32;
          float l2 = logarithm[tx + 32];
          float d2 = scale * delta[tx + 32];
          int token3 = block + tx + 48;
          float l3 = logarithm[tx + 48];
          float d3 = scale * delta[tx + 48];
          int e0 = stop[ty] - 1;
          int j0 = begin + ty;
          s00 = AttentionGradients.probability(scale * s00, l0, j0, token0, e0);
          work[at] = ofValues == 1 ? s00 : s00 * (scale * t00 - d0);
          s01 = AttentionGradients.probability(scale * s01, l1, j0, token1, e0);
          work[at + 16] = ofValues == 1 ? s01 : s01 * (scale * t01 - d1);
          s02 = AttentionGradients.probability(scale * s02, l2, j0, token2, e0);
          work[at + 32] = ofValues == 1 ? s02 : s02 * (scale * t02 - d2);
          s03 = AttentionGradients.probability(scale * s03, l3, j0, token3, e0);
          work[at + 48] = ofValues == 1 ? s03 : s03 * (scale * t03 - d3);
          int e1 = stop[ty + 8] - 1;
          int j1 = begin + ty + 8;
          s10 = AttentionGradients.probability(scale * s10, l0, j1, token0, e1);
          work[at + 520] = ofValues == 1 ? s10 : s10 * (scale * t10 - d0);
          s11 = AttentionGradients.probability(scale * s11, l1, j1, token1, e1);
          work[at + 536] = ofValues == 1 ? s11 : s11 * (scale * t11 - d1);
          s12 = AttentionGradients.probability(scale * s12, l2, j1, token2, e1);
          work[at + 552] = ofValues == 1 ? s12 : s12 * (scale * t12 - d2);
          s13 = AttentionGradients.probability(scale * s13, l3, j1, token3, e1);
          work[at + 568] = ofValues == 1 ? s13 : s13 * (scale * t13 - d3);
          int e2 = stop[ty + 16] - 1;
          int j2 = begin + ty + 16;
          s20 = AttentionGradients.probability(scale * s20, l0, j2, token0, e2);
          work[at + 1040] = ofValues == 1 ? s20 : s20 * (scale * t20 - d0);
          s21 = AttentionGradients.probability(scale * s21, l1, j2, token1, e2);
          work[at + 1056] = ofValues == 1 ? s21 : s21 * (scale * t21 - d1);
          s22 = AttentionGradients.probability(scale * s22, l2, j2, token2, e2);
          work[at + 1072] = ofValues == 1 ? s22 : s22 * (scale * t22 - d2);
          s23 = AttentionGradients.probability(scale * s23, l3, j2, token3, e2);
          work[at + 1088] = ofValues == 1 ? s23 : s23 * (scale * t23 - d3);
          int e3 = stop[ty + 24] - 1;
          int j3 = begin + ty + 24;
          s30 = AttentionGradients.probability(scale * s30, l0, j3, token0, e3);
          work[at + 1560] = ofValues == 1 ? s30 : s30 * (scale * t30 - d0);
          s31 = AttentionGradients.probability(scale * s31, l1, j3, token1, e3);
          work[at + 1576] = ofValues == 1 ? s31 : s31 * (scale * t31 - d1);
          s32 = AttentionGradients.probability(scale * s32, l2, j3, token2, e3);
          work[at + 1592] = ofValues == 1 ? s32 : s32 * (scale * t32 - d2);
          s33 = AttentionGradients.probability(scale * s33, l3, j3, token3, e3);
          work[at + 1608] = ofValues == 1 ? s33 : s33 * (scale * t33 - d3);
          int e4 = stop[ty + 32] - 1;
          int j4 = begin + ty + 32;
          s40 = AttentionGradients.probability(scale * s40, l0, j4, token0, e4);
          work[at + 2080] = ofValues == 1 ? s40 : s40 * (scale * t40 - d0);
          s41 = AttentionGradients.probability(scale * s41, l1, j4, token1, e4);
          work[at + 2096] = ofValues == 1 ? s41 : s41 * (scale * t41 - d1);
          s42 = AttentionGradients.probability(scale * s42, l2, j4, token2, e4);
          work[at + 2112] = ofValues == 1 ? s42 : s42 * (scale * t42 - d2);
          s43 = AttentionGradients.probability(scale * s43, l3, j4, token3, e4);
          work[at + 2128] = ofValues == 1 ? s43 : s43 * (scale * t43 - d3);
          int e5 = stop[ty + 40] - 1;
          int j5 = begin + ty + 40;
          s50 = AttentionGradients.probability(scale * s50, l0, j5, token0, e5);
          work[at + 2600] = ofValues == 1 ? s50 : s50 * (scale * t50 - d0);
          s51 = AttentionGradients.probability(scale * s51, l1, j5, token1, e5);
          work[at + 2616] = ofValues == 1 ? s51 : s51 * (scale * t51 - d1);
          s52 = AttentionGradients.probability(scale * s52, l2, j5, token2, e5);
          work[at + 2632] = ofValues == 1 ? s52 : s52 * (scale * t52 - d2);
          s53 = AttentionGradients.probability(scale * s53, l3, j5, token3, e5);
          work[at + 2648] = ofValues == 1 ? s53 : s53 * (scale * t53 - d3);
          int e6 = stop[ty + 48] - 1;
          int j6 = begin + ty + 48;
          s60 = AttentionGradients.probability(scale * s60, l0, j6, token0, e6);
          work[at + 3120] = ofValues == 1 ? s60 : s60 * (scale * t60 - d0);
          s61 = AttentionGradients.probability(scale * s61, l1, j6, token1, e6);
          work[at + 3136] = ofValues == 1 ? s61 : s61 * (scale * t61 - d1);
          s62 = AttentionGradients.probability(scale * s62, l2, j6, token2, e6);
          work[at + 3152] = ofValues == 1 ? s62 : s62 * (scale * t62 - d2);
          s63 = AttentionGradients.probability(scale * s63, l3, j6, token3, e6);
          work[at + 3168] = ofValues == 1 ? s63 : s63 * (scale * t63 - d3);
          int e7 = stop[ty + 56] - 1;
          int j7 = begin + ty + 56;
          s70 = AttentionGradients.probability(scale * s70, l0, j7, token0, e7);
          work[at + 3640] = ofValues == 1 ? s70 : s70 * (scale * t70 - d0);
          s71 = AttentionGradients.probability(scale * s71, l1, j7, token1, e7);
          work[at + 3656] = ofValues == 1 ? s71 : s71 * (scale * t71 - d1);
          s72 = AttentionGradients.probability(scale * s72, l2, j7, token2, e7);
          work[at + 3672] = ofValues == 1 ? s72 : s72 * (scale * t72 - d2);
          s73 = AttentionGradients.probability(scale * s73, l3, j7, token3, e7);
          work[at + 3688] = ofValues == 1 ? s73 : s73 * (scale * t73 - d3);
          for (int first = 0; first < 64; first += 32) {
            for (int e = item; e < 32 * 64; e += AttentionGradients.ITEMS) {
              int i = TornadoMath.min(block + first + e / 64, after - 1);
              int c = TornadoMath.min(firstColumn + e % 64, dim - 1);
              if (ofValues == 1) {
                others[e] = dOut.get(outs + i * heads * dim + c);
              } else {
                others[e] = q.get(queries + i * dim + c);
              }
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
      }
      int to = control.get(dAt) + (h * capacity + begin + ty) * dim + firstColumn + tx;
      int room = dim - firstColumn - tx;
      int left = end - begin - ty;
      Tiles.put(d, to, left > 0 ? room : 0, o00, o01, o02, o03);
      Tiles.put(d, to + 8 * dim, left > 8 ? room : 0, o10, o11, o12, o13);
      Tiles.put(d, to + 16 * dim, left > 16 ? room : 0, o20, o21, o22, o23);
      Tiles.put(d, to + 24 * dim, left > 24 ? room : 0, o30, o31, o32, o33);
      Tiles.put(d, to + 32 * dim, left > 32 ? room : 0, o40, o41, o42, o43);
      Tiles.put(d, to + 40 * dim, left > 40 ? room : 0, o50, o51, o52, o53);
      Tiles.put(d, to + 48 * dim, left > 48 ? room : 0, o60, o61, o62, o63);
      Tiles.put(d, to + 56 * dim, left > 56 ? room : 0, o70, o71, o72, o73);
    }
  }
}
