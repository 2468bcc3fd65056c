package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** AdamW and what gradients need around it. */
public final class Optimizer {
  /** Elements of one partial sum of {@link #squaredNorm}. */
  public static final int NORM_BLOCK = 4096;

  private Optimizer() {}

  /**
   * values[0..n) = 0.
   *
   * @param values the array
   * @param n number of elements
   */
  public static void zero(FloatArray values, int n) {
    for (@Parallel int i = 0; i < (n & LoopBound.MASK); i++) {
      values.set(i, 0f);
    }
  }

  /**
   * Zeroes the rows of this execution's tokens.
   *
   * @param control see {@link Control}
   * @param values [L, size]
   * @param valuesAt base of values
   * @param size row length
   * @param capacity largest number of tokens
   */
  public static void zeroTokens(
      IntArray control, FloatArray values, int valuesAt, int size, int capacity) {
    for (@Parallel int t = 0; t < capacity; t++) {
      for (@Parallel int i = 0; i < size; i++) {
        if (t < control.get(Control.TOKENS)) {
          values.set(control.get(valuesAt) + t * size + i, 0f);
        }
      }
    }
  }

  /**
   * partial[b] = Σ x² over block b of 4096 elements.
   *
   * @param x [n]
   * @param n number of elements
   * @param partial output [⌈n/4096⌉]
   * @param blocks ⌈n/4096⌉
   */
  public static void squaredNorm(FloatArray x, int n, FloatArray partial, int blocks) {
    for (@Parallel int b = 0; b < (blocks & LoopBound.MASK); b++) {
      int begin = b * NORM_BLOCK;
      int end = begin + TornadoMath.min(NORM_BLOCK, n - begin);
      float sum = 0f;
      for (int i = begin; i < end; i++) {
        sum += x.get(i) * x.get(i);
      }
      partial.set(b, sum);
    }
  }

  /**
   * One step of AdamW with decoupled weight decay.
   *
   * @param w parameters [n]
   * @param grad their gradient [n]
   * @param m first moments [n]
   * @param v second moments [n]
   * @param hyper [lr, 1 − β1^t, 1 − β2^t, gradient factor, weight decay]
   * @param n number of elements
   * @param decayed elements below this index decay
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param eps added to the root
   */
  public static void adamw(
      FloatArray w,
      FloatArray grad,
      FloatArray m,
      FloatArray v,
      FloatArray hyper,
      int n,
      int decayed,
      float beta1,
      float beta2,
      float eps) {
    for (@Parallel int i = 0; i < (n & LoopBound.MASK); i++) {
      float lr = hyper.get(0);
      float g = grad.get(i) * hyper.get(3);
      float m1 = beta1 * m.get(i) + (1f - beta1) * g;
      float v1 = beta2 * v.get(i) + (1f - beta2) * g * g;
      float decay = i < decayed ? lr * hyper.get(4) : 0f;
      float root = TornadoMath.sqrt(v1 / hyper.get(2)) + eps;
      m.set(i, m1);
      v.set(i, v1);
      w.set(i, w.get(i) - decay * w.get(i) - lr * (m1 / hyper.get(1)) / root);
    }
  }
}
