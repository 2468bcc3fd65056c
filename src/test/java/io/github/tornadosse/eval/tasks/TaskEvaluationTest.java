package io.github.tornadosse.eval.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.tornadosse.data.tasks.Example;
import io.github.tornadosse.data.tasks.Part;
import io.github.tornadosse.data.tasks.Task;
import io.github.tornadosse.data.tasks.TaskExamples;
import io.github.tornadosse.data.tasks.TaskSettings;
import io.github.tornadosse.data.tasks.Tasks;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.LayerTrace;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.nn.Variants;
import io.github.tornadosse.runtime.Tiers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TaskEvaluationTest {
  @TempDir Path folder;

  private static LanguageModel model(String variant, int vocabulary, int tokens) {
    ModelConfig config =
        ModelConfig.fromJson(
            Variants.json(variant).put("vocab_size", vocabulary).put("initializer_range", 0.3),
            variant);
    return LanguageModel.create(
        ModelWeights.initial(config, 1),
        Tiers.choose("vector").operations(),
        LanguageModel.Capacity.scoring(tokens, 3));
  }

  @Test
  void scoresAreThoseOfExamplesOneByOne() {
    Task task = Tasks.of(new TaskSettings("phone-book", 0, List.of(), 0.01, 1, null));
    TaskExamples examples = new TaskExamples(task, Part.TEST, 70, List.of(3), 2);
    try (LanguageModel packed = model("hybrid", 257, 150);
        LanguageModel single = model("hybrid", 257, 70)) {
      TaskScore score = TaskEvaluation.run(packed, examples, 3, 11, done -> {});
      double nats = 0;
      int targets = 0;
      int right = 0;
      for (Example e : examples.examples(0, 11)) {
        var batch = TaskExamples.pack(List.of(e));
        nats += single.score(batch).crossEntropy();
        targets += batch.targetCount();
        float[] logits = single.logits(batch);
        boolean all = true;
        for (int t = 0; t < e.length(); t++) {
          if (e.targets()[t] >= 0) {
            for (int v = 0; v < 257; v++) {
              all &= logits[t * 257 + v] <= logits[t * 257 + e.targets()[t]];
            }
          }
        }
        right += all ? 1 : 0;
      }
      assertThat(score.nats()).isCloseTo(nats / targets, within(1e-5));
      assertThat(score.correct()).isEqualTo(right);
      assertThat(score.exact()).isEqualTo(right);
      assertThat(score.queries()).isEqualTo(11);
    }
  }

  @Test
  void answersAreCountedByDepth() {
    Task task = Tasks.of(TaskSettings.of("permutations-3"));
    TaskExamples examples = new TaskExamples(task, Part.TEST, 40, List.of(), 1);
    try (LanguageModel model = model("gla n4k1", 7, 90)) {
      TaskScore score = TaskEvaluation.run(model, examples, 1, 30, done -> {});
      long right = 0;
      for (TaskScore.Depth depth : score.depths()) {
        assertThat(depth.queries()).isEqualTo(4 * 30);
        right += depth.correct();
      }
      assertThat(right).isEqualTo(score.correct()).isBetween(1L, 1199L);
      assertThat(score.interval().low()).isLessThan(score.accuracy());
      assertThat(score.interval().high()).isGreaterThan(score.accuracy());
      // 30 examples, not 1200 answers, are independent.
      assertThat(score.interval().high() - score.interval().low()).isGreaterThan(0.1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gla n4k1", "gdn, W > R", "more readers, wide, row top-k"})
  void routesMeetWhereTheReadPartitionWasWritten(String variant) {
    Task task = Tasks.of(new TaskSettings("mqar", 28, List.of(), 0.01, 1, null));
    TaskExamples examples = new TaskExamples(task, Part.TEST, 24, List.of(3), 5);
    try (LanguageModel packed = model(variant, 29, 60);
        LanguageModel single = model(variant, 29, 24)) {
      TaskScore score = TaskEvaluation.run(packed, examples, 3, 20, done -> {});
      var m = packed.config().mixer();
      long[] met = new long[packed.config().layers()];
      for (Example e : examples.examples(0, 20)) {
        for (LayerTrace trace : single.traces(TaskExamples.pack(List.of(e)))) {
          for (Example.Query q : e.queries()) {
            Set<Integer> written = largest(trace.gate(), q.told(), m.partitions(), m.writers());
            written.retainAll(largest(trace.gate(), q.from(), m.partitions(), m.readers()));
            met[trace.layer()] += written.isEmpty() ? 0 : 1;
          }
        }
      }
      assertThat(score.routes()).hasSize(2);
      for (TaskScore.Route route : score.routes()) {
        assertThat(route.queries()).isEqualTo(60);
        assertThat(route.met()).isEqualTo(met[route.layer()]).isBetween(1L, 59L);
      }
    }
  }

  /** The partitions of a token's largest gates. */
  private static Set<Integer> largest(float[] gate, int token, int n, int count) {
    return IntStream.range(0, n)
        .boxed()
        .sorted(Comparator.comparingDouble(p -> -gate[token * n + p]))
        .limit(count)
        .collect(Collectors.toCollection(HashSet::new));
  }

  @Test
  void heatMapsAreWritten() throws IOException {
    TaskScore.Depth[] depths = new TaskScore.Depth[TaskScore.DEPTHS];
    for (int i = 0; i < depths.length; i++) {
      depths[i] = new TaskScore.Depth(i == 3 ? 0 : 10, i);
    }
    Path page = folder.resolve("scores.html");
    Path picture =
        TaskPage.write(
            page,
            "needle <text>",
            List.of(
                new TaskScore(100, 1, 10, 100, 45, 2, 1.5, depths, List.of()),
                new TaskScore(200, 2, 10, 100, 30, 1, 2.5, depths, List.of())),
            Map.of("Machine", "a & b"));
    assertThat(picture).isEqualTo(folder.resolve("scores.png"));
    assertThat(ImageIO.read(picture.toFile()).getWidth()).isGreaterThan(300);
    assertThat(Files.readString(page))
        .contains("needle &lt;text&gt;", "a &amp; b", "0.4500", "by length and number of pairs");
  }
}
