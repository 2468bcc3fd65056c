package io.github.tornadosse.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Loops over contiguous parts of arrays; the last, partial vector is masked. */
final class Lanes {
  static final VectorSpecies<Float> SPECIES = MicroKernels.F;
  static final int COUNT = MicroKernels.L;

  private Lanes() {}

  /** The lanes of a vector at j that lie below n. */
  static VectorMask<Float> below(int j, int n) {
    return SPECIES.indexInRange(j, n);
  }

  /** Loads a vector. */
  static FloatVector load(float[] a, int i) {
    return FloatVector.fromArray(SPECIES, a, i);
  }

  /** Loads the lanes of the mask; the others are 0. */
  static FloatVector load(float[] a, int i, VectorMask<Float> m) {
    return FloatVector.fromArray(SPECIES, a, i, m);
  }

  /** All lanes the same. */
  static FloatVector all(float x) {
    return FloatVector.broadcast(SPECIES, x);
  }

  /** Σ a². */
  static float squares(float[] a, int i, int n) {
    return dot(a, i, a, i, n);
  }

  /** Σ a·b. */
  static float dot(float[] a, int i, float[] b, int k, int n) {
    FloatVector s = FloatVector.zero(SPECIES);
    FloatVector u = FloatVector.zero(SPECIES);
    int j = 0;
    for (; j + 2 * COUNT <= n; j += 2 * COUNT) {
      s = FloatVector.fromArray(SPECIES, a, i + j).fma(FloatVector.fromArray(SPECIES, b, k + j), s);
      u =
          FloatVector.fromArray(SPECIES, a, i + j + COUNT)
              .fma(FloatVector.fromArray(SPECIES, b, k + j + COUNT), u);
    }
    for (; j + COUNT <= n; j += COUNT)
      s = FloatVector.fromArray(SPECIES, a, i + j).fma(FloatVector.fromArray(SPECIES, b, k + j), s);
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      s =
          FloatVector.fromArray(SPECIES, a, i + j, m)
              .fma(FloatVector.fromArray(SPECIES, b, k + j, m), s);
    }
    return VectorMath.sum(s.add(u));
  }

  /** Σ a, in a fixed order. */
  static float sum(float[] a, int i, int n) {
    float sum = 0;
    int j = 0;
    if (n >= COUNT) {
      FloatVector s = FloatVector.zero(SPECIES);
      for (; j + COUNT <= n; j += COUNT) s = s.add(FloatVector.fromArray(SPECIES, a, i + j));
      sum = VectorMath.sum(s);
    }
    for (; j < n; j++) sum += a[i + j];
    return sum;
  }

  /** The largest element; NaN is passed over. */
  static float max(float[] a, int i, int n) {
    FloatVector s = all(Float.NEGATIVE_INFINITY);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) s = RowReductions.larger(s, load(a, i + j));
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      s = RowReductions.larger(s, s.blend(load(a, i + j, m), m));
    }
    return s.reduceLanes(VectorOperators.MAX);
  }

  /** c = a + b. */
  static void add(float[] a, int i, float[] b, int k, float[] c, int o, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT)
      FloatVector.fromArray(SPECIES, a, i + j)
          .add(FloatVector.fromArray(SPECIES, b, k + j))
          .intoArray(c, o + j);
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector.fromArray(SPECIES, a, i + j, m)
          .add(FloatVector.fromArray(SPECIES, b, k + j, m))
          .intoArray(c, o + j, m);
    }
  }

  /** b = a·x. */
  static void scale(float[] a, int i, float x, float[] b, int k, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT)
      FloatVector.fromArray(SPECIES, a, i + j).mul(x).intoArray(b, k + j);
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector.fromArray(SPECIES, a, i + j, m).mul(x).intoArray(b, k + j, m);
    }
  }

  /** b += a·x. */
  static void addScaled(float[] a, int i, float x, float[] b, int k, int n) {
    FloatVector f = all(x);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      FloatVector.fromArray(SPECIES, a, i + j)
          .fma(f, FloatVector.fromArray(SPECIES, b, k + j))
          .intoArray(b, k + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector.fromArray(SPECIES, a, i + j, m)
          .fma(f, FloatVector.fromArray(SPECIES, b, k + j, m))
          .intoArray(b, k + j, m);
    }
  }

  /** c = a·b. */
  static void multiply(float[] a, int i, float[] b, int k, float[] c, int o, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT)
      FloatVector.fromArray(SPECIES, a, i + j)
          .mul(FloatVector.fromArray(SPECIES, b, k + j))
          .intoArray(c, o + j);
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector.fromArray(SPECIES, a, i + j, m)
          .mul(FloatVector.fromArray(SPECIES, b, k + j, m))
          .intoArray(c, o + j, m);
    }
  }
}
