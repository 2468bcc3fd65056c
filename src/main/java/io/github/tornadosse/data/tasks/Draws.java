package io.github.tornadosse.data.tasks;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.commons.math3.random.RandomGenerator;

/** What several tasks draw. */
final class Draws {
  private static final String CONSONANTS = "bdfgklmnprstvz";
  private static final String VOWELS = "aeiou";
  private static final String HEX = "0123456789abcdef";

  private Draws() {}

  /** Different numbers from 0 to bound − 1, in the order in which they were drawn. */
  static int[] distinct(RandomGenerator random, int bound, int count) {
    int[] all = new int[bound];
    for (int i = 0; i < bound; i++) {
      all[i] = i;
    }
    int[] drawn = new int[count];
    for (int i = 0; i < count; i++) {
      int j = i + random.nextInt(bound - i);
      drawn[i] = all[j];
      all[j] = all[i];
    }
    return drawn;
  }

  /** Different texts. */
  static String[] distinct(int count, Supplier<String> draw) {
    Set<String> seen = new HashSet<>();
    String[] all = new String[count];
    for (int i = 0; i < count; ) {
      String text = draw.get();
      if (seen.add(text)) {
        all[i++] = text;
      }
    }
    return all;
  }

  /** A word of that many syllables of two letters. */
  static String word(RandomGenerator random, int syllables) {
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < syllables; i++) {
      word.append(CONSONANTS.charAt(random.nextInt(CONSONANTS.length())));
      word.append(VOWELS.charAt(random.nextInt(VOWELS.length())));
    }
    return word.toString();
  }

  /** A number of exactly so many digits, zeros in front included. */
  static String number(RandomGenerator random, int digits) {
    StringBuilder number = new StringBuilder();
    for (int i = 0; i < digits; i++) {
      number.append((char) ('0' + random.nextInt(10)));
    }
    return number.toString();
  }

  /** 32 random hexadecimal digits in the groups of a UUID. */
  static String uuid(RandomGenerator random) {
    StringBuilder uuid = new StringBuilder();
    for (int i = 0; i < 32; i++) {
      if (i == 8 || i == 12 || i == 16 || i == 20) {
        uuid.append('-');
      }
      uuid.append(HEX.charAt(random.nextInt(16)));
    }
    return uuid.toString();
  }

  /** 10^−digits. */
  static double chance(int digits) {
    return Math.pow(10, -digits);
  }
}
