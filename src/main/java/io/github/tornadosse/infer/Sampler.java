package io.github.tornadosse.infer;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;

/** Draws tokens from logits. The same options and logits give the same tokens. */
public final class Sampler {
  private final SamplingOptions options;
  private final SplittableRandom random;

  /**
   * A sampler at the beginning of its random sequence.
   *
   * @param options how to draw
   */
  public Sampler(SamplingOptions options) {
    this.options = options;
    this.random = new SplittableRandom(options.seed());
  }

  /**
   * Draws a token.
   *
   * @param logits [vocabulary], left as they are
   * @return its id; equal logits: the lower id is the more likely one
   */
  public int next(float[] logits) {
    if (options.temperature() == 0) {
      int best = 0;
      for (int i = 1; i < logits.length; i++) {
        if (logits[i] > logits[best]) {
          best = i;
        }
      }
      return best;
    }
    Integer[] order = new Integer[logits.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingDouble((Integer i) -> -logits[i]));
    int n = options.topK() == 0 ? order.length : Math.min(options.topK(), order.length);
    double[] p = new double[n];
    double sum = 0;
    for (int i = 0; i < n; i++) {
      p[i] = Math.exp((logits[order[i]] - (double) logits[order[0]]) / options.temperature());
      sum += p[i];
    }
    double kept = 0;
    int m = 0;
    while (m < n && kept < options.topP() * sum) {
      kept += p[m++];
    }
    double u = random.nextDouble() * kept;
    for (int i = 0; i < m; i++) {
      u -= p[i];
      if (u < 0) {
        return order[i];
      }
    }
    return order[m - 1];
  }
}
