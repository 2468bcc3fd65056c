package io.github.tornadosse.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class VectorMathTest {
  private static void holds(
      UnaryOperator<FloatVector> f, DoubleUnaryOperator exact, float from, float to) {
    int l = MicroKernels.L;
    int n = 40000 / l * l;
    float[] x = new float[n];
    float[] y = new float[n];
    for (int i = 0; i < n; i++) x[i] = from + (to - from) * i / (n - 1);
    for (int i = 0; i < n; i += l) {
      f.apply(FloatVector.fromArray(MicroKernels.F, x, i)).intoArray(y, i);
    }
    for (int i = 0; i < n; i++) {
      double e = exact.applyAsDouble(x[i]);
      assertThat(Math.abs(y[i] - e))
          .as("at %s: %s for %s", x[i], y[i], e)
          .isLessThanOrEqualTo(4 * Math.ulp((float) e));
    }
  }

  @Test
  void functionsAreAccurateOverTheirRange() {
    holds(VectorMath::exp, Math::exp, -87.3f, 88.7f);
    holds(VectorMath::log1p, Math::log1p, 0, 1);
    holds(VectorMath::sigmoid, x -> 1 / (1 + Math.exp(-x)), -80, 40);
    holds(VectorMath::silu, x -> x / (1 + Math.exp(-x)), -80, 40);
    holds(
        VectorMath::softplus,
        x -> x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)),
        -80,
        100);
    holds(
        VectorMath::logSigmoid,
        x -> x > 0 ? -Math.log1p(Math.exp(-x)) : x - Math.log1p(Math.exp(x)),
        -100,
        80);
  }

  @Test
  void strongDecayUnderflowsToZero() {
    float[] y = new float[3];
    VectorMath.exp(new float[] {-1000, -110, 0}, 0, y, 0, 3);
    assertThat(y).containsExactly(0, 0, 1);
    VectorMath.exp(new float[] {90, 88.7f, 200}, 0, y, 0, 3);
    assertThat(y[0]).isInfinite();
    assertThat(y[1]).isFinite();
    assertThat(y[2]).isInfinite();
  }

  @Test
  void exponentialsOfExtremes() {
    float[] y = new float[6];
    float infinite = Float.POSITIVE_INFINITY;
    float largest = Float.MAX_VALUE;
    VectorMath.exp(
        new float[] {-infinite, -largest, -0f, largest, infinite, Float.NaN}, 0, y, 0, 6);
    assertThat(y).containsExactly(0, 0, 1, infinite, infinite, Float.NaN);
  }

  @Test
  void bitsAreTheSameBeforeAndAfterCompilation() {
    int n = 4 * MicroKernels.L;
    float[] x = new float[n];
    for (int i = 0; i < n; i++) x[i] = 1.37f * i - 40;
    float[] first = all(x);
    float[] last = first;
    for (int i = 0; i < 20000; i++) last = all(x);
    assertThat(last).isEqualTo(first);
  }

  private static float[] all(float[] x) {
    int l = MicroKernels.L;
    float[] y = new float[4 * x.length];
    for (int i = 0; i < x.length; i += l) {
      FloatVector v = FloatVector.fromArray(MicroKernels.F, x, i);
      VectorMath.exp(v).intoArray(y, 4 * i);
      VectorMath.softplus(v).intoArray(y, 4 * i + l);
      VectorMath.silu(v).intoArray(y, 4 * i + 2 * l);
      y[4 * i + 3 * l] = VectorMath.sum(VectorMath.logSigmoid(v));
    }
    return y;
  }

  @Test
  void arraysOfAnyLengthAreWrittenExactly() {
    for (int n = 0; n <= 2 * MicroKernels.L + 1; n++) {
      float[] x = new float[n + 2];
      for (int i = 0; i < x.length; i++) x[i] = 0.3f * i - 2;
      float[] e = new float[n + 3];
      float[] s = new float[n + 3];
      Arrays.fill(e, Float.NaN);
      Arrays.fill(s, Float.NaN);
      VectorMath.exp(x, 1, e, 2, n);
      VectorMath.silu(x, 1, s, 2, n);
      for (int i = 0; i < e.length; i++) {
        if (i < 2 || i >= n + 2) {
          assertThat(e[i]).isNaN();
          assertThat(s[i]).isNaN();
        } else {
          double v = x[i - 1];
          assertThat((double) e[i]).isCloseTo(Math.exp(v), within(Math.exp(v)));
          assertThat((double) s[i]).isCloseTo(v / (1 + Math.exp(-v)), within(v));
        }
      }
    }
  }

  private static org.assertj.core.data.Offset<Double> within(double size) {
    return org.assertj.core.data.Offset.offset(1e-6 * Math.abs(size) + 1e-9);
  }
}
