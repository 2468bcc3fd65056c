package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import io.github.tornadosse.kernels.Control;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Rotary embedding (half-split) with an optional bias before it. */
public final class Rotary {
  private Rotary() {}

  /**
   * y = x + bias, turned by the positions' angles.
   *
   * @param control see {@link Control}
   * @param x [H, capacity, dim]
   * @param xAt base of x
   * @param bias [H·dim]
   * @param biasAt base of bias
   * @param positions [L]
   * @param angles low positions, then high ones; see {@code AttentionOperations.LOW}
   * @param y output [H, capacity, dim]; may be x
   * @param yAt base of y
   * @param biased 0 if there is no bias
   * @param turned 0 if nothing is turned
   * @param low number of low positions
   * @param heads H
   * @param dim size of a head
   * @param capacity largest number of tokens
   */
  public static void forward(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray bias,
      int biasAt,
      IntArray positions,
      FloatArray angles,
      FloatArray y,
      int yAt,
      int biased,
      int turned,
      int low,
      int heads,
      int dim,
      int capacity) {
    float[] from = HeapAccess.floats(x);
    float[] to = HeapAccess.floats(y);
    float[] b = HeapAccess.floats(bias);
    float[] table = HeapAccess.floats(angles);
    int x0 = control.get(xAt);
    int y0 = control.get(yAt);
    int b0 = control.get(biasAt);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.rows(heads * dim, Blocks.CHEAP),
        (first, last) -> {
          for (int t = first; t < last; t++) {
            float[] turn = turned == 0 ? null : angle(table, positions.get(t), low, dim, 1);
            for (int h = 0; h < heads; h++) {
              int at = (h * capacity + t) * dim;
              if (biased == 1) {
                Lanes.add(from, x0 + at, b, b0 + h * dim, to, y0 + at, dim);
              } else {
                System.arraycopy(from, x0 + at, to, y0 + at, dim);
              }
              if (turn != null) turn(to, y0 + at, turn, dim / 2);
            }
          }
        });
  }

  /**
   * dx = dy turned back; dBias += Σ_t dx.
   *
   * @param control see {@link Control}
   * @param dy [H, capacity, dim]
   * @param dyAt base of dy
   * @param positions [L]
   * @param angles see {@link #forward}
   * @param dx output [H, capacity, dim]; may be dy
   * @param dxAt base of dx
   * @param dBias [H·dim], added to
   * @param dBiasAt base of dBias
   * @param biased 0 if there is no bias
   * @param turned 0 if nothing was turned
   * @param low number of low positions
   * @param heads H
   * @param dim size of a head
   * @param capacity largest number of tokens
   */
  public static void gradient(
      IntArray control,
      FloatArray dy,
      int dyAt,
      IntArray positions,
      FloatArray angles,
      FloatArray dx,
      int dxAt,
      FloatArray dBias,
      int dBiasAt,
      int biased,
      int turned,
      int low,
      int heads,
      int dim,
      int capacity) {
    float[] from = HeapAccess.floats(dy);
    float[] to = HeapAccess.floats(dx);
    float[] table = HeapAccess.floats(angles);
    int from0 = control.get(dyAt);
    int to0 = control.get(dxAt);
    int tokens = Blocks.tokens(control);
    int size = heads * dim;
    int blocks = Blocks.count(tokens, Blocks.SUMMED);
    float[] partial = Scratch.floats(Scratch.PARTIAL, biased * blocks * size);
    Blocks.forEach(
        tokens,
        Blocks.SUMMED,
        (first, last) -> {
          int sums = first / Blocks.SUMMED * size;
          if (biased == 1) Arrays.fill(partial, sums, sums + size, 0);
          for (int t = first; t < last; t++) {
            float[] turn = turned == 0 ? null : angle(table, positions.get(t), low, dim, -1);
            for (int h = 0; h < heads; h++) {
              int at = (h * capacity + t) * dim;
              System.arraycopy(from, from0 + at, to, to0 + at, dim);
              if (turn != null) turn(to, to0 + at, turn, dim / 2);
              if (biased == 1) {
                int s = sums + h * dim;
                Lanes.add(to, to0 + at, partial, s, partial, s, dim);
              }
            }
          }
        });
    if (biased == 1 && blocks > 0) {
      Blocks.addPartial(partial, blocks, size, HeapAccess.floats(dBias), control.get(dBiasAt));
    }
  }

  /** Cosines, then sines (times sign), of a position's angles, in scratch memory. */
  private static float[] angle(float[] table, int position, int low, int dim, int sign) {
    float[] turn = Scratch.floats(Scratch.INPUT, dim);
    int a = position % low * dim;
    int b = (low + position / low) * dim;
    int half = dim / 2;
    for (int i = 0; i < half; i++) {
      float cosLow = table[a + 2 * i];
      float sinLow = table[a + 2 * i + 1];
      float cosHigh = table[b + 2 * i];
      float sinHigh = table[b + 2 * i + 1];
      turn[i] = cosLow * cosHigh - sinLow * sinHigh;
      turn[half + i] = sign * (sinLow * cosHigh + cosLow * sinHigh);
    }
    return turn;
  }

  /** Turns the pairs (i, i + half) of one head. */
  private static void turn(float[] x, int at, float[] turn, int half) {
    int i = 0;
    for (; i + COUNT <= half; i += COUNT) {
      FloatVector a = load(x, at + i);
      FloatVector b = load(x, at + half + i);
      FloatVector cos = load(turn, i);
      FloatVector sin = load(turn, half + i);
      a.mul(cos).sub(b.mul(sin)).intoArray(x, at + i);
      b.mul(cos).add(a.mul(sin)).intoArray(x, at + half + i);
    }
    if (i < half) {
      VectorMask<Float> m = below(i, half);
      FloatVector a = load(x, at + i, m);
      FloatVector b = load(x, at + half + i, m);
      FloatVector cos = load(turn, i, m);
      FloatVector sin = load(turn, half + i, m);
      a.mul(cos).sub(b.mul(sin)).intoArray(x, at + i, m);
      b.mul(cos).add(a.mul(sin)).intoArray(x, at + half + i, m);
    }
  }
}
