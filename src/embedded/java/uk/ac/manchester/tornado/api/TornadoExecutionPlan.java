package uk.ac.manchester.tornado.api;

import io.github.tornadosse.embedded.PlanRunner;
import io.github.tornadosse.embedded.Profile;
import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;

/** Runs task graphs, all in turn or one of them. Belongs to one thread at a time. */
public final class TornadoExecutionPlan implements AutoCloseable {
  private final PlanRunner runner;

  /**
   * A plan for those graphs.
   *
   * @param immutableTaskGraphs the graphs, in the order of their indices
   */
  public TornadoExecutionPlan(ImmutableTaskGraph... immutableTaskGraphs) {
    List<io.github.tornadosse.embedded.GraphDefinition> graphs = new ArrayList<>();
    for (ImmutableTaskGraph graph : immutableTaskGraphs) {
      graphs.add(graph.definition());
    }
    runner = new PlanRunner(graphs);
  }

  /**
   * Runs the selected graphs, all of them unless one has been selected.
   *
   * @return access to the results
   */
  public TornadoExecutionResult execute() {
    Profile profile = runner.execute();
    return new TornadoExecutionResult(runner, new TornadoProfilerResult(profile));
  }

  /**
   * Selects one graph for the executions to come.
   *
   * @param graphIndex its index
   * @return this plan
   */
  public TornadoExecutionPlan withGraph(int graphIndex) {
    runner.select(graphIndex);
    return this;
  }

  /**
   * Selects all graphs for the executions to come.
   *
   * @return this plan
   */
  public TornadoExecutionPlan withAllGraphs() {
    runner.selectAll();
    return this;
  }

  /**
   * Sets the grids of tasks.
   *
   * @param gridScheduler the grids
   * @return this plan
   */
  public TornadoExecutionPlan withGridScheduler(GridScheduler gridScheduler) {
    runner.grids(gridScheduler);
    return this;
  }

  /**
   * Turns the profiler on.
   *
   * @param profilerMode what to do with the times
   * @return this plan
   */
  public TornadoExecutionPlan withProfiler(ProfilerMode profilerMode) {
    runner.profiler(profilerMode);
    return this;
  }

  /**
   * Turns the profiler off.
   *
   * @return this plan
   */
  public TornadoExecutionPlan withoutProfiler() {
    runner.profiler(null);
    return this;
  }

  /**
   * Prepares all tasks of the selected graphs without running them.
   *
   * @return this plan
   */
  public TornadoExecutionPlan withPreCompilation() {
    runner.prepare();
    return this;
  }

  /**
   * Executes the selected graphs that many times.
   *
   * @param iterations number of executions
   * @return this plan
   */
  public TornadoExecutionPlan withWarmUpIterations(int iterations) {
    for (int i = 0; i < iterations; i++) {
      runner.execute();
    }
    return this;
  }

  /**
   * Forgets what is on the device.
   *
   * @return this plan
   */
  public TornadoExecutionPlan freeDeviceMemory() {
    runner.free();
    return this;
  }

  @Override
  public void close() throws TornadoExecutionPlanException {
    runner.free();
  }
}
