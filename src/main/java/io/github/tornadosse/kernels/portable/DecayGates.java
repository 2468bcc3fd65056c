package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Decay gates of gated linear attention, see docs/mathematics.md section 1. */
public final class DecayGates {
  /** The log sigmoid is divided by this, so that gates start near 1. */
  private static final float NORMALIZER = 16f;

  private DecayGates() {}

  /**
   * The gates of one source: out = logsigmoid(raw + bias)/16; 0 on the rows that the key's softmax
   * leaves out.
   *
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
   * @param rowTopk number of rows that keys write
   * @param dim K
   * @param capacity largest number of tokens
   * @param source 0 or 1
   * @param units H·capacity
   */
  public static void gate(
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
      int rowTopk,
      int dim,
      int capacity,
      int source,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      if (u % capacity < control.get(Control.TOKENS)) {
        int b = control.get(keyBaseAt) + u * dim;
        int d = control.get(keyDeltaAt) + u * dim;
        int channel = control.get(biasAt) + u / capacity * dim;
        int at = (source * units + u) * dim;
        int last = Logits.last(keyBase, b, keyDelta, d, source, dim, rowTopk);
        for (int c = 0; c < dim; c++) {
          float x = raw.get(control.get(rawAt) + at + c) + bias.get(channel + c);
          float g = Elementary.logSigmoid(x) / NORMALIZER;
          int written = Logits.selected(keyBase, b, keyDelta, d, source, c, last);
          out.set(control.get(outAt) + at + c, written > 0 ? g : 0f);
        }
      }
    }
  }

  /**
   * Turns the gradient of one source's gates into that of raw, in place.
   *
   * @param control see {@link Control}
   * @param raw [sources, H, capacity, K]
   * @param rawAt base of raw
   * @param bias [H·K] of the source
   * @param biasAt base of bias
   * @param keyBase [H, capacity, K] logits of the source's keys; of no effect if rowTopk is K
   * @param keyBaseAt base of keyBase
   * @param keyDelta [H, capacity, K] what source 1 adds to them; any array for source 0
   * @param keyDeltaAt base of keyDelta
   * @param d [sources, H, capacity, K], the source's part is replaced
   * @param dAt base of d
   * @param rowTopk number of rows that keys write
   * @param dim K
   * @param capacity largest number of tokens
   * @param source 0 or 1
   * @param units H·capacity
   */
  public static void gradient(
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray bias,
      int biasAt,
      FloatArray keyBase,
      int keyBaseAt,
      FloatArray keyDelta,
      int keyDeltaAt,
      FloatArray d,
      int dAt,
      int rowTopk,
      int dim,
      int capacity,
      int source,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      if (u % capacity < control.get(Control.TOKENS)) {
        int b = control.get(keyBaseAt) + u * dim;
        int e = control.get(keyDeltaAt) + u * dim;
        int channel = control.get(biasAt) + u / capacity * dim;
        int at = (source * units + u) * dim;
        int last = Logits.last(keyBase, b, keyDelta, e, source, dim, rowTopk);
        for (int c = 0; c < dim; c++) {
          float x = raw.get(control.get(rawAt) + at + c) + bias.get(channel + c);
          int to = control.get(dAt) + at + c;
          float value = d.get(to) * Elementary.sigmoid(-x) / NORMALIZER;
          int written = Logits.selected(keyBase, b, keyDelta, e, source, c, last);
          d.set(to, written > 0 ? value : 0f);
        }
      }
    }
  }
}
