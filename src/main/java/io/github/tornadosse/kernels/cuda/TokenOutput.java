package io.github.tornadosse.kernels.cuda;

import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.Elementary;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What follows the mixer's attention, a token's value head to a warp. */
public final class TokenOutput {
  /** Work-items of a group. */
  public static final int ITEMS = 128;

  /** Tokens of a group. */
  public static final int TOKENS = 4;

  /** Largest width of a value head. */
  public static final int MOST_VALUES = 128;

  private static final int LANES = ITEMS / TOKENS;

  private TokenOutput() {}

  /**
   * o = row t + Σ_j row j of token t; y = RMSNorm(o)·SiLU(gate), the norm over each value head.
   * Groups: along x ⌈capacity/4⌉, along y heads × V/valueDim.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param out [H, R, V]
   * @param tokenRow [capacity·M]; any array if M is 0
   * @param gate [L, H·V]; any array if gated is 0
   * @param gateAt base of gate
   * @param w [valueDim]
   * @param wAt base of w
   * @param o output [H, capacity, V]; any array if keep is 0
   * @param oAt base of o
   * @param y output [L, H·V]
   * @param yAt base of y
   * @param heads H
   * @param value V
   * @param valueDim width of a value head, divides V
   * @param eps added to the mean square
   * @param gated 1 with an output gate
   * @param keep 1 if o is written, else 0
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
      int keep,
      int capacity,
      int width) {
    float[] sums = context.allocateFloatLocalArray(ITEMS);
    int item = context.localIdx;
    int lane = item % LANES;
    int blocks = value / valueDim;
    int h = context.groupIdy / blocks;
    int first = context.groupIdy % blocks * valueDim;
    int tokens = control.get(Control.TOKENS);
    if (context.groupIdx * TOKENS < tokens) {
      // Items without a token read the last one's and write nothing; so do lanes without a column.
      int mine = context.groupIdx * TOKENS + item / LANES;
      int t = TornadoMath.min(mine, tokens - 1);
      int most = mine < tokens ? valueDim : 0;
      int kept = most * keep;
      int c0 = TornadoMath.min(lane, valueDim - 1) + first;
      int c1 = TornadoMath.min(lane + LANES, valueDim - 1) + first;
      int c2 = TornadoMath.min(lane + 2 * LANES, valueDim - 1) + first;
      int c3 = TornadoMath.min(lane + 3 * LANES, valueDim - 1) + first;
      int head = h * capacity * (1 + width);
      int from = (head + t) * value;
      float x0 = out.get(from + c0);
      float x1 = out.get(from + c1);
      float x2 = out.get(from + c2);
      float x3 = out.get(from + c3);
      for (int j = 0; j < width; j++) {
        int row = (head + tokenRow.get(t * width + j)) * value;
        x0 += out.get(row + c0);
        x1 += out.get(row + c1);
        x2 += out.get(row + c2);
        x3 += out.get(row + c3);
      }
      int wi = control.get(wAt) - first;
      float n0 = w.get(wi + c0);
      float n1 = w.get(wi + c1);
      float n2 = w.get(wi + c2);
      float n3 = w.get(wi + c3);
      int to = (t * heads + h) * value;
      if (gated == 1) {
        int gi = control.get(gateAt) + to;
        n0 *= Elementary.silu(gate.get(gi + c0));
        n1 *= Elementary.silu(gate.get(gi + c1));
        n2 *= Elementary.silu(gate.get(gi + c2));
        n3 *= Elementary.silu(gate.get(gi + c3));
      }
      float squares = lane < valueDim ? x0 * x0 : 0f;
      squares += lane + LANES < valueDim ? x1 * x1 : 0f;
      squares += lane + 2 * LANES < valueDim ? x2 * x2 : 0f;
      squares += lane + 3 * LANES < valueDim ? x3 * x3 : 0f;
      sums[item] = squares;
      context.localBarrier();
      float total = 0f;
      for (int i = 0; i < LANES; i++) {
        total += sums[item - lane + i];
      }
      float scale = 1f / TornadoMath.sqrt(total / valueDim + eps);
      int oi = control.get(oAt) + (h * capacity + t) * value;
      int yi = control.get(yAt) + to;
      if (lane < kept) {
        o.set(oi + c0, x0);
      }
      if (lane < most) {
        y.set(yi + c0, x0 * scale * n0);
      }
      if (lane + LANES < kept) {
        o.set(oi + c1, x1);
      }
      if (lane + LANES < most) {
        y.set(yi + c1, x1 * scale * n1);
      }
      if (lane + 2 * LANES < kept) {
        o.set(oi + c2, x2);
      }
      if (lane + 2 * LANES < most) {
        y.set(yi + c2, x2 * scale * n2);
      }
      if (lane + 3 * LANES < kept) {
        o.set(oi + c3, x3);
      }
      if (lane + 3 * LANES < most) {
        y.set(yi + c3, x3 * scale * n3);
      }
    }
  }
}
