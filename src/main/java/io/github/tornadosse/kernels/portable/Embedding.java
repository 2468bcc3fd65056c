package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Token embeddings. */
public final class Embedding {
  /** Columns of the weight that one work item of the gradient adds up. */
  public static final int COLUMNS_PER_ITEM = 32;

  private Embedding() {}

  /**
   * x[t] = weight[ids[t]].
   *
   * @param control see {@link Control}
   * @param ids [L]
   * @param weight [vocabulary, size]
   * @param weightAt base of weight
   * @param x output [L, size]
   * @param xAt base of x
   * @param size row length
   * @param capacity largest number of tokens
   */
  public static void lookUp(
      IntArray control,
      IntArray ids,
      FloatArray weight,
      int weightAt,
      FloatArray x,
      int xAt,
      int size,
      int capacity) {
    for (@Parallel int t = 0; t < capacity; t++) {
      for (@Parallel int i = 0; i < size; i++) {
        if (t < control.get(Control.TOKENS)) {
          float value = weight.get(control.get(weightAt) + ids.get(t) * size + i);
          x.set(control.get(xAt) + t * size + i, value);
        }
      }
    }
  }

  /**
   * dWeight[v] += Σ dx[t] over the tokens t of id v, in their order.
   *
   * @param control see {@link Control}
   * @param order [L] tokens sorted by id
   * @param starts [vocabulary + 1] where each id's tokens begin in order
   * @param dx [L, size]
   * @param dxAt base of dx
   * @param dWeight [vocabulary, size], added to
   * @param dWeightAt base of dWeight
   * @param vocabulary number of ids
   * @param size row length
   * @param blocks ⌈size/32⌉
   */
  public static void gradient(
      IntArray control,
      IntArray order,
      IntArray starts,
      FloatArray dx,
      int dxAt,
      FloatArray dWeight,
      int dWeightAt,
      int vocabulary,
      int size,
      int blocks) {
    for (@Parallel int v = 0; v < vocabulary; v++) {
      for (@Parallel int block = 0; block < blocks; block++) {
        int end = starts.get(v + 1);
        int first = block * COLUMNS_PER_ITEM;
        int last = TornadoMath.min(first + COLUMNS_PER_ITEM, size);
        for (int j = starts.get(v); j < end; j++) {
          int from = control.get(dxAt) + order.get(j) * size;
          int to = control.get(dWeightAt) + v * size;
          for (int i = first; i < last; i++) {
            dWeight.set(to + i, dWeight.get(to + i) + dx.get(from + i));
          }
        }
      }
    }
  }
}
