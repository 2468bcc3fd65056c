package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK;
import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;

import jdk.incubator.vector.FloatVector;

/** Inverses of unit lower triangular matrices of a few blocks of 16 rows. */
final class DeltaInverse {
  /** Rows of the identity of one block. */
  static final float[] IDENTITY = new float[BLOCK * BLOCK];

  static {
    for (int i = 0; i < BLOCK; i++) IDENTITY[i * BLOCK + i] = 1;
  }

  private final float[] sum = new float[BLOCK * BLOCK];

  DeltaInverse() {}

  /**
   * x = (I − a)^(-1), by substitution in the blocks on the diagonal and products below it.
   *
   * @param a [ld, ld]; what lies below the diagonal is read
   * @param x [ld, ld]; blocks on and below the diagonal are written
   * @param blocks number of blocks of 16 rows
   */
  void invert(float[] a, float[] x, int blocks, int ld) {
    for (int b = 0; b < blocks; b++) {
      int row = b * BLOCK * ld;
      for (int c = 0; c < BLOCK; c += L) substitute(a, x, row + b * BLOCK, c, ld);
      for (int c = 0; c < b; c++) {
        int from = c * BLOCK;
        int to = row + from;
        RowMicroKernels.blockRowsSet(
            (b - c) * BLOCK, a, to, ld, x, from * ld + from, ld, sum, 0, BLOCK);
        RowMicroKernels.blockRowsSet(BLOCK, x, row + b * BLOCK, ld, sum, 0, BLOCK, x, to, ld);
      }
    }
  }

  /** One block on the diagonal, columns c to c + L − 1. */
  private static void substitute(float[] a, float[] x, int at, int c, int ld) {
    for (int i = 0, row = at; i < BLOCK; i++, row += ld) {
      FloatVector s = FloatVector.fromArray(F, IDENTITY, i * BLOCK + c);
      for (int j = 0, k = at + c; j < i; j++, k += ld) {
        s = FloatVector.fromArray(F, x, k).fma(FloatVector.broadcast(F, a[row + j]), s);
      }
      s.intoArray(x, row + c);
    }
  }
}
