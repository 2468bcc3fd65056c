package io.github.tornadosse.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.tensor.UserError;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
  @Test
  void aPlanThatDoesNotFitSaysPlannedAndAvailable() {
    Buffers plan = Buffers.measuring();
    for (int i = 0; i < 100; i++) {
      plan.floats("a" + i, 2_000_000_000);
    }
    assertThatThrownBy(() -> MemoryBudget.check(plan, "training"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("training needs 800000000000 bytes (745.1 GiB)")
        .hasMessageContaining("are available; largest: a0 7.5 GiB");
  }

  @Test
  void bytesAreWrittenForPeople() {
    assertThat(MemoryBudget.format(12)).isEqualTo("12 B");
    assertThat(MemoryBudget.format(1536)).isEqualTo("1.5 KiB");
    assertThat(MemoryBudget.format(3L << 30)).isEqualTo("3.0 GiB");
  }
}
