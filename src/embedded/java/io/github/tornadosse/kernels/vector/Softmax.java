package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.all;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Softmax of rows and its gradient. */
final class Softmax {
  private Softmax() {}

  /**
   * b = softmax(a) of a row; a and b may be the same. Elements −∞ become 0. Short rows and the sum
   * have methods of their own: in one loop the compiler would make objects of each row's vectors.
   */
  static void row(float[] a, int i, float[] b, int o, int n) {
    float max = Lanes.max(a, i, n);
    if (n < COUNT) {
      partVector(a, i, max, b, o, n);
    } else {
      longRow(a, i, max, b, o, n);
    }
    Lanes.scale(b, o, 1 / Lanes.sum(b, o, n), b, o, n);
  }

  /** b = e^(a − max) for at least a vector's elements. */
  private static void longRow(float[] a, int i, float max, float[] b, int o, int n) {
    FloatVector m = all(max);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      VectorMath.exp(load(a, i + j).sub(m)).intoArray(b, o + j);
    }
    if (j < n) partVector(a, i + j, max, b, o + j, n - j);
  }

  /** b = e^(a − max) for fewer elements than a vector has. */
  private static void partVector(float[] a, int i, float max, float[] b, int o, int n) {
    VectorMask<Float> k = below(0, n);
    VectorMath.exp(load(a, i, k).sub(max)).intoArray(b, o, k);
  }

  /**
   * b = softmax(a) for contiguous rows; a and b may be the same.
   *
   * @param a [rows, n]
   * @param b [rows, n]
   * @param rows their number
   * @param n length of a row
   */
  static void rows(float[] a, int i, float[] b, int o, int rows, int n) {
    float[] numbers = Scratch.floats(Scratch.NUMBERS, RowReductions.ROWS);
    for (int r = 0; r < rows; r += RowReductions.ROWS) {
      int m = Math.min(RowReductions.ROWS, rows - r);
      RowReductions.maxima(a, i + r * n, m, n, numbers);
      RowReductions.exponentials(a, i + r * n, numbers, b, o + r * n, m, n, numbers);
      for (int k = 0; k < m; k++) {
        int at = o + (r + k) * n;
        Lanes.scale(b, at, 1 / numbers[k], b, at, n);
      }
    }
  }

  /** b = e^(a − max); returns Σ b. */
  static float exponentials(float[] a, int i, float max, float[] b, int o, int n) {
    FloatVector m = all(max);
    FloatVector s = FloatVector.zero(Lanes.SPECIES);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      FloatVector e = VectorMath.exp(load(a, i + j).sub(m));
      e.intoArray(b, o + j);
      s = s.add(e);
    }
    if (j < n) {
      VectorMask<Float> k = below(j, n);
      FloatVector e = VectorMath.exp(load(a, i + j, k).sub(m));
      e.intoArray(b, o + j, k);
      s = s.add(e, k);
    }
    return VectorMath.sum(s);
  }

  /** Σ e^(a − max). */
  static float sum(float[] a, int i, float max, int n) {
    FloatVector m = all(max);
    FloatVector s = FloatVector.zero(Lanes.SPECIES);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) s = s.add(VectorMath.exp(load(a, i + j).sub(m)));
    if (j < n) {
      VectorMask<Float> k = below(j, n);
      s = s.add(VectorMath.exp(load(a, i + j, k).sub(m)), k);
    }
    return VectorMath.sum(s);
  }

  /**
   * b = p·(d − ⟨p, d⟩) for contiguous rows, the gradient of the logits; d and b may be the same.
   *
   * @param p [rows, n]
   * @param d [rows, n]
   * @param b [rows, n]
   * @param rows at most {@link RowReductions#ROWS}
   * @param n length of a row
   */
  static void gradient(float[] p, int i, float[] d, int k, float[] b, int o, int rows, int n) {
    float[] dots = Scratch.floats(Scratch.NUMBERS, RowReductions.ROWS);
    RowReductions.dots(p, i, n, d, k, n, rows, n, dots);
    for (int r = 0; r < rows; r++) {
      int at = r * n;
      gradientRow(p, i + at, d, k + at, dots[r], b, o + at, n);
    }
  }

  /** b = p·(d − mean); d and b may be the same. */
  static void gradientRow(float[] p, int i, float[] d, int k, float mean, float[] b, int o, int n) {
    FloatVector dot = all(mean);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      load(p, i + j).mul(load(d, k + j).sub(dot)).intoArray(b, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      load(p, i + j, m).mul(load(d, k + j, m).sub(dot)).intoArray(b, o + j, m);
    }
  }
}
