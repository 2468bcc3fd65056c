package io.github.tornadosse.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  private static Recipe.Train train(String keys) {
    return Recipe.parse("data: {path: x}\ntrain: {" + keys + "}", "test", List.of()).train();
  }

  @Provide
  Arbitrary<Recipe.Train> recipes() {
    return Combinators.combine(
            Arbitraries.integers().between(1, 300),
            Arbitraries.integers().between(0, 300),
            Arbitraries.integers().between(0, 300),
            Arbitraries.doubles().between(1e-6, 1).ofScale(9),
            Arbitraries.doubles().between(0, 1),
            Arbitraries.of("cosine", "wsd"))
        .as(
            (steps, a, b, high, low, shape) -> {
              int warmup = Math.min(a, steps);
              int decay = shape.equals("wsd") ? Math.min(b, steps - warmup) : 0;
              return train(
                  "steps: %d, warmup_steps: %d, decay_steps: %d, learning_rate: %s, min_learning_rate: %s, schedule: %s"
                      .formatted(steps, warmup, decay, high, low * high, shape));
            });
  }

  @Property(tries = 300)
  void staysBetweenNothingAndTheHighest(@ForAll("recipes") Recipe.Train train) {
    Schedule schedule = new Schedule(train);
    for (int step = 1; step <= train.steps(); step++) {
      double at = schedule.at(step);
      assertThat(at).isGreaterThanOrEqualTo(0);
      assertThat(at).isLessThanOrEqualTo(train.learningRate() * (1 + 1e-12));
      if (step >= train.warmupSteps()) {
        assertThat(at).isGreaterThanOrEqualTo(train.minLearningRate() * (1 - 1e-12));
      }
    }
  }

  @Property(tries = 300)
  void risesInTheWarmUpAndNeverAfterwards(@ForAll("recipes") Recipe.Train train) {
    Schedule schedule = new Schedule(train);
    for (int step = 1; step < train.steps(); step++) {
      double slack = 1e-12 * train.learningRate();
      if (step < train.warmupSteps()) {
        assertThat(schedule.at(step + 1)).isGreaterThan(schedule.at(step));
      } else {
        assertThat(schedule.at(step + 1)).isLessThanOrEqualTo(schedule.at(step) + slack);
      }
    }
  }

  @Property(tries = 300)
  void reachesBothEnds(@ForAll("recipes") Recipe.Train train) {
    Schedule schedule = new Schedule(train);
    double slack = 1e-12;
    if (train.warmupSteps() > 0) {
      assertThat(schedule.at(train.warmupSteps())).isEqualTo(train.learningRate(), within(slack));
    }
    boolean decays =
        train.schedule() == Recipe.Shape.WSD
            ? train.decaySteps() > 0
            : train.warmupSteps() < train.steps();
    assertThat(schedule.at(train.steps()))
        .isEqualTo(decays ? train.minLearningRate() : train.learningRate(), within(slack));
  }

  @Property(tries = 300)
  void comesDownWithTimeUnderALimit(
      @ForAll("recipes") Recipe.Train train,
      @ForAll @DoubleRange(min = 0, max = 2) double early,
      @ForAll @DoubleRange(min = 0, max = 2) double late) {
    Schedule schedule = new Schedule(train);
    double a = Math.min(early, late);
    double b = Math.max(early, late);
    for (int step : new int[] {1, (train.steps() + 1) / 2, train.steps()}) {
      assertThat(schedule.at(step, b))
          .isLessThanOrEqualTo(schedule.at(step, a) + 1e-12 * train.learningRate());
      assertThat(schedule.at(step, 0)).isEqualTo(schedule.at(step));
    }
  }

  @Test
  void isConstantUntilTheDecayOfWsd() {
    Schedule schedule =
        new Schedule(
            train(
                "steps: 100, warmup_steps: 10, decay_steps: 20, schedule: wsd,"
                    + " learning_rate: 1, min_learning_rate: 0.5"));
    assertThat(schedule.at(1)).isEqualTo(0.1);
    assertThat(schedule.at(10)).isEqualTo(1);
    assertThat(schedule.at(80)).isEqualTo(1);
    assertThat(schedule.at(90)).isEqualTo(0.75, within(1e-12));
    assertThat(schedule.at(100)).isEqualTo(0.5);
    // Half of the time is left at step 20, and a tenth at step 21.
    assertThat(schedule.at(20, 0.5)).isEqualTo(1);
    assertThat(schedule.at(21, 0.9)).isEqualTo(0.75, within(1e-12));
  }

  @Test
  void isHalfWayDownInTheMiddleOfTheCosine() {
    Schedule schedule =
        new Schedule(
            train("steps: 110, warmup_steps: 10, learning_rate: 1, min_learning_rate: 0.2"));
    assertThat(schedule.at(60)).isEqualTo(0.6, within(1e-12));
    assertThat(schedule.at(35)).isEqualTo(0.2 + 0.8 * (1 + Math.sqrt(0.5)) / 2, within(1e-12));
    assertThat(schedule.at(11, 1)).isEqualTo(0.2, within(1e-12));
  }
}
