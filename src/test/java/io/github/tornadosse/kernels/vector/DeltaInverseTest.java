package io.github.tornadosse.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeltaInverseTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void timesTheMatrixIsTheIdentity(int blocks) {
    int n = blocks * MicroKernels.BLOCK;
    int ld = 4 * MicroKernels.BLOCK;
    Random random = new Random(blocks);
    float[] a = new float[ld * ld];
    float[] x = new float[ld * ld];
    Arrays.fill(a, Float.NaN); // on and above the diagonal nothing is read
    Arrays.fill(x, Float.NaN);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) a[i * ld + j] = (float) (0.3 * random.nextGaussian());
    }
    new DeltaInverse().invert(a, x, blocks, ld);
    for (int i = 0; i < n; i++) {
      int width = (i / MicroKernels.BLOCK + 1) * MicroKernels.BLOCK;
      for (int j = 0; j < width; j++) {
        double sum = x[i * ld + j];
        double size = Math.abs(sum);
        for (int k = 0; k < i; k++) {
          double term = (double) a[i * ld + k] * (j <= k ? x[k * ld + j] : 0);
          sum -= term;
          size += Math.abs(term);
        }
        assertThat(Math.abs(sum - (i == j ? 1 : 0)))
            .as("row %d, column %d", i, j)
            .isLessThanOrEqualTo(1e-5 * size);
      }
      for (int j = width; j < ld; j++) assertThat(x[i * ld + j]).isNaN();
    }
  }
}
