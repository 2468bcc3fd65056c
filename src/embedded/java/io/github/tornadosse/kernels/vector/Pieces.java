package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.embedded.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Shares out segments of all heads, or sequences of them. Whole ones go first, longest before
 * others; so that no thread waits for a long one at the end, the last few are cut into pieces of
 * half of what is left at a time. A piece begins with the state that the piece before has left, to
 * the bit, so that results do not depend on who computes it, or on whether there are pieces at all.
 */
final class Pieces {
  /** Pieces begin at multiples of these rows, counted from the segment's first. */
  private static final int UNIT = GlaStates.PAIR;

  /** Units of the smallest piece. */
  private static final int LEAST = 4;

  private Pieces() {}

  /**
   * Rows of a segment that are computed at a time.
   *
   * @param begin the segment's first row
   * @param end its row after the last
   * @param from first row of the piece
   * @param to its row after the last
   * @param state where the state is handed on from piece to piece; null of a segment in one piece
   */
  record Piece(int begin, int end, int from, int to, float[] state) {
    /** A whole segment. */
    static Piece whole(int begin, int end) {
      return new Piece(begin, end, begin, end, null);
    }
  }

  /** Work on a piece of a segment of a head. */
  @FunctionalInterface
  interface Body {
    /** Does it. */
    void run(int segment, int head, Piece piece);
  }

  private record Item(int segment, int head, Piece piece, int chain, int index) {}

  /**
   * Runs the body for all segments that are not empty and all heads.
   *
   * @param bounds [2·count] begin and end row of each segment
   * @param count their number
   * @param heads H
   * @param stateSize floats of a state; 0 if segments have to be whole
   * @param backwards whether the last piece comes first
   */
  static void forEach(
      int[] bounds, int count, int heads, int stateSize, boolean backwards, Body body) {
    long[] order = longestFirst(bounds, count);
    int chains = order.length * heads;
    int threads = Workers.count();
    int cut = stateSize == 0 || threads == 1 ? 0 : Math.min(chains - threads, 2 * threads);
    if (cut <= 0 || !divides(bounds, (int) order[(chains - cut) / heads])) {
      Workers.forEach(
          chains,
          (item, worker) -> {
            int segment = (int) order[item / heads];
            Piece whole = Piece.whole(bounds[2 * segment], bounds[2 * segment + 1]);
            body.run(segment, item % heads, whole);
          });
      return;
    }
    List<Item> items = items(bounds, order, heads, cut, stateSize, backwards);
    AtomicIntegerArray done = new AtomicIntegerArray(cut);
    Workers.forEach(
        items.size(),
        (i, worker) -> {
          Item item = items.get(i);
          if (item.chain < 0) {
            body.run(item.segment, item.head, item.piece);
            return;
          }
          // Items begin in their order, so that the one before has begun; usually it is long over.
          while (done.get(item.chain) < item.index) Thread.yield();
          try {
            body.run(item.segment, item.head, item.piece);
          } finally {
            done.set(item.chain, item.index + 1);
          }
        });
  }

  /** Whether a segment is long enough for two pieces. */
  private static boolean divides(int[] bounds, int segment) {
    return Blocks.count(bounds[2 * segment + 1] - bounds[2 * segment], UNIT) >= 2 * LEAST;
  }

  private static List<Item> items(
      int[] bounds, long[] order, int heads, int cut, int stateSize, boolean backwards) {
    int whole = order.length * heads - cut;
    List<Item> items = new ArrayList<>();
    List<List<Item>> cuts = new ArrayList<>();
    for (int i = 0; i < order.length * heads; i++) {
      int segment = (int) order[i / heads];
      int begin = bounds[2 * segment];
      int end = bounds[2 * segment + 1];
      if (i < whole || !divides(bounds, segment)) {
        items.add(new Item(segment, i % heads, Piece.whole(begin, end), -1, 0));
      } else {
        float[] state = new float[stateSize];
        List<Piece> pieces = pieces(begin, end, state, backwards);
        for (int j = 0; j < pieces.size(); j++) {
          if (cuts.size() <= j) cuts.add(new ArrayList<>());
          cuts.get(j).add(new Item(segment, i % heads, pieces.get(j), i - whole, j));
        }
      }
    }
    cuts.forEach(items::addAll);
    return items;
  }

  /** The pieces of a segment in the order in which they are computed, each half of the rest. */
  private static List<Piece> pieces(int begin, int end, float[] state, boolean backwards) {
    List<Piece> pieces = new ArrayList<>();
    int units = Blocks.count(end - begin, UNIT);
    for (int at = 0; at < units; ) {
      int rest = units - at;
      int n = rest < 2 * LEAST ? rest : Math.max(LEAST, rest / 2);
      int first = backwards ? units - at - n : at;
      int from = begin + first * UNIT;
      pieces.add(new Piece(begin, end, from, Math.min(end, from + n * UNIT), state));
      at += n;
    }
    return pieces;
  }

  /** The segments that are not empty, longest first; a segment's index is the low 32 bits. */
  static long[] longestFirst(int[] bounds, int count) {
    long[] order = new long[count];
    int n = 0;
    for (int i = 0; i < count; i++) {
      long length = bounds[2 * i + 1] - bounds[2 * i];
      if (length > 0) order[n++] = -length << 32 | i;
    }
    order = Arrays.copyOf(order, n);
    Arrays.sort(order);
    return order;
  }
}
