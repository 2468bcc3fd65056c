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

  /**
   * Number of bytes of text that the targets stand for.
   *
   * @param tokenizer the one that made the ids
   */
  public long targetBytes(Tokenizer tokenizer) {
    int[] opening = tokenizer.opening();
    int begin = opening.length == 0 ? tokenizer.separator() : opening[opening.length - 1];
    long bytes = 0;
    for (int t = 0; t < ids.length; t++) {
      if (targets[t] >= 0) {
        boolean first = ids[t] == begin || ids[t] == tokenizer.separator();
        bytes += first ? tokenizer.firstByteCount(targets[t]) : tokenizer.byteCount(targets[t]);
      }
    }
    return bytes;
  }
}
