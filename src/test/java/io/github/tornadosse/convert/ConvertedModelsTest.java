package io.github.tornadosse.convert;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.DType;
import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.eval.verify.ReferenceShapes;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.infer.ModelLoader;
import io.github.tornadosse.kernels.reference.Model;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import io.github.tornadosse.nn.AdamSettings;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.Trainable;
import io.github.tornadosse.nn.TrainingModel;
import io.github.tornadosse.runtime.Tiers;
import io.github.tornadosse.tensor.TensorSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Conversions as models: what is kept computes what the source does, and what is new trains. */
class ConvertedModelsTest {
  private static final List<String> TIERS = List.of("portable", "vector");

  @TempDir private Path folder;

  static Stream<Arguments> sources() {
    return Stream.of(
            Arguments.of("", DType.F32, 1),
            Arguments.of("'num_key_value_heads': 4, 'tie_word_embeddings': true", DType.F32, 1),
            Arguments.of("'num_key_value_heads': 1, 'rope_theta': 500000.0", DType.BF16, 3),
            Arguments.of("'attention_bias': false, 'num_hidden_layers': 1", DType.F16, 1),
            Arguments.of("'model_type': 'qwen2', 'tie_word_embeddings': true", DType.F32, 2),
            Arguments.of("'model_type': 'mistral', 'sliding_window': 9", DType.F32, 1))
        .flatMap(
            source ->
                TIERS.stream()
                    .map(
                        tier ->
                            Arguments.of(source.get()[0], source.get()[1], source.get()[2], tier)));
  }

  @ParameterizedTest(name = "{0} as {1} in {2}, {3}")
  @MethodSource("sources")
  void withAllLayersKeptLogitsAreTheSources(String changes, DType dtype, int shards, String tier) {
    LlamaFiles llama = new LlamaFiles(changes).draw(dtype, 11);
    Path converted = convert(llama, shards, "all");
    SplittableRandom random = new SplittableRandom(3);
    int[] cu = {0, 1, 30, 71};
    int[] ids = random.ints(71, 0, 29).toArray();
    double[] expected = reference(llama, ids, cu);
    PackedBatch batch = new PackedBatch(ids, Model.targets(ids, cu), cu);
    Operations ops = Tiers.choose(tier).operations();
    try (LanguageModel model =
        ModelLoader.load(converted, ops, LanguageModel.Capacity.scoring(71, 3))) {
      float[] logits = model.logits(batch);
      double[] actual = new double[logits.length];
      for (int i = 0; i < logits.length; i++) {
        actual[i] = logits[i];
      }
      Comparison comparison = new Comparison();
      comparison.forward("logits", actual, expected);
      assertThat(comparison.result(changes, ops.tier()).reason()).isEmpty();
    }
  }

  /** The source in double precision, from its own files' weights. */
  private static double[] reference(LlamaFiles llama, int[] ids, int[] cu) {
    int layers = llama.size("num_hidden_layers");
    ObjectNode shape = new ObjectMapper().createObjectNode();
    shape.put("vocab_size", llama.size("vocab_size"));
    shape.put("hidden_size", llama.size("hidden_size"));
    shape.put("intermediate_size", llama.size("intermediate_size"));
    shape.put("num_hidden_layers", layers);
    shape.put("num_heads", 1).put("head_dim", 8);
    shape.set("norm_eps", llama.config.get("rms_norm_eps"));
    shape.set("tie_word_embeddings", llama.config.get("tie_word_embeddings"));
    ObjectNode attn = shape.putObject("attn");
    attn.put("num_heads", llama.size("num_attention_heads"));
    attn.put("num_kv_heads", llama.size("num_key_value_heads"));
    attn.set("rope_theta", llama.config.get("rope_theta"));
    attn.put("window_size", llama.config.path("sliding_window").intValue());
    attn.put("qkv_bias", llama.bias());
    ArrayNode all = attn.putArray("layers");
    Map<String, Variable> parameters = new LinkedHashMap<>();
    put(parameters, "model.embeddings.weight", llama, "model.embed_tokens.weight");
    put(parameters, "model.norm.weight", llama, "model.norm.weight");
    put(parameters, "lm_head.weight", llama, "lm_head.weight");
    for (int i = 0; i < layers; i++) {
      all.add(i);
      String layer = "model.layers." + i + ".";
      put(parameters, layer + "attn_norm.weight", llama, layer + "input_layernorm.weight");
      put(parameters, layer + "mlp_norm.weight", llama, layer + "post_attention_layernorm.weight");
      for (String name : List.of("gate", "up", "down")) {
        String mlp = layer + "mlp." + name + "_proj.weight";
        put(parameters, mlp, llama, mlp);
      }
      for (String name : List.of("q", "k", "v", "o")) {
        for (String kind : List.of("weight", "bias")) {
          String projection = "attn." + name + "_proj." + kind;
          put(parameters, layer + projection, llama, layer + "self_" + projection);
        }
      }
    }
    return new Model(ReferenceShapes.model(shape), parameters)
        .forward(new Tape(), ids, cu)
        .logits()
        .data();
  }

  private static void put(Map<String, Variable> to, String name, LlamaFiles llama, String source) {
    float[] w = llama.weights.get(source);
    if (w != null) {
      double[] data = new double[w.length];
      for (int i = 0; i < w.length; i++) {
        data[i] = w[i];
      }
      to.put(name, new Variable(data));
    }
  }

  private Path convert(LlamaFiles llama, int shards, String layers, String... overrides) {
    Path to = folder.resolve("converted");
    Conversion.run(
        llama.write(folder.resolve("llama"), shards),
        to,
        new Conversion.Options(
            DType.F32, Long.MAX_VALUE, new HybridOptions(layers, List.of(overrides), 1)),
        (done, of) -> {});
    return to;
  }

  /** Sequences that count up by a step of their own. */
  private static PackedBatch batch(long seed) {
    int[] cu = {0, 40, 41, 90};
    int[] ids = new int[90];
    SplittableRandom random = new SplittableRandom(seed);
    for (int s = 0; s < 3; s++) {
      int step = 1 + random.nextInt(3);
      int at = random.nextInt(29);
      for (int t = cu[s]; t < cu[s + 1]; t++) {
        ids[t] = at;
        at = (at + step) % 29;
      }
    }
    return new PackedBatch(ids, Model.targets(ids, cu), cu);
  }

  @ParameterizedTest(name = "softmax in {0}, {1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''  | num_sparse_partition=4
          ''  | use_output_gate=true
          ''  | use_short_conv=true
          1   | num_sparse_partition=4
          0,2 | linear_attn_type=gdn
          ''  | linear_attn_type=gdn
          all | num_sparse_partition=4
          """)
  void whatIsNewTrains(String layers, String override) {
    LlamaFiles llama = new LlamaFiles("").draw(DType.F32, 5);
    Path converted = convert(llama, 1, layers, override);
    Operations ops = Tiers.choose("auto").operations();
    try (HuggingFaceDirectory directory = HuggingFaceDirectory.open(converted)) {
      ModelConfig config = ModelConfig.fromJson(directory.config(), "converted");
      TrainingModel.Settings settings =
          new TrainingModel.Settings(90, 3, new AdamSettings(0.9, 0.95, 1e-8, 0), false);
      try (TrainingModel model = TrainingModel.create(config, settings, ops, 1)) {
        List<TensorSpec> tensors = model.tensors();
        for (int i = 0; i < tensors.size(); i++) {
          float[] w = new float[tensors.get(i).size()];
          directory.readInto(tensors.get(i), w, 0);
          model.writeParameter(i, w, 0);
        }
        List<Double> losses = new ArrayList<>();
        for (int step = 1; step <= 30; step++) {
          PackedBatch b = batch(step);
          model.zeroGradients();
          Trainable.Outcome o = model.accumulate(b, 1.0 / b.targetCount(), 0.01);
          losses.add(o.crossEntropy() / o.targets());
          double norm = model.gradientNorm();
          assertThat(norm).isFinite().isPositive();
          if (step == 1) {
            everythingHasGradients(model);
          }
          model.update(step, 3e-3, Math.min(1, 1 / norm));
        }
        assertThat(losses).allMatch(Double::isFinite);
        assertThat(losses.get(0)).isLessThan(3 * Math.log(29));
        assertThat(losses.get(29)).isLessThan(0.7 * losses.get(0));
      }
    }
  }

  /** All but the first halves of pairs whose second half begins with zeros. */
  private static void everythingHasGradients(TrainingModel model) {
    for (int i = 0; i < model.tensors().size(); i++) {
      TensorSpec t = model.tensors().get(i);
      float[] gradient = new float[t.size()];
      model.readGradient(i, gradient, 0);
      boolean any = false;
      for (float g : gradient) {
        any |= g != 0;
      }
      boolean first = t.name().matches(".*(lora_[qk]_proj\\.0|gk_proj\\.[01]\\.0)\\.weight");
      assertThat(any).as(t.name()).isEqualTo(!first);
    }
  }
}
