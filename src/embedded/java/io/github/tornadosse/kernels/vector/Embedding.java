package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.embedded.Workers;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Rows of the embedding matrix. */
public final class Embedding {
  /** Ids and columns of one item of the gradient's work. */
  private static final int IDS = 64;

  private static final int COLUMNS = 128;

  private Embedding() {}

  /**
   * x[t] = weight[ids[t]]; weight [vocabulary, size].
   *
   * @param control see {@code Control}
   * @param ids [L]
   * @param weight [vocabulary, size]
   * @param weightAt base index of weight
   * @param x [L, size]
   * @param xAt base index of x
   * @param size size of a row
   */
  public static void lookUp(
      IntArray control,
      IntArray ids,
      FloatArray weight,
      int weightAt,
      FloatArray x,
      int xAt,
      int size) {
    float[] from = HeapAccess.floats(weight);
    float[] to = HeapAccess.floats(x);
    int w0 = control.get(weightAt);
    int x0 = control.get(xAt);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.rows(size, Blocks.CHEAP),
        (begin, end) -> {
          for (int t = begin; t < end; t++) {
            System.arraycopy(from, w0 + ids.get(t) * size, to, x0 + t * size, size);
          }
        });
  }

  /**
   * dWeight[v] += Σ dx[t] over the tokens t of id v.
   *
   * @param control see {@code Control}
   * @param order [L] tokens sorted by id
   * @param starts [vocabulary + 1] where each id's tokens begin in order
   * @param dx [L, size]
   * @param dxAt base of dx
   * @param dWeight [vocabulary, size]
   * @param dWeightAt base of dWeight
   * @param vocabulary number of ids
   * @param size D
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
      int size) {
    float[] from = HeapAccess.floats(dx);
    float[] to = HeapAccess.floats(dWeight);
    int x0 = control.get(dxAt);
    int w0 = control.get(dWeightAt);
    int columns = Blocks.count(size, COLUMNS);
    Workers.forEach(
        Blocks.count(vocabulary, IDS) * columns,
        (item, worker) -> {
          int c = item % columns * COLUMNS;
          int n = Math.min(COLUMNS, size - c);
          int begin = item / columns * IDS;
          int end = Math.min(vocabulary, begin + IDS);
          for (int id = begin; id < end; id++) {
            for (int i = starts.get(id); i < starts.get(id + 1); i++) {
              int o = w0 + id * size + c;
              Lanes.add(to, o, from, x0 + order.get(i) * size + c, to, o, n);
            }
          }
        });
  }
}
