package io.github.tornadosse.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.JsonFiles;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes tokenizers from the files beside a model.
 *
 * <p>The separator between documents is the end-of-text token: {@code eos_token} of {@code
 * tokenizer_config.json}, else that of {@code special_tokens_map.json}, else the first {@code
 * eos_token_id} of {@code config.json}.
 */
public final class Tokenizers {
  /** The file of a tokenizer. */
  public static final String TOKENIZER = "tokenizer.json";

  /** Every file that may belong to a tokenizer. */
  public static final List<String> FILES =
      List.of(
          TOKENIZER,
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "tokenizer.model",
          "vocab.json",
          "merges.txt",
          "vocab.txt",
          "chat_template.jinja");

  static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  static final String EOS = "eos_token";

  private static final String SPECIAL_TOKENS = "special_tokens_map.json";
  private static final String MODEL_CONFIG = "config.json";

  private Tokenizers() {}

  /**
   * The tokenizer of a model.
   *
   * @param directory the model's directory
   * @return its tokenizer
   * @throws UserError if there is none, a file is wrong, or no separator is named
   */
  public static Tokenizer of(Path directory) {
    Path file = directory.resolve(TOKENIZER);
    if (Files.exists(file)) {
      return read(file);
    }
    Path config = directory.resolve(TOKENIZER_CONFIG);
    if (Files.exists(config)
        && JsonFiles.readObject(config).path("tokenizer_class").asText().equals("ByteTokenizer")) {
      return new ByteTokenizer();
    }
    throw new UserError(
        directory
            + ": there is no tokenizer.json"
            + (Files.exists(directory.resolve("tokenizer.model"))
                ? "; the transformers library makes one of tokenizer.model"
                : ""));
  }

  /**
   * Whether a model has a tokenizer; one of token ids alone, such as a task's, has none.
   *
   * @param directory the model's directory
   * @return whether there are files of one
   */
  public static boolean exists(Path directory) {
    return FILES.stream().anyMatch(name -> Files.exists(directory.resolve(name)));
  }

  /**
   * The tokenizer that a recipe names.
   *
   * @param name {@code bytes}, or the path of a {@code tokenizer.json} or of a directory that holds
   *     one
   * @return the tokenizer
   * @throws UserError if there is no such tokenizer, a file is wrong, or no separator is named
   */
  public static Tokenizer named(String name) {
    if (name.equals(ByteTokenizer.NAME)) {
      return new ByteTokenizer();
    }
    Path path;
    try {
      path = Path.of(name);
    } catch (InvalidPathException e) {
      throw unknown(name);
    }
    if (!Files.exists(path)) {
      throw unknown(name);
    }
    return Files.isDirectory(path) ? of(path) : read(path);
  }

  private static UserError unknown(String name) {
    return new UserError(
        FileErrors.quote(name)
            + " is neither 'bytes' nor the path of a tokenizer.json or of a directory that holds"
            + " one");
  }

  private static Tokenizer read(Path file) {
    ObjectNode tree = JsonFiles.readObject(file);
    if (ByteLevelFiles.isByteLevel(tree)) {
      return new ByteTokenizer();
    }
    byte[] json = bytes(file);
    Path directory = file.toAbsolutePath().getParent();
    Map<String, byte[]> files = new HashMap<>();
    files.put(TOKENIZER, json);
    for (String name : List.of(TOKENIZER_CONFIG, SPECIAL_TOKENS)) {
      if (Files.exists(directory.resolve(name))) {
        files.put(name, bytes(directory.resolve(name)));
      }
    }
    return new JsonTokenizer(
        text(json, file),
        tree,
        file.toString(),
        vocabulary -> separator(directory, file, vocabulary, files),
        files);
  }

  private static int separator(
      Path directory, Path file, Vocabulary vocabulary, Map<String, byte[]> files) {
    for (String name : List.of(TOKENIZER_CONFIG, SPECIAL_TOKENS)) {
      JsonNode token = object(directory.resolve(name)).path(EOS);
      String text = token.isObject() ? token.path("content").asText("") : token.asText("");
      if (!token.isNull() && !text.isEmpty()) {
        int id = vocabulary.id(text);
        if (id < 0) {
          throw new UserError(
              "%s: eos_token %s is not a token of %s"
                  .formatted(directory.resolve(name), FileErrors.quote(text), file));
        }
        return id;
      }
    }
    JsonNode id = object(directory.resolve(MODEL_CONFIG)).path("eos_token_id");
    id = id.isArray() ? id.path(0) : id;
    if (!id.isIntegralNumber()) {
      throw new UserError(
          file
              + ": the token that ends a text is not known; name it as eos_token in"
              + " tokenizer_config.json beside it");
    }
    if (!id.canConvertToInt() || vocabulary.token(id.intValue()) == null) {
      throw new UserError(
          "%s: eos_token_id %s is not a token of %s"
              .formatted(directory.resolve(MODEL_CONFIG), id, file));
    }
    // A model that is trained with the tokenizer has a config.json of its own.
    ObjectNode special = object(directory.resolve(SPECIAL_TOKENS));
    special.put(EOS, vocabulary.token(id.intValue()));
    files.put(SPECIAL_TOKENS, JsonFiles.text(special).getBytes(StandardCharsets.UTF_8));
    return id.intValue();
  }

  /** What a file holds; nothing if it is not there. */
  private static ObjectNode object(Path file) {
    return Files.exists(file) ? JsonFiles.readObject(file) : JsonNodeFactory.instance.objectNode();
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw FileErrors.of("cannot read", file, e);
    }
  }

  private static String text(byte[] bytes, Path file) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new UserError(file + ": not UTF-8 text", e);
    }
  }
}
