package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Activation;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.Elementary;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Activations of queries, keys and values, head-major; their groups are those of {@link Heads}. */
public final class HeadActivations {
  private HeadActivations() {}

  /**
   * One source's part of out: f(base) for source 0, f(base + delta) for source 1.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param base [H, capacity, K]
   * @param baseAt base of base
   * @param delta [H, capacity, K]; any array for source 0
   * @param deltaAt base of delta
   * @param out [sources, H, capacity, K], the source's part is written
   * @param outAt base of out
   * @param kind {@link Activation}
   * @param rowTopk softmax over that many largest logits
   * @param heads H
   * @param dim K
   * @param capacity largest number of tokens
   * @param source 0 or 1
   */
  public static void activate(
      KernelContext context,
      IntArray control,
      FloatArray base,
      int baseAt,
      FloatArray delta,
      int deltaAt,
      FloatArray out,
      int outAt,
      int kind,
      int rowTopk,
      int heads,
      int dim,
      int capacity,
      int source) {
    float[] largest = context.allocateFloatLocalArray(Heads.ITEMS);
    float[] sums = context.allocateFloatLocalArray(Heads.ITEMS);
    int item = context.localIdx;
    int lane = item % Heads.LANES;
    int from = item - lane;
    int groups = (capacity + Heads.TOKENS - 1) / Heads.TOKENS;
    int h = context.groupIdx / groups;
    int first = context.groupIdx % groups * Heads.TOKENS;
    int tokens = control.get(Control.TOKENS);
    // Items without a token read the last one's and write nothing.
    int t = TornadoMath.min(first + item / Heads.LANES, tokens - 1);
    int own = first + item / Heads.LANES < tokens ? 1 : 0;
    if (first < tokens) {
      int u = h * capacity + t;
      int b = control.get(baseAt) + u * dim;
      int d = control.get(deltaAt) + u * dim;
      int to = control.get(outAt) + (source * heads * capacity + u) * dim;
      if (kind == Activation.SOFTMAX) {
        float max = Heads.logit(base, b, delta, d, source);
        for (int c = lane; c < dim; c += Heads.LANES) {
          max = TornadoMath.max(max, Heads.logit(base, b + c, delta, d + c, source));
        }
        largest[item] = max;
        context.localBarrier();
        for (int i = 0; i < Heads.LANES; i++) {
          max = TornadoMath.max(max, largest[from + i]);
        }
        float sum = 0f;
        for (int c = lane; c < dim; c += Heads.LANES) {
          float e = Heads.exponential(base, b, delta, d, source, c, dim, rowTopk, max);
          sum += e;
          if (own == 1) {
            out.set(to + c, e);
          }
        }
        sums[item] = sum;
        context.localBarrier();
        float total = 0f;
        for (int i = 0; i < Heads.LANES; i++) {
          total += sums[from + i];
        }
        if (own == 1) {
          for (int c = lane; c < dim; c += Heads.LANES) {
            out.set(to + c, out.get(to + c) / total);
          }
        }
      } else {
        if (own == 1) {
          for (int c = lane; c < dim; c += Heads.LANES) {
            float x = Heads.logit(base, b + c, delta, d + c, source);
            out.set(to + c, Elementary.silu(x));
          }
        }
      }
    }
  }

  /**
   * out = SiLU(raw).
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param raw [H, capacity, V]
   * @param rawAt base of raw
   * @param out output [H, capacity, V]
   * @param outAt base of out
   * @param dim V
   * @param capacity largest number of tokens
   */
  public static void activateValues(
      KernelContext context,
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray out,
      int outAt,
      int dim,
      int capacity) {
    int item = context.localIdx;
    int groups = (capacity + Heads.TOKENS - 1) / Heads.TOKENS;
    int h = context.groupIdx / groups;
    int t = context.groupIdx % groups * Heads.TOKENS + item / Heads.LANES;
    if (t < control.get(Control.TOKENS)) {
      int u = h * capacity + t;
      for (int c = item % Heads.LANES; c < dim; c += Heads.LANES) {
        float x = raw.get(control.get(rawAt) + u * dim + c);
        out.set(control.get(outAt) + u * dim + c, Elementary.silu(x));
      }
    }
  }

  /**
   * dRaw = SiLU'(raw)·(row t + Σ_j row j of token t).
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param raw [H, capacity, V]
   * @param rawAt base of raw
   * @param dRows [H, R, V]
   * @param tokenRow [capacity·M]
   * @param dRaw output [H, capacity, V]
   * @param dRawAt base of dRaw
   * @param dim V
   * @param capacity largest number of tokens
   * @param width M
   */
  public static void valueGradient(
      KernelContext context,
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray dRows,
      IntArray tokenRow,
      FloatArray dRaw,
      int dRawAt,
      int dim,
      int capacity,
      int width) {
    int item = context.localIdx;
    int groups = (capacity + Heads.TOKENS - 1) / Heads.TOKENS;
    int h = context.groupIdx / groups;
    int t = context.groupIdx % groups * Heads.TOKENS + item / Heads.LANES;
    if (t < control.get(Control.TOKENS)) {
      int u = h * capacity + t;
      int head = h * capacity * (1 + width);
      for (int c = item % Heads.LANES; c < dim; c += Heads.LANES) {
        float sum = dRows.get((head + t) * dim + c);
        for (int j = 0; j < width; j++) {
          sum += dRows.get((head + tokenRow.get(t * width + j)) * dim + c);
        }
        float x = raw.get(control.get(rawAt) + u * dim + c);
        dRaw.set(control.get(dRawAt) + u * dim + c, sum * Elementary.siluGradient(x));
      }
    }
  }
}
