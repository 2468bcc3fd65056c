package io.github.tornadosse.train;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A whole training run: opens and splits the data, makes the model, starts or resumes, trains,
 * saves, and writes the report. What {@code sse train} and the demo do.
 */
public final class TrainingRun {
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

  private volatile boolean stopRequested;

  /**
   * Prepares a run; nothing is read or written yet.
   *
   * @param recipe what to do
   * @param options what is not part of the recipe
   * @param models makes the model
   * @param progress hears how it goes
   */
  public TrainingRun(Recipe recipe, Options options, ModelFactory models, Progress progress) {}

  /**
   * Runs, on the calling thread, to the recipe's end or until {@link #requestStop()}.
   *
   * @return how it ended
   * @throws io.github.tornadosse.tensor.UserError if the data is empty or cannot be read, the
   *     directory holds a run and resume is off, a checkpoint is damaged or of another recipe, the
   *     disk refuses, the device has too little memory, or losses are not finite for
   *     max_skipped_steps steps in a row
   */
  public TrainingSummary run() {
    throw new UnsupportedOperationException("not yet");
  }

  /**
   * Asks the run to finish its step, save and return. Any thread, any time (from a signal handler
   * too).
   */
  public void requestStop() {
    stopRequested = true;
  }
}
