package io.github.tornadosse.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A small valid configuration, to be varied. */
  static ObjectNode small() {
    ObjectNode j = JSON.createObjectNode();
    j.put("model_type", "sse");
    j.put("vocab_size", 96);
    j.put("hidden_size", 64);
    j.put("num_hidden_layers", 2);
    j.put("num_heads", 2);
    j.put("head_dim", 32);
    j.put("num_sparse_partition", 4);
    j.put("intermediate_size", 128);
    return j;
  }

  @Test
  void whatIsWrittenIsReadBack() {
    ModelConfig c = ModelConfig.fromJson(small().put("num_v_heads", 4).put("row_topk", 8), "here");
    assertThat(ModelConfig.fromJson(c.toJson(), "there")).isEqualTo(c);
  }

  @Test
  void theDefaultInnerSizeIsThatOfTheAuthorsModel() {
    assertThat(ModelConfig.defaultIntermediateSize(64, 4)).isEqualTo(256);
    assertThat(ModelConfig.defaultIntermediateSize(2048, 4)).isEqualTo(5632);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "num_writer|5|num_writer (5) must be from 1 to num_sparse_partition (4)",
        "num_reader|0|num_reader (0) must be from 1 to num_sparse_partition (4)",
        "num_v_heads|3|num_v_heads (3) must be a multiple of num_heads (2)",
        "row_topk|33|row_topk (33) must be from 1 to head_dim (32)",
        "hidden_size|0|hidden_size must be positive, not 0",
        "intermediate_size|-1|intermediate_size must be positive, not -1",
      })
  void sizesThatDoNotFitNameTheRule(String key, int value, String message) {
    assertThatThrownBy(() -> ModelConfig.fromJson(small().put(key, value), "config.json"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(message);
  }

  @Test
  void valuesOfAnotherTypeNameTheFileAndTheField() {
    assertThatThrownBy(
            () -> ModelConfig.fromJson(small().put("hidden_size", "big"), "a/config.json"))
        .isInstanceOf(UserError.class)
        .hasMessage("a/config.json: hidden_size is \"big\"; it must be a whole number");
    assertThatThrownBy(() -> ModelConfig.fromJson(small().put("hidden_size", 1.5), "x"))
        .hasMessageContaining("must be a whole number");
    assertThatThrownBy(() -> ModelConfig.fromJson(small().put("use_k_softmax", 1), "x"))
        .hasMessageContaining("must be true or false");
  }

  @Test
  void otherModelsAreNamed() {
    assertThatThrownBy(() -> ModelConfig.fromJson(small().put("model_type", "llama"), "x"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("model_type is \"llama\"; it must be one of sse");
    assertThatThrownBy(() -> ModelConfig.fromJson(small().put("linear_attn_type", "rwkv"), "x"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("\"rwkv\"; it must be one of gla, gdn");
  }
}
