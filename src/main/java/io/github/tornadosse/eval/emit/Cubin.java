package io.github.tornadosse.eval.emit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what ptxas does not print from the file that it writes, in the format ELF-64. */
final class Cubin {
  private static final Pattern CONSTANTS = Pattern.compile("\\.nv\\.constant\\d+\\.(\\w+)");

  private static final int SECTIONS_AT = 0x28;
  private static final int SECTION_BYTES = 0x3A;
  private static final int NAME_AT = 0;
  private static final int OFFSET_AT = 0x18;
  private static final int SIZE_AT = 0x20;

  private Cubin() {}

  /**
   * Bytes of constant memory, arguments included.
   *
   * @param file the file's bytes
   * @return bytes by entry function
   */
  static Map<String, Integer> constants(byte[] file) {
    ByteBuffer elf = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int at = (int) elf.getLong(SECTIONS_AT);
    int size = elf.getShort(SECTION_BYTES);
    int count = elf.getShort(SECTION_BYTES + 2);
    int names = (int) elf.getLong(at + elf.getShort(SECTION_BYTES + 4) * size + OFFSET_AT);
    Map<String, Integer> bytes = new HashMap<>();
    for (int i = 0; i < count; i++) {
      int header = at + i * size;
      Matcher m = CONSTANTS.matcher(text(file, names + elf.getInt(header + NAME_AT)));
      if (m.matches()) {
        bytes.merge(m.group(1), (int) elf.getLong(header + SIZE_AT), Integer::sum);
      }
    }
    return bytes;
  }

  private static String text(byte[] file, int from) {
    int end = from;
    while (file[end] != 0) {
      end++;
    }
    return new String(file, from, end - from, StandardCharsets.US_ASCII);
  }
}
