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
   * Groups: ⌈capacity/4⌉ × heads × V/valueDim, those of a token next to each other, so that they
   * write its row at about the same time.
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
    int place = context.groupIdx % (heads * blocks);
    int group = context.groupIdx / (heads * blocks);
    int h = place / blocks;
    int first = place % blocks * valueDim;
    int tokens = control.get(Control.TOKENS);
    if (group * TOKENS < tokens) {
      // Items without a token read the last one's and write nothing; so do lanes without a column.
      int mine = group * TOKENS + item / LANES;
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

  /** Where a row begins in its first tile. */
  private static int inTiles(int slot, int h, int heads, int value) {
    int first = (slot / ChunkOperands.CHUNK * heads + h) * ChunkOperands.CHUNK;
    return (first + slot % ChunkOperands.CHUNK / 16 * 16) * value + slot % 16 * 8;
  }

  /**
   * {@link #forward} of rows as tiles, without o.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param out [chunks, H, 4, V/8, 16, 8]
   * @param slot [R]: 64·chunk + the row's place in it
   * @param tokenRow [capacity·M]; any array if M is 0
   * @param gate [L, H·V]; any array if gated is 0
   * @param gateAt base of gate
   * @param w [valueDim]
   * @param wAt base of w
   * @param y output [L, H·V]
   * @param yAt base of y
   * @param heads H
   * @param value V, a multiple of 16
   * @param valueDim width of a value head, divides V
   * @param eps added to the mean square
   * @param gated 1 with an output gate
   * @param width M
   */
  public static void ofTiles(
      KernelContext context,
      IntArray control,
      FloatArray out,
      IntArray slot,
      IntArray tokenRow,
      FloatArray gate,
      int gateAt,
      FloatArray w,
      int wAt,
      FloatArray y,
      int yAt,
      int heads,
      int value,
      int valueDim,
      float eps,
      int gated,
      int width) {
    float[] sums = context.allocateFloatLocalArray(ITEMS);
    int item = context.localIdx;
    int lane = item % LANES;
    int blocks = value / valueDim;
    int place = context.groupIdx % (heads * blocks);
    int group = context.groupIdx / (heads * blocks);
    int h = place / blocks;
    int first = place % blocks * valueDim;
    int tokens = control.get(Control.TOKENS);
    if (group * TOKENS < tokens) {
      // Items without a token read the last one's and write nothing; so do lanes without a column.
      int mine = group * TOKENS + item / LANES;
      int t = TornadoMath.min(mine, tokens - 1);
      int most = mine < tokens ? valueDim : 0;
      int c0 = TornadoMath.min(lane, valueDim - 1) + first;
      int c1 = TornadoMath.min(lane + LANES, valueDim - 1) + first;
      int c2 = TornadoMath.min(lane + 2 * LANES, valueDim - 1) + first;
      int c3 = TornadoMath.min(lane + 3 * LANES, valueDim - 1) + first;
      // Where a row's columns are from its place in the first tile on.
      int d0 = c0 / 8 * ChunkProducts.TILE + c0 % 8;
      int d1 = c1 / 8 * ChunkProducts.TILE + c1 % 8;
      int d2 = c2 / 8 * ChunkProducts.TILE + c2 % 8;
      int d3 = c3 / 8 * ChunkProducts.TILE + c3 % 8;
      int from = inTiles(slot.get(t), h, heads, value);
      float x0 = out.get(from + d0);
      float x1 = out.get(from + d1);
      float x2 = out.get(from + d2);
      float x3 = out.get(from + d3);
      for (int j = 0; j < width; j++) {
        int row = inTiles(slot.get(tokenRow.get(t * width + j)), h, heads, value);
        x0 += out.get(row + d0);
        x1 += out.get(row + d1);
        x2 += out.get(row + d2);
        x3 += out.get(row + d3);
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
      int yi = control.get(yAt) + to;
      if (lane < most) {
        y.set(yi + c0, x0 * scale * n0);
      }
      if (lane + LANES < most) {
        y.set(yi + c1, x1 * scale * n1);
      }
      if (lane + 2 * LANES < most) {
        y.set(yi + c2, x2 * scale * n2);
      }
      if (lane + 3 * LANES < most) {
        y.set(yi + c3, x3 * scale * n3);
      }
    }
  }
}
