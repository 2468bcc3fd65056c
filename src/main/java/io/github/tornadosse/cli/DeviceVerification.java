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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** Runs the golden cases on several devices, in processes that the launcher starts. */
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
   * @param progress told of each process before it is run, and its rows afterwards, by its thread
   */
  DeviceVerification(Path launcher, Path cases, Consumer<String> progress) {
    this.launcher = launcher;
    this.cases = cases;
    this.progress = progress;
  }

  /**
   * Verifies the embedded runtime and devices of the SDK, each tier of a device in a process.
   *
   * @param devices what the launcher found
   * @param atOnce how many processes run side by side
   * @return the rows, in the order of the devices; one with the obstacle where there is no device
   */
  DeviceTable all(List<SdkDevices.Found> devices, int atOnce) {
    DeviceTable table = new DeviceTable();
    try (ExecutorService processes = Executors.newFixedThreadPool(atOnce)) {
      List<Future<DeviceTable>> parts = new ArrayList<>();
      parts.add(processes.submit(() -> verify(Devices.JVM, "auto")));
      for (SdkDevices.Found device : devices) {
        if (device.fields() == null) {
          DeviceTable none = new DeviceTable();
          none.broken(device.name(), "-", "no devices: " + device.obstacle());
          parts.add(CompletableFuture.completedFuture(none));
          continue;
        }
        for (String tier : new LinkedHashSet<>(List.of("portable", device.fields().tier()))) {
          parts.add(processes.submit(() -> verify(device.name(), tier)));
        }
      }
      try {
        for (Future<DeviceTable> part : parts) {
          table.addAll(part.get());
        }
      } catch (InterruptedException e) {
        // Before the pool is closed, which waits for what is still at work.
        processes.shutdownNow();
        Thread.currentThread().interrupt();
        table.broken("-", "-", "interrupted");
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    }
    return table;
  }

  private DeviceTable verify(String device, String tier) {
    progress.accept("verifying %s, tier %s".formatted(device, tier));
    long start = System.nanoTime();
    List<String> command = new ArrayList<>();
    command.add(launcher.toString());
    command.addAll(List.of("--device", device, "verify", "--tier", tier, "--json"));
    if (cases != null) {
      command.addAll(List.of("--cases", cases.toString()));
    }
    try {
      Path errors = Files.createTempFile("sse-verify", ".err");
      try {
        DeviceTable table = run(command, device, tier, errors);
        long seconds = Math.round((System.nanoTime() - start) / 1e9);
        table.rows().forEach(row -> progress.accept("%s  after %d s".formatted(row, seconds)));
        return table;
      } finally {
        Files.delete(errors);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + launcher, e);
    }
  }

  /** The results, and why the process ended if it did before it should. */
  private static DeviceTable run(List<String> command, String device, String tier, Path errors)
      throws IOException {
    DeviceTable table = new DeviceTable();
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
        table.broken(device, tier, "exit code " + code + complaint(errors));
      }
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      table.broken(device, tier, "interrupted");
    }
    return table;
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
