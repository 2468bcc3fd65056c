package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.Routing;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The rows of the gated delta rule one by one: their normalisation and the gradients through it,
 * see docs/mathematics.md section 3. A group has 8 rows of 16 work-items each.
 */
public final class DeltaRows {
  /** Work-items of a group. */
  public static final int ITEMS = 128;

  /** Rows of a group. */
  public static final int ROWS = 8;

  private static final float NORM_EPS = 1e-6f;

  private DeltaRows() {}

  /**
   * Queries and keys of every row: qRows = K^(-1/2)·n(weight·q) if read, else 0; kRows =
   * n(weight·k) if written, else 0. With gateValues weights are not in the norm: qRows =
   * K^(-1/2)·weight·n(q), so that outputs come out multiplied, and kRows = n(k). Groups: one for 8
   * of the H·R rows.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param q [sources, H, capacity, K]
   * @param k [sources, H, capacity, K]
   * @param token [R]
   * @param mode [R]
   * @param weight [2, R]
   * @param qRows output [H, R, K]
   * @param kRows output [H, R, K]
   * @param heads H
   * @param key K
   * @param capacity largest number of tokens
   * @param width M
   * @param gateValues 1 if weights apply to outputs and values
   */
  public static void normalise(
      KernelContext context,
      IntArray control,
      FloatArray q,
      FloatArray k,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      FloatArray qRows,
      FloatArray kRows,
      int heads,
      int key,
      int capacity,
      int width,
      int gateValues) {
    int item = context.localIdx;
    int lane = item % 16;
    int rows = capacity * (1 + width);
    int u = context.groupIdx * ROWS + item / 16;
    float[] ofQuery = context.allocateFloatLocalArray(ITEMS);
    float[] ofKey = context.allocateFloatLocalArray(ITEMS);
    int row = u % rows;
    int tokens = control.get(Control.TOKENS);
    int used = row < capacity ? tokens : capacity + tokens * width;
    int exists = u < heads * rows && row < used ? 1 : 0;
    int from = 0;
    float qWeight = 1f;
    float kWeight = 1f;
    if (exists == 1) {
      int head = row < capacity ? u / rows : heads + u / rows;
      from = (head * capacity + token.get(row)) * key;
      qWeight = gateValues == 1 ? 1f : weight.get(row);
      kWeight = gateValues == 1 ? 1f : weight.get(rows + row);
      float qSquares = 0f;
      float kSquares = 0f;
      for (int c = lane; c < key; c += 16) {
        float x = qWeight * q.get(from + c);
        float y = kWeight * k.get(from + c);
        qSquares += x * x;
        kSquares += y * y;
      }
      ofQuery[item] = qSquares;
      ofKey[item] = kSquares;
    }
    context.localBarrier();
    if (exists == 1) {
      float qSquares = NORM_EPS;
      float kSquares = NORM_EPS;
      int first = item / 16 * 16;
      for (int n = first; n < first + 16; n++) {
        qSquares += ofQuery[n];
        kSquares += ofKey[n];
      }
      int read = mode.get(row) & Routing.READ;
      int written = mode.get(row) & Routing.WRITTEN;
      // A query's weight multiplies it either way, inside of the norm or outside.
      float qScale = weight.get(row) / TornadoMath.sqrt(key) / TornadoMath.sqrt(qSquares);
      float kScale = kWeight / TornadoMath.sqrt(kSquares);
      for (int c = lane; c < key; c += 16) {
        qRows.set(u * key + c, read > 0 ? qScale * q.get(from + c) : 0f);
        kRows.set(u * key + c, written > 0 ? kScale * k.get(from + c) : 0f);
      }
    }
  }

  /**
   * The gradients of queries or keys from those of their rows through the normalisation, summed
   * over the key head's value heads; 0 for rows that are not read or not written. What the norm
   * leaves of the gradient of a row's weight w is formed as 1e-6·⟨dn, x⟩/|.|³. Groups: one for 8 of
   * the H·R rows.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param x [sources, H, capacity, K], queries or keys
   * @param token [R]
   * @param mode [R]
   * @param weight [2, R]
   * @param dKeys [2, HV, R, K]
   * @param dRows output [2, H, R, K], with the row's weight; the part of x is written
   * @param dWeightRows output [2, H, R]; the part of x is written unless gateValues is 1
   * @param which 0 for queries, 1 for keys
   * @param heads H
   * @param group HV/H
   * @param key K
   * @param capacity largest number of tokens
   * @param width M
   * @param gateValues 1 if weights apply to outputs and values
   */
  public static void gradients(
      KernelContext context,
      IntArray control,
      FloatArray x,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      FloatArray dKeys,
      FloatArray dRows,
      FloatArray dWeightRows,
      int which,
      int heads,
      int group,
      int key,
      int capacity,
      int width,
      int gateValues) {
    int item = context.localIdx;
    int lane = item % 16;
    int rows = capacity * (1 + width);
    int u = context.groupIdx * ROWS + item / 16;
    float[] partialSquares = context.allocateFloatLocalArray(ITEMS);
    float[] partialDots = context.allocateFloatLocalArray(ITEMS);
    int row = u % rows;
    int tokens = control.get(Control.TOKENS);
    int used = row < capacity ? tokens : capacity + tokens * width;
    int exists = u < heads * rows && row < used ? 1 : 0;
    int from = 0;
    int to = (which * heads * rows + u) * key;
    float own = 0f;
    float inner = 1f;
    if (exists == 1) {
      int h = u / rows;
      int head = row < capacity ? h : heads + h;
      from = (head * capacity + token.get(row)) * key;
      own = weight.get(which * rows + row);
      inner = gateValues == 1 ? 1f : own;
      float scale = 1f;
      if (which == 0) {
        scale = (gateValues == 1 ? own : 1f) / TornadoMath.sqrt(key);
      }
      float squares = 0f;
      float dot = 0f;
      for (int c = lane; c < key; c += 16) {
        float y = inner * x.get(from + c);
        float sum = 0f;
        for (int i = 0; i < group; i++) {
          int row0 = (which * heads * group + h * group + i) * rows + row;
          sum += dKeys.get(row0 * key + c);
        }
        sum *= scale;
        squares += y * y;
        dot += sum * y;
        dRows.set(to + c, sum);
      }
      partialSquares[item] = squares;
      partialDots[item] = dot;
    }
    context.localBarrier();
    if (exists == 1) {
      float squares = NORM_EPS;
      float dot = 0f;
      int first = item / 16 * 16;
      for (int n = first; n < first + 16; n++) {
        squares += partialSquares[n];
        dot += partialDots[n];
      }
      float inverse = 1f / TornadoMath.sqrt(squares);
      dot *= inverse;
      int part = mode.get(row) & (which == 0 ? Routing.READ : Routing.WRITTEN);
      for (int c = lane; c < key; c += 16) {
        float d = inverse * (dRows.get(to + c) - dot * inverse * inner * x.get(from + c));
        dRows.set(to + c, part > 0 ? inner * d : 0f);
      }
      if (gateValues == 0 && lane == 0) {
        float d = own > 0f ? dot * NORM_EPS * inverse * inverse / own : 0f;
        dWeightRows.set(which * heads * rows + u, part > 0 ? d : 0f);
      }
    }
  }

  /**
   * dv of every row, with its weight if that applies to values; 0 for rows that are not written.
   * Groups: one for 8 of the HV·R rows.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param rowGates [3 or more, HV, R]
   * @param dWrites [HV, R, V]
   * @param dvRows output [HV, R, V]
   * @param valueHeads HV
   * @param value V
   * @param capacity largest number of tokens
   * @param width M
   */
  public static void values(
      KernelContext context,
      IntArray control,
      FloatArray rowGates,
      FloatArray dWrites,
      FloatArray dvRows,
      int valueHeads,
      int value,
      int capacity,
      int width) {
    int item = context.localIdx;
    int units = valueHeads * capacity * (1 + width);
    int u = context.groupIdx * ROWS + item / 16;
    int row = u % (capacity * (1 + width));
    int tokens = control.get(Control.TOKENS);
    int used = row < capacity ? tokens : capacity + tokens * width;
    if (u < units && row < used) {
      float factor = rowGates.get(units + u) * rowGates.get(2 * units + u);
      for (int x = item % 16; x < value; x += 16) {
        dvRows.set(u * value + x, factor * dWrites.get(u * value + x));
      }
    }
  }
}
