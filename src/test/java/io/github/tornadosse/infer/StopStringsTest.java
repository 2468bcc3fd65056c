package io.github.tornadosse.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.data.ByteTokenizer;
import io.github.tornadosse.tensor.UserError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class StopStringsTest {
  private final List<String> parts = new ArrayList<>();

  private StopStrings stops(String... stops) {
    return new StopStrings(List.of(stops), parts::add);
  }

  @Test
  void whatMayBecomeAStopStringIsHeldBack() {
    StopStrings s = stops("END", "###");
    s.accept("the E");
    assertThat(parts).containsExactly("the ");
    s.accept("N");
    assertThat(parts).hasSize(1);
    s.accept("E");
    assertThat(parts).containsExactly("the ", "EN");
    s.accept("ND, and more");
    assertThat(parts).containsExactly("the ", "EN");
    assertThat(s.stopped()).isTrue();
    s.accept("after");
    s.finish();
    assertThat(String.join("", parts)).isEqualTo("the EN");
  }

  @Test
  void whatDidNotBecomeOneIsHandedOnAtTheEnd() {
    StopStrings s = stops("END");
    s.accept("the EN");
    s.finish();
    assertThat(String.join("", parts)).isEqualTo("the EN");
    assertThat(s.stopped()).isFalse();
  }

  @Provide
  Arbitrary<String> words() {
    return Arbitraries.strings().withChars('a', 'b').ofMinLength(1).ofMaxLength(4);
  }

  @Property(tries = 500)
  void howTheTextIsCutDoesNotMatter(
      @ForAll("words") String one,
      @ForAll("words") String two,
      @ForAll List<@From("words") String> cuts) {
    String text = String.join("", cuts);
    int end = text.length();
    int stop = 0;
    for (int i = 1; i <= text.length() && stop == 0; i++) {
      for (String s : List.of(one, two)) {
        if (text.substring(0, i).endsWith(s) && s.length() > stop) {
          stop = s.length();
          end = i - stop;
        }
      }
    }
    List<String> out = new ArrayList<>();
    StopStrings s = new StopStrings(List.of(one, two), out::add);
    cuts.forEach(s);
    s.finish();
    assertThat(String.join("", out)).isEqualTo(text.substring(0, end));
    assertThat(s.stopped()).isEqualTo(stop > 0);
  }

  @Test
  void tokensEndAtAStopStringOrTheDocument() {
    ByteTokenizer tokenizer = new ByteTokenizer();
    TextOutput text = new TextOutput(tokenizer, new int[0], List.of("ß!"), parts::add);
    for (byte b : "Maß? Maß".getBytes(StandardCharsets.UTF_8)) {
      assertThat(text.test(b & 0xff)).isTrue();
    }
    assertThat(String.join("", parts)).isEqualTo("Maß? Ma");
    assertThat(text.test('!')).isFalse();
    text.finish();
    assertThat(String.join("", parts)).isEqualTo("Maß? Ma");
    TextOutput other = new TextOutput(tokenizer, new int[0], List.of(), parts::add);
    assertThat(other.test('x')).isTrue();
    assertThat(other.test(tokenizer.separator())).isFalse();
  }

  @Test
  void anEmptyStopStringIsRefused() {
    assertThatThrownBy(() -> stops("x", "")).isInstanceOf(UserError.class);
  }
}
