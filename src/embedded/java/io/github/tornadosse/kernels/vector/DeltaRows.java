package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;

import java.util.Arrays;

/**
 * The normalised queries and keys of one chunk and key head, and their inner products. What belongs
 * to a query and a key of the same row lies side by side, so that one product can take both.
 */
final class DeltaRows {
  /** What is added to the sum of squares under the root. */
  static final double NORM_EPS = 1e-6;

  private final int key;

  /** K padded. */
  final int kp;

  /** Row stride of {@link #rows}, an odd number of vectors: columns spread in the cache. */
  final int ld;

  /** Row stride of {@link #products}. */
  final int size;

  /** [2·C, ld]: q̂ of row 0, k̂ of row 0, q̂ of row 1, .. */
  final float[] rows;

  /** [2·C, C]: ⟨q̂_i, k̂_j⟩ of row 0, ⟨k̂_i, k̂_j⟩ of row 0, ..; blocks of 16×16 with j ≤ i. */
  final float[] products;

  /** [2·C]: what a row of {@link #rows} was divided by, inverted. */
  final float[] inverseNorm;

  private final float[] columns; // [C / 16, 16 / P, kp, P] k̂, transposed
  private final float[] square = new float[BLOCK * BLOCK];

  /**
   * Scratch for one chunk.
   *
   * @param size C
   * @param key K
   * @param kp K rounded up to whole vectors at least
   */
  DeltaRows(int size, int key, int kp) {
    this.size = size;
    this.key = key;
    this.kp = kp;
    ld = kp / L % 2 == 0 ? kp + L : kp;
    rows = new float[2 * size * ld];
    products = new float[2 * size * size];
    inverseNorm = new float[2 * size];
    columns = new float[size * kp];
  }

  /** Rows and inner products of a chunk. */
  void load(DeltaInputs x, DeltaChunk c) {
    loadKeys(x, c);
    queries(x, c);
    clear(c, 0);
    multiply(c, 0);
  }

  /** The same for keys alone, with keys. */
  void loadKeys(DeltaInputs x, DeltaChunk c) {
    keys(x, c);
    clear(c, 1);
    int blocks = c.blocks();
    for (int b = 0; b < blocks; b++) {
      int at = b * BLOCK;
      Transpose.toBlockPanels(rows, (2 * at + 1) * ld, 2 * ld, columns, at * kp, kp, square);
    }
    multiply(c, 1);
  }

  /** The rows of a chunk alone. */
  void normalise(DeltaInputs x, DeltaChunk c) {
    queries(x, c);
    keys(x, c);
  }

  private void queries(DeltaInputs x, DeltaChunk c) {
    for (int i = 0; i < c.n; i++) normalise(x.q(), c.keyAt[i], c.queryWeight[i], 2 * i);
  }

  private void keys(DeltaInputs x, DeltaChunk c) {
    for (int i = 0; i < c.n; i++) normalise(x.k(), c.keyAt[i], c.keyWeight[i], 2 * i + 1);
  }

  private void normalise(float[] from, int at, float weight, int row) {
    double squares = (double) weight * weight * Lanes.squares(from, at, key);
    double inverse = 1 / Math.sqrt(squares + NORM_EPS);
    inverseNorm[row] = (float) inverse;
    GlaRows.scaled(from, at, (float) (weight * inverse), rows, row * ld, key);
  }

  private void clear(DeltaChunk c, int part) {
    for (int i = c.n; i < c.padded(); i++) {
      Arrays.fill(rows, (2 * i + part) * ld, (2 * i + part) * ld + kp, 0);
    }
  }

  private void multiply(DeltaChunk c, int part) {
    for (int i = 0; i < c.n; i += BLOCK) {
      int row = 2 * i + part;
      for (int j = 0; j <= i; j += BLOCK) {
        RowMicroKernels.blockRowsSet(
            kp, rows, row * ld, 2 * ld, columns, j * kp, products, row * size + j, 2 * size);
      }
    }
  }
}
