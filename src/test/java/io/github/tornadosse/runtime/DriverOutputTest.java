package io.github.tornadosse.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.runtime.DriverOutput.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisabledOnOs(
    value = OS.WINDOWS,
    disabledReason = "what is tested are calls of POSIX, without which devices are refused")
class DriverOutputTest {
  private static final String REFUSED =
      "\t[TornadoVM-PTX-JNI] ERROR : cuMemcpyHtoDAsyncMemSeg -> Returned: 1\n";

  private final Posix posix = Posix.here();
  private final int[] in = posix.pipe();
  private final int[] out = posix.pipe();
  private final DriverOutput output = new DriverOutput(posix, in[0], out[1]);

  private void print(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      assertThat(posix.write(in[1], from)).isEqualTo(bytes.length);
    }
  }

  private String passedOn() {
    StringBuilder all = new StringBuilder();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment to = arena.allocate(1000);
      while (posix.readable(out[0], 0)) {
        int n = posix.read(out[0], to, 1000);
        all.append(
            new String(to.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
      }
    }
    return all.toString();
  }

  @Test
  void whatIsPrintedIsPassedOnAndErrorsAreToldOnce() {
    String text = "loss 1.5\n" + REFUSED + "größer\n";
    print(text);

    assertThat(output.take()).containsExactly("cuMemcpyHtoDAsyncMemSeg -> Returned: 1");
    assertThat(output.take()).isEmpty();
    assertThat(passedOn()).isEqualTo(text);
  }

  @Test
  void anErrorInPiecesIsOne() {
    print("x\n" + REFUSED.substring(0, 20));
    assertThat(output.take()).isEmpty();
    print(REFUSED.substring(20) + "more");
    assertThat(output.take()).containsExactly("cuMemcpyHtoDAsyncMemSeg -> Returned: 1");
    assertThat(passedOn()).isEqualTo("x\n" + REFUSED + "more");
  }

  @Test
  void whatIsLeftIsPassedOnUntilTheEnd() {
    print("last words");
    posix.close(in[1]);

    output.pass();

    assertThat(passedOn()).isEqualTo("last words");
  }
}
