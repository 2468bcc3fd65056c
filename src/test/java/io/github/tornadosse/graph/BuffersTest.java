package io.github.tornadosse.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BuffersTest {
  @Test
  void measuringCountsWhatAllocatingAllocates() {
    Buffers plan = Buffers.measuring();
    assertThat(plan.floats("a", 1000).getSize()).isEqualTo(1);
    plan.ints("b", 10);
    Buffers real = Buffers.allocating();
    assertThat(real.floats("a", 1000).getSize()).isEqualTo(1000);
    real.ints("b", 10);
    assertThat(plan.totalBytes()).isEqualTo(4040).isEqualTo(real.totalBytes());
    assertThat(plan.byName()).containsEntry("a", 4000L).containsEntry("b", 40L);
  }

  @Test
  void aNameStandsForOneArray() {
    Buffers b = Buffers.allocating();
    assertThat(b.floats("x", 5)).isSameAs(b.floats("x", 5));
    assertThat(b.totalBytes()).isEqualTo(20);
    assertThatThrownBy(() -> b.floats("x", 6)).hasMessageContaining("'x'");
  }

  @Test
  void aPartHasArraysOfItsOwnAndSharedOnes() {
    Buffers b = Buffers.allocating();
    Buffers part = b.within("part.");
    assertThat(part.floats("x", 5)).isNotSameAs(b.floats("x", 6));
    assertThat(part.shared().floats("x", 6)).isSameAs(b.floats("x", 6));
    assertThat(part.within("y.").shared()).isSameAs(b.shared()).isSameAs(b);
    assertThat(b.byName()).containsOnlyKeys("part.x", "x");
    assertThat(b.totalBytes()).isEqualTo(44);
    assertThatThrownBy(() -> part.ints("z", 1L << 31)).hasMessageContaining("'part.z'");
  }

  @Test
  void anArrayThatIsTooLargeIsNamed() {
    assertThatThrownBy(() -> Buffers.measuring().floats("activations", 1L << 31))
        .hasMessageContaining("activations");
  }
}
