package io.github.tornadosse.eval.profile;

/** What the parts of a training step are for. */
public enum Part {
  /** Products of activations with weights. */
  DENSE_FORWARD("dense products, forward"),
  /** Products that give the gradients of activations and weights. */
  DENSE_BACKWARD("dense products, backward"),
  /** The recurrences' chunks, the gathering of their rows included. */
  CHUNKS_FORWARD("mixers' chunks, forward"),
  /** Their gradients. */
  CHUNKS_BACKWARD("mixers' chunks, backward"),
  /** Softmax attention and its gradient. */
  ATTENTION("softmax attention"),
  /** Activations, gates and convolutions before the recurrence, the sum of rows after it. */
  MIXER_ENDS("mixers' inputs and outputs"),
  /** Router, top-k, sorting, balance loss. */
  ROUTING("routing and sorting"),
  /** RMSNorm and the MLP's activation. */
  NORMS("norms and MLP activation"),
  /** Token embedding and cross-entropy. */
  EMBEDDING_AND_LOSS("embedding and loss"),
  /** AdamW, the norm of the gradients, zeroing them. */
  OPTIMISER("optimiser"),
  /** Copies and zeros, and tasks of no operation. */
  OTHER("copies and zeros"),
  /** What the host does between tasks, the hand-over of tasks to the device included. */
  HOST("host between tasks"),
  /** Making the batches. */
  DATA("reading data");

  private final String label;

  Part(String label) {
    this.label = label;
  }

  /** Its name for people. */
  public String label() {
    return label;
  }

  /** The part that an operation belongs to. */
  static Part of(String operation) {
    return switch (operation) {
      case "linear", "linearAdd" -> DENSE_FORWARD;
      case "linearInputGradient", "linearWeightGradient" -> DENSE_BACKWARD;
      case "gla", "glaOutput", "deltaRule.forward", "deltaRuleOutput" -> CHUNKS_FORWARD;
      case "glaGradient", "deltaRule.gradient" -> CHUNKS_BACKWARD;
      case "attention.rotary",
          "attention.rotaryGradient",
          "attention.attention",
          "attention.attentionGradient",
          "attention.cachedAttention" ->
          ATTENTION;
      case "headActivation",
          "headActivationGradient",
          "decayGate",
          "decayGateGradient",
          "valueActivation",
          "valueActivationGradient",
          "mixerOutput",
          "mixerOutputGradient",
          "convolutions.forward",
          "convolutions.gradient",
          "deltaRule.gates",
          "deltaRule.gatesGradient" ->
          MIXER_ENDS;
      case "router", "routeRows", "balance", "routerGradient", "deltaRule.weightGradient" ->
          ROUTING;
      case "rmsNorm", "rmsNormGradient", "swiglu", "swigluGradient" -> NORMS;
      case "embedding", "embeddingGradient", "crossEntropy" -> EMBEDDING_AND_LOSS;
      case "adamw", "squaredNorm", "zero" -> OPTIMISER;
      case "copy", "clear", "zeroTokens" -> OTHER;
      default -> throw new IllegalArgumentException("no operation is called " + operation);
    };
  }
}
