package io.github.tornadosse.data;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Turns bytes that come little by little into text whose characters are whole. */
final class Utf8Decoder {
  private final Consumer<String> out;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private final ByteBuffer bytes = ByteBuffer.allocate(8);
  private final CharBuffer chars = CharBuffer.allocate(16);
  private final StringBuilder text = new StringBuilder();

  /** Decodes for a consumer, which gets no empty texts. */
  Utf8Decoder(Consumer<String> out) {
    this.out = out;
  }

  /** Takes bytes, and hands out what is whole. */
  void accept(byte... next) {
    for (byte b : next) {
      bytes.put(b);
      bytes.flip();
      decoder.decode(bytes, chars, false);
      bytes.compact();
      take();
    }
    hand();
  }

  /** Ends the text: what is left of an unfinished character becomes U+FFFD. */
  void finish() {
    bytes.flip();
    decoder.decode(bytes, chars, true);
    decoder.flush(chars);
    take();
    hand();
  }

  private void take() {
    chars.flip();
    text.append(chars);
    chars.clear();
  }

  private void hand() {
    if (!text.isEmpty()) {
      out.accept(text.toString());
      text.setLength(0);
    }
  }
}
