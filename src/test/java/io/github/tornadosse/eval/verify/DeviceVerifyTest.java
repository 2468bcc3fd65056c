package io.github.tornadosse.eval.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.tornadosse.eval.verify.CaseResult.Outcome;
import io.github.tornadosse.graph.PortableOperations;
import io.github.tornadosse.runtime.Devices;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIf;

/** The portable tier's golden cases on a device of a TornadoVM SDK. */
class DeviceVerifyTest {
  static boolean onDevice() {
    return !Devices.embedded();
  }

  @TestFactory
  @EnabledIf(
      value = "onDevice",
      disabledReason =
          "this JVM runs on the embedded runtime; with a TornadoVM SDK in TORNADOVM_HOME,"
              + " ./setup.sh test --device opencl:0 runs this on its device")
  Stream<DynamicTest> everyShippedCaseThatTheTierCoversPasses() {
    OperationsRunner portable = new OperationsRunner(new PortableOperations());
    GoldenCases cases = GoldenCases.shipped();
    List<GoldenCase> all = cases.all();
    return all.stream()
        .map(c -> DynamicTest.dynamicTest(c.name(), () -> passes(portable, c)))
        .onClose(cases::close);
  }

  private static void passes(OperationsRunner portable, GoldenCase golden) {
    CaseResult result = portable.run(golden);
    assumeTrue(result.outcome() != Outcome.SKIPPED, result.reason());
    assertThat(result.outcome()).as(result.toString()).isEqualTo(Outcome.PASSED);
  }
}
