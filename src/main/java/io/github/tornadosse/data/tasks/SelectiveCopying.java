package io.github.tornadosse.data.tasks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.random.RandomGenerator;

/**
 * Symbols at random places among blanks, then as many markers, at which the symbols are to be named
 * in their order (Gu and Dao, Mamba, arXiv 2312.00752). Id 1 is the marker, 2 the blank.
 */
final class SelectiveCopying implements Task {
  static final String NAME = "selective-copy";
  private static final int MARKER = 1;
  private static final int BLANK = 2;
  private static final int FIRST = 3;
  private static final int USUAL = 16;

  private final int vocabulary;

  SelectiveCopying(int vocabulary) {
    TaskSettings.require(
        vocabulary >= 5, "vocabulary of selective-copy must be at least 5, not " + vocabulary);
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
    return Math.max(1, Math.min(USUAL, length / 4));
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
    int[] ids = new int[length];
    int[] targets = new int[length];
    int markers = length - pairs;
    Arrays.fill(ids, 0, markers, BLANK);
    Arrays.fill(ids, markers, length, MARKER);
    Arrays.fill(targets, -1);
    int[] places = Draws.distinct(random, markers, pairs);
    Arrays.sort(places);
    List<Example.Query> queries = new ArrayList<>();
    for (int i = 0; i < pairs; i++) {
      int symbol = FIRST + random.nextInt(vocabulary - FIRST);
      ids[places[i]] = symbol;
      int at = markers + i;
      targets[at] = symbol;
      queries.add(new Example.Query(at, at + 1, places[i], (double) places[i] / length));
    }
    return new Example(ids, targets, queries, pairs);
  }
}
