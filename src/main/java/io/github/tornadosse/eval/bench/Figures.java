package io.github.tornadosse.eval.bench;

import java.util.Arrays;

/**
 * What was measured.
 *
 * @param ms milliseconds of each run
 * @param productMs of each product, in turns with the runs
 * @param copyMs of each copy, in turns with the runs
 * @param flop nominal operations of a run
 * @param tokens of a run
 * @param bytes memory of the program
 */
public record Figures(
    double[] ms, double[] productMs, double[] copyMs, double flop, double tokens, Bytes bytes) {
  /**
   * Memory of the program, yardsticks apart.
   *
   * @param planned arrays as planned
   * @param io what a run has to move at least: what goes in and comes out
   * @param peak most bytes of the heap that there can be at once, see {@link Footprint#peak}; −1
   *     where arrays are not on the heap
   */
  public record Bytes(long planned, long io, long peak) {}

  /** The fastest of some times. */
  static double fastest(double[] ms) {
    return Arrays.stream(ms).min().orElseThrow();
  }

  /** The median of some times. */
  static double median(double[] ms) {
    double[] sorted = ms.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  /** The fastest run in milliseconds. */
  public double minMs() {
    return fastest(ms);
  }

  /** The median run in milliseconds. */
  public double medianMs() {
    return median(ms);
  }

  /** Nominal operations per second of the fastest run, in 10⁹. */
  public double gflops() {
    return flop / minMs() / 1e6;
  }

  /** Operations per second of the fastest product, in 10⁹. */
  public double productGflops() {
    return Yardsticks.productFlop() / fastest(productMs) / 1e6;
  }

  /** Ratio of the two. */
  public double ofProduct() {
    return gflops() / productGflops();
  }

  /** 10⁹ bytes per second that the fastest copy read and wrote. */
  public double copyGbs() {
    return Yardsticks.copiedBytes() / fastest(copyMs) / 1e6;
  }

  /**
   * Rows, columns and terms of the product.
   *
   * @return larger on graphics processors, which 1024 does not fill
   */
  public static int productSize() {
    return Yardsticks.productSize();
  }
}
