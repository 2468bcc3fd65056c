package io.github.tornadosse.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.data.tasks.TaskSettings;
import io.github.tornadosse.data.tasks.Tasks;
import io.github.tornadosse.runtime.Tiers;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TaskDataTest {
  private static final String YAML =
      """
      model: {hidden_size: 16, num_hidden_layers: 1, num_heads: 1, head_dim: 8,
        num_sparse_partition: 2, intermediate_size: 16}
      data: {sequence_length: 96, seed: 5, task: {name: mqar, vocabulary: 32, pairs: [2, 6]}}
      train: {steps: 6, batch_tokens: 192, warmup_steps: 1, learning_rate: 1e-2}
      evaluate: {every: 4, tokens: 500}
      checkpoint: {every: 0}
      """;

  @TempDir Path folder;

  private static Recipe recipe(String... overrides) {
    return Recipe.parse(YAML, "test.yaml", List.of(overrides));
  }

  @Test
  void theRecipeNamesTheTask() {
    Recipe r = recipe();
    assertThat(r.data().task())
        .isEqualTo(new TaskSettings("mqar", 32, List.of(2, 6), 0.01, 4, null));
    assertThat(Recipe.parse(r.toYaml(), "again", List.of()))
        .usingRecursiveComparison()
        .isEqualTo(r);
    assertThat(recipe("data.task.pairs=3").data().task().pairs()).containsExactly(3);
    assertThatThrownBy(() -> recipe("data.path=text"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("data.path and data.include are for text");
    assertThatThrownBy(() -> recipe("data.task.pair=3"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("did you mean 'data.task.pairs'?");
    assertThatThrownBy(() -> TaskData.open(recipe("data.task.name=maqr")))
        .isInstanceOf(UserError.class)
        .hasMessage("unknown task 'maqr'; known are " + String.join(", ", names()));
    assertThatThrownBy(() -> TaskData.open(recipe("data.task.pairs=40")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no examples with 40 pairs");
  }

  private static List<String> names() {
    return Tasks.names();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mqar", "copy", "permutations-3"})
  void aPositionIsTakenUpAgain(String name) {
    String[] task = {"data.task.name=" + name, "data.task.pairs=[]", "data.task.vocabulary=0"};
    try (TaskData data = TaskData.open(recipe(task));
        TaskData again = TaskData.open(recipe(task))) {
      data.next();
      var position = data.position();
      PackedBatch batch = data.next();
      again.seek(position);
      assertThat(again.next().ids()).isEqualTo(batch.ids());
      assertThat(batch.targetCount()).isPositive();
      assertThat(batch.sequences()).isEqualTo(data.maxSequences());
      int held = data.heldOut(500).stream().mapToInt(PackedBatch::sequences).sum();
      assertThat(held).isEqualTo(5);
      assertThat(data.heldOut(500).get(0).ids()).isEqualTo(again.heldOut(500).get(0).ids());
    }
  }

  @Test
  void positionsOfOtherTasksAreRefused() {
    try (TaskData data = TaskData.open(recipe());
        TaskData other = TaskData.open(recipe("data.seed=6"))) {
      assertThatThrownBy(() -> other.seek(data.position()))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("another task, length or seed");
    }
  }

  @Test
  void anInterruptedRunEndsWithTheSameBytes() throws IOException {
    Path whole = run("whole", Integer.MAX_VALUE);
    run("parts", 3);
    Path parts = run("parts", Integer.MAX_VALUE);
    assertThat(TrainingRunTest.content(parts)).isEqualTo(TrainingRunTest.content(whole));
    assertThatThrownBy(() -> run("parts", 9, "data.task.power=0.5", "train.steps=9"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("data.task");
  }

  private Path run(String name, int steps, String... overrides) {
    Recipe recipe =
        recipe(
            Stream.concat(
                    Stream.of(overrides), Stream.of("checkpoint.directory=" + folder.resolve(name)))
                .toArray(String[]::new));
    TrainingRun[] run = new TrainingRun[1];
    run[0] =
        new TrainingRun(
            recipe,
            TrainingRun.Options.latest(),
            new TaskGraphModels(Tiers.choose("vector").operations(), false),
            new Progress() {
              @Override
              public void step(StepMetrics metrics) {
                if (metrics.step() == steps) {
                  run[0].requestStop();
                }
              }
            },
            TaskData::open,
            TrainingRunTest::report,
            System::nanoTime);
    return run[0].run().checkpoint();
  }
}
