package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Elementwise functions of float vectors, within a few units in the last place for every argument
 * (no clamping: results under the range of floats become zero, over it infinite).
 */
public final class VectorMath {
  private VectorMath() {}

  /** e^x. */
  public static FloatVector exp(FloatVector x) {
    return x.lanewise(VectorOperators.EXP);
  }

  /** ln(1 + x). */
  public static FloatVector log1p(FloatVector x) {
    return x.lanewise(VectorOperators.LOG1P);
  }

  /** 1 / (1 + e^−x). */
  public static FloatVector sigmoid(FloatVector x) {
    return FloatVector.broadcast(F, 1f).div(exp(x.neg()).add(1f));
  }

  /** x·sigmoid(x). */
  public static FloatVector silu(FloatVector x) {
    return x.div(exp(x.neg()).add(1f));
  }

  /** ln(1 + e^x), without overflow. */
  public static FloatVector softplus(FloatVector x) {
    return x.max(0f).add(log1p(exp(x.abs().neg())));
  }

  /** ln sigmoid(x) = −softplus(−x). */
  public static FloatVector logSigmoid(FloatVector x) {
    return x.min(0f).sub(log1p(exp(x.abs().neg())));
  }

  /** The lanes below n − i, for the last, partial vector of n elements at i. */
  public static VectorMask<Float> tail(int i, int n) {
    return F.indexInRange(i, n);
  }

  /** to[toAt + i] = e^from[fromAt + i] for i below n. */
  public static void exp(float[] from, int fromAt, float[] to, int toAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      exp(FloatVector.fromArray(F, from, fromAt + i)).intoArray(to, toAt + i);
    }
    if (i < n) {
      VectorMask<Float> m = tail(i, n);
      exp(FloatVector.fromArray(F, from, fromAt + i, m)).intoArray(to, toAt + i, m);
    }
  }

  /** to[toAt + i] = SiLU(from[fromAt + i]) for i below n. */
  public static void silu(float[] from, int fromAt, float[] to, int toAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      silu(FloatVector.fromArray(F, from, fromAt + i)).intoArray(to, toAt + i);
    }
    if (i < n) {
      VectorMask<Float> m = tail(i, n);
      silu(FloatVector.fromArray(F, from, fromAt + i, m)).intoArray(to, toAt + i, m);
    }
  }
}
