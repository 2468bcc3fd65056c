package io.github.tornadosse.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostPagesTest {
  private final HostPages pages = new HostPages();

  @Test
  void blocksBeginPagesAndShareNone() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment a = pages.take(17, arena);
      MemorySegment b = pages.take(HostPages.PAGE + 1, arena);
      MemorySegment c = pages.take(17, arena);

      assertThat(a.byteSize()).isEqualTo(17);
      assertThat(b.byteSize()).isEqualTo(HostPages.PAGE + 1);
      assertThat(List.of(a.address(), b.address(), c.address()))
          .allMatch(address -> address % HostPages.PAGE == 0)
          .doesNotHaveDuplicates();
      assertThat(b.address() + 2 * HostPages.PAGE <= c.address() || c.address() < b.address())
          .isTrue();
    }
  }

  @Test
  void memoryComesBackZeroedForAsManyBytes() {
    long address;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment a = pages.take(HostPages.PAGE + 8, arena);
      address = a.address();
      a.fill((byte) 1);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment smaller = pages.take(HostPages.PAGE + 4, arena);
      MemorySegment again = pages.take(HostPages.PAGE + 8, arena);
      MemorySegment another = pages.take(HostPages.PAGE + 8, arena);

      assertThat(smaller.address()).isNotEqualTo(address);
      assertThat(again.address()).isEqualTo(address);
      assertThat(another.address()).isNotEqualTo(address);
      assertThat(again.byteSize()).isEqualTo(HostPages.PAGE + 8);
      for (long i = 0; i < again.byteSize(); i++) {
        assertThat(again.get(ValueLayout.JAVA_BYTE, i)).isZero();
      }
    }
  }
}
