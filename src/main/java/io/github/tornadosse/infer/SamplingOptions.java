package io.github.tornadosse.infer;

import io.github.tornadosse.tensor.UserError;

/**
 * How the next token is drawn.
 *
 * @param temperature divides the logits; 0 takes the most likely token
 * @param topK only the k most likely tokens; 0 for all
 * @param topP only the most likely tokens whose probabilities add up to this; 1 for all
 * @param seed of the draws
 */
public record SamplingOptions(double temperature, int topK, double topP, long seed) {
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
