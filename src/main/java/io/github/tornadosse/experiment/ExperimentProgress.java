package io.github.tornadosse.experiment;

/** Hears how an experiment goes; from several threads. All methods do nothing unless overridden. */
public interface ExperimentProgress {
  /**
   * Runs begin that were not finished before.
   *
   * @param cells all of this part of the experiment
   * @param finished those that were finished by an earlier sitting
   * @param steps training steps of all
   */
  default void started(int cells, int finished, long steps) {}

  /** A training step of some run is done, or was done by an earlier sitting. */
  default void step() {}

  /**
   * A run has been trained and measured.
   *
   * @param cell which one
   * @param result what it gave
   */
  default void finished(Cell cell, CellResult result) {}
}
