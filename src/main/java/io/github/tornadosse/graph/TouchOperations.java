package io.github.tornadosse.graph;

import java.util.List;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Appends tasks that only make a graph use arrays, so that their transfers happen. */
public final class TouchOperations {
  private TouchOperations() {}

  /**
   * One task for each array.
   *
   * @param graph the graph
   * @param arrays float or int arrays
   * @param sink one element, overwritten
   */
  public static void touch(TaskGraph graph, List<?> arrays, FloatArray sink) {
    for (int i = 0; i < arrays.size(); i++) {
      if (arrays.get(i) instanceof FloatArray a) {
        graph.task("touch" + i, TouchKernels::floats, a, sink);
      } else if (arrays.get(i) instanceof IntArray a) {
        graph.task("touch" + i, TouchKernels::ints, a, sink);
      }
    }
  }

  /**
   * One task for each array, with a sink from the program's arrays.
   *
   * @param s the graph
   * @param arrays float or int arrays
   */
  public static void touch(Stage s, List<?> arrays) {
    touch(s.graph(), arrays, s.buffers().floats("touch.sink", 1));
  }
}
