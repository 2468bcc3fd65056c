package io.github.tornadosse.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ByteTokenizerTest {
  private final Tokenizer tokenizer = new ByteTokenizer();

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private String decode(int... ids) {
    StringBuilder text = new StringBuilder();
    Tokenizer.Decoder decoder = tokenizer.decoder(text::append);
    for (int id : ids) {
      decoder.accept(id);
    }
    decoder.finish();
    return text.toString();
  }

  @Test
  void everyByteIsAToken() {
    assertThat(tokenizer.encode(utf8("aé"))).containsExactly('a', 0xc3, 0xa9);
    assertThat(tokenizer.vocabSize()).isEqualTo(257);
    assertThat(tokenizer.separator()).isEqualTo(256);
    assertThat(tokenizer.byteCount(255)).isEqualTo(1);
    assertThat(tokenizer.byteCount(256)).isZero();
  }

  @Test
  void charactersComeWhenTheyAreComplete() {
    List<String> parts = new ArrayList<>();
    Tokenizer.Decoder decoder = tokenizer.decoder(parts::add);
    int[] ids = tokenizer.encode(utf8("x€😀"));
    int[] complete = {1, 1, 1, 2, 2, 2, 2, 3};
    for (int i = 0; i < ids.length; i++) {
      decoder.accept(ids[i]);
      assertThat(parts).hasSize(complete[i]);
    }
    decoder.accept(0xe2);
    decoder.accept(tokenizer.separator());
    assertThat(parts).containsExactly("x", "€", "😀");
    decoder.finish();
    assertThat(parts).containsExactly("x", "€", "😀", "\ufffd");
  }

  @Property
  void aStringComesBack(@ForAll String text) {
    byte[] bytes = utf8(text);
    assertThat(decode(tokenizer.encode(bytes)))
        .isEqualTo(new String(bytes, StandardCharsets.UTF_8));
  }

  @Property
  void anyBytesDecodeAsAWhole(@ForAll byte[] bytes) {
    assertThat(decode(tokenizer.encode(bytes)))
        .isEqualTo(new String(bytes, StandardCharsets.UTF_8));
  }
}
