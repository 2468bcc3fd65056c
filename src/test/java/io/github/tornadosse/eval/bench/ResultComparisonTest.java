package io.github.tornadosse.eval.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.bench.ResultComparison.Verdict;
import io.github.tornadosse.tensor.UserError;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResultComparisonTest {
  private static final double TOLERANCE = 0.05;

  private static ObjectNode run(double median, double spread, long seed) {
    return Results.mixer("gla", 100, 0, Results.times(median, spread, 15, seed));
  }

  private static ResultComparison compare(ObjectNode before, ObjectNode after) {
    return ResultComparison.of(List.of(before), List.of(after), TOLERANCE, false);
  }

  @Test
  void aRealSlowDownIsFound() {
    int found = 0;
    for (int seed = 0; seed < 100; seed++) {
      ResultComparison c = compare(run(10, 0.03, seed), run(12, 0.03, 1000 + seed));
      found += c.worse() ? 1 : 0;
      assertThat(c.rows().get(0).ratio().ratio()).isBetween(1.1, 1.3);
    }
    assertThat(found).isGreaterThanOrEqualTo(99);
  }

  @Test
  void noiseIsNone() {
    int alarms = 0;
    for (int seed = 0; seed < 200; seed++) {
      alarms += compare(run(10, 0.03, seed), run(10, 0.03, 1000 + seed)).worse() ? 1 : 0;
    }
    assertThat(alarms).isZero();
  }

  @Test
  void theIntervalHoldsTheTrueRatioAboutAsOftenAsItSays() {
    int held = 0;
    for (int seed = 0; seed < 300; seed++) {
      MedianRatio r =
          MedianRatio.of(
              Results.times(10, 0.05, 15, seed), Results.times(11, 0.05, 15, 5000 + seed));
      held += r.low() <= 1.1 && r.high() >= 1.1 ? 1 : 0;
    }
    assertThat(held / 300.0).isBetween(0.90, 1.0);
  }

  @Test
  void theSameRunsGiveTheSameInterval() {
    double[] a = Results.times(10, 0.1, 9, 1);
    double[] b = Results.times(10, 0.1, 9, 2);
    assertThat(MedianRatio.of(a, b)).isEqualTo(MedianRatio.of(a, b));
  }

  @Test
  void aSlowDownWithinTheToleranceIsLetPass() {
    ResultComparison c = compare(run(10, 0.0001, 1), run(10.4, 0.0001, 2));
    assertThat(c.rows().get(0).ratio().low()).isGreaterThan(1);
    assertThat(c.rows().get(0).verdict()).isEqualTo(Verdict.SAME);
    assertThat(c.worse()).isFalse();
  }

  @Test
  void aSpeedUpIsSaidAndIsNothingWrong() {
    ResultComparison c = compare(run(10, 0.01, 1), run(8, 0.01, 2));
    assertThat(c.rows().get(0).verdict()).isEqualTo(Verdict.FASTER);
    assertThat(c.worse()).isFalse();
  }

  @Test
  void fewRunsSayNothing() {
    ResultComparison c =
        compare(Results.mixer("gla", 9, 0, 1, 1, 1), Results.mixer("gla", 9, 0, 9, 9, 9));
    assertThat(c.rows().get(0).ratio().ratio()).isEqualTo(9);
    assertThat(c.worse()).isFalse();
  }

  @Test
  void anEntryThatIsNotRightAnyMoreIsWorse() {
    ObjectNode before = run(10, 0.01, 1);
    ResultComparison c = compare(before, Results.failed(before, "y is off"));
    assertThat(c.rows().get(0).verdict()).isEqualTo(Verdict.LOST);
    assertThat(c.rows().get(0).reason()).isEqualTo("failed: y is off");
    assertThat(c.worse()).isTrue();
    assertThat(compare(Results.failed(before, "y is off"), before).worse()).isFalse();
  }

  @Test
  void whatOnlyOneFileHasIsNamed() {
    ObjectNode both = run(10, 0.01, 1);
    ObjectNode before = Results.mixer("gdn", 100, 0, 1, 2);
    ObjectNode after = Results.mixer("softmax", 100, 0, 1, 2);
    ResultComparison c =
        ResultComparison.of(List.of(both, before), List.of(after, both), TOLERANCE, false);
    assertThat(c.rows()).hasSize(1);
    assertThat(c.onlyBefore()).singleElement().asString().contains("gdn").endsWith(" on jvm");
    assertThat(c.onlyAfter()).singleElement().asString().contains("softmax");
  }

  @Test
  void theLastOfSeveralResultsCounts() {
    ObjectNode slow = run(20, 0.01, 1);
    ObjectNode fast = Results.copy(run(10, 0.01, 2), "commit", "def");
    ResultComparison c = ResultComparison.of(List.of(slow, fast), List.of(fast), TOLERANCE, false);
    assertThat(c.rows().get(0).ratio().ratio()).isEqualTo(1);
  }

  @Test
  void otherMachinesAreNotComparedUnlessAskedFor() {
    ObjectNode before = run(10, 0.01, 1);
    for (String key : List.of("cpu", "os", "device_name", "tier")) {
      ObjectNode after = Results.copy(before, key, "another");
      assertThatThrownBy(() -> compare(before, after))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("these cannot be compared: " + key)
          .hasMessageContaining("--anyway");
      assertThat(ResultComparison.of(List.of(before), List.of(after), 0, true).worse()).isFalse();
    }
  }

  @Test
  void filesWithoutACommonEntryAreNotCompared() {
    List<ObjectNode> before = List.of(Results.mixer("gla", 9, 0, 1));
    List<ObjectNode> after = List.of(Results.mixer("gdn", 9, 0, 1));
    assertThatThrownBy(() -> ResultComparison.of(before, after, TOLERANCE, true))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no entry in common");
  }
}
