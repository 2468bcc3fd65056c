package io.github.tornadosse.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.tornadosse.runtime.Devices;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Runs the golden cases on several devices, each in a process that the launcher starts. */
final class DeviceVerification {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PREFIX = "sse: ";

  private final Path launcher;
  private final Path cases;
  private final Consumer<String> progress;

  /**
   * Prepares the runs.
   *
   * @param launcher bin/sse
   * @param cases the directory of cases; null for those in the jar
   * @param progress told of each device before it is run
   */
  DeviceVerification(Path launcher, Path cases, Consumer<String> progress) {
    this.launcher = launcher;
    this.cases = cases;
    this.progress = progress;
  }

  /** Adds the rows of the embedded runtime. */
  void jvm(DeviceTable table) {
    verify(Devices.JVM, table);
  }

  /** Adds the rows of a device of the SDK; one row with the obstacle where there is none. */
  void device(SdkDevices.Found device, DeviceTable table) {
    if (device.fields() == null) {
      table.broken(device.name(), "no devices: " + device.obstacle());
    } else {
      verify(device.name(), table);
    }
  }

  private void verify(String device, DeviceTable table) {
    progress.accept("verifying " + device);
    List<String> command = new ArrayList<>();
    command.add(launcher.toString());
    command.addAll(List.of("--device", device, "verify", "--tier", "auto", "--json"));
    if (cases != null) {
      command.addAll(List.of("--cases", cases.toString()));
    }
    try {
      Path errors = Files.createTempFile("sse-verify", ".err");
      try {
        run(command, device, errors, table);
      } finally {
        Files.delete(errors);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + launcher, e);
    }
  }

  /** Adds the results as they come, and why the process ended if it did before it should. */
  private static void run(List<String> command, String device, Path errors, DeviceTable table)
      throws IOException {
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    process.getOutputStream().close();
    boolean complete = false;
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode node = parse(line);
        if (node.has("case")) {
          table.add(device, node);
        } else {
          complete |= node.has("passed");
        }
      }
      int code = process.waitFor();
      if (!complete) {
        table.broken(device, "exit code " + code + complaint(errors));
      }
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      table.broken(device, "interrupted");
    }
  }

  /** Drivers write to standard output, too: what is no JSON is theirs. */
  private static JsonNode parse(String line) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException e) {
      return Console.object();
    }
  }

  /** The last line that the program itself wrote to standard error, else the last one at all. */
  static String complaint(Path errors) throws IOException {
    String ours = "";
    String last = "";
    for (String line : Files.readAllLines(errors, StandardCharsets.UTF_8)) {
      last = line.isBlank() ? last : line.strip();
      ours = line.startsWith(PREFIX) ? line.substring(PREFIX.length()) : ours;
    }
    String said = ours.isEmpty() ? last : ours;
    return said.isEmpty() ? "" : ": " + said;
  }
}
