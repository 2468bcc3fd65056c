package io.github.tornadosse.nn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.UserError;

/**
 * A model's configuration: the {@code config.json} of {@code model_type: sse} (docs/mathematics.md
 * section 5).
 *
 * @param vocabSize size of the vocabulary
 * @param hiddenSize D
 * @param layers number of blocks
 * @param heads H, query and key heads
 * @param valueHeads HV, a multiple of H
 * @param headDim K
 * @param expandV value head dim as a multiple of K
 * @param partitions N sparse partitions; 0 for plain gated linear attention
 * @param writers W partitions written per token
 * @param readers R partitions read per token
 * @param intermediateSize inner size of the MLP
 * @param normEps epsilon of the RMS norms
 * @param auxLossCoef weight of the balance loss
 * @param queryActivation {@link io.github.tornadosse.kernels.Activation} of queries
 * @param keyActivation {@link io.github.tornadosse.kernels.Activation} of keys
 * @param rowTopk rows of the state that a key writes; K for all
 * @param outputGate whether the mixer's output is gated
 * @param gateRank inner width of the decay gate's low-rank pair
 * @param tieEmbeddings whether the output weight is the embedding's
 * @param initializerRange standard deviation of initial weights
 */
public record ModelConfig(
    int vocabSize,
    int hiddenSize,
    int layers,
    int heads,
    int valueHeads,
    int headDim,
    double expandV,
    int partitions,
    int writers,
    int readers,
    int intermediateSize,
    double normEps,
    double auxLossCoef,
    int queryActivation,
    int keyActivation,
    int rowTopk,
    boolean outputGate,
    int gateRank,
    boolean tieEmbeddings,
    double initializerRange) {

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
    require(heads > 0, "num_heads must be positive, not " + heads);
    require(headDim > 0, "head_dim must be positive, not " + headDim);
    require(
        valueHeads > 0 && valueHeads % heads == 0,
        "num_v_heads (" + valueHeads + ") must be a multiple of num_heads (" + heads + ")");
    require(
        expandV > 0 && expandV * headDim == Math.rint(expandV * headDim),
        "expand_v (" + expandV + ") times head_dim (" + headDim + ") must be a whole number");
    require(partitions >= 0, "num_sparse_partition must not be negative, not " + partitions);
    if (partitions > 0) {
      require(
          writers >= 1 && writers <= partitions,
          "num_writer ("
              + writers
              + ") must be from 1 to num_sparse_partition ("
              + partitions
              + ")");
      require(
          readers >= 1 && readers <= partitions,
          "num_reader ("
              + readers
              + ") must be from 1 to num_sparse_partition ("
              + partitions
              + ")");
    }
    require(intermediateSize > 0, "intermediate_size must be positive, not " + intermediateSize);
    require(
        rowTopk >= 1 && rowTopk <= headDim,
        "row_topk (" + rowTopk + ") must be from 1 to head_dim (" + headDim + ")");
    require(gateRank > 0, "gate_low_rank_dim must be positive, not " + gateRank);
    require(Double.isFinite(normEps) && normEps > 0, "norm_eps must be positive, not " + normEps);
    require(
        Double.isFinite(auxLossCoef) && auxLossCoef >= 0,
        "aux_loss_coef must not be negative, not " + auxLossCoef);
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new UserError("model configuration: " + rule);
    }
  }

  /** V, the dim of one value head. */
  public int valueDim() {
    return (int) Math.rint(expandV * headDim);
  }

  /** Dim of all value heads that share a key head, side by side. */
  public int groupedValueDim() {
    return valueHeads / heads * valueDim();
  }

  /** H·K. */
  public int keySize() {
    return heads * headDim;
  }

  /** HV·V. */
  public int valueSize() {
    return valueHeads * valueDim();
  }

  /** Partitions that a token takes part in: max(W, R), 0 without sparse partitions. */
  public int width() {
    return partitions == 0 ? 0 : Math.max(writers, readers);
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
   *     type, sizes do not fit each other, or it asks for what is not built
   */
  public static ModelConfig fromJson(JsonNode json, String where) {
    Fields f = new Fields(json, where);
    String type = f.text("model_type", "sse");
    if (!type.equals("sse")) {
      throw new UserError(where + ": model_type is '" + type + "'; this program reads 'sse'");
    }
    String attention = f.text("linear_attn_type", "gla");
    if (!attention.equals("gla")) {
      throw new UserError(
          where
              + ": linear_attn_type '"
              + attention
              + "' is not supported by the model; use 'gla'");
    }
    if (json.hasNonNull("attn")) {
      throw new UserError(
          where + ": softmax attention layers ('attn') are not supported; leave it out");
    }
    if (f.bool("use_short_conv", false)) {
      throw new UserError(where + ": use_short_conv is not supported; set it to false");
    }
    String act = f.text("hidden_act", "swish");
    if (!act.equals("swish") && !act.equals("silu")) {
      throw new UserError(where + ": hidden_act is '" + act + "'; it must be 'swish'");
    }
    int hidden = f.integer("hidden_size", 2048);
    int heads = f.integer("num_heads", 16);
    int headDim = f.integer("head_dim", 128);
    int partitions = f.integer("num_sparse_partition", 4);
    int writers = f.integer("num_writer", 1);
    return new ModelConfig(
        f.integer("vocab_size", 32000),
        hidden,
        f.integer("num_hidden_layers", 24),
        heads,
        f.integer("num_v_heads", heads),
        headDim,
        f.number("expand_v", 1),
        partitions,
        partitions == 0 ? 0 : writers,
        partitions == 0 ? 0 : f.integer("num_reader", 1),
        f.integer(
            "intermediate_size", defaultIntermediateSize(hidden, f.number("hidden_ratio", 4))),
        f.number("norm_eps", 1e-6),
        f.number("aux_loss_coef", 0.01),
        f.bool("use_q_softmax", false) ? 1 : 0,
        f.bool("use_k_softmax", true) ? 1 : 0,
        f.integer("row_topk", headDim),
        f.bool("use_output_gate", true),
        f.integer("gate_low_rank_dim", 16),
        f.bool("tie_word_embeddings", false),
        f.number("initializer_range", 0.02));
  }

  /** The configuration as the {@code config.json} that this and the authors' model read. */
  public ObjectNode toJson() {
    ObjectNode j = JSON.createObjectNode();
    j.put("model_type", "sse");
    j.putArray("architectures").add("SSEForCausalLM");
    j.put("attn_mode", "chunk");
    j.put("sse_implementation", "varlen");
    j.put("linear_attn_type", "gla");
    j.put("vocab_size", vocabSize);
    j.put("hidden_size", hiddenSize);
    j.put("num_hidden_layers", layers);
    j.put("num_heads", heads);
    if (valueHeads != heads) {
      j.put("num_v_heads", valueHeads);
    }
    j.put("head_dim", headDim);
    j.put("expand_v", expandV);
    j.put("num_sparse_partition", partitions);
    if (partitions > 0) {
      j.put("num_writer", writers);
      j.put("num_reader", readers);
    }
    j.put("intermediate_size", intermediateSize);
    j.put("hidden_act", "swish");
    j.put("norm_eps", normEps);
    j.put("aux_loss_coef", auxLossCoef);
    j.put("use_q_softmax", queryActivation == 1);
    j.put("use_k_softmax", keyActivation == 1);
    if (rowTopk != headDim) {
      j.put("row_topk", rowTopk);
    }
    j.put("use_output_gate", outputGate);
    j.put("use_short_conv", false);
    j.put("gate_low_rank_dim", gateRank);
    j.put("tie_word_embeddings", tieEmbeddings);
    j.put("initializer_range", initializerRange);
    j.put("torch_dtype", "float32");
    return j;
  }

  private record Fields(JsonNode json, String where) {
    private JsonNode get(String name) {
      JsonNode n = json.get(name);
      return n == null || n.isNull() ? null : n;
    }

    private UserError wrong(String name, JsonNode value, String expected) {
      return new UserError(where + ": " + name + " is " + value + "; it must be " + expected);
    }

    int integer(String name, int fallback) {
      JsonNode n = get(name);
      if (n == null) {
        return fallback;
      }
      if (!n.canConvertToInt() || !n.isIntegralNumber()) {
        throw wrong(name, n, "a whole number");
      }
      return n.intValue();
    }

    double number(String name, double fallback) {
      JsonNode n = get(name);
      if (n == null) {
        return fallback;
      }
      if (!n.isNumber()) {
        throw wrong(name, n, "a number");
      }
      return n.doubleValue();
    }

    boolean bool(String name, boolean fallback) {
      JsonNode n = get(name);
      if (n == null) {
        return fallback;
      }
      if (!n.isBoolean()) {
        throw wrong(name, n, "true or false");
      }
      return n.booleanValue();
    }

    String text(String name, String fallback) {
      JsonNode n = get(name);
      if (n == null) {
        return fallback;
      }
      if (!n.isTextual()) {
        throw wrong(name, n, "a text");
      }
      return n.textValue();
    }
  }
}
