package io.github.tornadosse.convert;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.github.tornadosse.nn.AttentionConfig;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.tensor.NearestName;
import io.github.tornadosse.tensor.UserError;
import java.util.List;

/** The configuration that a conversion leads to. */
final class TargetConfig {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /** What the source does not decide. */
  private static final List<String> FREE =
      List.of(
          "linear_attn_type",
          "sse_implementation",
          "num_sparse_partition",
          "num_writer",
          "num_reader",
          "use_q_softmax",
          "use_k_softmax",
          "row_topk",
          "use_output_gate",
          "gate_low_rank_dim",
          "use_short_conv",
          "conv_size",
          "allow_neg_eigval",
          "write_gate",
          "read_gate",
          "gate_values",
          "always_selected",
          "aux_loss_coef",
          "initializer_range",
          "router_initializer_range");

  private TargetConfig() {}

  /**
   * The configuration of a conversion.
   *
   * @param source the source's
   * @param kept the layers that keep their softmax attention, ascending
   * @param overrides assignments to keys that the source does not decide
   * @return with n4k1 gated linear attention and no output gate where nothing else is asked for
   * @throws UserError if the source's attention cannot be represented, an override is no
   *     assignment, its key is unknown or the source's, or its value does not fit
   */
  static ModelConfig of(LlamaConfig source, List<Integer> kept, List<String> overrides) {
    ObjectNode json = JSON.createObjectNode();
    json.put("model_type", "sse");
    json.put("vocab_size", source.vocabSize());
    json.put("hidden_size", source.hiddenSize());
    json.put("num_hidden_layers", source.layers());
    json.put("num_heads", source.heads());
    json.put("head_dim", source.headDim());
    json.put("intermediate_size", source.intermediateSize());
    json.put("norm_eps", source.normEps());
    json.put("tie_word_embeddings", source.tied());
    json.put("initializer_range", source.initializerRange());
    json.put("use_output_gate", false);
    if (!kept.isEmpty()) {
      attention(json.putObject("attn"), source.attention(kept));
    }
    overrides.forEach(override -> set(json, override));
    return ModelConfig.fromJson(json, "conversion");
  }

  private static void attention(ObjectNode json, AttentionConfig a) {
    ArrayNode layers = json.putArray("layers");
    a.layers().forEach(layers::add);
    json.put("num_heads", a.heads());
    json.put("num_kv_heads", a.keyHeads());
    json.put("window_size", a.window());
    json.put("rope_theta", a.ropeTheta());
    json.put("qkv_bias", a.bias());
  }

  private static void set(ObjectNode json, String override) {
    int at = override.indexOf('=');
    if (at <= 0) {
      throw new UserError("override '" + override + "' must be key=value, such as num_writer=2");
    }
    String name = override.substring(0, at).strip();
    if (!FREE.contains(name)) {
      String reason =
          json.has(name) || name.startsWith("attn.") || name.matches("num_v_heads|expand_v")
              ? name + " is the source's; there are " + String.join(", ", FREE)
              : "unknown key '"
                  + name
                  + "'"
                  + NearestName.of(name, FREE)
                      .map(near -> "; did you mean '" + near + "'?")
                      .orElse("; there are " + String.join(", ", FREE));
      throw new UserError("override '" + override + "': " + reason);
    }
    json.set(name, value(override.substring(at + 1).strip()));
  }

  /** A number or a truth value as such, everything else as a text. */
  private static JsonNode value(String text) {
    try {
      JsonNode n = JSON.readTree(text);
      return n.isNumber() || n.isBoolean() ? n : TextNode.valueOf(text);
    } catch (JsonProcessingException e) {
      return TextNode.valueOf(text);
    }
  }
}
