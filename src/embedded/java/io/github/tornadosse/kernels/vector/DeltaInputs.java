package io.github.tornadosse.kernels.vector;

/**
 * What one call of {@link Delta} reads, and its sizes.
 *
 * @param q [sources, H, capacity, K]
 * @param k [sources, H, capacity, K]
 * @param v [HV, capacity, V]
 * @param gates [2, sources, HV, capacity] decays, then write strengths
 * @param token token of each row
 * @param mode bit 0: the row is written, bit 1: it is read
 * @param weight [2, R] weight of each row's query (or output), then of its key (or value)
 * @param gateValues whether the weights belong to outputs and values
 * @param sources 1 or 2
 * @param heads H
 * @param valueHeads HV
 * @param capacity stride of the head-major token arrays
 * @param rowCapacity R, stride of the row arrays
 * @param key K
 * @param value V
 */
record DeltaInputs(
    float[] q,
    float[] k,
    float[] v,
    float[] gates,
    int[] token,
    int[] mode,
    float[] weight,
    boolean gateValues,
    int sources,
    int heads,
    int valueHeads,
    int capacity,
    int rowCapacity,
    int key,
    int value) {
  /** Value heads of a key head. */
  int group() {
    return valueHeads / heads;
  }

  /** Where the source of a row begins in the decays, at its token in value head 0. */
  int gateAt(int row) {
    return (row < capacity ? 0 : valueHeads * capacity) + token[row];
  }

  /** Distance of the write strengths from the decays. */
  int strengths() {
    return sources * valueHeads * capacity;
  }
}
