package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The gradient of {@link GatedDeltaRule}; see docs/mathematics.md section 3. Two sweeps over a
 * segment's chunks, forward for the states before them and backward for the gradients of the states
 * after them, leave each row's error v̂ − k̂·S and the gradient of what it writes; all else runs
 * over all rows at once.
 *
 * <p>The gradient of a decay is a sum over all pairs of an earlier write and a later read, or
 * prediction, that the decay stands between. Such pairs are added up, never subtracted from a sum
 * over more of them: under strong decay that difference would be rounding alone.
 */
public final class GatedDeltaRuleGradient {
  private static final int CHUNK = GatedDeltaRule.CHUNK;

  private GatedDeltaRuleGradient() {}

  /**
   * The states before every chunk, and every row's error.
   *
   * @param control see {@link Control}
   * @param table see {@link GatedDeltaRule#chunkTable}
   * @param token [R]
   * @param k [H, R, K] of {@link GatedDeltaRule#normalise}
   * @param rowGates see {@link GatedDeltaRule#rowGates}
   * @param pairs see {@link GatedDeltaRule#pairs}
   * @param v [HV, capacity, V]
   * @param state [segments, HV, K, V] initial states, read if control[USE_STATE] is 1
   * @param stateAt base of state
   * @param errors output [HV, R, V]: v̂ − k̂·S
   * @param states output [maxChunks, HV, K, V]
   * @param group HV/H
   * @param valueHeads HV
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param size 4·K
   * @param units maxSegments·HV·⌈V/4⌉
   */
  public static void states(
      IntArray control,
      IntArray table,
      IntArray token,
      FloatArray k,
      FloatArray rowGates,
      FloatArray pairs,
      FloatArray v,
      FloatArray state,
      int stateAt,
      FloatArray errors,
      FloatArray states,
      int group,
      int valueHeads,
      int key,
      int value,
      int capacity,
      int rows,
      int size,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int blocks = (value + 3) / 4;
      int segment = u / blocks / valueHeads;
      int h = u / blocks % valueHeads;
      int bounds = units / blocks / valueHeads + 1;
      int last = table.get(segment + 1);
      if (table.get(segment) < last) {
        int x = u % blocks * 4;
        int x1 = TornadoMath.min(x + 1, value - 1);
        int x2 = TornadoMath.min(x + 2, value - 1);
        int x3 = TornadoMath.min(x + 3, value - 1);
        int gates = h * rows;
        int part = valueHeads * rows;
        int keys = h / group * rows;
        int useState = control.get(Control.USE_STATE);
        int si = 0;
        if (useState == 1) {
          si = control.get(stateAt) + (segment * valueHeads + h) * key * value;
        }
        float[] s = new float[size]; // [K, 4]
        float[] w = new float[4 * CHUNK]; // [64, 4], what the chunk's rows write
        for (int c = 0; c < key; c++) {
          s[4 * c] = useState == 1 ? state.get(si + c * value + x) : 0f;
          s[4 * c + 1] = useState == 1 ? state.get(si + c * value + x1) : 0f;
          s[4 * c + 2] = useState == 1 ? state.get(si + c * value + x2) : 0f;
          s[4 * c + 3] = useState == 1 ? state.get(si + c * value + x3) : 0f;
        }
        for (int n = table.get(segment); n < last; n++) {
          int begin = table.get(bounds + 2 * n);
          int end = table.get(bounds + 2 * n + 1);
          float product = 1f;
          for (int i = begin; i < end; i++) {
            int ri = (keys + i) * key;
            float p0 = 0f;
            float p1 = 0f;
            float p2 = 0f;
            float p3 = 0f;
            for (int c = 0; c < key; c++) {
              float z = k.get(ri + c);
              p0 += z * s[4 * c];
              p1 += z * s[4 * c + 1];
              p2 += z * s[4 * c + 2];
              p3 += z * s[4 * c + 3];
            }
            product *= rowGates.get(gates + i);
            p0 *= product;
            p1 *= product;
            p2 *= product;
            p3 *= product;
            int pi = (part + gates + i) * CHUNK;
            int own = i - begin;
            for (int j = 0; j < own; j++) {
              float z = pairs.get(pi + j);
              p0 += z * w[4 * j];
              p1 += z * w[4 * j + 1];
              p2 += z * w[4 * j + 2];
              p3 += z * w[4 * j + 3];
            }
            float strength = rowGates.get(part + gates + i);
            float factor = rowGates.get(2 * part + gates + i);
            int vi = (h * capacity + token.get(i)) * value;
            p0 = factor * v.get(vi + x) - p0;
            p1 = factor * v.get(vi + x1) - p1;
            p2 = factor * v.get(vi + x2) - p2;
            p3 = factor * v.get(vi + x3) - p3;
            w[4 * own] = strength * p0;
            w[4 * own + 1] = strength * p1;
            w[4 * own + 2] = strength * p2;
            w[4 * own + 3] = strength * p3;
            // Columns beyond the last one have its value.
            int to = (gates + i) * value;
            errors.set(to + x, p0);
            errors.set(to + x1, p1);
            errors.set(to + x2, p2);
            errors.set(to + x3, p3);
          }
          product = 1f;
          for (int i = end - 1; i >= begin; i--) {
            int own = 4 * (i - begin);
            w[own] *= product;
            w[own + 1] *= product;
            w[own + 2] *= product;
            w[own + 3] *= product;
            product *= rowGates.get(gates + i);
          }
          for (int c = 0; c < key; c++) {
            float s0 = s[4 * c];
            float s1 = s[4 * c + 1];
            float s2 = s[4 * c + 2];
            float s3 = s[4 * c + 3];
            int to = ((n * valueHeads + h) * key + c) * value;
            states.set(to + x, s0);
            states.set(to + x1, s1);
            states.set(to + x2, s2);
            states.set(to + x3, s3);
            s0 *= product;
            s1 *= product;
            s2 *= product;
            s3 *= product;
            for (int i = begin; i < end; i++) {
              float y = k.get((keys + i) * key + c);
              int own = 4 * (i - begin);
              s0 += y * w[own];
              s1 += y * w[own + 1];
              s2 += y * w[own + 2];
              s3 += y * w[own + 3];
            }
            s[4 * c] = s0;
            s[4 * c + 1] = s1;
            s[4 * c + 2] = s2;
            s[4 * c + 3] = s3;
          }
        }
      }
    }
  }

  /**
   * The gradients of the states after every chunk and of what every row writes, from the last chunk
   * to the first; within a chunk from the last row to the first, each from what later rows read of
   * it and predict from it.
   *
   * @param control see {@link Control}
   * @param table see {@link GatedDeltaRule#chunkTable}
   * @param token [R]
   * @param q [H, R, K] of {@link GatedDeltaRule#normalise}
   * @param k [H, R, K] of {@link GatedDeltaRule#normalise}
   * @param rowGates see {@link GatedDeltaRule#rowGates}
   * @param pairs see {@link GatedDeltaRule#pairs}
   * @param dOut [HV, capacity, V]
   * @param dState [segments, HV, K, V]: if control[USE_STATE] is 1, the gradient of the final
   *     states is replaced by that of the initial ones
   * @param dStateAt base of dState
   * @param dWrites output [HV, R, V]: gradient of β·error
   * @param dStates output [maxChunks, HV, K, V]
   * @param group HV/H
   * @param valueHeads HV
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param size 4·K
   * @param units maxSegments·HV·⌈V/4⌉
   */
  public static void stateGradients(
      IntArray control,
      IntArray table,
      IntArray token,
      FloatArray q,
      FloatArray k,
      FloatArray rowGates,
      FloatArray pairs,
      FloatArray dOut,
      FloatArray dState,
      int dStateAt,
      FloatArray dWrites,
      FloatArray dStates,
      int group,
      int valueHeads,
      int key,
      int value,
      int capacity,
      int rows,
      int size,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int blocks = (value + 3) / 4;
      int segment = u / blocks / valueHeads;
      int h = u / blocks % valueHeads;
      int bounds = units / blocks / valueHeads + 1;
      int first = table.get(segment);
      int last = table.get(segment + 1);
      if (first < last) {
        int x = u % blocks * 4;
        int x1 = TornadoMath.min(x + 1, value - 1);
        int x2 = TornadoMath.min(x + 2, value - 1);
        int x3 = TornadoMath.min(x + 3, value - 1);
        int gates = h * rows;
        int part = valueHeads * rows;
        int keys = h / group * rows;
        int useState = control.get(Control.USE_STATE);
        int si = 0;
        if (useState == 1) {
          si = control.get(dStateAt) + (segment * valueHeads + h) * key * value;
        }
        float[] s = new float[size]; // [K, 4]
        float[] o = new float[4 * CHUNK]; // [64, 4], gradients of the chunk's outputs
        float[] e = new float[4 * CHUNK]; // [64, 4], gradients of its errors
        for (int c = 0; c < key; c++) {
          s[4 * c] = useState == 1 ? dState.get(si + c * value + x) : 0f;
          s[4 * c + 1] = useState == 1 ? dState.get(si + c * value + x1) : 0f;
          s[4 * c + 2] = useState == 1 ? dState.get(si + c * value + x2) : 0f;
          s[4 * c + 3] = useState == 1 ? dState.get(si + c * value + x3) : 0f;
        }
        for (int n = last - 1; n >= first; n--) {
          int begin = table.get(bounds + 2 * n);
          int end = table.get(bounds + 2 * n + 1);
          float product = 1f;
          for (int j = end - 1; j >= begin; j--) {
            int rj = (keys + j) * key;
            float d0 = 0f;
            float d1 = 0f;
            float d2 = 0f;
            float d3 = 0f;
            for (int c = 0; c < key; c++) {
              float z = k.get(rj + c);
              d0 += z * s[4 * c];
              d1 += z * s[4 * c + 1];
              d2 += z * s[4 * c + 2];
              d3 += z * s[4 * c + 3];
            }
            d0 *= product;
            d1 *= product;
            d2 *= product;
            d3 *= product;
            product *= rowGates.get(gates + j);
            for (int i = end - 1; i > j; i--) {
              int pi = (gates + i) * CHUNK + j - begin;
              float y = pairs.get(pi);
              float z = pairs.get(part * CHUNK + pi);
              int from = 4 * (i - begin);
              d0 += y * o[from] - z * e[from];
              d1 += y * o[from + 1] - z * e[from + 1];
              d2 += y * o[from + 2] - z * e[from + 2];
              d3 += y * o[from + 3] - z * e[from + 3];
            }
            int own = 4 * (j - begin);
            int oi = (h * capacity + token.get(j)) * value;
            o[own] = dOut.get(oi + x);
            o[own + 1] = dOut.get(oi + x1);
            o[own + 2] = dOut.get(oi + x2);
            o[own + 3] = dOut.get(oi + x3);
            float y = pairs.get((gates + j) * CHUNK + j - begin);
            d0 += y * o[own];
            d1 += y * o[own + 1];
            d2 += y * o[own + 2];
            d3 += y * o[own + 3];
            float strength = rowGates.get(part + gates + j);
            e[own] = strength * d0;
            e[own + 1] = strength * d1;
            e[own + 2] = strength * d2;
            e[own + 3] = strength * d3;
            // Columns beyond the last one have its value.
            int to = (gates + j) * value;
            dWrites.set(to + x, d0);
            dWrites.set(to + x1, d1);
            dWrites.set(to + x2, d2);
            dWrites.set(to + x3, d3);
          }
          product = 1f;
          for (int i = begin; i < end; i++) {
            product *= rowGates.get(gates + i);
            int own = 4 * (i - begin);
            for (int y = own; y < own + 4; y++) {
              o[y] *= product;
              e[y] *= product;
            }
          }
          for (int c = 0; c < key; c++) {
            float s0 = s[4 * c];
            float s1 = s[4 * c + 1];
            float s2 = s[4 * c + 2];
            float s3 = s[4 * c + 3];
            int to = ((n * valueHeads + h) * key + c) * value;
            dStates.set(to + x, s0);
            dStates.set(to + x1, s1);
            dStates.set(to + x2, s2);
            dStates.set(to + x3, s3);
            s0 *= product;
            s1 *= product;
            s2 *= product;
            s3 *= product;
            for (int i = begin; i < end; i++) {
              float y = q.get((keys + i) * key + c);
              float z = k.get((keys + i) * key + c);
              int own = 4 * (i - begin);
              s0 += y * o[own] - z * e[own];
              s1 += y * o[own + 1] - z * e[own + 1];
              s2 += y * o[own + 2] - z * e[own + 2];
              s3 += y * o[own + 3] - z * e[own + 3];
            }
            s[4 * c] = s0;
            s[4 * c + 1] = s1;
            s[4 * c + 2] = s2;
            s[4 * c + 3] = s3;
          }
        }
        if (useState == 1) {
          for (int c = 0; c < key; c++) {
            dState.set(si + c * value + x, s[4 * c]);
            dState.set(si + c * value + x1, s[4 * c + 1]);
            dState.set(si + c * value + x2, s[4 * c + 2]);
            dState.set(si + c * value + x3, s[4 * c + 3]);
          }
        }
      }
    }
  }

  /**
   * Gradients of the products of rows i with rows j of their chunk, in place of the pairs: reads
   * become Π decay[j + 1..i]·⟨dOut_i, write_j⟩ for j ≤ i, predictions Π decay[j + 1..i]·⟨dError_i,
   * write_j⟩ for j &lt; i. The third part gets, at column m ≤ i, what row i gives to the gradient
   * of the decay of row m: the sum over j &lt; m of ⟨dOut_i, read of j⟩ − ⟨dError_i, prediction
   * from j⟩.
   *
   * @param table see {@link GatedDeltaRule#chunkTable}
   * @param token [R]
   * @param rowGates see {@link GatedDeltaRule#rowGates}
   * @param dOut [HV, capacity, V]
   * @param errors [HV, R, V]
   * @param dWrites [HV, R, V]
   * @param pairs [3, HV, R, 64] of {@link GatedDeltaRule#pairs}, replaced; the last part is output
   * @param valueHeads HV
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param maxSegments largest number of segments
   * @param units maxChunks·HV·64
   */
  public static void pairGradients(
      IntArray table,
      IntArray token,
      FloatArray rowGates,
      FloatArray dOut,
      FloatArray errors,
      FloatArray dWrites,
      FloatArray pairs,
      int valueHeads,
      int value,
      int capacity,
      int rows,
      int maxSegments,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int bounds = maxSegments + 1 + 2 * (u / CHUNK / valueHeads);
      int h = u / CHUNK % valueHeads;
      int begin = table.get(bounds);
      int i = begin + u % CHUNK;
      if (i < table.get(bounds + 1)) {
        int part = valueHeads * rows;
        int gates = h * rows;
        int to = (gates + i) * CHUNK - begin;
        int predictions = part * CHUNK + to;
        int sums = 2 * part * CHUNK + to;
        int oi = (h * capacity + token.get(i)) * value;
        int wi = (gates + i) * value;
        float ownStrength = rowGates.get(part + gates + i);
        float product = 1f;
        for (int j = i; j >= begin; j--) {
          int wj = (gates + j) * value;
          float dRead = 0f;
          float dPrediction = 0f;
          for (int x = 0; x < value; x++) {
            float error = errors.get(wj + x);
            dRead += dOut.get(oi + x) * error;
            dPrediction += dWrites.get(wi + x) * error;
          }
          float strength = rowGates.get(part + gates + j);
          dRead *= strength;
          dPrediction *= strength * ownStrength;
          float read = pairs.get(to + j) * dRead;
          float predicted = pairs.get(predictions + j) * dPrediction;
          pairs.set(to + j, product * dRead);
          pairs.set(predictions + j, product * dPrediction);
          pairs.set(sums + j, read - predicted);
          product *= rowGates.get(gates + j);
        }
        float sum = 0f;
        for (int m = begin; m <= i; m++) {
          float own = pairs.get(sums + m);
          pairs.set(sums + m, sum);
          sum += own;
        }
      }
    }
  }

  /**
   * The gradients of what {@link GatedDeltaRule#normalise} gives, one for each value head; and what
   * rows have to do with decays through the states: with those before the row, from the state
   * before the chunk, and with those after it, to the state after the chunk.
   *
   * @param table see {@link GatedDeltaRule#chunkTable}
   * @param token [R]
   * @param q [H, R, K] of {@link GatedDeltaRule#normalise}
   * @param k [H, R, K] of {@link GatedDeltaRule#normalise}
   * @param pairs [3, HV, R, 64] of {@link #pairGradients}
   * @param dOut [HV, capacity, V]
   * @param errors [HV, R, V]
   * @param dWrites [HV, R, V]
   * @param states [maxChunks, HV, K, V]
   * @param dStates [maxChunks, HV, K, V]
   * @param rowGates [5, HV, R], the last two parts are written
   * @param dKeys output [2, HV, R, K]: of qRows, of kRows
   * @param group HV/H
   * @param valueHeads HV
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param maxSegments largest number of segments
   * @param units maxChunks·HV·64
   */
  public static void keyGradients(
      IntArray table,
      IntArray token,
      FloatArray q,
      FloatArray k,
      FloatArray pairs,
      FloatArray dOut,
      FloatArray errors,
      FloatArray dWrites,
      FloatArray states,
      FloatArray dStates,
      FloatArray rowGates,
      FloatArray dKeys,
      int group,
      int valueHeads,
      int key,
      int value,
      int capacity,
      int rows,
      int maxSegments,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int chunk = u / CHUNK / valueHeads;
      int h = u / CHUNK % valueHeads;
      int bounds = maxSegments + 1 + 2 * chunk;
      int begin = table.get(bounds);
      int end = table.get(bounds + 1);
      int i = begin + u % CHUNK;
      if (i < end) {
        int part = valueHeads * rows;
        int gates = h * rows;
        int keys = h / group * rows;
        float before = 1f;
        for (int m = begin; m <= i; m++) {
          before *= rowGates.get(gates + m);
        }
        float after = 1f;
        for (int m = i + 1; m < end; m++) {
          after *= rowGates.get(gates + m);
        }
        float strength = rowGates.get(part + gates + i);
        int oi = (h * capacity + token.get(i)) * value;
        int wi = (gates + i) * value;
        float fromState = 0f;
        float toState = 0f;
        for (int c = 0; c < key; c += 2) {
          int c1 = TornadoMath.min(c + 1, key - 1);
          int si = (chunk * valueHeads + h) * key * value;
          int s0 = si + c * value;
          int s1 = si + c1 * value;
          float dq0 = 0f;
          float dq1 = 0f;
          float predicted0 = 0f;
          float predicted1 = 0f;
          float written0 = 0f;
          float written1 = 0f;
          for (int x = 0; x < value; x++) {
            float dRead = dOut.get(oi + x);
            float dWrite = dWrites.get(wi + x);
            float error = errors.get(wi + x);
            dq0 += states.get(s0 + x) * dRead;
            dq1 += states.get(s1 + x) * dRead;
            predicted0 += states.get(s0 + x) * dWrite;
            predicted1 += states.get(s1 + x) * dWrite;
            written0 += dStates.get(s0 + x) * error;
            written1 += dStates.get(s1 + x) * error;
          }
          dq0 *= before;
          dq1 *= before;
          predicted0 *= before * strength;
          predicted1 *= before * strength;
          written0 *= after * strength;
          written1 *= after * strength;
          int ri = (keys + i) * key;
          float q0 = q.get(ri + c);
          float k0 = k.get(ri + c);
          // A column beyond the last one adds nothing to sums over columns.
          float q1 = c + 1 < key ? q.get(ri + c1) : 0f;
          float k1 = c + 1 < key ? k.get(ri + c1) : 0f;
          fromState += q0 * dq0 - k0 * predicted0 + q1 * dq1 - k1 * predicted1;
          toState += k0 * written0 + k1 * written1;
          float dk0 = written0 - predicted0;
          float dk1 = written1 - predicted1;
          int own = (gates + i) * CHUNK - begin;
          int predictions = part * CHUNK;
          for (int j = begin; j < i; j++) {
            int rj = (keys + j) * key;
            float dRead = pairs.get(own + j);
            float dPrediction = pairs.get(predictions + own + j);
            dq0 += dRead * k.get(rj + c);
            dq1 += dRead * k.get(rj + c1);
            dk0 -= dPrediction * k.get(rj + c);
            dk1 -= dPrediction * k.get(rj + c1);
          }
          float dOwn = pairs.get(own + i);
          dq0 += dOwn * k0;
          dk0 += dOwn * q0;
          dq1 += dOwn * k1;
          dk1 += dOwn * q1;
          for (int m = i + 1; m < end; m++) {
            int rm = (keys + m) * key;
            int other = (gates + m) * CHUNK + i - begin;
            float dRead = pairs.get(other);
            float dPrediction = pairs.get(predictions + other);
            dk0 += dRead * q.get(rm + c) - dPrediction * k.get(rm + c);
            dk1 += dRead * q.get(rm + c1) - dPrediction * k.get(rm + c1);
          }
          int to = (gates + i) * key;
          dKeys.set(to + c, dq0);
          dKeys.set(part * key + to + c, dk0);
          if (c + 1 < key) {
            dKeys.set(to + c1, dq1);
            dKeys.set(part * key + to + c1, dk1);
          }
        }
        rowGates.set(3 * part + gates + i, fromState);
        rowGates.set(4 * part + gates + i, toState);
      }
    }
  }
}
