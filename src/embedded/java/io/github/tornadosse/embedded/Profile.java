package io.github.tornadosse.embedded;

/** Times of one execution of a plan, in nanoseconds. */
public final class Profile {
  private long totalTime;
  private long kernelTime;

  void addTotal(long nanos) {
    totalTime += nanos;
  }

  void addKernel(long nanos) {
    kernelTime += nanos;
  }

  /**
   * Time of the whole execution.
   *
   * @return nanoseconds
   */
  public long totalTime() {
    return totalTime;
  }

  /**
   * Time spent in tasks.
   *
   * @return nanoseconds
   */
  public long kernelTime() {
    return kernelTime;
  }
}
