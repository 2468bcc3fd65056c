package io.github.tornadosse.train;

import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.data.tasks.TaskSettings;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.Trainable;
import io.github.tornadosse.tensor.Pictures;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole training run: opens and splits the data, makes the model, starts or resumes, trains,
 * saves, and writes the report. What {@code sse train} and the demo do.
 */
public final class TrainingRun {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingRun.class);

  /**
   * What is not part of the recipe.
   *
   * @param resume whether to go on with what the run's directory holds; without it the directory
   *     must not hold a run
   * @param from the checkpoint to go on from, null for the latest (none saved yet: from the start)
   * @param baselines lines to draw into the report
   * @param facts names and values for the report, such as device and commit, in order
   */
  public record Options(
      boolean resume, Path from, List<Baseline> baselines, Map<String, String> facts) {
    /** A new run without baselines and facts. */
    public static Options fresh() {
      return new Options(false, null, List.of(), Map.of());
    }

    /** The run of the recipe's directory from its latest checkpoint. */
    public static Options latest() {
      return new Options(true, null, List.of(), Map.of());
    }
  }

  private final Options options;
  private final ModelFactory models;
  private final Progress progress;
  private final Function<Recipe, TrainingData> source;
  private Reporter reporter;
  private final LongSupplier clock;
  private final Object starting = new Object();
  private Recipe recipe;
  private boolean stopRequested;
  private Trainer trainer;

  /**
   * Prepares a run; nothing is read or written yet.
   *
   * @param recipe what to do
   * @param options what is not part of the recipe
   * @param models makes the model
   * @param progress hears how it goes
   */
  public TrainingRun(Recipe recipe, Options options, ModelFactory models, Progress progress) {
    this(recipe, options, models, progress, TrainingRun::open, Report::write, System::nanoTime);
  }

  private static TrainingData open(Recipe recipe) {
    return recipe.data().task() == null ? CorpusData.open(recipe) : TaskData.open(recipe);
  }

  /** Writes a report; {@link Report#write} but for tests. */
  interface Reporter {
    void write(Path page, Path picture, Report.Content content);
  }

  /** With other data, another report and another clock. */
  TrainingRun(
      Recipe recipe,
      Options options,
      ModelFactory models,
      Progress progress,
      Function<Recipe, TrainingData> source,
      Reporter reporter,
      LongSupplier clock) {
    this.recipe = recipe;
    this.options = options;
    this.models = models;
    this.progress = progress;
    this.source = source;
    this.reporter = reporter;
    this.clock = clock;
  }

  /**
   * Leaves the report out, for runs that are reported on together.
   *
   * @return this run
   */
  public TrainingRun withoutReport() {
    reporter = null;
    return this;
  }

  /**
   * Runs, on the calling thread, to the recipe's end or until {@link #requestStop()}.
   *
   * @return how it ended
   * @throws UserError if the data is empty or cannot be read, the directory holds a run and resume
   *     is off, a checkpoint or the initial model is damaged or of another recipe, the disk
   *     refuses, the device has too little memory, or losses are not finite for max_skipped_steps
   *     steps in a row
   */
  public TrainingSummary run() {
    try (RunDirectory directory = new RunDirectory(Path.of(recipe.checkpoint().directory()))) {
      Optional<Path> checkpoint = checkpoint(directory);
      String init = recipe.train().init();
      if (init != null) {
        // A run that is resumed does not need the model that it started from.
        Path model = checkpoint.orElse(Path.of(init));
        recipe = recipe.withModel(InitialModel.keys(recipe.model(), model));
      }
      return run(directory, checkpoint);
    }
  }

  private TrainingSummary run(RunDirectory directory, Optional<Path> checkpoint) {
    if (reporter != null && Pictures.obstacle().isPresent()) {
      // No reason not to train; metrics and checkpoints need no fonts.
      LOG.warn("there will be no report: {}", Pictures.obstacle().get());
      reporter = null;
    }
    try (TrainingData data = source.apply(recipe)) {
      ModelConfig config = recipe.modelConfig(data.vocabSize());
      Recipe.Train train = recipe.train();
      try (Trainable model =
          models.create(
              new ModelFactory.Request(
                  config,
                  train.batchTokens(),
                  data.maxSequences(),
                  train.beta1(),
                  train.beta2(),
                  train.eps(),
                  train.weightDecay(),
                  train.recompute(),
                  train.seed()))) {
        Trainer made = new Trainer(recipe, model, data, directory, progress, clock);
        if (checkpoint.isPresent()) {
          made.resume(checkpoint.get());
          LOG.info("resuming from {}", checkpoint.get());
        } else if (train.init() != null) {
          InitialModel.load(Path.of(train.init()), model);
          LOG.info("starting from the weights of {}", train.init());
        }
        AtomicFiles.write(directory.recipe(), recipe.toYaml());
        synchronized (starting) {
          trainer = made;
          if (stopRequested) {
            made.requestStop();
          }
        }
        return train(made, data, directory);
      }
    }
  }

  /**
   * Asks the run to finish its step, save and return. Any thread, any time (from a signal handler
   * too).
   */
  public void requestStop() {
    synchronized (starting) {
      stopRequested = true;
      if (trainer != null) {
        trainer.requestStop();
      }
    }
  }

  private Optional<Path> checkpoint(RunDirectory directory) {
    if (!options.resume()) {
      if (directory.holdsRun()) {
        throw new UserError(
            directory.root()
                + " already holds a run; go on with it (--resume), or choose another"
                + " checkpoint.directory");
      }
      return Optional.empty();
    }
    return options.from() == null ? directory.latest() : Optional.of(options.from());
  }

  private TrainingSummary train(Trainer made, TrainingData data, RunDirectory directory) {
    boolean stopped;
    try {
      stopped = made.run();
    } catch (UserError e) {
      // The report shows how it came to it.
      try {
        report(made, data, directory);
      } catch (UserError second) {
        e.addSuppressed(second);
      }
      throw e;
    }
    double seconds = made.totalSeconds();
    boolean reported = report(made, data, directory);
    EvaluationMetrics held = made.lastEvaluation();
    return new TrainingSummary(
        made.state().step(),
        stopped,
        made.state().skipped(),
        made.lastStep() == null ? Double.NaN : made.lastStep().loss(),
        held == null ? OptionalDouble.empty() : OptionalDouble.of(held.loss()),
        held == null ? OptionalDouble.empty() : OptionalDouble.of(held.bitsPerByte()),
        made.tokensPerSecond(),
        seconds,
        made.parameters(),
        made.checkpoint(),
        reported ? Optional.of(directory.report()) : Optional.empty(),
        reported ? Optional.of(directory.plot()) : Optional.empty());
  }

  /** Writes the report, if it is wanted and there is a step to show. */
  private boolean report(Trainer made, TrainingData data, RunDirectory directory) {
    MetricsReader metrics = MetricsReader.read(directory.metrics());
    if (reporter == null || metrics.steps().isEmpty()) {
      return false;
    }
    Path name = directory.root().toAbsolutePath().normalize().getFileName();
    reporter.write(
        directory.report(),
        directory.plot(),
        new Report.Content(
            name == null ? "run" : name.toString(),
            metrics,
            options.baselines(),
            facts(made, data),
            recipe.toYaml()));
    return true;
  }

  private Map<String, String> facts(Trainer made, TrainingData data) {
    ModelConfig c = recipe.modelConfig(data.vocabSize());
    Runtime runtime = Runtime.getRuntime();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("Model", c.describe());
    facts.put(
        "Size",
        String.format(
            "%,d parameters: %d layers, hidden size %d, %d heads of %d, vocabulary %d",
            made.parameters(),
            c.layers(),
            c.hiddenSize(),
            c.mixer().heads(),
            c.mixer().headDim(),
            c.vocabSize()));
    if (recipe.train().init() != null) {
      facts.put("Initial weights", recipe.train().init());
    }
    TaskSettings task = recipe.data().task();
    facts.put("Data", task == null ? recipe.data().path() : "task " + task.name());
    facts.put(
        "Step",
        String.format(
            "%,d tokens: %d × %,d, sequences of up to %,d",
            recipe.train().stepTokens(),
            recipe.train().accumulation(),
            recipe.train().batchTokens(),
            recipe.data().sequenceLength()));
    facts.put(
        "Machine",
        String.format(
            "%s %s, %s, %d processors, heap up to %,d MiB",
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch"),
            runtime.availableProcessors(),
            runtime.maxMemory() >> 20));
    facts.put("JDK", System.getProperty("java.vm.name") + " " + Runtime.version());
    facts.putAll(options.facts());
    return facts;
  }
}
