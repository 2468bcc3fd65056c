package io.github.tornadosse.eval.verify;

import java.util.ArrayList;
import java.util.List;

/** Collects a case's tensors, computed and golden, and says how far apart they are. */
public final class Comparison {
  private record Pair(String name, double[] actual, double[] expected) {}

  private final List<Pair> forward = new ArrayList<>();
  private final List<Pair> gradients = new ArrayList<>();

  private final Tolerances tolerances;

  /** A comparison of nothing yet, of float32 results. */
  public Comparison() {
    this(Tolerances.FLOAT32);
  }

  /**
   * A comparison of nothing yet.
   *
   * @param tolerances how far results may be off
   */
  public Comparison(Tolerances tolerances) {
    this.tolerances = tolerances;
  }

  /**
   * Adds a forward result.
   *
   * @param name the tensor's name
   * @param actual what was computed
   * @param expected what is right
   * @throws IllegalArgumentException if the sizes differ
   */
  public void forward(String name, double[] actual, double[] expected) {
    forward.add(pair(name, actual, expected));
  }

  /**
   * Adds a gradient.
   *
   * @param name the tensor's name
   * @param actual what was computed
   * @param expected what is right
   * @throws IllegalArgumentException if the sizes differ
   */
  public void gradient(String name, double[] actual, double[] expected) {
    gradients.add(pair(name, actual, expected));
  }

  private static Pair pair(String name, double[] actual, double[] expected) {
    if (actual.length != expected.length) {
      throw new IllegalArgumentException(
          name + " has " + actual.length + " elements; it must have " + expected.length);
    }
    return new Pair(name, actual, expected);
  }

  /**
   * The verdict.
   *
   * @param name the case's name
   * @param tier the tier's name
   * @return passed if every tensor is within the tolerances, else failed with the tensor's name
   */
  public CaseResult result(String name, String tier) {
    CaseResult.Worst worstForward = null;
    for (Pair p : forward) {
      worstForward = worse(worstForward, p, norm(p.expected), tolerances.forward());
    }
    double largest = gradients.stream().mapToDouble(p -> norm(p.expected)).max().orElse(0);
    CaseResult.Worst worstGradient = null;
    for (Pair p : gradients) {
      double norm = norm(p.expected);
      double against = norm < Tolerances.NEGLIGIBLE_GRADIENT * largest ? largest : norm;
      worstGradient = worse(worstGradient, p, against, tolerances.gradient());
    }
    String reason = complaint(worstForward) + complaint(worstGradient);
    return new CaseResult(
        name,
        tier,
        reason.isEmpty() ? CaseResult.Outcome.PASSED : CaseResult.Outcome.FAILED,
        worstForward,
        worstGradient,
        reason.strip());
  }

  private static String complaint(CaseResult.Worst worst) {
    return worst == null || worst.within()
        ? ""
        : " %s is off by %.1e, allowed are %.0e"
            .formatted(worst.tensor(), worst.error(), worst.tolerance());
  }

  private static CaseResult.Worst worse(
      CaseResult.Worst worst, Pair p, double against, double tolerance) {
    double error = relativeError(p.actual, p.expected, against);
    return worst == null || error > worst.error()
        ? new CaseResult.Worst(error, p.name, tolerance)
        : worst;
  }

  /**
   * ‖actual − expected‖ / against.
   *
   * @param actual what was computed
   * @param expected what is right
   * @param against the norm to compare with; with 0, only equal arrays have an error of 0
   * @return the relative error, infinite if anything is not finite
   */
  public static double relativeError(double[] actual, double[] expected, double against) {
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = actual[i] - expected[i];
      squares += difference * difference;
    }
    double difference = Math.sqrt(squares);
    if (!Double.isFinite(difference)) {
      return Double.POSITIVE_INFINITY;
    }
    return difference == 0 ? 0 : difference / against;
  }

  /**
   * The L2 norm.
   *
   * @param x any array
   * @return √Σx²
   */
  public static double norm(double[] x) {
    double squares = 0;
    for (double value : x) {
      squares += value * value;
    }
    return Math.sqrt(squares);
  }
}
