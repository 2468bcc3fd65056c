package uk.ac.manchester.tornado.api;

import io.github.tornadosse.embedded.PlanRunner;

/** What an execution of a plan leaves behind. */
public class TornadoExecutionResult {
  private final PlanRunner runner;
  private final TornadoProfilerResult profiler;

  TornadoExecutionResult(PlanRunner runner, TornadoProfilerResult profiler) {
    this.runner = runner;
    this.profiler = profiler;
  }

  /**
   * The times of the execution.
   *
   * @return the times, all 0 if the profiler is off
   */
  public TornadoProfilerResult getProfilerResult() {
    return profiler;
  }

  /**
   * Copies arrays from the device to the host.
   *
   * @param objects arrays that the executed graphs use
   * @return this
   */
  public TornadoExecutionResult transferToHost(Object... objects) {
    runner.transferToHost(objects);
    return this;
  }

  /**
   * Whether the execution has ended; executions are synchronous.
   *
   * @return true
   */
  public boolean isReady() {
    return true;
  }
}
