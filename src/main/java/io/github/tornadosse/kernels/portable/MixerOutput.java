package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What follows the mixer's attention: read-back of the rows, norm and output gate. */
public final class MixerOutput {
  private MixerOutput() {}

  /**
   * o = row t + Σ_j row j of token t; y = RMSNorm(o)·SiLU(gate), the norm over each value head.
   *
   * @param control see {@link Control}
   * @param out [H, R, V]
   * @param tokenRow [capacity·M]; any array if M is 0
   * @param gate [L, H·V]; any array if gated is 0
   * @param gateAt base of gate
   * @param w [valueDim]
   * @param wAt base of w
   * @param o output [H, capacity, V]
   * @param oAt base of o
   * @param y output [L, H·V]
   * @param yAt base of y
   * @param heads H
   * @param value V
   * @param valueDim width of a value head, divides V
   * @param eps added to the mean square
   * @param gated 1 with an output gate
   * @param capacity largest number of tokens
   * @param width M
   * @param units H·capacity
   */
  public static void forward(
      IntArray control,
      FloatArray out,
      IntArray tokenRow,
      FloatArray gate,
      int gateAt,
      FloatArray w,
      int wAt,
      FloatArray o,
      int oAt,
      FloatArray y,
      int yAt,
      int heads,
      int value,
      int valueDim,
      float eps,
      int gated,
      int capacity,
      int width,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int t = u % capacity;
      int h = u / capacity;
      if (t < control.get(Control.TOKENS)) {
        int head = h * capacity * (1 + width);
        int oi = control.get(oAt) + u * value;
        int wi = control.get(wAt);
        int gi = control.get(gateAt) + (t * heads + h) * value;
        int yi = control.get(yAt) + (t * heads + h) * value;
        for (int v = 0; v < value; v += valueDim) {
          float squares = 0f;
          for (int c = v; c < v + valueDim; c++) {
            float sum = out.get((head + t) * value + c);
            for (int j = 0; j < width; j++) {
              sum += out.get((head + tokenRow.get(t * width + j)) * value + c);
            }
            o.set(oi + c, sum);
            squares += sum * sum;
          }
          float scale = 1f / TornadoMath.sqrt(squares / valueDim + eps);
          for (int c = v; c < v + valueDim; c++) {
            float norm = o.get(oi + c) * scale * w.get(wi + c - v);
            y.set(yi + c, gated == 1 ? norm * Elementary.silu(gate.get(gi + c)) : norm);
          }
        }
      }
    }
  }

  /**
   * dO from dy; 1/√(mean o² + eps) is kept for the other gradients.
   *
   * @param control see {@link Control}
   * @param dy [L, H·V]
   * @param dyAt base of dy
   * @param o [H, capacity, V]
   * @param oAt base of o
   * @param gate [L, H·V]; any array if gated is 0
   * @param gateAt base of gate
   * @param w [valueDim]
   * @param wAt base of w
   * @param dO output [H, capacity, V]
   * @param rstd output [H, capacity, V/valueDim]
   * @param heads H
   * @param value V
   * @param valueDim width of a value head, divides V
   * @param eps added to the mean square
   * @param gated 1 with an output gate
   * @param capacity largest number of tokens
   * @param units H·capacity
   */
  public static void gradient(
      IntArray control,
      FloatArray dy,
      int dyAt,
      FloatArray o,
      int oAt,
      FloatArray gate,
      int gateAt,
      FloatArray w,
      int wAt,
      FloatArray dO,
      FloatArray rstd,
      int heads,
      int value,
      int valueDim,
      float eps,
      int gated,
      int capacity,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int t = u % capacity;
      if (t < control.get(Control.TOKENS)) {
        int row = (t * heads + u / capacity) * value;
        int yi = control.get(dyAt) + row;
        int oi = control.get(oAt) + u * value;
        int wi = control.get(wAt);
        int gi = control.get(gateAt) + row;
        for (int v = 0; v < value; v += valueDim) {
          float squares = 0f;
          float dot = 0f;
          for (int c = v; c < v + valueDim; c++) {
            float x = o.get(oi + c);
            float factor = gated == 1 ? Elementary.silu(gate.get(gi + c)) : 1f;
            squares += x * x;
            dot += dy.get(yi + c) * factor * w.get(wi + c - v) * x;
          }
          float scale = 1f / TornadoMath.sqrt(squares / valueDim + eps);
          float along = scale * scale * dot / valueDim;
          rstd.set((u * value + v) / valueDim, scale);
          for (int c = v; c < v + valueDim; c++) {
            float x = o.get(oi + c);
            float d = dy.get(yi + c) * w.get(wi + c - v);
            float factor = gated == 1 ? Elementary.silu(gate.get(gi + c)) : 1f;
            dO.set(u * value + c, scale * (d * factor - x * along));
          }
        }
      }
    }
  }

  /**
   * dGate from dy.
   *
   * @param control see {@link Control}
   * @param dy [L, H·V]
   * @param dyAt base of dy
   * @param o [H, capacity, V]
   * @param oAt base of o
   * @param gate [L, H·V]
   * @param gateAt base of gate
   * @param w [valueDim]
   * @param wAt base of w
   * @param rstd [H, capacity, V/valueDim]
   * @param dGate output [L, H·V]
   * @param dGateAt base of dGate
   * @param heads H
   * @param value V
   * @param valueDim width of a value head, divides V
   * @param capacity largest number of tokens
   * @param units H·capacity
   */
  public static void gateGradient(
      IntArray control,
      FloatArray dy,
      int dyAt,
      FloatArray o,
      int oAt,
      FloatArray gate,
      int gateAt,
      FloatArray w,
      int wAt,
      FloatArray rstd,
      FloatArray dGate,
      int dGateAt,
      int heads,
      int value,
      int valueDim,
      int capacity,
      int units) {
    for (@Parallel int u = 0; u < units; u++) {
      for (@Parallel int c = 0; c < value; c++) {
        int t = u % capacity;
        if (t < control.get(Control.TOKENS)) {
          int at = (t * heads + u / capacity) * value + c;
          float norm =
              o.get(control.get(oAt) + u * value + c) * rstd.get((u * value + c) / valueDim);
          float d = dy.get(control.get(dyAt) + at) * w.get(control.get(wAt) + c % valueDim);
          float slope = Elementary.siluGradient(gate.get(control.get(gateAt) + at));
          dGate.set(control.get(dGateAt) + at, d * norm * slope);
        }
      }
    }
  }

  /**
   * Partial sums of the norm weight's gradient over blocks of tokens.
   *
   * @param control see {@link Control}
   * @param dy [L, H·V]
   * @param dyAt base of dy
   * @param o [H, capacity, V]
   * @param oAt base of o
   * @param gate [L, H·V]; any array if gated is 0
   * @param gateAt base of gate
   * @param rstd [H, capacity, V/valueDim]
   * @param partial output [blocks, valueDim]
   * @param heads H
   * @param value V
   * @param valueDim width of a value head, divides V
   * @param gated 1 with an output gate
   * @param capacity largest number of tokens
   * @param blocks ⌈capacity/64⌉
   */
  public static void weightGradient(
      IntArray control,
      FloatArray dy,
      int dyAt,
      FloatArray o,
      int oAt,
      FloatArray gate,
      int gateAt,
      FloatArray rstd,
      FloatArray partial,
      int heads,
      int value,
      int valueDim,
      int gated,
      int capacity,
      int blocks) {
    for (@Parallel int b = 0; b < blocks; b++) {
      for (@Parallel int c = 0; c < valueDim; c++) {
        int begin = b * Sums.TOKENS_PER_BLOCK;
        int end = TornadoMath.min(begin + Sums.TOKENS_PER_BLOCK, control.get(Control.TOKENS));
        float sum = 0f;
        for (int t = begin; t < end; t++) {
          for (int h = 0; h < heads; h++) {
            int row = (t * heads + h) * value + c;
            int at = (h * capacity + t) * value;
            for (int v = 0; v < value; v += valueDim) {
              float x = o.get(control.get(oAt) + at + v + c) * rstd.get((at + v) / valueDim);
              float d = dy.get(control.get(dyAt) + row + v);
              float factor = 1f;
              if (gated == 1) {
                factor = Elementary.silu(gate.get(control.get(gateAt) + row + v));
              }
              sum += d * factor * x;
            }
          }
        }
        partial.set(b * valueDim + c, sum);
      }
    }
  }
}
