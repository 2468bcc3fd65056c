package io.github.tornadosse.convert;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.DType;
import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A pretrained Transformer of the Llama family: {@code config.json} of {@code model_type} llama,
 * mistral or qwen2, and its weights.
 */
final class LlamaCheckpoint {
  static final String EMBEDDINGS = "model.embed_tokens.weight";
  static final String NORM = "model.norm.weight";
  static final String HEAD = "lm_head.weight";

  private static final Set<DType> FLOATS = EnumSet.of(DType.F32, DType.F16, DType.BF16, DType.F64);

  private final HuggingFaceDirectory directory;
  private final LlamaConfig config;
  private final Map<String, TensorSpec> tensors = new LinkedHashMap<>();

  private LlamaCheckpoint(HuggingFaceDirectory directory, LlamaConfig config) {
    this.directory = directory;
    this.config = config;
  }

  /**
   * Reads a configuration and checks that the checkpoint is whole: every tensor is there with its
   * shape and a type of floats, and no other.
   *
   * @param directory the open directory
   * @return the checkpoint, which reads from the directory
   * @throws UserError if a tensor is missing, unknown or wrong, the model type is another, or a
   *     field asks for what no conversion can represent
   */
  static LlamaCheckpoint of(HuggingFaceDirectory directory) {
    String where = directory.directory().resolve(HuggingFaceDirectory.CONFIG).toString();
    LlamaCheckpoint checkpoint =
        new LlamaCheckpoint(directory, LlamaConfig.fromJson(directory.config(), where));
    checkpoint.list();
    directory.check(List.copyOf(checkpoint.tensors.values()));
    checkpoint.tensors.keySet().forEach(checkpoint::checkType);
    return checkpoint;
  }

  private void checkType(String name) {
    DType type = directory.dtype(name);
    if (!FLOATS.contains(type)) {
      throw new UserError(
          "%s: tensor \"%s\" is of type %s; it must be one of %s"
              .formatted(path(), name, type, FLOATS));
    }
  }

  private void list() {
    LlamaConfig c = config;
    int d = c.hiddenSize();
    add(EMBEDDINGS, c.vocabSize(), d);
    Set<String> there = new HashSet<>(directory.names());
    for (int i = 0; i < c.layers(); i++) {
      String layer = layer(i, "");
      add(layer + "input_layernorm.weight", d);
      projection(layer, "q", c.heads() * c.headDim(), d, c.bias());
      projection(layer, "k", c.keyHeads() * c.headDim(), d, c.bias());
      projection(layer, "v", c.keyHeads() * c.headDim(), d, c.bias());
      projection(layer, "o", d, c.heads() * c.headDim(), c.outputBias());
      // Angles that older versions of the transformers library saved along.
      String angles = layer + "self_attn.rotary_emb.inv_freq";
      if (there.contains(angles)) {
        add(angles, c.headDim() / 2);
      }
      add(layer + "post_attention_layernorm.weight", d);
      add(layer + "mlp.gate_proj.weight", c.intermediateSize(), d);
      add(layer + "mlp.up_proj.weight", c.intermediateSize(), d);
      add(layer + "mlp.down_proj.weight", d, c.intermediateSize());
    }
    add(NORM, d);
    if (!c.tied() || there.contains(HEAD)) {
      add(HEAD, c.vocabSize(), d);
    }
  }

  private void projection(String layer, String name, int out, int in, boolean bias) {
    add(layer + "self_attn." + name + "_proj.weight", out, in);
    if (bias) {
      add(layer + "self_attn." + name + "_proj.bias", out);
    }
  }

  private void add(String name, int... shape) {
    tensors.put(name, new TensorSpec(name, shape));
  }

  /** The name of a tensor of a layer. */
  static String layer(int layer, String name) {
    return "model.layers." + layer + "." + name;
  }

  /** The directory, as given. */
  Path path() {
    return directory.directory();
  }

  /** The number of layers. */
  int layers() {
    return config.layers();
  }

  /** What the configuration says of the model. */
  LlamaConfig config() {
    return config;
  }

  /** The configuration as it stands. */
  ObjectNode json() {
    return directory.config();
  }

  /** All tensors of the files. */
  List<TensorSpec> tensors() {
    return new ArrayList<>(tensors.values());
  }

  /** A tensor's name and shape; null if there is no such. */
  TensorSpec tensor(String name) {
    return tensors.get(name);
  }

  /**
   * Reads a tensor.
   *
   * @param name one of {@link #tensors()}
   * @return its elements in row-major order
   */
  float[] read(String name) {
    TensorSpec spec = tensors.get(name);
    float[] values = new float[spec.size()];
    directory.readInto(spec, values, 0);
    return values;
  }
}
