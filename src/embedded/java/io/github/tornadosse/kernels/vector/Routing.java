package io.github.tornadosse.kernels.vector;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The router, its balance loss and its gradient. */
public final class Routing {
  /** Tokens of a partial sum of the balance loss. */
  private static final int TOKENS = 512;

  /** Logits that one thread takes at a time. */
  private static final int LOGITS = 2048;

  private Routing() {}

  /**
   * e = softmax(η) and the M largest of each token (equal values: lower index first).
   *
   * @param control see {@code Control}
   * @param low [L, ld], η from {@code column} on
   * @param lowAt base index of low
   * @param ld row stride of low
   * @param column first column of η
   * @param e [L, N]
   * @param eAt base index of e
   * @param top [L, M]
   * @param topAt base index of top
   * @param partitions N
   * @param width M
   */
  public static void route(
      IntArray control,
      FloatArray low,
      int lowAt,
      int ld,
      int column,
      FloatArray e,
      int eAt,
      IntArray top,
      int topAt,
      int partitions,
      int width) {
    float[] ls = HeapAccess.floats(low);
    float[] es = HeapAccess.floats(e);
    int[] tops = HeapAccess.ints(top);
    int l0 = control.get(lowAt) + column;
    int e0 = control.get(eAt);
    int t0 = control.get(topAt);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.rows(partitions, LOGITS),
        (from, to) -> {
          for (int t = from; t < to; t++) {
            int at = e0 + t * partitions;
            Softmax.row(ls, l0 + t * ld, es, at, partitions);
            RowTopk.indices(es, at, partitions, width, tops, t0 + t * width);
          }
        });
  }

  /**
   * load[2·N]: the share of tokens that write each partition, then the mean of e; aux =
   * (N/writers)·Σ_i load_i·mean_i.
   *
   * @param control see {@code Control}
   * @param e [L, N]
   * @param eAt base index of e
   * @param top [L, M]
   * @param topAt base index of top
   * @param load [2·N]
   * @param loadAt base index of load
   * @param aux [1]
   * @param auxAt base index of aux
   * @param partitions N
   * @param width M
   * @param writers partitions that a token writes
   */
  public static void balance(
      IntArray control,
      FloatArray e,
      int eAt,
      IntArray top,
      int topAt,
      FloatArray load,
      int loadAt,
      FloatArray aux,
      int auxAt,
      int partitions,
      int width,
      int writers) {
    float[] es = HeapAccess.floats(e);
    int[] tops = HeapAccess.ints(top);
    int e0 = control.get(eAt);
    int t0 = control.get(topAt);
    int tokens = Blocks.tokens(control);
    int blocks = Blocks.count(tokens, TOKENS);
    double[] partial = new double[blocks * 2 * partitions];
    Blocks.forEach(
        tokens,
        TOKENS,
        (from, to) -> {
          int p = from / TOKENS * 2 * partitions;
          for (int t = from; t < to; t++) {
            for (int k = 0; k < writers; k++) partial[p + tops[t0 + t * width + k]]++;
            for (int i = 0; i < partitions; i++) {
              partial[p + partitions + i] += es[e0 + t * partitions + i];
            }
          }
        });
    for (int i = 2 * partitions; i < partial.length; i++)
      partial[i % (2 * partitions)] += partial[i];
    int at = control.get(loadAt);
    double sum = 0;
    for (int i = 0; i < partitions; i++) {
      double share = partial[i] / tokens;
      double mean = partial[partitions + i] / tokens;
      load.set(at + i, (float) share);
      load.set(at + partitions + i, (float) mean);
      sum += share * mean;
    }
    aux.set(control.get(auxAt), (float) (sum * partitions / writers));
  }

  /**
   * dη from the gradient of e at the selected partitions and the balance loss.
   *
   * @param control see {@code Control}
   * @param e [L, N]
   * @param eAt base index of e
   * @param top [L, M]
   * @param topAt base index of top
   * @param dTop [L, M]
   * @param dTopAt base index of dTop
   * @param load [2·N]
   * @param loadAt base index of load
   * @param scale its second element is the gradient of the balance loss
   * @param dLow [L, ld], dη from {@code column} on
   * @param dLowAt base index of dLow
   * @param ld row stride of dLow
   * @param column first column of dη
   * @param partitions N
   * @param width M
   * @param writers partitions that a token writes
   */
  public static void gradient(
      IntArray control,
      FloatArray e,
      int eAt,
      IntArray top,
      int topAt,
      FloatArray dTop,
      int dTopAt,
      FloatArray load,
      int loadAt,
      FloatArray scale,
      FloatArray dLow,
      int dLowAt,
      int ld,
      int column,
      int partitions,
      int width,
      int writers) {
    float[] es = HeapAccess.floats(e);
    int[] tops = HeapAccess.ints(top);
    float[] ds = HeapAccess.floats(dTop);
    float[] out = HeapAccess.floats(dLow);
    int e0 = control.get(eAt);
    int t0 = control.get(topAt);
    int d0 = control.get(dTopAt);
    int o0 = control.get(dLowAt) + column;
    int l0 = control.get(loadAt);
    int tokens = Blocks.tokens(control);
    float[] balance = new float[partitions];
    for (int i = 0; i < partitions; i++) {
      balance[i] = scale.get(1) * partitions / writers * load.get(l0 + i) / tokens;
    }
    Blocks.forEach(
        tokens,
        Blocks.rows(partitions, LOGITS),
        (from, to) -> {
          for (int t = from; t < to; t++) {
            int o = o0 + t * ld;
            int at = e0 + t * partitions;
            System.arraycopy(balance, 0, out, o, partitions);
            for (int k = t * width; k < (t + 1) * width; k++) out[o + tops[t0 + k]] += ds[d0 + k];
            float dot = Lanes.dot(es, at, out, o, partitions);
            Softmax.gradientRow(es, at, out, o, dot, out, o, partitions);
          }
        });
  }
}
