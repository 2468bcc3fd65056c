package io.github.tornadosse.data.tasks;

import io.github.tornadosse.tensor.UserError;
import java.util.List;

/**
 * What describes a task; the section {@code data.task} of a recipe.
 *
 * @param name one of {@link Tasks#names()}
 * @param vocabulary number of token ids of a task of integers; 0 for the task's own
 * @param pairs how much the examples ask to remember: one of these each; empty for the task's own
 * @param power exponent of the distances' power law ({@code mqar})
 * @param digits of the numbers that are asked for (needles, phone book)
 * @param haystack file with the text around needles; null for sentences that are made up
 */
public record TaskSettings(
    String name, int vocabulary, List<Integer> pairs, double power, int digits, String haystack) {
  /** Token ids where nothing is said. */
  public static final int VOCABULARY = 256;

  /** The power law's exponent where nothing is said. */
  public static final double POWER = 0.01;

  /** Digits of a number where nothing is said. */
  public static final int DIGITS = 4;

  /**
   * Checks the ranges.
   *
   * @throws UserError naming what is out of range
   */
  public TaskSettings {
    pairs = List.copyOf(pairs);
    require(vocabulary >= 0, "vocabulary must be positive, not " + vocabulary);
    require(pairs.stream().allMatch(p -> p >= 1), "pairs must be 1 or more, not " + pairs);
    require(power > 0 && power <= 1, "power must be above 0 and at most 1, not " + power);
    require(digits >= 1 && digits <= 18, "digits must be from 1 to 18, not " + digits);
    require(haystack == null || !haystack.isBlank(), "haystack must name a file");
  }

  /**
   * A task as it is where nothing but its name is said.
   *
   * @param name one of {@link Tasks#names()}
   */
  public static TaskSettings of(String name) {
    return new TaskSettings(name, 0, List.of(), POWER, DIGITS, null);
  }

  /**
   * The same with another vocabulary.
   *
   * @param size number of token ids; 0 for the task's own
   */
  public TaskSettings withVocabulary(int size) {
    return new TaskSettings(name, size, pairs, power, digits, haystack);
  }

  static void require(boolean holds, String rule) {
    if (!holds) {
      throw new UserError("task: " + rule);
    }
  }
}
