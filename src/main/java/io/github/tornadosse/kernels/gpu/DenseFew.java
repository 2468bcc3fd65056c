package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The dense layer of few tokens, as in decoding: the weight is read once, in its own order. */
public final class DenseFew {
  /** Columns of the result that a group computes. */
  public static final int COLUMNS = 4;

  /** Largest group. */
  public static final int MOST_ITEMS = 256;

  private DenseFew() {}

  /**
   * y = x·wᵀ, or addend + x·wᵀ. The items of a group share the terms of four columns, token by
   * token; after the first token the weight comes from a cache. Groups: ⌈out/4⌉, of a power of two
   * of items from 4.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param x [L, in] with row stride ldx
   * @param xAt base of x
   * @param w [out, in]
   * @param wAt base of w
   * @param addend [L, out] with row stride ldAdd, may be y; any array if add is 0
   * @param addendAt base of addend
   * @param y output [L, out], laid out by headDim and stride
   * @param yAt base of y
   * @param add 1 to add the addend, 0 to leave it unread
   * @param ldx row stride of x
   * @param ldAdd row stride of addend
   * @param headDim head dim of y
   * @param stride token stride of y
   * @param in input size
   * @param out output size
   * @param capacity largest number of tokens
   */
  public static void linear(
      KernelContext context,
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray w,
      int wAt,
      FloatArray addend,
      int addendAt,
      FloatArray y,
      int yAt,
      int add,
      int ldx,
      int ldAdd,
      int headDim,
      int stride,
      int in,
      int out,
      int capacity) {
    float[] sums = context.allocateFloatLocalArray(COLUMNS * MOST_ITEMS);
    int item = context.localIdx;
    int items = context.localGroupSizeX;
    int tokens = control.get(Control.TOKENS);
    int o = COLUMNS * context.groupIdx;
    int w0 = control.get(wAt) + o * in;
    int w1 = control.get(wAt) + TornadoMath.min(o + 1, out - 1) * in;
    int w2 = control.get(wAt) + TornadoMath.min(o + 2, out - 1) * in;
    int w3 = control.get(wAt) + TornadoMath.min(o + 3, out - 1) * in;
    for (int t = 0; t < tokens; t++) {
      int xi = control.get(xAt) + t * ldx;
      float y0 = 0f;
      float y1 = 0f;
      float y2 = 0f;
      float y3 = 0f;
      for (int i = item; i < in; i += items) {
        float value = x.get(xi + i);
        y0 += value * w.get(w0 + i);
        y1 += value * w.get(w1 + i);
        y2 += value * w.get(w2 + i);
        y3 += value * w.get(w3 + i);
      }
      sums[item] = y0;
      sums[items + item] = y1;
      sums[2 * items + item] = y2;
      sums[3 * items + item] = y3;
      for (int half = items / 2; half > 0; half = half / 2) {
        context.localBarrier();
        if (item < half) {
          sums[item] += sums[item + half];
          sums[items + item] += sums[items + item + half];
          sums[2 * items + item] += sums[2 * items + item + half];
          sums[3 * items + item] += sums[3 * items + item + half];
        }
      }
      context.localBarrier();
      int n = o + item;
      if (item < COLUMNS && n < out) {
        int to = control.get(yAt) + t * stride + DenseForm.output(n, headDim, capacity);
        int from = add == 1 ? control.get(addendAt) + t * ldAdd + n : 0;
        DenseForm.put(y, to, addend, from, add, sums[items * item]);
      }
      context.localBarrier();
    }
  }
}
