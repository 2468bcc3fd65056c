package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.all;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** AdamW and what it needs. */
public final class Optimizer {
  /** Elements of one partial sum of {@link #squaredNorm}. */
  private static final int NORM_BLOCK = 4096;

  private Optimizer() {}

  /**
   * values[0..n) = 0.
   *
   * @param values the array
   * @param n number of elements
   */
  public static void zero(FloatArray values, int n) {
    Views.clear(HeapAccess.floats(values), 0, n);
  }

  /**
   * The first control[TOKENS]·size elements of a view = 0.
   *
   * @param control see {@code Control}
   * @param values the array
   * @param valuesAt base index of values
   * @param size size of a row
   */
  public static void zeroTokens(IntArray control, FloatArray values, int valuesAt, int size) {
    Views.clear(HeapAccess.floats(values), control.get(valuesAt), Blocks.tokens(control) * size);
  }

  /**
   * partial[b] = Σ x² over block b of 4096 elements.
   *
   * @param x the array
   * @param n number of elements
   * @param partial one sum for each block
   */
  public static void squaredNorm(FloatArray x, int n, FloatArray partial) {
    float[] xs = HeapAccess.floats(x);
    float[] ps = HeapAccess.floats(partial);
    Blocks.forEach(
        Blocks.count(n, NORM_BLOCK),
        Blocks.CHEAP / NORM_BLOCK,
        (from, to) -> {
          for (int b = from; b < to; b++) {
            int i = b * NORM_BLOCK;
            ps[b] = Lanes.squares(xs, i, Math.min(NORM_BLOCK, n - i));
          }
        });
  }

  /**
   * AdamW with decoupled weight decay on elements 0 to decayed − 1.
   *
   * @param w parameters
   * @param grad gradients
   * @param m first moments
   * @param v second moments
   * @param hyper [lr, 1 − β1^t, 1 − β2^t, gradient factor, weight decay]
   * @param n number of elements
   * @param decayed number of elements with weight decay
   * @param beta1 β1
   * @param beta2 β2
   * @param eps added to the root of the second moment
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
    float[] ws = HeapAccess.floats(w);
    float[] gs = HeapAccess.floats(grad);
    float[] ms = HeapAccess.floats(m);
    float[] vs = HeapAccess.floats(v);
    float lr = hyper.get(0);
    float keep = 1 - lr * hyper.get(4);
    float step = lr / hyper.get(1);
    float root = (float) (1 / Math.sqrt(hyper.get(2)));
    float factor = hyper.get(3);
    Blocks.forEach(
        n,
        Blocks.COSTLY,
        (from, to) -> {
          int split = Math.max(from, Math.min(to, decayed));
          update(ws, gs, ms, vs, from, split, step, root, factor, keep, beta1, beta2, eps);
          update(ws, gs, ms, vs, split, to, step, root, factor, 1, beta1, beta2, eps);
        });
  }

  private static void update(
      float[] w,
      float[] g,
      float[] m,
      float[] v,
      int from,
      int to,
      float step,
      float root,
      float factor,
      float keep,
      float beta1,
      float beta2,
      float eps) {
    int i = from;
    for (; i + COUNT <= to; i += COUNT) {
      FloatVector gi = load(g, i).mul(factor);
      FloatVector mi = average(load(m, i), gi, beta1);
      FloatVector vi = average(load(v, i), gi.mul(gi), beta2);
      mi.intoArray(m, i);
      vi.intoArray(v, i);
      stepped(load(w, i), mi, vi, step, root, keep, eps).intoArray(w, i);
    }
    if (i < to) {
      VectorMask<Float> k = below(i, to);
      FloatVector gi = load(g, i, k).mul(factor);
      FloatVector mi = average(load(m, i, k), gi, beta1);
      FloatVector vi = average(load(v, i, k), gi.mul(gi), beta2);
      mi.intoArray(m, i, k);
      vi.intoArray(v, i, k);
      stepped(load(w, i, k), mi, vi, step, root, keep, eps).intoArray(w, i, k);
    }
  }

  private static FloatVector average(FloatVector old, FloatVector x, float beta) {
    return old.fma(all(beta), x.mul(1 - beta));
  }

  private static FloatVector stepped(
      FloatVector w, FloatVector m, FloatVector v, float step, float root, float keep, float eps) {
    FloatVector d = m.mul(step).div(v.sqrt().mul(root).add(eps));
    return w.mul(keep).sub(d);
  }
}
