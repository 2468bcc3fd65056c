package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.all;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What the heads read, summed, normalised and gated. */
public final class MixerOutput {
  /** Tokens of one partial sum of the weight's gradient. */
  private static final int SUMMED = 32;

  private MixerOutput() {}

  /**
   * o = row t + Σ_j its sparse rows; y = RMSNorm over each value head of o · w · SiLU(gate).
   *
   * @param control see {@code Control}
   * @param out [H, capacity·(1 + width), V]
   * @param tokenRow [capacity·width]
   * @param gate [L, H·V]; unused if gated is 0
   * @param gateAt base index of gate
   * @param w [valueDim]
   * @param wAt base index of w
   * @param o [H, capacity, V]; unused if oAt is −1
   * @param oAt base index of o; −1 if nobody needs it
   * @param y [L, H·V]
   * @param yAt base index of y
   * @param heads H
   * @param value V
   * @param valueDim width of a value head
   * @param eps added to the mean square
   * @param gated 1 with gate
   * @param capacity stride of a head, in tokens
   * @param width sparse rows of a token
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
      int width) {
    float[] rows = HeapAccess.floats(out);
    int[] places = HeapAccess.ints(tokenRow);
    float[] gs = HeapAccess.floats(gate);
    float[] ws = HeapAccess.floats(w);
    float[] sums = oAt < 0 ? null : HeapAccess.floats(o);
    float[] ys = HeapAccess.floats(y);
    int g0 = control.get(gateAt);
    int w0 = control.get(wAt);
    int o0 = oAt < 0 ? 0 : control.get(oAt);
    int y0 = control.get(yAt);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.rows(heads * value, Blocks.COSTLY),
        (from, to) -> {
          float[] os = sums == null ? Scratch.floats(Scratch.ROWS, value) : sums;
          // Head by head, so that a head's rows are read one after another.
          for (int head = 0; head < heads; head++) {
            int first = head * capacity * (1 + width) * value;
            HeadActivations.touchRows(rows, first, from, to, places, width, value);
            for (int t = from; t < to; t++) {
              int at = sums == null ? 0 : o0 + (head * capacity + t) * value;
              int row = (t * heads + head) * value;
              HeadActivations.sumRows(rows, first, t, places, width, os, at, value);
              for (int c = 0; c < value; c += valueDim) {
                float squares = Lanes.squares(os, at + c, valueDim);
                float r = Norms.reciprocal(squares, valueDim, eps);
                Norms.normaliseRow(os, at + c, ws, w0, r, ys, y0 + row + c, valueDim);
              }
              if (gated == 1) gateRow(gs, g0 + row, ys, y0 + row, value);
            }
          }
        });
  }

  /** y *= SiLU(gate). */
  static void gateRow(float[] g, int i, float[] y, int o, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      VectorMath.silu(load(g, i + j)).mul(load(y, o + j)).intoArray(y, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      VectorMath.silu(load(g, i + j, m)).mul(load(y, o + j, m)).intoArray(y, o + j, m);
    }
  }

  /**
   * Gradient of {@link #forward} up to o.
   *
   * @param control see {@code Control}
   * @param dy [L, H·V]
   * @param dyAt base index of dy
   * @param o [H, capacity, V]
   * @param oAt base index of o
   * @param gate [L, H·V]; like dGate unused if gated is 0
   * @param gateAt base index of gate
   * @param w [valueDim]
   * @param wAt base index of w
   * @param dO [H, capacity, V]
   * @param dGate [L, H·V]
   * @param dGateAt base index of dGate
   * @param dw [valueDim], accumulates
   * @param dwAt base index of dw
   * @param heads H
   * @param value V
   * @param valueDim width of a value head
   * @param eps added to the mean square
   * @param gated 1 with gate
   * @param capacity stride of a head, in tokens
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
      FloatArray dGate,
      int dGateAt,
      FloatArray dw,
      int dwAt,
      int heads,
      int value,
      int valueDim,
      float eps,
      int gated,
      int capacity) {
    float[] dys = HeapAccess.floats(dy);
    float[] os = HeapAccess.floats(o);
    float[] gs = HeapAccess.floats(gate);
    float[] ws = HeapAccess.floats(w);
    float[] dos = HeapAccess.floats(dO);
    float[] dgs = HeapAccess.floats(dGate);
    int dy0 = control.get(dyAt);
    int o0 = control.get(oAt);
    int g0 = control.get(gateAt);
    int w0 = control.get(wAt);
    int dg0 = control.get(dGateAt);
    int tokens = Blocks.tokens(control);
    int blocks = Blocks.count(tokens, SUMMED);
    float[] partial = Scratch.floats(Scratch.PARTIAL, blocks * valueDim);
    Blocks.forEach(
        tokens,
        SUMMED,
        (from, to) -> {
          int p = from / SUMMED * valueDim;
          float[] n = Scratch.floats(Scratch.INPUT, valueDim);
          float[] d = Scratch.floats(Scratch.GRADIENT, valueDim);
          Arrays.fill(partial, p, p + valueDim, 0);
          for (int u = from * heads; u < to * heads; u++) {
            int at = (u % heads * capacity + u / heads) * value;
            for (int c = 0; c < value; c += valueDim) {
              int row = u * value + c;
              int i = o0 + at + c;
              float r = Norms.reciprocal(Lanes.squares(os, i, valueDim), valueDim, eps);
              Lanes.scale(os, i, r, n, 0, valueDim);
              if (gated == 1) {
                ungateRow(dys, dy0 + row, gs, g0 + row, ws, w0, n, d, dgs, dg0 + row, valueDim);
              } else {
                System.arraycopy(dys, dy0 + row, d, 0, valueDim);
              }
              unnormaliseRow(n, d, ws, w0, r, dos, at + c, partial, p, valueDim);
            }
          }
        });
    Blocks.addPartial(partial, blocks, valueDim, HeapAccess.floats(dw), control.get(dwAt));
  }

  /** d = dy·SiLU(gate), dGate = dy·n·w·SiLU'(gate). */
  private static void ungateRow(
      float[] dy,
      int i,
      float[] gate,
      int g,
      float[] w,
      int k,
      float[] n,
      float[] d,
      float[] dGate,
      int o,
      int size) {
    int j = 0;
    for (; j + COUNT <= size; j += COUNT) {
      FloatVector x = load(gate, g + j);
      FloatVector s = VectorMath.sigmoid(x);
      FloatVector y = load(dy, i + j);
      x.mul(s).mul(y).intoArray(d, j);
      y.mul(load(n, j)).mul(load(w, k + j)).mul(Silu.slope(x, s)).intoArray(dGate, o + j);
    }
    if (j < size) {
      VectorMask<Float> m = below(j, size);
      FloatVector x = load(gate, g + j, m);
      FloatVector s = VectorMath.sigmoid(x);
      FloatVector y = load(dy, i + j, m);
      x.mul(s).mul(y).intoArray(d, j, m);
      FloatVector back = y.mul(load(n, j, m)).mul(load(w, k + j, m));
      back.mul(Silu.slope(x, s)).intoArray(dGate, o + j, m);
    }
  }

  /** dO = rstd·(d·w − n·mean(d·w·n)), dw += d·n; d is overwritten. */
  private static void unnormaliseRow(
      float[] n,
      float[] d,
      float[] w,
      int k,
      float rstd,
      float[] dO,
      int o,
      float[] dw,
      int p,
      int size) {
    addProductRow(d, n, dw, p, size);
    Lanes.multiply(d, 0, w, k, d, 0, size);
    FloatVector mean = all(-Lanes.dot(d, 0, n, 0, size) / size);
    int j = 0;
    for (; j + COUNT <= size; j += COUNT) {
      load(n, j).fma(mean, load(d, j)).mul(rstd).intoArray(dO, o + j);
    }
    if (j < size) {
      VectorMask<Float> m = below(j, size);
      load(n, j, m).fma(mean, load(d, j, m)).mul(rstd).intoArray(dO, o + j, m);
    }
  }

  private static void addProductRow(float[] a, float[] b, float[] sum, int p, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      load(a, j).fma(load(b, j), load(sum, p + j)).intoArray(sum, p + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      load(a, j, m).fma(load(b, j, m), load(sum, p + j, m)).intoArray(sum, p + j, m);
    }
  }
}
