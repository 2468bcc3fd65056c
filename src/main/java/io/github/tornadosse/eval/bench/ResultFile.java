package io.github.tornadosse.eval.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Results of a suite: a line of JSON for each entry, device, tier and commit. */
public final class ResultFile {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  /** What tells results apart. */
  private static final List<String> KEY = List.of("name", "device", "tier", "commit");

  private final Path file;
  private final List<ObjectNode> results = new ArrayList<>();

  private ResultFile(Path file) {
    this.file = file;
  }

  /**
   * Opens a file for more results.
   *
   * @param file it need not be there yet, its directory is made
   * @return with the results that it has
   * @throws UserError if it cannot be read, or holds something else
   */
  public static ResultFile open(Path file) {
    ResultFile opened = new ResultFile(file);
    if (Files.exists(file)) {
      opened.results.addAll(read(file));
    } else {
      AtomicFiles.makeDirectoryOf(file);
    }
    return opened;
  }

  /**
   * Reads results.
   *
   * @param file the file
   * @return a result a line
   * @throws UserError if it cannot be read, or holds something else
   */
  public static List<ObjectNode> read(Path file) {
    List<ObjectNode> all = new ArrayList<>();
    try {
      int number = 0;
      for (String line : Files.readAllLines(file)) {
        number++;
        if (!line.isBlank()) {
          all.add(result(line, file + ", line " + number));
        }
      }
    } catch (IOException e) {
      throw FileErrors.of("cannot read", file, e);
    }
    return all;
  }

  private static ObjectNode result(String line, String where) {
    JsonNode node;
    try {
      node = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new UserError(
          where + ": not right JSON: " + FileErrors.firstLine(e.getOriginalMessage()), e);
    }
    for (String name : List.of("name", "device", "outcome")) {
      if (!node.path(name).isTextual()) {
        throw new UserError(
            where + ": no result of 'sse bench suite': the text \"" + name + "\" is missing");
      }
    }
    if (measured(node)) {
      JsonNode times = node.path("times_ms");
      boolean numbers = times.isArray() && !times.isEmpty();
      for (JsonNode t : times) {
        numbers &= t.isNumber() && t.doubleValue() > 0;
      }
      if (!numbers) {
        throw new UserError(
            where
                + ": no result of 'sse bench suite': times_ms must be a list of positive numbers");
      }
    }
    return (ObjectNode) node;
  }

  /** Whether a result has times. */
  static boolean measured(JsonNode result) {
    return result.path("outcome").asText().equals(SuiteRunner.Outcome.MEASURED.text());
  }

  /** Milliseconds of each run of a result that has times. */
  static double[] times(JsonNode result) {
    JsonNode times = result.path("times_ms");
    double[] ms = new double[times.size()];
    for (int i = 0; i < ms.length; i++) {
      ms[i] = times.get(i).doubleValue();
    }
    return ms;
  }

  /** All results, in the order in which they came. */
  public List<ObjectNode> results() {
    return List.copyOf(results);
  }

  /**
   * Whether an entry has been measured, or was found to be wrong. What was skipped or broken has to
   * be tried again.
   *
   * @param name the entry's name on the device
   * @param device such as {@code jvm}
   * @param tier the tier
   * @param commit of the program
   * @return whether there is nothing more to do
   */
  public boolean done(String name, String device, String tier, String commit) {
    List<String> key = List.of(name, device, tier, commit);
    return results.stream()
        .anyMatch(
            r ->
                key(r).equals(key)
                    && (measured(r)
                        || r.path("outcome").asText().equals(SuiteRunner.Outcome.FAILED.text())));
  }

  private static List<String> key(JsonNode result) {
    return KEY.stream().map(k -> result.path(k).asText("")).toList();
  }

  /**
   * Adds a result, in place of one of the same entry, device, tier and commit, and writes the file.
   *
   * @param result the result
   * @throws UserError if the disk refuses
   */
  public void put(ObjectNode result) {
    results.removeIf(r -> key(r).equals(key(result)));
    results.add(result);
    StringBuilder text = new StringBuilder();
    results.forEach(r -> text.append(r.toString()).append('\n'));
    AtomicFiles.write(file, text.toString());
  }
}
