package uk.ac.manchester.tornado.api;

import io.github.tornadosse.embedded.Profile;

/** The times of an execution, in nanoseconds; all 0 if the profiler is off. */
public class TornadoProfilerResult {
  private final Profile profile;

  TornadoProfilerResult(Profile profile) {
    this.profile = profile;
  }

  Profile profile() {
    return profile;
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

  /**
   * Time spent in copies between host and device; there are none outside of strict mode.
   *
   * @return nanoseconds
   */
  public long getDataTransfersTime() {
    return profile.copyTime();
  }

  /**
   * Bytes copied to the device.
   *
   * @return bytes
   */
  public long getTotalBytesCopyIn() {
    return profile.bytesIn();
  }

  /**
   * Bytes copied to the host.
   *
   * @return bytes
   */
  public long getTotalBytesCopyOut() {
    return profile.bytesOut();
  }

  /**
   * All figures, those of each task under its name "graph.task".
   *
   * @return a JSON object
   */
  public String getProfileLog() {
    return profile.json();
  }

  /** Prints all figures. */
  public void dumpProfiles() {
    System.out.println(getProfileLog());
  }
}
