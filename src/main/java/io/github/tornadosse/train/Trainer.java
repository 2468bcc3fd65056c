package io.github.tornadosse.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.TrainingCheckpoint;
import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.nn.Trainable;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * The training loop: gradient accumulation, clipping, the schedule, evaluation and checkpoints.
 *
 * <p>A run that is interrupted, by {@link #requestStop()} or by the end of its process at any
 * moment, and resumed from its latest checkpoint ends with the same bytes as one that is not,
 * unless the recipe has a wall-clock limit.
 */
final class Trainer {
  private static final double NANOS = 1e9;

  private final Recipe recipe;
  private final ObjectNode recipeJson;
  private final Trainable model;
  private final TrainingData data;
  private final RunDirectory directory;
  private final Progress progress;
  private final LongSupplier clock;
  private final Schedule schedule;
  private final List<PackedBatch> heldOut;
  private final long heldOutBytes;

  private TrainerState state;
  private long began;
  private double secondsBefore;
  private long stepNanos;
  private long stepsHere;
  private StepMetrics lastStep;
  private EvaluationMetrics lastEvaluation;
  private MetricsWriter metrics;
  private Path checkpoint;
  private volatile boolean stopRequested;

  /**
   * Prepares a run from the start.
   *
   * @param recipe what to do
   * @param model the model, not closed here
   * @param data what is read
   * @param directory where checkpoints and metrics go
   * @param progress hears how it goes
   * @param clock nanoseconds, such as {@link System#nanoTime}
   */
  Trainer(
      Recipe recipe,
      Trainable model,
      TrainingData data,
      RunDirectory directory,
      Progress progress,
      LongSupplier clock) {
    this.recipe = recipe;
    this.recipeJson = recipe.toJson();
    this.model = model;
    this.data = data;
    this.directory = directory;
    this.progress = progress;
    this.clock = clock;
    schedule = new Schedule(recipe.train());
    heldOut = data.heldOut(recipe.evaluate().tokens());
    heldOutBytes = heldOut.stream().mapToLong(data::targetBytes).sum();
    state = new TrainerState(0, 0, 0, 0, 0, data.position(), recipeJson);
  }

  /**
   * Takes up a run where a checkpoint was written.
   *
   * @param from its directory
   * @throws UserError if it is damaged, or of another recipe or other data
   */
  void resume(Path from) {
    TrainerState saved = CheckpointFiles.state(from);
    saved.requireSameRun(recipeJson, from.toString());
    CheckpointFiles.load(from, model, data);
    checkpoint = from;
    data.seek(saved.data());
    state = saved;
    MetricsReader past = MetricsReader.read(directory.metrics());
    for (StepMetrics step : past.steps()) {
      if (step.step() <= saved.step()) {
        lastStep = step;
      }
    }
    for (EvaluationMetrics evaluation : past.evaluations()) {
      if (evaluation.step() <= saved.step()) {
        lastEvaluation = evaluation;
      }
    }
    secondsBefore =
        Math.max(
            saved.seconds(),
            Math.max(
                lastStep == null ? 0 : lastStep.seconds(),
                lastEvaluation == null ? 0 : lastEvaluation.seconds()));
  }

  /** Asks the run to finish its step, save and return; from any thread. */
  void requestStop() {
    stopRequested = true;
  }

  /**
   * Runs to the end of the recipe or until a stop is asked for, then saves.
   *
   * @return whether it stopped before its end
   * @throws UserError if the disk refuses, or losses or gradients are not finite too often
   */
  boolean run() {
    began = clock.getAsLong();
    progress.started(
        new Progress.Start(
            directory.root(),
            parameters(),
            state.step() + 1,
            recipe.train().steps(),
            recipe.train().stepTokens(),
            recipe.train().seconds()));
    try (MetricsWriter writer = new MetricsWriter(directory.metrics(), state.step())) {
      metrics = writer;
      directory.supersede(state.step());
      while (!stopRequested && !finished()) {
        step();
        if (due(recipe.evaluate().every())) {
          evaluate();
        }
        // While losses are not finite, the last good checkpoint stays.
        if (due(recipe.checkpoint().every()) && state.skippedInRow() == 0) {
          save();
        }
      }
      boolean stopped = !finished();
      if (!stopped && (lastEvaluation == null || lastEvaluation.step() < state.step())) {
        evaluate();
      }
      if (checkpoint == null || RunDirectory.step(checkpoint) < state.step()) {
        save();
      }
      return stopped;
    } finally {
      progress.ended();
    }
  }

  private boolean due(int every) {
    return every > 0 && state.step() % every == 0;
  }

  private boolean finished() {
    double limit = recipe.train().seconds();
    return state.step() >= recipe.train().steps() || (limit > 0 && seconds() >= limit);
  }

  private void step() {
    int step = state.step() + 1;
    Recipe.Train train = recipe.train();
    double timeShare = train.seconds() > 0 ? seconds() / train.seconds() : 0;
    double learningRate = schedule.at(step, timeShare);
    long start = clock.getAsLong();

    List<PackedBatch> batches = new ArrayList<>();
    long targets = 0;
    long tokens = 0;
    long bytes = 0;
    for (int i = 0; i < train.accumulation(); i++) {
      PackedBatch batch = data.next();
      batches.add(batch);
      targets += batch.targetCount();
      tokens += batch.tokens();
      bytes += data.targetBytes(batch);
    }
    model.zeroGradients();
    Sums sums = new Sums();
    for (PackedBatch batch : batches) {
      sums.add(
          model.accumulate(batch, 1.0 / targets, model.config().auxLossCoef() / batches.size()));
    }
    double loss = sums.crossEntropy / targets;
    double norm = model.gradientNorm();
    boolean finite = Double.isFinite(loss) && Double.isFinite(norm);
    if (finite) {
      boolean clip = train.clipNorm() > 0 && norm > train.clipNorm();
      model.update(state.updates() + 1, learningRate, clip ? train.clipNorm() / norm : 1);
    }

    long nanos = clock.getAsLong() - start;
    stepNanos += nanos;
    stepsHere++;
    state =
        new TrainerState(
            step,
            state.updates() + (finite ? 1 : 0),
            state.skipped() + (finite ? 0 : 1),
            finite ? 0 : state.skippedInRow() + 1,
            seconds(),
            data.position(),
            recipeJson);
    lastStep =
        new StepMetrics(
            step,
            loss,
            bits(sums.crossEntropy, bytes),
            sums.balance / batches.size(),
            learningRate,
            norm,
            tokens * NANOS / Math.max(nanos, 1),
            state.seconds(),
            !finite,
            sums.load(batches.size()));
    metrics.write(lastStep);
    progress.step(lastStep);
    if (state.skippedInRow() >= train.maxSkippedSteps()) {
      throw notFinite();
    }
  }

  private UserError notFinite() {
    String kept =
        directory
            .latest()
            .map(p -> "the last good checkpoint is " + p)
            .orElse("there is no checkpoint yet");
    return new UserError(
        "loss or gradients were not finite in "
            + state.skippedInRow()
            + " steps in a row, up to step "
            + state.step()
            + "; lower train.learning_rate or lengthen train.warmup_steps; "
            + kept);
  }

  private static final class Sums {
    private double crossEntropy;
    private double balance;
    private float[][] load;

    void add(Trainable.Outcome outcome) {
      crossEntropy += outcome.crossEntropy();
      balance += outcome.balance();
      if (load == null) {
        load = new float[outcome.load().length][];
        for (int i = 0; i < load.length; i++) {
          load[i] = outcome.load()[i].clone();
        }
      } else {
        for (int i = 0; i < load.length; i++) {
          for (int j = 0; j < load[i].length; j++) {
            load[i][j] += outcome.load()[i][j];
          }
        }
      }
    }

    float[][] load(int batches) {
      for (float[] layer : load) {
        for (int j = 0; j < layer.length; j++) {
          layer[j] /= batches;
        }
      }
      return load;
    }
  }

  private void evaluate() {
    double crossEntropy = 0;
    long targets = 0;
    for (PackedBatch batch : heldOut) {
      Trainable.Outcome outcome = model.evaluate(batch);
      crossEntropy += outcome.crossEntropy();
      targets += outcome.targets();
    }
    double loss = crossEntropy / targets;
    lastEvaluation =
        new EvaluationMetrics(
            state.step(),
            loss,
            bits(crossEntropy, heldOutBytes),
            Math.exp(loss),
            targets,
            seconds());
    metrics.write(lastEvaluation);
    progress.evaluated(lastEvaluation);
  }

  private void save() {
    metrics.force();
    checkpoint = CheckpointFiles.save(directory.root(), model, state, data);
    if (state.skippedInRow() == 0) {
      TrainingCheckpoint.keepLast(directory.root(), recipe.checkpoint().keep());
    }
    progress.saved(checkpoint, state.step());
  }

  private double seconds() {
    return secondsBefore + (clock.getAsLong() - began) / NANOS;
  }

  /** Bits for each byte; not a number where the targets are separators alone. */
  private static double bits(double nats, long bytes) {
    return bytes == 0 ? Double.NaN : nats / Math.log(2) / bytes;
  }

  /** Number of the model's parameters. */
  long parameters() {
    return model.tensors().stream().mapToLong(t -> t.size()).sum();
  }

  /** The last checkpoint, null without any. */
  Path checkpoint() {
    return checkpoint;
  }

  /** Steps done and skipped. */
  TrainerState state() {
    return state;
  }

  /** The last step's metrics, null without any. */
  StepMetrics lastStep() {
    return lastStep;
  }

  /** The last evaluation, null without any. */
  EvaluationMetrics lastEvaluation() {
    return lastEvaluation;
  }

  /** Tokens per second of the steps done here; 0 without any. */
  double tokensPerSecond() {
    return stepNanos == 0 ? 0 : stepsHere * recipe.train().stepTokens() * NANOS / stepNanos;
  }

  /** Seconds since the run began, earlier sittings included. */
  double totalSeconds() {
    return seconds();
  }
}
