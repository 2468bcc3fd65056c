package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Operations on rows of scratch memory, whose lengths n are multiples of the vector length. */
final class GlaRows {
  private GlaRows() {}

  /** a ⊙= b. */
  static void multiply(float[] a, int at, float[] b, int bAt, int n) {
    for (int c = 0; c < n; c += L) {
      FloatVector.fromArray(F, a, at + c)
          .mul(FloatVector.fromArray(F, b, bAt + c))
          .intoArray(a, at + c);
    }
  }

  /** a += f·b. */
  static void add(float[] a, int at, float f, float[] b, int bAt, int n) {
    FloatVector factor = FloatVector.broadcast(F, f);
    for (int c = 0; c < n; c += L) {
      FloatVector.fromArray(F, b, bAt + c)
          .fma(factor, FloatVector.fromArray(F, a, at + c))
          .intoArray(a, at + c);
    }
  }

  /** a += b ⊙ c. */
  static void addProduct(float[] a, int at, float[] b, int bAt, float[] c, int cAt, int n) {
    for (int i = 0; i < n; i += L) {
      FloatVector.fromArray(F, b, bAt + i)
          .fma(FloatVector.fromArray(F, c, cAt + i), FloatVector.fromArray(F, a, at + i))
          .intoArray(a, at + i);
    }
  }

  /** ⟨a, b⟩. */
  static float dot(float[] a, int at, float[] b, int bAt, int n) {
    FloatVector s = FloatVector.zero(F);
    for (int c = 0; c < n; c += L) {
      s = FloatVector.fromArray(F, a, at + c).fma(FloatVector.fromArray(F, b, bAt + c), s);
    }
    return VectorMath.sum(s);
  }

  /** The least element. */
  static float min(float[] a, int at, int n) {
    FloatVector m = FloatVector.fromArray(F, a, at);
    for (int c = L; c < n; c += L) m = m.min(FloatVector.fromArray(F, a, at + c));
    return m.reduceLanes(VectorOperators.MIN);
  }

  /** to = f·from for n elements of any number, padded with zeros to a whole vector. */
  static void scaled(float[] from, int fromAt, float f, float[] to, int toAt, int n) {
    int c = 0;
    for (; c + L <= n; c += L) {
      FloatVector.fromArray(F, from, fromAt + c).mul(f).intoArray(to, toAt + c);
    }
    if (c < n) {
      VectorMask<Float> m = VectorMath.tail(c, n);
      FloatVector.fromArray(F, from, fromAt + c, m).mul(f).intoArray(to, toAt + c);
    }
  }

  /** to = exp(f·from) for n elements of any number, padded with ones to a whole vector. */
  static void expScaled(float[] from, int fromAt, float f, float[] to, int toAt, int n) {
    int c = 0;
    for (; c + L <= n; c += L) {
      VectorMath.exp(FloatVector.fromArray(F, from, fromAt + c).mul(f)).intoArray(to, toAt + c);
    }
    if (c < n) {
      VectorMask<Float> m = VectorMath.tail(c, n);
      VectorMath.exp(FloatVector.fromArray(F, from, fromAt + c, m).mul(f)).intoArray(to, toAt + c);
    }
  }

  /** Reads one element of each cache line of n elements. */
  static float touch(float[] a, int at, int n) {
    float t = 0;
    for (int i = 0; i < n; i += 16) t += a[at + i];
    return t;
  }
}
