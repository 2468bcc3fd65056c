package io.github.tornadosse.kernels.reference;

/**
 * What a softmax attention layer's formulas depend on (docs/mathematics.md section 5).
 *
 * @param hidden D
 * @param heads query heads
 * @param keyHeads key and value heads; heads is a multiple of it
 * @param window how many tokens a token sees, itself included; 0 for all before it
 * @param ropeTheta base of the rotary embedding
 * @param bias whether the query, key and value projections have a bias
 */
public record AttentionShape(
    int hidden, int heads, int keyHeads, int window, double ropeTheta, boolean bias) {

  /**
   * D / heads.
   *
   * @return dim of one head
   */
  public int headDim() {
    return hidden / heads;
  }
}
