package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.all;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** The slope of x·sigmoid(x). */
final class Silu {
  private Silu() {}

  /** The slope at x, where s = sigmoid(x). */
  static FloatVector slope(FloatVector x, FloatVector s) {
    return x.mul(all(1).sub(s)).add(1).mul(s);
  }

  /** b = SiLU'(a)·d; d and b may be the same. */
  static void slopeRow(float[] a, int i, float[] d, int k, float[] b, int o, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      FloatVector x = load(a, i + j);
      slope(x, VectorMath.sigmoid(x)).mul(load(d, k + j)).intoArray(b, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector x = load(a, i + j, m);
      slope(x, VectorMath.sigmoid(x)).mul(load(d, k + j, m)).intoArray(b, o + j, m);
    }
  }
}
