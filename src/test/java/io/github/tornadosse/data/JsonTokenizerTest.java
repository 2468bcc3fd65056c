package io.github.tornadosse.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.UserError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTokenizerTest {
  private static final JsonTokenizer BYTE_LEVEL =
      TokenizerFiles.tokenizer(TokenizerFiles.byteLevel(), "<|end|>");
  private static final JsonTokenizer PIECES =
      TokenizerFiles.tokenizer(TokenizerFiles.sentencePiece(), "</s>");
  private static final JsonTokenizer METASPACE =
      TokenizerFiles.tokenizer(TokenizerFiles.metaspace(), "</s>");

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String decode(Tokenizer tokenizer, int[] before, int... ids) {
    StringBuilder text = new StringBuilder();
    Tokenizer.Decoder decoder = tokenizer.decoder(before, text::append);
    Arrays.stream(ids).forEach(decoder::accept);
    decoder.finish();
    return text.toString();
  }

  private static String decode(Tokenizer tokenizer, int... ids) {
    return decode(tokenizer, new int[0], ids);
  }

  private static long bytes(Tokenizer tokenizer, int[] ids) {
    long bytes = ids.length == 0 ? 0 : tokenizer.firstByteCount(ids[0]);
    return bytes + Arrays.stream(ids).skip(1).map(tokenizer::byteCount).sum();
  }

  private static List<String> tokens(ObjectNode json, int... ids) {
    Vocabulary vocabulary = new Vocabulary(json, "test.json");
    return Arrays.stream(ids).mapToObj(vocabulary::token).toList();
  }

  @Test
  void byteLevelTextsAreMergedBytes() {
    int[] ids = BYTE_LEVEL.encode(utf8("hello the €x\n\n"));
    assertThat(tokens(TokenizerFiles.byteLevel(), ids))
        .containsExactly("he", "llo", "Ġthe", "Ġ", "âĤ", "¬", "x", "ĊĊ");
    assertThat(Arrays.stream(ids).map(BYTE_LEVEL::byteCount))
        .containsExactly(2, 3, 4, 1, 2, 1, 1, 2);
    assertThat(BYTE_LEVEL.vocabSize()).isEqualTo(264);
    assertThat(BYTE_LEVEL.separator()).isEqualTo(263);
    assertThat(BYTE_LEVEL.byteCount(263)).isZero();
    assertThat(BYTE_LEVEL.opening()).isEmpty();
    assertThat(BYTE_LEVEL.encodeNext(utf8("the"))).isEqualTo(BYTE_LEVEL.encode(utf8("the")));
  }

  @Test
  void charactersComeWhenTheyAreComplete() {
    int[] ids = BYTE_LEVEL.encode(utf8("a€b"));
    List<String> parts = new ArrayList<>();
    Tokenizer.Decoder decoder = BYTE_LEVEL.decoder(parts::add);
    int[] complete = {1, 1, 2, 3};
    for (int i = 0; i < ids.length; i++) {
      decoder.accept(ids[i]);
      assertThat(parts).hasSize(complete[i]);
    }
    decoder.accept(ids[1]);
    decoder.accept(BYTE_LEVEL.separator());
    decoder.accept(100_000);
    decoder.accept(-1);
    assertThat(parts).containsExactly("a", "€", "b");
    decoder.finish();
    assertThat(parts).containsExactly("a", "€", "b", "\ufffd");
    assertThat(decode(BYTE_LEVEL, Arrays.copyOf(ids, 2), ids[2], ids[3])).isEqualTo("€b");
  }

  @Test
  void aSpaceStandsBeforeTextsOfPieces() {
    int[] ids = PIECES.encode(utf8("the the  é\u00fc"));
    assertThat(tokens(TokenizerFiles.sentencePiece(), ids))
        .containsExactly("▁the", "▁the", "▁▁", "é", "<0xC3>", "<0xBC>");
    assertThat(decode(PIECES, ids)).isEqualTo("the the  é\u00fc");
    assertThat(decode(PIECES, PIECES.encode(utf8("x")), ids)).isEqualTo(" the the  é\u00fc");
    // The opening is no text: the space after it is still the first.
    assertThat(decode(PIECES, PIECES.opening(), ids)).isEqualTo("the the  é\u00fc");
    assertThat(PIECES.opening()).containsExactly(1);
    assertThat(PIECES.byteCount(1)).isZero();
    assertThat(PIECES.byteCount(ids[0])).isEqualTo(4);
    assertThat(PIECES.firstByteCount(ids[0])).isEqualTo(3);
    assertThat(PIECES.byteCount(ids[4])).isEqualTo(1);
    assertThat(tokens(TokenizerFiles.sentencePiece(), PIECES.encodeNext(utf8("he"))))
        .containsExactly("he");
    assertThat(tokens(TokenizerFiles.metaspace(), METASPACE.encode(utf8("the"))))
        .containsExactly("▁the");
    assertThat(tokens(TokenizerFiles.metaspace(), METASPACE.encodeNext(utf8("he"))))
        .containsExactly("he");
  }

  @Test
  void aBatchsBytesAreThoseOfItsTexts() {
    int[] text = PIECES.encode(utf8("the he"));
    int[] ids = IntStream.of(1, text[0], text[1], text[2], 2, 1, text[0], 2).toArray();
    int[] targets = Arrays.copyOf(Arrays.copyOfRange(ids, 1, ids.length + 1), ids.length);
    targets[ids.length - 1] = -1;
    PackedBatch batch = new PackedBatch(ids, targets, new int[] {0, ids.length});
    assertThat(batch.targetBytes(PIECES)).isEqualTo("the he".length() + "the".length());
  }

  @Test
  void specialTokensInTextsAreText() {
    for (String text : List.of("</s>", "a</s></s>b", "<s>the", "<</s>", "</s")) {
      int[] ids = PIECES.encode(utf8(text));
      assertThat(ids).as(text).doesNotContain(0, 1, 2);
      assertThat(decode(PIECES, ids)).isEqualTo(text);
    }
    int[] ids = BYTE_LEVEL.encode(utf8("the<|end|>"));
    assertThat(ids).doesNotContain(BYTE_LEVEL.separator());
    assertThat(decode(BYTE_LEVEL, ids)).isEqualTo("the<|end|>");
  }

  @Test
  void lossyVocabulariesCountWhatTheyDecode() {
    JsonTokenizer words = TokenizerFiles.tokenizer(TokenizerFiles.wordPiece(), "[SEP]");
    int[] ids = words.encode(utf8("a stateful state. unknown"));
    assertThat(ids).containsExactly(4, 2, 3, 2, 5, 0);
    assertThat(decode(words, ids)).isEqualTo("a stateful state .");
    assertThat(Arrays.stream(ids).map(words::byteCount)).containsExactly(2, 6, 3, 6, 2, 0);
    assertThat(decode(words, words.encode(new byte[] {'a', ' ', (byte) 0xff}))).isEqualTo("a");
  }

  @Test
  void limitsOfTheFileAreNotTheTexts() {
    ObjectNode json = TokenizerFiles.byteLevel();
    json.putObject("truncation")
        .put("direction", "Right")
        .put("max_length", 2)
        .put("strategy", "LongestFirst")
        .put("stride", 0);
    json.putObject("padding")
        .put("direction", "Right")
        .putNull("pad_to_multiple_of")
        .put("pad_id", 0)
        .put("pad_type_id", 0)
        .put("pad_token", "x")
        .putObject("strategy")
        .put("Fixed", 50);
    JsonTokenizer tokenizer = TokenizerFiles.tokenizer(json, "<|end|>");
    byte[] text = utf8("the hello the");
    assertThat(tokenizer.encode(text)).isEqualTo(BYTE_LEVEL.encode(text));
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> pieces =
        Arbitraries.of(
            " ", "\n", "the", "he", "\u00fc", "é", "€", "😀", "👩‍👧", "\u0000", "\r", "\t", "日本",
            "</s>", "<s>", "<|end|>", "<0x41>", "e\u0301", "\ufffd", "İ", "12");
    return Arbitraries.oneOf(
        pieces.list().ofMaxSize(12).map(list -> String.join("", list)),
        Arbitraries.strings().ofMaxLength(20));
  }

  @Property(tries = 500)
  void everyTextComesBackAndItsBytesAreCounted(@ForAll("texts") String text) {
    String right = new String(utf8(text), StandardCharsets.UTF_8);
    for (JsonTokenizer tokenizer : List.of(BYTE_LEVEL, PIECES, METASPACE)) {
      // Vocabularies of pieces write a space as this character, and cannot tell the two apart.
      boolean apart = tokenizer == BYTE_LEVEL || right.indexOf('▁') < 0;
      // A space that is there is taken for the one that Metaspace puts before a text.
      if (apart && !(tokenizer == METASPACE && right.startsWith(" "))) {
        int[] ids = tokenizer.encode(utf8(right));
        assertThat(decode(tokenizer, ids)).isEqualTo(right);
        assertThat(bytes(tokenizer, ids)).isEqualTo(utf8(right).length);
      }
    }
  }

  @Property(tries = 500)
  void anyBytesComeBack(@ForAll byte[] bytes) {
    for (JsonTokenizer tokenizer : List.of(BYTE_LEVEL, PIECES)) {
      int[] ids = tokenizer.encode(bytes);
      assertThat(decode(tokenizer, ids)).isEqualTo(new String(bytes, StandardCharsets.UTF_8));
      assertThat(bytes(tokenizer, ids)).isEqualTo(bytes.length);
    }
  }

  @Test
  void aSpaceAloneBeginsATextOfPieces() {
    int[] ids = PIECES.encode(utf8(" the the"));
    assertThat(tokens(TokenizerFiles.sentencePiece(), ids)).containsExactly("▁", "▁the", "▁the");
    assertThat(decode(PIECES, new int[] {ids[0]}, ids[1], ids[2])).isEqualTo(" the the");
  }

  @Property(tries = 300)
  void aDecoderTakesUpWhereTokensEnd(@ForAll("texts") String text, @ForAll int cut) {
    for (JsonTokenizer tokenizer : List.of(BYTE_LEVEL, PIECES)) {
      int[] ids = tokenizer.encode(utf8(text));
      int at = Math.floorMod(cut, ids.length + 1);
      StringBuilder before = new StringBuilder();
      Tokenizer.Decoder decoder = tokenizer.decoder(before::append);
      Arrays.stream(ids, 0, at).forEach(decoder::accept);
      assertThat(
              before
                  + decode(
                      tokenizer, Arrays.copyOf(ids, at), Arrays.copyOfRange(ids, at, ids.length)))
          .isEqualTo(decode(tokenizer, ids));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"byteLevel", "sentencePiece", "metaspace"})
  void longTextsAreEncodedInPartsAsInAWhole(String kind) {
    JsonTokenizer tokenizer =
        Map.of("byteLevel", BYTE_LEVEL, "sentencePiece", PIECES, "metaspace", METASPACE).get(kind);
    byte[] text = utf8("the hello\n  he said the\n\nthe € \u00fc\n".repeat(9000));
    Document document = Texts.of("long", text);
    int[] parts;
    try (TokenStream stream = TokenStream.once(List.of(document), tokenizer)) {
      parts = IntStream.generate(stream::next).takeWhile(id -> id >= 0).toArray();
    }
    int[] opening = tokenizer.opening();
    int[] whole = tokenizer.encode(text);
    assertThat(parts).hasSize(opening.length + whole.length + 1);
    assertThat(Arrays.copyOf(parts, opening.length)).isEqualTo(opening);
    assertThat(Arrays.copyOfRange(parts, opening.length, parts.length - 1)).isEqualTo(whole);
    assertThat(parts[parts.length - 1]).isEqualTo(tokenizer.separator());
  }

  @Test
  void aStreamGoesOnFromAnyPlace() {
    byte[] text = utf8("the hello\n  he said the\n\nthe € \u00fc\n".repeat(3500));
    List<Document> documents = List.of(Texts.of("a", text), Texts.of("b", "the he"));
    try (TokenStream stream = TokenStream.shuffled(documents, PIECES, 3);
        TokenStream again = TokenStream.shuffled(documents, PIECES, 3)) {
      for (int i = 0; i < 60; i++) {
        IntStream.range(0, 1777).forEach(skipped -> stream.next());
        TokenStream.Position position = stream.position();
        assertThat(again.seek(position)).isTrue();
        assertThat(again.position()).isEqualTo(position);
        for (int next = 0; next < 40; next++) {
          assertThat(again.next()).isEqualTo(stream.next());
        }
      }
      assertThat(stream.epoch()).isPositive();
    }
  }

  @Test
  void mistakesOfTheFileAreNamed() {
    for (Map.Entry<String, String> mistake :
        Map.of(
                "\"type\":\"BPE\"", "\"type\":\"XYZ\"",
                "\"merges\":[", "\"merges\":[\"q zz\",",
                "\"<|end|>\"", "\"\"",
                "\"h\":151", "\"h\":-1",
                "\"vocab\":{", "\"tokens\":{",
                "\"decoder\":{", "\"decoder\":{\"start\":0,\"stop\":1,")
            .entrySet()) {
      String json =
          TokenizerFiles.byteLevel().toString().replace(mistake.getKey(), mistake.getValue());
      assertThat(json).as(mistake.getKey()).contains(mistake.getValue());
      assertThatThrownBy(() -> tokenizer(json))
          .as(mistake.toString())
          .isInstanceOf(UserError.class)
          .message()
          .startsWith("test.json: not a right tokenizer.json: ")
          .hasLineCount(1);
    }
  }

  private static JsonTokenizer tokenizer(String json) {
    try {
      ObjectNode tree = (ObjectNode) new ObjectMapper().readTree(json);
      return new JsonTokenizer(json, tree, "test.json", v -> v.size() - 1, Map.of());
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aTextThatTheVocabularyLacksIsRefused() {
    ObjectNode json = TokenizerFiles.metaspace();
    ((ObjectNode) json.get("model")).putNull("unk_id").put("byte_fallback", false);
    JsonTokenizer tokenizer = TokenizerFiles.tokenizer(json, "</s>");
    assertThat(tokenizer.encode(utf8("the"))).hasSize(1);
    assertThatThrownBy(() -> tokenizer.encode(utf8("日")))
        .isInstanceOf(UserError.class)
        .message()
        .startsWith("test.json: cannot encode a text: ")
        .hasLineCount(1);
  }
}
