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
   * out = logsigmoid(raw + bias)/16; 0 on the rows that the key's softmax leaves out.
   *
   * @param control see {@link Control}
   * @param raw [sources, H, capacity, K]
   * @param rawAt base of raw
   * @param bias0 [H·K] of source 0
   * @param bias0At base of bias0
   * @param bias1 [H·K] of source 1; any array with one source
   * @param bias1At base of bias1
   * @param keyBase [H, capacity, K] logits of the keys; of no effect if rowTopk is K
   * @param keyBaseAt base of keyBase
   * @param keyDelta [H, capacity, K] what source 1 adds to them; any array with one source
   * @param keyDeltaAt base of keyDelta
   * @param out output [sources, H, capacity, K]
   * @param outAt base of out
   * @param rowTopk number of rows that keys write
   * @param dim K
   * @param capacity largest number of tokens
   * @param sources 1, or 2 with sparse partitions
   * @param units H·capacity
   */
  public static void gate(
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray bias0,
      int bias0At,
      FloatArray bias1,
      int bias1At,
      FloatArray keyBase,
      int keyBaseAt,
      FloatArray keyDelta,
      int keyDeltaAt,
      FloatArray out,
      int outAt,
      int rowTopk,
      int dim,
      int capacity,
      int sources,
      int units) {
    for (@Parallel int u = 0; u < units; u++) {
      if (u % capacity < control.get(Control.TOKENS)) {
        int b = control.get(keyBaseAt) + u * dim;
        int d = control.get(keyDeltaAt) + u * dim;
        int channel = u / capacity * dim;
        for (int source = 0; source < sources; source++) {
          int at = (source * units + u) * dim;
          int last = Logits.last(keyBase, b, keyDelta, d, source, dim, rowTopk);
          for (int c = 0; c < dim; c++) {
            float x = raw.get(control.get(rawAt) + at + c);
            if (source == 0) {
              x += bias0.get(control.get(bias0At) + channel + c);
            } else {
              x += bias1.get(control.get(bias1At) + channel + c);
            }
            float g = Elementary.logSigmoid(x) / NORMALIZER;
            int written = Logits.selected(keyBase, b, keyDelta, d, source, c, last);
            out.set(control.get(outAt) + at + c, written > 0 ? g : 0f);
          }
        }
      }
    }
  }

  /**
   * Turns the gradient of the gates into that of raw, in place.
   *
   * @param control see {@link Control}
   * @param raw [sources, H, capacity, K]
   * @param rawAt base of raw
   * @param bias0 [H·K] of source 0
   * @param bias0At base of bias0
   * @param bias1 [H·K] of source 1; any array with one source
   * @param bias1At base of bias1
   * @param keyBase [H, capacity, K] logits of the keys; of no effect if rowTopk is K
   * @param keyBaseAt base of keyBase
   * @param keyDelta [H, capacity, K] what source 1 adds to them; any array with one source
   * @param keyDeltaAt base of keyDelta
   * @param d [sources, H, capacity, K], replaced
   * @param dAt base of d
   * @param rowTopk number of rows that keys write
   * @param dim K
   * @param capacity largest number of tokens
   * @param sources 1, or 2 with sparse partitions
   * @param units H·capacity
   */
  public static void gradient(
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray bias0,
      int bias0At,
      FloatArray bias1,
      int bias1At,
      FloatArray keyBase,
      int keyBaseAt,
      FloatArray keyDelta,
      int keyDeltaAt,
      FloatArray d,
      int dAt,
      int rowTopk,
      int dim,
      int capacity,
      int sources,
      int units) {
    for (@Parallel int u = 0; u < units; u++) {
      if (u % capacity < control.get(Control.TOKENS)) {
        int b = control.get(keyBaseAt) + u * dim;
        int e = control.get(keyDeltaAt) + u * dim;
        int channel = u / capacity * dim;
        for (int source = 0; source < sources; source++) {
          int at = (source * units + u) * dim;
          int last = Logits.last(keyBase, b, keyDelta, e, source, dim, rowTopk);
          for (int c = 0; c < dim; c++) {
            float x = raw.get(control.get(rawAt) + at + c);
            if (source == 0) {
              x += bias0.get(control.get(bias0At) + channel + c);
            } else {
              x += bias1.get(control.get(bias1At) + channel + c);
            }
            int to = control.get(dAt) + at + c;
            float value = d.get(to) * Elementary.sigmoid(-x) / NORMALIZER;
            int written = Logits.selected(keyBase, b, keyDelta, e, source, c, last);
            d.set(to, written > 0 ? value : 0f);
          }
        }
      }
    }
  }
}
