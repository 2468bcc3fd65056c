package io.github.tornadosse.eval.verify;

import io.github.tornadosse.runtime.Devices;
import java.util.List;
import java.util.function.Consumer;

/** Runs golden cases on tiers. */
public final class Verifier {
  private Verifier() {}

  /**
   * Runs every case on every tier. An exception of a run is a failed case, not the end.
   *
   * @param cases what to run
   * @param tiers on what
   * @param report told of each result as it comes
   * @return whether no case failed and at least one passed
   */
  public static boolean run(
      List<GoldenCase> cases, List<? extends TierRunner> tiers, Consumer<CaseResult> report) {
    boolean failed = false;
    boolean passed = false;
    for (GoldenCase golden : cases) {
      for (TierRunner tier : tiers) {
        CaseResult result = run(golden, tier);
        report.accept(result);
        failed |= result.outcome() == CaseResult.Outcome.FAILED;
        passed |= result.outcome() == CaseResult.Outcome.PASSED;
      }
    }
    return passed && !failed;
  }

  private static CaseResult run(GoldenCase golden, TierRunner tier) {
    try {
      return tier.run(golden);
    } catch (RuntimeException e) {
      String why = e.getClass().getSimpleName() + ": " + Devices.reason(e);
      return CaseResult.failed(golden.name(), tier.tier(), why);
    }
  }
}
