package io.github.tornadosse.nn;

import io.github.tornadosse.nn.ModelConfig.Kind;

/** How much memory what a model keeps of a text takes. */
public final class StateSize {
  private StateSize() {}

  /**
   * Bytes in float32 of what a sequence's further tokens depend on: states and the last inputs of
   * short convolutions, and keys and values of softmax attention.
   *
   * @param c the configuration
   * @param tokens length of the sequence; what is not of softmax attention does not depend on it
   */
  public static long bytes(ModelConfig c, int tokens) {
    MixerConfig m = c.mixer();
    long mixer = m.stateSize() + 2L * Math.max(0, m.convolution() - 1) * m.keySize();
    AttentionConfig a = c.attention();
    long kept = a.window() == 0 ? tokens : Math.min(tokens, a.window() - 1);
    long attention = 2 * kept * a.keySize();
    return Float.BYTES * (c.count(Kind.MIXER) * mixer + c.count(Kind.ATTENTION) * attention);
  }
}
