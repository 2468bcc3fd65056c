package io.github.tornadosse.graph;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Kernels that only make a graph use an array, so that its transfer happens. */
final class TouchKernels {
  private TouchKernels() {}

  /** Writes the first element back. */
  public static void floats(FloatArray a) {
    for (@Parallel int i = 0; i < 1; i++) {
      a.set(i, a.get(i));
    }
  }

  /** Writes the first element back. */
  public static void ints(IntArray a) {
    for (@Parallel int i = 0; i < 1; i++) {
      a.set(i, a.get(i));
    }
  }
}
