package io.github.tornadosse.data;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.JsonFiles;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Small tokenizer.json files of the usual kinds. */
public final class TokenizerFiles {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private TokenizerFiles() {}

  /** The tokenizer of a file whose text ends with a token. */
  static JsonTokenizer tokenizer(ObjectNode json, String separator) {
    return new JsonTokenizer(
        json.toString(), json.deepCopy(), "test.json", v -> v.id(separator), Map.of());
  }

  static byte[] utf8(ObjectNode json) {
    return JsonFiles.text(json).getBytes(StandardCharsets.UTF_8);
  }

  private static ObjectNode root() {
    ObjectNode root = NODES.objectNode().put("version", "1.0");
    for (String name :
        List.of(
            "truncation",
            "padding",
            "added_tokens",
            "normalizer",
            "pre_tokenizer",
            "post_processor",
            "decoder")) {
      root.putNull(name);
    }
    root.putArray("added_tokens");
    return root;
  }

  private static void special(ObjectNode root, int id, String content) {
    ((ArrayNode) root.get("added_tokens"))
        .addObject()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
  }

  private static ObjectNode bpe(ObjectNode root, boolean fallback) {
    ObjectNode model = root.putObject("model").put("type", "BPE");
    model.put("unk_token", fallback ? "<unk>" : null);
    model.put("fuse_unk", fallback).put("byte_fallback", fallback).put("ignore_merges", false);
    model.putObject("vocab");
    model.putArray("merges");
    return model;
  }

  private static void token(ObjectNode model, String token) {
    ObjectNode vocab = (ObjectNode) model.get("vocab");
    if (!vocab.has(token)) {
      vocab.put(token, vocab.size());
    }
  }

  private static void merge(ObjectNode model, String left, String right) {
    token(model, left);
    token(model, right);
    token(model, left + right);
    ((ArrayNode) model.get("merges")).add(left + " " + right);
  }

  /**
   * Byte-level byte-pair encoding as GPT-2's: ids of single bytes in an order of their own, then
   * merges within English words and of the first bytes of the euro sign, and the special token
   * {@code <|end|>}.
   */
  public static ObjectNode byteLevel() {
    ObjectNode root = root();
    ObjectNode step =
        NODES
            .objectNode()
            .put("type", "ByteLevel")
            .put("add_prefix_space", false)
            .put("trim_offsets", true)
            .put("use_regex", true);
    root.set("pre_tokenizer", step);
    root.set("decoder", step);
    ObjectNode model = bpe(root, false);
    for (int b = 255; b >= 0; b--) {
      token(model, ByteCharacters.of(b));
    }
    String space = ByteCharacters.of(' ');
    merge(model, "h", "e");
    merge(model, space, "t");
    merge(model, space + "t", "he");
    merge(model, "l", "l");
    merge(model, "ll", "o");
    merge(model, "\u010a", "\u010a");
    merge(model, ByteCharacters.of(0xe2), ByteCharacters.of(0x82));
    special(root, model.get("vocab").size(), "<|end|>");
    return root;
  }

  /**
   * A Llama tokenizer of a few pieces: spaces are ▁, one stands before a text, characters without a
   * piece are bytes, and {@code <s>} opens a text.
   */
  public static ObjectNode sentencePiece() {
    ObjectNode root = root();
    ArrayNode steps = root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    steps.addObject().put("type", "Prepend").put("prepend", "▁");
    steps
        .addObject()
        .put("type", "Replace")
        .put("content", "▁")
        .putObject("pattern")
        .put("String", " ");
    ArrayNode decoders = root.putObject("decoder").put("type", "Sequence").putArray("decoders");
    decoders
        .addObject()
        .put("type", "Replace")
        .put("content", " ")
        .putObject("pattern")
        .put("String", "▁");
    decoders.addObject().put("type", "ByteFallback");
    decoders.addObject().put("type", "Fuse");
    decoders.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
    ObjectNode model = bpe(root, true);
    pieces(model);
    merge(model, "h", "e");
    merge(model, "▁", "t");
    merge(model, "▁t", "he");
    merge(model, "l", "l");
    merge(model, "▁", "▁");
    specials(root);
    template(root);
    return root;
  }

  /** The same pieces as a unigram model with Metaspace, which puts a space only where none is. */
  public static ObjectNode metaspace() {
    ObjectNode root = root();
    ObjectNode step =
        NODES
            .objectNode()
            .put("type", "Metaspace")
            .put("replacement", "▁")
            .put("prepend_scheme", "first")
            .put("split", true);
    root.set("pre_tokenizer", step);
    ArrayNode decoders = root.putObject("decoder").put("type", "Sequence").putArray("decoders");
    decoders.addObject().put("type", "ByteFallback");
    decoders.add(step.deepCopy());
    ObjectNode model = NODES.objectNode();
    bpe(model, true);
    pieces((ObjectNode) model.get("model"));
    ObjectNode unigram = root.putObject("model").put("type", "Unigram").put("unk_id", 0);
    unigram.put("byte_fallback", true);
    ArrayNode vocab = unigram.putArray("vocab");
    model
        .get("model")
        .get("vocab")
        .fieldNames()
        .forEachRemaining(t -> vocab.addArray().add(t).add(-2.0 - t.length()));
    vocab.addArray().add("▁the").add(-1.5);
    vocab.addArray().add("he").add(-1.5);
    specials(root);
    return root;
  }

  private static void pieces(ObjectNode model) {
    for (String token : List.of("<unk>", "<s>", "</s>")) {
      token(model, token);
    }
    for (int b = 0; b < 256; b++) {
      token(model, "<0x%02X>".formatted(b));
    }
    for (String token : List.of("▁", "é", ".", "<", "s", ">")) {
      token(model, token);
    }
    for (char c = 'a'; c <= 'z'; c++) {
      token(model, String.valueOf(c));
    }
  }

  private static void specials(ObjectNode root) {
    special(root, 0, "<unk>");
    special(root, 1, "<s>");
    special(root, 2, "</s>");
  }

  private static void template(ObjectNode root) {
    ObjectNode processor = root.putObject("post_processor").put("type", "TemplateProcessing");
    for (String name : List.of("single", "pair")) {
      ArrayNode parts = processor.putArray(name);
      parts.addObject().putObject("SpecialToken").put("id", "<s>").put("type_id", 0);
      parts.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
      if (name.equals("pair")) {
        parts.addObject().putObject("Sequence").put("id", "B").put("type_id", 1);
      }
    }
    ObjectNode token = processor.putObject("special_tokens").putObject("<s>").put("id", "<s>");
    token.putArray("ids").add(1);
    token.putArray("tokens").add("<s>");
  }

  /** Words and parts of words, as BERT's; what is not among them is lost. */
  static ObjectNode wordPiece() {
    ObjectNode root = root();
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    root.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", false);
    ObjectNode model = root.putObject("model").put("type", "WordPiece").put("unk_token", "[UNK]");
    model.put("continuing_subword_prefix", "##").put("max_input_chars_per_word", 100);
    model.putObject("vocab");
    for (String token : List.of("[UNK]", "[SEP]", "state", "##ful", "a", ".")) {
      token(model, token);
    }
    special(root, 0, "[UNK]");
    special(root, 1, "[SEP]");
    return root;
  }
}
