package io.github.tornadosse.runtime;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.graph.GpuSettings;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.JsonFiles;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings of the GPU tier that were found for a device, kept in the user's cache. What belongs to
 * another device, driver or version is not taken.
 *
 * @param file where they are
 * @param device name and platform, driver, versions of SDK and program
 */
public record TuningFile(Path file, String device) {
  private static final Logger LOG = LoggerFactory.getLogger(TuningFile.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The file for the device that this JVM runs on. */
  public static TuningFile here() {
    return in(cache(System.getenv()), Devices.identity());
  }

  /** The file for a device in a cache directory. */
  static TuningFile in(Path cache, String device) {
    String name = device.replaceAll("[^A-Za-z0-9.]+", "-");
    return new TuningFile(cache.resolve("tornado-sse/tuning").resolve(name + ".json"), device);
  }

  /** $XDG_CACHE_HOME, or ~/.cache. */
  static Path cache(Map<String, String> environment) {
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    return xdg.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(xdg);
  }

  /**
   * The settings; none where there is no file. A file that does not fit is logged and not taken, as
   * any settings compute the same.
   *
   * @return values of {@link GpuSettings#CANDIDATES}
   */
  public Map<String, Integer> read() {
    if (!Files.exists(file)) {
      return Map.of();
    }
    try {
      ObjectNode json = JsonFiles.readObject(file);
      if (!device.equals(json.path("device").asText())) {
        throw new UserError(file + " is of another device or version");
      }
      Map<String, Integer> tuned = new TreeMap<>();
      for (Map.Entry<String, JsonNode> e : json.path("tuned").properties()) {
        tuned.put(e.getKey(), e.getValue().isInt() ? e.getValue().intValue() : null);
      }
      return new GpuSettings(1, 1, tuned).tuned();
    } catch (UserError | IllegalArgumentException | NullPointerException e) {
      LOG.warn("tuning of {} is not taken, 'sse tune' renews it: {}", device, e.getMessage());
      return Map.of();
    }
  }

  /**
   * Replaces the file.
   *
   * @param tuned values of {@link GpuSettings#CANDIDATES}
   * @throws UserError if it cannot be written
   */
  public void write(Map<String, Integer> tuned) {
    ObjectNode json = JSON.createObjectNode();
    json.put("device", device);
    ObjectNode values = json.putObject("tuned");
    new TreeMap<>(tuned).forEach(values::put);
    try {
      Files.createDirectories(file.getParent());
      Path written = Files.createTempFile(file.getParent(), "tuning", ".tmp");
      try {
        Files.writeString(written, JsonFiles.text(json));
        Files.move(
            written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(written);
      }
    } catch (IOException e) {
      throw FileErrors.of("cannot write", file, e);
    }
  }
}
