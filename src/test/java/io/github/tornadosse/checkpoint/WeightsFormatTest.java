package io.github.tornadosse.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.tensor.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightsFormatTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "2GB, 2000000000",
    "2 gb, 2000000000",
    "512MiB, 536870912",
    "0.5KB, 500",
    "1.5GiB, 1610612736",
    "3TB, 3000000000000",
    "9000TB, 9000000000000000"
  })
  void sizesAreRead(String size, long bytes) {
    assertThat(WeightsFormat.bytes(size)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GB", "0", "-1", "2 G", "1e9", "0.5", "99999999TB", "2GB2"})
  void whatIsNoSizeIsRefused(String size) {
    assertThatThrownBy(() -> WeightsFormat.bytes(size))
        .isInstanceOf(UserError.class)
        .hasMessage("\"%s\" is not a size of at least one byte, such as 2GB or 512MiB", size);
  }

  @ParameterizedTest
  @CsvSource({"float32, F32", "float16, F16", "bfloat16, BF16"})
  void typesHaveNames(String name, DType dtype) {
    assertThat(WeightsFormat.type(name)).isEqualTo(dtype);
    assertThat(new WeightsFormat(dtype, 1).typeName()).isEqualTo(name);
  }

  @Test
  void otherTypesAreRefused() {
    assertThatThrownBy(() -> WeightsFormat.type("int8"))
        .isInstanceOf(UserError.class)
        .hasMessage("weights are not written as \"int8\"; there are float32, float16, bfloat16");
    assertThatThrownBy(() -> new WeightsFormat(DType.F64, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new WeightsFormat(DType.F32, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
