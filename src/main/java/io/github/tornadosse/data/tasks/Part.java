package io.github.tornadosse.data.tasks;

/** What examples are for. The parts of a task have no random numbers in common. */
public enum Part {
  /** Training. */
  TRAINING,
  /** Choosing among models, such as those of several learning rates. */
  VALIDATION,
  /** What is reported. */
  TEST
}
