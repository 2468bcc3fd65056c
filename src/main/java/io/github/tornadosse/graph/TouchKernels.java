package io.github.tornadosse.graph;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Kernels that only make a graph use an array, so that its transfer happens. They read it into
 * another array: a compiler drops a task that writes back what it has read.
 */
final class TouchKernels {
  private TouchKernels() {}

  static void floats(FloatArray a, FloatArray sink) {
    for (@Parallel int i = 0; i < 1; i++) {
      sink.set(i, a.get(i));
    }
  }

  static void ints(IntArray a, FloatArray sink) {
    for (@Parallel int i = 0; i < 1; i++) {
      sink.set(i, a.get(i));
    }
  }
}
