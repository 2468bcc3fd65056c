package io.github.tornadosse.data.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.apache.commons.math3.distribution.BinomialDistribution;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well1024a;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TasksTest {
  private static final double PROBABLE = 1e-4;

  /** Draws answers of the right form, without a look at the text. */
  private static int[] guess(Task task, RandomGenerator random, int[] form) {
    int[] answer = form.clone();
    for (int i = 0; i < answer.length; i++) {
      int n = task.vocabSize();
      answer[i] =
          switch (task.name()) {
            case "mqar" -> n / 2 + random.nextInt(n / 2);
            case "copy" -> 2 + random.nextInt(n - 2);
            case "selective-copy" -> 3 + random.nextInt(n - 3);
            case "permutations-3", "permutations-5" -> 1 + random.nextInt(n - 1);
            default -> Character.isDigit(form[i]) ? '0' + random.nextInt(10) : form[i];
          };
    }
    return answer;
  }

  @ParameterizedTest
  @CsvSource({
    "mqar, 16, 0.125",
    "copy, 10, 0.125",
    "selective-copy, 11, 0.125",
    "permutations-3, 0, 0.16666",
    "permutations-5, 0, 0.00833",
    "phone-book, 0, 0.1",
    "needle-noise, 0, 0.1",
    "needle-text, 0, 0.1",
    "needle-keys, 0, 0.1",
    "needle-values, 0, 0.1",
    "needle-queries, 0, 0.1"
  })
  void guessesScoreChance(String name, int vocabulary, double chance) {
    Task task = Tasks.of(new TaskSettings(name, vocabulary, List.of(), 0.01, 1, null));
    assertThat(task.chance()).isCloseTo(chance, org.assertj.core.data.Offset.offset(1e-4));
    TaskExamples examples = new TaskExamples(task, Part.TEST, 256, List.of(), 3);
    RandomGenerator random = new Well1024a(17);
    int asked = 0;
    int right = 0;
    for (int i = 0; asked < 1500; i++) {
      Example e = examples.example(i);
      for (Example.Query q : e.queries()) {
        int[] target = Arrays.copyOfRange(e.targets(), q.from(), q.to());
        asked++;
        right += Arrays.equals(guess(task, random, target), target) ? 1 : 0;
      }
    }
    BinomialDistribution expected = new BinomialDistribution(asked, task.chance());
    assertThat(expected.cumulativeProbability(right)).isGreaterThan(PROBABLE);
    assertThat(1 - expected.cumulativeProbability(right - 1)).isGreaterThan(PROBABLE);
  }

  @ParameterizedTest
  @CsvSource({"0.01", "0.5", "1.0"})
  void theGapOfTheFirstPairFollowsThePowerLaw(double power) {
    Task task = Tasks.of(new TaskSettings("mqar", 64, List.of(4), power, 4, null));
    TaskExamples examples = new TaskExamples(task, Part.TEST, 48, List.of(4), 1);
    int slots = (48 - 8) / 2;
    double[] expected = new double[slots];
    for (int x = 0; x < slots; x++) {
      expected[x] = Math.pow(x + 1, power - 1);
    }
    long[] seen = new long[slots];
    for (int i = 0; i < 6000; i++) {
      Example e = examples.example(i);
      // The first pair is the first one drawn, so no slot is taken yet.
      int at = 8;
      while (e.ids()[at] != e.ids()[0]) {
        at++;
      }
      assertThat(at % 2).isZero();
      seen[(at - 8) / 2]++;
    }
    assertThat(new ChiSquareTest().chiSquareTest(expected, seen)).isGreaterThan(PROBABLE);
  }

  @Test
  void needlesStandAtAllDepths() {
    Task task = Tasks.of(TaskSettings.of("needle-noise"));
    TaskExamples examples = new TaskExamples(task, Part.TEST, 2000, List.of(), 1);
    long[] seen = new long[5];
    double[] expected = new double[5];
    Arrays.fill(expected, 1);
    for (int i = 0; i < 1000; i++) {
      Example e = examples.example(i);
      double whole = 2000.0 / (2000 - task.shortest(1));
      seen[(int) Math.min(4, 5 * whole * (e.queries().get(0).depth() + 0.005))]++;
    }
    assertThat(new ChiSquareTest().chiSquareTest(expected, seen)).isGreaterThan(PROBABLE);
  }

  @Test
  void pairsAreDrawnAmongThoseGiven() {
    Task task = Tasks.of(TaskSettings.of("mqar"));
    TaskExamples examples = new TaskExamples(task, Part.TRAINING, 64, List.of(2, 16), 1);
    TreeSet<Integer> seen = new TreeSet<>();
    examples.examples(0, 40).forEach(e -> seen.add(e.pairs()));
    assertThat(seen).containsExactly(2, 16);
  }

  @Test
  void aHaystackFileIsSplitByPlace(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("hay.txt");
    Files.writeString(
        file, "Training. ".repeat(800) + "Choice. ".repeat(125) + "Testing. ".repeat(111));
    TaskSettings settings = new TaskSettings("needle-text", 0, List.of(), 0.01, 4, file.toString());
    Task task = Tasks.of(settings);
    String training = text(task, Part.TRAINING);
    assertThat(training).contains("Training.").doesNotContain("Choice", "Testing");
    assertThat(text(task, Part.VALIDATION)).contains("Choice.").doesNotContain("Training");
    assertThat(text(task, Part.TEST)).contains("Testing.").doesNotContain("Training");
    assertThatThrownBy(() -> new TaskExamples(task, Part.TEST, 5000, List.of(), 1).example(0))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("the part for test has");
  }

  private static String text(Task task, Part part) {
    return Solver.text(new TaskExamples(task, part, 400, List.of(), 1).example(0).ids());
  }

  @Test
  void whatDoesNotFitIsSaid() {
    assertThatThrownBy(() -> Tasks.of(TaskSettings.of("phonebook")))
        .isInstanceOf(UserError.class)
        .hasMessage("unknown task 'phonebook'; did you mean 'phone-book'?");
    assertThatThrownBy(() -> Tasks.of(TaskSettings.of("needle-text").withVocabulary(99)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("has 257 tokens");
    assertThatThrownBy(() -> Tasks.of(TaskSettings.of("mqar").withVocabulary(9)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("even");
    assertThatThrownBy(() -> Tasks.of(new TaskSettings("copy", 0, List.of(), 0.01, 4, "text.txt")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no haystack");
    Task mqar = Tasks.of(TaskSettings.of("mqar").withVocabulary(64));
    assertThatThrownBy(() -> new TaskExamples(mqar, Part.TEST, 64, List.of(17), 1))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("needs 68 tokens for 17 pairs, not 64");
    assertThatThrownBy(() -> new TaskExamples(mqar, Part.TEST, 640, List.of(32), 1))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no examples with 32 pairs");
  }
}
