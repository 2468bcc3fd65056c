package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK;
import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK_PANEL;
import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Transposes 16 rows at a time. With 16 lanes a 16×16 square takes four rounds in which rows a
 * distance d apart exchange lanes; other vector shapes copy element by element.
 */
final class Transpose {
  private static final VectorShuffle<Float> SWAP1 = swap(1);
  private static final VectorShuffle<Float> SWAP2 = swap(2);
  private static final VectorShuffle<Float> SWAP4 = swap(4);
  private static final VectorShuffle<Float> SWAP8 = swap(8);
  private static final VectorMask<Float> ODD1 = odd(1);
  private static final VectorMask<Float> ODD2 = odd(2);
  private static final VectorMask<Float> ODD4 = odd(4);
  private static final VectorMask<Float> ODD8 = odd(8);

  private Transpose() {}

  /** Exchanges lanes a distance d apart. */
  private static VectorShuffle<Float> swap(int d) {
    return VectorShuffle.fromOp(F, j -> (j ^ d) % L);
  }

  /** The higher lane of each pair a distance d apart. */
  private static VectorMask<Float> odd(int d) {
    boolean[] lanes = new boolean[L];
    for (int j = 0; j < L; j++) lanes[j] = (j & d) != 0;
    return VectorMask.fromArray(F, lanes, 0);
  }

  /**
   * 16 rows of a, columns 0 to n − 1, to panels {@code [16 / P, n, P]} with P = BLOCK_PANEL.
   *
   * @param a [16, lda] from ao on; n columns rounded up to 16 must be there
   * @param to 16·n elements from toAt on
   * @param n columns, a multiple of the vector length
   * @param scratch 256 elements
   */
  static void toBlockPanels(
      float[] a, int ao, int lda, float[] to, int toAt, int n, float[] scratch) {
    if (L == BLOCK) {
      for (int c = 0; c < n; c += BLOCK) {
        square(a, ao + c, lda, to, toAt + c * BLOCK, BLOCK, scratch);
      }
      return;
    }
    for (int j = 0; j < BLOCK; j += BLOCK_PANEL) {
      byElement(a, ao + j * lda, lda, BLOCK_PANEL, to, toAt + j * n, BLOCK_PANEL, n);
    }
  }

  /**
   * Panels of a matrix [rows, columns] to panels of its transpose.
   *
   * @param a [columns / NR, rows, NR] from ao on
   * @param to [rows / NR, columns, NR]
   * @param rows a multiple of NR
   * @param columns a multiple of NR
   * @param scratch 256 elements
   */
  static void panels(float[] a, int ao, float[] to, int rows, int columns, float[] scratch) {
    for (int c = 0; c < columns; c += NR) {
      for (int r = 0; r < rows; r += NR) {
        panelSquare(a, ao + (c / NR * rows + r) * NR, to, (r / NR * columns + c) * NR, scratch);
      }
    }
  }

  private static void panelSquare(float[] a, int ao, float[] to, int toAt, float[] scratch) {
    if (L == BLOCK) {
      for (int i = 0; i < NR; i += BLOCK) {
        for (int j = 0; j < NR; j += BLOCK) {
          square(a, ao + i * NR + j, NR, to, toAt + j * NR + i, NR, scratch);
        }
      }
    } else {
      byElement(a, ao, NR, NR, to, toAt, NR, NR);
    }
  }

  /**
   * NR rows of a, columns 0 to n − 1, to a panel {@code [n, NR]}.
   *
   * @param a [NR, lda] from ao on
   * @param to n·NR elements from toAt on
   * @param n columns, any number
   * @param scratch 256 elements
   */
  static void toPanel(float[] a, int ao, int lda, float[] to, int toAt, int n, float[] scratch) {
    int whole = L == BLOCK ? n / BLOCK * BLOCK : 0;
    for (int c = 0; c < whole; c += BLOCK) {
      for (int i = 0; i < NR; i += BLOCK) {
        square(a, ao + i * lda + c, lda, to, toAt + c * NR + i, NR, scratch);
      }
    }
    byElement(a, ao + whole, lda, NR, to, toAt + whole * NR, NR, n - whole);
  }

  /**
   * 16 rows of a, columns 0 to n − 1, to slivers of MR rows.
   *
   * @param a [16, lda] from ao on
   * @param to [16 / MR, depth, MR] from toAt on, of which the first n of each depth are written
   * @param n columns, any number
   * @param scratch 256 elements
   */
  static void toSlivers(
      float[] a, int ao, int lda, float[] to, int toAt, int depth, int n, float[] scratch) {
    int whole = L == BLOCK ? n / BLOCK * BLOCK : 0;
    for (int c = 0; c < whole; c += BLOCK) {
      square(a, ao + c, lda, scratch, 0, BLOCK, scratch);
      halves(scratch, to, toAt + c * MR, depth * MR);
    }
    for (int i = 0; i < BLOCK; i += MR) {
      byElement(a, ao + i * lda + whole, lda, MR, to, toAt + i * depth + whole * MR, MR, n - whole);
    }
  }

  /** The left and the right half of a square, each contiguous, a distance apart. */
  private static void halves(float[] square, float[] to, int toAt, int distance) {
    for (int i = 0, d = toAt; i < BLOCK * BLOCK; i += BLOCK, d += MR) {
      FloatVector.fromArray(Matrix.SLIVER, square, i).intoArray(to, d);
      FloatVector.fromArray(Matrix.SLIVER, square, i + MR).intoArray(to, d + distance);
    }
  }

  /** to [columns, ld] = aᵀ for a [rows, lda]. */
  private static void byElement(
      float[] a, int ao, int lda, int rows, float[] to, int toAt, int ld, int columns) {
    for (int i = 0; i < rows; i++) {
      int d = toAt + i;
      for (int c = 0, s = ao + i * lda; c < columns; c++, s++, d += ld) to[d] = a[s];
    }
  }

  /**
   * One 16×16 square, with 16 lanes; to may be a. The exchanges take lanes of one vector at a time
   * and stand in the loops' bodies: the compiler makes calls, on vectors in memory, of a selection
   * out of two vectors, and of small methods once it has inlined many others.
   */
  static void square(float[] a, int ao, int lda, float[] to, int toAt, int ld, float[] scratch) {
    for (int r = 0; r < BLOCK; r += 4) {
      near(a, ao + r * lda, lda, scratch, r * BLOCK);
    }
    for (int r = 0; r < 4; r++) {
      far(scratch, r * BLOCK, to, toAt + r * ld, ld);
    }
  }

  private static void near(float[] a, int ao, int lda, float[] to, int toAt) {
    FloatVector r0 = FloatVector.fromArray(F, a, ao);
    FloatVector r1 = FloatVector.fromArray(F, a, ao + lda);
    FloatVector r2 = FloatVector.fromArray(F, a, ao + 2 * lda);
    FloatVector r3 = FloatVector.fromArray(F, a, ao + 3 * lda);
    FloatVector s0 = r0.blend(r1.rearrange(SWAP1), ODD1);
    FloatVector s1 = r0.rearrange(SWAP1).blend(r1, ODD1);
    FloatVector s2 = r2.blend(r3.rearrange(SWAP1), ODD1);
    FloatVector s3 = r2.rearrange(SWAP1).blend(r3, ODD1);
    s0.blend(s2.rearrange(SWAP2), ODD2).intoArray(to, toAt);
    s1.blend(s3.rearrange(SWAP2), ODD2).intoArray(to, toAt + BLOCK);
    s0.rearrange(SWAP2).blend(s2, ODD2).intoArray(to, toAt + 2 * BLOCK);
    s1.rearrange(SWAP2).blend(s3, ODD2).intoArray(to, toAt + 3 * BLOCK);
  }

  private static void far(float[] a, int ao, float[] to, int toAt, int ld) {
    FloatVector r0 = FloatVector.fromArray(F, a, ao);
    FloatVector r1 = FloatVector.fromArray(F, a, ao + 4 * BLOCK);
    FloatVector r2 = FloatVector.fromArray(F, a, ao + 8 * BLOCK);
    FloatVector r3 = FloatVector.fromArray(F, a, ao + 12 * BLOCK);
    FloatVector s0 = r0.blend(r1.rearrange(SWAP4), ODD4);
    FloatVector s1 = r0.rearrange(SWAP4).blend(r1, ODD4);
    FloatVector s2 = r2.blend(r3.rearrange(SWAP4), ODD4);
    FloatVector s3 = r2.rearrange(SWAP4).blend(r3, ODD4);
    s0.blend(s2.rearrange(SWAP8), ODD8).intoArray(to, toAt);
    s1.blend(s3.rearrange(SWAP8), ODD8).intoArray(to, toAt + 4 * ld);
    s0.rearrange(SWAP8).blend(s2, ODD8).intoArray(to, toAt + 8 * ld);
    s1.rearrange(SWAP8).blend(s3, ODD8).intoArray(to, toAt + 12 * ld);
  }
}
