package io.github.tornadosse.experiment;

import java.util.Locale;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * A mean over seeds with its 95 % confidence interval by Student's t.
 *
 * @param mean of the seeds
 * @param half half the interval's width; not a number for a single seed
 * @param count number of seeds
 */
public record Spread(double mean, double half, int count) {
  private static final double UPPER = 0.975;

  static Spread of(double[] values) {
    SummaryStatistics statistics = new SummaryStatistics();
    for (double value : values) {
      statistics.addValue(value);
    }
    int n = values.length;
    double half =
        n < 2
            ? Double.NaN
            : new TDistribution(n - 1.0).inverseCumulativeProbability(UPPER)
                * statistics.getStandardDeviation()
                / Math.sqrt(n);
    return new Spread(statistics.getMean(), half, n);
  }

  /** As a table shows it: "–" where there is no number. */
  String text() {
    if (Double.isNaN(mean)) {
      return "–";
    }
    return Double.isNaN(half)
        ? String.format(Locale.ROOT, "%.3f", mean)
        : String.format(Locale.ROOT, "%.3f ± %.3f", mean, half);
  }
}
