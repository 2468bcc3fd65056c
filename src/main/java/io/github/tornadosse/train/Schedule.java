package io.github.tornadosse.train;

/**
 * The learning rate over a run: a linear warm-up, then a decay over the share of the run that is
 * done. The share is counted in steps, or in time where the run has a wall-clock limit.
 */
public final class Schedule {
  private final Recipe.Train train;

  /**
   * The schedule of a recipe.
   *
   * @param train its section
   */
  public Schedule(Recipe.Train train) {
    this.train = train;
  }

  /**
   * The learning rate of a step, counted in steps alone.
   *
   * @param step from 1 to train.steps
   * @return the learning rate, above 0 up to train.learning_rate; train.min_learning_rate at the
   *     last step if there is any decay
   */
  public double at(int step) {
    return at(step, 0);
  }

  /**
   * The learning rate of a step of a run with a wall-clock limit: the decay follows steps or time,
   * whichever is further.
   *
   * @param step from 1 to train.steps
   * @param timeShare elapsed time over the limit, 0 and more
   * @return the learning rate, from 0 to train.learning_rate
   */
  public double at(int step, double timeShare) {
    double share = Math.min(1, Math.max((double) step / train.steps(), timeShare));
    double rise = step < train.warmupSteps() ? (double) step / train.warmupSteps() : 1;
    double low = train.minLearningRate();
    return rise * (low + (train.learningRate() - low) * height(share));
  }

  /** From 1 before the decay to 0 after it. */
  private double height(double share) {
    double begin =
        train.schedule() == Recipe.Shape.COSINE
            ? (double) train.warmupSteps() / train.steps()
            : 1 - (double) train.decaySteps() / train.steps();
    if (share <= begin) {
      return 1;
    }
    double done = (share - begin) / (1 - begin);
    return train.schedule() == Recipe.Shape.COSINE ? (1 + Math.cos(Math.PI * done)) / 2 : 1 - done;
  }
}
