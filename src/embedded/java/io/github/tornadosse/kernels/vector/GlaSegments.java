package io.github.tornadosse.kernels.vector;

/**
 * The segments of one call of {@link Gla}, and where what belongs to each begins.
 *
 * @param bounds [2·count] begin and end row of each segment
 * @param count their number, S·(N + 1)
 * @param heads H
 * @param stateSize K·V
 * @param states the states [count, H, K, V] from statesAt on; null to start from zero and keep
 *     nothing
 * @param statesAt where they begin
 * @param kept the states that the backward pass can go on from, see {@link GlaStates#segment}; null
 *     if none are kept
 * @param keptSize floats of one of those
 * @param keptBefore [count] how many of them a head has before each segment, if all segments had
 *     that head alone
 */
record GlaSegments(
    int[] bounds,
    int count,
    int heads,
    int stateSize,
    float[] states,
    int statesAt,
    float[] kept,
    int keptSize,
    int[] keptBefore) {

  /** Those of a call. */
  static GlaSegments of(
      GlaInputs x, int[] bounds, int count, float[] states, int statesAt, float[] kept) {
    int[] before = new int[count];
    for (int i = 1; i < count; i++) {
      before[i] = before[i - 1] + GlaStates.keptOf(bounds[2 * i - 1] - bounds[2 * i - 2]);
    }
    int keptSize = GlaStates.size(x.key(), x.value());
    return new GlaSegments(
        bounds, count, x.heads(), x.key() * x.value(), states, statesAt, kept, keptSize, before);
  }

  /** First row of a segment. */
  int begin(int segment) {
    return bounds[2 * segment];
  }

  /** The row after its last. */
  int end(int segment) {
    return bounds[2 * segment + 1];
  }

  /** Where the state of a segment and head begins. */
  int stateAt(int segment, int head) {
    return statesAt + (segment * heads + head) * stateSize;
  }

  /** Where what is kept of a segment and head begins. */
  int keptAt(int segment, int head) {
    int own = GlaStates.keptOf(end(segment) - begin(segment));
    return (keptBefore[segment] * heads + own * head) * keptSize;
  }
}
