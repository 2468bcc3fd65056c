package uk.ac.manchester.tornado.api;

import io.github.tornadosse.embedded.Profile;

/** Access to the times of single tasks; part of the embedded runtime only. */
public final class ExecutionProfile {
  private ExecutionProfile() {}

  /**
   * The times of an execution.
   *
   * @param result what the execution returned
   * @return its times; empty if the profiler was off
   */
  public static Profile of(TornadoExecutionResult result) {
    return result.getProfilerResult().profile();
  }
}
