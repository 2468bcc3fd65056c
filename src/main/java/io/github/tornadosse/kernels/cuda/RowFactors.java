package io.github.tornadosse.kernels.cuda;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Matrices row by row, as libraries take the factors of a product. */
public final class RowFactors {
  /** Work-items of a group. */
  public static final int ITEMS = 256;

  /** Elements of its output that a group writes. */
  public static final int EACH = 4 * ITEMS;

  private RowFactors() {}

  /**
   * Rounds a matrix with elements (a, b) as in {@link DenseProducts} to bfloat16. Groups along x
   * take {@link #EACH} pairs of elements each.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param matrix the matrix (a, b)
   * @param matrixAt its base's index in control
   * @param packed output [size]: int a·width + b/2 holds (a, b) and (a, b + 1)
   * @param rows number of a; {@link DenseProducts#NONE} for that of the tokens: rows from there on
   *     become zero
   * @param columns number of b, even
   * @param stride distance of a's
   * @param headDim see DenseProducts, even
   * @param capacity see DenseProducts
   * @param width ints of a row, those behind its columns become zero
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
      int width,
      int size) {
    int base = control.get(matrixAt);
    int limit = rows == DenseProducts.NONE ? control.get(Control.TOKENS) : rows;
    int i = context.groupIdx * EACH + context.localIdx;
    int at0 = place(i, 2, limit, columns, stride, headDim, capacity, width);
    int at1 = place(i + ITEMS, 2, limit, columns, stride, headDim, capacity, width);
    int at2 = place(i + 2 * ITEMS, 2, limit, columns, stride, headDim, capacity, width);
    int at3 = place(i + 3 * ITEMS, 2, limit, columns, stride, headDim, capacity, width);
    float x0 = matrix.get(base + TornadoMath.max(at0, 0));
    float y0 = matrix.get(base + TornadoMath.max(at0, 0) + 1);
    float x1 = matrix.get(base + TornadoMath.max(at1, 0));
    float y1 = matrix.get(base + TornadoMath.max(at1, 0) + 1);
    float x2 = matrix.get(base + TornadoMath.max(at2, 0));
    float y2 = matrix.get(base + TornadoMath.max(at2, 0) + 1);
    float x3 = matrix.get(base + TornadoMath.max(at3, 0));
    float y3 = matrix.get(base + TornadoMath.max(at3, 0) + 1);
    put(packed, i, size, at0, x0, y0);
    put(packed, i + ITEMS, size, at1, x1, y1);
    put(packed, i + 2 * ITEMS, size, at2, x2, y2);
    put(packed, i + 3 * ITEMS, size, at3, x3, y3);
  }

  /**
   * Copies a matrix. Groups along x take {@link #EACH} elements each.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param matrix the matrix (a, b)
   * @param matrixAt its base's index in control
   * @param copy output [size]: element a·width + b is (a, b)
   * @param rows number of a; {@link DenseProducts#NONE} for that of the tokens: rows from there on
   *     become zero
   * @param columns number of b
   * @param stride distance of a's
   * @param headDim see DenseProducts
   * @param capacity see DenseProducts
   * @param width elements of a row, those behind its columns become zero
   * @param size elements of the output
   */
  public static void copy(
      KernelContext context,
      IntArray control,
      FloatArray matrix,
      int matrixAt,
      FloatArray copy,
      int rows,
      int columns,
      int stride,
      int headDim,
      int capacity,
      int width,
      int size) {
    int base = control.get(matrixAt);
    int limit = rows == DenseProducts.NONE ? control.get(Control.TOKENS) : rows;
    int i = context.groupIdx * EACH + context.localIdx;
    int at0 = place(i, 1, limit, columns, stride, headDim, capacity, width);
    int at1 = place(i + ITEMS, 1, limit, columns, stride, headDim, capacity, width);
    int at2 = place(i + 2 * ITEMS, 1, limit, columns, stride, headDim, capacity, width);
    int at3 = place(i + 3 * ITEMS, 1, limit, columns, stride, headDim, capacity, width);
    float x0 = matrix.get(base + TornadoMath.max(at0, 0));
    float x1 = matrix.get(base + TornadoMath.max(at1, 0));
    float x2 = matrix.get(base + TornadoMath.max(at2, 0));
    float x3 = matrix.get(base + TornadoMath.max(at3, 0));
    put(copy, i, size, at0, x0);
    put(copy, i + ITEMS, size, at1, x1);
    put(copy, i + 2 * ITEMS, size, at2, x2);
    put(copy, i + 3 * ITEMS, size, at3, x3);
  }

  /** Where elements stand from the base on; below zero if they are not in the matrix. */
  private static int place(
      int i,
      int elements,
      int rows,
      int columns,
      int stride,
      int headDim,
      int capacity,
      int width) {
    int a = i / width;
    int b = i % width * elements;
    int at = -1;
    if (a < rows) {
      if (b < columns) {
        at = a * stride + b / headDim * capacity * headDim + b % headDim;
      }
    }
    return at;
  }

  private static void put(FloatArray copy, int i, int size, int at, float x) {
    if (i < size) {
      copy.set(i, at < 0 ? 0f : x);
    }
  }

  private static void put(IntArray packed, int i, int size, int at, float x, float y) {
    if (i < size) {
      packed.set(i, at < 0 ? 0 : Packed.pair(x, y));
    }
  }
}
