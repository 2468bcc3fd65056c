package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Decay and write strength of the gated delta rule, see docs/mathematics.md section 3. Column j =
 * source·HV + h is that of value head h for a source.
 */
public final class DeltaGates {
  private DeltaGates() {}

  /**
   * gates[0, j, t] = −exp(aLog[j])·softplus(a[t, j] + dtBias[j]), gates[1, j, t] =
   * betaScale·sigmoid(b[t, j]).
   *
   * @param control see {@link Control}
   * @param a from its base on [L, ld]
   * @param aAt base of a
   * @param b from its base on [L, ld]
   * @param bAt base of b
   * @param aLog [columns]
   * @param aLogAt base of aLog
   * @param dtBias [columns]
   * @param dtBiasAt base of dtBias
   * @param gates output [2, columns, capacity]
   * @param ld row stride of a and b
   * @param columns sources·HV
   * @param capacity largest number of tokens
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
    for (@Parallel int t = 0; t < capacity; t++) {
      for (@Parallel int j = 0; j < columns; j++) {
        if (t < control.get(Control.TOKENS)) {
          float rate = TornadoMath.exp(aLog.get(control.get(aLogAt) + j));
          float x = a.get(control.get(aAt) + t * ld + j) + dtBias.get(control.get(dtBiasAt) + j);
          float strength = Elementary.sigmoid(b.get(control.get(bAt) + t * ld + j));
          gates.set(j * capacity + t, -rate * softplus(x));
          gates.set((columns + j) * capacity + t, betaScale * strength);
        }
      }
    }
  }

  /** log(1 + exp(x)); small results keep their relative precision. */
  public static float softplus(float x) {
    float u = TornadoMath.exp(-TornadoMath.abs(x));
    // log(1 + u) = 2·artanh(r), whose series neither loses a small u nor needs more terms.
    float r = u / (2f + u);
    float s = r * r;
    float series = 1f / 13f + s * (1f / 15f);
    series = 1f / 9f + s * (1f / 11f + s * series);
    series = 1f / 5f + s * (1f / 7f + s * series);
    return TornadoMath.max(x, 0f) + 2f * r * (1f + s * (1f / 3f + s * series));
  }

  /**
   * Gradient of the decays: da, and partial sums over blocks of tokens for aLog and dtBias.
   *
   * @param control see {@link Control}
   * @param a from its base on [L, ld]
   * @param aAt base of a
   * @param aLog [columns]
   * @param aLogAt base of aLog
   * @param dtBias [columns]
   * @param dtBiasAt base of dtBias
   * @param dGateRows [2, HV, R] of the expanded rows; the first part is read
   * @param tokenRow [capacity·M]; any array with one source
   * @param da output, from its base on [L, ld]
   * @param daAt base of da
   * @param partialLog output [blocks, columns]
   * @param partialBias output [blocks, columns]
   * @param ld row stride of a and da
   * @param valueHeads HV
   * @param columns sources·HV
   * @param capacity largest number of tokens
   * @param width M
   * @param blocks ⌈capacity/64⌉
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
      FloatArray partialLog,
      FloatArray partialBias,
      int ld,
      int valueHeads,
      int columns,
      int capacity,
      int width,
      int blocks) {
    for (@Parallel int block = 0; block < blocks; block++) {
      for (@Parallel int j = 0; j < columns; j++) {
        int begin = block * Sums.TOKENS_PER_BLOCK;
        int end = TornadoMath.min(begin + Sums.TOKENS_PER_BLOCK, control.get(Control.TOKENS));
        int ai = control.get(aAt) + j;
        int to = control.get(daAt) + j;
        int row0 = j % valueHeads * capacity * (1 + width);
        float rate = TornadoMath.exp(aLog.get(control.get(aLogAt) + j));
        float bias = dtBias.get(control.get(dtBiasAt) + j);
        float sumLog = 0f;
        float sumBias = 0f;
        for (int t = begin; t < end; t++) {
          float x = a.get(ai + t * ld) + bias;
          float d = -rate * gather(dGateRows, row0, tokenRow, t, width, j / valueHeads);
          float dx = d * Elementary.sigmoid(x);
          da.set(to + t * ld, dx);
          sumLog += d * softplus(x);
          sumBias += dx;
        }
        partialLog.set(block * columns + j, sumLog);
        partialBias.set(block * columns + j, sumBias);
      }
    }
  }

  /**
   * The gradient of a token's gate: row t for source 0, the sum of its sparse rows for source 1.
   */
  private static float gather(
      FloatArray rows, int row0, IntArray tokenRow, int t, int width, int source) {
    float sum = 0f;
    if (source == 0) {
      sum = rows.get(row0 + t);
    } else {
      for (int k = 0; k < width; k++) {
        sum += rows.get(row0 + tokenRow.get(t * width + k));
      }
    }
    return sum;
  }

  /**
   * Gradient of the write strengths.
   *
   * @param control see {@link Control}
   * @param b from its base on [L, ld]
   * @param bAt base of b
   * @param dGateRows [2, HV, R] of the expanded rows; the second part is read
   * @param tokenRow [capacity·M]; any array with one source
   * @param db output, from its base on [L, ld]
   * @param dbAt base of db
   * @param ld row stride of b and db
   * @param valueHeads HV
   * @param columns sources·HV
   * @param capacity largest number of tokens
   * @param width M
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
    for (@Parallel int t = 0; t < capacity; t++) {
      for (@Parallel int j = 0; j < columns; j++) {
        if (t < control.get(Control.TOKENS)) {
          int row0 = (valueHeads + j % valueHeads) * capacity * (1 + width);
          float x = b.get(control.get(bAt) + t * ld + j);
          float d = gather(dGateRows, row0, tokenRow, t, width, j / valueHeads);
          // 1 − sigmoid(x) would lose the digits of a small sigmoid(−x).
          float slope = Elementary.sigmoid(x) * Elementary.sigmoid(-x);
          db.set(control.get(dbAt) + t * ld + j, betaScale * d * slope);
        }
      }
    }
  }

  /**
   * dTop[t·M + j] += Σ_h of the gradients of the weights of the token's row of rank j.
   *
   * @param control see {@link Control}
   * @param dWeightRows [2, HV, R]: of the weight of a row's output, then of its value
   * @param tokenRow [capacity·M]
   * @param dTop [L, M], added to
   * @param dTopAt base of dTop
   * @param first first part that counts, 0 or 1
   * @param parts number of parts that count
   * @param valueHeads HV
   * @param rows R
   * @param width M
   * @param capacity largest number of tokens
   */
  public static void weightGradient(
      IntArray control,
      FloatArray dWeightRows,
      IntArray tokenRow,
      FloatArray dTop,
      int dTopAt,
      int first,
      int parts,
      int valueHeads,
      int rows,
      int width,
      int capacity) {
    for (@Parallel int t = 0; t < capacity; t++) {
      for (@Parallel int j = 0; j < width; j++) {
        if (t < control.get(Control.TOKENS)) {
          int at = first * valueHeads * rows + tokenRow.get(t * width + j);
          float sum = 0f;
          for (int i = 0; i < parts * valueHeads; i++) {
            sum += dWeightRows.get(at + i * rows);
          }
          int to = control.get(dTopAt) + t * width + j;
          dTop.set(to, dTop.get(to) + sum);
        }
      }
    }
  }
}
