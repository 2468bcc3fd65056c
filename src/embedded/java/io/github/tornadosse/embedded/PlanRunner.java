package io.github.tornadosse.embedded;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** Runs the graphs of one plan. */
public final class PlanRunner {
  private final List<GraphDefinition> graphs;
  private final Map<GraphDefinition, List<PreparedTask>> prepared = new IdentityHashMap<>();
  private List<GraphDefinition> selected;

  /**
   * A runner of those graphs, all selected.
   *
   * @param graphs the graphs
   */
  public PlanRunner(List<GraphDefinition> graphs) {
    this.graphs = List.copyOf(graphs);
    selected = this.graphs;
  }

  /**
   * Runs the selected graphs.
   *
   * @return the times
   */
  public Profile execute() {
    Profile profile = new Profile();
    long start = System.nanoTime();
    for (GraphDefinition graph : selected) {
      for (PreparedTask task : prepared(graph)) {
        task.run();
      }
    }
    long time = System.nanoTime() - start;
    profile.addTotal(time);
    profile.addKernel(time);
    return profile;
  }

  private List<PreparedTask> prepared(GraphDefinition graph) {
    return prepared.computeIfAbsent(
        graph,
        g ->
            g.tasks().stream()
                .map(t -> PreparedTask.of(g.name() + "." + t.id(), t.code(), t.arguments()))
                .toList());
  }

  /**
   * Selects one graph.
   *
   * @param index its index
   */
  public void select(int index) {
    if (index < 0 || index >= graphs.size()) {
      throw new TornadoRuntimeException(
          "graph " + index + " of a plan that has " + graphs.size() + " graphs");
    }
    selected = List.of(graphs.get(index));
  }

  /** Selects all graphs. */
  public void selectAll() {
    selected = graphs;
  }

  /**
   * Sets the grids of tasks.
   *
   * @param grids the grids
   */
  public void grids(GridScheduler grids) {}

  /**
   * Turns the profiler on or off.
   *
   * @param mode what to do with times, null for none
   */
  public void profiler(ProfilerMode mode) {}

  /** Prepares the tasks of the selected graphs. */
  public void prepare() {}

  /**
   * Copies arrays to the host.
   *
   * @param objects the arrays
   */
  public void transferToHost(Object... objects) {}

  /** Forgets what is on the device. */
  public void free() {}
}
