package io.github.tornadosse.nn;

import java.util.List;

/**
 * The softmax attention layers of a hybrid: the object {@code attn} of a model's configuration
 * (docs/mathematics.md section 5).
 *
 * @param layers which blocks have softmax attention, ascending
 * @param heads query heads
 * @param keyHeads key and value heads; divides heads
 * @param headDim size of a head, even: hidden size / heads
 * @param window number of tokens that a token sees, itself included; 0 for all before it
 * @param ropeTheta base of the rotary embedding's wavelengths
 * @param bias whether q, k and v have biases
 */
public record AttentionConfig(
    List<Integer> layers,
    int heads,
    int keyHeads,
    int headDim,
    int window,
    double ropeTheta,
    boolean bias) {
  /** No softmax attention. */
  public static final AttentionConfig NONE =
      new AttentionConfig(List.of(), 1, 1, 2, 0, 10_000, false);

  /**
   * Checks that the sizes fit each other.
   *
   * @throws io.github.tornadosse.tensor.UserError naming the rule that is broken
   */
  public AttentionConfig {
    layers = List.copyOf(layers);
    ModelConfig.require(heads > 0, "attn.num_heads must be positive, not " + heads);
    ModelConfig.require(
        keyHeads > 0 && heads % keyHeads == 0,
        "attn.num_heads ("
            + heads
            + ") must be a multiple of attn.num_kv_heads ("
            + keyHeads
            + ")");
    ModelConfig.require(
        headDim > 0 && headDim % 2 == 0,
        "hidden_size / attn.num_heads (" + headDim + ") must be even for the rotary embedding");
    ModelConfig.require(window >= 0, "attn.window_size must be positive or null, not " + window);
    ModelConfig.require(
        Double.isFinite(ropeTheta) && ropeTheta > 0,
        "attn.rope_theta must be positive, not " + ropeTheta);
  }

  /** Size of a token's queries. */
  public int querySize() {
    return heads * headDim;
  }

  /** Size of a token's keys, and of its values. */
  public int keySize() {
    return keyHeads * headDim;
  }
}
