package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** RMSNorm; a group of work-items a token. */
public final class Norms {
  /** Largest group of these kernels. */
  public static final int MOST_ITEMS = 256;

  private Norms() {}

  /**
   * y = x·rstd·w with rstd = 1/√(mean x² + eps). Groups: one a token, of a power of two of items.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param x [L, size]
   * @param xAt base of x
   * @param w [size]
   * @param wAt base of w
   * @param y output [L, size]
   * @param yAt base of y
   * @param rstd output [L]
   * @param rstdAt base of rstd
   * @param size columns
   * @param eps added to the mean square
   */
  public static void rmsNorm(
      KernelContext context,
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray w,
      int wAt,
      FloatArray y,
      int yAt,
      FloatArray rstd,
      int rstdAt,
      int size,
      float eps) {
    int t = context.groupIdx;
    int item = context.localIdx;
    int items = context.localGroupSizeX;
    float[] partial = context.allocateFloatLocalArray(MOST_ITEMS);
    if (t < control.get(Control.TOKENS)) {
      int xi = control.get(xAt) + t * size;
      float sum = 0f;
      for (int i = item; i < size; i += items) {
        float value = x.get(xi + i);
        sum += value * value;
      }
      partial[item] = sum;
      for (int half = items / 2; half > 0; half = half / 2) {
        context.localBarrier();
        if (item < half) {
          partial[item] += partial[item + half];
        }
      }
      context.localBarrier();
      float scale = 1f / TornadoMath.sqrt(partial[0] / size + eps);
      int yi = control.get(yAt) + t * size;
      int wi = control.get(wAt);
      for (int i = item; i < size; i += items) {
        y.set(yi + i, x.get(xi + i) * scale * w.get(wi + i));
      }
      if (item == 0) {
        rstd.set(control.get(rstdAt) + t, scale);
      }
    }
  }

  /**
   * dx += rstd·(dy·w − x·rstd²·mean(dy·w·x)). Groups: one a token, of a power of two of items.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param x [L, size]
   * @param xAt base of x
   * @param w [size]
   * @param wAt base of w
   * @param rstd [L] of the forward pass
   * @param rstdAt base of rstd
   * @param dy [L, size]
   * @param dyAt base of dy
   * @param dx [L, size], added to
   * @param dxAt base of dx
   * @param size columns
   */
  public static void inputGradient(
      KernelContext context,
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray w,
      int wAt,
      FloatArray rstd,
      int rstdAt,
      FloatArray dy,
      int dyAt,
      FloatArray dx,
      int dxAt,
      int size) {
    int t = context.groupIdx;
    int item = context.localIdx;
    int items = context.localGroupSizeX;
    float[] partial = context.allocateFloatLocalArray(MOST_ITEMS);
    if (t < control.get(Control.TOKENS)) {
      int xi = control.get(xAt) + t * size;
      int wi = control.get(wAt);
      int yi = control.get(dyAt) + t * size;
      int di = control.get(dxAt) + t * size;
      float dot = 0f;
      for (int i = item; i < size; i += items) {
        dot += dy.get(yi + i) * w.get(wi + i) * x.get(xi + i);
      }
      partial[item] = dot;
      for (int half = items / 2; half > 0; half = half / 2) {
        context.localBarrier();
        if (item < half) {
          partial[item] += partial[item + half];
        }
      }
      context.localBarrier();
      float scale = rstd.get(control.get(rstdAt) + t);
      float along = scale * scale * partial[0] / size;
      for (int i = item; i < size; i += items) {
        float d = scale * (dy.get(yi + i) * w.get(wi + i) - x.get(xi + i) * along);
        dx.set(di + i, dx.get(di + i) + d);
      }
    }
  }

  /**
   * Partial sums of the weight's gradient: partial[b, i] = Σ dy·x·rstd over the tokens of block b;
   * blocks behind the last token are left alone. Groups: for each block of {@link Sums} enough for
   * an item a column.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param x [L, size]
   * @param xAt base of x
   * @param rstd [L] of the forward pass
   * @param rstdAt base of rstd
   * @param dy [L, size]
   * @param dyAt base of dy
   * @param partial output [blocks, size]
   * @param size columns
   */
  public static void weightGradient(
      KernelContext context,
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray rstd,
      int rstdAt,
      FloatArray dy,
      int dyAt,
      FloatArray partial,
      int size) {
    int items = context.localGroupSizeX;
    int groups = (size + items - 1) / items;
    int b = context.groupIdx / groups;
    int i = context.groupIdx % groups * items + context.localIdx;
    int begin = b * Sums.TOKENS;
    int end = TornadoMath.min(begin + Sums.TOKENS, control.get(Control.TOKENS));
    if (begin < end && i < size) {
      int xi = control.get(xAt) + i;
      int yi = control.get(dyAt) + i;
      int ri = control.get(rstdAt);
      float sum = 0f;
      for (int t = begin; t < end; t++) {
        sum += dy.get(yi + t * size) * x.get(xi + t * size) * rstd.get(ri + t);
      }
      partial.set(b * size + i, sum);
    }
  }
}
