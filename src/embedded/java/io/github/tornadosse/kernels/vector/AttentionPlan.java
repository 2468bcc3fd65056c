package io.github.tornadosse.kernels.vector;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How softmax attention is cut into units of work. The rows of a sequence are its tokens' query
 * heads that read one key head: row r is head r mod G of token r / G, so that a block of rows reads
 * keys and values once for all of them. A unit is a block of rows over the positions that it sees
 * or, where the sequence has few rows, over a part of them. The cut depends on lengths only.
 *
 * @param units those with most work first
 * @param merges the blocks whose units are parts
 * @param partialRows number of rows that the partial results of one key head have
 */
record AttentionPlan(List<Unit> units, List<Merge> merges, int partialRows) {
  /** Positions of one part for each block of rows that the sequence has. */
  static final int PART = 256;

  /**
   * A unit.
   *
   * @param sequence its sequence
   * @param row first row
   * @param rows number of rows
   * @param from first position
   * @param to position after the last
   * @param slot where its rows begin among the partial results; −1 if it is not a part
   */
  record Unit(int sequence, int row, int rows, int from, int to, int slot) {
    private int positions() {
      return to - from;
    }
  }

  /**
   * A block of rows whose parts are to be merged.
   *
   * @param sequence its sequence
   * @param row first row
   * @param rows number of rows
   * @param parts number of parts
   * @param slot where the first part begins among the partial results; the others follow
   */
  record Merge(int sequence, int row, int rows, int parts, int slot) {}

  /**
   * Cuts.
   *
   * @param cu bounds of the sequences
   * @param past positions before each sequence's first token; null for none
   * @param sequences number of sequences
   * @param group G
   * @param window positions that a token sees, 0 for all
   * @param split whether units may be parts
   */
  static AttentionPlan of(
      int[] cu, int[] past, int sequences, int group, int window, boolean split) {
    List<Unit> units = new ArrayList<>();
    List<Merge> merges = new ArrayList<>();
    int slot = 0;
    for (int s = 0; s < sequences; s++) {
      int rows = (cu[s + 1] - cu[s]) * group;
      int before = past == null ? 0 : past[s];
      long part = split ? (long) PART * Blocks.count(rows, AttentionBlock.ROWS) : Long.MAX_VALUE;
      for (int row = 0; row < rows; row += AttentionBlock.ROWS) {
        int n = Math.min(AttentionBlock.ROWS, rows - row);
        int from = firstSeen(before + row / group, window);
        int to = before + (row + n - 1) / group + 1;
        int parts = (int) ((to - 1) / part - from / part + 1);
        if (parts == 1) {
          units.add(new Unit(s, row, n, from, to, -1));
        } else {
          merges.add(new Merge(s, row, n, parts, slot));
          for (long begin = from / part * part; begin < to; begin += part, slot += n) {
            int first = (int) Math.max(from, begin);
            units.add(new Unit(s, row, n, first, (int) Math.min(to, begin + part), slot));
          }
        }
      }
    }
    units.sort(Comparator.comparingInt(Unit::positions).reversed());
    return new AttentionPlan(units, merges, slot);
  }

  /** The first position that position p sees. */
  static int firstSeen(int p, int window) {
    return window == 0 ? 0 : Math.max(0, p - window + 1);
  }
}
