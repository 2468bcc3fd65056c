package io.github.tornadosse.kernels.gpu;

import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Kernels over head-major arrays [H, capacity, K]: a group takes eight tokens of a head, and
 * sixteen items share the columns of a token, side by side.
 */
public final class Heads {
  /** Items of a token. */
  public static final int LANES = 16;

  /** Tokens of a group. */
  public static final int TOKENS = 8;

  /** Items of a group. */
  public static final int ITEMS = LANES * TOKENS;

  private Heads() {}

  /**
   * Number of groups.
   *
   * @param heads H
   * @param capacity largest number of tokens
   * @return as many as every eight tokens of every head
   */
  public static long groups(int heads, int capacity) {
    return (long) heads * ((capacity + TOKENS - 1) / TOKENS);
  }

  /** Logit at index b of the base, with that at index d of the delta for source 1. */
  static float logit(FloatArray base, int b, FloatArray delta, int d, int source) {
    float x = base.get(b);
    return source == 1 ? x + delta.get(d) : x;
  }

  /**
   * 1 if channel c is among the topk largest logits (equal ones: lower channel first). Channels
   * count who comes before them, independently of each other.
   */
  static int selected(
      FloatArray base, int b, FloatArray delta, int d, int source, int c, int dim, int topk) {
    int before = 0;
    if (topk < dim) {
      float x = logit(base, b + c, delta, d + c, source);
      for (int i = 0; i < dim; i++) {
        float other = logit(base, b + i, delta, d + i, source);
        int equal = other == x ? 1 : 0;
        int lower = i < c ? 1 : 0;
        before += (other > x ? 1 : 0) + equal * lower;
      }
    }
    return before < topk ? 1 : 0;
  }

  /** exp(logit − max) of a selected channel, 0 of another. */
  static float exponential(
      FloatArray base,
      int b,
      FloatArray delta,
      int d,
      int source,
      int c,
      int dim,
      int topk,
      float max) {
    float x = logit(base, b + c, delta, d + c, source);
    return selected(base, b, delta, d, source, c, dim, topk) == 1 ? TornadoMath.exp(x - max) : 0f;
  }
}
