package io.github.tornadosse.nn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.kernels.Activation;
import io.github.tornadosse.tensor.JsonFields;
import io.github.tornadosse.tensor.UserError;

/**
 * A model's configuration: the {@code config.json} of {@code model_type: sse} (docs/mathematics.md
 * section 5).
 *
 * @param vocabSize size of the vocabulary
 * @param hiddenSize D
 * @param layers number of blocks
 * @param mixer the Sparse State Expansion layers
 * @param attention which blocks have softmax attention instead, and their sizes
 * @param intermediateSize inner size of the MLP
 * @param normEps epsilon of the RMS norms
 * @param auxLossCoef weight of the balance loss
 * @param tieEmbeddings whether the output weight is the embedding's
 * @param initializerRange standard deviation of initial weights
 * @param routerInitializerRange that of the weights of routing logits; as large as initializerRange
 *     unless given
 */
public record ModelConfig(
    int vocabSize,
    int hiddenSize,
    int layers,
    MixerConfig mixer,
    AttentionConfig attention,
    int intermediateSize,
    double normEps,
    double auxLossCoef,
    boolean tieEmbeddings,
    double initializerRange,
    double routerInitializerRange) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Checks that the sizes fit each other.
   *
   * @throws UserError naming the rule that is broken
   */
  public ModelConfig {
    require(vocabSize > 0, "vocab_size must be positive, not " + vocabSize);
    require(hiddenSize > 0, "hidden_size must be positive, not " + hiddenSize);
    require(layers > 0, "num_hidden_layers must be positive, not " + layers);
    require(intermediateSize > 0, "intermediate_size must be positive, not " + intermediateSize);
    require(Double.isFinite(normEps) && normEps > 0, "norm_eps must be positive, not " + normEps);
    require(
        Double.isFinite(auxLossCoef) && auxLossCoef >= 0,
        "aux_loss_coef must not be negative, not " + auxLossCoef);
    require(
        Double.isFinite(routerInitializerRange) && routerInitializerRange >= 0,
        "router_initializer_range must not be negative, not " + routerInitializerRange);
    int previous = -1;
    for (int layer : attention.layers()) {
      require(
          layer > previous && layer < layers,
          "attn.layers must ascend from 0 to num_hidden_layers - 1 ("
              + (layers - 1)
              + "), not "
              + attention.layers());
      previous = layer;
    }
    require(
        attention.layers().isEmpty() || attention.querySize() == hiddenSize,
        "hidden_size ("
            + hiddenSize
            + ") must be a multiple of attn.num_heads ("
            + attention.heads()
            + ")");
  }

  static void require(boolean holds, String rule) {
    if (!holds) {
      throw new UserError("model configuration: " + rule);
    }
  }

  /** The kinds of a block's first half. */
  public enum Kind {
    /** Sparse State Expansion. */
    MIXER,
    /** Softmax attention. */
    ATTENTION
  }

  /** What a layer is. */
  public Kind kind(int layer) {
    return attention.layers().contains(layer) ? Kind.ATTENTION : Kind.MIXER;
  }

  /** Number of layers of a kind. */
  public int count(Kind kind) {
    int softmax = attention.layers().size();
    return kind == Kind.ATTENTION ? softmax : layers - softmax;
  }

  /** How many layers of the same kind come before a layer. */
  public int kindIndex(int layer) {
    Kind kind = kind(layer);
    int before = 0;
    for (int i = 0; i < layer; i++) {
      before += kind(i) == kind ? 1 : 0;
    }
    return before;
  }

  /** Standard deviation that the initial values of a matrix are drawn with, by its name. */
  public double initialRange(String parameter) {
    return parameter.endsWith(".e_proj.weight") ? routerInitializerRange : initializerRange;
  }

  /** N of the layers that have them; 0 in a model without sparse partitions. */
  public int partitions() {
    return count(Kind.MIXER) == 0 ? 0 : mixer.partitions();
  }

  /** What kind of model it is, for people: SSE-n4k1, gated delta rule; softmax in layers 1, 3. */
  public String describe() {
    int softmax = count(Kind.ATTENTION);
    if (softmax == layers) {
      return "softmax attention in all layers";
    }
    String rule =
        mixer.rule() == MixerConfig.Rule.GDN ? "gated delta rule" : "gated linear attention";
    int chosen = Math.max(mixer.writers(), mixer.readers());
    String name = mixer.sparse() ? "SSE-n" + mixer.partitions() + "k" + chosen + ", " : "";
    return name + rule + (softmax == 0 ? "" : "; softmax in layers " + attention.layers());
  }

  /** The size that is used when none is given: 256·⌈int(D·ratio·2/3)/256⌉. */
  public static int defaultIntermediateSize(int hiddenSize, double hiddenRatio) {
    return 256 * (((int) (hiddenSize * hiddenRatio * 2 / 3) + 255) / 256);
  }

  /**
   * Reads a configuration.
   *
   * @param json the configuration's JSON object
   * @param where names its source in messages
   * @return the configuration
   * @throws UserError if it is not of {@code model_type: sse}, a value is missing or of the wrong
   *     type, or sizes do not fit each other
   */
  public static ModelConfig fromJson(JsonNode json, String where) {
    JsonFields f = new JsonFields(json, where, "");
    f.oneOf("model_type", "sse", "sse");
    f.oneOf("hidden_act", "swish", "swish", "silu");
    int hidden = f.integer("hidden_size", 2048);
    return new ModelConfig(
        f.integer("vocab_size", 32000),
        hidden,
        f.integer("num_hidden_layers", 24),
        mixer(f),
        attention(json, where, hidden),
        f.integer(
            "intermediate_size", defaultIntermediateSize(hidden, f.number("hidden_ratio", 4))),
        f.number("norm_eps", 1e-6),
        f.number("aux_loss_coef", 0.01),
        f.bool("tie_word_embeddings", false),
        f.number("initializer_range", 0.02),
        f.number("router_initializer_range", f.number("initializer_range", 0.02)));
  }

  private static MixerConfig mixer(JsonFields f) {
    boolean gdn = f.oneOf("linear_attn_type", "gla", "gla", "gdn").equals("gdn");
    int heads = f.integer("num_heads", 16);
    int headDim = f.integer("head_dim", 128);
    int partitions = f.integer("num_sparse_partition", 4);
    int writers = f.integer("num_writer", 1);
    int readers = f.integer("num_reader", 1);
    return new MixerConfig(
        gdn ? MixerConfig.Rule.GDN : MixerConfig.Rule.GLA,
        heads,
        f.integer("num_v_heads", heads),
        headDim,
        f.number("expand_v", 1),
        partitions,
        writers,
        readers,
        form(f, partitions, Math.max(writers, readers)),
        f.bool("use_q_softmax", false) ? Activation.SOFTMAX : Activation.SILU,
        f.bool("use_k_softmax", !gdn) ? Activation.SOFTMAX : Activation.SILU,
        f.integer("row_topk", headDim),
        f.bool("use_output_gate", true),
        f.integer("gate_low_rank_dim", 16),
        f.bool("use_short_conv", false) ? f.integer("conv_size", 4) : 0,
        f.bool("allow_neg_eigval", false),
        new MixerConfig.Gates(
            f.bool("write_gate", true), f.bool("read_gate", true), f.bool("gate_values", false)),
        f.bool("always_selected", true));
  }

  /** Left to us, it is the masked form where every partition takes part in every token anyway. */
  private static MixerConfig.Form form(JsonFields f, int partitions, int chosen) {
    return switch (f.oneOf("sse_implementation", "auto", "auto", "varlen", "mask")) {
      case "mask" -> MixerConfig.Form.MASK;
      case "varlen" -> MixerConfig.Form.VARLEN;
      default ->
          partitions > 0 && chosen >= partitions ? MixerConfig.Form.MASK : MixerConfig.Form.VARLEN;
    };
  }

  private static AttentionConfig attention(JsonNode json, String where, int hidden) {
    JsonNode attn = json.get("attn");
    if (attn == null || attn.isNull()) {
      return AttentionConfig.NONE;
    }
    if (!attn.isObject()) {
      throw new UserError(
          where + ": attn is " + attn + "; it must be an object with layers and num_heads");
    }
    JsonFields f = new JsonFields(attn, where, "attn.");
    int heads = f.integer("num_heads", 0);
    require(
        heads > 0 && hidden % heads == 0,
        "hidden_size (" + hidden + ") must be a multiple of attn.num_heads (" + heads + ")");
    return new AttentionConfig(
        f.integers("layers"),
        heads,
        f.integer("num_kv_heads", heads),
        hidden / heads,
        f.integer("window_size", 0),
        f.number("rope_theta", 10_000),
        f.bool("qkv_bias", false));
  }

  /** The configuration as the {@code config.json} that this and the authors' model read. */
  public ObjectNode toJson() {
    ObjectNode j = JSON.createObjectNode();
    j.put("model_type", "sse");
    j.putArray("architectures").add("SSEForCausalLM");
    j.put("attn_mode", "chunk");
    j.put("vocab_size", vocabSize);
    j.put("hidden_size", hiddenSize);
    j.put("num_hidden_layers", layers);
    putMixer(j);
    if (!attention.layers().isEmpty()) {
      putAttention(j.putObject("attn"));
    }
    j.put("intermediate_size", intermediateSize);
    j.put("hidden_act", "swish");
    j.put("norm_eps", normEps);
    j.put("aux_loss_coef", auxLossCoef);
    j.put("tie_word_embeddings", tieEmbeddings);
    j.put("initializer_range", initializerRange);
    if (routerInitializerRange != initializerRange) {
      j.put("router_initializer_range", routerInitializerRange);
    }
    j.put("torch_dtype", "float32");
    return j;
  }

  private void putMixer(ObjectNode j) {
    MixerConfig m = mixer;
    j.put("sse_implementation", m.form() == MixerConfig.Form.MASK ? "mask" : "varlen");
    j.put("linear_attn_type", m.rule() == MixerConfig.Rule.GDN ? "gdn" : "gla");
    j.put("num_heads", m.heads());
    if (m.valueHeads() != m.heads()) {
      j.put("num_v_heads", m.valueHeads());
    }
    j.put("head_dim", m.headDim());
    j.put("expand_v", m.expandV());
    j.put("num_sparse_partition", m.partitions());
    if (m.sparse()) {
      j.put("num_writer", m.writers());
      j.put("num_reader", m.readers());
    }
    j.put("use_q_softmax", m.queryActivation() == Activation.SOFTMAX);
    j.put("use_k_softmax", m.keyActivation() == Activation.SOFTMAX);
    if (m.rowTopk() != m.headDim()) {
      j.put("row_topk", m.rowTopk());
    }
    j.put("use_output_gate", m.outputGate());
    j.put("use_short_conv", m.convolution() > 0);
    if (m.convolution() > 0) {
      j.put("conv_size", m.convolution());
    }
    if (m.rule() == MixerConfig.Rule.GDN) {
      j.put("allow_neg_eigval", m.negativeEigenvalues());
    } else {
      j.put("gate_low_rank_dim", m.gateRank());
    }
    if (!m.gates().equals(MixerConfig.Gates.DEFAULT)) {
      j.put("write_gate", m.gates().write());
      j.put("read_gate", m.gates().read());
      j.put("gate_values", m.gates().values());
    }
    if (!m.always()) {
      j.put("always_selected", false);
    }
  }

  private void putAttention(ObjectNode j) {
    ArrayNode list = j.putArray("layers");
    attention.layers().forEach(list::add);
    j.put("num_heads", attention.heads());
    j.put("num_kv_heads", attention.keyHeads());
    if (attention.window() > 0) {
      j.put("window_size", attention.window());
    } else {
      j.putNull("window_size");
    }
    j.put("rope_theta", attention.ropeTheta());
    j.put("qkv_bias", attention.bias());
  }
}
