package io.github.tornadosse.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Percentage.withPercentage;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.TensorSpec;
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
  void routingLogitsHaveAnInitialRangeOfTheirOwn() {
    ModelConfig usual = ModelConfig.fromJson(small(), "here");
    assertThat(usual.toJson().has("router_initializer_range")).isFalse();
    ModelConfig wide = ModelConfig.fromJson(small().put("router_initializer_range", 0.5), "here");
    assertThat(ModelConfig.fromJson(wide.toJson(), "there")).isEqualTo(wide);
    ParameterLayout layout = new ParameterLayout(wide);
    float[] a = Initializer.draw(usual, layout, 3);
    float[] b = Initializer.draw(wide, layout, 3);
    int routers = 0;
    for (int i = 0; i < layout.tensors().size(); i++) {
      TensorSpec t = layout.tensors().get(i);
      boolean router = t.name().endsWith("attn.e_proj.weight");
      routers += router ? 1 : 0;
      for (int j = layout.offset(i); j < layout.offset(i) + t.size(); j++) {
        assertThat(b[j]).as(t.name()).isCloseTo(router ? 25 * a[j] : a[j], withPercentage(1e-3));
      }
    }
    assertThat(routers).isEqualTo(2);
    assertThatThrownBy(
            () -> ModelConfig.fromJson(small().put("router_initializer_range", -1), "here"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("router_initializer_range must not be negative");
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
