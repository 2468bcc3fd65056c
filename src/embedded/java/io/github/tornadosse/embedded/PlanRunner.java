package io.github.tornadosse.embedded;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/**
 * Runs the graphs of one plan: zero-copy, on the host's arrays themselves, or in strict mode on
 * copies. One thread at a time.
 */
public final class PlanRunner {
  private final List<GraphRun> graphs = new ArrayList<>();
  private final boolean strict;
  private List<GraphRun> selected;
  private GridScheduler grids;
  private boolean profiler;

  /** The graph that the next one's {@code consumeFromDevice} takes from. */
  private DeviceMemory last;

  /**
   * A runner of graphs, all selected.
   *
   * @param definitions the graphs
   * @param strict whether device memory is kept apart and limits are checked
   * @throws TornadoRuntimeException if there are none, or in strict mode if one of them is beyond
   *     what TornadoVM takes
   */
  public PlanRunner(List<GraphDefinition> definitions, boolean strict) {
    if (definitions.isEmpty()) {
      throw new TornadoRuntimeException("a plan without graphs");
    }
    this.strict = strict;
    Map<String, DeviceMemory> memories = new LinkedHashMap<>();
    for (GraphDefinition definition : definitions) {
      DeviceMemory memory = null;
      if (strict) {
        Limits.check(definition);
        memory = new DeviceMemory(definition);
        memories.put(definition.name(), memory);
      }
      graphs.add(new GraphRun(definition, memory, memories, this::grids));
    }
    selected = List.copyOf(graphs);
  }

  /**
   * Whether device memory is kept apart from the host's arrays.
   *
   * @return true in strict mode
   */
  public boolean strict() {
    return strict;
  }

  private GridScheduler grids() {
    return grids;
  }

  /**
   * Runs the selected graphs.
   *
   * @return the times; empty if the profiler is off
   */
  public Profile execute() {
    Profile profile = new Profile();
    long start = profiler ? System.nanoTime() : 0;
    for (GraphRun graph : selected) {
      graph.run(last, profile, profiler);
    }
    last = selected.get(selected.size() - 1).memory();
    if (profiler) {
      profile.total(System.nanoTime() - start);
    }
    return profile;
  }

  /**
   * Selects one graph.
   *
   * @param index its index
   * @throws TornadoRuntimeException if there is no such graph
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
    selected = List.copyOf(graphs);
  }

  /**
   * Sets the grids of tasks.
   *
   * @param grids the grids
   * @throws TornadoRuntimeException if no graph has a task with one of the names
   */
  public void grids(GridScheduler grids) {
    if (graphs.stream().noneMatch(g -> g.hasOneOf(grids.keySet()))) {
      throw new TornadoRuntimeException(
          "the grids are for " + grids.keySet() + ", and no graph has such a task (graph.task)");
    }
    this.grids = grids;
  }

  /** Forgets all grids. */
  public void noGrids() {
    grids = null;
  }

  /**
   * Turns the profiler on or off.
   *
   * @param on whether to take times
   */
  public void profiler(boolean on) {
    profiler = on;
  }

  /** Prepares the tasks of the selected graphs. */
  public void prepare() {
    selected.forEach(GraphRun::prepare);
  }

  /**
   * Copies arrays to the host from the selected graphs.
   *
   * @param objects the arrays
   * @throws TornadoRuntimeException if none of these graphs has run and uses an array; in strict
   *     mode only, as there is nothing to copy otherwise
   */
  public void transferToHost(Object... objects) {
    if (!strict) {
      return;
    }
    for (Object object : objects) {
      boolean found = false;
      for (GraphRun graph : selected) {
        found |= graph.fetch(object);
      }
      if (!found) {
        throw new TornadoRuntimeException(
            "transferToHost of "
                + selected.get(0).definition().describe(object)
                + ": it is not on the device for the graph that is selected");
      }
    }
  }

  /** Forgets what is on the device. */
  public void free() {
    graphs.forEach(GraphRun::free);
    last = null;
  }
}
