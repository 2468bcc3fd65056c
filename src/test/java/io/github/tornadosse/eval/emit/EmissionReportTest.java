package io.github.tornadosse.eval.emit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.eval.emit.EmittedKernel.Usage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EmissionReportTest {
  private static final String PTXAS =
      """
      ptxas info    : 0 bytes gmem
      ptxas info    : Compiling entry function 'k0' for 'sm_90'
      ptxas info    : Function properties for helper
          64 bytes stack frame, 8 bytes spill stores, 8 bytes spill loads
      ptxas info    : Function properties for k0
          16 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
      ptxas info    : Used 255 registers, used 1 barriers, 16 bytes cumulative stack size, 1024 bytes smem
      ptxas info    : Compile time = 10.0 ms
      ptxas info    : Compiling entry function 'k1' for 'sm_90'
      ptxas info    : Function properties for k1
          0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
      ptxas info    : Used 32 registers, used 0 barriers
      """;

  private static final EmittedKernel GOOD =
      new EmittedKernel(
          "Norms.rmsNorm", Path.of("a/Norms.rmsNorm.cu"), null, new Usage(32, 0, 0, 0, 0, 600));
  private static final EmittedKernel SPILLS =
      new EmittedKernel(
          "Dense.linear", Path.of("a/Dense.linear.2.cu"), null, new Usage(255, 16, 4, 12, 1024, 0));
  private static final EmittedKernel FAILED =
      new EmittedKernel("Loss.gradient", null, "no | code", null);

  private static EmissionReport report(EmittedKernel... kernels) {
    return new EmissionReport(
        Backend.CUDA, "gpu", 128, "nvcc 13.0, sm_90", "sse 0 (commit 0)", List.of(kernels));
  }

  @Test
  void readsWhatPtxasSaysOfEntryFunctionsAndNotOfTheirHelpers() {
    assertThat(DeviceCompiler.usage(PTXAS, Map.of("k0", 640)))
        .isEqualTo(
            Map.of("k0", new Usage(255, 16, 4, 12, 1024, 640), "k1", new Usage(32, 0, 0, 0, 0, 0)));
  }

  @Test
  void readsTheSizesOfConstantsFromACubin() {
    // Sections: none, constants of bank 0 and of bank 3, code, names.
    String names = "\0.nv.constant0.k0\0.nv.constant3.k0\0.text.k0\0.shstrtab\0";
    long[] sizes = {0, 600, 24, 4096, names.length()};
    String[] called = {"", ".nv.constant0.k0", ".nv.constant3.k0", ".text.k0", ".shstrtab"};
    ByteBuffer elf = ByteBuffer.allocate(64 + 64 * 5 + names.length());
    elf.order(ByteOrder.LITTLE_ENDIAN);
    elf.putLong(0x28, 64).putShort(0x3A, (short) 64).putShort(0x3C, (short) 5);
    elf.putShort(0x3E, (short) 4);
    for (int i = 0; i < 5; i++) {
      elf.putInt(64 + 64 * i, names.indexOf("\0" + called[i] + "\0") + 1);
      elf.putLong(64 + 64 * i + 0x18, 64 + 64 * 5);
      elf.putLong(64 + 64 * i + 0x20, sizes[i]);
    }
    elf.put(64 + 64 * 5, names.getBytes(StandardCharsets.US_ASCII));
    assertThat(Cubin.constants(elf.array())).isEqualTo(Map.of("k0", 624));
  }

  @Test
  void isGoodWithoutFailuresAndNamesWhatSpills() {
    assertThat(report(GOOD, SPILLS).good()).isTrue();
    assertThat(report(GOOD, SPILLS).spilling()).containsExactly(SPILLS);
    assertThat(report(GOOD, FAILED).good()).isFalse();
    assertThat(report(GOOD, SPILLS, FAILED).summary())
        .isEqualTo("cuda, tier gpu: 3 kernels in 3 codes, 1 failed, 1 spill (nvcc 13.0, sm_90)");
  }

  @Test
  void tellsTheSameInJsonAndMarkdown() {
    EmissionReport report = report(GOOD, SPILLS, FAILED);
    assertThat(report.toJson().at("/kernels/1/file").asText()).isEqualTo("Dense.linear.2.cu");
    assertThat(report.toJson().at("/kernels/1/spill_load_bytes").asInt()).isEqualTo(12);
    assertThat(report.toJson().at("/kernels/2/failure").asText()).isEqualTo("no | code");
    assertThat(report.toJson().at("/kernels/2/registers").isMissingNode()).isTrue();
    assertThat(report.toMarkdown())
        .contains("| Norms.rmsNorm | 32 | 0 | 0 | 0 | 0 | 600 |")
        .contains("| Dense.linear.2 | 255 | 16 | 4 | 12 | 1024 | 0 |")
        .contains("| Loss.gradient | no \\| code | | | | | |");
  }
}
