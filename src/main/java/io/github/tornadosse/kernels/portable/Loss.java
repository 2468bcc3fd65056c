package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Next-token cross-entropy. */
public final class Loss {
  private Loss() {}

  /**
   * loss[t] = −log softmax(logits[t])[targets[t]], 0 where the target is −1. With a gradient, the
   * logits become scale[0]·dloss/dlogits, 0 where the target is −1.
   *
   * @param control see {@link Control}
   * @param logits [L, vocabulary]
   * @param logitsAt base of logits
   * @param targets [L], −1 for none
   * @param loss output [L]
   * @param lossAt base of loss
   * @param scale [1 or more]; any array if gradient is 0
   * @param gradient 1 to overwrite the logits by their gradient, 0 to leave them
   * @param vocabulary number of ids
   * @param capacity largest number of tokens
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
      int vocabulary,
      int capacity) {
    for (@Parallel int t = 0; t < capacity; t++) {
      if (t < control.get(Control.TOKENS)) {
        int row = control.get(logitsAt) + t * vocabulary;
        int target = targets.get(t);
        float max = logits.get(row);
        for (int i = 1; i < vocabulary; i++) {
          max = TornadoMath.max(max, logits.get(row + i));
        }
        float sum = 0f;
        for (int i = 0; i < vocabulary; i++) {
          sum += TornadoMath.exp(logits.get(row + i) - max);
        }
        float value = 0f;
        if (target >= 0) {
          value = TornadoMath.log(sum) + (max - logits.get(row + target));
        }
        loss.set(control.get(lossAt) + t, value);
        if (gradient == 1) {
          float factor = scale.get(0);
          for (int i = 0; i < vocabulary; i++) {
            float p = TornadoMath.exp(logits.get(row + i) - max) / sum;
            float d = i == target ? p - 1f : p;
            logits.set(row + i, target >= 0 ? factor * d : 0f);
          }
        }
      }
    }
  }
}
