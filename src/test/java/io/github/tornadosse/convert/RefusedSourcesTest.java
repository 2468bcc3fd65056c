package io.github.tornadosse.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.checkpoint.DType;
import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.checkpoint.SafetensorsWriter;
import io.github.tornadosse.nn.AttentionConfig;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.tensor.JsonFiles;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefusedSourcesTest {
  @TempDir private Path folder;

  private HybridConversion conversion(LlamaFiles llama, String layers, String... overrides) {
    return conversion(llama.write(folder.resolve("llama"), 1), layers, overrides);
  }

  private static HybridConversion conversion(Path path, String layers, String... overrides) {
    try (HuggingFaceDirectory directory = HuggingFaceDirectory.open(path)) {
      return new HybridConversion(
          LlamaCheckpoint.of(directory), new HybridOptions(layers, List.of(overrides), 1));
    }
  }

  private void refused(LlamaFiles llama, String layers, String... parts) {
    assertThatThrownBy(() -> conversion(llama, layers))
        .isInstanceOf(UserError.class)
        .hasMessageContainingAll(parts)
        .hasMessageNotContaining("\n");
  }

  private AttentionConfig attention(String changes, String layers) {
    return conversion(new LlamaFiles(changes).draw(DType.F32, 1), layers).config().attention();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          'model_type': 'qwen3_moe' | model_type is "qwen3_moe"; it must be one of llama, mistral, qwen2
          'model_type': 'sse' | model_type is "sse"; it must be one of llama, mistral, qwen2
          'model_type': null | model_type is missing; it must be one of llama, mistral, qwen2
          'model_type': 7 | model_type is 7; it must be one of
          'num_local_experts': 8 | num_local_experts is 8; it must be left out: a mixture of experts
          'quantization_config': {'bits': 4} | quantization_config is {"bits":4}; it must be left out
          'hidden_act': 'gelu' | hidden_act is "gelu"; it must be one of silu, swish
          'mlp_bias': true | mlp_bias is true; it must be false
          'hidden_size': null | hidden_size is missing; it must be a whole number
          'hidden_size': 0 | hidden_size is 0; it must be positive
          'vocab_size': 'many' | vocab_size is "many"; it must be a whole number
          'num_attention_heads': 6 | num_attention_heads is 6; it must be a divisor of hidden_size (32)
          'num_key_value_heads': 3 | num_key_value_heads is 3; it must be a divisor of num_attention_heads (4)
          'rms_norm_eps': 'small' | rms_norm_eps is "small"; it must be a number
          'rms_norm_eps': 0 | norm_eps must be positive
          """)
  void namesTheFieldOfAnyConversion(String changes, String message) {
    LlamaFiles llama = new LlamaFiles("").draw(DType.F32, 1);
    Path path = llama.write(folder.resolve("llama"), 1);
    llama.config.setAll(new LlamaFiles(changes).config);
    AtomicFiles.write(path.resolve("config.json"), JsonFiles.text(llama.config));
    for (String layers : List.of("all", "")) {
      assertThatThrownBy(() -> conversion(path, layers))
          .isInstanceOf(UserError.class)
          .hasMessageContaining(message)
          .hasMessageNotContaining("\n");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          'rope_scaling': {'rope_type': 'llama3', 'factor': 8} | rope_scaling is {"rope_type":"llama3","factor":8}; it must be left out or of rope_type default
          'rope_scaling': {'type': 'linear', 'factor': 2} | rope_scaling is {"type":"linear","factor":2}
          'rope_parameters': {'rope_type': 'yarn', 'rope_theta': 1e6} | rope_parameters is {"rope_type":"yarn"
          'rope_scaling': 3 | rope_scaling is 3; it must be left out
          'rope_theta': -1 | rope_theta is -1; it must be positive
          'rope_parameters': {'rope_theta': 0} | rope_parameters.rope_theta is 0; it must be positive
          'partial_rotary_factor': 0.5 | partial_rotary_factor is 0.5; it must be 1
          'head_dim': 6 | head_dim is 6; it must be hidden_size / num_attention_heads (32 / 4)
          'model_type': 'qwen2', 'sliding_window': 9, 'use_sliding_window': true, 'max_window_layers': 2 | layers 1 and 2 differ in their sliding window (max_window_layers 2)
          'model_type': 'mistral', 'sliding_window': 9, 'layer_types': ['full_attention', 'full_attention', 'sliding_attention'] | layers 1 and 2 differ in their sliding window (layer_types)
          'model_type': 'mistral', 'sliding_window': 9, 'layer_types': ['full_attention'] | layer_types is ["full_attention"]; it must be a list
          'model_type': 'mistral', 'sliding_window': 0 | sliding_window is 0; it must be positive
          """)
  void namesTheFieldWhereSoftmaxLayersAreKept(String changes, String message) {
    refused(new LlamaFiles(changes).draw(DType.F32, 1), "1,2", message);
    assertThat(attention(changes, "").layers()).isEmpty();
  }

  @Test
  void refusesABiasOfTheOutputThatIsNotZero() {
    LlamaFiles llama = new LlamaFiles("'attention_bias': true").draw(DType.F32, 1);
    refused(llama, "1", "attention_bias", "model.layers.1.self_attn.o_proj.bias", "is not 0");
    llama.weights.get("model.layers.1.self_attn.o_proj.bias")[5] = 0;
    refused(llama, "1", "is not 0");
    Arrays.fill(llama.weights.get("model.layers.1.self_attn.o_proj.bias"), 0);
    assertThat(conversion(llama, "1").config().attention().bias()).isTrue();
  }

  @Test
  void readsWhatTheModelTypesCallTheirAttention() {
    assertThat(attention("'num_key_value_heads': 2, 'rope_theta': 5e5", "1"))
        .isEqualTo(new AttentionConfig(List.of(1), 4, 2, 8, 0, 5e5, false));
    assertThat(attention("'rope_scaling': {'rope_type': 'default'}", "all").layers())
        .containsExactly(0, 1, 2);
    assertThat(attention("'rope_parameters': {'rope_type': 'default', 'rope_theta': 7e4}", "0"))
        .isEqualTo(new AttentionConfig(List.of(0), 4, 2, 8, 0, 7e4, false));
    assertThat(attention("'sliding_window': 9", "1").window()).isZero();
    String mistral = "'model_type': 'mistral', ";
    assertThat(attention(mistral + "'sliding_window': null", "1").window()).isZero();
    assertThat(attention(mistral + "'sliding_window': 9", "1").window()).isEqualTo(9);
    String qwen = "'model_type': 'qwen2', 'sliding_window': 9, 'max_window_layers': 2, ";
    assertThat(attention(qwen + "'use_sliding_window': false", "all").window()).isZero();
    assertThat(attention(qwen + "'use_sliding_window': true", "0, 1").window()).isZero();
    assertThat(attention(qwen + "'use_sliding_window': true", "2").window()).isEqualTo(9);
    assertThat(attention(qwen + "'use_sliding_window': true", "2").bias()).isTrue();
    String types = "'layer_types': ['full_attention', 'sliding_attention', 'sliding_attention']";
    assertThat(attention(qwen + types, "1,2").window()).isEqualTo(9);
  }

  @Test
  void keyHeadsAreTheQueriesWhereNothingIsSaid() {
    LlamaFiles llama = new LlamaFiles("'num_key_value_heads': 4").draw(DType.F32, 1);
    llama.config.remove("num_key_value_heads");
    assertThat(conversion(llama, "0").config().attention().keyHeads()).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          3 | attention layers "3": layer 3 must be from 0 to 2
          0,99999999999 | "0,99999999999": it must be numbers of layers, such as 5,11,17, or 'all'
          1,1 | "1,1": layer 1 is there twice
          1, | "1,": it must be numbers
          ,  | ",": it must be numbers
          -1 | "-1": it must be numbers
          1;2 | "1;2": it must be numbers
          one | "one": it must be numbers
          all,1 | "all,1": it must be numbers
          """)
  void explainsListsOfLayers(String layers, String message) {
    refused(new LlamaFiles("").draw(DType.F32, 1), layers, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          num_writer | override 'num_writer' must be key=value, such as num_writer=2
          num_writers=2 | unknown key 'num_writers'; did you mean 'num_writer'?
          num_heads=2 | num_heads is the source's; there are linear_attn_type,
          attn.window_size=8 | attn.window_size is the source's
          expand_v=2 | expand_v is the source's
          qqqqqqqqqqqq=2 | unknown key 'qqqqqqqqqqqq'; there are linear_attn_type,
          num_writer=two | num_writer is "two"; it must be a whole number
          num_writer= | num_writer is ""; it must be a whole number
          num_writer=5 | num_writer (5) must be from 1 to num_sparse_partition (4)
          linear_attn_type=rwkv | linear_attn_type is "rwkv"; it must be one of gla, gdn
          row_topk=9 | row_topk (9) must be from 1 to head_dim (8)
          use_output_gate=yes | use_output_gate is "yes"; it must be true or false
          """)
  void explainsOverrides(String override, String message) {
    LlamaFiles llama = new LlamaFiles("").draw(DType.F32, 1);
    assertThatThrownBy(() -> conversion(llama, "1", override))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  @Test
  void takesOverrides() {
    LlamaFiles llama = new LlamaFiles("").draw(DType.F32, 1);
    ModelConfig config =
        conversion(
                llama,
                "1",
                "num_sparse_partition=8",
                "num_writer=2",
                "aux_loss_coef=1e-3",
                "linear_attn_type=gdn",
                "use_short_conv = true")
            .config();
    assertThat(config.describe()).contains("SSE-n8k2, gated delta rule");
    assertThat(config.auxLossCoef()).isEqualTo(1e-3);
    assertThat(config.mixer().convolution()).isEqualTo(4);
  }

  @Test
  void namesTheTensorThatIsMissingUnknownOrOfAnotherShape() {
    LlamaFiles llama = new LlamaFiles("").draw(DType.F32, 1);
    llama.remove("model.layers.2.self_attn.v_proj.weight");
    refused(llama, "1", "\"model.layers.2.self_attn.v_proj.weight\" is missing");
    llama = new LlamaFiles("").draw(DType.F32, 1);
    llama.remove("lm_head.weight");
    refused(llama, "1", "\"lm_head.weight\" is missing");
    llama = new LlamaFiles("").draw(DType.F32, 1);
    llama.add(new Random(1), "model.layers.0.self_attn.q_norm.weight", 8);
    refused(llama, "1", "\"model.layers.0.self_attn.q_norm.weight\" is not one of this model's");
    llama = new LlamaFiles("").draw(DType.F32, 1);
    llama.add(new Random(1), "model.layers.0.self_attn.k_proj.weight", 32, 32);
    refused(llama, "1", "\"model.layers.0.self_attn.k_proj.weight\"", "[32, 32]", "[16, 32]");
    llama = new LlamaFiles("'tie_word_embeddings': true").draw(DType.F32, 1);
    llama.add(new Random(1), "lm_head.weight", 30, 32);
    refused(llama, "1", "\"lm_head.weight\"", "[30, 32]");
  }

  @Test
  void namesATensorThatIsNotOfFloats() {
    LlamaFiles llama = new LlamaFiles("").draw(DType.F32, 1);
    String name = "model.layers.1.mlp.up_proj.weight";
    llama.remove(name);
    Path path = llama.write(folder.resolve("llama"), 2);
    Path more = path.resolve("more.safetensors");
    new SafetensorsWriter()
        .longs(new TensorSpec(name, new int[] {48, 32}), new long[48 * 32], 0)
        .write(more);
    Path index = path.resolve("model.safetensors.index.json");
    ObjectNode json = JsonFiles.readObject(index);
    ((ObjectNode) json.get("weight_map")).put(name, "more.safetensors");
    AtomicFiles.write(index, JsonFiles.text(json));
    assertThatThrownBy(() -> conversion(path, "1"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("tensor \"" + name + "\" is of type I64; it must be one of");
  }
}
