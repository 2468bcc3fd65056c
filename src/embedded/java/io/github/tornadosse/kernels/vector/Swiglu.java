package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The gated activation of the MLP. */
public final class Swiglu {
  private Swiglu() {}

  /**
   * y = SiLU(gate)·up; gateUp [L, 2·size] holds gate then up, y [L, size].
   *
   * @param control see {@code Control}
   * @param gateUp [L, 2·size]
   * @param gateUpAt base index of gateUp
   * @param y [L, size]
   * @param yAt base index of y
   * @param size size of a row
   */
  public static void forward(
      IntArray control, FloatArray gateUp, int gateUpAt, FloatArray y, int yAt, int size) {
    float[] gs = HeapAccess.floats(gateUp);
    float[] ys = HeapAccess.floats(y);
    int g0 = control.get(gateUpAt);
    int y0 = control.get(yAt);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.rows(size, Blocks.COSTLY),
        (from, to) -> {
          for (int t = from; t < to; t++)
            forwardRow(gs, g0 + 2 * t * size, ys, y0 + t * size, size);
        });
  }

  private static void forwardRow(float[] g, int i, float[] y, int o, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      VectorMath.silu(load(g, i + j)).mul(load(g, i + n + j)).intoArray(y, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      VectorMath.silu(load(g, i + j, m)).mul(load(g, i + n + j, m)).intoArray(y, o + j, m);
    }
  }

  /**
   * dGateUp from gateUp and dy.
   *
   * @param control see {@code Control}
   * @param gateUp [L, 2·size]
   * @param gateUpAt base index of gateUp
   * @param dy [L, size]
   * @param dyAt base index of dy
   * @param dGateUp [L, 2·size]
   * @param dGateUpAt base index of dGateUp
   * @param size size of a row
   */
  public static void gradient(
      IntArray control,
      FloatArray gateUp,
      int gateUpAt,
      FloatArray dy,
      int dyAt,
      FloatArray dGateUp,
      int dGateUpAt,
      int size) {
    float[] gs = HeapAccess.floats(gateUp);
    float[] ys = HeapAccess.floats(dy);
    float[] ds = HeapAccess.floats(dGateUp);
    int g0 = control.get(gateUpAt);
    int y0 = control.get(dyAt);
    int d0 = control.get(dGateUpAt);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.rows(size, Blocks.COSTLY),
        (from, to) -> {
          for (int t = from; t < to; t++) {
            gradientRow(gs, g0 + 2 * t * size, ys, y0 + t * size, ds, d0 + 2 * t * size, size);
          }
        });
  }

  private static void gradientRow(float[] g, int i, float[] dy, int k, float[] d, int o, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      FloatVector gate = load(g, i + j);
      FloatVector dj = load(dy, k + j);
      FloatVector s = VectorMath.sigmoid(gate);
      FloatVector up = load(g, i + n + j);
      Silu.slope(gate, s).mul(dj).mul(up).intoArray(d, o + j);
      gate.mul(s).mul(dj).intoArray(d, o + n + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector gate = load(g, i + j, m);
      FloatVector dj = load(dy, k + j, m);
      FloatVector s = VectorMath.sigmoid(gate);
      FloatVector up = load(g, i + n + j, m);
      Silu.slope(gate, s).mul(dj).mul(up).intoArray(d, o + j, m);
      gate.mul(s).mul(dj).intoArray(d, o + n + j, m);
    }
  }
}
