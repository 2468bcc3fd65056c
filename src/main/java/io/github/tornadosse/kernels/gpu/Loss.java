package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Next-token cross-entropy; a group of work-items a token. */
public final class Loss {
  /** Largest group of these kernels. */
  public static final int MOST_ITEMS = 1024;

  /** Below every logit. */
  private static final float LEAST = -3.4e38f;

  private Loss() {}

  /**
   * loss[t] = −log softmax(logits[t])[targets[t]], 0 where the target is −1; then, if asked for,
   * the logits are overwritten by scale[0]·dloss/dlogits. The logits are read once for the loss
   * (largest one and sum of exponentials together) and once for the gradient. Groups: one a token,
   * of a power of two of items.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param targets [L], −1 for none
   * @param scale [1 or more]; any array without a gradient
   * @param logits [L, vocabulary], replaced with a gradient
   * @param logitsAt base of logits
   * @param loss output [L]
   * @param lossAt base of loss
   * @param vocabulary number of ids
   * @param gradient 1 to replace the logits
   */
  public static void crossEntropy(
      KernelContext context,
      IntArray control,
      IntArray targets,
      FloatArray scale,
      FloatArray logits,
      int logitsAt,
      FloatArray loss,
      int lossAt,
      int vocabulary,
      int gradient) {
    float[] largest = context.allocateFloatLocalArray(MOST_ITEMS);
    float[] sums = context.allocateFloatLocalArray(MOST_ITEMS);
    int t = context.groupIdx;
    int item = context.localIdx;
    int items = context.localGroupSizeX;
    if (t < control.get(Control.TOKENS)) {
      int row = control.get(logitsAt) + t * vocabulary;
      int target = targets.get(t);
      if (target >= 0) {
        float own = logits.get(row + target);
        float max = LEAST;
        float sum = 0f;
        for (int i = item; i < vocabulary; i += items) {
          float x = logits.get(row + i);
          float less = TornadoMath.exp(-TornadoMath.abs(x - max));
          sum = x > max ? sum * less + 1f : sum + less;
          max = TornadoMath.max(max, x);
        }
        largest[item] = max;
        sums[item] = sum;
        for (int half = items / 2; half > 0; half = half / 2) {
          context.localBarrier();
          if (item < half) {
            float other = largest[item + half];
            float both = TornadoMath.max(max, other);
            sum = sum * TornadoMath.exp(max - both);
            sum += sums[item + half] * TornadoMath.exp(other - both);
            max = both;
            largest[item] = max;
            sums[item] = sum;
          }
        }
        context.localBarrier();
        float all = largest[0];
        float log = TornadoMath.log(sums[0]);
        if (item == 0) {
          loss.set(control.get(lossAt) + t, log + (all - own));
        }
        if (gradient == 1) {
          float factor = scale.get(0);
          for (int i = item; i < vocabulary; i += items) {
            float p = TornadoMath.exp(logits.get(row + i) - all - log);
            logits.set(row + i, factor * (i == target ? p - 1f : p));
          }
        }
      } else {
        if (item == 0) {
          loss.set(control.get(lossAt) + t, 0f);
        }
        if (gradient == 1) {
          for (int i = item; i < vocabulary; i += items) {
            logits.set(row + i, 0f);
          }
        }
      }
    }
  }
}
