package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.all;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Softmax of one row and its gradient. */
final class Softmax {
  private Softmax() {}

  /** b = softmax(a); a and b may be the same. Elements −∞ become 0. */
  static void row(float[] a, int i, float[] b, int o, int n) {
    float sum = exponentials(a, i, Lanes.max(a, i, n), b, o, n);
    Lanes.scale(b, o, 1 / sum, b, o, n);
  }

  /** b = e^(a − max); returns Σ b. */
  static float exponentials(float[] a, int i, float max, float[] b, int o, int n) {
    FloatVector m = all(max);
    FloatVector s = FloatVector.zero(Lanes.SPECIES);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      FloatVector e = VectorMath.exp(load(a, i + j).sub(m));
      e.intoArray(b, o + j);
      s = s.add(e);
    }
    if (j < n) {
      VectorMask<Float> k = below(j, n);
      FloatVector e = VectorMath.exp(load(a, i + j, k).sub(m));
      e.intoArray(b, o + j, k);
      s = s.add(e, k);
    }
    return VectorMath.sum(s);
  }

  /** Σ e^(a − max). */
  static float sum(float[] a, int i, float max, int n) {
    FloatVector m = all(max);
    FloatVector s = FloatVector.zero(Lanes.SPECIES);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) s = s.add(VectorMath.exp(load(a, i + j).sub(m)));
    if (j < n) {
      VectorMask<Float> k = below(j, n);
      s = s.add(VectorMath.exp(load(a, i + j, k).sub(m)), k);
    }
    return VectorMath.sum(s);
  }

  /** b = p·(d − ⟨p, d⟩), the gradient of the logits; d and b may be the same. */
  static void gradient(float[] p, int i, float[] d, int k, float[] b, int o, int n) {
    FloatVector dot = all(Lanes.dot(p, i, d, k, n));
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      load(p, i + j).mul(load(d, k + j).sub(dot)).intoArray(b, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      load(p, i + j, m).mul(load(d, k + j, m).sub(dot)).intoArray(b, o + j, m);
    }
  }
}
