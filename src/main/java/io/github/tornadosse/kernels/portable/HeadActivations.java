package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Activation;
import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Activations of queries, keys and values, head-major, and their gradients from expanded rows. */
public final class HeadActivations {
  private HeadActivations() {}

  /**
   * One source's part of out: f(base) for source 0, f(base + delta) for source 1.
   *
   * @param control see {@link Control}
   * @param base [H, capacity, K]
   * @param baseAt base of base
   * @param delta [H, capacity, K]; any array for source 0
   * @param deltaAt base of delta
   * @param out [sources, H, capacity, K], the source's part is written
   * @param outAt base of out
   * @param kind {@link Activation}
   * @param rowTopk softmax over that many largest logits
   * @param dim K
   * @param capacity largest number of tokens
   * @param source 0 or 1
   * @param units H·capacity
   */
  public static void activate(
      IntArray control,
      FloatArray base,
      int baseAt,
      FloatArray delta,
      int deltaAt,
      FloatArray out,
      int outAt,
      int kind,
      int rowTopk,
      int dim,
      int capacity,
      int source,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      if (u % capacity < control.get(Control.TOKENS)) {
        int b = control.get(baseAt) + u * dim;
        int d = control.get(deltaAt) + u * dim;
        int to = control.get(outAt) + (source * units + u) * dim;
        if (kind == Activation.SOFTMAX) {
          float max = Logits.max(base, b, delta, d, source, dim);
          int last = Logits.last(base, b, delta, d, source, dim, rowTopk);
          float sum = 0f;
          for (int c = 0; c < dim; c++) {
            float e = Logits.exponential(base, b, delta, d, source, c, last, max);
            sum += e;
            out.set(to + c, e);
          }
          for (int c = 0; c < dim; c++) {
            out.set(to + c, out.get(to + c) / sum);
          }
        } else {
          for (int c = 0; c < dim; c++) {
            out.set(to + c, Elementary.silu(Logits.get(base, b + c, delta, d + c, source)));
          }
        }
      }
    }
  }

  /**
   * Gradient of the routing weights: dTop[t, j] += Σ_h ⟨row j of token t, f(base + delta)⟩.
   *
   * @param control see {@link Control}
   * @param base [H, capacity, K]
   * @param baseAt base of base
   * @param delta [H, capacity, K]
   * @param deltaAt base of delta
   * @param dRows from offset on [H, R, K]
   * @param offset where the rows' gradients begin
   * @param tokenRow [capacity·M]
   * @param dTop [L, M], added to
   * @param dTopAt base of dTop
   * @param kind {@link Activation}
   * @param rowTopk softmax over that many largest logits
   * @param heads H
   * @param dim K
   * @param capacity largest number of tokens
   * @param width M
   */
  public static void routingGradient(
      IntArray control,
      FloatArray base,
      int baseAt,
      FloatArray delta,
      int deltaAt,
      FloatArray dRows,
      int offset,
      IntArray tokenRow,
      FloatArray dTop,
      int dTopAt,
      int kind,
      int rowTopk,
      int heads,
      int dim,
      int capacity,
      int width) {
    for (@Parallel int t = 0; t < (capacity & LoopBound.MASK); t++) {
      if (t < control.get(Control.TOKENS)) {
        int rows = capacity * (1 + width);
        int to = control.get(dTopAt) + t * width;
        for (int h = 0; h < heads; h++) {
          int b = control.get(baseAt) + (h * capacity + t) * dim;
          int d = control.get(deltaAt) + (h * capacity + t) * dim;
          float max = 0f;
          float factor = 1f;
          int last = -1;
          if (kind == Activation.SOFTMAX) {
            max = Logits.max(base, b, delta, d, 1, dim);
            last = Logits.last(base, b, delta, d, 1, dim, rowTopk);
            factor = 1f / Logits.sum(base, b, delta, d, 1, dim, last, max);
          }
          for (int j = 0; j < width; j++) {
            int from = offset + (h * rows + tokenRow.get(t * width + j)) * dim;
            float dot = 0f;
            for (int c = 0; c < dim; c++) {
              float y;
              if (kind == Activation.SOFTMAX) {
                y = Logits.exponential(base, b, delta, d, 1, c, last, max);
              } else {
                y = Elementary.silu(Logits.get(base, b + c, delta, d + c, 1));
              }
              dot += y * dRows.get(from + c);
            }
            dTop.set(to + j, dTop.get(to + j) + dot * factor);
          }
        }
      }
    }
  }

  /**
   * Turns the gradient of one source's activations into that of its logits, in place.
   *
   * @param control see {@link Control}
   * @param base [H, capacity, K]
   * @param baseAt base of base
   * @param delta [H, capacity, K]; any array for source 0
   * @param deltaAt base of delta
   * @param d [H, capacity, K], replaced
   * @param dAt base of d
   * @param kind {@link Activation}
   * @param rowTopk softmax over that many largest logits
   * @param dim K
   * @param capacity largest number of tokens
   * @param source 0 for the base, 1 for base + delta
   * @param units H·capacity
   */
  public static void gradient(
      IntArray control,
      FloatArray base,
      int baseAt,
      FloatArray delta,
      int deltaAt,
      FloatArray d,
      int dAt,
      int kind,
      int rowTopk,
      int dim,
      int capacity,
      int source,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      if (u % capacity < control.get(Control.TOKENS)) {
        int bi = control.get(baseAt) + u * dim;
        int ei = control.get(deltaAt) + u * dim;
        int di = control.get(dAt) + u * dim;
        if (kind == Activation.SOFTMAX) {
          float max = Logits.max(base, bi, delta, ei, source, dim);
          int last = Logits.last(base, bi, delta, ei, source, dim, rowTopk);
          float sum = 0f;
          float dot = 0f;
          for (int c = 0; c < dim; c++) {
            float e = Logits.exponential(base, bi, delta, ei, source, c, last, max);
            sum += e;
            dot += e * d.get(di + c);
          }
          float mean = dot / sum;
          for (int c = 0; c < dim; c++) {
            float e = Logits.exponential(base, bi, delta, ei, source, c, last, max);
            d.set(di + c, e / sum * (d.get(di + c) - mean));
          }
        } else {
          for (int c = 0; c < dim; c++) {
            float x = Logits.get(base, bi + c, delta, ei + c, source);
            d.set(di + c, d.get(di + c) * Elementary.siluGradient(x));
          }
        }
      }
    }
  }

  /**
   * sum += x, for the tokens of head-major arrays.
   *
   * @param control see {@link Control}
   * @param x [H, capacity, K]
   * @param xAt base of x
   * @param sum [H, capacity, K], added to
   * @param sumAt base of sum
   * @param dim K
   * @param capacity largest number of tokens
   * @param units H·capacity
   */
  public static void add(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray sum,
      int sumAt,
      int dim,
      int capacity,
      int units) {
    for (@Parallel int u = 0; u < units; u++) {
      for (@Parallel int c = 0; c < dim; c++) {
        if (u % capacity < control.get(Control.TOKENS)) {
          int to = control.get(sumAt) + u * dim + c;
          sum.set(to, sum.get(to) + x.get(control.get(xAt) + u * dim + c));
        }
      }
    }
  }

  /**
   * out = SiLU(raw).
   *
   * @param control see {@link Control}
   * @param raw [H, capacity, V]
   * @param rawAt base of raw
   * @param out output [H, capacity, V]
   * @param outAt base of out
   * @param dim V
   * @param capacity largest number of tokens
   * @param units H·capacity
   */
  public static void activateValues(
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray out,
      int outAt,
      int dim,
      int capacity,
      int units) {
    for (@Parallel int u = 0; u < units; u++) {
      for (@Parallel int c = 0; c < dim; c++) {
        if (u % capacity < control.get(Control.TOKENS)) {
          float x = raw.get(control.get(rawAt) + u * dim + c);
          out.set(control.get(outAt) + u * dim + c, Elementary.silu(x));
        }
      }
    }
  }

  /**
   * dRaw = SiLU'(raw)·(row t + Σ_j row j of token t).
   *
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
   * @param units H·capacity
   */
  public static void valueGradient(
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray dRows,
      IntArray tokenRow,
      FloatArray dRaw,
      int dRawAt,
      int dim,
      int capacity,
      int width,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int t = u % capacity;
      if (t < control.get(Control.TOKENS)) {
        int head = u / capacity * capacity * (1 + width);
        for (int c = 0; c < dim; c++) {
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
}
