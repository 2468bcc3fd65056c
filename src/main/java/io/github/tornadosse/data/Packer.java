package io.github.tornadosse.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Fills one batch with sequences. */
final class Packer {
  private final int[] ids;
  private final int[] targets;
  private final List<Integer> bounds = new ArrayList<>(List.of(0));
  private int filled;

  /**
   * Tokens that stay together in shuffling: one sequence, or several where documents end.
   *
   * @param ids at most a sequence's length of them
   * @param ends where each sequence ends, the last one with the ids
   */
  record Bin(int[] ids, int[] ends) {
    /**
     * Reads the next bin. A document's end ends a sequence only from a least length on, so that
     * short documents share a sequence and a batch has few of them.
     *
     * @param stream where the tokens come from
     * @param length tokens wanted
     * @param shortest the least length of a sequence that a document's end ends
     * @return a bin of that length, or of what is left of the stream
     */
    static Bin read(TokenStream stream, int length, int shortest) {
      int[] ids = new int[length];
      List<Integer> ends = new ArrayList<>();
      int begin = 0;
      int count = 0;
      while (count < length) {
        int id = stream.next();
        if (id < 0) {
          break;
        }
        ids[count++] = id;
        if (stream.documentEnded() && count - begin >= shortest) {
          ends.add(count);
          begin = count;
        }
      }
      if (begin < count) {
        ends.add(count);
      }
      return new Bin(
          count == length ? ids : Arrays.copyOf(ids, count),
          ends.stream().mapToInt(Integer::intValue).toArray());
    }

    /** The least length for a sequence length: a quarter. */
    static int shortest(int length) {
      return Math.max(1, length / 4);
    }
  }

  Packer(int tokens) {
    ids = new int[tokens];
    targets = new int[tokens];
  }

  /** The most sequences that a batch of bins has. */
  static int maxSequences(int tokens, int length) {
    // All sequences of a bin but the last are at least so long; a bin that is cut by the end of a
    // batch adds one on each side.
    int bins = tokens % length == 0 ? tokens / length : tokens / length + 3;
    return Math.min(tokens, tokens / Bin.shortest(length) + bins);
  }

  boolean isEmpty() {
    return filled == 0;
  }

  boolean isFull() {
    return filled == ids.length;
  }

  /**
   * Adds what fits of a bin.
   *
   * @param from index of its first token that is not in a batch yet
   * @return how many tokens were added
   */
  int add(Bin bin, int from) {
    int begin = from;
    int limit = Math.min(bin.ids().length, from + ids.length - filled);
    for (int end : bin.ends()) {
      if (end > begin && begin < limit) {
        int stop = Math.min(end, limit);
        addSequence(bin.ids(), begin, stop);
        begin = stop;
      }
    }
    return begin - from;
  }

  private void addSequence(int[] source, int begin, int end) {
    int length = end - begin;
    System.arraycopy(source, begin, ids, filled, length);
    System.arraycopy(source, begin + 1, targets, filled, length - 1);
    targets[filled + length - 1] = -1;
    filled += length;
    bounds.add(filled);
  }

  /** The batch of what was added. */
  PackedBatch batch() {
    return new PackedBatch(
        Arrays.copyOf(ids, filled),
        Arrays.copyOf(targets, filled),
        bounds.stream().mapToInt(Integer::intValue).toArray());
  }
}
