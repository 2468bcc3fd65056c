package io.github.tornadosse.kernels.portable;

import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The logits of one head of one token, and its softmax over the largest of them. Source 0 has the
 * base as its logits, source 1 base + delta.
 *
 * <p>TornadoVM's OpenCL backend groups mixed {@code &&} and {@code ||} wrongly, so conditions are
 * counted in ints here.
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
        int after = follows(x, c, lastValue, last);
        int better = (best < 0 ? 1 : 0) + (x > bestValue ? 1 : 0);
        if (after * better > 0) {
          best = c;
          bestValue = x;
        }
      }
      last = best;
      lastValue = bestValue;
    }
    return last;
  }

  /**
   * Above 0 if a value comes after the last one in descending order (equal ones: lower index
   * first), or if there is no last one yet (−1).
   */
  static int follows(float x, int index, float lastValue, int last) {
    int first = last < 0 ? 1 : 0;
    int less = x < lastValue ? 1 : 0;
    int equal = x == lastValue ? 1 : 0;
    int beyond = index > last ? 1 : 0;
    return first + less + equal * beyond;
  }

  /** Above 0 if a channel is selected, given the last selected one (−1: all are). */
  static int selected(
      FloatArray base, int b, FloatArray delta, int d, int source, int c, int last) {
    int at = TornadoMath.max(last, 0);
    float lastValue = get(base, b + at, delta, d + at, source);
    float x = get(base, b + c, delta, d + c, source);
    int all = last < 0 ? 1 : 0;
    int more = x > lastValue ? 1 : 0;
    int equal = x == lastValue ? 1 : 0;
    int before = c <= last ? 1 : 0;
    return all + more + equal * before;
  }

  /** exp(logit − max) of a selected channel, 0 of another. */
  static float exponential(
      FloatArray base, int b, FloatArray delta, int d, int source, int c, int last, float max) {
    float x = get(base, b + c, delta, d + c, source);
    return selected(base, b, delta, d, source, c, last) > 0 ? TornadoMath.exp(x - max) : 0f;
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
