package io.github.tornadosse.eval.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.eval.verify.CaseResult.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReferenceRunnerTest {
  private GoldenCases cases;

  @BeforeAll
  void unpack() {
    cases = GoldenCases.shipped();
  }

  @AfterAll
  void delete() {
    cases.close();
  }

  List<GoldenCase> shipped() {
    return cases.all();
  }

  @ParameterizedTest
  @MethodSource("shipped")
  void agreesWithGoldenCase(GoldenCase golden) {
    CaseResult result = new ReferenceRunner().run(golden);
    assertThat(result.outcome()).as(result.reason()).isEqualTo(Outcome.PASSED);
    // double precision is only as far from the golden numbers as their rounding to float
    assertThat(result.forward().error()).isLessThan(2e-7);
    assertThat(result.gradient().error()).isLessThan(2e-7);
  }

  @Test
  void failsOnAWrongGoldenValue(@TempDir Path directory) throws Exception {
    GoldenCase golden =
        cases.all().stream().filter(c -> c.name().startsWith("op/gla_0")).findFirst().orElseThrow();
    byte[] bytes = Files.readAllBytes(golden.path());
    // the last tensor's last element: its exponent's highest bits
    bytes[bytes.length - 1] ^= 0x10;
    Path broken = Files.write(directory.resolve("broken.safetensors"), bytes);
    CaseResult result =
        new ReferenceRunner().run(new GoldenCase("broken", GoldenCase.Kind.OP, broken));
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.reason()).contains("is off by");
  }

  @Test
  void reportsAnExceptionAsAFailedCase() {
    List<CaseResult> results = new ArrayList<>();
    GoldenCase missing =
        new GoldenCase("op/missing", GoldenCase.Kind.OP, Path.of("missing.safetensors"));
    boolean passed = Verifier.run(List.of(missing), List.of(new ReferenceRunner()), results::add);
    assertThat(passed).isFalse();
    assertThat(results).hasSize(1);
    assertThat(results.get(0).outcome()).isEqualTo(Outcome.FAILED);
    assertThat(results.get(0).reason()).contains("missing.safetensors");
  }
}
