package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.embedded.Workers;
import io.github.tornadosse.kernels.Control;
import jdk.incubator.vector.FloatVector;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * How the kernels of this tier share out their work: in blocks whose bounds depend on the sizes
 * only, never on the number of threads, so that results do not either.
 */
final class Blocks {
  /** Elements that one thread takes at a time where an element costs a few loads and stores. */
  static final int CHEAP = 1 << 15;

  /** The same where an element costs an exponential or a division. */
  static final int COSTLY = 1 << 13;

  /** Tokens of one partial sum. */
  static final int SUMMED = 64;

  private Blocks() {}

  /** Work on items {@code from} to {@code to} − 1. */
  @FunctionalInterface
  interface Range {
    /** Does the work. */
    void run(int from, int to);
  }

  /** The actual number of tokens. */
  static int tokens(IntArray control) {
    return control.get(Control.TOKENS);
  }

  /** Rows that make up about {@code elements} elements, at least one. */
  static int rows(int size, int elements) {
    return Math.max(1, elements / size);
  }

  /** Number of blocks of n items. */
  static int count(int n, int block) {
    return (int) (((long) n + block - 1) / block);
  }

  /** Runs the body over 0 to n − 1 in blocks; a single block stays on the calling thread. */
  static void forEach(int n, int block, Range body) {
    Workers.forEach(
        count(n, block),
        (b, worker) -> body.run(b * block, (int) Math.min(n, (long) b * block + block)));
  }

  /**
   * Adds partial sums in their order.
   *
   * @param partial [blocks, n]
   * @param blocks their number
   * @param into the sums are added to its elements {@code at} to at + n − 1
   * @param at first of them
   * @param n length of one
   */
  static void addPartial(float[] partial, int blocks, int n, float[] into, int at) {
    forEach(n, rows(blocks, CHEAP), (j0, j1) -> addColumns(partial, blocks, n, into, at, j0, j1));
  }

  private static void addColumns(
      float[] partial, int blocks, int n, float[] into, int at, int j0, int j1) {
    int j = j0;
    for (; j + Lanes.COUNT <= j1; j += Lanes.COUNT) {
      FloatVector sum = FloatVector.zero(Lanes.SPECIES);
      for (int b = 0, p = j; b < blocks; b++, p += n) {
        sum = sum.add(FloatVector.fromArray(Lanes.SPECIES, partial, p));
      }
      FloatVector.fromArray(Lanes.SPECIES, into, at + j).add(sum).intoArray(into, at + j);
    }
    for (; j < j1; j++) {
      float sum = 0;
      for (int b = 0, p = j; b < blocks; b++, p += n) sum += partial[p];
      into[at + j] += sum;
    }
  }
}
