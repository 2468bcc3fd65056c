package io.github.tornadosse.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

/** Comparison by relative L2 norm. */
final class Close {
  private Close() {}

  static double[] doubles(float[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) y[i] = x[i];
    return y;
  }

  static double norm(double[] x) {
    double s = 0;
    for (double v : x) if (!Double.isNaN(v)) s += v * v;
    return Math.sqrt(s);
  }

  /** ‖a − e‖ ≤ tolerance·‖e‖; where e is NaN, a must be as well. */
  static void to(float[] a, double[] e, double tolerance, String what) {
    to(a, e, tolerance, norm(e), what);
  }

  /** ‖a − e‖ ≤ tolerance·size; where e is NaN, a must be as well. */
  static void to(float[] a, double[] e, double tolerance, double size, String what) {
    assertThat(a.length).as(what).isEqualTo(e.length);
    double s = 0;
    for (int i = 0; i < e.length; i++) {
      if (Double.isNaN(e[i])) {
        assertThat(a[i]).as("%s: written at %d", what, i).isNaN();
      } else {
        assertThat(Float.isFinite(a[i])).as("%s: %s at %d", what, a[i], i).isTrue();
        s += (a[i] - e[i]) * (a[i] - e[i]);
      }
    }
    assertThat(Math.sqrt(s))
        .as("%s: error of norm %s", what, size)
        .isLessThanOrEqualTo(tolerance * size);
  }

  /** The same bits. */
  static void same(float[] a, float[] b) {
    assertThat(Arrays.mismatch(a, b)).isEqualTo(-1);
  }
}
