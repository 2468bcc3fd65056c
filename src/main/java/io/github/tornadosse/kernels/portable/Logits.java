package io.github.tornadosse.kernels.portable;

import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The logits of one head of one token, and its softmax over the largest of them. Source 0 has the
 * base as its logits, source 1 base + delta.
 */
final class Logits {
  private Logits() {}

  /** Logit at index b of the base and d of the delta. */
  static float get(FloatArray base, int b, FloatArray delta, int d, int source) {
    float x = base.get(b);
    return source == 1 ? x + delta.get(d) : x;
  }

  /** The largest logit. */
  static float max(FloatArray base, int b, FloatArray delta, int d, int source, int dim) {
    float max = get(base, b, delta, d, source);
    for (int c = 1; c < dim; c++) {
      max = TornadoMath.max(max, get(base, b + c, delta, d + c, source));
    }
    return max;
  }

  /**
   * Channel of the last of the topk largest logits (equal ones: lower channel first), or −1 if all
   * channels are selected. Each pass finds the next one in that order.
   */
  static int last(FloatArray base, int b, FloatArray delta, int d, int source, int dim, int topk) {
    int last = -1;
    float lastValue = 0f;
    int passes = topk < dim ? topk : 0;
    for (int pass = 0; pass < passes; pass++) {
      int best = -1;
      float bestValue = 0f;
      for (int c = 0; c < dim; c++) {
        float x = get(base, b + c, delta, d + c, source);
        boolean after = last < 0 || x < lastValue || (x == lastValue && c > last);
        if (after && (best < 0 || x > bestValue)) {
          best = c;
          bestValue = x;
        }
      }
      last = best;
      lastValue = bestValue;
    }
    return last;
  }

  /** Whether a channel is selected, given the last selected one. */
  static boolean selected(
      FloatArray base, int b, FloatArray delta, int d, int source, int c, int last) {
    int at = TornadoMath.max(last, 0);
    float lastValue = get(base, b + at, delta, d + at, source);
    float x = get(base, b + c, delta, d + c, source);
    return last < 0 || x > lastValue || (x == lastValue && c <= last);
  }

  /** exp(logit − max) of a selected channel, 0 of another. */
  static float exponential(
      FloatArray base, int b, FloatArray delta, int d, int source, int c, int last, float max) {
    float x = get(base, b + c, delta, d + c, source);
    return selected(base, b, delta, d, source, c, last) ? TornadoMath.exp(x - max) : 0f;
  }

  /** Sum of the exponentials. */
  static float sum(
      FloatArray base, int b, FloatArray delta, int d, int source, int dim, int last, float max) {
    float sum = 0f;
    for (int c = 0; c < dim; c++) {
      sum += exponential(base, b, delta, d, source, c, last, max);
    }
    return sum;
  }
}
