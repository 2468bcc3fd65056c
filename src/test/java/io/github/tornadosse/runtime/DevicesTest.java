package io.github.tornadosse.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.tornadosse.tensor.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DevicesTest {
  @Test
  void theEmbeddedRuntimeHasTheJvmAlone() {
    assumeTrue(Devices.embedded(), "this JVM runs on a TornadoVM device");
    assertThat(Devices.name()).isEqualTo("jvm");
    Devices.check("jvm");
    assertThatThrownBy(() -> Devices.check("opencl:0"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("'jvm'")
        .hasMessageContaining("'opencl:0'")
        .hasMessageContaining("bin/sse");
  }

  @Test
  void exceptionsOfTheEmbeddedRuntimeStayAsTheyAre() {
    assumeTrue(Devices.embedded(), "this JVM runs on a TornadoVM device");
    RuntimeException e = new IllegalStateException("broken");
    assertThat(Devices.explain("head", e)).isSameAs(e);
    assertThat(Devices.explain(e)).isSameAs(e);
  }

  @Test
  void whatTornadoVmSaysBecomesOneLine() {
    RuntimeException compilation =
        new IllegalStateException(
            "\u001B[31mBailout is disabled. \nReason: \u001B[31mUnable to compile task"
                + " head.head.d_norm.input - inputGradient\nThe internal error is: \u001B[31mError"
                + " during code compilation with the OpenCL driver\u001B[0m\nStacktrace:"
                + " [tornado.drivers.opencl@5.2.0/uk.ac.OCLCodeCache.install(OCLCodeCache.java:613),"
                + " uk.ac.Other.run(Other.java:9)]\u001B[0m\u001B[0m");
    assertThat(Devices.reason(compilation))
        .isEqualTo(
            "Unable to compile task head.head.d_norm.input - inputGradient: Error during code"
                + " compilation with the OpenCL driver");
    RuntimeException internal =
        new IllegalStateException(
            "\u001B[31m[Internal Error] Unable to compile task a.b - c\n"
                + "[tornado.runtime@5.2.0/uk.ac.Sketcher.lookup(Sketcher.java:1), x.Y.z(Y.java:2)]");
    assertThat(Devices.reason(internal))
        .isEqualTo("[Internal Error] Unable to compile task a.b - c");
    assertThat(Devices.reason(new IllegalStateException("\n no room [4 of 5] \n")))
        .isEqualTo("no room [4 of 5]");
    RuntimeException noDriver =
        new IllegalStateException(
            "\u001B[31m[WARNING] No OpenCL platforms found. Deoptimizing to sequential"
                + " execution.\u001B[0m");
    assertThat(Devices.reason(noDriver)).isEqualTo("No OpenCL platforms found.");
    RuntimeException full =
        new IllegalStateException(
            "Unable to allocate 64 bytes of memory.\nTo increase the maximum device memory, use"
                + " -Dtornado.device.memory=<X>GB\n");
    assertThat(Devices.reason(full))
        .isEqualTo(
            "Unable to allocate 64 bytes of memory. To increase the maximum device memory, use"
                + " --device-memory");
    assertThat(Devices.reason(new IllegalStateException())).isEqualTo("IllegalStateException");
    assertThat(Devices.reason(new IllegalStateException("\u001B[31m\u001B[0m")))
        .isEqualTo("IllegalStateException");
  }

  @ParameterizedTest
  @CsvSource({"17, 17", "3KB, 3072", "5MB, 5242880", "4GB, 4294967296", "1TB, 1099511627776"})
  void memoryIsInTornadoVmsNotation(String size, long bytes) {
    assertThat(Devices.bytes(size)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GB", "4gb", "4 GB", "4G", "12B", "9223372036854775807KB"})
  void otherMemoryIsRefused(String size) {
    assertThatThrownBy(() -> Devices.bytes(size))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("tornado.device.memory")
        .hasMessageContaining("'" + size + "'");
  }
}
