package io.github.tornadosse.kernels.vector;

/** The matrix product of this tier on its own, as the yardstick of benchmarks. */
public final class Sgemm {
  private Sgemm() {}

  /**
   * C = A·B, all row-major and contiguous, on all workers.
   *
   * @param a [m, k]
   * @param b [k, n]
   * @param c [m, n], overwritten
   * @param m rows of A and C
   * @param n columns of B and C
   * @param k columns of A, rows of B
   */
  public static void multiply(float[] a, float[] b, float[] c, int m, int n, int k) {
    new Product(Matrix.plain(a, 0, k), Matrix.plain(b, 0, n), Matrix.plain(c, 0, n), false, m, n, k)
        .run();
  }
}
