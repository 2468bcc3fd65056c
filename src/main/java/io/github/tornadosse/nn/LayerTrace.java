package io.github.tornadosse.nn;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What a mixer did with the tokens of a text (docs/mathematics.md section 1). Sources are partition
 * 0, then the sparse partitions, which share theirs; without those there is one.
 *
 * @param layer index of the layer
 * @param gate e [L, N], empty without sparse partitions
 * @param chosen [L, M] the partitions of largest e, the largest first; empty without
 * @param keys [sources, H, L, K]
 * @param decay [sources, decayHeads, L, decayWidth] logarithms of decays
 * @param decayHeads H, of the gated delta rule HV
 * @param decayWidth K, of the gated delta rule 1
 */
public record LayerTrace(
    int layer,
    float[] gate,
    int[] chosen,
    float[] keys,
    float[] decay,
    int decayHeads,
    int decayWidth) {

  static float[] copy(FloatArray from, int count) {
    float[] to = new float[count];
    for (int i = 0; i < count; i++) {
      to[i] = from.get(i);
    }
    return to;
  }

  static int[] copy(IntArray from, int count) {
    int[] to = new int[count];
    for (int i = 0; i < count; i++) {
      to[i] = from.get(i);
    }
    return to;
  }

  /** From [blocks, capacity, width] to [blocks, tokens, width]. */
  static float[] compact(FloatArray from, int blocks, int tokens, int capacity, int width) {
    float[] to = new float[blocks * tokens * width];
    for (int b = 0; b < blocks; b++) {
      for (int i = 0; i < tokens * width; i++) {
        to[b * tokens * width + i] = from.get(b * capacity * width + i);
      }
    }
    return to;
  }
}
