package io.github.tornadosse.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingRunTest {
  static final String YAML =
      """
      data: {path: letters, sequence_length: 16}
      train: {steps: 12, batch_tokens: 64, warmup_steps: 2, learning_rate: 3e-2,
        min_learning_rate: 1e-3}
      evaluate: {every: 4, tokens: 128}
      checkpoint: {every: 5, keep: 2}
      """;

  @TempDir Path folder;
  private Path directory;

  @BeforeEach
  void name() {
    directory = folder.resolve("run");
  }

  /** Stands for the report, whose drawing takes longer than these runs. */
  static void report(Path page, Path picture, Report.Content content) {
    try {
      Files.writeString(page, content.title() + " " + content.metrics().steps().size());
      Files.writeString(picture, "drawn");
    } catch (IOException e) {
      throw new UserError("cannot write " + page, e);
    }
  }

  private Recipe recipe(String... overrides) {
    List<String> all = new ArrayList<>(List.of(overrides));
    all.add("checkpoint.directory=" + directory);
    return Recipe.parse(YAML, "test.yaml", all);
  }

  private static TrainingRun run(
      Recipe recipe, TrainingRun.Options options, ModelFactory models, Progress progress) {
    return new TrainingRun(
        recipe,
        options,
        models,
        progress,
        LetterData::new,
        TrainingRunTest::report,
        System::nanoTime);
  }

  private TrainingSummary fresh(String... overrides) {
    return run(recipe(overrides), TrainingRun.Options.fresh(), BigramModel::new, Progress.NONE)
        .run();
  }

  private TrainingSummary resumed(String... overrides) {
    return run(recipe(overrides), TrainingRun.Options.latest(), BigramModel::new, Progress.NONE)
        .run();
  }

  /** A run that asks itself to stop after some steps. */
  private TrainingSummary stopped(int steps, String... overrides) {
    TrainingRun[] run = new TrainingRun[1];
    run[0] =
        run(
            recipe(overrides),
            TrainingRun.Options.latest(),
            BigramModel::new,
            new Progress() {
              @Override
              public void step(StepMetrics metrics) {
                if (metrics.step() == steps) {
                  run[0].requestStop();
                }
              }
            });
    return run[0].run();
  }

  /** The bytes of a checkpoint's files, without the directory's name in the recipe. */
  static Map<String, String> content(Path checkpoint) throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> files = Files.list(checkpoint)) {
      for (Path file : files.toList()) {
        String bytes = HexFormat.of().formatHex(Files.readAllBytes(file));
        if (file.endsWith("trainer.json")) {
          bytes = Files.readString(file).replaceAll("\"directory\".*", "");
        }
        content.put(file.getFileName().toString(), bytes);
      }
    }
    assertThat(content)
        .containsKeys("config.json", "model.safetensors", "optimizer.safetensors", "trainer.json");
    return content;
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void trainsEvaluatesSavesAndReports() throws IOException {
    TrainingSummary summary = fresh("train.steps=60");
    assertThat(summary.step()).isEqualTo(60);
    assertThat(summary.stopped()).isFalse();
    assertThat(summary.skipped()).isZero();
    assertThat(summary.parameters()).isEqualTo(16 * 16 + 16);
    assertThat(summary.tokensPerSecond()).isPositive();
    assertThat(summary.checkpoint()).isEqualTo(directory.resolve("step-00000060"));
    assertThat(summary.report()).hasValue(directory.resolve("report.html"));
    assertThat(summary.plot()).hasValue(directory.resolve("loss.png"));
    assertThat(names())
        .containsExactly(
            ".lock",
            "loss.png",
            "metrics.jsonl",
            "recipe.yaml",
            "report.html",
            "step-00000055",
            "step-00000060");
    MetricsReader metrics = MetricsReader.read(directory.resolve("metrics.jsonl"));
    assertThat(metrics.steps()).hasSize(60);
    assertThat(metrics.steps().get(0).loss()).isEqualTo(Math.log(16), within(0.05));
    // Two continuations, at 1/4 and 3/4, are the best that can be done.
    double best = 0.25 * Math.log(4) + 0.75 * Math.log(4 / 3.0);
    assertThat(metrics.steps().get(59).loss()).isBetween(best - 0.2, 0.75 * Math.log(16));
    assertThat(metrics.evaluations()).hasSize(15);
    EvaluationMetrics last = metrics.evaluations().get(14);
    assertThat(last.step()).isEqualTo(60);
    assertThat(last.tokens()).isEqualTo(2 * 60);
    assertThat(last.perplexity()).isEqualTo(Math.exp(last.loss()));
    // The letters' data count two bytes for each held-out token.
    assertThat(last.bitsPerByte()).isEqualTo(last.loss() / Math.log(2) / 2, within(1e-12));
    assertThat(summary.heldOutLoss()).hasValue(last.loss());
    assertThat(summary.heldOutBitsPerByte()).hasValue(last.bitsPerByte());
    assertThat(Recipe.load(directory.resolve("recipe.yaml"), List.of()))
        .usingRecursiveComparison()
        .isEqualTo(recipe("train.steps=60"));
  }

  @Test
  void stepsAreThoseOfTheFormulas() {
    fresh(
        "train.accumulation=3", "train.steps=1", "train.warmup_steps=1", "model.aux_loss_coef=0.5");
    StepMetrics step = MetricsReader.read(directory.resolve("metrics.jsonl")).steps().get(0);
    // The same step by hand: all three batches before the first pass, one scale for all.
    Recipe recipe = recipe("train.accumulation=3");
    BigramModel model =
        new BigramModel(
            new ModelFactory.Request(
                recipe.modelConfig(16), 64, 4, 0.9, 0.95, 1e-8, 0.1, false, 1));
    LetterData data = new LetterData(recipe);
    double loss = 0;
    for (int i = 0; i < 3; i++) {
      loss += model.accumulate(data.next(), 1.0 / (3 * 60), 0).crossEntropy();
    }
    assertThat(step.loss()).isEqualTo(loss / (3 * 60));
    assertThat(step.bitsPerByte()).isEqualTo(step.loss() / Math.log(2), within(1e-12));
    assertThat(step.gradientNorm()).isEqualTo(model.gradientNorm());
    assertThat(step.balance()).isEqualTo(4);
    float sum = 0;
    for (float share : step.load()[3]) {
      sum += share;
    }
    assertThat(sum).isEqualTo(1, within(1e-5f));
  }

  @Test
  void scalesAndClipsAsAsked() {
    List<double[]> calls = new ArrayList<>();
    List<Double> factors = new ArrayList<>();
    List<Double> norms = new ArrayList<>();
    ModelFactory recording =
        request ->
            new BigramModel(request) {
              @Override
              public Outcome accumulate(PackedBatch batch, double crossEntropy, double balance) {
                calls.add(new double[] {crossEntropy, balance});
                return super.accumulate(batch, crossEntropy, balance);
              }

              @Override
              public double gradientNorm() {
                norms.add(super.gradientNorm());
                return norms.get(norms.size() - 1);
              }

              @Override
              public void update(int step, double learningRate, double factor) {
                factors.add(factor);
                super.update(step, learningRate, factor);
              }
            };
    run(
            recipe(
                "train.steps=3",
                "train.accumulation=2",
                "train.clip_norm=0.1",
                "model.aux_loss_coef=0.5"),
            TrainingRun.Options.fresh(),
            recording,
            Progress.NONE)
        .run();
    assertThat(calls).hasSize(6).allSatisfy(c -> assertThat(c).containsExactly(1.0 / 120, 0.25));
    for (int i = 0; i < 3; i++) {
      assertThat(factors.get(i)).isEqualTo(norms.get(i) > 0.1 ? 0.1 / norms.get(i) : 1);
    }
    assertThat(factors).anyMatch(f -> f < 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 5, 7, 10, 11})
  void anInterruptedRunEndsWithTheSameBytes(int stop) throws IOException {
    fresh();
    Map<String, String> whole = content(directory.resolve("step-00000012"));
    MetricsReader once = MetricsReader.read(directory.resolve("metrics.jsonl"));
    directory = folder.resolve("interrupted");
    TrainingSummary first = stopped(stop);
    assertThat(first.stopped()).isTrue();
    assertThat(first.step()).isEqualTo(stop);
    assertThat(first.checkpoint()).exists();
    double secondsThen = MetricsReader.read(directory.resolve("metrics.jsonl")).seconds();
    TrainingSummary second = resumed();
    assertThat(second.seconds()).isGreaterThan(secondsThen);
    assertThat(second.stopped()).isFalse();
    assertThat(content(directory.resolve("step-00000012"))).isEqualTo(whole);
    MetricsReader twice = MetricsReader.read(directory.resolve("metrics.jsonl"));
    assertThat(twice.steps().stream().map(s -> s.step() + " " + s.loss() + " " + s.learningRate()))
        .containsExactlyElementsOf(
            once.steps().stream()
                .map(s -> s.step() + " " + s.loss() + " " + s.learningRate())
                .toList());
    assertThat(twice.evaluations().stream().map(e -> e.step() + " " + e.loss()))
        .containsExactlyElementsOf(
            once.evaluations().stream().map(e -> e.step() + " " + e.loss()).toList());
  }

  @Test
  void resumesFromAnOlderCheckpoint() throws IOException {
    fresh();
    Map<String, String> whole = content(directory.resolve("step-00000012"));
    Path older = directory.resolve("step-00000010");
    TrainingSummary again =
        run(
                recipe(),
                new TrainingRun.Options(true, older, List.of(), Map.of()),
                BigramModel::new,
                Progress.NONE)
            .run();
    assertThat(again.step()).isEqualTo(12);
    assertThat(content(directory.resolve("step-00000012"))).isEqualTo(whole);
    assertThat(names()).contains("step-00000012.superseded");
    assertThat(MetricsReader.read(directory.resolve("metrics.jsonl")).steps()).hasSize(12);
  }

  @Test
  void goesOnWithMoreSteps() {
    fresh();
    TrainingSummary more = resumed("train.steps=20", "train.learning_rate=1e-2");
    assertThat(more.step()).isEqualTo(20);
    assertThat(MetricsReader.read(directory.resolve("metrics.jsonl")).steps()).hasSize(20);
  }

  @Test
  void aFinishedRunIsNotRunAgain() throws IOException {
    TrainingSummary first = fresh();
    byte[] metrics = Files.readAllBytes(directory.resolve("metrics.jsonl"));
    TrainingSummary again = resumed();
    assertThat(again.step()).isEqualTo(12);
    assertThat(again.heldOutLoss()).isEqualTo(first.heldOutLoss());
    assertThat(again.loss()).isEqualTo(first.loss());
    assertThat(again.checkpoint()).isEqualTo(first.checkpoint());
    assertThat(again.tokensPerSecond()).isZero();
    assertThat(Files.readAllBytes(directory.resolve("metrics.jsonl"))).isEqualTo(metrics);
  }

  @Test
  void resumingWithoutACheckpointBeginsAtTheStart() throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("metrics.jsonl"), "{\"step\":1,\"lo");
    assertThat(resumed().step()).isEqualTo(12);
    assertThat(MetricsReader.read(directory.resolve("metrics.jsonl")).steps()).hasSize(12);
  }

  @Test
  void doesNotOverwriteARun() {
    fresh();
    assertThatThrownBy(this::fresh)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("already holds a run");
  }

  @Test
  void twoRunsDoNotShareADirectory() {
    try (RunDirectory held = new RunDirectory(directory)) {
      assertThat(held.holdsRun()).isFalse();
      assertThatThrownBy(this::fresh)
          .isInstanceOf(UserError.class)
          .hasMessageContaining("another run is writing to " + directory);
    }
    assertThat(fresh().step()).isEqualTo(12);
  }

  @ParameterizedTest
  @CsvSource({
    "train.batch_tokens=128,train.batch_tokens 64",
    "data.seed=2,data.seed 1",
    "model.num_reader=2,model.num_reader 1",
    "model.row_topk=8,model.row_topk left out",
    "data.sequence_length=32,data.sequence_length 16"
  })
  void refusesToGoOnAsAnotherRun(String override, String was) {
    fresh();
    assertThatThrownBy(() -> resumed(override))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("was trained with " + was + ", the recipe says");
  }

  private ModelFactory poisoned(IntPredicate passes) {
    return request -> new BigramModel(request, passes);
  }

  @Test
  void skipsStepsThatAreNotFinite() {
    List<Integer> updates = new ArrayList<>();
    ModelFactory models =
        request ->
            new BigramModel(request, pass -> pass == 3 || pass == 4 || pass == 7) {
              @Override
              public void update(int step, double learningRate, double factor) {
                updates.add(step);
                super.update(step, learningRate, factor);
              }
            };
    TrainingSummary summary =
        run(recipe("train.max_skipped_steps=3"), TrainingRun.Options.fresh(), models, Progress.NONE)
            .run();
    assertThat(summary.skipped()).isEqualTo(3);
    assertThat(summary.step()).isEqualTo(12);
    assertThat(updates).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9);
    List<StepMetrics> steps = MetricsReader.read(directory.resolve("metrics.jsonl")).steps();
    assertThat(steps.stream().filter(StepMetrics::skipped).map(StepMetrics::step))
        .containsExactly(3, 4, 7);
    assertThat(steps.get(2).loss()).isNaN();
  }

  @Test
  void skipsStepsWhoseGradientsAreNotFinite() {
    ModelFactory models =
        request ->
            new BigramModel(request) {
              private int norms;

              @Override
              public double gradientNorm() {
                return ++norms == 5 ? Double.POSITIVE_INFINITY : super.gradientNorm();
              }
            };
    TrainingSummary summary =
        run(recipe(), TrainingRun.Options.fresh(), models, Progress.NONE).run();
    assertThat(summary.skipped()).isEqualTo(1);
  }

  @Test
  void failsAfterTooManyAndKeepsTheLastGoodCheckpoint() throws IOException {
    assertThatThrownBy(
            () ->
                run(
                        recipe("train.max_skipped_steps=4", "checkpoint.keep=1"),
                        TrainingRun.Options.fresh(),
                        poisoned(pass -> pass >= 7),
                        Progress.NONE)
                    .run())
        .isInstanceOf(UserError.class)
        .hasMessageContaining("not finite in 4 steps in a row, up to step 10")
        .hasMessageContaining(directory.resolve("step-00000005").toString());
    assertThat(names()).contains("step-00000005", "report.html").doesNotContain("step-00000010");
    // With the cause put right it goes on from there.
    assertThat(resumed().step()).isEqualTo(12);
  }

  @Test
  void countsSkippedStepsInARowAcrossAResume() {
    TrainingRun[] run = new TrainingRun[1];
    run[0] =
        run(
            recipe("train.max_skipped_steps=3"),
            TrainingRun.Options.fresh(),
            poisoned(pass -> pass >= 6),
            new Progress() {
              @Override
              public void step(StepMetrics metrics) {
                if (metrics.step() == 7) {
                  run[0].requestStop();
                }
              }
            });
    assertThat(run[0].run().skipped()).isEqualTo(2);
    assertThatThrownBy(
            () ->
                run(
                        recipe("train.max_skipped_steps=3"),
                        TrainingRun.Options.latest(),
                        poisoned(pass -> true),
                        Progress.NONE)
                    .run())
        .isInstanceOf(UserError.class)
        .hasMessageContaining("in 3 steps in a row, up to step 8");
  }

  @Test
  void followsTheClockUnderALimit() {
    long[] now = {0};
    Recipe recipe =
        recipe("train.steps=1000", "train.seconds=10", "evaluate.every=0", "checkpoint.every=0");
    TrainingSummary summary =
        new TrainingRun(
                recipe,
                TrainingRun.Options.fresh(),
                request ->
                    new BigramModel(request) {
                      @Override
                      public Outcome accumulate(PackedBatch b, double c, double d) {
                        now[0] += 250_000_000L;
                        return super.accumulate(b, c, d);
                      }
                    },
                Progress.NONE,
                LetterData::new,
                TrainingRunTest::report,
                () -> now[0])
            .run();
    assertThat(summary.step()).isEqualTo(40);
    assertThat(summary.stopped()).isFalse();
    assertThat(summary.seconds()).isEqualTo(10);
    assertThat(summary.tokensPerSecond()).isEqualTo(256, within(1e-6));
    assertThat(summary.heldOutLoss()).isPresent();
    List<StepMetrics> steps = MetricsReader.read(directory.resolve("metrics.jsonl")).steps();
    assertThat(steps.get(2).learningRate()).isGreaterThan(2.9e-2);
    assertThat(steps.get(39).learningRate()).isLessThan(1.1e-3);
    // The time is spent: nothing is left to do.
    assertThat(
            run(recipe, TrainingRun.Options.latest(), BigramModel::new, Progress.NONE).run().step())
        .isEqualTo(40);
  }

  @Test
  void stopsBeforeTheFirstStepIfAskedTo() {
    TrainingRun run = run(recipe(), TrainingRun.Options.fresh(), BigramModel::new, Progress.NONE);
    run.requestStop();
    TrainingSummary summary = run.run();
    assertThat(summary.step()).isZero();
    assertThat(summary.stopped()).isTrue();
    assertThat(summary.loss()).isNaN();
    assertThat(summary.heldOutLoss()).isEmpty();
    assertThat(summary.report()).isEmpty();
    assertThat(resumed().step()).isEqualTo(12);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"model.safetensors", "optimizer.safetensors", "trainer.json", "config.json"})
  void saysThatACheckpointIsDamaged(String name) throws IOException {
    fresh();
    Path file = directory.resolve("step-00000012").resolve(name);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(this::resumed)
        .isInstanceOf(UserError.class)
        .hasMessageContaining(name)
        .hasMessageNotContaining("\n");
    // The older one is whole.
    Path older = directory.resolve("step-00000010");
    assertThat(
            run(
                    recipe(),
                    new TrainingRun.Options(true, older, List.of(), Map.of()),
                    BigramModel::new,
                    Progress.NONE)
                .run()
                .step())
        .isEqualTo(12);
  }

  @Test
  void saysWhatIsMissingInATrainerState() throws IOException {
    fresh();
    Path file = directory.resolve("step-00000012/trainer.json");
    String whole = Files.readString(file);
    for (String key : List.of("step", "updates", "skipped", "skipped_in_row", "recipe", "data")) {
      Files.writeString(file, whole.replaceFirst("\"" + key + "\"", "\"gone\""));
      assertThatThrownBy(this::resumed)
          .isInstanceOf(UserError.class)
          .hasMessageContaining("trainer.json is damaged: '" + key + "'");
    }
  }

  @Test
  void saysThatTheCheckpointToGoOnFromIsNotThere() {
    assertThatThrownBy(
            () ->
                run(
                        recipe(),
                        new TrainingRun.Options(
                            true, folder.resolve("step-00000099"), List.of(), Map.of()),
                        BigramModel::new,
                        Progress.NONE)
                    .run())
        .isInstanceOf(UserError.class)
        .hasMessageContaining("step-00000099");
  }

  @Test
  void saysThatTheDirectoryCannotBeMade() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    directory = file.resolve("run");
    assertThatThrownBy(this::fresh)
        .isInstanceOf(UserError.class)
        .hasMessageContaining(directory.toString());
  }

  @Test
  void saysThatACheckpointCannotBeWritten() {
    List<BigramModel> models = new ArrayList<>();
    TrainingRun run =
        run(
            recipe(),
            TrainingRun.Options.fresh(),
            request -> {
              models.add(new BigramModel(request));
              return models.get(0);
            },
            new Progress() {
              @Override
              public void step(StepMetrics metrics) {
                if (metrics.step() == 4) {
                  block(directory);
                }
              }
            });
    assertThatThrownBy(run::run)
        .isInstanceOf(UserError.class)
        .hasMessageContaining(directory.toString());
    assertThat(models.get(0).closed()).isTrue();
  }

  /** Puts a file where the directory is. */
  private static void block(Path path) {
    try {
      AtomicFiles.deleteTree(path);
      Files.writeString(path, "in the way");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void tellsItsProgressInOrder() {
    List<String> heard = new ArrayList<>();
    Progress progress =
        new Progress() {
          @Override
          public void started(Start start) {
            heard.add("start " + start.firstStep() + " of " + start.steps());
            assertThat(start.parameters()).isEqualTo(272);
            assertThat(start.stepTokens()).isEqualTo(64);
          }

          @Override
          public void step(StepMetrics metrics) {
            heard.add("step " + metrics.step());
          }

          @Override
          public void evaluated(EvaluationMetrics metrics) {
            heard.add("evaluated " + metrics.step());
          }

          @Override
          public void saved(Path checkpoint, int step) {
            heard.add("saved " + step);
            assertThat(checkpoint).exists();
          }

          @Override
          public void ended() {
            heard.add("ended");
          }
        };
    run(recipe("train.steps=6"), TrainingRun.Options.fresh(), BigramModel::new, progress).run();
    assertThat(heard)
        .containsExactly(
            "start 1 of 6",
            "step 1",
            "step 2",
            "step 3",
            "step 4",
            "evaluated 4",
            "step 5",
            "saved 5",
            "step 6",
            "evaluated 6",
            "saved 6",
            "ended");
  }

  @Test
  void aModelThatDoesNotFitLeavesNoRunBehind() {
    assertThatThrownBy(
            () ->
                run(
                        recipe(),
                        TrainingRun.Options.fresh(),
                        request -> {
                          throw new UserError("training needs more memory than there is");
                        },
                        Progress.NONE)
                    .run())
        .isInstanceOf(UserError.class)
        .hasMessageContaining("memory");
    assertThat(fresh().step()).isEqualTo(12);
  }
}
