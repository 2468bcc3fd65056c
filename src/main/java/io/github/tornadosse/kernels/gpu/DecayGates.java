package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.Elementary;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Decay gates of gated linear attention; groups as in {@link Heads}. */
public final class DecayGates {
  /** The log sigmoid is divided by this, so that gates start near 1. */
  private static final float NORMALIZER = 16f;

  private DecayGates() {}

  /**
   * The gates of one source: out = logsigmoid(raw + bias)/16; 0 on the rows that the key's softmax
   * leaves out.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param raw [sources, H, capacity, K]
   * @param rawAt base of raw
   * @param bias [H·K] of the source
   * @param biasAt base of bias
   * @param keyBase [H, capacity, K] logits of the source's keys; of no effect if rowTopk is K
   * @param keyBaseAt base of keyBase
   * @param keyDelta [H, capacity, K] what source 1 adds to them; any array for source 0
   * @param keyDeltaAt base of keyDelta
   * @param out [sources, H, capacity, K], the source's part is written
   * @param outAt base of out
   * @param part where the source's part begins: 0, or H·capacity·K for source 1
   * @param rowTopk number of rows that keys write
   * @param dim K
   * @param capacity largest number of tokens
   */
  public static void gate(
      KernelContext context,
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray bias,
      int biasAt,
      FloatArray keyBase,
      int keyBaseAt,
      FloatArray keyDelta,
      int keyDeltaAt,
      FloatArray out,
      int outAt,
      int part,
      int rowTopk,
      int dim,
      int capacity) {
    int item = context.localIdx;
    int groups = (capacity + Heads.TOKENS - 1) / Heads.TOKENS;
    int h = context.groupIdx / groups;
    int t = context.groupIdx % groups * Heads.TOKENS + item / Heads.LANES;
    if (t < control.get(Control.TOKENS)) {
      int source = part > 0 ? 1 : 0;
      int u = h * capacity + t;
      int b = control.get(keyBaseAt) + u * dim;
      int d = control.get(keyDeltaAt) + u * dim;
      int channel = control.get(biasAt) + h * dim;
      int at = part + u * dim;
      for (int c = item % Heads.LANES; c < dim; c += Heads.LANES) {
        float x = raw.get(control.get(rawAt) + at + c) + bias.get(channel + c);
        float g = Elementary.logSigmoid(x) / NORMALIZER;
        int written = Heads.selected(keyBase, b, keyDelta, d, source, c, dim, rowTopk);
        out.set(control.get(outAt) + at + c, written == 1 ? g : 0f);
      }
    }
  }

  /**
   * The gradient of one source's raw gates from the expanded rows.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param raw [sources, H, capacity, K]
   * @param rawAt base of raw
   * @param bias [H·K] of the source
   * @param biasAt base of bias
   * @param keyBase [H, capacity, K] logits of the source's keys; of no effect if rowTopk is K
   * @param keyBaseAt base of keyBase
   * @param keyDelta [H, capacity, K] what source 1 adds to them; any array for source 0
   * @param keyDeltaAt base of keyDelta
   * @param dRows from offset on [H, R, K]
   * @param offset where the rows' gradients begin
   * @param tokenRow [capacity·M]; any array for source 0
   * @param dRaw [sources, H, capacity, K], the source's part is written
   * @param dRawAt base of dRaw
   * @param part where the source's part begins: 0, or H·capacity·K for source 1
   * @param rowTopk number of rows that keys write
   * @param dim K
   * @param capacity largest number of tokens
   * @param width M
   */
  public static void gradient(
      KernelContext context,
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray bias,
      int biasAt,
      FloatArray keyBase,
      int keyBaseAt,
      FloatArray keyDelta,
      int keyDeltaAt,
      FloatArray dRows,
      int offset,
      IntArray tokenRow,
      FloatArray dRaw,
      int dRawAt,
      int part,
      int rowTopk,
      int dim,
      int capacity,
      int width) {
    int item = context.localIdx;
    int groups = (capacity + Heads.TOKENS - 1) / Heads.TOKENS;
    int h = context.groupIdx / groups;
    int t = context.groupIdx % groups * Heads.TOKENS + item / Heads.LANES;
    if (t < control.get(Control.TOKENS)) {
      int source = part > 0 ? 1 : 0;
      int u = h * capacity + t;
      int b = control.get(keyBaseAt) + u * dim;
      int e = control.get(keyDeltaAt) + u * dim;
      int channel = control.get(biasAt) + h * dim;
      int at = part + u * dim;
      int head = h * capacity * (1 + width);
      for (int c = item % Heads.LANES; c < dim; c += Heads.LANES) {
        float d = 0f;
        if (source == 0) {
          d = dRows.get(offset + (head + t) * dim + c);
        } else {
          for (int j = 0; j < width; j++) {
            d += dRows.get(offset + (head + tokenRow.get(t * width + j)) * dim + c);
          }
        }
        float x = raw.get(control.get(rawAt) + at + c) + bias.get(channel + c);
        float value = d * Elementary.sigmoid(-x) / NORMALIZER;
        int written = Heads.selected(keyBase, b, keyDelta, e, source, c, dim, rowTopk);
        dRaw.set(control.get(dRawAt) + at + c, written == 1 ? value : 0f);
      }
    }
  }
}
