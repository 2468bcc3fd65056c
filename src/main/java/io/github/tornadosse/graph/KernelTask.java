package io.github.tornadosse.graph;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;

/**
 * A task that an operation would append to a graph.
 *
 * @param id its name
 * @param kernel class, without package, and method of its kernel: {@code Norms.rmsNorm}
 * @param constants numbers among its arguments, which a compiler puts into the code
 * @param append appends it to a graph of the name {@link #GRAPH}
 * @param grids of the operation's tasks; holds its grid, if it has one
 */
public record KernelTask(
    String id,
    String kernel,
    List<Number> constants,
    Consumer<TaskGraph> append,
    GridScheduler grids) {
  /** The name of the graph that {@link #grids} knows the task under. */
  public static final String GRAPH = "emit";

  static KernelTask of(
      String id, String kernel, Object[] arguments, Consumer<TaskGraph> append, GridScheduler g) {
    List<Number> constants =
        Arrays.stream(arguments).filter(Number.class::isInstance).map(Number.class::cast).toList();
    return new KernelTask(id, kernel, constants, append, g);
  }
}
