package io.github.tornadosse.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.tornadosse.runtime.Tiers;
import io.github.tornadosse.tensor.UserError;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExperimentTest {
  private static final String YAML =
      """
      title: small
      directory: runs/small
      learning_rates: [1e-3, 3e-2]
      seeds: [1, 2]
      sweep_seeds: 1
      parameters: 6000
      validation_examples: 8
      test: {examples: 10, pairs: [2, 3]}
      base:
        model: {hidden_size: 16, num_hidden_layers: 1, num_heads: 1, head_dim: 8}
        data: {sequence_length: 32, task: {name: mqar, vocabulary: 16, pairs: 2}}
        train: {steps: 4, batch_tokens: 64, warmup_steps: 1}
        evaluate: {every: 0, tokens: 64}
        checkpoint: {every: 0}
      models:
        gla: {model: {num_sparse_partition: 0}}
        sse: {model: {num_sparse_partition: 2}}
      """;

  @TempDir Path folder;

  private ExperimentRecipe recipe(String yaml, String out) throws IOException {
    Path file = folder.resolve("recipe.yaml");
    Files.writeString(file, yaml);
    return ExperimentRecipe.load(file, folder.resolve(out));
  }

  private static Experiment experiment(
      ExperimentRecipe recipe, ExperimentProgress progress, String... overrides) {
    return new Experiment(
        recipe, List.of(overrides), Tiers.choose("vector").operations(), 2, progress);
  }

  @Test
  void theBestLearningRateGetsAllSeedsAndRunsAreNotRepeated() throws IOException {
    ExperimentRecipe recipe = recipe(YAML, "all");
    AtomicInteger finished = new AtomicInteger();
    ExperimentProgress counting =
        new ExperimentProgress() {
          @Override
          public void finished(Cell cell, CellResult result) {
            finished.incrementAndGet();
          }
        };
    Summary first = experiment(recipe, counting).run();
    assertThat(first.complete(2)).isTrue();
    // Two learning rates with the first seed, one with the second, for both models.
    assertThat(finished).hasValue(6);
    for (Summary.Model m : first.models()) {
      assertThat((double) m.parameters()).isCloseTo(6000, within(30.0));
      assertThat(m.scores()).extracting(Summary.Score::pairs).containsExactly(2, 3);
      assertThat(m.overall().count()).isEqualTo(2);
      assertThat(m.overall().half()).isNotNegative();
      double best =
          first.cells().entrySet().stream()
              .filter(e -> e.getKey().model().equals(m.name()) && e.getKey().seed() == 1)
              .mapToDouble(e -> e.getValue().validationValue())
              .max()
              .orElseThrow();
      assertThat(
              first.cells().entrySet().stream()
                  .filter(e -> e.getKey().model().equals(m.name()))
                  .filter(e -> e.getKey().seed() == 1)
                  .filter(e -> e.getKey().learningRate() == m.learningRate())
                  .mapToDouble(e -> e.getValue().validationValue())
                  .findFirst()
                  .orElseThrow())
          .isEqualTo(best);
    }
    assertThat(first.models().get(1).stateBytes())
        .isEqualTo(3 * first.models().get(0).stateBytes());

    Summary second = experiment(recipe, counting).run();
    assertThat(finished).hasValue(6);
    assertThat(second.models()).isEqualTo(first.models());
    ResultFiles.write(recipe.directory(), second, Map.of("Machine", "test"));
    assertThat(Files.readAllLines(recipe.directory().resolve("results.csv"))).hasSize(5);
    assertThat(Files.readString(recipe.directory().resolve("results.md")))
        .contains("| gla |", "| sse |", "2 pairs", "±");
    assertThat(Files.readString(recipe.directory().resolve("results.json")))
        .contains("\"state_bytes\"", "\"runs\"");
    assertThat(recipe.directory().resolve("recall.png")).isNotEmptyFile();
    assertThat(Files.readString(recipe.directory().resolve("report.html"))).contains("by load");

    assertThatThrownBy(() -> experiment(recipe, counting, "train.steps=5").run())
        .isInstanceOf(UserError.class)
        .hasMessageContaining("is of another recipe");

    // Results alone, somewhere else, as after a copy from another machine.
    ExperimentRecipe copied = recipe(YAML, "copied");
    for (Cell cell : first.cells().keySet()) {
      Path there =
          copied.directory().resolve("cells").resolve(cell.directory().getFileName().toString());
      Files.createDirectories(there);
      Files.copy(cell.directory().resolve("result.json"), there.resolve("result.json"));
    }
    Summary third = experiment(copied, counting).run();
    assertThat(finished).hasValue(6);
    assertThat(third.models()).isEqualTo(first.models());
  }

  @Test
  void aModelHasLearningRatesOfItsOwn() throws IOException {
    String yaml =
        YAML.replace("seeds: [1, 2]", "seeds: [1]")
            .replace(
                "sse: {model: {num_sparse_partition: 2}}",
                "sse: {model: {num_sparse_partition: 2}, learning_rates: 5e-3}");
    Summary summary = experiment(recipe(yaml, "own"), new ExperimentProgress() {}).run();
    assertThat(summary.cells().keySet())
        .extracting(c -> c.model() + " " + c.learningRate())
        .containsExactlyInAnyOrder("gla 0.001", "gla 0.03", "sse 0.005");
  }

  @Test
  void modelsOfEqualStateAreDrawnSideBySide() throws IOException {
    String yaml =
        YAML.replace("[1e-3, 3e-2]", "[1e-2]")
            .replace(
                "gla: {model: {num_sparse_partition: 0}}",
                "sse-read: {model: {num_sparse_partition: 2, write_gate: false}}");
    Summary summary = experiment(recipe(yaml, "equal"), new ExperimentProgress() {}).run();
    BufferedImage plot = ImageIO.read(new ByteArrayInputStream(Plots.againstState(summary)));
    // Markers alone have colours, left of the legend.
    int[] coloured =
        IntStream.range(0, plot.getWidth() * 3 / 4)
            .filter(
                x ->
                    IntStream.range(0, plot.getHeight())
                        .map(y -> plot.getRGB(x, y))
                        .anyMatch(ExperimentTest::isColoured))
            .toArray();
    assertThat(coloured).isNotEmpty();
    assertThat(coloured[coloured.length - 1] - coloured[0]).isGreaterThan(plot.getWidth() / 4);
  }

  private static boolean isColoured(int rgb) {
    Color c = new Color(rgb);
    return Color.RGBtoHSB(c.getRed(), c.getGreen(), c.getBlue(), null)[1] > 0.4;
  }

  @Test
  void anInterruptedRunGoesOnAndEndsWithTheSameBytes() throws IOException {
    String one =
        YAML.replace("[1e-3, 3e-2]", "[1e-2]")
            .replace("seeds: [1, 2]", "seeds: [1]")
            .replace("gla: {model: {num_sparse_partition: 0}}", "");
    experiment(recipe(one, "whole"), new ExperimentProgress() {}).run();
    ExperimentRecipe parts = recipe(one, "parts");
    Experiment[] running = new Experiment[1];
    AtomicInteger steps = new AtomicInteger();
    running[0] =
        experiment(
            parts,
            new ExperimentProgress() {
              @Override
              public void step() {
                if (steps.incrementAndGet() == 2) {
                  running[0].requestStop();
                }
              }
            });
    Summary stopped = running[0].run();
    assertThat(stopped.models()).isEmpty();
    assertThat(stopped.complete(1)).isFalse();
    assertThat(steps).hasValue(2);
    Summary done = experiment(parts, new ExperimentProgress() {}).run();
    assertThat(done.complete(1)).isTrue();
    String weights = "cells/sse-lr0.01-seed1/step-00000004/model.safetensors";
    assertThat(Files.readAllBytes(folder.resolve("parts").resolve(weights)))
        .isEqualTo(Files.readAllBytes(folder.resolve("whole").resolve(weights)));
  }

  @Test
  void textIsMeasuredInBitsPerByte() throws IOException {
    Path text = folder.resolve("text.txt");
    Files.writeString(text, "to be, or not to be, that is the question. ".repeat(40));
    Path test = folder.resolve("test.txt");
    Files.writeString(test, "or not to be, that is the question, to be. ".repeat(10));
    String yaml =
        YAML.replaceAll("(?m)^test: .*$", "test: {examples: 5, data: '" + test + "'}")
            .replace(
                "data: {sequence_length: 32, task: {name: mqar, vocabulary: 16, pairs: 2}}",
                "data: {sequence_length: 32, held_out: 0.2, path: '" + text + "'}")
            .replace("[1e-3, 3e-2]", "[1e-2]")
            .replace("parameters: 6000", "parameters: 12000");
    Summary summary = experiment(recipe(yaml, "text"), new ExperimentProgress() {}).run();
    assertThat(summary.text()).isTrue();
    assertThat(summary.models()).hasSize(2);
    assertThat(summary.models().get(0).overall().mean()).isBetween(5.0, 8.5);
    assertThat(summary.models().get(0).overall().half()).isPositive();
    ExperimentRecipe states = recipe("states_tokens: 40\n" + yaml, "text");
    States.write(states, summary, Tiers.choose("vector").operations(), Map.of());
    assertThat(Files.readString(states.directory().resolve("states.html")))
        .contains("sse, layer 0");
    assertThat(Files.readString(states.directory().resolve("states.json")))
        .contains("\"tokens\" : 40", "row_similarity", "\"seed\" : 1", "\"seed\" : 2");
    List<String> table = Files.readAllLines(states.directory().resolve("states.md"));
    assertThat(table.get(0)).startsWith("| model | layer | load entropy |");
    assertThat(table).filteredOn(row -> row.startsWith("| sse | 0 | ")).hasSize(1);
    assertThat(table.get(2)).matches("\\| \\w+ \\| 0 \\|.* ± .*\\| 2 \\|");
    assertThatThrownBy(
            () ->
                experiment(
                    recipe(yaml.replaceAll("(?m)^test: .*$", "test: {examples: 5}"), "no"),
                    new ExperimentProgress() {}))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("test.data is missing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "seeds: [1, 2] | seeds: [] | seeds is missing",
        "seeds: [1, 2] | seeds: [1, 1] | names one twice",
        "sweep_seeds: 1 | sweep_seeds: 3 | sweep_seeds (3)",
        "title: small | titel: small | unknown key 'titel' in an experiment; did you mean 'title'?",
        "examples: 10 | exmples: 10 | unknown key 'exmples' in test",
        "learning_rates: [1e-3, 3e-2] | learning_rates: [] | learning_rates is missing",
        "0}} | 0}, learning_rates: -1} | learning_rates (-1) must be positive",
        "[1e-3, 3e-2] | [fast] | learning_rates is \"fast\"",
        "gla: { | gla/x: { | model 'gla/x'",
        "parameters: 6000 | parameters: 600 | model gla has",
        "num_sparse_partition: 2 | num_sparse_partitions: 2 | did you mean 'model.num_sparse_partition'?",
        "steps: 4 | steps: -4 | train.steps",
      })
  void whatIsWrongIsSaid(String from, String to, String message) {
    assertThatThrownBy(
            () -> experiment(recipe(YAML.replace(from, to), "x"), new ExperimentProgress() {}))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(message);
  }

  @Test
  void intervalsAreStudents() {
    Spread three = Spread.of(new double[] {1, 2, 3});
    assertThat(three.mean()).isEqualTo(2);
    // t of 2 degrees of freedom: 4.302653
    assertThat(three.half()).isCloseTo(4.302653 / Math.sqrt(3), within(1e-5));
    assertThat(Spread.of(new double[] {5}).half()).isNaN();
  }
}
