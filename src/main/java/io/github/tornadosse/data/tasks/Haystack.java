package io.github.tornadosse.data.tasks;

import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.commons.math3.random.RandomGenerator;

/** The text that needles are put into. */
interface Haystack {
  /**
   * Draws a text.
   *
   * @param random decides which
   * @param part training, validation and test read different places of a file
   * @param size number of bytes
   * @return exactly so many bytes, with a sentence's end at the end where there are sentences
   */
  byte[] draw(RandomGenerator random, Part part, int size);

  /** The same few sentences over and over. */
  static Haystack noise() {
    byte[] sentences =
        TextExample.bytes("It rains today. A cat sleeps. The door is open. We walk home again. ");
    return (random, part, size) -> {
      byte[] text = new byte[size];
      for (int i = 1; i <= size; i++) {
        text[size - i] = sentences[Math.floorMod(sentences.length - i, sentences.length)];
      }
      return text;
    };
  }

  /** Sentences that are made up: word by word, from small classes of words. */
  static Haystack prose() {
    return (random, part, size) -> {
      StringBuilder text = new StringBuilder();
      while (text.length() < size) {
        text.append(Prose.sentence(random)).append(' ');
      }
      return TextExample.bytes(text.substring(text.length() - size));
    };
  }

  /**
   * Pieces of a file: of its first 80 % for training, the next 10 % for validation, the rest for
   * test.
   *
   * @throws UserError if it cannot be read or is too short for that
   */
  static Haystack file(Path path) {
    byte[] all;
    try {
      all = Files.readAllBytes(path);
    } catch (IOException e) {
      throw FileErrors.of("cannot read the haystack", path, e);
    }
    return (random, part, size) -> {
      int tenth = all.length / 10;
      int begin = part == Part.TRAINING ? 0 : part == Part.VALIDATION ? 8 * tenth : 9 * tenth;
      int end =
          part == Part.TRAINING ? 8 * tenth : part == Part.VALIDATION ? 9 * tenth : all.length;
      if (end - begin < size) {
        throw new UserError(
            "haystack %s: %d bytes of text are needed, the part for %s has %d"
                .formatted(path, size, part.name().toLowerCase(Locale.ROOT), end - begin));
      }
      int from = begin + random.nextInt(end - begin - size + 1);
      return Arrays.copyOfRange(all, from, from + size);
    };
  }

  /** Where needles may stand: behind sentences, or else behind words, or else anywhere. */
  static int[] places(byte[] text) {
    for (String before : new String[] {". ", " ", ""}) {
      List<Integer> places = new ArrayList<>();
      for (int i = before.length(); i <= text.length; i++) {
        boolean fits = true;
        for (int j = 0; j < before.length(); j++) {
          fits &= text[i - before.length() + j] == before.charAt(j);
        }
        if (fits) {
          places.add(i);
        }
      }
      if (!places.isEmpty()) {
        return places.stream().mapToInt(Integer::intValue).toArray();
      }
    }
    throw new IllegalStateException("every text has a beginning");
  }
}
