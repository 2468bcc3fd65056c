package io.github.tornadosse.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextPiecesTest {
  private static final int[] IDS = IntStream.range(1000, 1256).toArray();

  private static List<String> split(int[] byteIds, byte... bytes) {
    List<String> parts = new ArrayList<>();
    new TextPieces(List.of("<s>", "<<", "😀!", "x"), byteIds)
        .split(bytes, parts::add, id -> parts.add(String.valueOf(id)));
    return parts;
  }

  @ParameterizedTest
  @CsvSource({
    "abc, abc",
    "a<s>b, a<|s>b",
    "<s><s>, <|s><|s>",
    "<<s>, <|<|s>",
    "<<<, <|<|<",
    "😀!, 😀|!",
    "x<s, x<s"
  })
  void reservedTextsAreCut(String text, String parts) {
    assertThat(split(IDS, text.getBytes(StandardCharsets.UTF_8)))
        .containsExactly(parts.split("\\|"));
  }

  @Test
  void bytesThatAreNotUtf8HaveTheirIds() {
    byte[] bytes = {'a', (byte) 0xff, (byte) 0xc3, (byte) 0xa9, (byte) 0xe2, (byte) 0x82};
    assertThat(split(IDS, bytes)).containsExactly("a", "1255", "é", "1226", "1130");
    assertThat(split(null, bytes)).containsExactly("a\ufffdé\ufffd");
    assertThat(split(IDS)).isEmpty();
    assertThat(split(null)).isEmpty();
  }
}
