package io.github.tornadosse.eval.bench;

import java.util.Arrays;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well19937c;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;

/**
 * The ratio of two medians with a confidence interval of 95 %, by resampling (the percentile
 * bootstrap) from a fixed seed, so that the same runs give the same interval.
 *
 * @param ratio median of the later times over that of the earlier ones
 * @param low lower end of the interval; 0 where there are too few runs for one
 * @param high upper end; infinite where there are too few runs
 */
public record MedianRatio(double ratio, double low, double high) {
  /** Fewer runs than that say nothing about how much they vary. */
  public static final int LEAST_RUNS = 4;

  private static final int SAMPLES = 4000;
  private static final int SEED = 20250725;
  private static final double LOW = 2.5;
  private static final double HIGH = 97.5;

  /**
   * Compares two sets of runs.
   *
   * @param before times, at least one
   * @param after times, at least one
   * @return the ratio of medians
   */
  public static MedianRatio of(double[] before, double[] after) {
    double ratio = Figures.median(after) / Figures.median(before);
    if (Math.min(before.length, after.length) < LEAST_RUNS) {
      return new MedianRatio(ratio, 0, Double.POSITIVE_INFINITY);
    }
    RandomGenerator random = new Well19937c(SEED);
    double[] ratios = new double[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      ratios[i] = resampled(after, random) / resampled(before, random);
    }
    Arrays.sort(ratios);
    Percentile percentile = new Percentile();
    percentile.setData(ratios);
    return new MedianRatio(ratio, percentile.evaluate(LOW), percentile.evaluate(HIGH));
  }

  private static double resampled(double[] x, RandomGenerator random) {
    double[] drawn = new double[x.length];
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = x[random.nextInt(x.length)];
    }
    return Figures.median(drawn);
  }

  /** Whether the interval is above 1, and the ratio above that by more than the tolerance. */
  public boolean slower(double tolerance) {
    return low > 1 && ratio > 1 + tolerance;
  }

  /** Whether the interval is below 1, and the ratio below that by more than the tolerance. */
  public boolean faster(double tolerance) {
    return high < 1 && ratio < 1 - tolerance;
  }
}
