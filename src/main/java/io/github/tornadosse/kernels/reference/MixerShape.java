package io.github.tornadosse.kernels.reference;

/**
 * What the mixer's formulas depend on (docs/mathematics.md section 1).
 *
 * @param hidden D
 * @param heads H, query and key heads
 * @param valueHeads HV, a multiple of H
 * @param key K
 * @param value V of one value head
 * @param partitions N
 * @param writers W
 * @param readers R
 * @param deltaRule gated delta rule instead of gated linear attention
 * @param querySoftmax softmax instead of SiLU on queries
 * @param keySoftmax softmax instead of SiLU on keys
 * @param rowTopk rows of the state that a key writes; K for all
 * @param outputGate whether the output is gated
 * @param shortConvolution whether the first queries and keys are convolved
 * @param negativeEigenvalues gated delta rule: beta up to 2 instead of 1
 * @param writeGate whether what is written to sparse partitions is multiplied by e
 * @param readGate whether what is read from them is
 * @param gateValues whether e multiplies values and the read-out instead of keys and queries
 * @param always whether partition 0 takes part in every token; else it does in none
 * @param normEps epsilon of the output norm
 */
public record MixerShape(
    int hidden,
    int heads,
    int valueHeads,
    int key,
    int value,
    int partitions,
    int writers,
    int readers,
    boolean deltaRule,
    boolean querySoftmax,
    boolean keySoftmax,
    int rowTopk,
    boolean outputGate,
    boolean shortConvolution,
    boolean negativeEigenvalues,
    boolean writeGate,
    boolean readGate,
    boolean gateValues,
    boolean always,
    double normEps) {

  /**
   * H·K.
   *
   * @return size of a token's queries or keys
   */
  public int keySize() {
    return heads * key;
  }

  /**
   * HV·V.
   *
   * @return size of a token's values
   */
  public int valueSize() {
    return valueHeads * value;
  }
}
