package io.github.tornadosse.data.tasks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.random.RandomGenerator;

/**
 * Symbols, a marker, and the symbols once more, each of which is to be named before it comes. Id 1
 * is the marker, the symbols follow.
 */
final class Copying implements Task {
  static final String NAME = "copy";
  private static final int MARKER = 1;
  private static final int FIRST = 2;

  private final int vocabulary;

  Copying(int vocabulary) {
    TaskSettings.require(
        vocabulary >= 4, "vocabulary of copy must be at least 4, not " + vocabulary);
    this.vocabulary = vocabulary;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int vocabSize() {
    return vocabulary;
  }

  @Override
  public boolean text() {
    return false;
  }

  @Override
  public int usualPairs(int length) {
    return Math.max(1, length / 2);
  }

  @Override
  public long shortest(int pairs) {
    return 2L * pairs;
  }

  @Override
  public double chance() {
    return 1.0 / (vocabulary - FIRST);
  }

  @Override
  public Example draw(RandomGenerator random, Part part, int length, int pairs) {
    int[] ids = new int[2 * pairs];
    int[] targets = new int[2 * pairs];
    Arrays.fill(targets, -1);
    ids[pairs] = MARKER;
    List<Example.Query> queries = new ArrayList<>();
    for (int i = 0; i < pairs; i++) {
      int symbol = FIRST + random.nextInt(vocabulary - FIRST);
      ids[i] = symbol;
      targets[pairs + i] = symbol;
      if (i < pairs - 1) {
        ids[pairs + 1 + i] = symbol;
      }
      queries.add(new Example.Query(pairs + i, pairs + i + 1, i, (double) i / (2 * pairs)));
    }
    return new Example(ids, targets, queries, pairs);
  }
}
