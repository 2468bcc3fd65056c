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
}
