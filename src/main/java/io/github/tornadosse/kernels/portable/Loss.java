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
   * loss[t] = −log softmax(logits[t])[targets[t]], 0 where the target is −1.
   *
   * @param control see {@link Control}
   * @param logits [L, vocabulary]
   * @param logitsAt base of logits
   * @param targets [L], −1 for none
   * @param loss output [L]
   * @param lossAt base of loss
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
      int vocabulary,
      int capacity) {
    for (@Parallel int t = 0; t < (capacity & LoopBound.MASK); t++) {
      if (t < control.get(Control.TOKENS)) {
        int row = control.get(logitsAt) + t * vocabulary;
        int target = targets.get(t);
        float value = 0f;
        if (target >= 0) {
          float max = logits.get(row);
          for (int i = 1; i < vocabulary; i++) {
            max = TornadoMath.max(max, logits.get(row + i));
          }
          float sum = 0f;
          for (int i = 0; i < vocabulary; i++) {
            sum += TornadoMath.exp(logits.get(row + i) - max);
          }
          value = TornadoMath.log(sum) + (max - logits.get(row + target));
        }
        loss.set(control.get(lossAt) + t, value);
      }
    }
  }

  /**
   * Overwrites the logits by scale[0]·dloss/dlogits, 0 where the target is −1.
   *
   * @param control see {@link Control}
   * @param targets [L], −1 for none
   * @param loss [L] of {@link #crossEntropy}
   * @param lossAt base of loss
   * @param scale [1 or more]
   * @param logits [L, vocabulary], replaced
   * @param logitsAt base of logits
   * @param vocabulary number of ids
   * @param capacity largest number of tokens
   */
  public static void gradient(
      IntArray control,
      IntArray targets,
      FloatArray loss,
      int lossAt,
      FloatArray scale,
      FloatArray logits,
      int logitsAt,
      int vocabulary,
      int capacity) {
    for (@Parallel int t = 0; t < (capacity & LoopBound.MASK); t++) {
      if (t < control.get(Control.TOKENS)) {
        int row = control.get(logitsAt) + t * vocabulary;
        int target = targets.get(t);
        float factor = target >= 0 ? scale.get(0) : 0f;
        float at = logits.get(row + TornadoMath.max(target, 0));
        float own = loss.get(control.get(lossAt) + t);
        for (int i = 0; i < vocabulary; i++) {
          // log softmax = logit − target's logit − loss.
          float p = TornadoMath.exp(logits.get(row + i) - at - own);
          float d = i == target ? p - 1f : p;
          logits.set(row + i, target >= 0 ? factor * d : 0f);
        }
      }
    }
  }
}
