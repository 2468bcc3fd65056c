package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The gradient of {@link GatedLinearAttention}. The states at the bounds of all chunks and their
 * gradients are held, so that all but these two recurrences runs over all chunks at once.
 *
 * <p>The gate of a row has a part in what later rows of its chunk, and the row itself, read of
 * earlier rows and of the state before the chunk, and in what earlier rows and that state leave to
 * the state after the chunk. Inside the chunk this is a running sum of q·dq − k·dk from its end.
 * What a row reads of itself cancels there and is left out, or its rounding would drown the
 * gradient of strong gates; for the same reason the keys' share in the state is summed from the
 * chunk's start instead of being subtracted.
 */
public final class GatedLinearAttentionGradient {
  private static final int CHUNK = GatedLinearAttention.CHUNK;

  private GatedLinearAttentionGradient() {}

  /**
   * dA, transposed: dScores[h, j, i − first row of the chunk] = ⟨dOut[i], v[j]⟩ for the rows i ≥ j
   * of j's chunk.
   *
   * @param table see {@link GatedLinearAttention#chunkTable}
   * @param token [R]
   * @param v [H, capacity, V]
   * @param dOut [H, capacity, V]
   * @param dScores output [H, R, 64]
   * @param heads H
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param units maxChunks·H·64
   */
  public static void scores(
      IntArray table,
      IntArray token,
      FloatArray v,
      FloatArray dOut,
      FloatArray dScores,
      int heads,
      int value,
      int capacity,
      int rows,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int chunk = u / CHUNK / heads;
      int h = u / CHUNK % heads;
      int begin = table.get(2 * chunk);
      int end = table.get(2 * chunk + 1);
      int j = begin + u % CHUNK;
      if (j < end) {
        int to = (h * rows + j) * CHUNK - begin;
        int vi = (h * capacity + token.get(j)) * value;
        for (int i = j; i < end; i++) {
          int oi = (h * capacity + token.get(i)) * value;
          float sum = 0f;
          for (int x = 0; x < value; x++) {
            sum += dOut.get(oi + x) * v.get(vi + x);
          }
          dScores.set(to + i, sum);
        }
      }
    }
  }

  /**
   * The parts of dq̂, dk̂ and of q·dq − k·dk that come from rows of the same chunk.
   *
   * @param table see {@link GatedLinearAttention#chunkTable}
   * @param q [H, R, K] rows of {@link GatedLinearAttention#expand}
   * @param k [H, R, K]
   * @param decay [H, R, K]
   * @param dScores [H, R, 64]
   * @param dRows output [3, H, R, K]
   * @param heads H
   * @param key K
   * @param rows R
   * @param units maxChunks·H·64
   */
  public static void withinChunks(
      IntArray table,
      FloatArray q,
      FloatArray k,
      FloatArray decay,
      FloatArray dScores,
      FloatArray dRows,
      int heads,
      int key,
      int rows,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int chunk = u / CHUNK / heads;
      int base = u / CHUNK % heads * rows;
      int begin = table.get(2 * chunk);
      int end = table.get(2 * chunk + 1);
      int row = begin + u % CHUNK;
      if (row < end) {
        int part = heads * rows * key;
        float scale = 1f / TornadoMath.sqrt(key);
        float own = dScores.get((base + row) * CHUNK + row - begin);
        for (int c = 0; c < key; c++) {
          int at = (base + row) * key + c;
          float dq = 0f;
          float product = decay.get(at);
          for (int j = row - 1; j >= begin; j--) {
            int other = (base + j) * key + c;
            dq += dScores.get((base + j) * CHUNK + row - begin) * k.get(other) * product;
            product *= decay.get(other);
          }
          float dk = 0f;
          product = 1f;
          for (int i = row + 1; i < end; i++) {
            int other = (base + i) * key + c;
            product *= decay.get(other);
            dk += dScores.get((base + row) * CHUNK + i - begin) * q.get(other) * product;
          }
          dRows.set(at, scale * (dq + own * k.get(at)));
          dRows.set(part + at, dk + own * q.get(at));
          dRows.set(2 * part + at, q.get(at) * dq - k.get(at) * dk);
        }
      }
    }
  }

  /**
   * later[h, i, c] = product of the decays of the rows of i's chunk after i.
   *
   * @param table see {@link GatedLinearAttention#chunkTable}
   * @param decay [H, R, K] of {@link GatedLinearAttention#expand}
   * @param later output [H, R, K]
   * @param heads H
   * @param key K
   * @param rows R
   * @param units maxChunks·H
   */
  public static void laterDecays(
      IntArray table, FloatArray decay, FloatArray later, int heads, int key, int rows, int units) {
    for (@Parallel int u = 0; u < units; u++) {
      for (@Parallel int c = 0; c < key; c++) {
        int begin = table.get(2 * (u / heads));
        int base = u % heads * rows;
        float product = 1f;
        for (int i = table.get(2 * (u / heads) + 1) - 1; i >= begin; i--) {
          int at = (base + i) * key + c;
          later.set(at, product);
          product *= decay.get(at);
        }
      }
    }
  }

  /**
   * The states before every chunk.
   *
   * @param control see {@link Control}
   * @param segments begin and end row of each segment
   * @param table see {@link GatedLinearAttention#chunkTable}
   * @param token [R]
   * @param k [H, R, K] of {@link GatedLinearAttention#moveToBounds}
   * @param decay [H, R, K] of {@link GatedLinearAttention#moveToBounds}
   * @param v [H, capacity, V]
   * @param state [segments, H, K, V] initial states, read if control[USE_STATE] is 1
   * @param stateAt base of state
   * @param states output [maxChunks, H, K, V]
   * @param heads H
   * @param key K
   * @param value V
   * @param parts N + 1
   * @param capacity largest number of tokens
   * @param rows R
   * @param blocks ⌈V/4⌉
   * @param maxChunks largest number of chunks
   * @param units segments·H·K·blocks
   */
  public static void states(
      IntArray control,
      IntArray segments,
      IntArray table,
      IntArray token,
      FloatArray k,
      FloatArray decay,
      FloatArray v,
      FloatArray state,
      int stateAt,
      FloatArray states,
      int heads,
      int key,
      int value,
      int parts,
      int capacity,
      int rows,
      int blocks,
      int maxChunks,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int segment = u / blocks / key / heads;
      int h = u / blocks / key % heads;
      int c = u / blocks % key;
      if (segment < control.get(Control.SEQUENCES) * parts) {
        int end = segments.get(2 * segment + 1);
        int x = u % blocks * 4;
        int x1 = TornadoMath.min(x + 1, value - 1);
        int x2 = TornadoMath.min(x + 2, value - 1);
        int x3 = TornadoMath.min(x + 3, value - 1);
        float s0 = 0f;
        float s1 = 0f;
        float s2 = 0f;
        float s3 = 0f;
        if (control.get(Control.USE_STATE) == 1) {
          int si = control.get(stateAt) + ((segment * heads + h) * key + c) * value;
          s0 = state.get(si + x);
          s1 = state.get(si + x1);
          s2 = state.get(si + x2);
          s3 = state.get(si + x3);
        }
        int to = ((table.get(2 * maxChunks + segment) * heads + h) * key + c) * value;
        for (int n = segments.get(2 * segment); n < end; n += CHUNK) {
          states.set(to + x, s0);
          states.set(to + x1, s1);
          states.set(to + x2, s2);
          states.set(to + x3, s3);
          to += heads * key * value;
          int stop = TornadoMath.min(n + CHUNK, end);
          float d = decay.get((h * rows + stop - 1) * key + c);
          s0 *= d;
          s1 *= d;
          s2 *= d;
          s3 *= d;
          for (int i = n; i < stop; i++) {
            float y = k.get((h * rows + i) * key + c);
            int vi = (h * capacity + token.get(i)) * value;
            s0 += y * v.get(vi + x);
            s1 += y * v.get(vi + x1);
            s2 += y * v.get(vi + x2);
            s3 += y * v.get(vi + x3);
          }
        }
      }
    }
  }

  /**
   * The gradient of the state after every chunk, from the last chunk to the first.
   *
   * @param control see {@link Control}
   * @param segments begin and end row of each segment
   * @param table see {@link GatedLinearAttention#chunkTable}
   * @param token [R]
   * @param q [H, R, K] of {@link GatedLinearAttention#moveToBounds}
   * @param decay [H, R, K] of {@link GatedLinearAttention#moveToBounds}
   * @param dOut [H, capacity, V]
   * @param dState [segments, H, K, V]: if control[USE_STATE] is 1, the gradient of the final states
   *     is replaced by that of the initial ones
   * @param dStateAt base of dState
   * @param dStates output [maxChunks, H, K, V]
   * @param heads H
   * @param key K
   * @param value V
   * @param parts N + 1
   * @param capacity largest number of tokens
   * @param rows R
   * @param blocks ⌈V/4⌉
   * @param maxChunks largest number of chunks
   * @param units segments·H·K·blocks
   */
  public static void stateGradients(
      IntArray control,
      IntArray segments,
      IntArray table,
      IntArray token,
      FloatArray q,
      FloatArray decay,
      FloatArray dOut,
      FloatArray dState,
      int dStateAt,
      FloatArray dStates,
      int heads,
      int key,
      int value,
      int parts,
      int capacity,
      int rows,
      int blocks,
      int maxChunks,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int segment = u / blocks / key / heads;
      int h = u / blocks / key % heads;
      int c = u / blocks % key;
      if (segment < control.get(Control.SEQUENCES) * parts) {
        int begin = segments.get(2 * segment);
        int end = segments.get(2 * segment + 1);
        int useState = control.get(Control.USE_STATE);
        int x = u % blocks * 4;
        int x1 = TornadoMath.min(x + 1, value - 1);
        int x2 = TornadoMath.min(x + 2, value - 1);
        int x3 = TornadoMath.min(x + 3, value - 1);
        float s0 = 0f;
        float s1 = 0f;
        float s2 = 0f;
        float s3 = 0f;
        int si = 0;
        if (useState == 1) {
          si = control.get(dStateAt) + ((segment * heads + h) * key + c) * value;
          s0 = dState.get(si + x);
          s1 = dState.get(si + x1);
          s2 = dState.get(si + x2);
          s3 = dState.get(si + x3);
        }
        int count = (end - begin + CHUNK - 1) / CHUNK;
        for (int n = count - 1; n >= 0; n--) {
          int slot = table.get(2 * maxChunks + segment) + n;
          int to = ((slot * heads + h) * key + c) * value;
          dStates.set(to + x, s0);
          dStates.set(to + x1, s1);
          dStates.set(to + x2, s2);
          dStates.set(to + x3, s3);
          int stop = TornadoMath.min(begin + (n + 1) * CHUNK, end);
          float d = decay.get((h * rows + stop - 1) * key + c);
          s0 *= d;
          s1 *= d;
          s2 *= d;
          s3 *= d;
          for (int i = begin + n * CHUNK; i < stop; i++) {
            float y = q.get((h * rows + i) * key + c);
            int oi = (h * capacity + token.get(i)) * value;
            s0 += y * dOut.get(oi + x);
            s1 += y * dOut.get(oi + x1);
            s2 += y * dOut.get(oi + x2);
            s3 += y * dOut.get(oi + x3);
          }
        }
        if (useState == 1) {
          dState.set(si + x, s0);
          dState.set(si + x1, s1);
          dState.set(si + x2, s2);
          dState.set(si + x3, s3);
        }
      }
    }
  }

  /**
   * Adds what comes through the states to the gradients of queries and keys, and zeroes those of
   * rows that are not read or not written. The gates' part of it is left in dRows (queries) and
   * later (keys).
   *
   * @param table see {@link GatedLinearAttention#chunkTable}
   * @param token [R]
   * @param mode [R]
   * @param q [H, R, K] of {@link GatedLinearAttention#moveToBounds}
   * @param k [H, R, K] of {@link GatedLinearAttention#moveToBounds}
   * @param decay [H, R, K] of {@link GatedLinearAttention#moveToBounds}
   * @param later [H, R, K] of {@link #laterDecays}, replaced by k·dk
   * @param v [H, capacity, V]
   * @param dOut [H, capacity, V]
   * @param states [maxChunks, H, K, V]
   * @param dStates [maxChunks, H, K, V]
   * @param dRows [3, H, R, K], added to
   * @param heads H
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param units maxChunks·H·64
   */
  public static void acrossChunks(
      IntArray table,
      IntArray token,
      IntArray mode,
      FloatArray q,
      FloatArray k,
      FloatArray decay,
      FloatArray later,
      FloatArray v,
      FloatArray dOut,
      FloatArray states,
      FloatArray dStates,
      FloatArray dRows,
      int heads,
      int key,
      int value,
      int capacity,
      int rows,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int chunk = u / CHUNK / heads;
      int h = u / CHUNK % heads;
      int row = table.get(2 * chunk) + u % CHUNK;
      if (row < table.get(2 * chunk + 1)) {
        int part = heads * rows * key;
        int written = mode.get(row) & Routing.WRITTEN;
        int read = mode.get(row) & Routing.READ;
        int xi = (h * capacity + token.get(row)) * value;
        float scale = 1f / TornadoMath.sqrt(key);
        for (int c = 0; c < key; c++) {
          int si = ((chunk * heads + h) * key + c) * value;
          float sq = 0f;
          float sk = 0f;
          for (int x = 0; x < value; x++) {
            sq += states.get(si + x) * dOut.get(xi + x);
            sk += dStates.get(si + x) * v.get(xi + x);
          }
          int at = (h * rows + row) * key + c;
          float dq = dRows.get(at) + scale * decay.get(at) * sq;
          float dk = dRows.get(part + at) + later.get(at) * sk;
          dRows.set(at, read > 0 ? dq : 0f);
          dRows.set(part + at, written > 0 ? dk : 0f);
          dRows.set(2 * part + at, dRows.get(2 * part + at) + q.get(at) * sq);
          later.set(at, k.get(at) * sk);
        }
      }
    }
  }

  /**
   * dv of every row; 0 for rows that are not written.
   *
   * @param table see {@link GatedLinearAttention#chunkTable}
   * @param token [R]
   * @param mode [R]
   * @param scores [H, R, 64]
   * @param k [H, R, K] of {@link GatedLinearAttention#moveToBounds}
   * @param dOut [H, capacity, V]
   * @param dStates [maxChunks, H, K, V]
   * @param dvRows output [H, R, V]
   * @param heads H
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param units maxChunks·H·64
   */
  public static void values(
      IntArray table,
      IntArray token,
      IntArray mode,
      FloatArray scores,
      FloatArray k,
      FloatArray dOut,
      FloatArray dStates,
      FloatArray dvRows,
      int heads,
      int key,
      int value,
      int capacity,
      int rows,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int chunk = u / CHUNK / heads;
      int h = u / CHUNK % heads;
      int begin = table.get(2 * chunk);
      int end = table.get(2 * chunk + 1);
      int row = begin + u % CHUNK;
      if (row < end) {
        int written = mode.get(row) & Routing.WRITTEN;
        int from = (h * rows + row) * CHUNK - begin;
        int ki = (h * rows + row) * key;
        int di = (chunk * heads + h) * key * value;
        int to = (h * rows + row) * value;
        for (int x = 0; x < value; x += 4) {
          int x1 = TornadoMath.min(x + 1, value - 1);
          int x2 = TornadoMath.min(x + 2, value - 1);
          int x3 = TornadoMath.min(x + 3, value - 1);
          float d0 = 0f;
          float d1 = 0f;
          float d2 = 0f;
          float d3 = 0f;
          for (int i = row; i < end; i++) {
            float a = scores.get(from + i);
            int oi = (h * capacity + token.get(i)) * value;
            d0 += a * dOut.get(oi + x);
            d1 += a * dOut.get(oi + x1);
            d2 += a * dOut.get(oi + x2);
            d3 += a * dOut.get(oi + x3);
          }
          for (int c = 0; c < key; c++) {
            float y = k.get(ki + c);
            d0 += y * dStates.get(di + c * value + x);
            d1 += y * dStates.get(di + c * value + x1);
            d2 += y * dStates.get(di + c * value + x2);
            d3 += y * dStates.get(di + c * value + x3);
          }
          // Columns beyond the last one have its value.
          dvRows.set(to + x, written > 0 ? d0 : 0f);
          dvRows.set(to + x1, written > 0 ? d1 : 0f);
          dvRows.set(to + x2, written > 0 ? d2 : 0f);
          dvRows.set(to + x3, written > 0 ? d3 : 0f);
        }
      }
    }
  }

  /**
   * dg from its parts; 0 for rows that are not written.
   *
   * @param table see {@link GatedLinearAttention#chunkTable}
   * @param mode [R]
   * @param decay [H, R, K] of {@link GatedLinearAttention#moveToBounds}
   * @param fromKeys [H, R, K] left by {@link #acrossChunks}
   * @param states [maxChunks, H, K, V]
   * @param dStates [maxChunks, H, K, V]
   * @param dRows [3, H, R, K], part 2 is replaced
   * @param heads H
   * @param key K
   * @param value V
   * @param rows R
   * @param units maxChunks·H
   */
  public static void gates(
      IntArray table,
      IntArray mode,
      FloatArray decay,
      FloatArray fromKeys,
      FloatArray states,
      FloatArray dStates,
      FloatArray dRows,
      int heads,
      int key,
      int value,
      int rows,
      int units) {
    for (@Parallel int u = 0; u < units; u++) {
      for (@Parallel int c = 0; c < key; c++) {
        int begin = table.get(2 * (u / heads));
        int end = table.get(2 * (u / heads) + 1);
        if (begin < end) {
          int base = u % heads * rows;
          int part = 2 * heads * rows * key;
          float sum = 0f;
          for (int i = end - 1; i >= begin; i--) {
            int at = part + (base + i) * key + c;
            sum += dRows.get(at);
            dRows.set(at, sum);
          }
          int si = (u * key + c) * value;
          float through = 0f;
          for (int x = 0; x < value; x++) {
            through += states.get(si + x) * dStates.get(si + x);
          }
          through *= decay.get((base + end - 1) * key + c);
          for (int i = begin; i < end; i++) {
            int at = (base + i) * key + c;
            int written = mode.get(i) & Routing.WRITTEN;
            dRows.set(part + at, written > 0 ? dRows.get(part + at) + through : 0f);
            through += fromKeys.get(at);
          }
        }
      }
    }
  }
}
