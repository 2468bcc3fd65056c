package io.github.tornadosse.data;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * Splits bytes into texts that can be encoded each by itself, none of which has a reserved text in
 * it (they are cut after the first character of one; one of a single character stays), and bytes
 * that are not UTF-8.
 */
final class TextPieces {
  private final Map<Character, List<String>> reservedTexts = new HashMap<>();
  private final int[] byteIds;

  /**
   * Prepares the splitting.
   *
   * @param reserved texts that would be encoded as other things than texts
   * @param byteIds [256] the ids of bytes; null if there are none, and wrong bytes become U+FFFD
   */
  TextPieces(List<String> reserved, int[] byteIds) {
    this.byteIds = byteIds;
    for (String text : reserved) {
      if (text.codePointCount(0, text.length()) > 1) {
        reservedTexts.computeIfAbsent(text.charAt(0), c -> new ArrayList<>()).add(text);
      }
    }
  }

  /**
   * Splits.
   *
   * @param bytes any bytes
   * @param text receives each text, none empty
   * @param id receives the id of each byte that is not UTF-8, between the texts
   */
  void split(byte[] bytes, Consumer<String> text, IntConsumer id) {
    if (byteIds == null) {
      cut(new String(bytes, StandardCharsets.UTF_8), text);
      return;
    }
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result;
    do {
      result = decoder.reset().decode(in, out, true);
      cut(out.flip().toString(), text);
      out.clear();
      for (int i = 0; result.isError() && i < result.length(); i++) {
        id.accept(byteIds[in.get() & 0xff]);
      }
    } while (result.isError());
  }

  private void cut(String text, Consumer<String> out) {
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      if (startsReserved(text, i)) {
        int end = i + Character.charCount(text.codePointAt(i));
        out.accept(text.substring(from, end));
        from = end;
      }
    }
    if (from < text.length()) {
      out.accept(text.substring(from));
    }
  }

  private boolean startsReserved(String text, int at) {
    List<String> candidates = reservedTexts.get(text.charAt(at));
    return candidates != null && candidates.stream().anyMatch(c -> text.startsWith(c, at));
  }
}
