package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import java.util.Arrays;

/**
 * One worker's backward pass over tiles of attention, and its scratch memory. A tile is a run of
 * tokens as queries by a run of tokens as keys, for one key head and all query heads that read it
 * (rows as in {@link AttentionPlan}). Probabilities are recomputed from the forward pass's lse.
 *
 * <p>Keys and values of the tile are transposed once for all rows: scores and their gradients are
 * products of rows of q and dO with them. Everything else is read where it stands in scratch rows.
 */
final class AttentionGradients {
  /** Most tokens of a tile's side. */
  static final int TILE = 256;

  /** Most rows of queries at a time. */
  private static final int ROWS = 64;

  private final AttentionHeads shape;
  private final int dim;
  private final int width; // dim padded to whole panels
  private final int ld; // row stride: an odd number of vectors, so that columns spread in the cache
  private final float scale;
  private final float[] keys; // [TILE, ld]
  private final float[] keyColumns; // [TILE / NR, dim, NR]
  private final float[] valueColumns; // [TILE / NR, dim, NR]
  private final float[] dk; // [TILE, width]
  private final float[] dv; // [TILE, width]
  private final float[] queries; // [ROWS, ld]
  private final float[] outs; // [ROWS, ld] dO
  private final float[] dq; // [ROWS, width]
  private final float[] scores = new float[ROWS * TILE]; // then probabilities
  private final float[] scoreGradients = new float[ROWS * TILE];
  private final float[] square = new float[MicroKernels.BLOCK * MicroKernels.BLOCK];

  private Arguments x;
  private int keyHead;
  private int begin;
  private int key;
  private int keyCount;
  private int row; // first of the rows at work
  private int rows;

  AttentionGradients(AttentionHeads shape) {
    this.shape = shape;
    dim = shape.dim();
    width = MicroKernels.panels(dim) * NR;
    ld = width + L;
    scale = AttentionHeads.scale(dim);
    keys = new float[TILE * ld];
    keyColumns = new float[TILE * dim];
    valueColumns = new float[TILE * dim];
    dk = new float[TILE * width];
    dv = new float[TILE * width];
    queries = new float[ROWS * ld];
    outs = new float[ROWS * ld];
    dq = new float[ROWS * width];
  }

  /** Whether this scratch fits those shapes. */
  boolean fits(AttentionHeads shape) {
    return this.shape.equals(shape);
  }

  /** An array and where its elements begin. */
  record Part(float[] array, int at) {}

  /**
   * What a call reads and writes.
   *
   * @param q [H, capacity, dim]
   * @param k [HK, capacity, dim]
   * @param v [HK, capacity, dim]
   * @param lse [H, capacity]
   * @param delta ⟨dO, out⟩ [H, capacity]
   * @param dOut [L, H·dim]
   * @param dq like q
   * @param dk like k
   * @param dv like v
   */
  record Arguments(
      Part q, Part k, Part v, Part lse, Part delta, Part dOut, Part dq, Part dk, Part dv) {}

  /**
   * One tile. It overwrites the gradients if the queries' tokens are the keys', else it adds.
   *
   * @param keyHead the head of keys and values
   * @param begin the sequence's first token; the others are counted from it
   * @param query first token of the queries
   * @param queryCount number of queries, at most TILE
   * @param key first token of the keys
   * @param keyCount number of keys, at most TILE
   */
  void tile(Arguments x, int keyHead, int begin, int query, int queryCount, int key, int keyCount) {
    this.x = x;
    this.keyHead = keyHead;
    this.begin = begin;
    this.key = key;
    this.keyCount = keyCount;
    boolean set = query == key;
    int at = (keyHead * shape.capacity() + begin + key) * dim;
    transpose(x.v, at, valueColumns);
    transpose(x.k, at, keyColumns);
    Arrays.fill(dk, 0, TILE * width, 0);
    Arrays.fill(dv, 0, TILE * width, 0);
    int end = (query + queryCount) * shape.group();
    for (row = query * shape.group(); row < end; row += ROWS) {
      rows = Math.min(ROWS, end - row);
      load();
      products();
      probabilities();
      keyGradients();
      queryGradients(set);
    }
    for (int j = 0; j < keyCount; j++) {
      store(dk, j * width, x.dk, at + j * dim, set);
      store(dv, j * width, x.dv, at + j * dim, set);
    }
  }

  private void store(float[] from, int at, Part to, int toAt, boolean set) {
    int o = to.at + toAt;
    if (set) {
      System.arraycopy(from, at, to.array, o, dim);
    } else {
      Lanes.add(to.array, o, from, at, to.array, o, dim);
    }
  }

  /** Rows of k or v into {@link #keys}, padded with zeros to whole panels, and transposed. */
  private void transpose(Part from, int at, float[] columns) {
    for (int j = 0; j < keyCount; j++) {
      System.arraycopy(from.array, from.at + at + j * dim, keys, j * ld, dim);
    }
    Arrays.fill(keys, keyCount * ld, MicroKernels.panels(keyCount) * NR * ld, 0);
    for (int j = 0; j < keyCount; j += NR) {
      Transpose.toPanel(keys, j * ld, ld, columns, j * dim, dim, square);
    }
  }

  private void load() {
    for (int r = 0; r < rows; r++) {
      int q = x.q.at + shape.headMajor(keyHead, begin, row + r) * dim;
      int o = x.dOut.at + shape.tokenMajor(keyHead, begin, row + r) * dim;
      System.arraycopy(x.q.array, q, queries, r * ld, dim);
      System.arraycopy(x.dOut.array, o, outs, r * ld, dim);
    }
    int padded = Blocks.count(rows, MR) * MR;
    Arrays.fill(queries, rows * ld, padded * ld, 0);
    Arrays.fill(outs, rows * ld, padded * ld, 0);
  }

  /** First of the tile's keys that row r of those at work sees. */
  private int seenFrom(int r) {
    return Math.max(0, shape.firstSeen((row + r) / shape.group()) - key);
  }

  /** The key after the last that row r sees; of the last row if r is beyond it. */
  private int seenTo(int r) {
    int last = row + Math.min(r, rows - 1);
    return Math.min(keyCount, last / shape.group() + 1 - key);
  }

  /** Scores and their gradients, tile by tile, where a row sees any key of a panel. */
  private void products() {
    for (int r = 0; r < rows; r += MR) {
      int to = seenTo(r + MR - 1);
      for (int j = seenFrom(r) / NR * NR; j < to; j += NR) {
        int c = r * TILE + j;
        RowMicroKernels.tileRowsSet(dim, queries, r * ld, ld, keyColumns, j * dim, scores, c, TILE);
        RowMicroKernels.tileRowsSet(
            dim, outs, r * ld, ld, valueColumns, j * dim, scoreGradients, c, TILE);
      }
    }
  }

  /** From scores to probabilities, over the same panels; what a row does not see becomes 0. */
  private void probabilities() {
    for (int r = 0; r < rows; r++) {
      int tile = r / MR * MR;
      int at = shape.headMajor(keyHead, begin, row + r);
      AttentionSoftmax.gradientRow(
          scores,
          scoreGradients,
          r * TILE,
          seenFrom(tile) / NR * NR,
          Blocks.count(Math.max(0, seenTo(tile + MR - 1)), NR) * NR,
          seenFrom(r),
          seenTo(r),
          scale,
          x.lse.array[x.lse.at + at],
          x.delta.array[x.delta.at + at]);
    }
  }

  /** dv += pᵀ·dO and dk += dsᵀ·q, where a key of a tile is seen by any row. */
  private void keyGradients() {
    for (int j = 0; j < keyCount; j += MR) {
      int from = firstReader(j);
      int n = lastReader(j + MR - 1) - from;
      if (n > 0) {
        int a = from * TILE + j;
        for (int c = 0; c < dim; c += NR) {
          int b = from * ld + c;
          int o = j * width + c;
          ColumnMicroKernels.tileColsAdd(n, scores, a, TILE, outs, b, ld, dv, o, width);
          ColumnMicroKernels.tileColsAdd(n, scoreGradients, a, TILE, queries, b, ld, dk, o, width);
        }
      }
    }
  }

  /** The first row that sees key j of the tile or an earlier one. */
  private int firstReader(int j) {
    return Math.clamp((long) (key + j) * shape.group() - row, 0, rows);
  }

  /** The row after the last that sees key j of the tile or a later one. */
  private int lastReader(int j) {
    if (shape.window() == 0) return rows;
    return Math.clamp(((long) key + j + shape.window()) * shape.group() - row, 0, rows);
  }

  private void queryGradients(boolean set) {
    for (int r = 0; r < rows; r += MR) {
      int from = seenFrom(r);
      int n = Math.max(0, seenTo(r + MR - 1) - from);
      for (int c = 0; c < dim; c += NR) {
        RowMicroKernels.tileRowsSet(
            n,
            scoreGradients,
            r * TILE + from,
            TILE,
            keys,
            from * ld + c,
            ld,
            dq,
            r * width + c,
            width);
      }
    }
    for (int r = 0; r < rows; r++) {
      store(dq, r * width, x.dq, shape.headMajor(keyHead, begin, row + r) * dim, set);
    }
  }
}
