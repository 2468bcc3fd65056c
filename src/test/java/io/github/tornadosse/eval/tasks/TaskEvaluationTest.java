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
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.nn.Variants;
import io.github.tornadosse.runtime.Tiers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
                new TaskScore(100, 1, 10, 100, 45, 2, 1.5, depths),
                new TaskScore(200, 2, 10, 100, 30, 1, 2.5, depths)),
            Map.of("Machine", "a & b"));
    assertThat(picture).isEqualTo(folder.resolve("scores.png"));
    assertThat(ImageIO.read(picture.toFile()).getWidth()).isGreaterThan(300);
    assertThat(Files.readString(page))
        .contains("needle &lt;text&gt;", "a &amp; b", "0.4500", "by length and number of pairs");
  }
}
