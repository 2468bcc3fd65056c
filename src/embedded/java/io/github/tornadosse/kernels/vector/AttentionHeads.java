package io.github.tornadosse.kernels.vector;

/**
 * The shapes of an attention layer's arrays and where rows are in them. Row r of a key head is
 * query head r mod G, of the G that read it, of token r / G.
 *
 * @param heads H
 * @param keyHeads HK
 * @param dim size of a head
 * @param window positions that a token sees, itself included; 0 for all
 * @param capacity stride of head-major arrays, in tokens
 */
record AttentionHeads(int heads, int keyHeads, int dim, int window, int capacity) {
  /** G = H / HK. */
  int group() {
    return heads / keyHeads;
  }

  /** Factor of the scores of heads of that size. */
  static float scale(int dim) {
    return (float) (1 / Math.sqrt(dim));
  }

  /** The query head of a row. */
  int head(int keyHead, int row) {
    return keyHead * group() + row % group();
  }

  /** Index of a row in [H, capacity]; begin is the first token of its sequence. */
  int headMajor(int keyHead, int begin, int row) {
    return head(keyHead, row) * capacity + begin + row / group();
  }

  /** Index of a row in [L, H]. */
  int tokenMajor(int keyHead, int begin, int row) {
    return (begin + row / group()) * heads + head(keyHead, row);
  }

  /** The first position that position p sees. */
  int firstSeen(int p) {
    return AttentionPlan.firstSeen(p, window);
  }
}
