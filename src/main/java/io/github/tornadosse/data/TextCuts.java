package io.github.tornadosse.data;

/** Finds where long texts are cut before they are encoded. */
final class TextCuts {
  private static final int LONGEST_CHARACTER = 4;

  private TextCuts() {}

  /**
   * The last good place: the beginning of a line that is not indented, which no usual vocabulary
   * has a token across; else the space before a word; else the beginning of a character.
   *
   * @param text UTF-8, more of which follows; at least 16 bytes
   * @return how many bytes come before the place, at least 1
   */
  static int last(byte[] text) {
    for (int i = text.length - 1; i > 0; i--) {
      if (text[i - 1] == '\n' && !isSpace(text[i])) {
        return i;
      }
    }
    for (int i = text.length - 2; i > 0; i--) {
      if (text[i] == ' ' && !isSpace(text[i - 1]) && !isSpace(text[i + 1])) {
        return i;
      }
    }
    int end = text.length - 1;
    while (end > text.length - LONGEST_CHARACTER && (text[end] & 0xc0) == 0x80) {
      end--;
    }
    return end;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || (b >= '\t' && b <= '\r');
  }
}
