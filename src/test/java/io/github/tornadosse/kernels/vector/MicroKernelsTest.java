package io.github.tornadosse.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MicroKernelsTest {
  private static final int NR = MicroKernels.NR;

  private static float[] random(int n, int seed) {
    Random r = new Random(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) x[i] = (float) r.nextGaussian();
    return x;
  }

  /** d·c + a·b in double; a [m, kc] by strides, b a panel of the given width. */
  private static double[] product(
      int m,
      int kc,
      float[] a,
      int ao,
      int rows,
      int cols,
      float[] b,
      int bo,
      int width,
      float[] c,
      float[] d) {
    double[] y = new double[m * width];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < width; j++) {
        double s = c == null ? 0 : (d == null ? 1 : d[1 + i]) * (double) c[i * width + j];
        for (int k = 0; k < kc; k++) {
          s += (double) a[ao + i * rows + k * cols] * b[bo + k * width + j];
        }
        y[i * width + j] = s;
      }
    }
    return y;
  }

  private interface Kernel {
    void run(float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int ldc, float[] d);
  }

  private static void check(
      Kernel kernel, boolean byRows, int m, int kc, boolean reads, boolean scales) {
    int lda = (byRows ? kc : m) + 3;
    int ldc = NR + 5;
    float[] a = random((byRows ? m : kc) * lda + 2, 1);
    float[] b = random(kc * NR + 7, 2);
    float[] c0 = random(m * NR, 3);
    float[] d = random(m + 1, 4);
    float[] c = new float[(m + 1) * ldc + 4];
    Arrays.fill(c, Float.NaN);
    if (reads) {
      for (int i = 0; i < m; i++) System.arraycopy(c0, i * NR, c, 4 + i * ldc, NR);
    }
    kernel.run(a, 2, lda, b, 7, c, 4, ldc, d);
    double[] y =
        product(
            m,
            kc,
            a,
            2,
            byRows ? lda : 1,
            byRows ? 1 : lda,
            b,
            7,
            NR,
            reads ? c0 : null,
            scales ? d : null);
    for (int i = 0; i < c.length; i++) {
      int row = i < 4 ? m : (i - 4) / ldc;
      int column = i < 4 ? 0 : (i - 4) % ldc;
      if (row >= m || column >= NR) {
        assertThat(c[i]).as("outside the result at %d", i).isNaN();
      } else {
        double e = y[row * NR + column];
        assertThat(Math.abs(c[i] - e))
            .isLessThanOrEqualTo(2e-6 * Math.sqrt(kc + 1) * (1 + Math.abs(e)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "3,5", "4,0", "8,16", "9,64", "16,7", "29,130"})
  void anyNumberOfRows(int m, int kc) {
    check(
        (a, ao, lda, b, bo, c, co, ldc, d) ->
            RowMicroKernels.rowsSet(m, kc, a, ao, lda, b, bo, c, co, ldc),
        true,
        m,
        kc,
        false,
        false);
    check(
        (a, ao, lda, b, bo, c, co, ldc, d) ->
            RowMicroKernels.rowsAdd(m, kc, a, ao, lda, b, bo, c, co, ldc),
        true,
        m,
        kc,
        true,
        false);
    check(
        (a, ao, lda, b, bo, c, co, ldc, d) ->
            RowMicroKernels.rowsScaleAdd(m, kc, a, ao, lda, b, bo, c, co, ldc, d, 1),
        true,
        m,
        kc,
        true,
        true);
    check(
        (a, ao, lda, b, bo, c, co, ldc, d) ->
            ColumnMicroKernels.colsSet(m, kc, a, ao, lda, b, bo, c, co, ldc),
        false,
        m,
        kc,
        false,
        false);
    check(
        (a, ao, lda, b, bo, c, co, ldc, d) ->
            ColumnMicroKernels.colsAdd(m, kc, a, ao, lda, b, bo, c, co, ldc),
        false,
        m,
        kc,
        true,
        false);
    check(
        (a, ao, lda, b, bo, c, co, ldc, d) ->
            ColumnMicroKernels.colsScaleAdd(m, kc, a, ao, lda, b, bo, c, co, ldc, d, 1),
        false,
        m,
        kc,
        true,
        true);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "4,0", "9,64", "29,130"})
  void scaledColumns(int m, int kc) {
    int lda = m + 3;
    int ldc = NR + 5;
    float[] a = random(kc * lda + 2, 1);
    float[] b = random(kc * NR + 7, 2);
    float[] d = random(NR + 1, 4);
    float[] from = random(m * ldc + 4, 3);
    float[] c = new float[from.length];
    float[] inPlace = from.clone();
    ColumnMicroKernels.colsScaleColumns(m, kc, a, 2, lda, b, 7, NR, from, c, 4, ldc, d, 1);
    ColumnMicroKernels.colsScaleColumns(m, kc, a, 2, lda, b, 7, NR, inPlace, inPlace, 4, ldc, d, 1);
    double[] y = product(m, kc, a, 2, 1, lda, b, 7, NR, null, null);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < NR; j++) {
        int at = 4 + i * ldc + j;
        double e = y[i * NR + j] + (double) from[at] * d[1 + j];
        assertThat(Math.abs(c[at] - e))
            .isLessThanOrEqualTo(2e-6 * Math.sqrt(kc + 1) * (1 + Math.abs(e)));
        assertThat(inPlace[at]).isEqualTo(c[at]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "17", "128"})
  void blocks(int kc) {
    int n = MicroKernels.BLOCK;
    int p = MicroKernels.BLOCK_PANEL;
    float[] a = random(n * (kc + 1) + 1, 1);
    float[] plain = random(kc * n, 2); // [kc, 16]
    float[] b = new float[kc * n + 3];
    for (int k = 0; k < kc; k++) {
      for (int j = 0; j < n; j++) b[3 + j / p * kc * p + k * p + j % p] = plain[k * n + j];
    }
    float[] set = new float[n * (n + 1)];
    Arrays.fill(set, Float.NaN);
    RowMicroKernels.blockRowsSet(kc, a, 1, kc + 1, b, 3, set, 0, n + 1);
    isBlock(set, product(n, kc, a, 1, kc + 1, 1, plain, 0, n, null, null));
    Arrays.fill(set, Float.NaN);
    float[] spaced = new float[kc * (n + 5) + 2]; // [kc, 16] with gaps between the rows
    Arrays.fill(spaced, Float.NaN);
    for (int k = 0; k < kc; k++) System.arraycopy(plain, k * n, spaced, 2 + k * (n + 5), n);
    RowMicroKernels.blockRowsSet(kc, a, 1, kc + 1, spaced, 2, n + 5, set, 0, n + 1);
    isBlock(set, product(n, kc, a, 1, kc + 1, 1, plain, 0, n, null, null));
  }

  private static void isBlock(float[] set, double[] y) {
    int n = MicroKernels.BLOCK;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double e = y[i * n + j];
        assertThat(Math.abs(set[i * (n + 1) + j] - e))
            .isLessThanOrEqualTo(1e-5 * (1 + Math.abs(e)));
      }
      if (i + 1 < n) assertThat(set[i * (n + 1) + n]).isNaN();
    }
  }
}
