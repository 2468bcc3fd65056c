package io.github.tornadosse.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.bench.MixerCase;
import io.github.tornadosse.eval.bench.SuiteEntry;
import io.github.tornadosse.tensor.FileErrors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Another program for the same sizes, such as one in PyTorch. It takes {@code --tokens --heads
 * --dim --partitions --topk --threads --runs --only gla|sse|softmax}, maybe {@code --backward}, and
 * prints a line of JSON with {@code mixer}, {@code min_ms} and {@code median_ms}.
 */
final class BenchPeer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_SECONDS = 900;

  /** Peers can be slow, and have a column, not a row. */
  private static final int MOST_RUNS = 3;

  private final String command;
  private boolean works = true;

  /**
   * A peer.
   *
   * @param command program and arguments, separated by spaces; null for none
   */
  BenchPeer(String command) {
    this.command = command;
  }

  /** What the peer calls a mixer; null if it has none like it. */
  private static String name(MixerCase c) {
    if (c.form().equals("mask")) {
      return null;
    }
    return switch (c.mixer()) {
      case "sse-gla" -> "sse";
      case "gla" -> "gla";
      case "softmax" -> "softmax";
      default -> null;
    };
  }

  /**
   * Times the peer, where it can do what the entry is about, and adds its figures to the result. A
   * peer that does not run is one line on standard error, and is not asked again.
   */
  void time(SuiteEntry entry, ObjectNode result) {
    String mixer = entry.mixer() == null ? null : name(entry.mixer());
    boolean wanted = entry.peer() && entry.precision().equals("float32") && entry.threads() > 0;
    if (command == null || !works || !wanted || mixer == null) {
      return;
    }
    try {
      JsonNode line = run(arguments(entry, mixer), mixer);
      result
          .putObject("peer")
          .put("command", command)
          .put("runs", runs(entry))
          .put("min_ms", line.get("min_ms").doubleValue())
          .put("median_ms", line.get("median_ms").doubleValue());
    } catch (PeerException e) {
      works = e.late;
      Console.err(
          "no peer%s: '%s' does not run: %s",
          e.late ? " for " + entry.name() : "", command, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int runs(SuiteEntry entry) {
    return Math.min(entry.runs(), MOST_RUNS);
  }

  private static final class PeerException extends Exception {
    private static final long serialVersionUID = 1;

    /** Whether it ran, but for too long. */
    private final boolean late;

    PeerException(String reason, boolean late) {
      super(reason);
      this.late = late;
    }
  }

  private List<String> arguments(SuiteEntry entry, String mixer) {
    MixerCase c = entry.mixer();
    List<String> all = new ArrayList<>(List.of(command.strip().split("\\s+")));
    all.addAll(
        List.of(
            "--tokens", Integer.toString(c.tokens()),
            "--heads", Integer.toString(c.heads()),
            "--dim", Integer.toString(c.dim()),
            "--partitions", Integer.toString(Math.max(1, c.partitions())),
            "--topk", Integer.toString(Math.max(1, c.topk())),
            "--threads", Integer.toString(entry.threads()),
            "--runs", Integer.toString(runs(entry)),
            "--only", mixer));
    if (c.backward()) {
      all.add("--backward");
    }
    return all;
  }

  private static JsonNode run(List<String> arguments, String mixer)
      throws PeerException, InterruptedException {
    Path output = null;
    try {
      output = Files.createTempFile("sse-peer", ".out");
      Process process =
          new ProcessBuilder(arguments)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      process.getOutputStream().close();
      try {
        if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
          throw new PeerException("it takes more than " + LONGEST_SECONDS + " s", true);
        }
      } finally {
        process.destroyForcibly();
      }
      List<String> lines =
          new String(Files.readAllBytes(output), StandardCharsets.UTF_8)
              .lines()
              .filter(l -> !l.isBlank())
              .toList();
      for (String line : lines) {
        JsonNode node = parse(line);
        if (node.path("mixer").asText().equals(mixer)
            && node.path("min_ms").isNumber()
            && node.path("median_ms").isNumber()) {
          return node;
        }
      }
      throw new PeerException(
          lines.isEmpty()
              ? "exit code " + process.exitValue()
              : FileErrors.firstLine(lines.get(lines.size() - 1)),
          false);
    } catch (IOException e) {
      throw new PeerException(FileErrors.reason(e), false);
    } finally {
      if (output != null) {
        output.toFile().delete();
      }
    }
  }

  private static JsonNode parse(String line) {
    try {
      JsonNode node = JSON.readTree(line);
      return node == null ? Console.object() : node;
    } catch (JsonProcessingException e) {
      return Console.object();
    }
  }
}
