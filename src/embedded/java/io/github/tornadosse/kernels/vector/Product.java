package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import io.github.tornadosse.embedded.Workers;

/**
 * A matrix product C = A·B or C += A·B of any sizes, blocked for the caches: B is packed into
 * panels of NR columns, A tile by tile into slivers of MR rows, and the register tiles of {@link
 * MicroKernels} do the arithmetic. Where a tile has few columns A is read where it is. An element
 * of C is summed block by block of {@link #DEPTH}, each in the order of k, so that it does not
 * depend on how the tiles are shared out.
 */
final class Product {
  /** Length of the sums between two updates of C; a panel of B of that depth stays in L1. */
  private static final int DEPTH = 256;

  /** Longest sum whose parts of A and B are packed at a time. */
  private static final int LONGEST = 4 * DEPTH;

  /** Elements of A that a tile spans at most; they stay in L2. */
  private static final int LEFT = 1 << 17;

  /** Least rows of A where a tile is split for the sake of many cores. */
  private static final int FLAT = 32;

  /** Most panels of B that a tile spans: 1024 columns. */
  private static final int PANELS = 1024 / NR;

  /** Most panels of a tile that reads A where it is: 128 columns, too few to pack A for. */
  private static final int NARROW = 128 / NR;

  /** Panels of B that one thread packs at a time, so that it reads much of a row: 256 columns. */
  private static final int GROUP = 256 / NR;

  /** Rows of B that it packs at a time; a B that is transposed is packed panel by panel. */
  private static final int PIECE = 64;

  /** Most elements of B that are packed at a time. */
  private static final int PACKED = 1 << 22;

  /** Tiles for each thread, so that none waits long for the others; they change no result. */
  private static final int TILES = 4;

  /** Tiles that keep many cores busy. */
  private static final int MANY = 32;

  /** Multiplications below which a product stays on the calling thread. */
  private static final int SMALL = 20_000;

  /** Multiplications of the smallest tile. */
  private static final int LEAST = 1 << 18;

  /** Tokens of one partial sum, where long sums are split because there are few tiles. */
  private static final int SPLIT = 4 * DEPTH;

  private final Matrix a;
  private final Matrix b;
  private final Matrix c;
  private final boolean add;
  private final int m;
  private final int n;
  private final int k;
  private final boolean alone;

  /**
   * A product.
   *
   * @param a [m, k]
   * @param b [k, n]
   * @param c [m, n]
   * @param add adds to C instead of overwriting it
   * @param m rows of C
   * @param n columns of C
   * @param k length of the sums
   */
  Product(Matrix a, Matrix b, Matrix c, boolean add, int m, int n, int k) {
    this(a, b, c, add, m, n, k, (long) m * n * k < SMALL);
  }

  private Product(Matrix a, Matrix b, Matrix c, boolean add, int m, int n, int k, boolean alone) {
    this.a = a;
    this.b = b;
    this.c = c;
    this.add = add;
    this.m = m;
    this.n = n;
    this.k = k;
    this.alone = alone;
  }

  /** Computes it. */
  void run() {
    int depth = Math.min(k, LONGEST);
    int columns = Math.max(NR, PACKED / depth / NR * NR);
    float[] packed =
        Scratch.floats(Scratch.PACKED_B, depth * MicroKernels.panels(Math.min(n, columns)) * NR);
    for (int k0 = 0; k0 < k; k0 += depth) {
      for (int n0 = 0; n0 < n; n0 += columns) {
        part(packed, k0, Math.min(k, k0 + depth), n0, Math.min(n, n0 + columns));
      }
    }
  }

  /**
   * Adds a product with long sums and a small result to a contiguous C, in parts of the sums that
   * are added up in their order.
   *
   * @param to the array of C
   * @param at where its elements [m, n] begin
   */
  static void addSplit(Matrix a, Matrix b, float[] to, int at, int m, int n, int k) {
    int size = m * n;
    int parts = Blocks.count(k, SPLIT);
    float[] partial = Scratch.floats(Scratch.PARTIAL, parts * size);
    Workers.forEach(
        parts,
        (p, worker) -> {
          int k0 = p * SPLIT;
          Matrix part = Matrix.plain(partial, p * size, n);
          int depth = Math.min(SPLIT, k - k0);
          new Product(a.fromColumn(k0), b.fromRow(k0), part, false, m, n, depth, true).run();
        });
    Blocks.addPartial(partial, parts, size, to, at);
  }

  /** Whether {@link #addSplit} is the better way: there would be few tiles. */
  static boolean splits(int m, int n, int k) {
    long parts = Blocks.count(k, SPLIT);
    boolean few = (long) Blocks.count(m, FLAT) * MicroKernels.panels(n) < MANY;
    return few && parts > 1 && parts * m * n <= PACKED && (long) m * n * k >= SMALL;
  }

  private void each(int count, Workers.Body body) {
    if (alone) {
      for (int i = 0; i < count; i++) body.run(i, 0);
    } else {
      Workers.forEach(count, body);
    }
  }

  /** The part of the sums from k0 to k1, for columns n0 to n1. */
  private void part(float[] packed, int k0, int k1, int n0, int n1) {
    int panels = MicroKernels.panels(n1 - n0);
    int length = k1 - k0;
    int group = b.transposed() ? 1 : GROUP;
    int piece = b.transposed() ? length : PIECE;
    int groups = Blocks.count(panels, group);
    each(
        groups * Blocks.count(length, piece),
        (item, worker) -> {
          int i = item / groups * piece;
          int p = item % groups * group;
          int j = n0 + p * NR;
          int columns = Math.min(group * NR, n1 - j);
          int depth = Math.min(piece, length - i);
          b.packColumns(k0 + i, depth, j, columns, packed, (p * length + i) * NR, length * NR);
        });
    int rows = Math.max(FLAT, LEFT / length / MR * MR);
    int span = PANELS;
    int wanted = alone || Workers.count() == 1 ? 1 : TILES * Workers.count();
    while ((rows > FLAT || span > 1)
        && Blocks.count(m, rows) * Blocks.count(panels, span) < wanted
        && (long) rows * span * NR * length > LEAST) {
      if (span > PANELS / 2 || rows <= FLAT) {
        span /= 2;
      } else {
        rows = Math.max(FLAT, rows / 2 / MR * MR);
      }
    }
    int height = rows;
    int width = span;
    int across = Blocks.count(panels, width);
    each(
        Blocks.count(m, height) * across,
        (item, worker) -> {
          int i0 = item / across * height;
          int p0 = item % across * width;
          tile(
              packed,
              k0,
              k1,
              n0,
              n1,
              i0,
              Math.min(m, i0 + height),
              p0,
              Math.min(panels, p0 + width));
        });
  }

  private void tile(
      float[] packed, int k0, int k1, int n0, int n1, int i0, int i1, int p0, int p1) {
    Rows rows = rows(i0, i1, k0, k1, p1 - p0 <= NARROW);
    for (int p = p0; p < p1; p++) {
      int j = n0 + p * NR;
      for (int i = k0; i < k1; i += DEPTH) {
        int depth = Math.min(DEPTH, k1 - i);
        int at = (p * (k1 - k0) + i - k0) * NR;
        panel(rows, i - k0, depth, packed, at, i0, i1, j, Math.min(NR, n1 - j), i == 0 && !add);
      }
    }
  }

  /**
   * Rows of A over one part of the sums: packed into slivers, block by block of {@link #DEPTH}, or
   * where they are.
   *
   * @param array where they are
   * @param at where they begin
   * @param ld row stride, if they are not packed
   * @param height rows of a block, if they are packed
   */
  private record Rows(float[] array, int at, int ld, int height) {
    boolean packed() {
      return height > 0;
    }

    /** Where row i of the block from column k on begins; of packed ones, i is a sliver's first. */
    int index(int i, int k, int depth) {
      return packed() ? at + k * height + i * depth : at + k + i * ld;
    }
  }

  private Rows rows(int i0, int i1, int k0, int k1, boolean narrow) {
    if (narrow && !a.transposed() && a.together(k0, k1 - k0)) {
      return new Rows(a.array(), a.index(i0, k0), a.ld(), 0);
    }
    int height = Blocks.count(i1 - i0, MR) * MR;
    float[] slivers = Scratch.floats(Scratch.PACKED_A, height * (k1 - k0));
    for (int k = k0; k < k1; k += DEPTH) {
      a.packRows(i0, i1 - i0, k, Math.min(DEPTH, k1 - k), slivers, (k - k0) * height);
    }
    return new Rows(slivers, 0, 0, height);
  }

  private void panel(
      Rows rows,
      int k,
      int depth,
      float[] packed,
      int at,
      int i0,
      int i1,
      int j,
      int columns,
      boolean set) {
    boolean direct = columns == NR && c.together(j, NR);
    int whole = direct ? (i1 - i0) / MR * MR : 0;
    if (whole > 0) {
      int from = rows.index(0, k, depth);
      int to = c.index(i0, j);
      int ld = c.ld();
      if (rows.packed()) {
        slivers(whole, depth, rows.array, from, packed, at, to, set);
      } else if (set) {
        RowMicroKernels.rowsSet(
            whole, depth, rows.array, from, rows.ld, packed, at, c.array(), to, ld);
      } else {
        RowMicroKernels.rowsAdd(
            whole, depth, rows.array, from, rows.ld, packed, at, c.array(), to, ld);
      }
    }
    for (int i = whole; i < i1 - i0; i += MR) {
      apart(rows, i, k, depth, packed, at, i0 + i, Math.min(MR, i1 - i0 - i), j, columns, set);
    }
  }

  private void slivers(
      int n, int depth, float[] a, int from, float[] packed, int at, int to, boolean set) {
    int ld = c.ld();
    for (int i = 0, f = from, o = to; i < n; i += MR, f += MR * depth, o += MR * ld) {
      if (set) {
        ColumnMicroKernels.tileColsSet(depth, a, f, MR, packed, at, c.array(), o, ld);
      } else {
        ColumnMicroKernels.tileColsAdd(depth, a, f, MR, packed, at, c.array(), o, ld);
      }
    }
  }

  /** A register tile that C has no whole place for. */
  private void apart(
      Rows from,
      int sliver,
      int k,
      int depth,
      float[] packed,
      int at,
      int i,
      int rows,
      int j,
      int columns,
      boolean set) {
    float[] tile = Scratch.floats(Scratch.TILE, MR * NR);
    int first = from.index(sliver, k, depth);
    if (from.packed()) {
      ColumnMicroKernels.tileColsSet(depth, from.array, first, MR, packed, at, tile, 0, NR);
    } else {
      RowMicroKernels.rowsSet(rows, depth, from.array, first, from.ld, packed, at, tile, 0, NR);
    }
    for (int r = 0; r < rows; r++) {
      for (int x = 0; x < columns; ) {
        int run = Math.min(columns - x, c.run(j + x));
        int to = c.index(i + r, j + x);
        if (set) {
          System.arraycopy(tile, r * NR + x, c.array(), to, run);
        } else {
          Lanes.add(c.array(), to, tile, r * NR + x, c.array(), to, run);
        }
        x += run;
      }
    }
  }
}
