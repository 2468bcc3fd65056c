package io.github.tornadosse.infer;

import io.github.tornadosse.tensor.UserError;

/**
 * How the next token is drawn. What is set takes effect in this order: the repetition penalty
 * changes logits, the temperature divides them, then top-k, top-p and min-p leave out unlikely
 * tokens, each of those that the one before it has left in.
 *
 * @param temperature divides the logits; 0 takes the most likely token
 * @param topK only the k most likely tokens; 0 for all
 * @param topP only the most likely tokens whose probabilities add up to this; 1 for all
 * @param minP only tokens that are at least this many times as likely as the most likely one; 0 for
 *     all
 * @param repetitionPenalty divides the logits of tokens that the text has already if they are
 *     positive, and multiplies them if they are negative (Keskar et al., CTRL, arXiv 1909.05858); 1
 *     for none
 * @param seed of the draws
 */
public record SamplingOptions(
    double temperature, int topK, double topP, double minP, double repetitionPenalty, long seed) {
  /**
   * Checks the ranges.
   *
   * @throws UserError naming the option that is out of range
   */
  public SamplingOptions {
    if (!(temperature >= 0) || Double.isInfinite(temperature)) {
      throw new UserError("temperature must be 0 or more, not " + temperature);
    }
    if (topK < 0) {
      throw new UserError("top-k must be 0 (all) or more, not " + topK);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new UserError("top-p must be above 0 and at most 1, not " + topP);
    }
    if (!(minP >= 0 && minP <= 1)) {
      throw new UserError("min-p must be from 0 (all) to 1, not " + minP);
    }
    if (!(repetitionPenalty > 0) || Double.isInfinite(repetitionPenalty)) {
      throw new UserError("repetition penalty must be above 0, not " + repetitionPenalty);
    }
  }

  /**
   * Without min-p and repetition penalty.
   *
   * @param temperature divides the logits; 0 takes the most likely token
   * @param topK only the k most likely tokens; 0 for all
   * @param topP only the most likely tokens whose probabilities add up to this; 1 for all
   * @param seed of the draws
   */
  public SamplingOptions(double temperature, int topK, double topP, long seed) {
    this(temperature, topK, topP, 0, 1, seed);
  }

  /**
   * The most likely token each time.
   *
   * @return the options
   */
  public static SamplingOptions greedy() {
    return new SamplingOptions(0, 0, 1, 0);
  }
}
