package io.github.tornadosse.eval.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.tornadosse.kernels.reference.AttentionShape;
import io.github.tornadosse.kernels.reference.MixerShape;
import io.github.tornadosse.kernels.reference.ModelShape;
import io.github.tornadosse.tensor.UserError;
import java.util.Set;
import java.util.TreeSet;

/** The reference tier's shapes from a configuration in JSON, with the authors' defaults. */
public final class ReferenceShapes {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ReferenceShapes() {}

  /**
   * Parses a configuration.
   *
   * @param text JSON
   * @param where names its source in messages
   * @return its object
   * @throws UserError if it is not JSON
   */
  public static JsonNode parse(String text, String where) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new UserError(where + ": the configuration is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * The shape of a mixer.
   *
   * @param c configuration
   * @return the shape
   */
  public static MixerShape mixer(JsonNode c) {
    boolean deltaRule = c.path("linear_attn_type").asText("gla").equals("gdn");
    int heads = c.get("num_heads").asInt();
    int key = c.get("head_dim").asInt();
    return new MixerShape(
        c.get("hidden_size").asInt(),
        heads,
        c.path("num_v_heads").asInt(heads),
        key,
        (int) Math.rint(c.path("expand_v").asDouble(1) * key),
        c.path("num_sparse_partition").asInt(4),
        c.path("num_writer").asInt(1),
        c.path("num_reader").asInt(1),
        deltaRule,
        c.path("use_q_softmax").asBoolean(false),
        c.path("use_k_softmax").asBoolean(!deltaRule),
        c.path("row_topk").asInt(key),
        c.path("use_output_gate").asBoolean(true),
        c.path("use_short_conv").asBoolean(false),
        c.path("allow_neg_eigval").asBoolean(false),
        c.path("write_gate").asBoolean(true),
        c.path("read_gate").asBoolean(true),
        c.path("gate_values").asBoolean(false),
        c.path("always_selected").asBoolean(true),
        c.path("norm_eps").asDouble(1e-6));
  }

  /**
   * The shape of a model.
   *
   * @param c configuration
   * @return the shape
   */
  public static ModelShape model(JsonNode c) {
    MixerShape mixer = mixer(c);
    JsonNode attn = c.path("attn");
    AttentionShape attention = null;
    Set<Integer> layers = new TreeSet<>();
    if (attn.isObject()) {
      int heads = attn.get("num_heads").asInt();
      attention =
          new AttentionShape(
              mixer.hidden(),
              heads,
              attn.path("num_kv_heads").asInt(heads),
              attn.path("window_size").asInt(0),
              attn.path("rope_theta").asDouble(10000),
              attn.path("qkv_bias").asBoolean(false));
      attn.get("layers").forEach(layer -> layers.add(layer.asInt()));
    }
    return new ModelShape(
        c.get("num_hidden_layers").asInt(),
        c.get("vocab_size").asInt(),
        c.get("intermediate_size").asInt(),
        c.path("tie_word_embeddings").asBoolean(false),
        c.path("aux_loss_coef").asDouble(0.01),
        mixer,
        attention,
        layers);
  }
}
