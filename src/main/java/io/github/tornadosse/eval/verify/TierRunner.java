package io.github.tornadosse.eval.verify;

/** Runs golden cases on one tier. */
public interface TierRunner {
  /**
   * The tier's name.
   *
   * @return such as portable
   */
  String tier();

  /**
   * Runs a case and compares.
   *
   * @param golden the case
   * @return the verdict; skipped, with the reason, if the tier does not cover the case
   */
  CaseResult run(GoldenCase golden);
}
