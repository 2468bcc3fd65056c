package io.github.tornadosse.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.JsonFiles;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The byte-level tokenizer as the files that libraries for such files read: byte-level byte-pair
 * encoding without a merge, where the character of a byte has the byte's value as its id.
 */
final class ByteLevelFiles {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final String SEPARATOR = "<|endoftext|>";
  private static final ObjectNode TOKENIZER = tokenizer();
  private static final ObjectNode CONFIG =
      NODES
          .objectNode()
          .put("tokenizer_class", "PreTrainedTokenizerFast")
          .put(Tokenizers.EOS, SEPARATOR)
          .put("clean_up_tokenization_spaces", false);

  private ByteLevelFiles() {}

  /** The files by name. */
  static Map<String, byte[]> files() {
    return Map.of(
        Tokenizers.TOKENIZER, bytes(TOKENIZER), Tokenizers.TOKENIZER_CONFIG, bytes(CONFIG));
  }

  private static byte[] bytes(ObjectNode object) {
    return JsonFiles.text(object).getBytes(StandardCharsets.UTF_8);
  }

  /** Whether a {@code tokenizer.json} is this one, whoever wrote it. */
  static boolean isByteLevel(JsonNode tokenizer) {
    for (String absent : new String[] {"normalizer", "truncation", "padding"}) {
      if (!tokenizer.path(absent).isNull() && tokenizer.has(absent)) {
        return false;
      }
    }
    JsonNode model = tokenizer.path("model");
    JsonNode added = tokenizer.path("added_tokens");
    return tokenizer.path("pre_tokenizer").path("type").asText().equals("ByteLevel")
        && !tokenizer.path("pre_tokenizer").path("add_prefix_space").asBoolean(true)
        && tokenizer.path("decoder").path("type").asText().equals("ByteLevel")
        && (!tokenizer.hasNonNull("post_processor")
            || tokenizer.path("post_processor").path("type").asText().equals("ByteLevel"))
        && model.path("type").asText().equals("BPE")
        && model.path("vocab").equals(TOKENIZER.path("model").path("vocab"))
        && model.path("merges").isArray()
        && model.path("merges").isEmpty()
        && added.size() == 1
        && added.path(0).path("id").asInt(-1) == ByteTokenizer.BYTES
        && added.path(0).path("special").asBoolean();
  }

  private static ObjectNode tokenizer() {
    ObjectNode root = NODES.objectNode();
    root.put("version", "1.0");
    root.putNull("truncation");
    root.putNull("padding");
    root.putArray("added_tokens")
        .addObject()
        .put("id", ByteTokenizer.BYTES)
        .put("content", SEPARATOR)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
    root.putNull("normalizer");
    byteLevel(root.putObject("pre_tokenizer"));
    root.putNull("post_processor");
    byteLevel(root.putObject("decoder"));
    ObjectNode model = root.putObject("model").put("type", "BPE");
    for (String name :
        new String[] {"dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"}) {
      model.putNull(name);
    }
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    ObjectNode vocab = model.putObject("vocab");
    for (int b = 0; b < ByteTokenizer.BYTES; b++) {
      vocab.put(ByteCharacters.of(b), b);
    }
    model.putArray("merges");
    return root;
  }

  private static void byteLevel(ObjectNode node) {
    node.put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
  }
}
