package io.github.tornadosse.nn;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small models of every form and variant, by name. */
public final class Variants {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String BASE =
      """
      {"vocab_size": 29, "hidden_size": 32, "num_hidden_layers": 2, "num_heads": 2,
       "head_dim": 16, "intermediate_size": 48, "norm_eps": 1e-5, "aux_loss_coef": 0.1}
      """;

  private static final Map<String, String> CHANGES = new LinkedHashMap<>();

  static {
    String gdn = "'linear_attn_type': 'gdn'";
    add("gla n4k1", "");
    add("plain gla", "'num_sparse_partition': 0");
    add(
        "odd sizes",
        "'hidden_size': 37, 'num_heads': 3, 'head_dim': 17, 'num_sparse_partition': 5,"
            + "'num_writer': 2, 'num_reader': 2, 'intermediate_size': 45,"
            + "'use_output_gate': false, 'gate_low_rank_dim': 7, 'tie_word_embeddings': true");
    add(
        "more writers, grouped values, narrow, q softmax",
        "'num_v_heads': 4, 'expand_v': 0.5, 'num_sparse_partition': 6, 'num_writer': 3,"
            + "'num_reader': 1, 'use_q_softmax': true");
    add(
        "more readers, wide, row top-k",
        "'num_heads': 1, 'num_v_heads': 2, 'head_dim': 20, 'expand_v': 2, 'num_reader': 3,"
            + "'row_topk': 3");
    add("SiLU keys, one partition", "'num_sparse_partition': 1, 'use_k_softmax': false");
    add("masked form", "'sse_implementation': 'mask', 'num_writer': 2, 'num_reader': 2");
    add("masked form, W > R", "'sse_implementation': 'mask', 'num_writer': 2");
    add("convolution", "'use_short_conv': true");
    add("convolution of 3, row top-k", "'use_short_conv': true, 'conv_size': 3, 'row_topk': 5");
    add(
        "plain gla with convolution",
        "'num_sparse_partition': 0, 'use_short_conv': true, 'num_v_heads': 4");
    add("no write gate", "'write_gate': false, 'num_writer': 2, 'num_reader': 2");
    add("no read gate", "'read_gate': false, 'num_writer': 2, 'num_reader': 2");
    add("no gates", "'write_gate': false, 'read_gate': false");
    add("without partition 0", "'always_selected': false");
    add("gdn n4k1", gdn);
    add("plain gdn", gdn + ", 'num_sparse_partition': 0");
    add(
        "gdn, convolution, negative eigenvalues, grouped values",
        gdn + ", 'use_short_conv': true, 'allow_neg_eigval': true, 'num_v_heads': 4");
    add("gdn, W > R", gdn + ", 'num_writer': 3, 'num_reader': 1");
    add("gdn, R > W, wide", gdn + ", 'num_reader': 2, 'expand_v': 2, 'head_dim': 12");
    add(
        "gdn, masked form, key softmax",
        gdn + ", 'sse_implementation': 'mask', 'use_k_softmax': true");
    add("gdn, gate on values", gdn + ", 'gate_values': true, 'num_writer': 2, 'num_reader': 2");
    add(
        "gdn, gate on values, read alone, masked",
        gdn + ", 'gate_values': true, 'write_gate': false, 'sse_implementation': 'mask'");
    add("gdn without partition 0", gdn + ", 'always_selected': false");
    add(
        "hybrid",
        "'num_hidden_layers': 3, 'attn': {'layers': [1], 'num_heads': 4, 'num_kv_heads': 2}");
    add(
        "hybrid, window, bias, tied",
        "'tie_word_embeddings': true, 'attn': {'layers': [0], 'num_heads': 2, 'num_kv_heads': 1,"
            + "'window_size': 16, 'rope_theta': 500000, 'qkv_bias': true}");
    add(
        "gdn hybrid, softmax first and last",
        gdn + ", 'num_hidden_layers': 3, 'attn': {'layers': [0, 2], 'num_heads': 4}");
    add("transformer", "'attn': {'layers': [0, 1], 'num_heads': 4, 'num_kv_heads': 2}");
  }

  private Variants() {}

  private static void add(String name, String changes) {
    CHANGES.put(name, "{" + changes.replace('\'', '"') + "}");
  }

  /** All names. */
  public static List<String> names() {
    return new ArrayList<>(CHANGES.keySet());
  }

  /** The configuration of that name. */
  public static ModelConfig config(String name) {
    return ModelConfig.fromJson(json(name), name);
  }

  /** The same as JSON, to be varied. */
  public static ObjectNode json(String name) {
    try {
      ObjectNode json = (ObjectNode) JSON.readTree(BASE);
      json.setAll((ObjectNode) JSON.readTree(CHANGES.get(name)));
      return json;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(name, e);
    }
  }
}
