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

/**
 * Decay and write strength of the gated delta rule. Column j = source·HV + h is that of value head
 * h for a source. Blocks of tokens are worked on column by column, with the tokens in the lanes:
 * columns may be few, and in the gates tokens are contiguous.
 */
public final class DeltaGates {
  private DeltaGates() {}

  /**
   * gates[0, j, t] = −exp(aLog[j])·softplus(a[t, j] + dtBias[j]), gates[1, j, t] =
   * betaScale·sigmoid(b[t, j]).
   *
   * @param control see {@code Control}
   * @param a from its base on [L, ld]
   * @param aAt base index of a
   * @param b from its base on [L, ld]
   * @param bAt base index of b
   * @param aLog [columns]
   * @param aLogAt base index of aLog
   * @param dtBias [columns]
   * @param dtBiasAt base index of dtBias
   * @param gates [2, columns, capacity]
   * @param ld row stride of a and b
   * @param columns sources·HV
   * @param capacity stride of a column of gates
   * @param betaScale factor of the write strengths
   */
  public static void gates(
      IntArray control,
      FloatArray a,
      int aAt,
      FloatArray b,
      int bAt,
      FloatArray aLog,
      int aLogAt,
      FloatArray dtBias,
      int dtBiasAt,
      FloatArray gates,
      int ld,
      int columns,
      int capacity,
      float betaScale) {
    float[] as = HeapAccess.floats(a);
    float[] bs = HeapAccess.floats(b);
    float[] biases = HeapAccess.floats(dtBias);
    float[] out = HeapAccess.floats(gates);
    int a0 = control.get(aAt);
    int b0 = control.get(bAt);
    int d0 = control.get(dtBiasAt);
    float[] rates = rates(aLog, control.get(aLogAt), columns);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.SUMMED,
        (from, to) -> {
          float[] x = Scratch.floats(Scratch.INPUT, Blocks.SUMMED);
          int n = to - from;
          for (int j = 0; j < columns; j++) {
            gather(as, a0 + from * ld + j, ld, x, n);
            decay(x, biases[d0 + j], rates[j], out, j * capacity + from, n);
            gather(bs, b0 + from * ld + j, ld, x, n);
            strength(x, betaScale, out, (columns + j) * capacity + from, n);
          }
        });
  }

  /** −exp(aLog). */
  private static float[] rates(FloatArray aLog, int at, int columns) {
    float[] rates = Scratch.floats(Scratch.PACKED_B, columns);
    VectorMath.exp(HeapAccess.floats(aLog), at, rates, 0, columns);
    Lanes.scale(rates, 0, -1, rates, 0, columns);
    return rates;
  }

  /** n elements that lie ld apart. */
  private static void gather(float[] a, int i, int ld, float[] x, int n) {
    for (int t = 0, at = i; t < n; t++, at += ld) x[t] = a[at];
  }

  private static void decay(float[] x, float bias, float rate, float[] g, int o, int n) {
    int t = 0;
    for (; t + COUNT <= n; t += COUNT) {
      VectorMath.softplus(load(x, t).add(bias)).mul(rate).intoArray(g, o + t);
    }
    if (t < n) {
      VectorMask<Float> m = below(t, n);
      VectorMath.softplus(load(x, t, m).add(bias)).mul(rate).intoArray(g, o + t, m);
    }
  }

  private static void strength(float[] x, float scale, float[] beta, int o, int n) {
    int t = 0;
    for (; t + COUNT <= n; t += COUNT) {
      VectorMath.sigmoid(load(x, t)).mul(scale).intoArray(beta, o + t);
    }
    if (t < n) {
      VectorMask<Float> m = below(t, n);
      VectorMath.sigmoid(load(x, t, m)).mul(scale).intoArray(beta, o + t, m);
    }
  }

  /**
   * Gradient of the decays through the expanded rows: da, and sums over tokens for aLog and dtBias.
   *
   * @param control see {@code Control}
   * @param a from its base on [L, ld]
   * @param aAt base index of a
   * @param aLog [columns]
   * @param aLogAt base index of aLog
   * @param dtBias [columns]
   * @param dtBiasAt base index of dtBias
   * @param dGateRows [2, HV, capacity·(1 + width)], the first part is read
   * @param tokenRow [capacity·width], read for source 1
   * @param da from its base on [L, ld]
   * @param daAt base index of da
   * @param dALog [columns], accumulates
   * @param dALogAt base index of dALog
   * @param dDtBias [columns], accumulates
   * @param dDtBiasAt base index of dDtBias
   * @param ld row stride of a and da
   * @param valueHeads HV
   * @param columns sources·HV
   * @param capacity largest number of tokens
   * @param width sparse rows of a token
   */
  public static void decayGradient(
      IntArray control,
      FloatArray a,
      int aAt,
      FloatArray aLog,
      int aLogAt,
      FloatArray dtBias,
      int dtBiasAt,
      FloatArray dGateRows,
      IntArray tokenRow,
      FloatArray da,
      int daAt,
      FloatArray dALog,
      int dALogAt,
      FloatArray dDtBias,
      int dDtBiasAt,
      int ld,
      int valueHeads,
      int columns,
      int capacity,
      int width) {
    float[] as = HeapAccess.floats(a);
    float[] biases = HeapAccess.floats(dtBias);
    float[] das = HeapAccess.floats(da);
    int a0 = control.get(aAt);
    int b0 = control.get(dtBiasAt);
    int d0 = control.get(daAt);
    float[] rates = rates(aLog, control.get(aLogAt), columns);
    Rows rows = new Rows(dGateRows, tokenRow, 0, valueHeads, capacity, width);
    int tokens = Blocks.tokens(control);
    int blocks = Blocks.count(tokens, Blocks.SUMMED);
    float[] partial = Scratch.floats(Scratch.PARTIAL, 2 * (blocks + 1) * columns);
    Blocks.forEach(
        tokens,
        Blocks.SUMMED,
        (from, to) -> {
          float[] x = Scratch.floats(Scratch.INPUT, Blocks.SUMMED);
          float[] d = Scratch.floats(Scratch.GRADIENT, Blocks.SUMMED);
          int n = to - from;
          int p = from / Blocks.SUMMED * 2 * columns;
          for (int j = 0; j < columns; j++) {
            gather(as, a0 + from * ld + j, ld, x, n);
            rows.gather(j, from, to, d);
            partial[p + j] = logSum(x, biases[b0 + j], rates[j], d, n);
            decayBack(x, biases[b0 + j], rates[j], d, n);
            partial[p + columns + j] = scatter(d, das, d0 + from * ld + j, ld, n);
          }
        });
    int total = 2 * blocks * columns;
    Arrays.fill(partial, total, total + 2 * columns, 0);
    Blocks.addPartial(partial, blocks, 2 * columns, partial, total);
    float[] logs = HeapAccess.floats(dALog);
    int l0 = control.get(dALogAt);
    Lanes.add(logs, l0, partial, total, logs, l0, columns);
    float[] sums = HeapAccess.floats(dDtBias);
    int s0 = control.get(dDtBiasAt);
    Lanes.add(sums, s0, partial, total + columns, sums, s0, columns);
  }

  /** Σ d·rate·softplus(x + bias): of a gradient of gates times the gates. */
  private static float logSum(float[] x, float bias, float rate, float[] d, int n) {
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    int t = 0;
    for (; t + COUNT <= n; t += COUNT) {
      sum = VectorMath.softplus(load(x, t).add(bias)).fma(load(d, t), sum);
    }
    if (t < n) {
      VectorMask<Float> m = below(t, n);
      sum = VectorMath.softplus(load(x, t, m).add(bias)).fma(load(d, t, m), sum);
    }
    return rate * VectorMath.sum(sum);
  }

  /** d = d·rate·sigmoid(x + bias). */
  private static void decayBack(float[] x, float bias, float rate, float[] d, int n) {
    int t = 0;
    for (; t + COUNT <= n; t += COUNT) {
      VectorMath.sigmoid(load(x, t).add(bias)).mul(load(d, t)).mul(rate).intoArray(d, t);
    }
    if (t < n) {
      VectorMask<Float> m = below(t, n);
      VectorMath.sigmoid(load(x, t, m).add(bias)).mul(load(d, t, m)).mul(rate).intoArray(d, t, m);
    }
  }

  /** n elements to places that lie ld apart; their sum in order. */
  private static float scatter(float[] d, float[] to, int o, int ld, int n) {
    float sum = 0;
    for (int t = 0, at = o; t < n; t++, at += ld) {
      to[at] = d[t];
      sum += d[t];
    }
    return sum;
  }

  /**
   * Gradient of the write strengths through the expanded rows.
   *
   * @param control see {@code Control}
   * @param b from its base on [L, ld]
   * @param bAt base index of b
   * @param dGateRows [2, HV, capacity·(1 + width)], the second part is read
   * @param tokenRow [capacity·width], read for source 1
   * @param db from its base on [L, ld]
   * @param dbAt base index of db
   * @param ld row stride of b and db
   * @param valueHeads HV
   * @param columns sources·HV
   * @param capacity largest number of tokens
   * @param width sparse rows of a token
   * @param betaScale factor of the write strengths
   */
  public static void strengthGradient(
      IntArray control,
      FloatArray b,
      int bAt,
      FloatArray dGateRows,
      IntArray tokenRow,
      FloatArray db,
      int dbAt,
      int ld,
      int valueHeads,
      int columns,
      int capacity,
      int width,
      float betaScale) {
    float[] bs = HeapAccess.floats(b);
    float[] dbs = HeapAccess.floats(db);
    int b0 = control.get(bAt);
    int d0 = control.get(dbAt);
    Rows rows = new Rows(dGateRows, tokenRow, 1, valueHeads, capacity, width);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.SUMMED,
        (from, to) -> {
          float[] x = Scratch.floats(Scratch.INPUT, Blocks.SUMMED);
          float[] d = Scratch.floats(Scratch.GRADIENT, Blocks.SUMMED);
          int n = to - from;
          for (int j = 0; j < columns; j++) {
            gather(bs, b0 + from * ld + j, ld, x, n);
            rows.gather(j, from, to, d);
            strengthBack(x, betaScale, d, n);
            scatter(d, dbs, d0 + from * ld + j, ld, n);
          }
        });
  }

  /** d = d·scale·(the slope of the sigmoid at x). */
  private static void strengthBack(float[] x, float scale, float[] d, int n) {
    int t = 0;
    for (; t + COUNT <= n; t += COUNT) {
      slope(load(x, t)).mul(load(d, t)).mul(scale).intoArray(d, t);
    }
    if (t < n) {
      VectorMask<Float> m = below(t, n);
      slope(load(x, t, m)).mul(load(d, t, m)).mul(scale).intoArray(d, t, m);
    }
  }

  /** sigmoid(x)·(1 − sigmoid(x)), without the difference: it loses a small sigmoid(−x). */
  private static FloatVector slope(FloatVector x) {
    FloatVector u = VectorMath.exp(x.abs().neg());
    FloatVector s = all(1).div(u.add(1));
    return s.mul(s).mul(u);
  }

  /** The gradients of the expanded rows: one part of [2, HV, R]. */
  private record Rows(float[] d, int[] places, int part, int valueHeads, int capacity, int width) {
    Rows(FloatArray d, IntArray tokenRow, int part, int valueHeads, int capacity, int width) {
      this(HeapAccess.floats(d), HeapAccess.ints(tokenRow), part, valueHeads, capacity, width);
    }

    /** Column j of tokens from to to − 1: row t for source 0, the sum of sparse rows for 1. */
    void gather(int j, int from, int to, float[] into) {
      int row0 = (part * valueHeads + j % valueHeads) * capacity * (1 + width);
      if (j < valueHeads) {
        System.arraycopy(d, row0 + from, into, 0, to - from);
      } else {
        for (int t = from; t < to; t++) into[t - from] = sparse(row0, t);
      }
    }

    private float sparse(int row0, int t) {
      float sum = 0;
      for (int k = t * width; k < (t + 1) * width; k++) sum += d[row0 + places[k]];
      return sum;
    }
  }
}
