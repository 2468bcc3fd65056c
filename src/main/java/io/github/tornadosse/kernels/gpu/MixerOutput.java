package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.Elementary;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What follows the mixer's attention; groups as in {@link Heads}. */
public final class MixerOutput {
  private MixerOutput() {}

  /**
   * o = row t + Σ_j row j of token t; y = RMSNorm(o)·SiLU(gate), the norm over each value head.
   *
   * @param context the work-item
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
   */
  public static void forward(
      KernelContext context,
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
      int width) {
    float[] sums = context.allocateFloatLocalArray(Heads.ITEMS);
    int item = context.localIdx;
    int lane = item % Heads.LANES;
    int from = item - lane;
    int groups = (capacity + Heads.TOKENS - 1) / Heads.TOKENS;
    int h = context.groupIdx / groups;
    int first = context.groupIdx % groups * Heads.TOKENS;
    int tokens = control.get(Control.TOKENS);
    // Items without a token read the last one's and write nothing.
    int t = TornadoMath.min(first + item / Heads.LANES, tokens - 1);
    int own = first + item / Heads.LANES < tokens ? 1 : 0;
    if (first < tokens) {
      int head = h * capacity * (1 + width);
      int oi = control.get(oAt) + (h * capacity + t) * value;
      int wi = control.get(wAt);
      int row = (t * heads + h) * value;
      for (int v = 0; v < value; v += valueDim) {
        // A bound instead of a condition, which PoCL's compiler gets wrong here.
        int end = v + own * valueDim;
        float squares = 0f;
        for (int c = v + lane; c < end; c += Heads.LANES) {
          float sum = out.get((head + t) * value + c);
          for (int j = 0; j < width; j++) {
            sum += out.get((head + tokenRow.get(t * width + j)) * value + c);
          }
          o.set(oi + c, sum);
          squares += sum * sum;
        }
        sums[item] = squares;
        context.localBarrier();
        float total = 0f;
        for (int i = 0; i < Heads.LANES; i++) {
          total += sums[from + i];
        }
        context.localBarrier();
        float scale = 1f / TornadoMath.sqrt(total / valueDim + eps);
        for (int c = v + lane; c < end; c += Heads.LANES) {
          float norm = o.get(oi + c) * scale * w.get(wi + c - v);
          if (gated == 1) {
            norm = norm * Elementary.silu(gate.get(control.get(gateAt) + row + c));
          }
          y.set(control.get(yAt) + row + c, norm);
        }
      }
    }
  }

  /**
   * dO and dGate from dy; 1/√(mean o² + eps) is kept for the weight's gradient.
   *
   * @param context the work-item
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
   * @param dGate output [L, H·V] if gated is 1
   * @param dGateAt base of dGate
   * @param heads H
   * @param value V
   * @param valueDim width of a value head, divides V
   * @param eps added to the mean square
   * @param gated 1 with an output gate
   * @param capacity largest number of tokens
   */
  public static void gradient(
      KernelContext context,
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
      FloatArray dGate,
      int dGateAt,
      int heads,
      int value,
      int valueDim,
      float eps,
      int gated,
      int capacity) {
    float[] sums = context.allocateFloatLocalArray(Heads.ITEMS);
    float[] dots = context.allocateFloatLocalArray(Heads.ITEMS);
    int item = context.localIdx;
    int lane = item % Heads.LANES;
    int from = item - lane;
    int groups = (capacity + Heads.TOKENS - 1) / Heads.TOKENS;
    int h = context.groupIdx / groups;
    int first = context.groupIdx % groups * Heads.TOKENS;
    int tokens = control.get(Control.TOKENS);
    // Items without a token read the last one's and write nothing.
    int t = TornadoMath.min(first + item / Heads.LANES, tokens - 1);
    int own = first + item / Heads.LANES < tokens ? 1 : 0;
    if (first < tokens) {
      int u = h * capacity + t;
      int oi = control.get(oAt) + u * value;
      int wi = control.get(wAt);
      int row = (t * heads + h) * value;
      int yi = control.get(dyAt) + row;
      int gi = gated == 1 ? control.get(gateAt) + row : 0;
      for (int v = 0; v < value; v += valueDim) {
        float squares = 0f;
        float dot = 0f;
        for (int c = v + lane; c < v + valueDim; c += Heads.LANES) {
          float x = o.get(oi + c);
          float factor = gated == 1 ? Elementary.silu(gate.get(gi + c)) : 1f;
          squares += x * x;
          dot += dy.get(yi + c) * factor * w.get(wi + c - v) * x;
        }
        sums[item] = squares;
        dots[item] = dot;
        context.localBarrier();
        float total = 0f;
        float along = 0f;
        for (int i = 0; i < Heads.LANES; i++) {
          total += sums[from + i];
          along += dots[from + i];
        }
        context.localBarrier();
        float scale = 1f / TornadoMath.sqrt(total / valueDim + eps);
        along = scale * scale * along / valueDim;
        if (own == 1) {
          if (lane == 0) {
            rstd.set((u * value + v) / valueDim, scale);
          }
          for (int c = v + lane; c < v + valueDim; c += Heads.LANES) {
            float x = o.get(oi + c);
            float d = dy.get(yi + c) * w.get(wi + c - v);
            float factor = 1f;
            if (gated == 1) {
              float g = gate.get(gi + c);
              factor = Elementary.silu(g);
              float slope = Elementary.siluGradient(g);
              dGate.set(control.get(dGateAt) + row + c, d * x * scale * slope);
            }
            dO.set(u * value + c, scale * (d * factor - x * along));
          }
        }
      }
    }
  }

  /**
   * Partial sums of the norm weight's gradient over blocks of tokens of a head; blocks behind the
   * last token are left alone. Groups: for each block of {@link Sums} of each head enough for an
   * item a column.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param dy [L, H·V]
   * @param dyAt base of dy
   * @param o [H, capacity, V]
   * @param oAt base of o
   * @param gate [L, H·V]; any array if gated is 0
   * @param gateAt base of gate
   * @param rstd [H, capacity, V/valueDim]
   * @param partial output [blocks, H, valueDim]
   * @param heads H
   * @param value V
   * @param valueDim width of a value head, divides V
   * @param gated 1 with an output gate
   * @param capacity largest number of tokens
   */
  public static void weightGradient(
      KernelContext context,
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
      int capacity) {
    int items = context.localGroupSizeX;
    int groups = (valueDim + items - 1) / items;
    int c = context.groupIdx % groups * items + context.localIdx;
    int h = context.groupIdx / groups % heads;
    int b = context.groupIdx / groups / heads;
    int begin = b * Sums.TOKENS;
    int end = TornadoMath.min(begin + Sums.TOKENS, control.get(Control.TOKENS));
    if (begin < end && c < valueDim) {
      float sum = 0f;
      for (int t = begin; t < end; t++) {
        int row = (t * heads + h) * value + c;
        int at = (h * capacity + t) * value;
        for (int v = 0; v < value; v += valueDim) {
          float x = o.get(control.get(oAt) + at + v + c) * rstd.get((at + v) / valueDim);
          float d = dy.get(control.get(dyAt) + row + v);
          if (gated == 1) {
            d = d * Elementary.silu(gate.get(control.get(gateAt) + row + v));
          }
          sum += d * x;
        }
      }
      partial.set((b * heads + h) * valueDim + c, sum);
    }
  }
}
