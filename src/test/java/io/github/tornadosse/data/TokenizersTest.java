package io.github.tornadosse.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizersTest {
  @TempDir Path directory;

  private void write(String name, String text) throws IOException {
    Files.writeString(directory.resolve(name), text);
  }

  private void writePieces() throws IOException {
    Files.write(
        directory.resolve("tokenizer.json"), TokenizerFiles.utf8(TokenizerFiles.sentencePiece()));
  }

  private static void refused(ThrowingCallable what, String... parts) {
    assertThatThrownBy(what)
        .isInstanceOf(UserError.class)
        .message()
        .hasLineCount(1)
        .contains(parts);
  }

  @Test
  void theSeparatorIsTheFirstThatIsNamed() throws IOException {
    writePieces();
    refused(
        () -> Tokenizers.of(directory), "tokenizer.json: the token that ends a text", "eos_token");
    write("config.json", "{\"eos_token_id\": [2, 1]}");
    assertThat(Tokenizers.of(directory).separator()).isEqualTo(2);
    write("special_tokens_map.json", "{\"eos_token\": {\"content\": \"<s>\"}}");
    assertThat(Tokenizers.of(directory).separator()).isEqualTo(1);
    write("tokenizer_config.json", "{\"eos_token\": \"</s>\"}");
    assertThat(Tokenizers.of(directory).separator()).isEqualTo(2);
    write("tokenizer_config.json", "{\"eos_token\": null}");
    assertThat(Tokenizers.of(directory).separator()).isEqualTo(1);
    write("tokenizer_config.json", "{\"eos_token\": \"<eos>\"}");
    refused(
        () -> Tokenizers.of(directory),
        "tokenizer_config.json: eos_token \"<eos>\" is not a token of",
        "tokenizer.json");
    Files.delete(directory.resolve("tokenizer_config.json"));
    Files.delete(directory.resolve("special_tokens_map.json"));
    for (String id : new String[] {"-1", "100000", "99999999999"}) {
      write("config.json", "{\"eos_token_id\": " + id + "}");
      refused(
          () -> Tokenizers.of(directory), "config.json: eos_token_id " + id + " is not a token");
    }
    write("config.json", "{\"eos_token_id\": []}");
    refused(() -> Tokenizers.of(directory), "the token that ends a text is not known");
  }

  @Test
  void theFilesMakeTheSameTokenizerElsewhere() throws IOException {
    writePieces();
    write("config.json", "{\"eos_token_id\": 2}");
    write("special_tokens_map.json", "{\"bos_token\": \"<s>\"}");
    Tokenizer tokenizer = Tokenizers.named(directory.toString());
    Map<String, byte[]> files = tokenizer.files();
    assertThat(files).containsOnlyKeys("tokenizer.json", "special_tokens_map.json");
    assertThat(files.get("tokenizer.json"))
        .isEqualTo(Files.readAllBytes(directory.resolve("tokenizer.json")));
    Path other = Files.createDirectory(directory.resolve("other"));
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.write(other.resolve(file.getKey()), file.getValue());
    }
    Tokenizer again = Tokenizers.named(other.resolve("tokenizer.json").toString());
    assertThat(again.separator()).isEqualTo(2);
    byte[] text = "the \u00fc".getBytes(StandardCharsets.UTF_8);
    assertThat(again.encode(text)).isEqualTo(tokenizer.encode(text));
    assertThat(again.files()).containsOnlyKeys(files.keySet());
    again.files().forEach((name, bytes) -> assertThat(bytes).isEqualTo(files.get(name)));
  }

  @Test
  void theByteLevelOneNeedsNoNativeCode() throws IOException {
    assertThat(Tokenizers.named("bytes")).isInstanceOf(ByteTokenizer.class);
    for (Map.Entry<String, byte[]> file : new ByteTokenizer().files().entrySet()) {
      Files.write(directory.resolve(file.getKey()), file.getValue());
    }
    assertThat(Tokenizers.of(directory)).isInstanceOf(ByteTokenizer.class);
    ObjectNode tree =
        (ObjectNode) new ObjectMapper().readTree(directory.resolve("tokenizer.json").toFile());
    // As other programs write it: on one line, and with a post-processor for offsets.
    ObjectNode rewritten = tree.deepCopy();
    rewritten.set("post_processor", tree.get("decoder"));
    write("tokenizer.json", rewritten.toString());
    assertThat(Tokenizers.of(directory)).isInstanceOf(ByteTokenizer.class);
    ObjectNode swapped = tree.deepCopy();
    ((ObjectNode) swapped.get("model").get("vocab")).put("a", 98).put("b", 97);
    write("tokenizer.json", swapped.toString());
    assertThat(Tokenizers.of(directory)).isInstanceOf(JsonTokenizer.class);
    ObjectNode prefixed = tree.deepCopy();
    ((ObjectNode) prefixed.get("pre_tokenizer")).put("add_prefix_space", true);
    write("tokenizer.json", prefixed.toString());
    assertThat(Tokenizers.of(directory)).isInstanceOf(JsonTokenizer.class);
    ObjectNode lower = tree.deepCopy();
    lower.putObject("normalizer").put("type", "Lowercase");
    write("tokenizer.json", lower.toString());
    assertThat(Tokenizers.of(directory)).isInstanceOf(JsonTokenizer.class);
  }

  @Test
  void theMarkOfEarlierByteLevelModelsIsKnown() throws IOException {
    refused(() -> Tokenizers.of(directory), directory + ": there is no tokenizer.json");
    write("tokenizer_config.json", "{\"tokenizer_class\": \"ByteTokenizer\"}");
    assertThat(Tokenizers.of(directory)).isInstanceOf(ByteTokenizer.class);
    write("tokenizer_config.json", "{\"tokenizer_class\": \"LlamaTokenizer\"}");
    write("tokenizer.model", "");
    refused(() -> Tokenizers.of(directory), "there is no tokenizer.json; the transformers library");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "[]", "{}", "{\"model\": {}}", "{\"model\": {\"vocab\": {}}}", "null"})
  void whatIsNoTokenizerIsOneLine(String json) throws IOException {
    write("tokenizer.json", json);
    write("tokenizer_config.json", "{\"eos_token\": \"a\"}");
    refused(() -> Tokenizers.of(directory), directory.resolve("tokenizer.json").toString());
  }

  @Test
  void otherFilesAreOneLine() throws IOException {
    Files.write(directory.resolve("tokenizer.json"), new byte[] {'{', '"', (byte) 0xff, '"', '}'});
    refused(() -> Tokenizers.of(directory), "tokenizer.json, line 1: not right JSON");
    refused(() -> Tokenizers.named("nowhere"), "\"nowhere\" is neither 'bytes' nor the path");
    refused(() -> Tokenizers.named("a\u0000b"), "is neither 'bytes' nor the path");
  }

  private static final JsonTokenizer NATIVE = nativeBytes();

  /** What other programs make of the byte-level tokenizer's file. */
  private static JsonTokenizer nativeBytes() {
    String json =
        new String(new ByteTokenizer().files().get("tokenizer.json"), StandardCharsets.UTF_8);
    try {
      ObjectNode tree = (ObjectNode) new ObjectMapper().readTree(json);
      return new JsonTokenizer(json, tree, "bytes.json", v -> v.id("<|endoftext|>"), Map.of());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void checkBytes(byte[] text) {
    ByteTokenizer expected = new ByteTokenizer();
    assertThat(NATIVE.encode(text)).isEqualTo(expected.encode(text));
    StringBuilder decoded = new StringBuilder();
    Tokenizer.Decoder decoder = NATIVE.decoder(decoded::append);
    for (int id : expected.encode(text)) {
      decoder.accept(id);
    }
    decoder.finish();
    assertThat(decoded).hasToString(new String(text, StandardCharsets.UTF_8));
  }

  @Test
  void theByteLevelFileGivesTheBytes() {
    assertThat(NATIVE.vocabSize()).isEqualTo(257);
    assertThat(NATIVE.separator()).isEqualTo(256);
    for (int id = 0; id < 257; id++) {
      assertThat(NATIVE.byteCount(id)).isEqualTo(new ByteTokenizer().byteCount(id));
    }
    StringBuilder controls = new StringBuilder();
    for (char c = 0; c < 0x180; c++) {
      controls.append(c);
    }
    for (String text :
        new String[] {
          "",
          "ASCII, and more of it.",
          "Ähnlich übermäßig",
          "😀👩‍👩‍👧 \ud83c\udde9\ud83c\uddea",
          controls.toString(),
          "  two\n\n\tlines \r\n ",
          "<|endoftext|>",
          "Ġthe Ċ",
        }) {
      checkBytes(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** The native code by itself, as other programs use it: no splitting before. */
  @Property(tries = 300)
  void theByteLevelFileGivesTheBytesOfEveryText(@ForAll String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    String right = new String(bytes, StandardCharsets.UTF_8);
    String json =
        new String(new ByteTokenizer().files().get("tokenizer.json"), StandardCharsets.UTF_8);
    NativeTokenizer tokenizer = new NativeTokenizer(json, "bytes.json");
    assertThat(tokenizer.encode(right)).isEqualTo(new ByteTokenizer().encode(bytes));
    assertThat(tokenizer.decode(new ByteTokenizer().encode(bytes))).isEqualTo(right);
  }

  @Property(tries = 300)
  void theByteLevelFileGivesAnyBytes(@ForAll byte[] bytes) {
    checkBytes(bytes);
  }
}
