package io.github.tornadosse.data;

import java.util.Arrays;

/**
 * The characters that stand for bytes in byte-level vocabularies: printable ones of Latin-1 for
 * themselves, and those from U+0100 on, in order, for the other bytes.
 */
final class ByteCharacters {
  private static final int BYTES = 256;
  private static final char[] OF_BYTE = new char[BYTES];
  private static final int[] OF_CHARACTER = new int[2 * BYTES];

  static {
    Arrays.fill(OF_CHARACTER, -1);
    char next = BYTES;
    for (int b = 0; b < BYTES; b++) {
      boolean printable = (b > ' ' && b < 0x7f) || (b > 0xa0 && b != 0xad);
      OF_BYTE[b] = printable ? (char) b : next++;
      OF_CHARACTER[OF_BYTE[b]] = b;
    }
  }

  private ByteCharacters() {}

  /** The character of a byte from 0 to 255. */
  static String of(int b) {
    return String.valueOf(OF_BYTE[b]);
  }

  /** The bytes that a text of such characters stands for; null if another one is among them. */
  static byte[] bytes(String characters) {
    byte[] bytes = new byte[characters.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = characters.charAt(i);
      int b = c < OF_CHARACTER.length ? OF_CHARACTER[c] : -1;
      if (b < 0) {
        return null;
      }
      bytes[i] = (byte) b;
    }
    return bytes;
  }
}
