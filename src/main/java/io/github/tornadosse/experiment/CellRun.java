package io.github.tornadosse.experiment;

import io.github.tornadosse.data.ByteTokenizer;
import io.github.tornadosse.data.Document;
import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.data.PackedBatches;
import io.github.tornadosse.data.TextSource;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.data.Tokenizers;
import io.github.tornadosse.data.tasks.Part;
import io.github.tornadosse.data.tasks.Task;
import io.github.tornadosse.data.tasks.TaskExamples;
import io.github.tornadosse.data.tasks.Tasks;
import io.github.tornadosse.eval.Perplexity;
import io.github.tornadosse.eval.tasks.TaskEvaluation;
import io.github.tornadosse.eval.tasks.TaskScore;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.infer.ModelLoader;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.UserError;
import io.github.tornadosse.train.Progress;
import io.github.tornadosse.train.Recipe;
import io.github.tornadosse.train.StepMetrics;
import io.github.tornadosse.train.TaskGraphModels;
import io.github.tornadosse.train.TrainingRun;
import io.github.tornadosse.train.TrainingSummary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Trains one run of an experiment, or goes on with it, and measures what it has become. */
final class CellRun {
  /** Examples of the test are the same for all runs. */
  static final long TEST_SEED = 1;

  private static final int BATCH = 4096;

  private final Cell cell;
  private final ExperimentRecipe recipe;
  private final Operations ops;
  private final TrainingRun training;

  CellRun(Cell cell, ExperimentRecipe recipe, Operations ops, ExperimentProgress progress) {
    this.cell = cell;
    this.recipe = recipe;
    this.ops = ops;
    training =
        new TrainingRun(
                cell.recipe(),
                TrainingRun.Options.latest(),
                new TaskGraphModels(ops, false),
                new Progress() {
                  @Override
                  public void started(Start start) {
                    for (int i = 1; i < start.firstStep(); i++) {
                      progress.step();
                    }
                  }

                  @Override
                  public void step(StepMetrics metrics) {
                    progress.step();
                  }
                })
            .withoutReport();
  }

  void requestStop() {
    training.requestStop();
  }

  /** The result; empty if a stop was asked for before the end. */
  Optional<CellResult> run() {
    TrainingSummary trained = training.run();
    if (trained.stopped()) {
      return Optional.empty();
    }
    Path checkpoint = trained.checkpoint();
    ModelWeights weights = ModelLoader.weights(checkpoint);
    CellResult result =
        cell.recipe().data().task() == null
            ? text(weights, checkpoint, trained)
            : task(weights, trained);
    result.write(cell, recipe);
    return Optional.of(result);
  }

  private CellResult task(ModelWeights weights, TrainingSummary trained) {
    Recipe.Data data = cell.recipe().data();
    Task task = Tasks.of(data.task());
    List<Integer> lengths =
        recipe.test().lengths().isEmpty()
            ? List.of(data.sequenceLength())
            : recipe.test().lengths();
    List<Integer> learned = data.task().pairs();
    List<Integer> asked = recipe.test().pairs().isEmpty() ? learned : recipe.test().pairs();
    int longest = Math.max(data.sequenceLength(), Collections.max(lengths));
    try (LanguageModel model =
        LanguageModel.create(weights, ops, TaskEvaluation.capacity(longest))) {
      List<Measure> validation =
          measure(
              model,
              task,
              Part.VALIDATION,
              List.of(data.sequenceLength()),
              learned,
              recipe.validation());
      List<Measure> test =
          measure(model, task, Part.TEST, lengths, asked, recipe.test().examples());
      return new CellResult(validation, test, trained.seconds());
    }
  }

  private static List<Measure> measure(
      LanguageModel model,
      Task task,
      Part part,
      List<Integer> lengths,
      List<Integer> asked,
      int examples) {
    List<Measure> all = new ArrayList<>();
    for (int length : lengths) {
      for (int pairs : asked.isEmpty() ? List.of(task.usualPairs(length)) : asked) {
        TaskExamples drawn = new TaskExamples(task, part, length, List.of(pairs), TEST_SEED);
        TaskScore s = TaskEvaluation.run(model, drawn, pairs, examples, done -> {});
        all.add(new Measure(length, pairs, s.accuracy(), s.nats()));
      }
    }
    return all;
  }

  /** The held-out share of the text is for validation, another text for the test. */
  private CellResult text(ModelWeights weights, Path checkpoint, TrainingSummary trained) {
    Recipe.Data data = cell.recipe().data();
    Tokenizer tokenizer =
        data.tokenizer().equals(ByteTokenizer.NAME)
            ? new ByteTokenizer()
            : Tokenizers.named(data.tokenizer());
    int length = data.sequenceLength();
    PackedBatches.Settings settings =
        new PackedBatches.Settings(Math.max(BATCH, length), length, 1, data.seed());
    try (TextSource source = TextSource.open(Path.of(recipe.test().data()), data.include());
        LanguageModel model =
            LanguageModel.create(
                weights,
                ops,
                LanguageModel.Capacity.scoring(settings.tokens(), settings.maxSequences()))) {
      List<PackedBatch> batches =
          PackedBatches.heldOut(
              Document.sample(source.documents(), data.seed()),
              tokenizer,
              settings,
              (long) recipe.test().examples() * length);
      long bytes = batches.stream().mapToLong(b -> b.targetBytes(tokenizer)).sum();
      if (bytes == 0) {
        throw new UserError("test.data " + recipe.test().data() + ": too short to predict");
      }
      Perplexity.Result r = Perplexity.evaluate(model, batches, done -> {});
      double nats = trained.heldOutLoss().orElseThrow();
      return new CellResult(
          List.of(new Measure(length, 0, trained.heldOutBitsPerByte().orElseThrow(), nats)),
          List.of(new Measure(length, 0, r.bits() * r.targets() / bytes, r.nats())),
          trained.seconds());
    }
  }
}
