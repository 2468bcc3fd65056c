package io.github.tornadosse.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.VectorOperations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every recipe of a variant trains, and a run of it goes on after a stop as if there were none. */
class VariantRecipesTest {
  @TempDir Path folder;

  static Stream<Path> recipes() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("tornado-config", "variants"))) {
      return files.sorted().toList().stream();
    }
  }

  private Path text() throws IOException {
    Path text = folder.resolve("text.txt");
    Files.writeString(text, "the quick brown fox jumps over the lazy dog\n".repeat(200));
    return text;
  }

  private TrainingRun run(Path file, String directory, Progress progress) throws IOException {
    Recipe recipe =
        Recipe.load(
            file,
            List.of(
                "data.path=" + text(),
                "data.held_out=0.1",
                "data.sequence_length=32",
                "train.steps=8",
                "train.warmup_steps=1",
                "train.batch_tokens=128",
                "evaluate.every=0",
                "checkpoint.every=0",
                "checkpoint.directory=" + folder.resolve(directory)));
    return new TrainingRun(
        recipe,
        TrainingRun.Options.latest(),
        new TaskGraphModels(new VectorOperations(), false),
        progress,
        CorpusData::open,
        TrainingRunTest::report,
        System::nanoTime);
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void trainsAndGoesOn(Path file) throws IOException {
    TrainingSummary whole = run(file, "whole", Progress.NONE).run();
    MetricsReader metrics = MetricsReader.read(folder.resolve("whole").resolve("metrics.jsonl"));
    assertThat(metrics.steps()).hasSize(8);
    assertThat(metrics.steps().get(7).loss()).isLessThan(metrics.steps().get(0).loss() - 0.3);

    TrainingRun[] first = new TrainingRun[1];
    first[0] =
        run(
            file,
            "parts",
            new Progress() {
              @Override
              public void step(StepMetrics m) {
                if (m.step() == 3) {
                  first[0].requestStop();
                }
              }
            });
    assertThat(first[0].run().step()).isEqualTo(3);
    TrainingSummary parts = run(file, "parts", Progress.NONE).run();
    assertThat(TrainingRunTest.content(parts.checkpoint()))
        .isEqualTo(TrainingRunTest.content(whole.checkpoint()));
  }
}
