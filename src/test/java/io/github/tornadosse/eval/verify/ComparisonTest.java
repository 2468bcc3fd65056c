package io.github.tornadosse.eval.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.eval.verify.CaseResult.Outcome;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static double[] of(double... values) {
    return values;
  }

  @Test
  void namesTheWorstTensor() {
    Comparison comparison = new Comparison();
    comparison.forward("good", of(3, 4), of(3, 4));
    comparison.forward("bad", of(3, 4.001), of(3, 4));
    CaseResult result = comparison.result("case", "tier");
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.forward().tensor()).isEqualTo("bad");
    assertThat(result.forward().error()).isCloseTo(0.001 / 5, withinShare());
    assertThat(result.gradient()).isNull();
    assertThat(result.reason()).isEqualTo("bad is off by 2.0e-04, allowed are 1e-05");
  }

  @Test
  void allowsMoreOfGradients() {
    Comparison comparison = new Comparison();
    comparison.gradient("g", of(1.00005), of(1));
    assertThat(comparison.result("case", "tier").outcome()).isEqualTo(Outcome.PASSED);
    comparison.forward("o", of(1.00005), of(1));
    assertThat(comparison.result("case", "tier").outcome()).isEqualTo(Outcome.FAILED);
  }

  @Test
  void comparesNegligibleGradientsAgainstTheLargest() {
    Comparison comparison = new Comparison();
    comparison.gradient("large", of(1000), of(1000));
    comparison.gradient("tiny", of(2e-4), of(1e-4));
    CaseResult result = comparison.result("case", "tier");
    assertThat(result.outcome()).isEqualTo(Outcome.PASSED);
    assertThat(result.gradient().error()).isCloseTo(1e-7, withinShare());
    comparison.gradient("small", of(4e-3), of(2e-3));
    assertThat(comparison.result("case", "tier").gradient().tensor()).isEqualTo("small");
  }

  @Test
  void neverPassesWhatIsNotFinite() {
    for (double wrong : of(Double.NaN, Double.POSITIVE_INFINITY)) {
      Comparison comparison = new Comparison();
      comparison.forward("o", of(1, wrong), of(1, 2));
      assertThat(comparison.result("case", "tier").outcome()).isEqualTo(Outcome.FAILED);
    }
  }

  @Test
  void comparesWithZerosExactly() {
    Comparison comparison = new Comparison();
    comparison.forward("zero", of(0, 0), of(0, 0));
    assertThat(comparison.result("case", "tier").outcome()).isEqualTo(Outcome.PASSED);
    comparison.forward("not zero", of(0, 1e-30), of(0, 0));
    assertThat(comparison.result("case", "tier").outcome()).isEqualTo(Outcome.FAILED);
  }

  @Test
  void refusesTensorsOfDifferentSizes() {
    assertThatThrownBy(() -> new Comparison().forward("o", of(1), of(1, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("o has 1 elements; it must have 2");
  }

  private static org.assertj.core.data.Percentage withinShare() {
    return org.assertj.core.data.Percentage.withPercentage(1e-3);
  }
}
