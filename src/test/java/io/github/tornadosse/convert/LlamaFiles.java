package io.github.tornadosse.convert;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.checkpoint.DType;
import io.github.tornadosse.checkpoint.SafetensorsWriter;
import io.github.tornadosse.tensor.JsonFiles;
import io.github.tornadosse.tensor.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Small random Transformers of the Llama family, in memory and as files. */
public final class LlamaFiles {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** config.json, to be changed before the weights are drawn. */
  public final ObjectNode config;

  /** Weights by name, as they are in the files. */
  public final Map<String, float[]> weights = new LinkedHashMap<>();

  private final Map<String, TensorSpec> specs = new LinkedHashMap<>();
  private DType dtype = DType.F32;

  /**
   * A model of three layers, hidden size 32 and four heads that share two key heads.
   *
   * @param changes to config.json, with ' for "
   */
  public LlamaFiles(String changes) {
    config =
        json(
            """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 29,
             "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
             "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5,
             "rope_theta": 10000.0, "rope_scaling": null, "hidden_act": "silu",
             "attention_bias": false, "mlp_bias": false, "tie_word_embeddings": false,
             "bos_token_id": 1, "eos_token_id": 2, "max_position_embeddings": 128}
            """);
    config.setAll(json("{" + changes.replace('\'', '"') + "}"));
  }

  private static ObjectNode json(String text) {
    try {
      return (ObjectNode) JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  int size(String name) {
    return config.get(name).intValue();
  }

  int headDim() {
    return config.hasNonNull("head_dim")
        ? size("head_dim")
        : size("hidden_size") / size("num_attention_heads");
  }

  boolean bias() {
    return config.get("model_type").textValue().equals("qwen2")
        || config.get("attention_bias").booleanValue();
  }

  /**
   * Draws the weights.
   *
   * @param dtype that they are written in, and rounded to
   * @param seed of the draws
   * @return this
   */
  public LlamaFiles draw(DType dtype, long seed) {
    this.dtype = dtype;
    Random random = new Random(seed);
    int d = size("hidden_size");
    int inner = size("intermediate_size");
    int query = size("num_attention_heads") * headDim();
    int key = size("num_key_value_heads") * headDim();
    add(random, "model.embed_tokens.weight", size("vocab_size"), d);
    for (int i = 0; i < size("num_hidden_layers"); i++) {
      String layer = "model.layers." + i + ".";
      add(random, layer + "input_layernorm.weight", d);
      add(random, layer + "self_attn.q_proj.weight", query, d);
      add(random, layer + "self_attn.k_proj.weight", key, d);
      add(random, layer + "self_attn.v_proj.weight", key, d);
      add(random, layer + "self_attn.o_proj.weight", d, query);
      if (bias()) {
        add(random, layer + "self_attn.q_proj.bias", query);
        add(random, layer + "self_attn.k_proj.bias", key);
        add(random, layer + "self_attn.v_proj.bias", key);
      }
      if (config.get("attention_bias").booleanValue()) {
        add(random, layer + "self_attn.o_proj.bias", d);
      }
      add(random, layer + "post_attention_layernorm.weight", d);
      add(random, layer + "mlp.gate_proj.weight", inner, d);
      add(random, layer + "mlp.up_proj.weight", inner, d);
      add(random, layer + "mlp.down_proj.weight", d, inner);
    }
    add(random, "model.norm.weight", d);
    if (!config.get("tie_word_embeddings").booleanValue()) {
      add(random, "lm_head.weight", size("vocab_size"), d);
    }
    return this;
  }

  /** Adds a drawn tensor, or one in place of another of that name. */
  void add(Random random, String name, int... shape) {
    TensorSpec spec = new TensorSpec(name, shape);
    float[] w = new float[spec.size()];
    for (int i = 0; i < w.length; i++) {
      double draw = random.nextGaussian();
      boolean matrix = shape.length > 1;
      double value = name.endsWith("norm.weight") ? 1 + 0.1 * draw : draw;
      w[i] = round((float) (matrix ? draw / Math.sqrt(shape[1]) : value));
    }
    specs.put(name, spec);
    weights.put(name, w);
  }

  void remove(String name) {
    specs.remove(name);
    weights.remove(name);
  }

  private float round(float x) {
    return switch (dtype) {
      case F16 -> Float.float16ToFloat(Float.floatToFloat16(x));
      case BF16 -> DType.fromBfloat16(DType.toBfloat16(x));
      default -> x;
    };
  }

  /**
   * Writes the model.
   *
   * @param directory where to; made
   * @param shards over how many files the weights are spread
   * @return the directory
   */
  public Path write(Path directory, int shards) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    AtomicFiles.write(directory.resolve("config.json"), JsonFiles.text(config));
    SafetensorsWriter[] files = new SafetensorsWriter[shards];
    ObjectNode index = JSON.createObjectNode();
    ObjectNode map = index.putObject("weight_map");
    int n = 0;
    for (TensorSpec spec : specs.values()) {
      int shard = n++ % shards;
      if (files[shard] == null) {
        files[shard] = new SafetensorsWriter().metadata("format", "pt");
      }
      files[shard].floats(spec, dtype, weights.get(spec.name()), 0);
      map.put(spec.name(), name(shard, shards));
    }
    for (int i = 0; i < shards; i++) {
      files[i].write(directory.resolve(name(i, shards)));
    }
    if (shards > 1) {
      AtomicFiles.write(directory.resolve("model.safetensors.index.json"), JsonFiles.text(index));
    }
    return directory;
  }

  private static String name(int shard, int shards) {
    return shards == 1
        ? "model.safetensors"
        : "model-%05d-of-%05d.safetensors".formatted(shard + 1, shards);
  }
}
