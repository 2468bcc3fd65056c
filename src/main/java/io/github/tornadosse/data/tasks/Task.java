package io.github.tornadosse.data.tasks;

import org.apache.commons.math3.random.RandomGenerator;

/** Makes the examples of a task. */
public interface Task {
  /** Its name in recipes and on the command line. */
  String name();

  /** Number of token ids that it uses. Id 0 of a task of integers is never drawn. */
  int vocabSize();

  /** Whether its tokens are the bytes of a text, as the byte-level tokenizer has them. */
  boolean text();

  /**
   * How much an example asks to remember where nothing is said.
   *
   * @param length tokens that an example may have
   * @return pairs, needles, entries or symbols; at least 1
   */
  int usualPairs(int length);

  /**
   * The length that an example needs.
   *
   * @param pairs how much it asks to remember
   * @return the least number of tokens that is enough for any such example; more than any length if
   *     the task has no examples with so many
   */
  long shortest(int pairs);

  /**
   * How often a guess is right that knows what answers look like and nothing else.
   *
   * @return probability of one query's answer
   */
  double chance();

  /**
   * Draws an example.
   *
   * @param random decides everything
   * @param part what it is for
   * @param length tokens, at least {@link #shortest}; those that have nothing to fill the rest with
   *     make shorter examples
   * @param pairs how much it asks to remember
   * @return the example
   */
  Example draw(RandomGenerator random, Part part, int length, int pairs);
}
