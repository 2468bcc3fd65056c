package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK;
import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK_PANEL;
import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import jdk.incubator.vector.FloatVector;

/**
 * Products C = A·B of register tiles, A read along its rows: element (i, k) is {@code a[ao + i·lda
 * + k]}. See {@link MicroKernels}.
 */
public final class RowMicroKernels {
  private RowMicroKernels() {}

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
      MicroKernels.oneSet(kc, a, ao + i * lda, 1, b, bo, ldb, c, co + i * ldc);
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
      MicroKernels.oneAdd(kc, a, ao + i * lda, 1, b, bo, ldb, c, co + i * ldc);
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
      MicroKernels.oneScaleAdd(kc, a, ao + i * lda, 1, b, bo, ldb, c, co + i * ldc, d, dof + i);
    }
  }

  /**
   * C[16 × 16] = A·B with A read by rows and B [kc, 16] in panels of {@link
   * MicroKernels#BLOCK_PANEL} columns: element (k, j) is {@code b[bo + (j / P)·kc·P + k·P + j mod
   * P]} for P = BLOCK_PANEL.
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
