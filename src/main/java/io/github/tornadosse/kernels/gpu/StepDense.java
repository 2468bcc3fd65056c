package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.Elementary;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Dense layers of few tokens with the norm before them. The norm's scale is a factor of the result,
 * so that the sum of squares is one more sum of the same pass.
 */
public final class StepDense {
  /** Rows of the weight that a group reads. */
  public static final int ROWS = 4;

  /** Columns of the gated result that a group computes. */
  public static final int PAIRS = 2;

  /** Largest group. */
  public static final int MOST_ITEMS = 256;

  private StepDense() {}

  /**
   * y = RMSNorm(x)·wᵀ. Groups: ⌈out/4⌉, of a power of two of items from 4.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param rows [L] which row of x is a token's; any array if mapped is 0
   * @param x [.., in]
   * @param xAt base of x
   * @param norm [in] weight of the norm
   * @param normAt base of norm
   * @param w [out, in]
   * @param wAt base of w
   * @param y output [L, out] with row stride ldy
   * @param yAt base of y
   * @param mapped 1 to take rows of x by rows
   * @param ldy row stride of y
   * @param in input size
   * @param out output size
   * @param eps added to the mean square
   */
  public static void normed(
      KernelContext context,
      IntArray control,
      IntArray rows,
      FloatArray x,
      int xAt,
      FloatArray norm,
      int normAt,
      FloatArray w,
      int wAt,
      FloatArray y,
      int yAt,
      int mapped,
      int ldy,
      int in,
      int out,
      float eps) {
    float[] sums = context.allocateFloatLocalArray((ROWS + 1) * MOST_ITEMS);
    int item = context.localIdx;
    int items = context.localGroupSizeX;
    int tokens = control.get(Control.TOKENS);
    int o = ROWS * context.groupIdx;
    int ni = control.get(normAt);
    int w0 = control.get(wAt) + o * in;
    int w1 = control.get(wAt) + TornadoMath.min(o + 1, out - 1) * in;
    int w2 = control.get(wAt) + TornadoMath.min(o + 2, out - 1) * in;
    int w3 = control.get(wAt) + TornadoMath.min(o + 3, out - 1) * in;
    for (int t = 0; t < tokens; t++) {
      int row = mapped == 1 ? rows.get(t) : t;
      int xi = control.get(xAt) + row * in;
      float squares = 0f;
      float y0 = 0f;
      float y1 = 0f;
      float y2 = 0f;
      float y3 = 0f;
      for (int i = item; i < in; i += items) {
        float raw = x.get(xi + i);
        float value = raw * norm.get(ni + i);
        squares += raw * raw;
        y0 += value * w.get(w0 + i);
        y1 += value * w.get(w1 + i);
        y2 += value * w.get(w2 + i);
        y3 += value * w.get(w3 + i);
      }
      sums[item] = y0;
      sums[items + item] = y1;
      sums[2 * items + item] = y2;
      sums[3 * items + item] = y3;
      sums[4 * items + item] = squares;
      for (int half = items / 2; half > 0; half = half / 2) {
        context.localBarrier();
        if (item < half) {
          sums[item] += sums[item + half];
          sums[items + item] += sums[items + item + half];
          sums[2 * items + item] += sums[2 * items + item + half];
          sums[3 * items + item] += sums[3 * items + item + half];
          sums[4 * items + item] += sums[4 * items + item + half];
        }
      }
      context.localBarrier();
      int n = o + item;
      if (item < ROWS && n < out) {
        float scale = 1f / TornadoMath.sqrt(sums[4 * items] / in + eps);
        y.set(control.get(yAt) + t * ldy + n, sums[items * item] * scale);
      }
      context.localBarrier();
    }
  }

  /**
   * y = SiLU(n·gateᵀ)·(n·upᵀ) with n = RMSNorm(x). Groups: ⌈inner/2⌉, of a power of two of items
   * from 4.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param x [L, in]
   * @param xAt base of x
   * @param norm [in] weight of the norm
   * @param normAt base of norm
   * @param w [2·inner, in], gate then up
   * @param wAt base of w
   * @param y output [L, inner]
   * @param yAt base of y
   * @param in input size
   * @param inner columns of y
   * @param eps added to the mean square
   */
  public static void gated(
      KernelContext context,
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray norm,
      int normAt,
      FloatArray w,
      int wAt,
      FloatArray y,
      int yAt,
      int in,
      int inner,
      float eps) {
    float[] sums = context.allocateFloatLocalArray((ROWS + 1) * MOST_ITEMS);
    int item = context.localIdx;
    int items = context.localGroupSizeX;
    int tokens = control.get(Control.TOKENS);
    int o = PAIRS * context.groupIdx;
    int next = TornadoMath.min(o + 1, inner - 1);
    int ni = control.get(normAt);
    int w0 = control.get(wAt) + o * in;
    int w1 = control.get(wAt) + next * in;
    int w2 = control.get(wAt) + (inner + o) * in;
    int w3 = control.get(wAt) + (inner + next) * in;
    for (int t = 0; t < tokens; t++) {
      int xi = control.get(xAt) + t * in;
      float squares = 0f;
      float y0 = 0f;
      float y1 = 0f;
      float y2 = 0f;
      float y3 = 0f;
      for (int i = item; i < in; i += items) {
        float raw = x.get(xi + i);
        float value = raw * norm.get(ni + i);
        squares += raw * raw;
        y0 += value * w.get(w0 + i);
        y1 += value * w.get(w1 + i);
        y2 += value * w.get(w2 + i);
        y3 += value * w.get(w3 + i);
      }
      sums[item] = y0;
      sums[items + item] = y1;
      sums[2 * items + item] = y2;
      sums[3 * items + item] = y3;
      sums[4 * items + item] = squares;
      for (int half = items / 2; half > 0; half = half / 2) {
        context.localBarrier();
        if (item < half) {
          sums[item] += sums[item + half];
          sums[items + item] += sums[items + item + half];
          sums[2 * items + item] += sums[2 * items + item + half];
          sums[3 * items + item] += sums[3 * items + item + half];
          sums[4 * items + item] += sums[4 * items + item + half];
        }
      }
      context.localBarrier();
      int n = o + item;
      if (item < PAIRS && n < inner) {
        float scale = 1f / TornadoMath.sqrt(sums[4 * items] / in + eps);
        float gate = sums[items * item] * scale;
        float up = sums[items * (item + 2)] * scale;
        y.set(control.get(yAt) + t * inner + n, Elementary.silu(gate) * up);
      }
      context.localBarrier();
    }
  }
}
