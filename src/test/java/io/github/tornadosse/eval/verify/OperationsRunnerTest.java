package io.github.tornadosse.eval.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.eval.verify.CaseResult.Outcome;
import io.github.tornadosse.runtime.Tiers;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OperationsRunnerTest {
  @ParameterizedTest
  @ValueSource(strings = {"portable", "vector"})
  void everyShippedCasePasses(String tier) {
    List<CaseResult> results = new ArrayList<>();
    try (GoldenCases cases = GoldenCases.shipped()) {
      Verifier.run(
          cases.all(),
          List.of(new OperationsRunner(Tiers.choose(tier).operations())),
          results::add);
    }
    assertThat(results).filteredOn(r -> r.outcome() == Outcome.FAILED).isEmpty();
    assertThat(results)
        .filteredOn(r -> r.name().contains("gla"))
        .isNotEmpty()
        .allMatch(r -> r.outcome() == Outcome.PASSED);
    assertThat(results)
        .filteredOn(r -> r.outcome() == Outcome.SKIPPED)
        .allMatch(r -> !r.reason().isBlank());
  }
}
