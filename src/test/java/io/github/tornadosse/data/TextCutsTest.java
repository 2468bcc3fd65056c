package io.github.tornadosse.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextCutsTest {
  @ParameterizedTest
  @CsvSource(
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        // | is where the text is cut, / a line feed.
        "one line/the next|/two words",
        "indented/  lines/only here and|/there",
        "empty//lines//only a few|/words//",
        "no line feed but| words",
        "spaces  of  two and| one",
        "nowhereInThisTex|t",
        "日本語日本語日本|語",
        "endsinsideacharact|\u00e9",
      })
  void goodPlacesAreChosen(String marked) {
    String text = marked.replace("|/", "/|").replace('/', '\n');
    byte[] bytes = text.replace("|", "").getBytes(StandardCharsets.UTF_8);
    int expected = text.substring(0, text.indexOf('|')).getBytes(StandardCharsets.UTF_8).length;
    assertThat(TextCuts.last(bytes)).isEqualTo(expected);
  }

  @Property
  void thereIsAlwaysAPlace(@ForAll @Size(min = 16, max = 40) byte[] bytes) {
    assertThat(TextCuts.last(bytes)).isBetween(1, bytes.length);
  }

  @Property
  void charactersStayWhole(@ForAll @Size(min = 16, max = 40) List<Character> characters) {
    StringBuilder text = new StringBuilder();
    characters.forEach(text::append);
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    int cut = TextCuts.last(bytes);
    assertThat(bytes[cut] & 0xc0).isNotEqualTo(0x80);
    List<String> parts = new ArrayList<>();
    new TextPieces(List.of(), null).split(bytes, parts::add, id -> parts.add("?"));
    assertThat(String.join("", parts)).isEqualTo(new String(bytes, StandardCharsets.UTF_8));
  }
}
