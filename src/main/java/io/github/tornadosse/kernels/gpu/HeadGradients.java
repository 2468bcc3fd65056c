package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Activation;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.Elementary;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gradients of the activations of queries and keys from the expanded rows; groups as in {@link
 * Heads}.
 */
public final class HeadGradients {
  private HeadGradients() {}

  /**
   * dFirst = f'(first)·row t, or that + dDelta.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param logits [H, capacity, K] of the always-selected partition
   * @param logitsAt base of logits
   * @param dRows from offset on [H, R, K]
   * @param offset where the rows' gradients begin
   * @param dDelta [H, capacity, K]; any array if add is 0
   * @param dDeltaAt base of dDelta
   * @param dFirst output [H, capacity, K]
   * @param dFirstAt base of dFirst
   * @param add 1 to add dDelta
   * @param kind {@link Activation}
   * @param rowTopk softmax over that many largest logits
   * @param dim K
   * @param capacity largest number of tokens
   * @param width M
   */
  public static void first(
      KernelContext context,
      IntArray control,
      FloatArray logits,
      int logitsAt,
      FloatArray dRows,
      int offset,
      FloatArray dDelta,
      int dDeltaAt,
      FloatArray dFirst,
      int dFirstAt,
      int add,
      int kind,
      int rowTopk,
      int dim,
      int capacity,
      int width) {
    float[] largest = context.allocateFloatLocalArray(Heads.ITEMS);
    float[] sums = context.allocateFloatLocalArray(Heads.ITEMS);
    float[] dots = context.allocateFloatLocalArray(Heads.ITEMS);
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
      int b = control.get(logitsAt) + u * dim;
      int to = control.get(dFirstAt) + u * dim;
      int also = add == 1 ? control.get(dDeltaAt) + u * dim : 0;
      int row = offset + (h * capacity * (1 + width) + t) * dim;
      if (kind == Activation.SOFTMAX) {
        float max = Heads.logit(logits, b, logits, b, 0);
        for (int c = lane; c < dim; c += Heads.LANES) {
          max = TornadoMath.max(max, Heads.logit(logits, b + c, logits, b + c, 0));
        }
        largest[item] = max;
        context.localBarrier();
        for (int i = 0; i < Heads.LANES; i++) {
          max = TornadoMath.max(max, largest[from + i]);
        }
        float sum = 0f;
        float dot = 0f;
        for (int c = lane; c < dim; c += Heads.LANES) {
          float e = Heads.exponential(logits, b, logits, b, 0, c, dim, rowTopk, max);
          sum += e;
          dot += e * dRows.get(row + c);
          if (own == 1) {
            dFirst.set(to + c, e);
          }
        }
        sums[item] = sum;
        dots[item] = dot;
        context.localBarrier();
        float total = 0f;
        float along = 0f;
        for (int i = 0; i < Heads.LANES; i++) {
          total += sums[from + i];
          along += dots[from + i];
        }
        if (own == 1) {
          for (int c = lane; c < dim; c += Heads.LANES) {
            float d = dFirst.get(to + c) / total * (dRows.get(row + c) - along / total);
            dFirst.set(to + c, add == 1 ? d + dDelta.get(also + c) : d);
          }
        }
      } else {
        if (own == 1) {
          for (int c = lane; c < dim; c += Heads.LANES) {
            float d = dRows.get(row + c) * Elementary.siluGradient(logits.get(b + c));
            dFirst.set(to + c, add == 1 ? d + dDelta.get(also + c) : d);
          }
        }
      }
    }
  }

  /**
   * dDelta = f'(base + delta)·Σ_j weight_j·row_j over the sparse rows of a token, and the gradient
   * of the weights: top[h, t, j] = ⟨row_j, f(base + delta)⟩ of each head.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param base [H, capacity, K]
   * @param baseAt base of base
   * @param delta [H, capacity, K]
   * @param deltaAt base of delta
   * @param dRows from offset on [H, R, K]
   * @param offset where the rows' gradients begin
   * @param tokenRow [capacity·M]
   * @param weight [2, R]
   * @param weightAt first element of the rows' weights; −1 for none, and for no gradient of them
   * @param top output [H, capacity, M], if rows have weights
   * @param dDelta output [H, capacity, K]
   * @param dDeltaAt base of dDelta
   * @param kind {@link Activation}
   * @param rowTopk softmax over that many largest logits
   * @param dim K
   * @param capacity largest number of tokens
   * @param width M
   */
  public static void sparse(
      KernelContext context,
      IntArray control,
      FloatArray base,
      int baseAt,
      FloatArray delta,
      int deltaAt,
      FloatArray dRows,
      int offset,
      IntArray tokenRow,
      FloatArray weight,
      int weightAt,
      FloatArray top,
      FloatArray dDelta,
      int dDeltaAt,
      int kind,
      int rowTopk,
      int dim,
      int capacity,
      int width) {
    float[] largest = context.allocateFloatLocalArray(Heads.ITEMS);
    float[] sums = context.allocateFloatLocalArray(Heads.ITEMS);
    float[] dots = context.allocateFloatLocalArray(Heads.ITEMS);
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
      int to = control.get(dDeltaAt) + u * dim;
      int head = h * capacity * (1 + width);
      float total = 1f;
      if (kind == Activation.SOFTMAX) {
        float max = Heads.logit(base, b, delta, d, 1);
        for (int c = lane; c < dim; c += Heads.LANES) {
          max = TornadoMath.max(max, Heads.logit(base, b + c, delta, d + c, 1));
        }
        largest[item] = max;
        context.localBarrier();
        for (int i = 0; i < Heads.LANES; i++) {
          max = TornadoMath.max(max, largest[from + i]);
        }
        float sum = 0f;
        for (int c = lane; c < dim; c += Heads.LANES) {
          float e = Heads.exponential(base, b, delta, d, 1, c, dim, rowTopk, max);
          sum += e;
          if (own == 1) {
            dDelta.set(to + c, e);
          }
        }
        sums[item] = sum;
        context.localBarrier();
        total = 0f;
        for (int i = 0; i < Heads.LANES; i++) {
          total += sums[from + i];
        }
      } else {
        if (own == 1) {
          for (int c = lane; c < dim; c += Heads.LANES) {
            dDelta.set(to + c, Elementary.silu(Heads.logit(base, b + c, delta, d + c, 1)));
          }
        }
      }
      // dDelta holds f, but for the factor 1/total.
      float mean = 0f;
      for (int j = 0; j < width; j++) {
        int index = tokenRow.get(t * width + j);
        int row = offset + (head + index) * dim;
        float dot = 0f;
        if (own == 1) {
          for (int c = lane; c < dim; c += Heads.LANES) {
            dot += dRows.get(row + c) * dDelta.get(to + c);
          }
        }
        dots[item] = dot;
        context.localBarrier();
        float along = 0f;
        for (int i = 0; i < Heads.LANES; i++) {
          along += dots[from + i];
        }
        context.localBarrier();
        along = along / total;
        mean += weightAt >= 0 ? weight.get(weightAt + index) * along : along;
        if (own == 1 && lane == 0 && weightAt >= 0) {
          top.set(u * width + j, along);
        }
      }
      if (own == 1) {
        for (int c = lane; c < dim; c += Heads.LANES) {
          float sum = 0f;
          for (int j = 0; j < width; j++) {
            int index = tokenRow.get(t * width + j);
            float value = dRows.get(offset + (head + index) * dim + c);
            sum += weightAt >= 0 ? weight.get(weightAt + index) * value : value;
          }
          if (kind == Activation.SOFTMAX) {
            dDelta.set(to + c, dDelta.get(to + c) / total * (sum - mean));
          } else {
            float x = Heads.logit(base, b + c, delta, d + c, 1);
            dDelta.set(to + c, sum * Elementary.siluGradient(x));
          }
        }
      }
    }
  }

  /**
   * dTop[t, j] += Σ_h top[h, t, j]. Groups: enough for an item each [t, j].
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param top [H, capacity, M]
   * @param dTop [L, M], added to
   * @param dTopAt base of dTop
   * @param heads H
   * @param capacity largest number of tokens
   * @param width M
   */
  public static void addHeads(
      KernelContext context,
      IntArray control,
      FloatArray top,
      FloatArray dTop,
      int dTopAt,
      int heads,
      int capacity,
      int width) {
    int index = context.globalIdx;
    if (index < control.get(Control.TOKENS) * width) {
      float sum = 0f;
      for (int h = 0; h < heads; h++) {
        sum += top.get(h * capacity * width + index);
      }
      int to = control.get(dTopAt) + index;
      dTop.set(to, dTop.get(to) + sum);
    }
  }
}
