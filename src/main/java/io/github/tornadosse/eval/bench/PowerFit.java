package io.github.tornadosse.eval.bench;

import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/**
 * A power law y = factor·x^exponent, fitted to logarithms by least squares.
 *
 * @param exponent the slope
 * @param half half of its confidence interval of 95 %; not a number with two points
 * @param factor y at x = 1
 */
public record PowerFit(double exponent, double half, double factor) {
  private static final double QUANTILE = 0.975;

  /**
   * Fits.
   *
   * @param x positive
   * @param y positive, as many
   * @return the fit; null with fewer than two different x
   */
  public static PowerFit of(double[] x, double[] y) {
    SimpleRegression line = new SimpleRegression();
    for (int i = 0; i < x.length; i++) {
      line.addData(Math.log(x[i]), Math.log(y[i]));
    }
    if (Double.isNaN(line.getSlope())) {
      return null;
    }
    double half = Double.NaN;
    if (line.getN() > 2) {
      half =
          line.getSlopeStdErr()
              * new TDistribution(line.getN() - 2).inverseCumulativeProbability(QUANTILE);
    }
    return new PowerFit(line.getSlope(), half, Math.exp(line.getIntercept()));
  }

  /**
   * The fitted y.
   *
   * @param x positive
   * @return factor·x^exponent
   */
  public double at(double x) {
    return factor * Math.pow(x, exponent);
  }
}
