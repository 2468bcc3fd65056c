package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With scripts in place of the launcher. */
class DeviceVerificationTest {
  private static final String PASSED =
      "echo '{\"case\":\"op/a\",\"tier\":\"portable\",\"outcome\":\"passed\",\"forward\":{\"error\":1e-7},\"gradient\":{\"error\":3e-7},\"reason\":\"\"}'\n"
          + "echo '{\"case\":\"op/b\",\"tier\":\"portable\",\"outcome\":\"passed\",\"forward\":{\"error\":2e-7},\"reason\":\"\"}'\n"
          + "echo '{\"case\":\"op/a\",\"tier\":\"vector\",\"outcome\":\"skipped\",\"reason\":\"\"}'\n"
          + "echo '{\"case\":\"op/b\",\"tier\":\"vector\",\"outcome\":\"passed\",\"forward\":{\"error\":4e-7},\"reason\":\"\"}'\n";
  private static final String END = "echo '{\"passed\":3,\"failed\":0,\"skipped\":1}'\n";

  @TempDir private Path directory;

  private final DeviceTable table = new DeviceTable();
  private final List<String> progress = new ArrayList<>();

  private DeviceVerification launcher(String script, Path cases) throws IOException {
    Path file = directory.resolve("sse");
    Files.writeString(
        file, "#!/bin/sh\necho \"$@\" >" + directory.resolve("arguments") + "\n" + script);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return new DeviceVerification(file, cases, progress::add);
  }

  private String arguments() throws IOException {
    return Files.readString(directory.resolve("arguments")).strip();
  }

  private static SdkDevices.Found device() {
    return SdkDevices.parse("opencl\t1\tgpu" + "\t1".repeat(10) + "\topencl-gpu\tportable")
        .getFirst();
  }

  @Test
  void everyTierOfADeviceIsARowWithItsLargestErrors() throws IOException {
    launcher("echo a driver says hello\n" + PASSED + END, null).jvm(table);
    assertThat(arguments()).isEqualTo("--device jvm verify --tier auto --json");
    assertThat(progress).containsExactly("verifying jvm");
    JsonNode rows = table.json().get("devices");
    assertThat(rows).hasSize(2);
    JsonNode portable = rows.get(0);
    assertThat(portable.get("device").textValue()).isEqualTo("jvm");
    assertThat(portable.get("tier").textValue()).isEqualTo("portable");
    assertThat(portable.get("passed").intValue()).isEqualTo(2);
    assertThat(portable.get("failed").intValue()).isZero();
    assertThat(portable.get("forward").doubleValue()).isEqualTo(2e-7);
    assertThat(portable.get("gradient").doubleValue()).isEqualTo(3e-7);
    JsonNode vector = rows.get(1);
    assertThat(vector.get("skipped").intValue()).isOne();
    assertThat(vector.has("gradient")).isFalse();
    assertThat(table.good()).isTrue();
    assertThat(table.lines()).hasSize(3);
    assertThat(table.lines().get(1)).contains("jvm", "portable", "2.0e-07", "3.0e-07");
    assertThat(table.lines().get(2)).contains("vector", "4.0e-07").endsWith("-");
  }

  @Test
  void aFailedCaseIsNamedAndFailsTheWhole() throws IOException {
    String failed =
        "echo '{\"case\":\"op/c\",\"tier\":\"portable\",\"outcome\":\"failed\",\"forward\":{\"error\":\"Infinity\"},\"reason\":\"o is off\"}'\n";
    launcher(PASSED + failed + END + "exit 1", directory).device(device(), table);
    assertThat(arguments())
        .isEqualTo("--device opencl:1 verify --tier auto --json --cases " + directory);
    assertThat(table.good()).isFalse();
    assertThat(table.lines().get(1)).contains("opencl:1", "Infinity", "op/c: o is off");
    JsonNode row = table.json().get("devices").get(0);
    assertThat(row.get("failed").intValue()).isOne();
    assertThat(row.get("reasons").get(0).textValue()).isEqualTo("op/c: o is off");
  }

  @Test
  void aDeviceThatDoesNotStartIsARowWithItsReason() throws IOException {
    launcher("echo 'sse: no driver' >&2; echo WARNING >&2; exit 2", null).device(device(), table);
    assertThat(table.good()).isFalse();
    assertThat(table.lines().get(1)).contains("opencl:1", "exit code 2: no driver");
  }

  @Test
  void aProcessThatEndsInTheMiddleIsAFailureThoughItsCasesPassed() throws IOException {
    launcher(PASSED + "echo trap >&2; exit 134", null).device(device(), table);
    assertThat(table.good()).isFalse();
    assertThat(table.lines()).hasSize(4);
    assertThat(table.lines().get(3)).contains("exit code 134: trap");
    assertThat(table.json().get("good").booleanValue()).isFalse();
  }

  @Test
  void aBackendWithoutDevicesIsARowWithoutAProcess() throws IOException {
    DeviceVerification verification = launcher("exit 1", null);
    verification.device(SdkDevices.parse("ptx\tno driver here").getFirst(), table);
    assertThat(directory.resolve("arguments")).doesNotExist();
    assertThat(table.good()).isFalse();
    assertThat(table.lines().get(1)).contains("ptx", "no devices: no driver here");
  }

  @Test
  void aTierWhoseCasesAreAllSkippedDoesNotPass() throws IOException {
    String skipped = "echo '{\"case\":\"op/a\",\"tier\":\"portable\",\"outcome\":\"skipped\"}'\n";
    launcher(skipped + END, null).jvm(table);
    assertThat(table.good()).isFalse();
  }
}
