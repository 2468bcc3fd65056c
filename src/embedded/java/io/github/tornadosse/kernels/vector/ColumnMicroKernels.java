package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import jdk.incubator.vector.FloatVector;

/**
 * Products C = A·B of register tiles, A read along its columns: element (i, k) is {@code a[ao +
 * k·lda + i]}. See {@link MicroKernels}.
 */
public final class ColumnMicroKernels {
  private ColumnMicroKernels() {}

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
      MicroKernels.oneSet(kc, a, ao + i, lda, b, bo, ldb, c, co + i * ldc);
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
      MicroKernels.oneAdd(kc, a, ao + i, lda, b, bo, ldb, c, co + i * ldc);
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
      MicroKernels.oneScaleAdd(kc, a, ao + i, lda, b, bo, ldb, c, co + i * ldc, d, dof + i);
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
      MicroKernels.oneScaleColumns(kc, a, ao + i, lda, b, bo, ldb, from, c, co + i * ldc, d, dof);
    }
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
}
