package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK;
import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A factor or the result of a {@link Product}: a matrix as it lies in an array, possibly read
 * transposed. What is stored has rows at distance {@code ld} whose columns come in groups of {@code
 * head}, at distance {@code stride}: element (t, c) is {@code array[at + c / head · stride + t·ld +
 * c % head]}. A plain matrix is one group.
 *
 * @param array the array
 * @param at where the matrix begins
 * @param ld distance of stored rows
 * @param head columns of a group
 * @param stride distance of groups
 * @param row first stored row
 * @param transposed whether the matrix is the transpose of what is stored
 */
record Matrix(float[] array, int at, int ld, int head, int stride, int row, boolean transposed) {
  /** A row of a sliver. */
  static final VectorSpecies<Float> SLIVER =
      MR == 8 ? FloatVector.SPECIES_256 : FloatVector.SPECIES_128;

  /** Stored rows that are packed at a time, while their cache lines last. */
  private static final int STEP = 16;

  /** A plain matrix with row stride ld. */
  static Matrix plain(float[] array, int at, int ld) {
    return new Matrix(array, at, ld, Integer.MAX_VALUE, 0, 0, false);
  }

  /** Token-major with row stride ld if headDim is 0, else head-major [.., capacity, headDim]. */
  static Matrix tokens(float[] array, int at, int ld, int headDim, int capacity) {
    return headDim == 0
        ? plain(array, at, ld)
        : new Matrix(array, at, headDim, headDim, capacity * headDim, 0, false);
  }

  /** The transpose, in the same place. */
  Matrix transpose() {
    return new Matrix(array, at, ld, head, stride, row, !transposed);
  }

  /** What is below the first r rows; of a matrix that is not transposed. */
  Matrix fromRow(int r) {
    return new Matrix(array, at, ld, head, stride, row + r, transposed);
  }

  /** What is right of the first c columns; of a transposed matrix. */
  Matrix fromColumn(int c) {
    return fromRow(c);
  }

  /** Where stored element (t, c) is. */
  int index(int t, int c) {
    return at + c / head * stride + (row + t) * ld + c % head;
  }

  /** How many stored elements of a row lie together from column c on. */
  int run(int c) {
    return head - c % head;
  }

  /** Whether n stored elements of a row lie together from column c on. */
  boolean together(int c, int n) {
    return run(c) >= n;
  }

  /**
   * Packs rows i0 to i0 + rows − 1, columns k0 to k0 + depth − 1, into slivers [depth, MR] from at
   * on; of the last sliver's missing rows anything may stand there.
   */
  void packRows(int i0, int rows, int k0, int depth, float[] to, int at) {
    if (transposed) {
      for (int k = 0; k < depth; k += STEP) {
        packSlivers(i0, rows, k0, k, Math.min(depth, k + STEP), depth, to, at);
      }
      return;
    }
    for (int x = 0; x < depth; ) {
      int n = Math.min(depth - x, run(k0 + x));
      packPart(index(i0, k0 + x), rows, n, to, at + x * MR, depth);
      x += n;
    }
  }

  /** n columns of slivers, from rows that lie together. */
  private void packPart(int from, int rows, int n, float[] to, int o, int depth) {
    float[] square = Scratch.floats(Scratch.SQUARE, BLOCK * BLOCK);
    int i = 0;
    for (; i + BLOCK <= rows; i += BLOCK) {
      Transpose.toSlivers(array, from + i * ld, ld, to, o + i * depth, depth, n, square);
    }
    for (; i < rows; i++) {
      copyStrided(array, from + i * ld, 1, n, to, o + i / MR * MR * depth + i % MR, MR);
    }
  }

  private void packSlivers(
      int i0, int rows, int k0, int from, int end, int depth, float[] to, int at) {
    for (int i = 0; i < rows; i += MR) {
      int o = at + i * depth + from * MR;
      int n = Math.min(MR, rows - i);
      if (n == MR && together(i0 + i, MR)) {
        copySliver(array, index(k0 + from, i0 + i), ld, end - from, to, o);
      } else {
        for (int r = 0; r < n; r++) {
          copyStrided(array, index(k0 + from, i0 + i + r), ld, end - from, to, o + r, MR);
        }
      }
    }
  }

  private static void copySliver(float[] a, int i, int ld, int depth, float[] to, int o) {
    for (int k = 0, s = i, d = o; k < depth; k++, s += ld, d += MR) {
      FloatVector.fromArray(SLIVER, a, s).intoArray(to, d);
    }
  }

  private static void copyStrided(float[] a, int i, int step, int n, float[] to, int o, int by) {
    for (int k = 0, s = i, d = o; k < n; k++, s += step, d += by) to[d] = a[s];
  }

  /**
   * Packs columns j0 to j0 + columns − 1, rows k0 to k0 + depth − 1, into panels [depth, NR] at
   * that distance from o on, the last one's missing columns 0.
   */
  void packColumns(int k0, int depth, int j0, int columns, float[] to, int o, int distance) {
    int whole = head == Integer.MAX_VALUE ? columns / NR : 0;
    if (transposed) {
      float[] square = Scratch.floats(Scratch.SQUARE, BLOCK * BLOCK);
      for (int p = 0; p < whole; p++) {
        Transpose.toPanel(array, index(j0 + p * NR, k0), ld, to, o + p * distance, depth, square);
      }
    } else if (whole > 0) {
      copyPanels(array, index(k0, j0), ld, depth, whole, to, o, distance);
    }
    for (int j = whole * NR; j < columns; j += NR) {
      packPanel(k0, depth, j0 + j, Math.min(NR, columns - j), to, o + j / NR * distance);
    }
  }

  private static void copyPanels(
      float[] a, int i, int ld, int depth, int panels, float[] to, int o, int distance) {
    for (int k = 0; k < depth; k++) {
      int d = o + k * NR;
      for (int s = i + k * ld, end = s + panels * NR; s < end; s += NR, d += distance) {
        FloatVector.fromArray(F, a, s).intoArray(to, d);
        FloatVector.fromArray(F, a, s + L).intoArray(to, d + L);
      }
    }
  }

  private void packPanel(int k0, int depth, int j0, int columns, float[] to, int o) {
    if (columns < NR) Arrays.fill(to, o, o + depth * NR, 0);
    if (transposed) {
      for (int j = 0; j < columns; j++) {
        copyStrided(array, index(j0 + j, k0), 1, depth, to, o + j, NR);
      }
      return;
    }
    for (int k = 0; k < depth; k++) {
      System.arraycopy(array, index(k0 + k, j0), to, o + k * NR, columns);
    }
  }
}
