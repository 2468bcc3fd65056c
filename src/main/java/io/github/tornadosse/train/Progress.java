package io.github.tornadosse.train;

import java.nio.file.Path;

/**
 * Hears how a training run goes, on the thread that trains. All methods do nothing unless
 * overridden.
 */
public interface Progress {
  /** Hears nothing. */
  Progress NONE = new Progress() {};

  /**
   * A run that is about to begin.
   *
   * @param directory where checkpoints, metrics and the report go
   * @param parameters number of the model's parameters
   * @param firstStep the first step to be done, from 1; more than 1 when resumed
   * @param steps the last one
   * @param stepTokens tokens of a step
   * @param seconds wall-clock limit, 0 for none
   */
  record Start(
      Path directory, long parameters, int firstStep, int steps, long stepTokens, double seconds) {}

  /**
   * The run begins.
   *
   * @param start what it is
   */
  default void started(Start start) {}

  /**
   * A step is done.
   *
   * @param metrics what it gave
   */
  default void step(StepMetrics metrics) {}

  /**
   * The held-out part has been measured.
   *
   * @param metrics what it gave
   */
  default void evaluated(EvaluationMetrics metrics) {}

  /**
   * A checkpoint has been written.
   *
   * @param directory its directory
   * @param step steps done
   */
  default void saved(Path directory, int step) {}

  /** The loop has ended, whether normally or by an error; nothing follows. */
  default void ended() {}
}
