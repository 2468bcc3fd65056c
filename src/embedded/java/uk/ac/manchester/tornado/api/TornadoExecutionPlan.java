package uk.ac.manchester.tornado.api;

import io.github.tornadosse.embedded.PlanRunner;
import io.github.tornadosse.embedded.StrictMode;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** Runs task graphs, all in turn or one of them. Belongs to one thread at a time. */
public final class TornadoExecutionPlan implements AutoCloseable {
  /** The device that is used if none is asked for. */
  public static TornadoDevice DEFAULT_DEVICE =
      TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();

  private static final AtomicLong PLANS = new AtomicLong();

  private final PlanRunner runner;
  private final long id = PLANS.incrementAndGet();
  private ProfilerMode profilerMode;

  /**
   * A plan for graphs.
   *
   * @param immutableTaskGraphs the graphs, in the order of their indices
   */
  public TornadoExecutionPlan(ImmutableTaskGraph... immutableTaskGraphs) {
    runner =
        new PlanRunner(
            Arrays.stream(immutableTaskGraphs).map(ImmutableTaskGraph::definition).toList(),
            StrictMode.enabled());
  }

  /**
   * A device.
   *
   * @param driverIndex index of its backend
   * @param deviceIndex its index in the backend
   * @return the device
   * @throws TornadoRuntimeException if there is none
   */
  public static TornadoDevice getDevice(int driverIndex, int deviceIndex) {
    return TornadoRuntimeProvider.getTornadoRuntime()
        .getBackend(driverIndex)
        .getDevice(deviceIndex);
  }

  /**
   * All devices.
   *
   * @return the devices by backend
   */
  public static TornadoDeviceMap getTornadoDeviceMap() {
    return new TornadoDeviceMap();
  }

  /**
   * Number of plans made so far.
   *
   * @return the number
   */
  public static int getTotalPlans() {
    return PLANS.intValue();
  }

  /**
   * The plan's number.
   *
   * @return the number, from 1
   */
  public long getId() {
    return id;
  }

  /**
   * Runs the selected graphs, all of them unless one has been selected.
   *
   * @return access to the results
   */
  public TornadoExecutionResult execute() {
    TornadoProfilerResult profile = new TornadoProfilerResult(runner.execute());
    if (profilerMode == ProfilerMode.CONSOLE) {
      profile.dumpProfiles();
    }
    return new TornadoExecutionResult(runner, profile);
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
   * Says which device to use.
   *
   * @param device a device of the runtime
   * @return this plan
   * @throws TornadoRuntimeException if the device is another runtime's
   */
  public TornadoExecutionPlan withDevice(TornadoDevice device) {
    if (device != TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice()) {
      throw new TornadoRuntimeException(
          "the embedded runtime does not have the device " + device.getDeviceName());
    }
    return this;
  }

  /**
   * The device of a graph.
   *
   * @param immutableTaskGraphIndex its index
   * @return the device
   */
  public TornadoDevice getDevice(int immutableTaskGraphIndex) {
    return TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
  }

  /**
   * Sets the grids of tasks.
   *
   * @param gridScheduler the grids
   * @return this plan
   * @throws TornadoRuntimeException if no graph has a task with one of the names
   */
  public TornadoExecutionPlan withGridScheduler(GridScheduler gridScheduler) {
    runner.grids(gridScheduler);
    return this;
  }

  /**
   * Forgets all grids.
   *
   * @return this plan
   */
  public TornadoExecutionPlan withDefaultScheduler() {
    runner.noGrids();
    return this;
  }

  /**
   * Turns the profiler on.
   *
   * @param profilerMode what to do with the times
   * @return this plan
   */
  public TornadoExecutionPlan withProfiler(ProfilerMode profilerMode) {
    this.profilerMode = profilerMode;
    runner.profiler(true);
    return this;
  }

  /**
   * Turns the profiler off.
   *
   * @return this plan
   */
  public TornadoExecutionPlan withoutProfiler() {
    profilerMode = null;
    runner.profiler(false);
    return this;
  }

  /**
   * Finds and checks the kernels of the selected graphs without running them.
   *
   * @return this plan
   * @throws TornadoRuntimeException if a task cannot be run
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
   * @throws TornadoRuntimeException if the number is negative
   */
  public TornadoExecutionPlan withWarmUpIterations(int iterations) {
    checkNotNegative("number of warm-up iterations", iterations);
    for (int i = 0; i < iterations; i++) {
      runner.execute();
    }
    return this;
  }

  /**
   * Executes the selected graphs for some time.
   *
   * @param milliseconds how long at least
   * @return this plan
   * @throws TornadoRuntimeException if the time is negative
   * @throws InterruptedException never here
   */
  public TornadoExecutionPlan withWarmUpTime(long milliseconds) throws InterruptedException {
    checkNotNegative("warm-up time", milliseconds);
    long start = System.nanoTime();
    while (System.nanoTime() - start < milliseconds * 1_000_000) {
      runner.execute();
    }
    return this;
  }

  private static void checkNotNegative(String what, long value) {
    if (value < 0) {
      throw new TornadoRuntimeException("the " + what + " is " + value);
    }
  }

  /**
   * Allows runs of tasks to be captured and replayed as one; of no effect on the JVM.
   *
   * @return this plan
   */
  public TornadoExecutionPlan withCUDAGraph() {
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

  /**
   * Forgets what is on the device.
   *
   * @throws TornadoExecutionPlanException never here
   */
  @Override
  public void close() throws TornadoExecutionPlanException {
    runner.free();
  }
}
