package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
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

  private final List<String> progress = Collections.synchronizedList(new ArrayList<>());

  /** The table where jvm passes and the script stands in for the launcher on every other device. */
  private DeviceTable table(String script, Path cases, int atOnce, SdkDevices.Found... devices)
      throws IOException {
    Path file = directory.resolve("sse");
    Files.writeString(
        file,
        "#!/bin/sh\necho \"$@\" >>%s\nif [ $2 = jvm ]; then\n%sexit 0\nfi\n%s"
            .formatted(directory.resolve("arguments"), PASSED + END, script));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return new DeviceVerification(file, cases, progress::add).all(List.of(devices), atOnce);
  }

  private List<String> arguments() throws IOException {
    return Files.readAllLines(directory.resolve("arguments"));
  }

  private static SdkDevices.Found device(String name, String tier) {
    return SdkDevices.parse(name.replace(':', '\t') + "\tgpu" + "\t1".repeat(10) + "\tx\t" + tier)
        .getFirst();
  }

  /** The lines after the head and jvm's. */
  private static List<String> lines(DeviceTable table) {
    return table.lines().subList(3, table.lines().size());
  }

  @Test
  void everyTierOfADeviceIsARowWithItsLargestErrors() throws IOException {
    DeviceTable table = table("exit 1", null, 1);
    assertThat(arguments()).containsExactly("--device jvm verify --tier auto --json");
    assertThat(progress).hasSize(3);
    assertThat(progress.get(0)).isEqualTo("verifying jvm, tier auto");
    assertThat(progress.get(1)).contains("jvm", "portable", "2.0e-07").matches(".* after \\d+ s");
    assertThat(progress.get(2)).contains("jvm", "vector", "4.0e-07").matches(".* after \\d+ s");
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
  void rowsStandInTheOrderOfTheDevicesThoughProcessesRunSideBySide() throws IOException {
    // Each process but the last waits for the next one to be over.
    String over = directory + "/over-";
    String script =
        """
        case $2-$5 in
          cuda:0-portable) next=cuda:0-gpu ;;
          cuda:0-gpu) next=opencl:1-portable ;;
          *) next= ;;
        esac
        while [ -n "$next" ] && [ ! -e %1$s$next ]; do sleep 0.01; done
        echo "{\\"case\\":\\"op/a\\",\\"tier\\":\\"$5\\",\\"outcome\\":\\"passed\\",\\"reason\\":\\"\\"}"
        : >%1$s$2-$5
        """
                .formatted(over)
            + END;
    DeviceTable table =
        table(script, null, 3, device("cuda:0", "gpu"), device("opencl:1", "portable"));
    assertThat(table.good()).isTrue();
    assertThat(lines(table)).hasSize(3);
    assertThat(lines(table).get(0)).startsWith("cuda:0     portable");
    assertThat(lines(table).get(1)).startsWith("cuda:0     gpu");
    assertThat(lines(table).get(2)).startsWith("opencl:1   portable");
    assertThat(arguments()).hasSize(4).contains("--device cuda:0 verify --tier gpu --json");
    assertThat(progress).hasSize(4 + 5).contains("verifying opencl:1, tier portable");
  }

  @Test
  void aFailedCaseIsNamedAndFailsTheWhole() throws IOException {
    String failed =
        "echo '{\"case\":\"op/c\",\"tier\":\"portable\",\"outcome\":\"failed\",\"forward\":{\"error\":\"Infinity\"},\"reason\":\"o is off\"}'\n";
    DeviceTable table =
        table(PASSED + failed + END + "exit 1", directory, 1, device("opencl:1", "portable"));
    assertThat(arguments().getLast())
        .isEqualTo("--device opencl:1 verify --tier portable --json --cases " + directory);
    assertThat(table.good()).isFalse();
    assertThat(lines(table).getFirst()).contains("opencl:1", "Infinity", "op/c: o is off");
    JsonNode row = table.json().get("devices").get(2);
    assertThat(row.get("failed").intValue()).isOne();
    assertThat(row.get("reasons").get(0).textValue()).isEqualTo("op/c: o is off");
  }

  @Test
  void aDeviceThatDoesNotStartIsARowWithItsReason() throws IOException {
    DeviceTable table =
        table(
            "echo 'sse: no driver' >&2; echo WARNING >&2; exit 2",
            null,
            2,
            device("opencl:1", "portable"));
    assertThat(table.good()).isFalse();
    assertThat(lines(table)).hasSize(1);
    assertThat(lines(table).getFirst()).contains("opencl:1", "exit code 2: no driver");
  }

  @Test
  void aProcessThatEndsInTheMiddleIsAFailureThoughItsCasesPassed() throws IOException {
    DeviceTable table =
        table(PASSED + "echo trap >&2; exit 134", null, 1, device("opencl:1", "portable"));
    assertThat(table.good()).isFalse();
    assertThat(lines(table).getFirst()).contains("2.0e-07", "exit code 134: trap");
    assertThat(table.json().get("good").booleanValue()).isFalse();
  }

  @Test
  void aBackendWithoutDevicesIsARowWithoutAProcess() throws IOException {
    DeviceTable table =
        table("exit 1", null, 1, SdkDevices.parse("ptx\tno driver here").getFirst());
    assertThat(arguments()).hasSize(1);
    assertThat(table.good()).isFalse();
    assertThat(lines(table).getFirst()).contains("ptx", "no devices: no driver here");
  }

  @Test
  void aTierWhoseCasesAreAllSkippedDoesNotPass() throws IOException {
    String skipped = "echo '{\"case\":\"op/a\",\"tier\":\"portable\",\"outcome\":\"skipped\"}'\n";
    assertThat(table(skipped + END, null, 1, device("opencl:1", "portable")).good()).isFalse();
  }
}
