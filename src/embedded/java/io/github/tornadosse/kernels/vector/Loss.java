package io.github.tornadosse.kernels.vector;

import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Next-token cross-entropy. */
public final class Loss {
  private Loss() {}

  /**
   * loss[t] = −log softmax(logits[t])[targets[t]], 0 where the target is −1.
   *
   * @param control see {@code Control}
   * @param logits [L, vocabulary]
   * @param logitsAt base of logits
   * @param targets [L]
   * @param loss [L]
   * @param lossAt base of loss
   * @param scale its first element is the factor of the gradient
   * @param gradient 1 to overwrite logits by scale·dloss/dlogits, 0 to leave them alone
   * @param vocabulary number of ids
   */
  public static void crossEntropy(
      IntArray control,
      FloatArray logits,
      int logitsAt,
      IntArray targets,
      FloatArray loss,
      int lossAt,
      FloatArray scale,
      int gradient,
      int vocabulary) {
    float[] ls = HeapAccess.floats(logits);
    float[] losses = HeapAccess.floats(loss);
    int l0 = control.get(logitsAt);
    int loss0 = control.get(lossAt);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.rows(vocabulary, Blocks.COSTLY),
        (from, to) -> {
          for (int t = from; t < to; t++) {
            int i = l0 + t * vocabulary;
            int target = targets.get(t);
            if (gradient == 0) {
              losses[loss0 + t] = target < 0 ? 0 : value(ls, i, target, vocabulary);
            } else {
              losses[loss0 + t] = valueAndGradient(ls, i, target, scale.get(0), vocabulary);
            }
          }
        });
  }

  private static float value(float[] logits, int i, int target, int n) {
    float max = Lanes.max(logits, i, n);
    float sum = Softmax.sum(logits, i, max, n);
    return (float) (Math.log(sum) + ((double) max - logits[i + target]));
  }

  private static float valueAndGradient(float[] logits, int i, int target, float scale, int n) {
    if (target < 0) {
      Arrays.fill(logits, i, i + n, 0);
      return 0;
    }
    float max = Lanes.max(logits, i, n);
    float atTarget = logits[i + target];
    float sum = Softmax.exponentials(logits, i, max, logits, i, n);
    Lanes.scale(logits, i, scale / sum, logits, i, n);
    logits[i + target] -= scale;
    return (float) (Math.log(sum) + ((double) max - atTarget));
  }
}
