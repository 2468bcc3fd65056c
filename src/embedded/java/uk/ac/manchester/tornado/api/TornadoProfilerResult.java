package uk.ac.manchester.tornado.api;

import io.github.tornadosse.embedded.Profile;

/** The times of an execution, in nanoseconds; all 0 if the profiler is off. */
public class TornadoProfilerResult {
  private final Profile profile;

  TornadoProfilerResult(Profile profile) {
    this.profile = profile;
  }

  /**
   * Time of the whole execution.
   *
   * @return nanoseconds
   */
  public long getTotalTime() {
    return profile.totalTime();
  }

  /**
   * Time spent in tasks.
   *
   * @return nanoseconds
   */
  public long getDeviceKernelTime() {
    return profile.kernelTime();
  }
}
