package io.github.tornadosse.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;

/**
 * Refuses the mistakes in a {@code tokenizer.json} that the native code does not report but ends
 * the process for. The steps are told by their fields, as the native code does where a type is
 * wrong.
 */
final class NativeGuard {
  private final String file;

  private NativeGuard(String file) {
    this.file = file;
  }

  /**
   * Checks a tokenizer.
   *
   * @param tokenizer the content of the file
   * @param file names it in messages
   * @throws UserError naming the first mistake
   */
  static void check(JsonNode tokenizer, String file) {
    NativeGuard guard = new NativeGuard(file);
    for (String name : List.of("normalizer", "pre_tokenizer", "decoder")) {
      guard.checkSteps(tokenizer.path(name), name);
    }
    guard.checkMerges(tokenizer.path("model"));
  }

  private void checkSteps(JsonNode steps, String name) {
    for (JsonNode prepend : steps.findValues("prepend")) {
      require(!prepend.asText("x").isEmpty(), name, "puts an empty text before texts");
    }
    for (JsonNode pattern : steps.findValues("pattern")) {
      for (String kind : List.of("String", "Regex")) {
        require(!pattern.path(kind).asText("x").isEmpty(), name, "has an empty pattern");
      }
    }
    for (JsonNode length : steps.findValues("length")) {
      require(length.asLong(1) > 0, name, "splits into pieces of no length");
    }
    for (JsonNode stop : steps.findValues("stop")) {
      require(stop.asLong(0) == 0, name, "takes characters away at the ends of tokens");
    }
    for (JsonNode map : steps.findValues("precompiled_charsmap")) {
      require(isCharacterMap(map), name, "has a broken precompiled_charsmap");
    }
  }

  /** Base64 of the length of a table of words, the table, and texts. */
  private static boolean isCharacterMap(JsonNode node) {
    try {
      ByteBuffer map =
          ByteBuffer.wrap(Base64.getDecoder().decode(node.asText())).order(ByteOrder.LITTLE_ENDIAN);
      long length = map.remaining() < 4 ? -1 : Integer.toUnsignedLong(map.getInt());
      return length > 0 && length % 4 == 0 && length <= map.remaining();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** The second part of a merge is a token inside a word, which has the prefix of those. */
  private void checkMerges(JsonNode model) {
    String prefix = model.path("continuing_subword_prefix").asText("");
    if (prefix.isEmpty() || model.path("continuing_subword_prefix").isNull()) {
      return;
    }
    for (JsonNode merge : model.path("merges")) {
      String text = merge.asText("");
      String second =
          merge.isArray() ? merge.path(1).asText("") : text.substring(text.indexOf(' ') + 1);
      require(
          second.startsWith(prefix),
          "model",
          "has the merge "
              + FileErrors.quote(merge.isTextual() ? text : merge.toString())
              + ", whose second part lacks the prefix "
              + FileErrors.quote(prefix));
    }
  }

  private void require(boolean holds, String where, String mistake) {
    if (!holds) {
      throw new UserError(file + ": not a right tokenizer.json: " + where + " " + mistake);
    }
  }
}
