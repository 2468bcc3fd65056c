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
 * h for a source. Blocks of tokens are worked on token by token, with the columns in the lanes, and
 * go through a transposed tile to or from the arrays in which tokens are contiguous.
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
          float[] tile = Scratch.floats(Scratch.TILE, Blocks.SUMMED * columns);
          for (int t = from; t < to; t++) {
            decay(as, a0 + t * ld, biases, d0, rates, tile, (t - from) * columns, columns);
          }
          scatter(tile, out, 0, capacity, from, to, columns);
          for (int t = from; t < to; t++) {
            strength(bs, b0 + t * ld, betaScale, tile, (t - from) * columns, columns);
          }
          scatter(tile, out, columns * capacity, capacity, from, to, columns);
        });
  }

  /** −exp(aLog). */
  private static float[] rates(FloatArray aLog, int at, int columns) {
    float[] rates = Scratch.floats(Scratch.PACKED_B, columns);
    VectorMath.exp(HeapAccess.floats(aLog), at, rates, 0, columns);
    Lanes.scale(rates, 0, -1, rates, 0, columns);
    return rates;
  }

  private static void decay(
      float[] a, int i, float[] bias, int k, float[] rates, float[] g, int o, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      FloatVector x = load(a, i + j).add(load(bias, k + j));
      VectorMath.softplus(x).mul(load(rates, j)).intoArray(g, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector x = load(a, i + j, m).add(load(bias, k + j, m));
      VectorMath.softplus(x).mul(load(rates, j, m)).intoArray(g, o + j, m);
    }
  }

  private static void strength(float[] b, int i, float scale, float[] beta, int o, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      VectorMath.sigmoid(load(b, i + j)).mul(scale).intoArray(beta, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      VectorMath.sigmoid(load(b, i + j, m)).mul(scale).intoArray(beta, o + j, m);
    }
  }

  /** out [columns, capacity] from o on, tokens from to to − 1, = tile [to − from, columns]. */
  private static void scatter(
      float[] tile, float[] out, int o, int capacity, int from, int to, int columns) {
    for (int j = 0; j < columns; j++) {
      int at = o + j * capacity;
      for (int t = from, i = j; t < to; t++, i += columns) out[at + t] = tile[i];
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
    Rows rows = new Rows(dGateRows, tokenRow, 0, valueHeads, columns, capacity, width);
    int tokens = Blocks.tokens(control);
    int blocks = Blocks.count(tokens, Blocks.SUMMED);
    float[] partial = Scratch.floats(Scratch.PARTIAL, 2 * (blocks + 1) * columns);
    Blocks.forEach(
        tokens,
        Blocks.SUMMED,
        (from, to) -> {
          float[] tile = Scratch.floats(Scratch.TILE, Blocks.SUMMED * columns);
          rows.gather(tile, from, to);
          int p = from / Blocks.SUMMED * 2 * columns;
          Arrays.fill(partial, p, p + 2 * columns, 0);
          for (int t = from; t < to; t++) {
            int row = (t - from) * columns;
            int at = t * ld;
            decayBack(as, a0 + at, biases, b0, rates, tile, row, das, d0 + at, partial, p, columns);
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

  /** One token: da from the gates' gradient d, and sums [2, n] for aLog and dtBias from p on. */
  private static void decayBack(
      float[] a,
      int i,
      float[] bias,
      int k,
      float[] rates,
      float[] d,
      int l,
      float[] da,
      int o,
      float[] sums,
      int p,
      int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      FloatVector x = load(a, i + j).add(load(bias, k + j));
      FloatVector y = load(d, l + j).mul(load(rates, j));
      FloatVector dx = y.mul(VectorMath.sigmoid(x));
      dx.intoArray(da, o + j);
      y.fma(VectorMath.softplus(x), load(sums, p + j)).intoArray(sums, p + j);
      load(sums, p + n + j).add(dx).intoArray(sums, p + n + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector x = load(a, i + j, m).add(load(bias, k + j, m));
      FloatVector y = load(d, l + j, m).mul(load(rates, j, m));
      FloatVector dx = y.mul(VectorMath.sigmoid(x));
      dx.intoArray(da, o + j, m);
      y.fma(VectorMath.softplus(x), load(sums, p + j, m)).intoArray(sums, p + j, m);
      load(sums, p + n + j, m).add(dx).intoArray(sums, p + n + j, m);
    }
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
    Rows rows = new Rows(dGateRows, tokenRow, 1, valueHeads, columns, capacity, width);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.SUMMED,
        (from, to) -> {
          float[] tile = Scratch.floats(Scratch.TILE, Blocks.SUMMED * columns);
          rows.gather(tile, from, to);
          for (int t = from; t < to; t++) {
            int row = (t - from) * columns;
            strengthBack(bs, b0 + t * ld, betaScale, tile, row, dbs, d0 + t * ld, columns);
          }
        });
  }

  private static void strengthBack(
      float[] b, int i, float scale, float[] d, int l, float[] db, int o, int n) {
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      slope(load(b, i + j)).mul(load(d, l + j)).mul(scale).intoArray(db, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      slope(load(b, i + j, m)).mul(load(d, l + j, m)).mul(scale).intoArray(db, o + j, m);
    }
  }

  /** sigmoid(x)·(1 − sigmoid(x)), without the difference: it loses a small sigmoid(−x). */
  private static FloatVector slope(FloatVector x) {
    FloatVector u = VectorMath.exp(x.abs().neg());
    FloatVector s = all(1).div(u.add(1));
    return s.mul(s).mul(u);
  }

  /** The gradients of the expanded rows: one part of [2, HV, R]. */
  private record Rows(
      float[] d, int[] places, int part, int valueHeads, int columns, int capacity, int width) {
    Rows(
        FloatArray d,
        IntArray tokenRow,
        int part,
        int valueHeads,
        int columns,
        int capacity,
        int width) {
      this(
          HeapAccess.floats(d),
          HeapAccess.ints(tokenRow),
          part,
          valueHeads,
          columns,
          capacity,
          width);
    }

    /** tile [to − from, columns]: row t for source 0, the sum of a token's sparse rows for 1. */
    void gather(float[] tile, int from, int to) {
      for (int j = 0; j < columns; j++) {
        int row0 = (part * valueHeads + j % valueHeads) * capacity * (1 + width);
        if (j < valueHeads) {
          for (int t = from, i = j; t < to; t++, i += columns) tile[i] = d[row0 + t];
        } else {
          for (int t = from, i = j; t < to; t++, i += columns) tile[i] = sparse(row0, t);
        }
      }
    }

    private float sparse(int row0, int t) {
      float sum = 0;
      for (int k = t * width; k < (t + 1) * width; k++) sum += d[row0 + places[k]];
      return sum;
    }
  }
}
