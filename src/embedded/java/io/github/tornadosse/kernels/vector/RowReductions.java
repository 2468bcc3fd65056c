package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.all;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * A sum or the largest element of each of up to {@link #ROWS} rows. Short rows wait for the steps
 * that take one vector to one number, one after the other; here these are taken for all rows at
 * once. A row's sum is the same as that of {@link VectorMath#sum}, whatever rows are beside it.
 */
final class RowReductions {
  /** Most rows. */
  static final int ROWS = MicroKernels.BLOCK;

  private RowReductions() {}

  /** This thread's memory for the vectors of the rows, [{@link #ROWS}, lanes]. */
  static float[] lanes() {
    return Scratch.floats(Scratch.LANES, ROWS * ROWS);
  }

  /**
   * Inner products of rows.
   *
   * @param a [rows, n] with row stride lda from i on
   * @param b [rows, n] with row stride ldb from k on
   * @param rows at most {@link #ROWS}
   * @param n length of a row
   * @param to [ROWS]; those beyond rows are undefined
   */
  static void dots(
      float[] a, int i, int lda, float[] b, int k, int ldb, int rows, int n, float[] to) {
    float[] lanes = lanes();
    for (int r = 0; r < rows; r++) {
      dotRow(a, i + r * lda, b, k + r * ldb, n, lanes, r * COUNT);
    }
    sums(lanes, to);
  }

  /**
   * Inner products of rows of a, in any order, with those of b.
   *
   * @param a rows of n elements
   * @param i base index of a's rows
   * @param places row of a for the row r at {@code places[place + r·step]}
   * @param b [rows, n] from k on
   * @param rows at most {@link #ROWS}
   * @param n length of a row
   * @param to [ROWS]; those beyond rows are undefined
   */
  static void gatheredDots(
      float[] a,
      int i,
      int[] places,
      int place,
      int step,
      float[] b,
      int k,
      int rows,
      int n,
      float[] to) {
    float[] lanes = lanes();
    for (int r = 0; r < rows; r++) {
      dotRow(a, i + places[place + r * step] * n, b, k + r * n, n, lanes, r * COUNT);
    }
    sums(lanes, to);
  }

  /** The vector whose lanes' sum is Σ a·b. */
  private static void dotRow(float[] a, int i, float[] b, int k, int n, float[] to, int o) {
    FloatVector s = FloatVector.zero(Lanes.SPECIES);
    FloatVector u = s;
    int j = 0;
    for (; j + 2 * COUNT <= n; j += 2 * COUNT) {
      s = load(a, i + j).fma(load(b, k + j), s);
      u = load(a, i + j + COUNT).fma(load(b, k + j + COUNT), u);
    }
    for (; j + COUNT <= n; j += COUNT) s = load(a, i + j).fma(load(b, k + j), s);
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      s = load(a, i + j, m).fma(load(b, k + j, m), s);
    }
    s.add(u).intoArray(to, o);
  }

  /**
   * Largest elements of rows; NaN is passed over.
   *
   * @param a [rows, n]
   * @param rows at most {@link #ROWS}
   * @param n length of a row
   * @param to [ROWS]; those beyond rows are undefined
   */
  static void maxima(float[] a, int i, int rows, int n, float[] to) {
    float[] lanes = lanes();
    for (int r = 0; r < rows; r++) maxRow(a, i + r * n, n, lanes, r * COUNT);
    if (COUNT == ROWS) {
      Transpose.square(lanes, 0, COUNT, lanes, 0, COUNT, square());
      FloatVector m = load(lanes, 0);
      for (int c = 1; c < ROWS; c++) m = larger(m, load(lanes, c * COUNT));
      m.intoArray(to, 0);
    } else {
      for (int r = 0; r < rows; r++) {
        to[r] = load(lanes, r * COUNT).reduceLanes(VectorOperators.MAX);
      }
    }
  }

  private static float[] square() {
    return Scratch.floats(Scratch.SQUARE, ROWS * ROWS);
  }

  /** The vector whose largest lane is the largest element. */
  private static void maxRow(float[] a, int i, int n, float[] to, int o) {
    FloatVector m = all(Float.NEGATIVE_INFINITY);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) m = larger(m, load(a, i + j));
    if (j < n) {
      VectorMask<Float> k = below(j, n);
      m = larger(m, all(Float.NEGATIVE_INFINITY).blend(load(a, i + j, k), k));
    }
    m.intoArray(to, o);
  }

  /** The API's own maximum also orders zeros and NaN, which takes five times as long. */
  static FloatVector larger(FloatVector a, FloatVector b) {
    return a.blend(b, b.compare(VectorOperators.GT, a));
  }

  /**
   * b = e^(a − max) and its sums.
   *
   * @param a [rows, n]
   * @param max [rows]
   * @param b [rows, n], may be a
   * @param rows at most {@link #ROWS}
   * @param n length of a row
   * @param to [ROWS]; those beyond rows are undefined; may be max
   */
  static void exponentials(
      float[] a, int i, float[] max, float[] b, int o, int rows, int n, float[] to) {
    float[] lanes = lanes();
    for (int r = 0; r < rows; r++) {
      exponentialsRow(a, i + r * n, max[r], b, o + r * n, n, lanes, r * COUNT);
    }
    sums(lanes, to);
  }

  private static void exponentialsRow(
      float[] a, int i, float max, float[] b, int o, int n, float[] to, int at) {
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
    s.intoArray(to, at);
  }

  /** The sums of the lanes of {@link #ROWS} vectors. */
  static void sums(float[] lanes, float[] to) {
    if (COUNT == ROWS) {
      Transpose.square(lanes, 0, COUNT, lanes, 0, COUNT, square());
      pairs(lanes, 8);
      pairs(lanes, 4);
      pairs(lanes, 2);
      load(lanes, 0).add(load(lanes, COUNT)).intoArray(to, 0);
    } else {
      for (int r = 0; r < ROWS; r++) to[r] = VectorMath.sum(load(lanes, r * COUNT));
    }
  }

  /** Adds the vector a distance d away to each of the first d vectors. */
  private static void pairs(float[] a, int d) {
    for (int c = 0; c < d; c++) {
      load(a, c * COUNT).add(load(a, (c + d) * COUNT)).intoArray(a, c * COUNT);
    }
  }
}
