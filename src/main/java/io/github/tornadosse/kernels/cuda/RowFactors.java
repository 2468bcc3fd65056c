package io.github.tornadosse.kernels.cuda;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Matrices of bfloat16 row by row, as libraries take the factors of a product. */
public final class RowFactors {
  /** Work-items of a group. */
  public static final int ITEMS = 256;

  /** Ints that a group writes. */
  public static final int INTS = 4 * ITEMS;

  private RowFactors() {}

  /**
   * Packs a matrix with elements (a, b) as in {@link DenseProducts}. Groups along x take {@link
   * #INTS} pairs of elements each.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param matrix the matrix (a, b)
   * @param matrixAt its base's index in control
   * @param packed output [size]: int a·columns/2 + b/2 holds (a, b) and (a, b + 1)
   * @param rows number of a; {@link DenseProducts#NONE} for that of the tokens: rows from there on
   *     become zero
   * @param columns number of b, even
   * @param stride distance of a's
   * @param headDim see DenseProducts, even
   * @param capacity see DenseProducts
   * @param size ints of the output
   */
  public static void pack(
      KernelContext context,
      IntArray control,
      FloatArray matrix,
      int matrixAt,
      IntArray packed,
      int rows,
      int columns,
      int stride,
      int headDim,
      int capacity,
      int size) {
    int base = control.get(matrixAt);
    int limit = rows == DenseProducts.NONE ? control.get(Control.TOKENS) : rows;
    int half = columns / 2;
    int end = limit * half;
    int i = context.groupIdx * INTS + context.localIdx;
    int at0 = place(i, end, half, base, stride, headDim, capacity);
    int at1 = place(i + ITEMS, end, half, base, stride, headDim, capacity);
    int at2 = place(i + 2 * ITEMS, end, half, base, stride, headDim, capacity);
    int at3 = place(i + 3 * ITEMS, end, half, base, stride, headDim, capacity);
    float x0 = matrix.get(at0);
    float y0 = matrix.get(at0 + 1);
    float x1 = matrix.get(at1);
    float y1 = matrix.get(at1 + 1);
    float x2 = matrix.get(at2);
    float y2 = matrix.get(at2 + 1);
    float x3 = matrix.get(at3);
    float y3 = matrix.get(at3 + 1);
    put(packed, i, size, end, x0, y0);
    put(packed, i + ITEMS, size, end, x1, y1);
    put(packed, i + 2 * ITEMS, size, end, x2, y2);
    put(packed, i + 3 * ITEMS, size, end, x3, y3);
  }

  /** Where a pair stands; the first pair's place for those that are not in the matrix. */
  private static int place(
      int i, int end, int half, int base, int stride, int headDim, int capacity) {
    int at = base;
    if (i < end) {
      int b = i % half * 2;
      at = base + i / half * stride + b / headDim * capacity * headDim + b % headDim;
    }
    return at;
  }

  private static void put(IntArray packed, int i, int size, int end, float x, float y) {
    if (i < size) {
      packed.set(i, i < end ? Packed.pair(x, y) : 0);
    }
  }
}
