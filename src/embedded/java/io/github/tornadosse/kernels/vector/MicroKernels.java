package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.tensor.UserError;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Register-tile products C = A·B, the arithmetic core of every dense kernel of the vector tier. A
 * tile is {@link #MR} rows by {@link #NR} columns of C and lives in registers while the sum over kc
 * runs.
 *
 * <ul>
 *   <li>B is a contiguous panel {@code [kc, NR]}: element (k, j) is {@code b[bo + k·NR + j]}. All
 *       NR columns must exist; a narrower matrix is padded when it is packed. The overloads with
 *       ldb read it in place with any row stride.
 *   <li>A is read along its rows ("rows": element (i, k) is {@code a[ao + i·lda + k]}) or along its
 *       columns ("cols": {@code a[ao + k·lda + i]}, for a transposed A, or with lda = MR for one
 *       packed in slivers of MR rows).
 *   <li>C has row stride ldc: {@code c[co + i·ldc + j]}. Set overwrites it, Add adds to it,
 *       ScaleAdd multiplies row i by {@code d[dof + i]} before adding, ScaleColumns column j.
 * </ul>
 *
 * <p>The methods named tile take exactly MR rows, the others any number m, with a one-row kernel
 * for the last m mod MR rows (nothing beyond row m is read or written). kc may be 0. Each element
 * of C is summed in the order of k whichever kernel computes it, so a result does not depend on how
 * rows are grouped into calls.
 *
 * <p>The accumulators are separate local variables and the methods short because the compiler keeps
 * vectors in registers only then: an array of vectors lives in memory, and a method of more than
 * about 1,200 bytecodes full of vectors may never be compiled.
 */
public final class MicroKernels {
  /** Vector shape in use; {@code -Dsse.vector.bits=128|256|512} overrides the machine's. */
  static final VectorSpecies<Float> F = species();

  /** Elements of one vector. */
  public static final int L = F.length();

  /** Rows of a tile: with 16 registers (256 bits and less) eight rows would not fit. */
  public static final int MR = L >= 16 ? 8 : 4;

  /** Columns of a tile, and width of a panel of B: two vectors. */
  public static final int NR = 2 * L;

  /** Rows and columns of a block, see {@link #blockRowsSet}. */
  public static final int BLOCK = 16;

  /** Columns of a panel of a block's B: one block, or {@link #NR} where that is less. */
  public static final int BLOCK_PANEL = Math.min(BLOCK, NR);

  private MicroKernels() {}

  private static VectorSpecies<Float> species() {
    String bits = System.getProperty("sse.vector.bits");
    if (bits == null) {
      VectorSpecies<Float> preferred = FloatVector.SPECIES_PREFERRED;
      return preferred.length() > 16 ? FloatVector.SPECIES_512 : preferred;
    }
    return switch (bits) {
      case "128" -> FloatVector.SPECIES_128;
      case "256" -> FloatVector.SPECIES_256;
      case "512" -> FloatVector.SPECIES_512;
      default ->
          throw new UserError("sse.vector.bits is '" + bits + "'; it must be 128, 256 or 512");
    };
  }

  /** Number of panels that n columns take. */
  public static int panels(int n) {
    return (n + NR - 1) / NR;
  }

  /**
   * C = A·B for one tile of MR rows, A read by rows.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void tileRowsSet(
      int kc, float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int ldc) {
    tileRowsSet(kc, a, ao, lda, b, bo, NR, c, co, ldc);
  }

  /**
   * C = A·B for one tile of MR rows, A read by rows, B not packed.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void tileRowsSet(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    if (MR == 8) {
      rowsSet8(kc, a, ao, lda, b, bo, ldb, c, co, ldc);
    } else {
      rowsSet4(kc, a, ao, lda, b, bo, ldb, c, co, ldc);
    }
  }

  /**
   * C = A·B for m rows, A read by rows.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void rowsSet(
      int m, int kc, float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int ldc) {
    rowsSet(m, kc, a, ao, lda, b, bo, NR, c, co, ldc);
  }

  /**
   * C = A·B for m rows, A read by rows, B not packed.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void rowsSet(
      int m,
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc) {
    int i = 0;
    for (; i + MR <= m; i += MR) {
      tileRowsSet(kc, a, ao + i * lda, lda, b, bo, ldb, c, co + i * ldc, ldc);
    }
    for (; i < m; i++) {
      oneSet(kc, a, ao + i * lda, 1, b, bo, ldb, c, co + i * ldc);
    }
  }

  /**
   * C += A·B for one tile of MR rows, A read by rows.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void tileRowsAdd(
      int kc, float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int ldc) {
    tileRowsAdd(kc, a, ao, lda, b, bo, NR, c, co, ldc);
  }

  /**
   * C += A·B for one tile of MR rows, A read by rows, B not packed.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void tileRowsAdd(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    if (MR == 8) {
      rowsAdd8(kc, a, ao, lda, b, bo, ldb, c, co, ldc);
    } else {
      rowsAdd4(kc, a, ao, lda, b, bo, ldb, c, co, ldc);
    }
  }

  /**
   * C += A·B for m rows, A read by rows.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void rowsAdd(
      int m, int kc, float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int ldc) {
    rowsAdd(m, kc, a, ao, lda, b, bo, NR, c, co, ldc);
  }

  /**
   * C += A·B for m rows, A read by rows, B not packed.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void rowsAdd(
      int m,
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc) {
    int i = 0;
    for (; i + MR <= m; i += MR) {
      tileRowsAdd(kc, a, ao + i * lda, lda, b, bo, ldb, c, co + i * ldc, ldc);
    }
    for (; i < m; i++) {
      oneAdd(kc, a, ao + i * lda, 1, b, bo, ldb, c, co + i * ldc);
    }
  }

  /**
   * C = diag(d)·C + A·B for one tile of MR rows, A read by rows.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   * @param d factors of the rows of C
   * @param dof where they begin
   */
  public static void tileRowsScaleAdd(
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    tileRowsScaleAdd(kc, a, ao, lda, b, bo, NR, c, co, ldc, d, dof);
  }

  /**
   * C = diag(d)·C + A·B for one tile of MR rows, A read by rows, B not packed.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   * @param d factors of the rows of C
   * @param dof where they begin
   */
  public static void tileRowsScaleAdd(
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    if (MR == 8) {
      rowsScaleAdd8(kc, a, ao, lda, b, bo, ldb, c, co, ldc, d, dof);
    } else {
      rowsScaleAdd4(kc, a, ao, lda, b, bo, ldb, c, co, ldc, d, dof);
    }
  }

  /**
   * C = diag(d)·C + A·B for m rows, A read by rows.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   * @param d factors of the rows of C
   * @param dof where they begin
   */
  public static void rowsScaleAdd(
      int m,
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    rowsScaleAdd(m, kc, a, ao, lda, b, bo, NR, c, co, ldc, d, dof);
  }

  /**
   * C = diag(d)·C + A·B for m rows, A read by rows, B not packed.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   * @param d factors of the rows of C
   * @param dof where they begin
   */
  public static void rowsScaleAdd(
      int m,
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    int i = 0;
    for (; i + MR <= m; i += MR) {
      tileRowsScaleAdd(kc, a, ao + i * lda, lda, b, bo, ldb, c, co + i * ldc, ldc, d, dof + i);
    }
    for (; i < m; i++) {
      oneScaleAdd(kc, a, ao + i * lda, 1, b, bo, ldb, c, co + i * ldc, d, dof + i);
    }
  }

  /**
   * C = A·B for one tile of MR rows, A read by columns.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void tileColsSet(
      int kc, float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int ldc) {
    tileColsSet(kc, a, ao, lda, b, bo, NR, c, co, ldc);
  }

  /**
   * C = A·B for one tile of MR rows, A read by columns, B not packed.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void tileColsSet(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    if (MR == 8) {
      colsSet8(kc, a, ao, lda, b, bo, ldb, c, co, ldc);
    } else {
      colsSet4(kc, a, ao, lda, b, bo, ldb, c, co, ldc);
    }
  }

  /**
   * C = A·B for m rows, A read by columns.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void colsSet(
      int m, int kc, float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int ldc) {
    colsSet(m, kc, a, ao, lda, b, bo, NR, c, co, ldc);
  }

  /**
   * C = A·B for m rows, A read by columns, B not packed.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void colsSet(
      int m,
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc) {
    int i = 0;
    for (; i + MR <= m; i += MR) {
      tileColsSet(kc, a, ao + i, lda, b, bo, ldb, c, co + i * ldc, ldc);
    }
    for (; i < m; i++) {
      oneSet(kc, a, ao + i, lda, b, bo, ldb, c, co + i * ldc);
    }
  }

  /**
   * C += A·B for one tile of MR rows, A read by columns.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void tileColsAdd(
      int kc, float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int ldc) {
    tileColsAdd(kc, a, ao, lda, b, bo, NR, c, co, ldc);
  }

  /**
   * C += A·B for one tile of MR rows, A read by columns, B not packed.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void tileColsAdd(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    if (MR == 8) {
      colsAdd8(kc, a, ao, lda, b, bo, ldb, c, co, ldc);
    } else {
      colsAdd4(kc, a, ao, lda, b, bo, ldb, c, co, ldc);
    }
  }

  /**
   * C += A·B for m rows, A read by columns.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void colsAdd(
      int m, int kc, float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int ldc) {
    colsAdd(m, kc, a, ao, lda, b, bo, NR, c, co, ldc);
  }

  /**
   * C += A·B for m rows, A read by columns, B not packed.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void colsAdd(
      int m,
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc) {
    int i = 0;
    for (; i + MR <= m; i += MR) {
      tileColsAdd(kc, a, ao + i, lda, b, bo, ldb, c, co + i * ldc, ldc);
    }
    for (; i < m; i++) {
      oneAdd(kc, a, ao + i, lda, b, bo, ldb, c, co + i * ldc);
    }
  }

  /**
   * C = diag(d)·C + A·B for one tile of MR rows, A read by columns.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   * @param d factors of the rows of C
   * @param dof where they begin
   */
  public static void tileColsScaleAdd(
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    tileColsScaleAdd(kc, a, ao, lda, b, bo, NR, c, co, ldc, d, dof);
  }

  /**
   * C = diag(d)·C + A·B for one tile of MR rows, A read by columns, B not packed.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   * @param d factors of the rows of C
   * @param dof where they begin
   */
  public static void tileColsScaleAdd(
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    if (MR == 8) {
      colsScaleAdd8(kc, a, ao, lda, b, bo, ldb, c, co, ldc, d, dof);
    } else {
      colsScaleAdd4(kc, a, ao, lda, b, bo, ldb, c, co, ldc, d, dof);
    }
  }

  /**
   * C = diag(d)·C + A·B for m rows, A read by columns.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   * @param d factors of the rows of C
   * @param dof where they begin
   */
  public static void colsScaleAdd(
      int m,
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    colsScaleAdd(m, kc, a, ao, lda, b, bo, NR, c, co, ldc, d, dof);
  }

  /**
   * C = diag(d)·C + A·B for m rows, A read by columns, B not packed.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   * @param d factors of the rows of C
   * @param dof where they begin
   */
  public static void colsScaleAdd(
      int m,
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    int i = 0;
    for (; i + MR <= m; i += MR) {
      tileColsScaleAdd(kc, a, ao + i, lda, b, bo, ldb, c, co + i * ldc, ldc, d, dof + i);
    }
    for (; i < m; i++) {
      oneScaleAdd(kc, a, ao + i, lda, b, bo, ldb, c, co + i * ldc, d, dof + i);
    }
  }

  /**
   * C = C₀·diag(d) + A·B for m rows, A read by columns, B not packed.
   *
   * @param m rows
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's columns
   * @param b the array of B
   * @param bo where the panel begins
   * @param ldb row stride of the panel
   * @param from the array of C₀, laid out as C; may be c
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   * @param d factors of the columns of C₀
   * @param dof where they begin
   */
  public static void colsScaleColumns(
      int m,
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] from,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    int i = 0;
    for (; i + MR <= m; i += MR) {
      if (MR == 8) {
        colsScaleColumns8(kc, a, ao + i, lda, b, bo, ldb, from, c, co + i * ldc, ldc, d, dof);
      } else {
        colsScaleColumns4(kc, a, ao + i, lda, b, bo, ldb, from, c, co + i * ldc, ldc, d, dof);
      }
    }
    for (; i < m; i++) {
      oneScaleColumns(kc, a, ao + i, lda, b, bo, ldb, from, c, co + i * ldc, d, dof);
    }
  }

  /**
   * C[16 × 16] = A·B with A read by rows and B [kc, 16] in panels of {@link #BLOCK_PANEL} columns:
   * element (k, j) is {@code b[bo + (j / P)·kc·P + k·P + j mod P]} for P = BLOCK_PANEL.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where the panel begins
   * @param c the array of C
   * @param co where the tile begins
   * @param ldc row stride of C
   */
  public static void blockRowsSet(
      int kc, float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int ldc) {
    if (L == BLOCK) {
      narrowRowsSet16(kc, a, ao, lda, b, bo, L, c, co, ldc);
      return;
    }
    for (int j = 0; j < BLOCK; j += BLOCK_PANEL) {
      rowsSet(BLOCK, kc, a, ao, lda, b, bo + j * kc, c, co + j, ldc);
    }
  }

  /**
   * C = A·B for one block of 16 rows and columns, A read by rows, B not packed.
   *
   * @param kc length of the sums
   * @param a the array of A
   * @param ao where A begins
   * @param lda distance of A's rows
   * @param b the array of B
   * @param bo where B begins
   * @param ldb row stride of B
   * @param c the array of C
   * @param co where the block begins
   * @param ldc row stride of C
   */
  public static void blockRowsSet(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    if (L == BLOCK) {
      narrowRowsSet16(kc, a, ao, lda, b, bo, ldb, c, co, ldc);
      return;
    }
    for (int j = 0; j < BLOCK; j += BLOCK_PANEL) {
      rowsSet(BLOCK, kc, a, ao, lda, b, bo + j, ldb, c, co + j, ldc);
    }
  }

  private static void rowsSet8(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    FloatVector s4x = FloatVector.zero(F);
    FloatVector s4y = FloatVector.zero(F);
    FloatVector s5x = FloatVector.zero(F);
    FloatVector s5y = FloatVector.zero(F);
    FloatVector s6x = FloatVector.zero(F);
    FloatVector s6y = FloatVector.zero(F);
    FloatVector s7x = FloatVector.zero(F);
    FloatVector s7y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak++, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + lda]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2 * lda]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3 * lda]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
      FloatVector t4 = FloatVector.broadcast(F, a[ak + 4 * lda]);
      s4x = x.fma(t4, s4x);
      s4y = y.fma(t4, s4y);
      FloatVector t5 = FloatVector.broadcast(F, a[ak + 5 * lda]);
      s5x = x.fma(t5, s5x);
      s5y = y.fma(t5, s5y);
      FloatVector t6 = FloatVector.broadcast(F, a[ak + 6 * lda]);
      s6x = x.fma(t6, s6x);
      s6y = y.fma(t6, s6y);
      FloatVector t7 = FloatVector.broadcast(F, a[ak + 7 * lda]);
      s7x = x.fma(t7, s7x);
      s7y = y.fma(t7, s7y);
    }
    s0x.intoArray(c, co);
    s0y.intoArray(c, co + L);
    s1x.intoArray(c, co + ldc);
    s1y.intoArray(c, co + ldc + L);
    s2x.intoArray(c, co + 2 * ldc);
    s2y.intoArray(c, co + 2 * ldc + L);
    s3x.intoArray(c, co + 3 * ldc);
    s3y.intoArray(c, co + 3 * ldc + L);
    s4x.intoArray(c, co + 4 * ldc);
    s4y.intoArray(c, co + 4 * ldc + L);
    s5x.intoArray(c, co + 5 * ldc);
    s5y.intoArray(c, co + 5 * ldc + L);
    s6x.intoArray(c, co + 6 * ldc);
    s6y.intoArray(c, co + 6 * ldc + L);
    s7x.intoArray(c, co + 7 * ldc);
    s7y.intoArray(c, co + 7 * ldc + L);
  }

  private static void rowsSet4(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak++, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + lda]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2 * lda]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3 * lda]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
    }
    s0x.intoArray(c, co);
    s0y.intoArray(c, co + L);
    s1x.intoArray(c, co + ldc);
    s1y.intoArray(c, co + ldc + L);
    s2x.intoArray(c, co + 2 * ldc);
    s2y.intoArray(c, co + 2 * ldc + L);
    s3x.intoArray(c, co + 3 * ldc);
    s3y.intoArray(c, co + 3 * ldc + L);
  }

  private static void rowsAdd8(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    FloatVector s4x = FloatVector.zero(F);
    FloatVector s4y = FloatVector.zero(F);
    FloatVector s5x = FloatVector.zero(F);
    FloatVector s5y = FloatVector.zero(F);
    FloatVector s6x = FloatVector.zero(F);
    FloatVector s6y = FloatVector.zero(F);
    FloatVector s7x = FloatVector.zero(F);
    FloatVector s7y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak++, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + lda]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2 * lda]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3 * lda]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
      FloatVector t4 = FloatVector.broadcast(F, a[ak + 4 * lda]);
      s4x = x.fma(t4, s4x);
      s4y = y.fma(t4, s4y);
      FloatVector t5 = FloatVector.broadcast(F, a[ak + 5 * lda]);
      s5x = x.fma(t5, s5x);
      s5y = y.fma(t5, s5y);
      FloatVector t6 = FloatVector.broadcast(F, a[ak + 6 * lda]);
      s6x = x.fma(t6, s6x);
      s6y = y.fma(t6, s6y);
      FloatVector t7 = FloatVector.broadcast(F, a[ak + 7 * lda]);
      s7x = x.fma(t7, s7x);
      s7y = y.fma(t7, s7y);
    }
    FloatVector.fromArray(F, c, co).add(s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L).add(s0y).intoArray(c, co + L);
    FloatVector.fromArray(F, c, co + ldc).add(s1x).intoArray(c, co + ldc);
    FloatVector.fromArray(F, c, co + ldc + L).add(s1y).intoArray(c, co + ldc + L);
    FloatVector.fromArray(F, c, co + 2 * ldc).add(s2x).intoArray(c, co + 2 * ldc);
    FloatVector.fromArray(F, c, co + 2 * ldc + L).add(s2y).intoArray(c, co + 2 * ldc + L);
    FloatVector.fromArray(F, c, co + 3 * ldc).add(s3x).intoArray(c, co + 3 * ldc);
    FloatVector.fromArray(F, c, co + 3 * ldc + L).add(s3y).intoArray(c, co + 3 * ldc + L);
    FloatVector.fromArray(F, c, co + 4 * ldc).add(s4x).intoArray(c, co + 4 * ldc);
    FloatVector.fromArray(F, c, co + 4 * ldc + L).add(s4y).intoArray(c, co + 4 * ldc + L);
    FloatVector.fromArray(F, c, co + 5 * ldc).add(s5x).intoArray(c, co + 5 * ldc);
    FloatVector.fromArray(F, c, co + 5 * ldc + L).add(s5y).intoArray(c, co + 5 * ldc + L);
    FloatVector.fromArray(F, c, co + 6 * ldc).add(s6x).intoArray(c, co + 6 * ldc);
    FloatVector.fromArray(F, c, co + 6 * ldc + L).add(s6y).intoArray(c, co + 6 * ldc + L);
    FloatVector.fromArray(F, c, co + 7 * ldc).add(s7x).intoArray(c, co + 7 * ldc);
    FloatVector.fromArray(F, c, co + 7 * ldc + L).add(s7y).intoArray(c, co + 7 * ldc + L);
  }

  private static void rowsAdd4(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak++, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + lda]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2 * lda]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3 * lda]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
    }
    FloatVector.fromArray(F, c, co).add(s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L).add(s0y).intoArray(c, co + L);
    FloatVector.fromArray(F, c, co + ldc).add(s1x).intoArray(c, co + ldc);
    FloatVector.fromArray(F, c, co + ldc + L).add(s1y).intoArray(c, co + ldc + L);
    FloatVector.fromArray(F, c, co + 2 * ldc).add(s2x).intoArray(c, co + 2 * ldc);
    FloatVector.fromArray(F, c, co + 2 * ldc + L).add(s2y).intoArray(c, co + 2 * ldc + L);
    FloatVector.fromArray(F, c, co + 3 * ldc).add(s3x).intoArray(c, co + 3 * ldc);
    FloatVector.fromArray(F, c, co + 3 * ldc + L).add(s3y).intoArray(c, co + 3 * ldc + L);
  }

  private static void rowsScaleAdd8(
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    FloatVector s4x = FloatVector.zero(F);
    FloatVector s4y = FloatVector.zero(F);
    FloatVector s5x = FloatVector.zero(F);
    FloatVector s5y = FloatVector.zero(F);
    FloatVector s6x = FloatVector.zero(F);
    FloatVector s6y = FloatVector.zero(F);
    FloatVector s7x = FloatVector.zero(F);
    FloatVector s7y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak++, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + lda]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2 * lda]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3 * lda]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
      FloatVector t4 = FloatVector.broadcast(F, a[ak + 4 * lda]);
      s4x = x.fma(t4, s4x);
      s4y = y.fma(t4, s4y);
      FloatVector t5 = FloatVector.broadcast(F, a[ak + 5 * lda]);
      s5x = x.fma(t5, s5x);
      s5y = y.fma(t5, s5y);
      FloatVector t6 = FloatVector.broadcast(F, a[ak + 6 * lda]);
      s6x = x.fma(t6, s6x);
      s6y = y.fma(t6, s6y);
      FloatVector t7 = FloatVector.broadcast(F, a[ak + 7 * lda]);
      s7x = x.fma(t7, s7x);
      s7y = y.fma(t7, s7y);
    }
    FloatVector.fromArray(F, c, co).fma(FloatVector.broadcast(F, d[dof]), s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L)
        .fma(FloatVector.broadcast(F, d[dof]), s0y)
        .intoArray(c, co + L);
    FloatVector.fromArray(F, c, co + ldc)
        .fma(FloatVector.broadcast(F, d[dof + 1]), s1x)
        .intoArray(c, co + ldc);
    FloatVector.fromArray(F, c, co + ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 1]), s1y)
        .intoArray(c, co + ldc + L);
    FloatVector.fromArray(F, c, co + 2 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 2]), s2x)
        .intoArray(c, co + 2 * ldc);
    FloatVector.fromArray(F, c, co + 2 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 2]), s2y)
        .intoArray(c, co + 2 * ldc + L);
    FloatVector.fromArray(F, c, co + 3 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 3]), s3x)
        .intoArray(c, co + 3 * ldc);
    FloatVector.fromArray(F, c, co + 3 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 3]), s3y)
        .intoArray(c, co + 3 * ldc + L);
    FloatVector.fromArray(F, c, co + 4 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 4]), s4x)
        .intoArray(c, co + 4 * ldc);
    FloatVector.fromArray(F, c, co + 4 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 4]), s4y)
        .intoArray(c, co + 4 * ldc + L);
    FloatVector.fromArray(F, c, co + 5 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 5]), s5x)
        .intoArray(c, co + 5 * ldc);
    FloatVector.fromArray(F, c, co + 5 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 5]), s5y)
        .intoArray(c, co + 5 * ldc + L);
    FloatVector.fromArray(F, c, co + 6 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 6]), s6x)
        .intoArray(c, co + 6 * ldc);
    FloatVector.fromArray(F, c, co + 6 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 6]), s6y)
        .intoArray(c, co + 6 * ldc + L);
    FloatVector.fromArray(F, c, co + 7 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 7]), s7x)
        .intoArray(c, co + 7 * ldc);
    FloatVector.fromArray(F, c, co + 7 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 7]), s7y)
        .intoArray(c, co + 7 * ldc + L);
  }

  private static void rowsScaleAdd4(
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak++, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + lda]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2 * lda]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3 * lda]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
    }
    FloatVector.fromArray(F, c, co).fma(FloatVector.broadcast(F, d[dof]), s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L)
        .fma(FloatVector.broadcast(F, d[dof]), s0y)
        .intoArray(c, co + L);
    FloatVector.fromArray(F, c, co + ldc)
        .fma(FloatVector.broadcast(F, d[dof + 1]), s1x)
        .intoArray(c, co + ldc);
    FloatVector.fromArray(F, c, co + ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 1]), s1y)
        .intoArray(c, co + ldc + L);
    FloatVector.fromArray(F, c, co + 2 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 2]), s2x)
        .intoArray(c, co + 2 * ldc);
    FloatVector.fromArray(F, c, co + 2 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 2]), s2y)
        .intoArray(c, co + 2 * ldc + L);
    FloatVector.fromArray(F, c, co + 3 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 3]), s3x)
        .intoArray(c, co + 3 * ldc);
    FloatVector.fromArray(F, c, co + 3 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 3]), s3y)
        .intoArray(c, co + 3 * ldc + L);
  }

  private static void colsSet8(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    FloatVector s4x = FloatVector.zero(F);
    FloatVector s4y = FloatVector.zero(F);
    FloatVector s5x = FloatVector.zero(F);
    FloatVector s5y = FloatVector.zero(F);
    FloatVector s6x = FloatVector.zero(F);
    FloatVector s6y = FloatVector.zero(F);
    FloatVector s7x = FloatVector.zero(F);
    FloatVector s7y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += lda, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + 1]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
      FloatVector t4 = FloatVector.broadcast(F, a[ak + 4]);
      s4x = x.fma(t4, s4x);
      s4y = y.fma(t4, s4y);
      FloatVector t5 = FloatVector.broadcast(F, a[ak + 5]);
      s5x = x.fma(t5, s5x);
      s5y = y.fma(t5, s5y);
      FloatVector t6 = FloatVector.broadcast(F, a[ak + 6]);
      s6x = x.fma(t6, s6x);
      s6y = y.fma(t6, s6y);
      FloatVector t7 = FloatVector.broadcast(F, a[ak + 7]);
      s7x = x.fma(t7, s7x);
      s7y = y.fma(t7, s7y);
    }
    s0x.intoArray(c, co);
    s0y.intoArray(c, co + L);
    s1x.intoArray(c, co + ldc);
    s1y.intoArray(c, co + ldc + L);
    s2x.intoArray(c, co + 2 * ldc);
    s2y.intoArray(c, co + 2 * ldc + L);
    s3x.intoArray(c, co + 3 * ldc);
    s3y.intoArray(c, co + 3 * ldc + L);
    s4x.intoArray(c, co + 4 * ldc);
    s4y.intoArray(c, co + 4 * ldc + L);
    s5x.intoArray(c, co + 5 * ldc);
    s5y.intoArray(c, co + 5 * ldc + L);
    s6x.intoArray(c, co + 6 * ldc);
    s6y.intoArray(c, co + 6 * ldc + L);
    s7x.intoArray(c, co + 7 * ldc);
    s7y.intoArray(c, co + 7 * ldc + L);
  }

  private static void colsSet4(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += lda, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + 1]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
    }
    s0x.intoArray(c, co);
    s0y.intoArray(c, co + L);
    s1x.intoArray(c, co + ldc);
    s1y.intoArray(c, co + ldc + L);
    s2x.intoArray(c, co + 2 * ldc);
    s2y.intoArray(c, co + 2 * ldc + L);
    s3x.intoArray(c, co + 3 * ldc);
    s3y.intoArray(c, co + 3 * ldc + L);
  }

  private static void colsAdd8(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    FloatVector s4x = FloatVector.zero(F);
    FloatVector s4y = FloatVector.zero(F);
    FloatVector s5x = FloatVector.zero(F);
    FloatVector s5y = FloatVector.zero(F);
    FloatVector s6x = FloatVector.zero(F);
    FloatVector s6y = FloatVector.zero(F);
    FloatVector s7x = FloatVector.zero(F);
    FloatVector s7y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += lda, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + 1]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
      FloatVector t4 = FloatVector.broadcast(F, a[ak + 4]);
      s4x = x.fma(t4, s4x);
      s4y = y.fma(t4, s4y);
      FloatVector t5 = FloatVector.broadcast(F, a[ak + 5]);
      s5x = x.fma(t5, s5x);
      s5y = y.fma(t5, s5y);
      FloatVector t6 = FloatVector.broadcast(F, a[ak + 6]);
      s6x = x.fma(t6, s6x);
      s6y = y.fma(t6, s6y);
      FloatVector t7 = FloatVector.broadcast(F, a[ak + 7]);
      s7x = x.fma(t7, s7x);
      s7y = y.fma(t7, s7y);
    }
    FloatVector.fromArray(F, c, co).add(s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L).add(s0y).intoArray(c, co + L);
    FloatVector.fromArray(F, c, co + ldc).add(s1x).intoArray(c, co + ldc);
    FloatVector.fromArray(F, c, co + ldc + L).add(s1y).intoArray(c, co + ldc + L);
    FloatVector.fromArray(F, c, co + 2 * ldc).add(s2x).intoArray(c, co + 2 * ldc);
    FloatVector.fromArray(F, c, co + 2 * ldc + L).add(s2y).intoArray(c, co + 2 * ldc + L);
    FloatVector.fromArray(F, c, co + 3 * ldc).add(s3x).intoArray(c, co + 3 * ldc);
    FloatVector.fromArray(F, c, co + 3 * ldc + L).add(s3y).intoArray(c, co + 3 * ldc + L);
    FloatVector.fromArray(F, c, co + 4 * ldc).add(s4x).intoArray(c, co + 4 * ldc);
    FloatVector.fromArray(F, c, co + 4 * ldc + L).add(s4y).intoArray(c, co + 4 * ldc + L);
    FloatVector.fromArray(F, c, co + 5 * ldc).add(s5x).intoArray(c, co + 5 * ldc);
    FloatVector.fromArray(F, c, co + 5 * ldc + L).add(s5y).intoArray(c, co + 5 * ldc + L);
    FloatVector.fromArray(F, c, co + 6 * ldc).add(s6x).intoArray(c, co + 6 * ldc);
    FloatVector.fromArray(F, c, co + 6 * ldc + L).add(s6y).intoArray(c, co + 6 * ldc + L);
    FloatVector.fromArray(F, c, co + 7 * ldc).add(s7x).intoArray(c, co + 7 * ldc);
    FloatVector.fromArray(F, c, co + 7 * ldc + L).add(s7y).intoArray(c, co + 7 * ldc + L);
  }

  private static void colsAdd4(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += lda, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + 1]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
    }
    FloatVector.fromArray(F, c, co).add(s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L).add(s0y).intoArray(c, co + L);
    FloatVector.fromArray(F, c, co + ldc).add(s1x).intoArray(c, co + ldc);
    FloatVector.fromArray(F, c, co + ldc + L).add(s1y).intoArray(c, co + ldc + L);
    FloatVector.fromArray(F, c, co + 2 * ldc).add(s2x).intoArray(c, co + 2 * ldc);
    FloatVector.fromArray(F, c, co + 2 * ldc + L).add(s2y).intoArray(c, co + 2 * ldc + L);
    FloatVector.fromArray(F, c, co + 3 * ldc).add(s3x).intoArray(c, co + 3 * ldc);
    FloatVector.fromArray(F, c, co + 3 * ldc + L).add(s3y).intoArray(c, co + 3 * ldc + L);
  }

  private static void colsScaleAdd8(
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    FloatVector s4x = FloatVector.zero(F);
    FloatVector s4y = FloatVector.zero(F);
    FloatVector s5x = FloatVector.zero(F);
    FloatVector s5y = FloatVector.zero(F);
    FloatVector s6x = FloatVector.zero(F);
    FloatVector s6y = FloatVector.zero(F);
    FloatVector s7x = FloatVector.zero(F);
    FloatVector s7y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += lda, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + 1]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
      FloatVector t4 = FloatVector.broadcast(F, a[ak + 4]);
      s4x = x.fma(t4, s4x);
      s4y = y.fma(t4, s4y);
      FloatVector t5 = FloatVector.broadcast(F, a[ak + 5]);
      s5x = x.fma(t5, s5x);
      s5y = y.fma(t5, s5y);
      FloatVector t6 = FloatVector.broadcast(F, a[ak + 6]);
      s6x = x.fma(t6, s6x);
      s6y = y.fma(t6, s6y);
      FloatVector t7 = FloatVector.broadcast(F, a[ak + 7]);
      s7x = x.fma(t7, s7x);
      s7y = y.fma(t7, s7y);
    }
    FloatVector.fromArray(F, c, co).fma(FloatVector.broadcast(F, d[dof]), s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L)
        .fma(FloatVector.broadcast(F, d[dof]), s0y)
        .intoArray(c, co + L);
    FloatVector.fromArray(F, c, co + ldc)
        .fma(FloatVector.broadcast(F, d[dof + 1]), s1x)
        .intoArray(c, co + ldc);
    FloatVector.fromArray(F, c, co + ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 1]), s1y)
        .intoArray(c, co + ldc + L);
    FloatVector.fromArray(F, c, co + 2 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 2]), s2x)
        .intoArray(c, co + 2 * ldc);
    FloatVector.fromArray(F, c, co + 2 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 2]), s2y)
        .intoArray(c, co + 2 * ldc + L);
    FloatVector.fromArray(F, c, co + 3 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 3]), s3x)
        .intoArray(c, co + 3 * ldc);
    FloatVector.fromArray(F, c, co + 3 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 3]), s3y)
        .intoArray(c, co + 3 * ldc + L);
    FloatVector.fromArray(F, c, co + 4 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 4]), s4x)
        .intoArray(c, co + 4 * ldc);
    FloatVector.fromArray(F, c, co + 4 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 4]), s4y)
        .intoArray(c, co + 4 * ldc + L);
    FloatVector.fromArray(F, c, co + 5 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 5]), s5x)
        .intoArray(c, co + 5 * ldc);
    FloatVector.fromArray(F, c, co + 5 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 5]), s5y)
        .intoArray(c, co + 5 * ldc + L);
    FloatVector.fromArray(F, c, co + 6 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 6]), s6x)
        .intoArray(c, co + 6 * ldc);
    FloatVector.fromArray(F, c, co + 6 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 6]), s6y)
        .intoArray(c, co + 6 * ldc + L);
    FloatVector.fromArray(F, c, co + 7 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 7]), s7x)
        .intoArray(c, co + 7 * ldc);
    FloatVector.fromArray(F, c, co + 7 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 7]), s7y)
        .intoArray(c, co + 7 * ldc + L);
  }

  private static void colsScaleAdd4(
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += lda, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + 1]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
    }
    FloatVector.fromArray(F, c, co).fma(FloatVector.broadcast(F, d[dof]), s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L)
        .fma(FloatVector.broadcast(F, d[dof]), s0y)
        .intoArray(c, co + L);
    FloatVector.fromArray(F, c, co + ldc)
        .fma(FloatVector.broadcast(F, d[dof + 1]), s1x)
        .intoArray(c, co + ldc);
    FloatVector.fromArray(F, c, co + ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 1]), s1y)
        .intoArray(c, co + ldc + L);
    FloatVector.fromArray(F, c, co + 2 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 2]), s2x)
        .intoArray(c, co + 2 * ldc);
    FloatVector.fromArray(F, c, co + 2 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 2]), s2y)
        .intoArray(c, co + 2 * ldc + L);
    FloatVector.fromArray(F, c, co + 3 * ldc)
        .fma(FloatVector.broadcast(F, d[dof + 3]), s3x)
        .intoArray(c, co + 3 * ldc);
    FloatVector.fromArray(F, c, co + 3 * ldc + L)
        .fma(FloatVector.broadcast(F, d[dof + 3]), s3y)
        .intoArray(c, co + 3 * ldc + L);
  }

  private static void colsScaleColumns8(
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] from,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    FloatVector s4x = FloatVector.zero(F);
    FloatVector s4y = FloatVector.zero(F);
    FloatVector s5x = FloatVector.zero(F);
    FloatVector s5y = FloatVector.zero(F);
    FloatVector s6x = FloatVector.zero(F);
    FloatVector s6y = FloatVector.zero(F);
    FloatVector s7x = FloatVector.zero(F);
    FloatVector s7y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += lda, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + 1]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
      FloatVector t4 = FloatVector.broadcast(F, a[ak + 4]);
      s4x = x.fma(t4, s4x);
      s4y = y.fma(t4, s4y);
      FloatVector t5 = FloatVector.broadcast(F, a[ak + 5]);
      s5x = x.fma(t5, s5x);
      s5y = y.fma(t5, s5y);
      FloatVector t6 = FloatVector.broadcast(F, a[ak + 6]);
      s6x = x.fma(t6, s6x);
      s6y = y.fma(t6, s6y);
      FloatVector t7 = FloatVector.broadcast(F, a[ak + 7]);
      s7x = x.fma(t7, s7x);
      s7y = y.fma(t7, s7y);
    }
    FloatVector u = FloatVector.fromArray(F, d, dof);
    FloatVector v = FloatVector.fromArray(F, d, dof + L);
    FloatVector.fromArray(F, from, co).fma(u, s0x).intoArray(c, co);
    FloatVector.fromArray(F, from, co + L).fma(v, s0y).intoArray(c, co + L);
    FloatVector.fromArray(F, from, co + ldc).fma(u, s1x).intoArray(c, co + ldc);
    FloatVector.fromArray(F, from, co + ldc + L).fma(v, s1y).intoArray(c, co + ldc + L);
    FloatVector.fromArray(F, from, co + 2 * ldc).fma(u, s2x).intoArray(c, co + 2 * ldc);
    FloatVector.fromArray(F, from, co + 2 * ldc + L).fma(v, s2y).intoArray(c, co + 2 * ldc + L);
    FloatVector.fromArray(F, from, co + 3 * ldc).fma(u, s3x).intoArray(c, co + 3 * ldc);
    FloatVector.fromArray(F, from, co + 3 * ldc + L).fma(v, s3y).intoArray(c, co + 3 * ldc + L);
    FloatVector.fromArray(F, from, co + 4 * ldc).fma(u, s4x).intoArray(c, co + 4 * ldc);
    FloatVector.fromArray(F, from, co + 4 * ldc + L).fma(v, s4y).intoArray(c, co + 4 * ldc + L);
    FloatVector.fromArray(F, from, co + 5 * ldc).fma(u, s5x).intoArray(c, co + 5 * ldc);
    FloatVector.fromArray(F, from, co + 5 * ldc + L).fma(v, s5y).intoArray(c, co + 5 * ldc + L);
    FloatVector.fromArray(F, from, co + 6 * ldc).fma(u, s6x).intoArray(c, co + 6 * ldc);
    FloatVector.fromArray(F, from, co + 6 * ldc + L).fma(v, s6y).intoArray(c, co + 6 * ldc + L);
    FloatVector.fromArray(F, from, co + 7 * ldc).fma(u, s7x).intoArray(c, co + 7 * ldc);
    FloatVector.fromArray(F, from, co + 7 * ldc + L).fma(v, s7y).intoArray(c, co + 7 * ldc + L);
  }

  private static void colsScaleColumns4(
      int kc,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      float[] from,
      float[] c,
      int co,
      int ldc,
      float[] d,
      int dof) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s1y = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s2y = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s3y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += lda, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + 1]);
      s1x = x.fma(t1, s1x);
      s1y = y.fma(t1, s1y);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2]);
      s2x = x.fma(t2, s2x);
      s2y = y.fma(t2, s2y);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3]);
      s3x = x.fma(t3, s3x);
      s3y = y.fma(t3, s3y);
    }
    FloatVector u = FloatVector.fromArray(F, d, dof);
    FloatVector v = FloatVector.fromArray(F, d, dof + L);
    FloatVector.fromArray(F, from, co).fma(u, s0x).intoArray(c, co);
    FloatVector.fromArray(F, from, co + L).fma(v, s0y).intoArray(c, co + L);
    FloatVector.fromArray(F, from, co + ldc).fma(u, s1x).intoArray(c, co + ldc);
    FloatVector.fromArray(F, from, co + ldc + L).fma(v, s1y).intoArray(c, co + ldc + L);
    FloatVector.fromArray(F, from, co + 2 * ldc).fma(u, s2x).intoArray(c, co + 2 * ldc);
    FloatVector.fromArray(F, from, co + 2 * ldc + L).fma(v, s2y).intoArray(c, co + 2 * ldc + L);
    FloatVector.fromArray(F, from, co + 3 * ldc).fma(u, s3x).intoArray(c, co + 3 * ldc);
    FloatVector.fromArray(F, from, co + 3 * ldc + L).fma(v, s3y).intoArray(c, co + 3 * ldc + L);
  }

  private static void oneSet(
      int kc, float[] a, int ao, int as, float[] b, int bo, int ldb, float[] c, int co) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += as, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
    }
    s0x.intoArray(c, co);
    s0y.intoArray(c, co + L);
  }

  private static void oneAdd(
      int kc, float[] a, int ao, int as, float[] b, int bo, int ldb, float[] c, int co) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += as, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
    }
    FloatVector.fromArray(F, c, co).add(s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L).add(s0y).intoArray(c, co + L);
  }

  private static void oneScaleAdd(
      int kc,
      float[] a,
      int ao,
      int as,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      float[] d,
      int dof) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += as, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
    }
    FloatVector.fromArray(F, c, co).fma(FloatVector.broadcast(F, d[dof]), s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L)
        .fma(FloatVector.broadcast(F, d[dof]), s0y)
        .intoArray(c, co + L);
  }

  private static void oneScaleColumns(
      int kc,
      float[] a,
      int ao,
      int as,
      float[] b,
      int bo,
      int ldb,
      float[] from,
      float[] c,
      int co,
      float[] d,
      int dof) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += as, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
    }
    FloatVector u = FloatVector.fromArray(F, d, dof);
    FloatVector v = FloatVector.fromArray(F, d, dof + L);
    FloatVector.fromArray(F, from, co).fma(u, s0x).intoArray(c, co);
    FloatVector.fromArray(F, from, co + L).fma(v, s0y).intoArray(c, co + L);
  }

  private static void narrowRowsSet16(
      int kc, float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int ldc) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s1x = FloatVector.zero(F);
    FloatVector s2x = FloatVector.zero(F);
    FloatVector s3x = FloatVector.zero(F);
    FloatVector s4x = FloatVector.zero(F);
    FloatVector s5x = FloatVector.zero(F);
    FloatVector s6x = FloatVector.zero(F);
    FloatVector s7x = FloatVector.zero(F);
    FloatVector s8x = FloatVector.zero(F);
    FloatVector s9x = FloatVector.zero(F);
    FloatVector s10x = FloatVector.zero(F);
    FloatVector s11x = FloatVector.zero(F);
    FloatVector s12x = FloatVector.zero(F);
    FloatVector s13x = FloatVector.zero(F);
    FloatVector s14x = FloatVector.zero(F);
    FloatVector s15x = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak++, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      FloatVector t1 = FloatVector.broadcast(F, a[ak + lda]);
      s1x = x.fma(t1, s1x);
      FloatVector t2 = FloatVector.broadcast(F, a[ak + 2 * lda]);
      s2x = x.fma(t2, s2x);
      FloatVector t3 = FloatVector.broadcast(F, a[ak + 3 * lda]);
      s3x = x.fma(t3, s3x);
      FloatVector t4 = FloatVector.broadcast(F, a[ak + 4 * lda]);
      s4x = x.fma(t4, s4x);
      FloatVector t5 = FloatVector.broadcast(F, a[ak + 5 * lda]);
      s5x = x.fma(t5, s5x);
      FloatVector t6 = FloatVector.broadcast(F, a[ak + 6 * lda]);
      s6x = x.fma(t6, s6x);
      FloatVector t7 = FloatVector.broadcast(F, a[ak + 7 * lda]);
      s7x = x.fma(t7, s7x);
      FloatVector t8 = FloatVector.broadcast(F, a[ak + 8 * lda]);
      s8x = x.fma(t8, s8x);
      FloatVector t9 = FloatVector.broadcast(F, a[ak + 9 * lda]);
      s9x = x.fma(t9, s9x);
      FloatVector t10 = FloatVector.broadcast(F, a[ak + 10 * lda]);
      s10x = x.fma(t10, s10x);
      FloatVector t11 = FloatVector.broadcast(F, a[ak + 11 * lda]);
      s11x = x.fma(t11, s11x);
      FloatVector t12 = FloatVector.broadcast(F, a[ak + 12 * lda]);
      s12x = x.fma(t12, s12x);
      FloatVector t13 = FloatVector.broadcast(F, a[ak + 13 * lda]);
      s13x = x.fma(t13, s13x);
      FloatVector t14 = FloatVector.broadcast(F, a[ak + 14 * lda]);
      s14x = x.fma(t14, s14x);
      FloatVector t15 = FloatVector.broadcast(F, a[ak + 15 * lda]);
      s15x = x.fma(t15, s15x);
    }
    s0x.intoArray(c, co);
    s1x.intoArray(c, co + ldc);
    s2x.intoArray(c, co + 2 * ldc);
    s3x.intoArray(c, co + 3 * ldc);
    s4x.intoArray(c, co + 4 * ldc);
    s5x.intoArray(c, co + 5 * ldc);
    s6x.intoArray(c, co + 6 * ldc);
    s7x.intoArray(c, co + 7 * ldc);
    s8x.intoArray(c, co + 8 * ldc);
    s9x.intoArray(c, co + 9 * ldc);
    s10x.intoArray(c, co + 10 * ldc);
    s11x.intoArray(c, co + 11 * ldc);
    s12x.intoArray(c, co + 12 * ldc);
    s13x.intoArray(c, co + 13 * ldc);
    s14x.intoArray(c, co + 14 * ldc);
    s15x.intoArray(c, co + 15 * ldc);
  }
}
