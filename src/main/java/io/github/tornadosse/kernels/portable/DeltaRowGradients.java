package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The last part of the gradient of {@link GatedDeltaRule}: from what {@link GatedDeltaRuleGradient}
 * leaves to the gradients of each row's query, key, value, gates and weights.
 */
public final class DeltaRowGradients {
  private static final int CHUNK = GatedDeltaRule.CHUNK;

  private DeltaRowGradients() {}

  /**
   * What each row of the state before a chunk gives to the gradient of all decays of the chunk by
   * what is left of it after the chunk: Σ_v S·dS, before the chunk's decay.
   *
   * @param table see {@link GatedDeltaRule#chunkTable}
   * @param states [maxChunks, HV, K, V]
   * @param dStates [maxChunks, HV, K, V]
   * @param through output [maxChunks, HV, K]
   * @param valueHeads HV
   * @param key K
   * @param value V
   * @param maxSegments largest number of segments
   * @param units maxChunks·HV
   */
  public static void throughChunks(
      IntArray table,
      FloatArray states,
      FloatArray dStates,
      FloatArray through,
      int valueHeads,
      int key,
      int value,
      int maxSegments,
      int units) {
    for (@Parallel int u = 0; u < units; u++) {
      for (@Parallel int c = 0; c < key; c++) {
        int chunk = u / valueHeads;
        if (chunk < table.get(maxSegments)) {
          int si = (u * key + c) * value;
          float sum = 0f;
          for (int x = 0; x < value; x++) {
            sum += states.get(si + x) * dStates.get(si + x);
          }
          through.set(u * key + c, sum);
        }
      }
    }
  }

  /**
   * The gradients of the decays and the write strengths; 0 for rows that are not read.
   *
   * @param table see {@link GatedDeltaRule#chunkTable}
   * @param mode [R]
   * @param rowGates [5, HV, R]
   * @param pairs [3, HV, R, 64] of {@link GatedDeltaRuleGradient#pairGradients}
   * @param errors [HV, R, V]
   * @param dWrites [HV, R, V]
   * @param through [maxChunks, HV, K]
   * @param dGateRows output [2, HV, R]
   * @param valueHeads HV
   * @param key K
   * @param value V
   * @param rows R
   * @param maxSegments largest number of segments
   * @param units maxChunks·HV·64
   */
  public static void gateGradients(
      IntArray table,
      IntArray mode,
      FloatArray rowGates,
      FloatArray pairs,
      FloatArray errors,
      FloatArray dWrites,
      FloatArray through,
      FloatArray dGateRows,
      int valueHeads,
      int key,
      int value,
      int rows,
      int maxSegments,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int bounds = maxSegments + 1 + 2 * (u / CHUNK / valueHeads);
      int h = u / CHUNK % valueHeads;
      int begin = table.get(bounds);
      int end = table.get(bounds + 1);
      int i = begin + u % CHUNK;
      if (i < end) {
        int part = valueHeads * rows;
        int gates = h * rows;
        int read = mode.get(i) & Routing.READ;
        float product = 1f;
        for (int m = begin; m < end; m++) {
          product *= rowGates.get(gates + m);
        }
        float dDecay = 0f;
        for (int c = 0; c < key; c++) {
          dDecay += through.get(u / CHUNK * key + c);
        }
        dDecay *= product;
        for (int j = begin; j < i; j++) {
          dDecay += rowGates.get(4 * part + gates + j);
        }
        for (int m = i; m < end; m++) {
          dDecay += rowGates.get(3 * part + gates + m);
          dDecay += pairs.get((2 * part + gates + m) * CHUNK + i - begin);
        }
        float dStrength = 0f;
        int from = (gates + i) * value;
        for (int x = 0; x < value; x++) {
          dStrength += errors.get(from + x) * dWrites.get(from + x);
        }
        dGateRows.set(gates + i, read > 0 ? dDecay : 0f);
        dGateRows.set(part + gates + i, read > 0 ? dStrength : 0f);
      }
    }
  }

  /**
   * From the gradients of {@link GatedDeltaRuleGradient#keyGradients} through the normalisation,
   * summed over the key head's value heads; 0 for rows that are not read or not written.
   *
   * <p>The normalisation takes a row's weight w out again but for the 1e-6 under its root, so what
   * is left of the weight's gradient is 1e-6·⟨dn, x⟩/|.|³. It is formed as such: as the inner
   * product of x and its own gradient it would be lost in rounding.
   *
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
   * @param units H·R
   */
  public static void rowGradients(
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
      int gateValues,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int rows = capacity * (1 + width);
      int h = u / rows;
      int row = u % rows;
      int tokens = control.get(Control.TOKENS);
      int used = row < capacity ? tokens : capacity + tokens * width;
      if (row < used) {
        int head = row < capacity ? h : heads + h;
        int from = (head * capacity + token.get(row)) * key;
        int to = (which * units + u) * key;
        int part = mode.get(row) & (which == 0 ? Routing.READ : Routing.WRITTEN);
        float own = weight.get(which * rows + row);
        float inner = gateValues == 1 ? 1f : own;
        float scale = 1f;
        if (which == 0) {
          scale = (gateValues == 1 ? own : 1f) / TornadoMath.sqrt(key);
        }
        float inverse = GatedDeltaRule.inverseNorm(x, from, inner, key);
        float dot = 0f;
        for (int c = 0; c < key; c++) {
          float sum = 0f;
          for (int i = 0; i < group; i++) {
            int row0 = (which * heads * group + h * group + i) * rows + row;
            sum += dKeys.get(row0 * key + c);
          }
          sum *= scale;
          dot += sum * inverse * inner * x.get(from + c);
          dRows.set(to + c, sum);
        }
        for (int c = 0; c < key; c++) {
          float d = inverse * (dRows.get(to + c) - dot * inverse * inner * x.get(from + c));
          dRows.set(to + c, part > 0 ? inner * d : 0f);
        }
        if (gateValues == 0) {
          float d = own > 0f ? dot * GatedDeltaRule.NORM_EPS * inverse * inverse / own : 0f;
          dWeightRows.set(which * units + u, part > 0 ? d : 0f);
        }
      }
    }
  }

  /**
   * dv of every row, with its weight if that applies to values; 0 for rows that are not written.
   *
   * @param control see {@link Control}
   * @param rowGates see {@link GatedDeltaRule#rowGates}
   * @param dWrites [HV, R, V]
   * @param dvRows output [HV, R, V]
   * @param value V
   * @param capacity largest number of tokens
   * @param width M
   * @param units HV·R
   */
  public static void valueGradients(
      IntArray control,
      FloatArray rowGates,
      FloatArray dWrites,
      FloatArray dvRows,
      int value,
      int capacity,
      int width,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int row = u % (capacity * (1 + width));
      int tokens = control.get(Control.TOKENS);
      int used = row < capacity ? tokens : capacity + tokens * width;
      if (row < used) {
        float factor = rowGates.get(units + u) * rowGates.get(2 * units + u);
        for (int x = 0; x < value; x++) {
          dvRows.set(u * value + x, factor * dWrites.get(u * value + x));
        }
      }
    }
  }

  /**
   * The gradients of the weights of outputs, then of values; 0 for rows that are not read or not
   * written.
   *
   * @param control see {@link Control}
   * @param q [sources, H, capacity, K]
   * @param v [HV, capacity, V]
   * @param token [R]
   * @param mode [R]
   * @param rowGates see {@link GatedDeltaRule#rowGates}
   * @param dKeys [2, HV, R, K] of {@link GatedDeltaRuleGradient#keyGradients}
   * @param dWrites [HV, R, V]
   * @param dWeightRows output [2, HV, R]
   * @param group HV/H
   * @param valueHeads HV
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param width M
   * @param units HV·R
   */
  public static void weightGradients(
      IntArray control,
      FloatArray q,
      FloatArray v,
      IntArray token,
      IntArray mode,
      FloatArray rowGates,
      FloatArray dKeys,
      FloatArray dWrites,
      FloatArray dWeightRows,
      int group,
      int valueHeads,
      int key,
      int value,
      int capacity,
      int width,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int rows = capacity * (1 + width);
      int row = u % rows;
      int tokens = control.get(Control.TOKENS);
      int used = row < capacity ? tokens : capacity + tokens * width;
      if (row < used) {
        int h = u / rows;
        int head = row < capacity ? h / group : (valueHeads + h) / group;
        int qi = (head * capacity + token.get(row)) * key;
        int vi = (h * capacity + token.get(row)) * value;
        int written = mode.get(row) & Routing.WRITTEN;
        int read = mode.get(row) & Routing.READ;
        float dOutput = 0f;
        for (int c = 0; c < key; c++) {
          dOutput += q.get(qi + c) * dKeys.get(u * key + c);
        }
        dOutput *= GatedDeltaRule.inverseNorm(q, qi, 1f, key) / TornadoMath.sqrt(key);
        float dValue = 0f;
        for (int x = 0; x < value; x++) {
          dValue += v.get(vi + x) * dWrites.get(u * value + x);
        }
        dValue *= rowGates.get(units + u);
        dWeightRows.set(u, read > 0 ? dOutput : 0f);
        dWeightRows.set(units + u, written > 0 ? dValue : 0f);
      }
    }
  }
}
