package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The gated activation of the MLP. */
public final class MlpKernels {
  private MlpKernels() {}

  /**
   * y = SiLU(gate)·up.
   *
   * @param control see {@link Control}
   * @param gateUp [L, 2·size]: gate, then up
   * @param gateUpAt base of gateUp
   * @param y output [L, size]
   * @param yAt base of y
   * @param size inner size of the MLP
   * @param capacity largest number of tokens
   */
  public static void swiglu(
      IntArray control,
      FloatArray gateUp,
      int gateUpAt,
      FloatArray y,
      int yAt,
      int size,
      int capacity) {
    for (@Parallel int t = 0; t < capacity; t++) {
      for (@Parallel int i = 0; i < size; i++) {
        if (t < control.get(Control.TOKENS)) {
          int from = control.get(gateUpAt) + 2 * t * size + i;
          float value = Elementary.silu(gateUp.get(from)) * gateUp.get(from + size);
          y.set(control.get(yAt) + t * size + i, value);
        }
      }
    }
  }

  /**
   * The gradient of {@link #swiglu}.
   *
   * @param control see {@link Control}
   * @param gateUp [L, 2·size]: gate, then up
   * @param gateUpAt base of gateUp
   * @param dy [L, size]
   * @param dyAt base of dy
   * @param dGateUp output [L, 2·size]
   * @param dGateUpAt base of dGateUp
   * @param size inner size of the MLP
   * @param capacity largest number of tokens
   */
  public static void swigluGradient(
      IntArray control,
      FloatArray gateUp,
      int gateUpAt,
      FloatArray dy,
      int dyAt,
      FloatArray dGateUp,
      int dGateUpAt,
      int size,
      int capacity) {
    for (@Parallel int t = 0; t < capacity; t++) {
      for (@Parallel int i = 0; i < size; i++) {
        if (t < control.get(Control.TOKENS)) {
          int from = control.get(gateUpAt) + 2 * t * size + i;
          int to = control.get(dGateUpAt) + 2 * t * size + i;
          float gate = gateUp.get(from);
          float up = gateUp.get(from + size);
          float d = dy.get(control.get(dyAt) + t * size + i);
          dGateUp.set(to, d * up * Elementary.siluGradient(gate));
          dGateUp.set(to + size, d * Elementary.silu(gate));
        }
      }
    }
  }
}
