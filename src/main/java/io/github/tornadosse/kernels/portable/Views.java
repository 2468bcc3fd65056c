package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Copies and clears parts of arrays. */
public final class Views {
  private Views() {}

  /**
   * to[0..n) = from[0..n).
   *
   * @param control see {@link Control}
   * @param from what is copied
   * @param fromAt base of from
   * @param to where it goes, another array
   * @param toAt base of to
   * @param n number of elements
   */
  public static void copy(
      IntArray control, FloatArray from, int fromAt, FloatArray to, int toAt, int n) {
    for (@Parallel int i = 0; i < (n & LoopBound.MASK); i++) {
      to.set(control.get(toAt) + i, from.get(control.get(fromAt) + i));
    }
  }

  /**
   * values[0..n) = 0.
   *
   * @param control see {@link Control}
   * @param values the array
   * @param valuesAt base of values
   * @param n number of elements
   */
  public static void clear(IntArray control, FloatArray values, int valuesAt, int n) {
    for (@Parallel int i = 0; i < (n & LoopBound.MASK); i++) {
      values.set(control.get(valuesAt) + i, 0f);
    }
  }
}
