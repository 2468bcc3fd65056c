package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Dense products by tiles of 128 × 128 results, 8 × 16 of them in the registers of each work-item.
 * They are scalars: a private array would lie in memory. That many of them, since local memory
 * gives a work-item one number at a time: 24 of them serve 128 products.
 */
public final class Dense128 {
  /** Rows and columns of a tile, and work-items of a group. */
  public static final int TILE = 128;

  /** Terms of the sums that local memory holds at a time. */
  private static final int DEPTH = 8;

  /** Row length in local memory; the gap puts what neighbours store into different banks. */
  private static final int LINE = TILE + 4;

  private static final int BUFFER = DEPTH * LINE;

  /** Work-items that lie side by side over a tile. */
  private static final int ACROSS = 8;

  private static final int DOWN = TILE / ACROSS;

  private Dense128() {}

  /**
   * One of the products of {@link DenseForm}, or its part over some of the terms. A group computes
   * a tile; while it adds up what is in one half of the local arrays, its loads for the other half
   * are under way. Groups: tiles of columns, times tiles of rows, times parts.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param a left operand: x, dy, dy
   * @param aAt base of a
   * @param b right operand: w, w, x
   * @param bAt base of b
   * @param addend laid out as c, token-major with row stride ldAdd; any array if add is 0
   * @param addendAt base of addend
   * @param c output: y, dx, dw; or parts [parts, rows, columns]
   * @param cAt base of c, −1 for parts
   * @param form {@link DenseForm}
   * @param add 1 to add the addend, 0 to leave it unread
   * @param ldx row stride of x or dx
   * @param ldAdd row stride of addend
   * @param headDim head dim of y or dy, their number of columns if token-major
   * @param stride token stride of y or dy
   * @param in input size
   * @param out output size
   * @param capacity largest number of tokens
   * @param length terms of a part
   */
  public static void product(
      KernelContext context,
      IntArray control,
      FloatArray a,
      int aAt,
      FloatArray b,
      int bAt,
      FloatArray addend,
      int addendAt,
      FloatArray c,
      int cAt,
      int form,
      int add,
      int ldx,
      int ldAdd,
      int headDim,
      int stride,
      int in,
      int out,
      int capacity,
      int length) {
    float[] left = context.allocateFloatLocalArray(2 * BUFFER);
    float[] right = context.allocateFloatLocalArray(2 * BUFFER);
    int item = context.localIdx;
    int group = context.groupIdx;
    int tokens = control.get(Control.TOKENS);
    int rows = form == DenseForm.WEIGHT ? out : tokens;
    int allRows = form == DenseForm.WEIGHT ? out : capacity;
    int columns = form == DenseForm.LINEAR ? out : in;
    int terms = DenseForm.terms(form, in, out, tokens);
    int rowTiles = (allRows + TILE - 1) / TILE;
    int columnTiles = (columns + TILE - 1) / TILE;
    int row = group / columnTiles % rowTiles * TILE;
    int column = group % columnTiles * TILE;
    int part = group / columnTiles / rowTiles;
    int begin = part * length;
    if (row < rows && begin < terms) {
      int end = TornadoMath.min(begin + length, terms);
      // Neighbours load what lies side by side: terms of a row, or columns of a term.
      int acrossA = form == DenseForm.WEIGHT ? 1 : 0;
      int acrossB = form == DenseForm.LINEAR ? 0 : 1;
      int ka = acrossA == 1 ? 0 : item % DEPTH;
      int kb = acrossB == 1 ? 0 : item % DEPTH;
      int stepA = acrossA == 1 ? 1 : 0;
      int stepB = acrossB == 1 ? 1 : 0;
      int ma = acrossA == 1 ? item : item / DEPTH;
      int nb = acrossB == 1 ? item : item / DEPTH;
      int stepM = acrossA == 1 ? 0 : TILE / DEPTH;
      int stepN = acrossB == 1 ? 0 : TILE / DEPTH;
      int aBase = control.get(aAt);
      int bBase = control.get(bAt);
      int i = row + ma;
      int j = column + nb;
      int at0 = aBase + DenseForm.rowOfA(form, i, rows, ldx, headDim, stride, capacity);
      int at1 = aBase + DenseForm.rowOfA(form, i + stepM, rows, ldx, headDim, stride, capacity);
      int at2 = aBase + DenseForm.rowOfA(form, i + 2 * stepM, rows, ldx, headDim, stride, capacity);
      int at3 = aBase + DenseForm.rowOfA(form, i + 3 * stepM, rows, ldx, headDim, stride, capacity);
      int at4 = aBase + DenseForm.rowOfA(form, i + 4 * stepM, rows, ldx, headDim, stride, capacity);
      int at5 = aBase + DenseForm.rowOfA(form, i + 5 * stepM, rows, ldx, headDim, stride, capacity);
      int at6 = aBase + DenseForm.rowOfA(form, i + 6 * stepM, rows, ldx, headDim, stride, capacity);
      int at7 = aBase + DenseForm.rowOfA(form, i + 7 * stepM, rows, ldx, headDim, stride, capacity);
      int bt0 = bBase + DenseForm.columnOfB(form, j, columns, in);
      int bt1 = bBase + DenseForm.columnOfB(form, j + stepN, columns, in);
      int bt2 = bBase + DenseForm.columnOfB(form, j + 2 * stepN, columns, in);
      int bt3 = bBase + DenseForm.columnOfB(form, j + 3 * stepN, columns, in);
      int bt4 = bBase + DenseForm.columnOfB(form, j + 4 * stepN, columns, in);
      int bt5 = bBase + DenseForm.columnOfB(form, j + 5 * stepN, columns, in);
      int bt6 = bBase + DenseForm.columnOfB(form, j + 6 * stepN, columns, in);
      int bt7 = bBase + DenseForm.columnOfB(form, j + 7 * stepN, columns, in);
      int toA = ka * LINE + ma;
      int toB = kb * LINE + nb;
      int nextA = stepA * LINE + stepM;
      int nextB = stepB * LINE + stepN;
      int k = begin + ka;
      float na0 = DenseForm.a(a, at0, form, k, end, headDim, stride, capacity);
      float na1 = DenseForm.a(a, at1, form, k + stepA, end, headDim, stride, capacity);
      float na2 = DenseForm.a(a, at2, form, k + 2 * stepA, end, headDim, stride, capacity);
      float na3 = DenseForm.a(a, at3, form, k + 3 * stepA, end, headDim, stride, capacity);
      float na4 = DenseForm.a(a, at4, form, k + 4 * stepA, end, headDim, stride, capacity);
      float na5 = DenseForm.a(a, at5, form, k + 5 * stepA, end, headDim, stride, capacity);
      float na6 = DenseForm.a(a, at6, form, k + 6 * stepA, end, headDim, stride, capacity);
      float na7 = DenseForm.a(a, at7, form, k + 7 * stepA, end, headDim, stride, capacity);
      k = begin + kb;
      float nb0 = DenseForm.b(b, bt0, form, k, end, ldx, in);
      float nb1 = DenseForm.b(b, bt1, form, k + stepB, end, ldx, in);
      float nb2 = DenseForm.b(b, bt2, form, k + 2 * stepB, end, ldx, in);
      float nb3 = DenseForm.b(b, bt3, form, k + 3 * stepB, end, ldx, in);
      float nb4 = DenseForm.b(b, bt4, form, k + 4 * stepB, end, ldx, in);
      float nb5 = DenseForm.b(b, bt5, form, k + 5 * stepB, end, ldx, in);
      float nb6 = DenseForm.b(b, bt6, form, k + 6 * stepB, end, ldx, in);
      float nb7 = DenseForm.b(b, bt7, form, k + 7 * stepB, end, ldx, in);
      left[toA] = na0;
      left[toA + nextA] = na1;
      left[toA + 2 * nextA] = na2;
      left[toA + 3 * nextA] = na3;
      left[toA + 4 * nextA] = na4;
      left[toA + 5 * nextA] = na5;
      left[toA + 6 * nextA] = na6;
      left[toA + 7 * nextA] = na7;
      right[toB] = nb0;
      right[toB + nextB] = nb1;
      right[toB + 2 * nextB] = nb2;
      right[toB + 3 * nextB] = nb3;
      right[toB + 4 * nextB] = nb4;
      right[toB + 5 * nextB] = nb5;
      right[toB + 6 * nextB] = nb6;
      right[toB + 7 * nextB] = nb7;
      float c0x0 = 0f;
      float c0x1 = 0f;
      float c0x2 = 0f;
      float c0x3 = 0f;
      float c0x4 = 0f;
      float c0x5 = 0f;
      float c0x6 = 0f;
      float c0x7 = 0f;
      float c0x8 = 0f;
      float c0x9 = 0f;
      float c0x10 = 0f;
      float c0x11 = 0f;
      float c0x12 = 0f;
      float c0x13 = 0f;
      float c0x14 = 0f;
      float c0x15 = 0f;
      float c1x0 = 0f;
      float c1x1 = 0f;
      float c1x2 = 0f;
      float c1x3 = 0f;
      float c1x4 = 0f;
      float c1x5 = 0f;
      float c1x6 = 0f;
      float c1x7 = 0f;
      float c1x8 = 0f;
      float c1x9 = 0f;
      float c1x10 = 0f;
      float c1x11 = 0f;
      float c1x12 = 0f;
      float c1x13 = 0f;
      float c1x14 = 0f;
      float c1x15 = 0f;
      float c2x0 = 0f;
      float c2x1 = 0f;
      float c2x2 = 0f;
      float c2x3 = 0f;
      float c2x4 = 0f;
      float c2x5 = 0f;
      float c2x6 = 0f;
      float c2x7 = 0f;
      float c2x8 = 0f;
      float c2x9 = 0f;
      float c2x10 = 0f;
      float c2x11 = 0f;
      float c2x12 = 0f;
      float c2x13 = 0f;
      float c2x14 = 0f;
      float c2x15 = 0f;
      float c3x0 = 0f;
      float c3x1 = 0f;
      float c3x2 = 0f;
      float c3x3 = 0f;
      float c3x4 = 0f;
      float c3x5 = 0f;
      float c3x6 = 0f;
      float c3x7 = 0f;
      float c3x8 = 0f;
      float c3x9 = 0f;
      float c3x10 = 0f;
      float c3x11 = 0f;
      float c3x12 = 0f;
      float c3x13 = 0f;
      float c3x14 = 0f;
      float c3x15 = 0f;
      float c4x0 = 0f;
      float c4x1 = 0f;
      float c4x2 = 0f;
      float c4x3 = 0f;
      float c4x4 = 0f;
      float c4x5 = 0f;
      float c4x6 = 0f;
      float c4x7 = 0f;
      float c4x8 = 0f;
      float c4x9 = 0f;
      float c4x10 = 0f;
      float c4x11 = 0f;
      float c4x12 = 0f;
      float c4x13 = 0f;
      float c4x14 = 0f;
      float c4x15 = 0f;
      float c5x0 = 0f;
      float c5x1 = 0f;
      float c5x2 = 0f;
      float c5x3 = 0f;
      float c5x4 = 0f;
      float c5x5 = 0f;
      float c5x6 = 0f;
      float c5x7 = 0f;
      float c5x8 = 0f;
      float c5x9 = 0f;
      float c5x10 = 0f;
      float c5x11 = 0f;
      float c5x12 = 0f;
      float c5x13 = 0f;
      float c5x14 = 0f;
      float c5x15 = 0f;
      float c6x0 = 0f;
      float c6x1 = 0f;
      float c6x2 = 0f;
      float c6x3 = 0f;
      float c6x4 = 0f;
      float c6x5 = 0f;
      float c6x6 = 0f;
      float c6x7 = 0f;
      float c6x8 = 0f;
      float c6x9 = 0f;
      float c6x10 = 0f;
      float c6x11 = 0f;
      float c6x12 = 0f;
      float c6x13 = 0f;
      float c6x14 = 0f;
      float c6x15 = 0f;
      float c7x0 = 0f;
      float c7x1 = 0f;
      float c7x2 = 0f;
      float c7x3 = 0f;
      float c7x4 = 0f;
      float c7x5 = 0f;
      float c7x6 = 0f;
      float c7x7 = 0f;
      float c7x8 = 0f;
      float c7x9 = 0f;
      float c7x10 = 0f;
      float c7x11 = 0f;
      float c7x12 = 0f;
      float c7x13 = 0f;
      float c7x14 = 0f;
      float c7x15 = 0f;
      int firstRow = item / ACROSS;
      int firstColumn = item % ACROSS;
      int half = 0;
      context.localBarrier();
      for (int from = begin; from < end; from += DEPTH) {
        k = from + DEPTH + ka;
        na0 = DenseForm.a(a, at0, form, k, end, headDim, stride, capacity);
        na1 = DenseForm.a(a, at1, form, k + stepA, end, headDim, stride, capacity);
        na2 = DenseForm.a(a, at2, form, k + 2 * stepA, end, headDim, stride, capacity);
        na3 = DenseForm.a(a, at3, form, k + 3 * stepA, end, headDim, stride, capacity);
        na4 = DenseForm.a(a, at4, form, k + 4 * stepA, end, headDim, stride, capacity);
        na5 = DenseForm.a(a, at5, form, k + 5 * stepA, end, headDim, stride, capacity);
        na6 = DenseForm.a(a, at6, form, k + 6 * stepA, end, headDim, stride, capacity);
        na7 = DenseForm.a(a, at7, form, k + 7 * stepA, end, headDim, stride, capacity);
        k = from + DEPTH + kb;
        nb0 = DenseForm.b(b, bt0, form, k, end, ldx, in);
        nb1 = DenseForm.b(b, bt1, form, k + stepB, end, ldx, in);
        nb2 = DenseForm.b(b, bt2, form, k + 2 * stepB, end, ldx, in);
        nb3 = DenseForm.b(b, bt3, form, k + 3 * stepB, end, ldx, in);
        nb4 = DenseForm.b(b, bt4, form, k + 4 * stepB, end, ldx, in);
        nb5 = DenseForm.b(b, bt5, form, k + 5 * stepB, end, ldx, in);
        nb6 = DenseForm.b(b, bt6, form, k + 6 * stepB, end, ldx, in);
        nb7 = DenseForm.b(b, bt7, form, k + 7 * stepB, end, ldx, in);
        for (int d = 0; d < DEPTH; d++) {
          int l = half + d * LINE + firstRow;
          int r = half + d * LINE + firstColumn;
          float a0 = left[l];
          float a1 = left[l + DOWN];
          float a2 = left[l + 2 * DOWN];
          float a3 = left[l + 3 * DOWN];
          float a4 = left[l + 4 * DOWN];
          float a5 = left[l + 5 * DOWN];
          float a6 = left[l + 6 * DOWN];
          float a7 = left[l + 7 * DOWN];
          float b0 = right[r];
          float b1 = right[r + ACROSS];
          float b2 = right[r + 2 * ACROSS];
          float b3 = right[r + 3 * ACROSS];
          float b4 = right[r + 4 * ACROSS];
          float b5 = right[r + 5 * ACROSS];
          float b6 = right[r + 6 * ACROSS];
          float b7 = right[r + 7 * ACROSS];
          float b8 = right[r + 8 * ACROSS];
          float b9 = right[r + 9 * ACROSS];
          float b10 = right[r + 10 * ACROSS];
          float b11 = right[r + 11 * ACROSS];
          float b12 = right[r + 12 * ACROSS];
          float b13 = right[r + 13 * ACROSS];
          float b14 = right[r + 14 * ACROSS];
          float b15 = right[r + 15 * ACROSS];
          c0x0 += a0 * b0;
          c0x1 += a0 * b1;
          c0x2 += a0 * b2;
          c0x3 += a0 * b3;
          c0x4 += a0 * b4;
          c0x5 += a0 * b5;
          c0x6 += a0 * b6;
          c0x7 += a0 * b7;
          c0x8 += a0 * b8;
          c0x9 += a0 * b9;
          c0x10 += a0 * b10;
          c0x11 += a0 * b11;
          c0x12 += a0 * b12;
          c0x13 += a0 * b13;
          c0x14 += a0 * b14;
          c0x15 += a0 * b15;
          c1x0 += a1 * b0;
          c1x1 += a1 * b1;
          c1x2 += a1 * b2;
          c1x3 += a1 * b3;
          c1x4 += a1 * b4;
          c1x5 += a1 * b5;
          c1x6 += a1 * b6;
          c1x7 += a1 * b7;
          c1x8 += a1 * b8;
          c1x9 += a1 * b9;
          c1x10 += a1 * b10;
          c1x11 += a1 * b11;
          c1x12 += a1 * b12;
          c1x13 += a1 * b13;
          c1x14 += a1 * b14;
          c1x15 += a1 * b15;
          c2x0 += a2 * b0;
          c2x1 += a2 * b1;
          c2x2 += a2 * b2;
          c2x3 += a2 * b3;
          c2x4 += a2 * b4;
          c2x5 += a2 * b5;
          c2x6 += a2 * b6;
          c2x7 += a2 * b7;
          c2x8 += a2 * b8;
          c2x9 += a2 * b9;
          c2x10 += a2 * b10;
          c2x11 += a2 * b11;
          c2x12 += a2 * b12;
          c2x13 += a2 * b13;
          c2x14 += a2 * b14;
          c2x15 += a2 * b15;
          c3x0 += a3 * b0;
          c3x1 += a3 * b1;
          c3x2 += a3 * b2;
          c3x3 += a3 * b3;
          c3x4 += a3 * b4;
          c3x5 += a3 * b5;
          c3x6 += a3 * b6;
          c3x7 += a3 * b7;
          c3x8 += a3 * b8;
          c3x9 += a3 * b9;
          c3x10 += a3 * b10;
          c3x11 += a3 * b11;
          c3x12 += a3 * b12;
          c3x13 += a3 * b13;
          c3x14 += a3 * b14;
          c3x15 += a3 * b15;
          c4x0 += a4 * b0;
          c4x1 += a4 * b1;
          c4x2 += a4 * b2;
          c4x3 += a4 * b3;
          c4x4 += a4 * b4;
          c4x5 += a4 * b5;
          c4x6 += a4 * b6;
          c4x7 += a4 * b7;
          c4x8 += a4 * b8;
          c4x9 += a4 * b9;
          c4x10 += a4 * b10;
          c4x11 += a4 * b11;
          c4x12 += a4 * b12;
          c4x13 += a4 * b13;
          c4x14 += a4 * b14;
          c4x15 += a4 * b15;
          c5x0 += a5 * b0;
          c5x1 += a5 * b1;
          c5x2 += a5 * b2;
          c5x3 += a5 * b3;
          c5x4 += a5 * b4;
          c5x5 += a5 * b5;
          c5x6 += a5 * b6;
          c5x7 += a5 * b7;
          c5x8 += a5 * b8;
          c5x9 += a5 * b9;
          c5x10 += a5 * b10;
          c5x11 += a5 * b11;
          c5x12 += a5 * b12;
          c5x13 += a5 * b13;
          c5x14 += a5 * b14;
          c5x15 += a5 * b15;
          c6x0 += a6 * b0;
          c6x1 += a6 * b1;
          c6x2 += a6 * b2;
          c6x3 += a6 * b3;
          c6x4 += a6 * b4;
          c6x5 += a6 * b5;
          c6x6 += a6 * b6;
          c6x7 += a6 * b7;
          c6x8 += a6 * b8;
          c6x9 += a6 * b9;
          c6x10 += a6 * b10;
          c6x11 += a6 * b11;
          c6x12 += a6 * b12;
          c6x13 += a6 * b13;
          c6x14 += a6 * b14;
          c6x15 += a6 * b15;
          c7x0 += a7 * b0;
          c7x1 += a7 * b1;
          c7x2 += a7 * b2;
          c7x3 += a7 * b3;
          c7x4 += a7 * b4;
          c7x5 += a7 * b5;
          c7x6 += a7 * b6;
          c7x7 += a7 * b7;
          c7x8 += a7 * b8;
          c7x9 += a7 * b9;
          c7x10 += a7 * b10;
          c7x11 += a7 * b11;
          c7x12 += a7 * b12;
          c7x13 += a7 * b13;
          c7x14 += a7 * b14;
          c7x15 += a7 * b15;
        }
        half = BUFFER - half;
        left[half + toA] = na0;
        left[half + toA + nextA] = na1;
        left[half + toA + 2 * nextA] = na2;
        left[half + toA + 3 * nextA] = na3;
        left[half + toA + 4 * nextA] = na4;
        left[half + toA + 5 * nextA] = na5;
        left[half + toA + 6 * nextA] = na6;
        left[half + toA + 7 * nextA] = na7;
        right[half + toB] = nb0;
        right[half + toB + nextB] = nb1;
        right[half + toB + 2 * nextB] = nb2;
        right[half + toB + 3 * nextB] = nb3;
        right[half + toB + 4 * nextB] = nb4;
        right[half + toB + 5 * nextB] = nb5;
        right[half + toB + 6 * nextB] = nb6;
        right[half + toB + 7 * nextB] = nb7;
        context.localBarrier();
      }
      int layout = cAt < 0 ? DenseForm.PARTS : form;
      int base = cAt < 0 ? part * allRows * columns : control.get(cAt);
      int addBase = add == 1 ? control.get(addendAt) : 0;
      int n = column + item;
      int to = base + DenseForm.column(layout, TornadoMath.min(n, columns - 1), headDim, capacity);
      int staged = firstRow * LINE + firstColumn;
      left[staged] = c0x0;
      left[staged + ACROSS] = c0x1;
      left[staged + 2 * ACROSS] = c0x2;
      left[staged + 3 * ACROSS] = c0x3;
      left[staged + 4 * ACROSS] = c0x4;
      left[staged + 5 * ACROSS] = c0x5;
      left[staged + 6 * ACROSS] = c0x6;
      left[staged + 7 * ACROSS] = c0x7;
      left[staged + 8 * ACROSS] = c0x8;
      left[staged + 9 * ACROSS] = c0x9;
      left[staged + 10 * ACROSS] = c0x10;
      left[staged + 11 * ACROSS] = c0x11;
      left[staged + 12 * ACROSS] = c0x12;
      left[staged + 13 * ACROSS] = c0x13;
      left[staged + 14 * ACROSS] = c0x14;
      left[staged + 15 * ACROSS] = c0x15;
      context.localBarrier();
      for (int d = 0; d < DOWN; d++) {
        int m = row + d;
        float value = left[d * LINE + item];
        if (m < rows && n < columns) {
          int z = addBase + m * ldAdd + n;
          DenseForm.put(
              c, to + DenseForm.row(layout, m, columns, ldx, stride), addend, z, add, value);
        }
      }
      context.localBarrier();
      left[staged] = c1x0;
      left[staged + ACROSS] = c1x1;
      left[staged + 2 * ACROSS] = c1x2;
      left[staged + 3 * ACROSS] = c1x3;
      left[staged + 4 * ACROSS] = c1x4;
      left[staged + 5 * ACROSS] = c1x5;
      left[staged + 6 * ACROSS] = c1x6;
      left[staged + 7 * ACROSS] = c1x7;
      left[staged + 8 * ACROSS] = c1x8;
      left[staged + 9 * ACROSS] = c1x9;
      left[staged + 10 * ACROSS] = c1x10;
      left[staged + 11 * ACROSS] = c1x11;
      left[staged + 12 * ACROSS] = c1x12;
      left[staged + 13 * ACROSS] = c1x13;
      left[staged + 14 * ACROSS] = c1x14;
      left[staged + 15 * ACROSS] = c1x15;
      context.localBarrier();
      for (int d = 0; d < DOWN; d++) {
        int m = row + DOWN + d;
        float value = left[d * LINE + item];
        if (m < rows && n < columns) {
          int z = addBase + m * ldAdd + n;
          DenseForm.put(
              c, to + DenseForm.row(layout, m, columns, ldx, stride), addend, z, add, value);
        }
      }
      context.localBarrier();
      left[staged] = c2x0;
      left[staged + ACROSS] = c2x1;
      left[staged + 2 * ACROSS] = c2x2;
      left[staged + 3 * ACROSS] = c2x3;
      left[staged + 4 * ACROSS] = c2x4;
      left[staged + 5 * ACROSS] = c2x5;
      left[staged + 6 * ACROSS] = c2x6;
      left[staged + 7 * ACROSS] = c2x7;
      left[staged + 8 * ACROSS] = c2x8;
      left[staged + 9 * ACROSS] = c2x9;
      left[staged + 10 * ACROSS] = c2x10;
      left[staged + 11 * ACROSS] = c2x11;
      left[staged + 12 * ACROSS] = c2x12;
      left[staged + 13 * ACROSS] = c2x13;
      left[staged + 14 * ACROSS] = c2x14;
      left[staged + 15 * ACROSS] = c2x15;
      context.localBarrier();
      for (int d = 0; d < DOWN; d++) {
        int m = row + 2 * DOWN + d;
        float value = left[d * LINE + item];
        if (m < rows && n < columns) {
          int z = addBase + m * ldAdd + n;
          DenseForm.put(
              c, to + DenseForm.row(layout, m, columns, ldx, stride), addend, z, add, value);
        }
      }
      context.localBarrier();
      left[staged] = c3x0;
      left[staged + ACROSS] = c3x1;
      left[staged + 2 * ACROSS] = c3x2;
      left[staged + 3 * ACROSS] = c3x3;
      left[staged + 4 * ACROSS] = c3x4;
      left[staged + 5 * ACROSS] = c3x5;
      left[staged + 6 * ACROSS] = c3x6;
      left[staged + 7 * ACROSS] = c3x7;
      left[staged + 8 * ACROSS] = c3x8;
      left[staged + 9 * ACROSS] = c3x9;
      left[staged + 10 * ACROSS] = c3x10;
      left[staged + 11 * ACROSS] = c3x11;
      left[staged + 12 * ACROSS] = c3x12;
      left[staged + 13 * ACROSS] = c3x13;
      left[staged + 14 * ACROSS] = c3x14;
      left[staged + 15 * ACROSS] = c3x15;
      context.localBarrier();
      for (int d = 0; d < DOWN; d++) {
        int m = row + 3 * DOWN + d;
        float value = left[d * LINE + item];
        if (m < rows && n < columns) {
          int z = addBase + m * ldAdd + n;
          DenseForm.put(
              c, to + DenseForm.row(layout, m, columns, ldx, stride), addend, z, add, value);
        }
      }
      context.localBarrier();
      left[staged] = c4x0;
      left[staged + ACROSS] = c4x1;
      left[staged + 2 * ACROSS] = c4x2;
      left[staged + 3 * ACROSS] = c4x3;
      left[staged + 4 * ACROSS] = c4x4;
      left[staged + 5 * ACROSS] = c4x5;
      left[staged + 6 * ACROSS] = c4x6;
      left[staged + 7 * ACROSS] = c4x7;
      left[staged + 8 * ACROSS] = c4x8;
      left[staged + 9 * ACROSS] = c4x9;
      left[staged + 10 * ACROSS] = c4x10;
      left[staged + 11 * ACROSS] = c4x11;
      left[staged + 12 * ACROSS] = c4x12;
      left[staged + 13 * ACROSS] = c4x13;
      left[staged + 14 * ACROSS] = c4x14;
      left[staged + 15 * ACROSS] = c4x15;
      context.localBarrier();
      for (int d = 0; d < DOWN; d++) {
        int m = row + 4 * DOWN + d;
        float value = left[d * LINE + item];
        if (m < rows && n < columns) {
          int z = addBase + m * ldAdd + n;
          DenseForm.put(
              c, to + DenseForm.row(layout, m, columns, ldx, stride), addend, z, add, value);
        }
      }
      context.localBarrier();
      left[staged] = c5x0;
      left[staged + ACROSS] = c5x1;
      left[staged + 2 * ACROSS] = c5x2;
      left[staged + 3 * ACROSS] = c5x3;
      left[staged + 4 * ACROSS] = c5x4;
      left[staged + 5 * ACROSS] = c5x5;
      left[staged + 6 * ACROSS] = c5x6;
      left[staged + 7 * ACROSS] = c5x7;
      left[staged + 8 * ACROSS] = c5x8;
      left[staged + 9 * ACROSS] = c5x9;
      left[staged + 10 * ACROSS] = c5x10;
      left[staged + 11 * ACROSS] = c5x11;
      left[staged + 12 * ACROSS] = c5x12;
      left[staged + 13 * ACROSS] = c5x13;
      left[staged + 14 * ACROSS] = c5x14;
      left[staged + 15 * ACROSS] = c5x15;
      context.localBarrier();
      for (int d = 0; d < DOWN; d++) {
        int m = row + 5 * DOWN + d;
        float value = left[d * LINE + item];
        if (m < rows && n < columns) {
          int z = addBase + m * ldAdd + n;
          DenseForm.put(
              c, to + DenseForm.row(layout, m, columns, ldx, stride), addend, z, add, value);
        }
      }
      context.localBarrier();
      left[staged] = c6x0;
      left[staged + ACROSS] = c6x1;
      left[staged + 2 * ACROSS] = c6x2;
      left[staged + 3 * ACROSS] = c6x3;
      left[staged + 4 * ACROSS] = c6x4;
      left[staged + 5 * ACROSS] = c6x5;
      left[staged + 6 * ACROSS] = c6x6;
      left[staged + 7 * ACROSS] = c6x7;
      left[staged + 8 * ACROSS] = c6x8;
      left[staged + 9 * ACROSS] = c6x9;
      left[staged + 10 * ACROSS] = c6x10;
      left[staged + 11 * ACROSS] = c6x11;
      left[staged + 12 * ACROSS] = c6x12;
      left[staged + 13 * ACROSS] = c6x13;
      left[staged + 14 * ACROSS] = c6x14;
      left[staged + 15 * ACROSS] = c6x15;
      context.localBarrier();
      for (int d = 0; d < DOWN; d++) {
        int m = row + 6 * DOWN + d;
        float value = left[d * LINE + item];
        if (m < rows && n < columns) {
          int z = addBase + m * ldAdd + n;
          DenseForm.put(
              c, to + DenseForm.row(layout, m, columns, ldx, stride), addend, z, add, value);
        }
      }
      context.localBarrier();
      left[staged] = c7x0;
      left[staged + ACROSS] = c7x1;
      left[staged + 2 * ACROSS] = c7x2;
      left[staged + 3 * ACROSS] = c7x3;
      left[staged + 4 * ACROSS] = c7x4;
      left[staged + 5 * ACROSS] = c7x5;
      left[staged + 6 * ACROSS] = c7x6;
      left[staged + 7 * ACROSS] = c7x7;
      left[staged + 8 * ACROSS] = c7x8;
      left[staged + 9 * ACROSS] = c7x9;
      left[staged + 10 * ACROSS] = c7x10;
      left[staged + 11 * ACROSS] = c7x11;
      left[staged + 12 * ACROSS] = c7x12;
      left[staged + 13 * ACROSS] = c7x13;
      left[staged + 14 * ACROSS] = c7x14;
      left[staged + 15 * ACROSS] = c7x15;
      context.localBarrier();
      for (int d = 0; d < DOWN; d++) {
        int m = row + 7 * DOWN + d;
        float value = left[d * LINE + item];
        if (m < rows && n < columns) {
          int z = addBase + m * ldAdd + n;
          DenseForm.put(
              c, to + DenseForm.row(layout, m, columns, ldx, stride), addend, z, add, value);
        }
      }
    }
  }
}
