package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Dense layers y = x·wᵀ and their gradients, four columns of the result at a time.
 *
 * <p>Element (t, o) of y is at (o / headDim)·capacity·headDim + o % headDim + t·stride. With
 * headDim = stride = K that is a head-major array [H, capacity, K]; a token-major one has headDim =
 * out and stride = its row stride.
 */
public final class Dense {
  private Dense() {}

  /**
   * y = x·wᵀ, or addend + x·wᵀ.
   *
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
   * @param blocks ⌈out/4⌉
   * @param capacity largest number of tokens
   */
  public static void linear(
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
      int blocks,
      int capacity) {
    for (@Parallel int block = 0; block < blocks; block++) {
      for (@Parallel int t = 0; t < capacity; t++) {
        if (t < control.get(Control.TOKENS)) {
          int o = 4 * block;
          int xi = control.get(xAt) + t * ldx;
          int w0 = control.get(wAt) + o * in;
          int w1 = control.get(wAt) + TornadoMath.min(o + 1, out - 1) * in;
          int w2 = control.get(wAt) + TornadoMath.min(o + 2, out - 1) * in;
          int w3 = control.get(wAt) + TornadoMath.min(o + 3, out - 1) * in;
          float y0 = 0f;
          float y1 = 0f;
          float y2 = 0f;
          float y3 = 0f;
          for (int i = 0; i < in; i++) {
            float value = x.get(xi + i);
            y0 += value * w.get(w0 + i);
            y1 += value * w.get(w1 + i);
            y2 += value * w.get(w2 + i);
            y3 += value * w.get(w3 + i);
          }
          int yi = control.get(yAt) + t * stride;
          int ai = add == 1 ? control.get(addendAt) + t * ldAdd + o : 0;
          put(y, yi + column(o, headDim, capacity), addend, ai, add, y0);
          if (o + 1 < out) {
            put(y, yi + column(o + 1, headDim, capacity), addend, ai + 1, add, y1);
          }
          if (o + 2 < out) {
            put(y, yi + column(o + 2, headDim, capacity), addend, ai + 2, add, y2);
          }
          if (o + 3 < out) {
            put(y, yi + column(o + 3, headDim, capacity), addend, ai + 3, add, y3);
          }
        }
      }
    }
  }

  /**
   * dx = dy·w, or dx += dy·w.
   *
   * @param control see {@link Control}
   * @param w [out, in]
   * @param wAt base of w
   * @param dy [L, out], laid out by headDim and stride
   * @param dyAt base of dy
   * @param dx [L, in] with row stride ldx
   * @param dxAt base of dx
   * @param accumulate 1 to add to dx, 0 to overwrite it
   * @param ldx row stride of dx
   * @param headDim head dim of dy
   * @param stride token stride of dy
   * @param in input size
   * @param out output size
   * @param blocks ⌈in/4⌉
   * @param capacity largest number of tokens
   */
  public static void inputGradient(
      IntArray control,
      FloatArray w,
      int wAt,
      FloatArray dy,
      int dyAt,
      FloatArray dx,
      int dxAt,
      int accumulate,
      int ldx,
      int headDim,
      int stride,
      int in,
      int out,
      int blocks,
      int capacity) {
    for (@Parallel int block = 0; block < blocks; block++) {
      for (@Parallel int t = 0; t < capacity; t++) {
        if (t < control.get(Control.TOKENS)) {
          int i = 4 * block;
          int i1 = TornadoMath.min(i + 1, in - 1) - i;
          int i2 = TornadoMath.min(i + 2, in - 1) - i;
          int i3 = TornadoMath.min(i + 3, in - 1) - i;
          int yi = control.get(dyAt) + t * stride;
          int wi = control.get(wAt) + i;
          float x0 = 0f;
          float x1 = 0f;
          float x2 = 0f;
          float x3 = 0f;
          for (int o = 0; o < out; o++) {
            float value = dy.get(yi + column(o, headDim, capacity));
            int row = wi + o * in;
            x0 += value * w.get(row);
            x1 += value * w.get(row + i1);
            x2 += value * w.get(row + i2);
            x3 += value * w.get(row + i3);
          }
          int xi = control.get(dxAt) + t * ldx + i;
          put(dx, xi, dx, xi, accumulate, x0);
          if (i + 1 < in) {
            put(dx, xi + 1, dx, xi + 1, accumulate, x1);
          }
          if (i + 2 < in) {
            put(dx, xi + 2, dx, xi + 2, accumulate, x2);
          }
          if (i + 3 < in) {
            put(dx, xi + 3, dx, xi + 3, accumulate, x3);
          }
        }
      }
    }
  }

  /**
   * dw += dyᵀ·x.
   *
   * @param control see {@link Control}
   * @param x [L, in] with row stride ldx
   * @param xAt base of x
   * @param dy [L, out], laid out by headDim and stride
   * @param dyAt base of dy
   * @param dw [out, in], added to
   * @param dwAt base of dw
   * @param ldx row stride of x
   * @param headDim head dim of dy
   * @param stride token stride of dy
   * @param in input size
   * @param out output size
   * @param blocks ⌈in/4⌉
   * @param capacity largest number of tokens
   */
  public static void weightGradient(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray dy,
      int dyAt,
      FloatArray dw,
      int dwAt,
      int ldx,
      int headDim,
      int stride,
      int in,
      int out,
      int blocks,
      int capacity) {
    for (@Parallel int o = 0; o < out; o++) {
      for (@Parallel int block = 0; block < blocks; block++) {
        int tokens = control.get(Control.TOKENS);
        int i = 4 * block;
        int i1 = TornadoMath.min(i + 1, in - 1) - i;
        int i2 = TornadoMath.min(i + 2, in - 1) - i;
        int i3 = TornadoMath.min(i + 3, in - 1) - i;
        int yi = control.get(dyAt) + column(o, headDim, capacity);
        int xi = control.get(xAt) + i;
        float w0 = 0f;
        float w1 = 0f;
        float w2 = 0f;
        float w3 = 0f;
        for (int t = 0; t < tokens; t++) {
          float value = dy.get(yi + t * stride);
          int row = xi + t * ldx;
          w0 += value * x.get(row);
          w1 += value * x.get(row + i1);
          w2 += value * x.get(row + i2);
          w3 += value * x.get(row + i3);
        }
        int wi = control.get(dwAt) + o * in + i;
        put(dw, wi, dw, wi, 1, w0);
        if (i + 1 < in) {
          put(dw, wi + 1, dw, wi + 1, 1, w1);
        }
        if (i + 2 < in) {
          put(dw, wi + 2, dw, wi + 2, 1, w2);
        }
        if (i + 3 < in) {
          put(dw, wi + 3, dw, wi + 3, 1, w3);
        }
      }
    }
  }

  private static int column(int o, int headDim, int capacity) {
    return (o / headDim) * capacity * headDim + o % headDim;
  }

  private static void put(
      FloatArray y, int index, FloatArray addend, int from, int add, float value) {
    y.set(index, add == 1 ? addend.get(from) + value : value);
  }
}
