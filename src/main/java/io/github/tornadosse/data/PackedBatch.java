package io.github.tornadosse.data;

/**
 * L tokens of S packed sequences.
 *
 * @param ids [L] token ids
 * @param targets [L] the next token of the same sequence, −1 where there is none
 * @param cuSeqlens [S + 1] where each sequence begins, and L
 */
public record PackedBatch(int[] ids, int[] targets, int[] cuSeqlens) {
  /** L. */
  public int tokens() {
    return ids.length;
  }

  /** S. */
  public int sequences() {
    return cuSeqlens.length - 1;
  }

  /** Number of tokens that have a target. */
  public int targetCount() {
    int n = 0;
    for (int t : targets) {
      if (t >= 0) {
        n++;
      }
    }
    return n;
  }
}
