package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import io.github.tornadosse.embedded.Workers;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** g = logsigmoid(raw + bias)/16 for each source, and its gradient. */
public final class DecayGates {
  private static final float SCALE = 1f / 16;

  private DecayGates() {}

  /**
   * The gates of one source.
   *
   * @param control see {@code Control}
   * @param raw [sources, H, capacity, K]
   * @param rawAt base index of raw
   * @param bias [H·K] of the source
   * @param biasAt base index of bias
   * @param out [sources, H, capacity, K]; the source's part is written
   * @param outAt base index of out
   * @param masked 1 to multiply by what out's part holds
   * @param source 0 or 1
   * @param heads H
   * @param dim K
   * @param capacity stride of a head, in tokens
   */
  public static void forward(
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray bias,
      int biasAt,
      FloatArray out,
      int outAt,
      int masked,
      int source,
      int heads,
      int dim,
      int capacity) {
    float[] rs = HeapAccess.floats(raw);
    float[] bs = HeapAccess.floats(bias);
    float[] os = HeapAccess.floats(out);
    int first = source * heads * capacity * dim;
    int r0 = control.get(rawAt) + first;
    int b0 = control.get(biasAt);
    int o0 = control.get(outAt) + first;
    HeadActivations.forEach(
        heads,
        Blocks.tokens(control),
        dim,
        (head, from, to) -> {
          float[] keep = Scratch.floats(Scratch.KEEP, dim);
          for (int t = from; t < to; t++) {
            int at = (head * capacity + t) * dim;
            if (masked == 1) System.arraycopy(os, o0 + at, keep, 0, dim);
            gateRow(rs, r0 + at, bs, b0 + head * dim, os, o0 + at, dim);
            if (masked == 1) Lanes.multiply(os, o0 + at, keep, 0, os, o0 + at, dim);
          }
        });
  }

  private static void gateRow(float[] x, int i, float[] bias, int k, float[] g, int o, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      VectorMath.logSigmoid(load(x, i + j).add(load(bias, k + j))).mul(SCALE).intoArray(g, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector y = VectorMath.logSigmoid(load(x, i + j, m).add(load(bias, k + j, m)));
      y.mul(SCALE).intoArray(g, o + j, m);
    }
  }

  /**
   * 1 where a key's logit is among the rowTopk largest of its row (equal values: lower index
   * first), else 0, for both sources.
   *
   * @param control see {@code Control}
   * @param keyFirst [H, capacity, K], the logits of source 0
   * @param keyFirstAt base index of keyFirst
   * @param keyBase [H, capacity, K], with keyDelta added those of source 1; both unused with one
   *     source
   * @param keyBaseAt base index of keyBase
   * @param keyDelta [H, capacity, K]
   * @param keyDeltaAt base index of keyDelta
   * @param out [sources, H, capacity, K]
   * @param outAt base index of out
   * @param rowTopk number of logits
   * @param heads H
   * @param dim K
   * @param capacity stride of a head, in tokens
   * @param sources 1 or 2
   */
  public static void mask(
      IntArray control,
      FloatArray keyFirst,
      int keyFirstAt,
      FloatArray keyBase,
      int keyBaseAt,
      FloatArray keyDelta,
      int keyDeltaAt,
      FloatArray out,
      int outAt,
      int rowTopk,
      int heads,
      int dim,
      int capacity,
      int sources) {
    float[] fs = HeapAccess.floats(keyFirst);
    float[] bs = HeapAccess.floats(keyBase);
    float[] ds = HeapAccess.floats(keyDelta);
    float[] os = HeapAccess.floats(out);
    int f0 = control.get(keyFirstAt);
    int b0 = control.get(keyBaseAt);
    int d0 = control.get(keyDeltaAt);
    int o0 = control.get(outAt);
    HeadActivations.forEach(
        heads,
        Blocks.tokens(control),
        dim,
        (head, from, to) -> {
          float[] x = Scratch.floats(Scratch.INPUT, dim);
          for (int t = from; t < to; t++) {
            int at = (head * capacity + t) * dim;
            RowTopk.keep(fs, f0 + at, os, o0 + at, dim, rowTopk);
            if (sources == 2) {
              Lanes.add(bs, b0 + at, ds, d0 + at, x, 0, dim);
              RowTopk.keep(x, 0, os, o0 + heads * capacity * dim + at, dim, rowTopk);
            }
          }
        });
  }

  /**
   * dRaw of one source from the expanded rows; dBias += its sums over tokens.
   *
   * @param control see {@code Control}
   * @param raw [sources, H, capacity, K]
   * @param rawAt base index of raw
   * @param bias [H·K] of the source
   * @param biasAt base index of bias
   * @param dRows from rowsAt on [H, capacity·(1 + width), K]
   * @param rowsAt first element of dRows
   * @param tokenRow [capacity·width], read for source 1
   * @param dRaw [sources, H, capacity, K]; the source's part is written
   * @param dRawAt base index of dRaw
   * @param dBias [H·K] of the source
   * @param dBiasAt base index of dBias
   * @param masked 1 to multiply by what dRaw's part holds
   * @param source 0 or 1
   * @param heads H
   * @param dim K
   * @param capacity stride of a head, in tokens
   * @param width sparse rows of a token
   */
  public static void gradient(
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray bias,
      int biasAt,
      FloatArray dRows,
      int rowsAt,
      IntArray tokenRow,
      FloatArray dRaw,
      int dRawAt,
      FloatArray dBias,
      int dBiasAt,
      int masked,
      int source,
      int heads,
      int dim,
      int capacity,
      int width) {
    float[] rs = HeapAccess.floats(raw);
    float[] bs = HeapAccess.floats(bias);
    float[] ds = HeapAccess.floats(dRaw);
    float[] rows = HeapAccess.floats(dRows);
    int[] places = HeapAccess.ints(tokenRow);
    int first = source * heads * capacity * dim;
    int r0 = control.get(rawAt) + first;
    int b0 = control.get(biasAt);
    int d0 = control.get(dRawAt) + first;
    int tokens = Blocks.tokens(control);
    int blocks = Blocks.count(tokens, Blocks.SUMMED);
    int size = heads * dim;
    float[] partial = Scratch.floats(Scratch.PARTIAL, blocks * size);
    Workers.forEach(
        blocks * heads,
        (item, worker) -> {
          int head = item / blocks;
          int from = item % blocks * Blocks.SUMMED;
          int to = Math.min(tokens, from + Blocks.SUMMED);
          int p = item % blocks * size + head * dim;
          int row0 = rowsAt + head * capacity * (1 + width) * dim;
          float[] d = Scratch.floats(Scratch.GRADIENT, dim);
          Arrays.fill(partial, p, p + dim, 0);
          for (int t = from; t < to; t++) {
            int at = (head * capacity + t) * dim;
            if (source == 0) {
              System.arraycopy(rows, row0 + t * dim, d, 0, dim);
            } else {
              HeadActivations.sparseRows(rows, row0, t, places, width, d, 0, dim);
            }
            if (masked == 1) Lanes.multiply(d, 0, ds, d0 + at, d, 0, dim);
            backRow(rs, r0 + at, bs, b0 + head * dim, d, ds, d0 + at, partial, p, dim);
          }
        });
    Blocks.addPartial(partial, blocks, size, HeapAccess.floats(dBias), control.get(dBiasAt));
  }

  private static void backRow(
      float[] x,
      int i,
      float[] bias,
      int k,
      float[] d,
      float[] out,
      int o,
      float[] sum,
      int p,
      int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      FloatVector s = VectorMath.sigmoid(load(x, i + j).add(load(bias, k + j)).neg());
      FloatVector y = s.mul(load(d, j)).mul(SCALE);
      y.intoArray(out, o + j);
      load(sum, p + j).add(y).intoArray(sum, p + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector s = VectorMath.sigmoid(load(x, i + j, m).add(load(bias, k + j, m)).neg());
      FloatVector y = s.mul(load(d, j, m)).mul(SCALE);
      y.intoArray(out, o + j, m);
      load(sum, p + j, m).add(y).intoArray(sum, p + j, m);
    }
  }
}
