package io.github.tornadosse.kernels.vector;

/**
 * Memory that a thread keeps from one kernel to the next, so that kernels need not allocate. What
 * it holds is undefined; a slot may be in use by one method at a time.
 */
final class Scratch {
  /** Partial sums, of the thread that calls a kernel. */
  static final int PARTIAL = 0;

  /** The packed right-hand factor of a product, of the thread that calls a kernel. */
  static final int PACKED_B = 1;

  /** The packed left-hand factor of one tile. */
  static final int PACKED_A = 2;

  /** One tile of a product that cannot be stored directly. */
  static final int TILE = 3;

  /** Rows of a head: what is activated. */
  static final int INPUT = 4;

  /** Rows of a head: what was activated. */
  static final int OUTPUT = 5;

  /** Rows of a head: a gradient. */
  static final int GRADIENT = 6;

  /** One row of a head: 1 where it takes part, 0 where it is left out. */
  static final int KEEP = 7;

  /** Outputs of a chunk's rows. */
  static final int ROWS = 8;

  /** A vector for each row of {@link RowReductions}. */
  static final int LANES = 9;

  /** A square on its way through a transposition. */
  static final int SQUARE = 10;

  /** A number for each row. */
  static final int NUMBERS = 11;

  private static final int SLOTS = 12;

  private static final ThreadLocal<Scratch> OWN = ThreadLocal.withInitial(Scratch::new);

  private final float[][] floats = new float[SLOTS][0];
  private int[] ints = new int[0];

  private Scratch() {}

  /** At least n floats of this thread. */
  static float[] floats(int slot, int n) {
    float[][] own = OWN.get().floats;
    if (own[slot].length < n) own[slot] = new float[n];
    return own[slot];
  }

  /** At least n ints of this thread. */
  static int[] ints(int n) {
    Scratch own = OWN.get();
    if (own.ints.length < n) own.ints = new int[n];
    return own.ints;
  }
}
