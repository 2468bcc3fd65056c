package io.github.tornadosse.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestNameTest {
  @Test
  void theNearestIsFoundIfItIsNear() {
    List<String> names = List.of("model.norm.weight", "lm_head.weight", "model.norms.weight");
    assertThat(NearestName.of("model.norm.weigth", names)).contains("model.norm.weight");
    assertThat(NearestName.of("lm_head", names)).isEmpty();
    assertThat(NearestName.of("lmhead.weight", names)).contains("lm_head.weight");
    assertThat(NearestName.of("x", List.of())).isEmpty();
    assertThat(NearestName.of("x".repeat(300), List.of("x".repeat(301)))).isEmpty();
  }
}
