package io.github.tornadosse.data;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeGuardTest {
  private static JsonNode parse(String json) throws IOException {
    return new ObjectMapper().readTree(json);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"normalizer":{"type":"Prepend","prepend":""}} | normalizer puts an empty text
          {"normalizer":{"normalizers":[{"prepend":""}]}} | normalizer puts an empty text
          {"normalizer":{"pattern":{"Regex":""},"content":" "}} | normalizer has an empty pattern
          {"decoder":{"decoders":[{"pattern":{"String":""}}]}} | decoder has an empty pattern
          {"pre_tokenizer":{"type":"FixedLength","length":0}} | pieces of no length
          {"decoder":{"type":"Strip","content":" ","start":0,"stop":1}} | takes characters away
          {"normalizer":{"precompiled_charsmap":"%"}} | broken precompiled_charsmap
          {"normalizer":{"precompiled_charsmap":""}} | broken precompiled_charsmap
          {"normalizer":{"precompiled_charsmap":"CAAAAAAA"}} | broken precompiled_charsmap
          {"model":{"continuing_subword_prefix":"##","merges":["a ##b","a b"]}} | merge "a b"
          {"model":{"continuing_subword_prefix":"##","merges":[["a","b"]]}} | lacks the prefix "##"
          """)
  void whatEndsTheProcessIsRefused(String json, String message) throws IOException {
    JsonNode tree = parse(json);
    assertThatThrownBy(() -> NativeGuard.check(tree, "f"))
        .isInstanceOf(UserError.class)
        .message()
        .startsWith("f: not a right tokenizer.json: ")
        .contains(message)
        .hasLineCount(1);
  }

  @Test
  void rightFilesPass() throws IOException {
    for (JsonNode tree :
        List.of(
            TokenizerFiles.byteLevel(),
            TokenizerFiles.sentencePiece(),
            TokenizerFiles.metaspace(),
            TokenizerFiles.wordPiece(),
            parse("{}"),
            parse("{\"normalizer\":{\"precompiled_charsmap\":\"BAAAAAAAAAA=\"}}"),
            parse("{\"model\":{\"continuing_subword_prefix\":\"\",\"merges\":[\"a b\"]}}"),
            parse("{\"model\":{\"continuing_subword_prefix\":null,\"merges\":[\"a b\"]}}"))) {
      assertThatCode(() -> NativeGuard.check(tree, "f")).doesNotThrowAnyException();
    }
  }
}
