package io.github.tornadosse.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.bench.SuiteEntry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A process on one device that runs entries: it is given one a line, and gives its result in a
 * line, after a first line with {@code ready} that says what it is.
 */
final class BenchProcess implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int START_SECONDS = 300;

  private final Process process;
  private final Path errors;
  private final Writer input;
  private final BlockingQueue<Optional<ObjectNode>> lines = new LinkedBlockingQueue<>();
  private final ObjectNode facts;
  private String ended = "";

  /**
   * Starts a process and waits until it is ready.
   *
   * @param launcher bin/sse
   * @param device such as {@code opencl:0}
   * @param tier the tier that is asked for
   * @param threads threads of the embedded runtime; 0 on other devices
   */
  BenchProcess(Path launcher, String device, String tier, int threads) {
    List<String> command = new ArrayList<>();
    command.add(launcher.toString());
    command.addAll(List.of("--device", device, "bench", "suite", "--worker", "--tier", tier));
    if (threads > 0) {
      command.addAll(List.of("--threads", Integer.toString(threads)));
    }
    try {
      errors = Files.createTempFile("sse-bench", ".err");
      process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      input = process.outputWriter(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + launcher, e);
    }
    Thread.ofPlatform().daemon().name("bench-" + device).start(this::read);
    facts = next(START_SECONDS, "ready").orElse(null);
  }

  /** What the process is: machine, device and tier; null if it did not start. */
  ObjectNode facts() {
    return facts;
  }

  /** Why there is no more to come from it. */
  String ended() {
    return ended;
  }

  /**
   * Runs an entry.
   *
   * @param entry what to run
   * @param seconds how long it may take
   * @return the result; nothing if the process ended or took too long
   */
  Optional<ObjectNode> run(SuiteEntry entry, int seconds) {
    try {
      input.write(entry.toJson().toString() + "\n");
      input.flush();
    } catch (IOException e) {
      return end();
    }
    return next(seconds, "outcome");
  }

  private void read() {
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(Optional.of(parse(line)));
      }
    } catch (IOException e) {
      // The process was ended: the same as its last line.
      ended = e.toString();
    } finally {
      lines.add(Optional.empty());
    }
  }

  /** Drivers write to standard output, too: what is no JSON object is theirs. */
  private static ObjectNode parse(String line) {
    try {
      JsonNode node = JSON.readTree(line);
      return node instanceof ObjectNode object ? object : Console.object();
    } catch (JsonProcessingException e) {
      return Console.object();
    }
  }

  /** The next line with a field. */
  private Optional<ObjectNode> next(int seconds, String field) {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try {
      while (true) {
        Optional<ObjectNode> line = lines.poll(until - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (line == null) {
          process.destroyForcibly();
          ended = "it took more than " + seconds + " s";
          return Optional.empty();
        }
        if (line.isEmpty()) {
          return end();
        }
        if (line.get().has(field)) {
          return line;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      ended = "interrupted";
      return Optional.empty();
    }
  }

  private Optional<ObjectNode> end() {
    try {
      int code = process.waitFor();
      ended = "exit code " + code + DeviceVerification.complaint(errors);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + errors, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      ended = "interrupted";
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    try {
      input.close();
    } catch (IOException e) {
      // It has ended already.
      ended = e.toString();
    }
    process.destroy();
    errors.toFile().delete();
  }
}
