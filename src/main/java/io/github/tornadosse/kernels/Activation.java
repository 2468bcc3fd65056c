package io.github.tornadosse.kernels;

/** What is applied to queries and keys, per head. The codes are what kernels receive. */
public final class Activation {
  /** x·sigmoid(x). */
  public static final int SILU = 0;

  /** Softmax over the head dim, of the row_topk largest logits only if row_topk is below K. */
  public static final int SOFTMAX = 1;

  private Activation() {}
}
