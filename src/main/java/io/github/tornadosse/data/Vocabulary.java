package io.github.tornadosse.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tokens of a {@code tokenizer.json}: what its model and its added tokens name. */
final class Vocabulary {
  private static final int MOST_TOKENS = 1 << 24;
  private static final Pattern BYTE = Pattern.compile("<0x([0-9A-Fa-f]{2})>");

  private final String file;
  private final Map<String, Integer> ids = new HashMap<>();
  private final BitSet special = new BitSet();
  private final List<String> specialTexts = new ArrayList<>();
  private final boolean unigram;
  private final boolean byteLevel;
  private final boolean byteFallback;
  private String[] tokens = new String[1 << 10];
  private int size;

  /**
   * Reads the tokens.
   *
   * @param tokenizer the content of the file
   * @param file names it in messages
   * @throws UserError if the tokens are missing or wrong
   */
  Vocabulary(JsonNode tokenizer, String file) {
    this.file = file;
    JsonNode model = tokenizer.path("model");
    JsonNode vocab = model.path("vocab");
    if (vocab.isObject()) {
      vocab.properties().forEach(token -> add(token.getKey(), token.getValue()));
    } else if (vocab.isArray()) {
      for (JsonNode token : vocab) {
        if (!token.path(0).isTextual()) {
          throw defect("its vocabulary has " + FileErrors.quote(token.toString()));
        }
        put(token.get(0).textValue(), size);
      }
    } else {
      throw defect("there is no vocabulary in it (model.vocab)");
    }
    for (JsonNode token : tokenizer.path("added_tokens")) {
      String text = token.path("content").asText("");
      if (text.isEmpty()) {
        throw defect("an added token without content: " + FileErrors.quote(token.toString()));
      }
      add(text, token.path("id"));
      if (token.path("special").asBoolean()) {
        setSpecial(ids.get(text));
      }
    }
    if (ids.isEmpty()) {
      throw defect("its vocabulary is empty");
    }
    unigram = vocab.isArray();
    byteLevel = names(tokenizer.path("decoder"), "ByteLevel");
    byteFallback = names(tokenizer.path("decoder"), "ByteFallback");
  }

  /** Ids are 0 to this, exclusive; not every one has a token. */
  int size() {
    return size;
  }

  /** The id of a token; −1 if there is none. */
  int id(String token) {
    return ids.getOrDefault(token, -1);
  }

  /** Whether an id is that of a token that can be a part of texts. */
  boolean isText(int id) {
    return id >= 0 && id < size && tokens[id] != null && !special.get(id);
  }

  /** Makes a token a special one. */
  void setSpecial(int id) {
    if (!special.get(id)) {
      special.set(id);
      specialTexts.add(tokens[id]);
    }
  }

  /**
   * The texts that are no text when the native code meets them: those of special tokens, and, with
   * unigram models, those of bytes.
   */
  List<String> reservedTexts() {
    List<String> texts = new ArrayList<>(specialTexts);
    for (int id = 0; unigram && id < size; id++) {
      if (isText(id) && bytes(id) != null) {
        texts.add(tokens[id]);
      }
    }
    return texts;
  }

  /**
   * The bytes of a text token that stands for bytes rather than characters.
   *
   * @return its bytes; null if it stands for characters
   */
  byte[] bytes(int id) {
    if (byteLevel) {
      return ByteCharacters.bytes(tokens[id]);
    }
    Matcher matcher = BYTE.matcher(tokens[id]);
    return byteFallback && matcher.matches()
        ? new byte[] {(byte) Integer.parseInt(matcher.group(1), 16)}
        : null;
  }

  /** The token of an id; null if it has none. */
  String token(int id) {
    return id >= 0 && id < size ? tokens[id] : null;
  }

  /** The ids of the 256 bytes by themselves; null if not every byte has one. */
  int[] byteIds() {
    int[] found = new int[ByteTokenizer.BYTES];
    for (int b = 0; b < found.length; b++) {
      String token = byteLevel ? ByteCharacters.of(b) : byteFallback ? "<0x%02X>".formatted(b) : "";
      found[b] = id(token);
      if (found[b] < 0) {
        return null;
      }
    }
    return found;
  }

  /** Whether a step of a tokenizer is of a type, or has one of the type among its own. */
  static boolean names(JsonNode step, String type) {
    return step.findValues("type").stream().anyMatch(t -> t.asText().equals(type));
  }

  private void add(String token, JsonNode id) {
    if (!id.isIntegralNumber() || id.longValue() < 0 || id.longValue() >= MOST_TOKENS) {
      throw defect(
          "token %s has the id %s; right are whole numbers from 0 to %d"
              .formatted(FileErrors.quote(token), id, MOST_TOKENS - 1));
    }
    put(token, id.intValue());
  }

  private void put(String token, int id) {
    if (id >= tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(id + 1, Math.min(MOST_TOKENS, 2 * tokens.length)));
    }
    size = Math.max(size, id + 1);
    tokens[id] = token;
    ids.put(token, id);
  }

  private UserError defect(String what) {
    return new UserError(file + ": not a right tokenizer.json: " + what);
  }
}
