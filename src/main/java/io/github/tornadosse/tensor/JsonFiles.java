package io.github.tornadosse.tensor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the small JSON files of a checkpoint, strictly. */
public final class JsonFiles {
  /** The largest file that is read. */
  public static final long MAX_BYTES = 64L << 20;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private JsonFiles() {}

  /**
   * Reads a file that holds one JSON object.
   *
   * @param file the file
   * @return the object
   * @throws UserError if the file cannot be read, is not JSON, has a key twice, or holds something
   *     else than an object
   */
  public static ObjectNode readObject(Path file) {
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new UserError("cannot read " + file + ": not a regular file");
      }
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw new UserError(
            "cannot read " + file + ": " + size + " bytes; at most " + MAX_BYTES + " are read");
      }
      JsonNode node = JSON.readTree(Files.readAllBytes(file));
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw new UserError(file + ": has to hold a JSON object, such as {\"key\": 1}");
    } catch (JsonProcessingException e) {
      String where = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
      throw new UserError(
          file + where + ": not right JSON: " + FileErrors.firstLine(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw FileErrors.of("cannot read", file, e);
    }
  }

  /**
   * An object as the text of a file: indented, keys in their order, a line feed at the end. Equal
   * objects give equal texts.
   *
   * @param object the object
   * @return the text
   */
  public static String text(ObjectNode object) {
    return object.toPrettyString().replace("\r\n", "\n") + "\n";
  }
}
