package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Token embeddings. */
public final class Embedding {
  private Embedding() {}

  /**
   * dWeight[v] += Σ dx[t] over the tokens t of id v, in their order. Groups: for each id enough for
   * an item a column.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param order [L] tokens sorted by id
   * @param starts [vocabulary + 1] where each id's tokens begin in order
   * @param dx [L, size]
   * @param dxAt base of dx
   * @param dWeight [vocabulary, size], added to
   * @param dWeightAt base of dWeight
   * @param size row length
   */
  public static void gradient(
      KernelContext context,
      IntArray control,
      IntArray order,
      IntArray starts,
      FloatArray dx,
      int dxAt,
      FloatArray dWeight,
      int dWeightAt,
      int size) {
    int items = context.localGroupSizeX;
    int groups = (size + items - 1) / items;
    int v = context.groupIdx / groups;
    int i = context.groupIdx % groups * items + context.localIdx;
    int begin = starts.get(v);
    int end = starts.get(v + 1);
    if (begin < end && i < size) {
      int from = control.get(dxAt) + i;
      float sum = 0f;
      for (int j = begin; j < end; j++) {
        sum += dx.get(from + order.get(j) * size);
      }
      int to = control.get(dWeightAt) + v * size + i;
      dWeight.set(to, dWeight.get(to) + sum);
    }
  }
}
