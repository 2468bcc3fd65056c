package io.github.tornadosse.data;

import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A text for a model without a tokenizer: token ids in decimal digits, separated by white space.
 */
public final class TokenIds {
  private TokenIds() {}

  /**
   * Reads token ids.
   *
   * @param text what the file holds, in ASCII
   * @param file named in errors
   * @param vocabSize ids are below it
   * @param limit how many to read, at most; what follows is not looked at
   * @return the ids, {@code limit} of them at most
   * @throws UserError if something is no id of the vocabulary, with its line
   */
  public static int[] parse(byte[] text, Path file, int vocabSize, int limit) {
    int[] ids = new int[Math.min(limit, text.length / 2 + 1)];
    int n = 0;
    int line = 1;
    for (int i = 0; i < text.length && n < limit; ) {
      if (space(text[i])) {
        line += text[i] == '\n' ? 1 : 0;
        i++;
        continue;
      }
      int start = i;
      long id = 0;
      boolean digits = true;
      for (; i < text.length && !space(text[i]); i++) {
        digits &= text[i] >= '0' && text[i] <= '9';
        // Beyond any vocabulary it need not grow, so that it never overflows.
        id = Math.min(id * 10 + text[i] - '0', Integer.MAX_VALUE);
      }
      if (!digits || id >= vocabSize) {
        throw new UserError(
            "%s, line %d: %s is no token id; without a tokenizer.json, a model's text is ids from 0 to %d, separated by white space"
                .formatted(file, line, shown(text, start, i), vocabSize - 1));
      }
      ids[n++] = (int) id;
    }
    return Arrays.copyOf(ids, n);
  }

  private static String shown(byte[] text, int from, int to) {
    return FileErrors.quote(new String(text, from, to - from, StandardCharsets.UTF_8));
  }

  private static boolean space(byte b) {
    return b == ' ' || b >= '\t' && b <= '\r';
  }
}
