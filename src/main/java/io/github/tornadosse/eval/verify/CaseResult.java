package io.github.tornadosse.eval.verify;

/**
 * What one tier made of one golden case.
 *
 * @param name the case's name
 * @param tier the tier's name
 * @param outcome passed, failed or skipped
 * @param forward the worst forward error; null if the case was skipped
 * @param gradient the worst gradient error; null if skipped or the case has no gradients
 * @param reason why it failed or was skipped, in one line; empty if it passed
 */
public record CaseResult(
    String name, String tier, Outcome outcome, Worst forward, Worst gradient, String reason) {

  /** How a case ended. */
  public enum Outcome {
    /** Every tensor is within its tolerance. */
    PASSED,
    /** A tensor is not, or the run threw an exception. */
    FAILED,
    /** The tier does not cover the case. */
    SKIPPED
  }

  /**
   * The largest error among tensors.
   *
   * @param error relative L2 error
   * @param tensor the tensor's name
   * @param tolerance what the error may be
   */
  public record Worst(double error, String tensor, double tolerance) {
    /**
     * Whether the error is allowed.
     *
     * @return error ≤ tolerance; false for NaN
     */
    public boolean within() {
      return error <= tolerance;
    }
  }

  /**
   * A case that a tier does not cover.
   *
   * @param name the case's name
   * @param tier the tier's name
   * @param reason why, in one line
   * @return the result
   */
  public static CaseResult skipped(String name, String tier, String reason) {
    return new CaseResult(name, tier, Outcome.SKIPPED, null, null, reason);
  }

  /**
   * A case whose run failed before there was anything to compare.
   *
   * @param name the case's name
   * @param tier the tier's name
   * @param reason why, in one line
   * @return the result
   */
  public static CaseResult failed(String name, String tier, String reason) {
    return new CaseResult(name, tier, Outcome.FAILED, null, null, reason);
  }
}
