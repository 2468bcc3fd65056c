package io.github.tornadosse.convert;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.TensorSource;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelConfig.Kind;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.JsonFiles;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The conversion of a pretrained Transformer into a hybrid (docs/conversion.md): embeddings, norms,
 * MLPs and the softmax layers that are kept are taken over as they are; in the other layers the
 * projections of queries, keys, values and output become the mixer's, and the rest of the mixer is
 * new.
 */
final class HybridConversion {
  private static final Pattern IN_LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\.(.+)");

  private static final Map<String, String> NAMES =
      Map.of(
          "model.embeddings.weight",
          LlamaCheckpoint.EMBEDDINGS,
          "model.norm.weight",
          LlamaCheckpoint.NORM,
          "lm_head.weight",
          LlamaCheckpoint.HEAD,
          "attn_norm.weight",
          "input_layernorm.weight",
          "mlp_norm.weight",
          "post_attention_layernorm.weight");

  private final LlamaCheckpoint source;
  private final ModelConfig target;
  private final InitialValues initial;
  private final List<Part> parts = new ArrayList<>();

  /**
   * A tensor of the target.
   *
   * @param spec its name and shape
   * @param layer which layer's it is; −1 for the model's own
   * @param from what it is made of; null for a new one
   * @param repeats how many heads each head of the source becomes
   * @param rule how it begins if it is new
   */
  private record Part(
      TensorSpec spec, int layer, String from, int repeats, InitialValues.Rule rule) {}

  /**
   * Prepares a conversion; weights are read when they are asked for.
   *
   * @param source the source
   * @param options which layers stay, what the others become
   * @throws UserError if the options do not fit the source, or it has what cannot be represented
   */
  HybridConversion(LlamaCheckpoint source, HybridOptions options) {
    this.source = source;
    List<Integer> kept = AttentionLayers.parse(options.attentionLayers(), source.layers());
    target = TargetConfig.of(source.config(), kept, options.overrides());
    initial = new InitialValues(target, options.seed(), this::valueScale);
    for (TensorSpec t : ModelWeights.tensors(target)) {
      parts.add(part(t));
    }
    checkOutputBiases(kept);
  }

  private Part part(TensorSpec t) {
    Matcher m = IN_LAYER.matcher(t.name());
    if (!m.matches()) {
      return new Part(t, -1, NAMES.get(t.name()), 1, null);
    }
    int layer = Integer.parseInt(m.group(1));
    String name = m.group(2);
    boolean mixer = target.kind(layer) == Kind.MIXER;
    String from = NAMES.getOrDefault(name, name);
    int repeats = 1;
    if (name.matches("attn\\.[qkvo]_proj\\.(weight|bias)")) {
      from = "self_" + name;
      if (mixer && name.matches("attn\\.[kv].*")) {
        repeats = source.config().heads() / source.config().keyHeads();
      }
    } else if (name.startsWith("attn.")) {
      return new Part(t, layer, null, 1, InitialValues.rule(name));
    }
    return new Part(t, layer, LlamaCheckpoint.layer(layer, from), repeats, null);
  }

  /** The output projection has no bias here, which is right only for one that is 0. */
  private void checkOutputBiases(List<Integer> kept) {
    if (!source.config().outputBias()) {
      return;
    }
    for (int layer : kept) {
      String name = LlamaCheckpoint.layer(layer, "self_attn.o_proj.bias");
      for (float b : source.read(name)) {
        if (b != 0) {
          throw new UserError(
              source.path()
                  + ": attention_bias is true, and tensor \""
                  + name
                  + "\" is not 0; the output projection of softmax layers has no bias here");
        }
      }
    }
  }

  /** The configuration of the result. */
  ModelConfig config() {
    return target;
  }

  private float[] values(Part part) {
    if (part.from == null) {
      return initial.values(part.spec, part.layer, part.rule);
    }
    float[] w = source.read(part.from);
    return part.repeats == 1 ? w : repeatHeads(w, source.config().keyHeads(), part.repeats);
  }

  /** Key head j of the mixer is the source's j / repeats. */
  private static float[] repeatHeads(float[] w, int heads, int repeats) {
    int size = w.length / heads;
    float[] repeated = new float[w.length * repeats];
    for (int j = 0; j < heads * repeats; j++) {
      System.arraycopy(w, j / repeats * size, repeated, j * size, size);
    }
    return repeated;
  }

  /**
   * The root mean square of each channel of a layer's values over its heads, [V], for inputs whose
   * channels are independent and have the norm's root mean square of 1.
   */
  private float[] valueScale(int layer) {
    float[] norm = source.read(LlamaCheckpoint.layer(layer, "input_layernorm.weight"));
    float[] w = source.read(LlamaCheckpoint.layer(layer, "self_attn.v_proj.weight"));
    int dim = source.config().headDim();
    double[] squares = new double[dim];
    for (int i = 0; i < w.length; i++) {
      double x = (double) w[i] * norm[i % norm.length];
      squares[i / norm.length % dim] += x * x;
    }
    float[] scale = new float[dim];
    for (int c = 0; c < dim; c++) {
      scale[c] = (float) Math.sqrt(squares[c] / source.config().keyHeads());
    }
    return scale;
  }

  /** What is taken over and what is new. */
  HybridReport report() {
    ReportBuilder report = new ReportBuilder();
    Set<String> used = new HashSet<>();
    for (Part part : parts) {
      if (part.from == null) {
        report.added(part.spec, initial.words(part.rule));
      } else {
        report.mapped(part.from, part.spec, part.repeats);
        used.add(part.from);
      }
    }
    for (TensorSpec t : source.tensors()) {
      if (!used.contains(t.name())) {
        report.leftOut(t, reason(t.name()));
      }
    }
    return report.build(target);
  }

  private static String reason(String name) {
    if (name.equals(LlamaCheckpoint.HEAD)) {
      return "tied: the output weight is the embedding's";
    }
    if (name.endsWith("inv_freq")) {
      return "follows from rope_theta";
    }
    return name.endsWith("o_proj.bias")
        ? "the output projection has no bias"
        : "the mixer's projections have no biases";
  }

  /**
   * The tensors of the result; a value that is asked for is read from the source.
   *
   * @return in checkpoint order
   */
  List<TensorSource> tensors() {
    List<TensorSource> tensors = new ArrayList<>();
    for (Part part : parts) {
      tensors.add(new TensorSource(part.spec, () -> values(part)));
    }
    return tensors;
  }

  /** The {@code config.json} of the result, with the source's special tokens and context length. */
  ObjectNode json() {
    ObjectNode json = target.toJson();
    ObjectNode from = source.json();
    for (String name :
        List.of("bos_token_id", "eos_token_id", "pad_token_id", "max_position_embeddings")) {
      if (from.hasNonNull(name)) {
        json.set(name, from.get(name));
      }
    }
    Path generation = source.path().resolve(Conversion.GENERATION);
    if (Files.exists(generation)) {
      JsonNode end = JsonFiles.readObject(generation).path("eos_token_id");
      if (!end.isMissingNode() && !end.isNull()) {
        json.set("eos_token_id", end);
      }
    }
    return json;
  }
}
