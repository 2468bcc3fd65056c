package io.github.tornadosse.kernels.gpu;

import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The products of a dense layer y = x·wᵀ as c = a·b, and where their elements lie. Forms and sizes
 * are constants of a compiled kernel, so that nothing of these choices is left in it.
 *
 * <p>Element (t, o) of y is at (o / headDim)·capacity·headDim + o % headDim + t·stride, as in the
 * portable tier.
 */
public final class DenseForm {
  /** y [tokens, out] = x·wᵀ. */
  public static final int LINEAR = 0;

  /** dx [tokens, in] = dy·w. */
  public static final int INPUT = 1;

  /** dw [out, in] = dyᵀ·x. */
  public static final int WEIGHT = 2;

  /** A result [rows, columns] without gaps, whatever the product. */
  static final int PARTS = 3;

  private DenseForm() {}

  /** Number of terms of each element of the result. */
  static int terms(int form, int in, int out, int tokens) {
    int ofOutput = form == INPUT ? out : tokens;
    return form == LINEAR ? in : ofOutput;
  }

  /** Place of column o of y. */
  static int output(int o, int headDim, int capacity) {
    return (o / headDim) * capacity * headDim + o % headDim;
  }

  /** Where a row of the left operand begins; behind the last one, where that begins. */
  static int rowOfA(int form, int index, int rows, int ldx, int headDim, int stride, int capacity) {
    int row = TornadoMath.min(index, rows - 1);
    int place;
    if (form == LINEAR) {
      place = row * ldx;
    } else if (form == INPUT) {
      place = row * stride;
    } else {
      place = output(row, headDim, capacity);
    }
    return place;
  }

  /** Where a column of the right operand begins; behind the last one, where that begins. */
  static int columnOfB(int form, int index, int columns, int in) {
    int column = TornadoMath.min(index, columns - 1);
    return form == LINEAR ? column * in : column;
  }

  /** Term k of a row of the left operand; 0 behind the last term, without a branch. */
  static float a(
      FloatArray a, int row, int form, int index, int end, int headDim, int stride, int capacity) {
    int k = TornadoMath.min(index, end - 1);
    int place;
    if (form == LINEAR) {
      place = k;
    } else if (form == INPUT) {
      place = output(k, headDim, capacity);
    } else {
      place = k * stride;
    }
    float value = a.get(row + place);
    return index < end ? value : 0f;
  }

  /** Term k of a column of the right operand; 0 behind the last term, without a branch. */
  static float b(FloatArray b, int column, int form, int index, int end, int ldx, int in) {
    int k = TornadoMath.min(index, end - 1);
    int place;
    if (form == LINEAR) {
      place = k;
    } else if (form == INPUT) {
      place = k * in;
    } else {
      place = k * ldx;
    }
    float value = b.get(column + place);
    return index < end ? value : 0f;
  }

  /** Where a row of the result begins. */
  static int row(int layout, int m, int columns, int ldx, int stride) {
    int place;
    if (layout == LINEAR) {
      place = m * stride;
    } else if (layout == INPUT) {
      place = m * ldx;
    } else {
      place = m * columns;
    }
    return place;
  }

  /** Place of a column of the result within its row. */
  static int column(int layout, int n, int headDim, int capacity) {
    return layout == LINEAR ? output(n, headDim, capacity) : n;
  }

  /** Writes an element of the result. */
  static void put(FloatArray c, int index, FloatArray addend, int from, int add, float value) {
    c.set(index, add == 1 ? addend.get(from) + value : value);
  }
}
