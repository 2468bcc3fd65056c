package io.github.tornadosse.convert;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.tornadosse.nn.AttentionConfig;
import io.github.tornadosse.tensor.JsonFields;
import io.github.tornadosse.tensor.UserError;
import java.util.List;

/**
 * The configuration of a Transformer of the Llama family: the {@code config.json} of {@code
 * model_type} llama, mistral or qwen2.
 *
 * @param fields the configuration as it stands
 * @param modelType llama, mistral or qwen2
 * @param vocabSize size of the vocabulary
 * @param hiddenSize D
 * @param layers number of blocks
 * @param heads H, query heads
 * @param keyHeads G, key and value heads; divides H
 * @param headDim size of a head
 * @param intermediateSize inner size of the MLP
 * @param normEps epsilon of the RMS norms
 * @param tied whether the output weight is the embedding's
 * @param bias whether q, k and v have biases
 * @param outputBias whether o has a bias
 * @param initializerRange standard deviation that weights were drawn with
 */
record LlamaConfig(
    JsonFields fields,
    String modelType,
    int vocabSize,
    int hiddenSize,
    int layers,
    int heads,
    int keyHeads,
    int headDim,
    int intermediateSize,
    double normEps,
    boolean tied,
    boolean bias,
    boolean outputBias,
    double initializerRange) {
  /** The model types that are read. */
  static final List<String> MODEL_TYPES = List.of("llama", "mistral", "qwen2");

  private static final String KEPT = " where softmax layers are kept";

  /**
   * Reads a configuration.
   *
   * @param json the object
   * @param where names its source in messages
   * @return the configuration
   * @throws UserError naming the field that is missing, wrong or asks for what there is not
   */
  static LlamaConfig fromJson(JsonNode json, String where) {
    JsonFields f = new JsonFields(json, where, "");
    String type = f.oneOf("model_type", null, MODEL_TYPES.toArray(new String[0]));
    for (String experts : List.of("num_local_experts", "num_experts", "n_routed_experts")) {
      refuse(f, experts, f.get(experts) != null, "left out: a mixture of experts is not converted");
    }
    refuse(
        f,
        "quantization_config",
        f.get("quantization_config") != null,
        "left out: save the model without quantization");
    f.oneOf("hidden_act", "silu", "silu", "swish");
    refuse(f, "mlp_bias", f.bool("mlp_bias", false), "false: the MLP has no biases here");
    int hidden = positive(f, "hidden_size");
    int heads = positive(f, "num_attention_heads");
    int keyHeads =
        f.get("num_key_value_heads") == null ? heads : positive(f, "num_key_value_heads");
    if (heads % keyHeads != 0) {
      throw f.wrong("num_key_value_heads", "a divisor of num_attention_heads (" + heads + ")");
    }
    if (f.get("head_dim") == null && hidden % heads != 0) {
      throw f.wrong("num_attention_heads", "a divisor of hidden_size (" + hidden + ")");
    }
    boolean llamaBias = type.equals("llama") && f.bool("attention_bias", false);
    return new LlamaConfig(
        f,
        type,
        positive(f, "vocab_size"),
        hidden,
        positive(f, "num_hidden_layers"),
        heads,
        keyHeads,
        f.get("head_dim") == null ? hidden / heads : positive(f, "head_dim"),
        positive(f, "intermediate_size"),
        f.number("rms_norm_eps", 1e-6),
        f.bool("tie_word_embeddings", false),
        llamaBias || type.equals("qwen2"),
        llamaBias,
        f.number("initializer_range", 0.02));
  }

  private static int positive(JsonFields f, String name) {
    int value = f.integer(name);
    refuse(f, name, value <= 0, "positive");
    return value;
  }

  private static void refuse(JsonFields f, String name, boolean wrong, String expected) {
    if (wrong) {
      throw f.wrong(name, expected);
    }
  }

  /**
   * The softmax attention of the layers that are kept.
   *
   * @param kept the layers, ascending; at least one
   * @return their configuration
   * @throws UserError naming the field that cannot be represented
   */
  AttentionConfig attention(List<Integer> kept) {
    refuse(
        fields,
        "head_dim",
        headDim * (long) heads != hiddenSize,
        "hidden_size / num_attention_heads (" + hiddenSize + " / " + heads + ")" + KEPT);
    return new AttentionConfig(kept, heads, keyHeads, headDim, window(kept), ropeTheta(), bias);
  }

  private double ropeTheta() {
    JsonFields rope = fields;
    for (String name : List.of("rope_scaling", "rope_parameters")) {
      JsonNode n = fields.get(name);
      if (n != null) {
        String type = n.path(n.has("rope_type") ? "rope_type" : "type").asText("default");
        refuse(
            fields,
            name,
            !n.isObject() || !type.equals("default"),
            "left out or of rope_type default" + KEPT + ": rotary angles are not scaled");
        rope = n.has("rope_theta") ? new JsonFields(n, fields.where(), name + ".") : rope;
        requireWhole(new JsonFields(n, fields.where(), name + "."));
      }
    }
    requireWhole(fields);
    double theta = rope.number("rope_theta", 10_000);
    refuse(rope, "rope_theta", !(theta > 0), "positive");
    return theta;
  }

  private static void requireWhole(JsonFields f) {
    String name = "partial_rotary_factor";
    refuse(f, name, f.number(name, 1) != 1, "1" + KEPT + ": heads are turned whole");
  }

  /** The window that all of these layers have; 0 for none. */
  private int window(List<Integer> kept) {
    int window = window(kept.get(0));
    for (int layer : kept) {
      if (window(layer) != window) {
        throw new UserError(
            "%s: layers %d and %d differ in their sliding window (%s); the softmax layers that are kept must have the same"
                .formatted(fields.where(), kept.get(0), layer, windowFields()));
      }
    }
    return window;
  }

  private String windowFields() {
    return fields.get("layer_types") != null
        ? "layer_types"
        : "max_window_layers " + fields.get("max_window_layers");
  }

  private int window(int layer) {
    if (modelType.equals("llama") || fields.get("sliding_window") == null) {
      return 0;
    }
    return slides(layer) ? positive(fields, "sliding_window") : 0;
  }

  private boolean slides(int layer) {
    JsonNode types = fields.get("layer_types");
    if (types != null) {
      String type = types.path(layer).asText();
      refuse(
          fields,
          "layer_types",
          types.size() != layers || !type.matches("(full|sliding)_attention"),
          "a list of full_attention or sliding_attention for each layer");
      return type.equals("sliding_attention");
    }
    if (modelType.equals("qwen2")) {
      return fields.bool("use_sliding_window", false)
          && layer >= fields.integer("max_window_layers");
    }
    return true;
  }
}
