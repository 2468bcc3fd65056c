package io.github.tornadosse.data.tasks;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.commons.math3.random.RandomGenerator;

/**
 * Needles in a haystack, in the kinds of RULER (Hsieh et al., arXiv 2404.06654): sentences that
 * name a value of a key stand between others, and the text ends with the question for one or more
 * of them.
 */
final class Needles implements Task {
  static final String NOISE = "needle-noise";
  static final String TEXT = "needle-text";
  static final String UUID = "needle-uuid";
  static final String KEYS = "needle-keys";
  static final String VALUES = "needle-values";
  static final String QUERIES = "needle-queries";

  private static final int SYLLABLES = 3;
  private static final int KEY = 2 * SYLLABLES;
  private static final int USUAL = 4;

  /** How many keys the needles have, and how many of them are asked for. */
  enum Kind {
    /** One needle. */
    SINGLE,
    /** Several keys, of which one is asked for. */
    KEYS,
    /** One key with several values, which are asked for in the order of the text. */
    VALUES,
    /** Several keys, all of which are asked for, in another order than that of the text. */
    QUERIES
  }

  private final String name;
  private final Kind kind;
  private final Haystack haystack;
  private final int valueSize;
  private final double chance;
  private final Function<RandomGenerator, String> value;

  private Needles(
      String name,
      Kind kind,
      Haystack haystack,
      int valueSize,
      double chance,
      Function<RandomGenerator, String> value) {
    this.name = name;
    this.kind = kind;
    this.haystack = haystack;
    this.valueSize = valueSize;
    this.chance = chance;
    this.value = value;
  }

  /** A task whose values are numbers. */
  static Needles numbers(String name, Kind kind, Haystack haystack, int digits) {
    return new Needles(
        name, kind, haystack, digits, Draws.chance(digits), r -> Draws.number(r, digits));
  }

  /** A task whose values are UUIDs. */
  static Needles uuids(String name, Kind kind, Haystack haystack) {
    return new Needles(name, kind, haystack, 36, Math.pow(16, -32), Draws::uuid);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int vocabSize() {
    return TextExample.VOCABULARY;
  }

  @Override
  public boolean text() {
    return true;
  }

  @Override
  public int usualPairs(int length) {
    if (kind == Kind.SINGLE) {
      return 1;
    }
    int pairs = USUAL;
    while (pairs > 1 && shortest(pairs) > length) {
      pairs--;
    }
    return pairs;
  }

  @Override
  public long shortest(int pairs) {
    if (kind == Kind.SINGLE && pairs != 1) {
      return Long.MAX_VALUE;
    }
    return (long) pairs * needle("k".repeat(KEY), "v".repeat(valueSize)).length()
        + questionSize(pairs);
  }

  @Override
  public double chance() {
    return chance;
  }

  private static String needle(String key, String value) {
    return statement(key) + value + ". ";
  }

  private static String statement(String key) {
    return "The magic number of " + key + " is ";
  }

  /** Bytes of question and answers, less the last one, which is only predicted. */
  private long questionSize(int pairs) {
    String key = "k".repeat(KEY);
    int answer = valueSize + 1;
    long question = question(key).length();
    return switch (kind) {
      case SINGLE, KEYS -> question + statement(key).length() + answer - 1;
      case VALUES -> question + listing(key).length() + (answer + 1L) * pairs - 2;
      case QUERIES -> (long) pairs * (question + statement(key).length() + answer + 1) - 2;
    };
  }

  private static String question(String key) {
    return "What of " + key + "? ";
  }

  private static String listing(String key) {
    return "The magic numbers of " + key + " are ";
  }

  @Override
  public Example draw(RandomGenerator random, Part part, int length, int pairs) {
    int keyCount = kind == Kind.VALUES ? 1 : pairs;
    String[] keys = Draws.distinct(keyCount, () -> Draws.word(random, SYLLABLES));
    String[] values = new String[pairs];
    Arrays.setAll(values, i -> value.apply(random));
    byte[] hay = haystack.draw(random, part, (int) (length - shortest(pairs)));
    int[] places = Haystack.places(hay);
    Map<Double, Integer> byPlace = new TreeMap<>();
    while (byPlace.size() < pairs) {
      byPlace.put(random.nextDouble(), byPlace.size());
    }
    TextExample text = new TextExample();
    int[] source = new int[pairs];
    int[] order = new int[pairs];
    int read = 0;
    int shift = 0;
    int count = 0;
    for (Map.Entry<Double, Integer> e : byPlace.entrySet()) {
      int place = nearest(places, e.getKey() * hay.length);
      text.add(Arrays.copyOfRange(hay, read, place));
      read = place;
      int i = e.getValue();
      source[i] = place + shift;
      order[count++] = i;
      String needle = needle(keys[kind == Kind.VALUES ? 0 : i], values[i]);
      text.add(needle);
      shift += needle.length();
    }
    text.add(Arrays.copyOfRange(hay, read, hay.length));
    ask(text, keys, values, source, order);
    return text.example(pairs);
  }

  private void ask(TextExample text, String[] keys, String[] values, int[] source, int[] order) {
    switch (kind) {
      case SINGLE, KEYS -> {
        // The first drawn, which stands anywhere.
        text.add(question(keys[0]) + statement(keys[0]));
        text.answer(values[0] + ".", source[0]);
      }
      case VALUES -> {
        text.add(question(keys[0]) + listing(keys[0]));
        for (int j = 0; j < order.length; j++) {
          boolean last = j == order.length - 1;
          text.answer(values[order[j]] + (last ? "." : ","), source[order[j]]);
          text.add(last ? "" : " ");
        }
      }
      case QUERIES -> {
        for (int i = 0; i < keys.length; i++) {
          text.add((i == 0 ? "" : " ") + question(keys[i]) + statement(keys[i]));
          text.answer(values[i] + ".", source[i]);
        }
      }
    }
  }

  /** The place at or before a point; the first one if there is none. */
  private static int nearest(int[] places, double point) {
    int found = Arrays.binarySearch(places, (int) point);
    return places[found >= 0 ? found : Math.max(0, -found - 2)];
  }
}
