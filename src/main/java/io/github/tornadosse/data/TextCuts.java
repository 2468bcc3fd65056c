package io.github.tornadosse.data;

/** Finds where long texts are cut before they are encoded. */
final class TextCuts {
  private static final int LONGEST_CHARACTER = 4;

  private TextCuts() {}

  /**
   * The last good place: the beginning of a line after a line feed that stands alone between other
   * characters than spaces, which is a token by itself or a token's end with usual vocabularies;
   * else such a space before a word; else the beginning of a character.
   *
   * @param text UTF-8, more of which follows; at least 16 bytes
   * @return how many bytes come before the place, at least 1
   */
  static int last(byte[] text) {
    for (int i = text.length - 2; i > 0; i--) {
      if (text[i] == '\n' && standsAlone(text, i)) {
        return i + 1;
      }
    }
    for (int i = text.length - 2; i > 0; i--) {
      if (text[i] == ' ' && standsAlone(text, i)) {
        return i;
      }
    }
    int end = text.length - 1;
    while (end > text.length - LONGEST_CHARACTER && (text[end] & 0xc0) == 0x80) {
      end--;
    }
    return end;
  }

  private static boolean standsAlone(byte[] text, int at) {
    return !isSpace(text[at - 1]) && !isSpace(text[at + 1]);
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || (b >= '\t' && b <= '\r');
  }
}
