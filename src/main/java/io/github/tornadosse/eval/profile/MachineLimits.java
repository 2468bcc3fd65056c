package io.github.tornadosse.eval.profile;

import io.github.tornadosse.eval.bench.Yardsticks;
import io.github.tornadosse.graph.Operations;

/**
 * What the machine can do at most: a square matrix product and a copy on the same tier, measured
 * again and again beside what is profiled, so that other work on the machine meets both alike.
 */
final class MachineLimits implements AutoCloseable {
  private static final int TIMES = 3;

  private final Yardsticks yardsticks;
  private double productNanos = Double.POSITIVE_INFINITY;
  private double copyNanos = Double.POSITIVE_INFINITY;

  /**
   * Makes the product and the copy.
   *
   * @param ops the tier
   */
  MachineLimits(Operations ops) {
    yardsticks = new Yardsticks(ops);
  }

  /** Runs both a few times; the fastest ever counts. */
  void measure() {
    for (int i = 0; i < TIMES; i++) {
      productNanos = Math.min(productNanos, time(yardsticks::product));
      copyNanos = Math.min(copyNanos, time(yardsticks::copy));
    }
  }

  private static double time(Runnable run) {
    long start = System.nanoTime();
    run.run();
    return System.nanoTime() - start;
  }

  /** 10⁹ operations a second of the fastest product. */
  double gflops() {
    return Yardsticks.productFlop() / productNanos;
  }

  /** 10⁹ bytes a second that the fastest copy read and wrote. */
  double gbs() {
    return Yardsticks.copiedBytes() / copyNanos;
  }

  @Override
  public void close() {
    yardsticks.close();
  }
}
