package io.github.tornadosse.kernels.vector;

import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Copies and clears parts of arrays. */
public final class Views {
  /** Elements that one thread takes at a time. */
  private static final int BLOCK = 4 * Blocks.CHEAP;

  private Views() {}

  /**
   * to[0..n) = from[0..n).
   *
   * @param control see {@code Control}
   * @param from what is copied
   * @param fromAt base index of from
   * @param to where it goes, another array
   * @param toAt base index of to
   * @param n number of elements
   */
  public static void copy(
      IntArray control, FloatArray from, int fromAt, FloatArray to, int toAt, int n) {
    float[] fs = HeapAccess.floats(from);
    float[] ts = HeapAccess.floats(to);
    int f0 = control.get(fromAt);
    int t0 = control.get(toAt);
    Blocks.forEach(n, BLOCK, (i, end) -> System.arraycopy(fs, f0 + i, ts, t0 + i, end - i));
  }

  /**
   * values[0..n) = 0.
   *
   * @param control see {@code Control}
   * @param values the array
   * @param valuesAt base index of values
   * @param n number of elements
   */
  public static void clear(IntArray control, FloatArray values, int valuesAt, int n) {
    clear(HeapAccess.floats(values), control.get(valuesAt), n);
  }

  static void clear(float[] a, int at, int n) {
    Blocks.forEach(n, BLOCK, (from, to) -> Arrays.fill(a, at + from, at + to, 0));
  }
}
