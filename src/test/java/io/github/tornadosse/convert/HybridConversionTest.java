package io.github.tornadosse.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.DType;
import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.checkpoint.Safetensors;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HybridConversionTest {
  @TempDir private Path folder;

  private static HybridOptions options(String layers, String... overrides) {
    return new HybridOptions(layers, List.of(overrides), 7);
  }

  private HybridReport convert(Path from, String to, HybridOptions options) {
    Conversion.Options all = new Conversion.Options(DType.F32, Long.MAX_VALUE, options);
    return Conversion.run(from, folder.resolve(to), all, (done, of) -> {}).hybrid();
  }

  private float[] tensor(String to, String name) {
    try (Safetensors file = Safetensors.open(folder.resolve(to).resolve("model.safetensors"))) {
      return file.floats(name);
    }
  }

  private ModelConfig config(String to) {
    try (HuggingFaceDirectory d = HuggingFaceDirectory.open(folder.resolve(to))) {
      ModelConfig config = ModelConfig.fromJson(d.config(), to);
      d.check(ModelWeights.tensors(config));
      return config;
    }
  }

  private static String layer(int i, String name) {
    return "model.layers." + i + "." + name;
  }

  @Test
  void takesOverEverythingThatHasAPlace() {
    LlamaFiles llama = new LlamaFiles("").draw(DType.F32, 1);
    Path from = llama.write(folder.resolve("llama"), 1);
    convert(from, "hybrid", options("2, 0"));
    ModelConfig config = config("hybrid");
    assertThat(config.attention().layers()).containsExactly(0, 2);
    assertThat(config.attention().keyHeads()).isEqualTo(2);
    assertThat(config.mixer().heads()).isEqualTo(4);
    assertThat(config.mixer().headDim()).isEqualTo(8);
    assertThat(config.mixer().outputGate()).isFalse();
    assertThat(config.normEps()).isEqualTo(1e-5);
    assertThat(config.describe()).contains("SSE-n4k1", "[0, 2]");
    same("model.embeddings.weight", llama, "model.embed_tokens.weight");
    same("model.norm.weight", llama, "model.norm.weight");
    same("lm_head.weight", llama, "lm_head.weight");
    for (int i = 0; i < 3; i++) {
      same(layer(i, "attn_norm.weight"), llama, layer(i, "input_layernorm.weight"));
      same(layer(i, "mlp_norm.weight"), llama, layer(i, "post_attention_layernorm.weight"));
      for (String name : List.of("gate", "up", "down")) {
        String mlp = layer(i, "mlp." + name + "_proj.weight");
        same(mlp, llama, mlp);
      }
      for (String name : i == 1 ? List.of("q", "o") : List.of("q", "k", "v", "o")) {
        String projection = "attn." + name + "_proj.weight";
        same(layer(i, projection), llama, layer(i, "self_" + projection));
      }
    }
    for (String name : List.of("k", "v")) {
      float[] few = llama.weights.get(layer(1, "self_attn." + name + "_proj.weight"));
      float[] all = tensor("hybrid", layer(1, "attn." + name + "_proj.weight"));
      int head = 8 * 32;
      for (int j = 0; j < 4; j++) {
        // key head j of four is the source's j·2/4
        assertThat(Arrays.copyOfRange(all, j * head, (j + 1) * head))
            .containsExactly(Arrays.copyOfRange(few, j / 2 * head, (j / 2 + 1) * head));
      }
    }
  }

  private void same(String target, LlamaFiles llama, String source) {
    assertThat(tensor("hybrid", target)).as(target).containsExactly(llama.weights.get(source));
  }

  @Test
  void startsWithTheSourcesQueriesAndKeysAndMemoriesOfAllLengths() {
    LlamaFiles llama = new LlamaFiles("'initializer_range': 0.03").draw(DType.F32, 1);
    Path from = llama.write(folder.resolve("llama"), 1);
    convert(from, "gla", options("", "use_short_conv=true", "use_output_gate=true"));
    assertThat(config("gla").count(ModelConfig.Kind.MIXER)).isEqualTo(3);
    for (String name : List.of("lora_q_proj.1", "lora_k_proj.1", "gk_proj.0.1", "gk_proj.1.1")) {
      assertThat(tensor("gla", layer(1, "attn." + name + ".weight"))).containsOnly(0);
    }
    for (String name : List.of("lora_q_proj.0", "gk_proj.1.0", "e_proj", "g_proj.0", "g_proj.1")) {
      assertThat(deviation(tensor("gla", layer(1, "attn." + name + ".weight"))))
          .as(name)
          .isEqualTo(0.03, within(0.006));
    }
    for (String name : List.of("q_conv1d_shared", "k_conv1d_shared")) {
      float[] taps = tensor("gla", layer(2, "attn." + name + ".weight"));
      for (int i = 0; i < taps.length; i++) {
        assertThat(taps[i]).isEqualTo(i % 4 == 3 ? 1 : 0);
      }
    }
    float[] bias = tensor("gla", layer(0, "attn.gk_proj.1.1.bias"));
    assertThat(bias).hasSize(32);
    assertThat(Arrays.copyOf(bias, 9)).containsExactly(-6, -2, 2, 6, -6, -2, 2, 6, -6);

    convert(from, "gdn", options("", "linear_attn_type=gdn"));
    assertThat(tensor("gdn", layer(0, "attn.a_proj.weight"))).containsOnly(0);
    float[] rate = tensor("gdn", layer(0, "attn.A_log"));
    float[] step = tensor("gdn", layer(0, "attn.dt_bias"));
    assertThat(step).hasSize(8);
    for (int h = 0; h < 8; h++) {
      double decay = Math.exp(rate[h]) * Math.log1p(Math.exp(step[h]));
      double same = Math.log1p(Math.exp(6 - 4.0 * (h % 4))) / 16;
      assertThat(decay).isEqualTo(same, within(1e-8));
    }
  }

  private static double deviation(float[] w) {
    double sum = 0;
    for (float x : w) {
      sum += x * (double) x;
    }
    return Math.sqrt(sum / w.length);
  }

  /** The norm's weight is what a channel of the values measures over many inputs. */
  @Test
  void outputsHaveTheScaleOfTheValues() {
    LlamaFiles llama = new LlamaFiles("").draw(DType.F32, 3);
    convert(llama.write(folder.resolve("llama"), 1), "gla", options(""));
    float[] scale = tensor("gla", layer(1, "attn.o_norm.weight"));
    float[] v = llama.weights.get(layer(1, "self_attn.v_proj.weight"));
    float[] norm = llama.weights.get(layer(1, "input_layernorm.weight"));
    Random random = new Random(5);
    double[] squares = new double[8];
    int inputs = 20_000;
    for (int n = 0; n < inputs; n++) {
      double[] x = random.doubles(32, -Math.sqrt(3), Math.sqrt(3)).toArray();
      for (int r = 0; r < 16; r++) {
        double sum = 0;
        for (int j = 0; j < 32; j++) {
          sum += v[r * 32 + j] * norm[j] * x[j];
        }
        squares[r % 8] += sum * sum / 2 / inputs;
      }
    }
    for (int c = 0; c < 8; c++) {
      assertThat((double) scale[c]).isEqualTo(Math.sqrt(squares[c]), within(0.03));
    }
  }

  @Test
  void theSameSeedGivesTheSameBytes() throws IOException {
    Path from = new LlamaFiles("").draw(DType.F32, 1).write(folder.resolve("llama"), 1);
    convert(from, "a", options("1"));
    convert(from, "b", options("1"));
    convert(from, "c", new HybridOptions("1", List.of(), 8));
    convert(from, "d", options("0,1"));
    byte[] a = Files.readAllBytes(folder.resolve("a/model.safetensors"));
    assertThat(Files.readAllBytes(folder.resolve("b/model.safetensors"))).isEqualTo(a);
    String drawn = layer(2, "attn.e_proj.weight");
    assertThat(tensor("c", drawn)).isNotEqualTo(tensor("a", drawn));
    // what one layer draws does not depend on what the others are
    assertThat(tensor("d", drawn)).isEqualTo(tensor("a", drawn));
    assertThat(tensor("a", layer(0, "attn.e_proj.weight"))).isNotEqualTo(tensor("a", drawn));
  }

  @Test
  void reportsWhatIsMappedNewAndLeftOut() {
    LlamaFiles llama =
        new LlamaFiles("'model_type': 'qwen2', 'tie_word_embeddings': true").draw(DType.F32, 1);
    llama.add(new Random(1), "lm_head.weight", 29, 32);
    llama.add(new Random(1), layer(1, "self_attn.rotary_emb.inv_freq"), 4);
    HybridReport report = convert(llama.write(folder.resolve("llama"), 1), "hybrid", options("1"));
    assertThat(report.attentionLayers()).containsExactly(1);
    String any = "model.layers.*.";
    assertThat(report.mapped())
        .contains(
            new HybridReport.Mapped(
                "model.embed_tokens.weight", "model.embeddings.weight", List.of(), 1),
            new HybridReport.Mapped(
                any + "self_attn.k_proj.weight", any + "attn.k_proj.weight", List.of(0, 2), 2),
            new HybridReport.Mapped(
                any + "self_attn.k_proj.weight", any + "attn.k_proj.weight", List.of(1), 1),
            new HybridReport.Mapped(
                any + "self_attn.v_proj.bias", any + "attn.v_proj.bias", List.of(1), 1),
            new HybridReport.Mapped(
                any + "self_attn.q_proj.weight", any + "attn.q_proj.weight", List.of(0, 1, 2), 1));
    assertThat(report.added())
        .contains(
            new HybridReport.Added(any + "attn.e_proj.weight", List.of(0, 2), "normal(0, 0.02)"))
        .noneMatch(a -> a.layers().contains(1));
    assertThat(report.leftOut())
        .extracting(HybridReport.LeftOut::source, HybridReport.LeftOut::layers)
        .containsExactlyInAnyOrder(
            tuple("lm_head.weight", List.of()),
            tuple(any + "self_attn.rotary_emb.inv_freq", List.of(1)),
            tuple(any + "self_attn.q_proj.bias", List.of(0, 2)),
            tuple(any + "self_attn.k_proj.bias", List.of(0, 2)),
            tuple(any + "self_attn.v_proj.bias", List.of(0, 2)));
    long all = ModelWeights.tensors(config("hybrid")).stream().mapToLong(t -> t.size()).sum();
    assertThat(report.mappedParameters() + report.newParameters()).isEqualTo(all);
    // e, two low-rank pairs of width 8, two decay gates of width 16, the norm; in two layers
    int each = 4 * 32 + 2 * 2 * 8 * 32 + 2 * (2 * 16 * 32 + 32) + 8;
    assertThat(report.newParameters()).isEqualTo(2 * each);
    assertThat(report.toJson().get("new_parameters").longValue()).isEqualTo(2 * each);
    assertThat(report.toJson().get("mapped").get(0).get("source").textValue())
        .isEqualTo("model.embed_tokens.weight");
  }

  @Test
  void carriesSpecialTokensAndFiles() throws IOException {
    Path from = new LlamaFiles("").draw(DType.F32, 1).write(folder.resolve("llama"), 1);
    byte[] odd = {'{', '}', ' ', '\r', '\n', (byte) 0xff};
    for (String name : List.of("tokenizer.json", "special_tokens_map.json", "vocab.json")) {
      Files.write(from.resolve(name), odd);
    }
    Files.writeString(from.resolve("generation_config.json"), "{\"eos_token_id\": [2, 9]}");
    Files.writeString(from.resolve("README.md"), "not part of the model");
    convert(from, "hybrid", options("0"));
    Path to = folder.resolve("hybrid");
    for (String name : List.of("tokenizer.json", "special_tokens_map.json", "vocab.json")) {
      assertThat(to.resolve(name)).hasBinaryContent(odd);
    }
    assertThat(to.resolve("generation_config.json")).hasContent("{\"eos_token_id\": [2, 9]}");
    assertThat(to.resolve("README.md")).doesNotExist();
    try (HuggingFaceDirectory d = HuggingFaceDirectory.open(to)) {
      ObjectNode json = d.config();
      assertThat(json.get("eos_token_id").toString()).isEqualTo("[2,9]");
      assertThat(json.get("bos_token_id").intValue()).isEqualTo(1);
      assertThat(json.get("max_position_embeddings").intValue()).isEqualTo(128);
    }
  }
}
