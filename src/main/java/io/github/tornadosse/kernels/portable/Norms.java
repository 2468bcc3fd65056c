package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** RMSNorm over the rows of token-major arrays. */
public final class Norms {
  private Norms() {}

  /**
   * y = x·rstd·w with rstd = 1/√(mean x² + eps).
   *
   * @param control see {@link Control}
   * @param x [L, size]
   * @param xAt base of x
   * @param w [size]
   * @param wAt base of w
   * @param y output [L, size]
   * @param yAt base of y
   * @param rstd output [L]
   * @param rstdAt base of rstd
   * @param size row length
   * @param eps added to the mean square
   * @param capacity largest number of tokens
   */
  public static void rmsNorm(
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
      float eps,
      int capacity) {
    for (@Parallel int t = 0; t < (capacity & LoopBound.MASK); t++) {
      if (t < control.get(Control.TOKENS)) {
        int xi = control.get(xAt) + t * size;
        int wi = control.get(wAt);
        int yi = control.get(yAt) + t * size;
        float squares = 0f;
        for (int i = 0; i < size; i++) {
          squares += x.get(xi + i) * x.get(xi + i);
        }
        float scale = 1f / TornadoMath.sqrt(squares / size + eps);
        rstd.set(control.get(rstdAt) + t, scale);
        for (int i = 0; i < size; i++) {
          y.set(yi + i, x.get(xi + i) * scale * w.get(wi + i));
        }
      }
    }
  }

  /**
   * dx += rstd·(dy·w − x·rstd²·mean(dy·w·x)).
   *
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
   * @param size row length
   * @param capacity largest number of tokens
   */
  public static void inputGradient(
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
      int size,
      int capacity) {
    for (@Parallel int t = 0; t < (capacity & LoopBound.MASK); t++) {
      if (t < control.get(Control.TOKENS)) {
        int xi = control.get(xAt) + t * size;
        int wi = control.get(wAt);
        int yi = control.get(dyAt) + t * size;
        int di = control.get(dxAt) + t * size;
        float scale = rstd.get(control.get(rstdAt) + t);
        float dot = 0f;
        for (int i = 0; i < size; i++) {
          dot += dy.get(yi + i) * w.get(wi + i) * x.get(xi + i);
        }
        float along = scale * scale * dot / size;
        for (int i = 0; i < size; i++) {
          float d = scale * (dy.get(yi + i) * w.get(wi + i) - x.get(xi + i) * along);
          dx.set(di + i, dx.get(di + i) + d);
        }
      }
    }
  }

  /**
   * Partial sums of the weight's gradient: partial[b, i] = Σ dy·x·rstd over the tokens of block b.
   *
   * @param control see {@link Control}
   * @param x [L, size]
   * @param xAt base of x
   * @param rstd [L] of the forward pass
   * @param rstdAt base of rstd
   * @param dy [L, size]
   * @param dyAt base of dy
   * @param partial output [blocks, size]
   * @param size row length
   * @param blocks ⌈capacity/64⌉
   */
  public static void weightGradient(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray rstd,
      int rstdAt,
      FloatArray dy,
      int dyAt,
      FloatArray partial,
      int size,
      int blocks) {
    for (@Parallel int b = 0; b < blocks; b++) {
      for (@Parallel int i = 0; i < size; i++) {
        int begin = b * Sums.TOKENS_PER_BLOCK;
        int end = TornadoMath.min(begin + Sums.TOKENS_PER_BLOCK, control.get(Control.TOKENS));
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
}
