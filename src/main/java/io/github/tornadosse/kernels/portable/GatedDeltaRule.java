package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The chunkwise gated delta rule over the segments of the expanded rows, forward; see
 * docs/mathematics.md section 3. R = capacity·(1 + M) rows; src is 0 for the rows of the
 * always-selected partition, else 1.
 *
 * <p>Decays between two rows are running products of exp(g), never quotients or differences of
 * sums: they stay in [0, 1] whatever the gates are.
 */
public final class GatedDeltaRule {
  /** Rows of one chunk. */
  public static final int CHUNK = GatedLinearAttention.CHUNK;

  static final float NORM_EPS = 1e-6f;

  private GatedDeltaRule() {}

  /**
   * The chunks of all segments: entry i ≤ maxSegments of the table is the first chunk of segment i,
   * the last of these entries the number of chunks; the first and the end row of chunk n follow at
   * maxSegments + 1 + 2·n (an unused chunk has no rows).
   *
   * @param control see {@link Control}
   * @param segments begin and end row of each segment
   * @param table output [maxSegments + 1 + 2·maxChunks]
   * @param parts N + 1
   * @param maxSegments largest number of segments
   * @param maxChunks largest number of chunks
   */
  public static void chunkTable(
      IntArray control,
      IntArray segments,
      IntArray table,
      int parts,
      int maxSegments,
      int maxChunks) {
    for (@Parallel int one = 0; one < 1; one++) {
      int used = control.get(Control.SEQUENCES) * parts;
      int chunk = 0;
      for (int i = 0; i < maxSegments; i++) {
        table.set(i, chunk);
        if (i < used) {
          int end = segments.get(2 * i + 1);
          for (int row = segments.get(2 * i); row < end; row += CHUNK) {
            table.set(maxSegments + 1 + 2 * chunk, row);
            table.set(maxSegments + 2 + 2 * chunk, TornadoMath.min(row + CHUNK, end));
            chunk++;
          }
        }
      }
      table.set(maxSegments, chunk);
      for (int n = chunk; n < maxChunks; n++) {
        table.set(maxSegments + 1 + 2 * n, 0);
        table.set(maxSegments + 2 + 2 * n, 0);
      }
    }
  }

  /** 1/√(Σ (weight·x)² + 1e-6) over one row x of K elements. */
  static float inverseNorm(FloatArray x, int from, float weight, int key) {
    float squares = NORM_EPS;
    for (int c = 0; c < key; c++) {
      float y = weight * x.get(from + c);
      squares += y * y;
    }
    return 1f / TornadoMath.sqrt(squares);
  }

  /**
   * Queries and keys of every row: qRows = K^(-1/2)·n(weight·q) if read, else 0; kRows =
   * n(weight·k) if written, else 0. With gateValues weights are not in the norm: qRows =
   * K^(-1/2)·weight·n(q), so that outputs come out multiplied, and kRows = n(k).
   *
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
   * @param units H·R
   */
  public static void normalise(
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
      int gateValues,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int rows = capacity * (1 + width);
      int row = u % rows;
      int tokens = control.get(Control.TOKENS);
      int used = row < capacity ? tokens : capacity + tokens * width;
      if (row < used) {
        int head = row < capacity ? u / rows : heads + u / rows;
        int from = (head * capacity + token.get(row)) * key;
        int written = mode.get(row) & Routing.WRITTEN;
        int read = mode.get(row) & Routing.READ;
        float qWeight = gateValues == 1 ? 1f : weight.get(row);
        float kWeight = gateValues == 1 ? 1f : weight.get(rows + row);
        // A query's weight multiplies it either way, inside of the norm or outside.
        float qScale = weight.get(row) / TornadoMath.sqrt(key) * inverseNorm(q, from, qWeight, key);
        float kScale = kWeight * inverseNorm(k, from, kWeight, key);
        for (int c = 0; c < key; c++) {
          qRows.set(u * key + c, read > 0 ? qScale * q.get(from + c) : 0f);
          kRows.set(u * key + c, written > 0 ? kScale * k.get(from + c) : 0f);
        }
      }
    }
  }

  /**
   * The gates of every row: its decay exp(g) and its write strength β if it is read, else 1 and 0;
   * the factor of its value: 1, or its weight with gateValues, if it is written, else 0.
   *
   * @param control see {@link Control}
   * @param gates [2, sources, HV, capacity]
   * @param token [R]
   * @param mode [R]
   * @param weight [2, R]
   * @param rowGates output [3 or more, HV, R]
   * @param valueHeads HV
   * @param capacity largest number of tokens
   * @param width M
   * @param sources 1 without sparse partitions, else 2
   * @param gateValues 1 if weights apply to outputs and values
   * @param units HV·R
   */
  public static void rowGates(
      IntArray control,
      FloatArray gates,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      FloatArray rowGates,
      int valueHeads,
      int capacity,
      int width,
      int sources,
      int gateValues,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int rows = capacity * (1 + width);
      int row = u % rows;
      int tokens = control.get(Control.TOKENS);
      int used = row < capacity ? tokens : capacity + tokens * width;
      if (row < used) {
        int head = row < capacity ? u / rows : valueHeads + u / rows;
        int from = head * capacity + token.get(row);
        int written = mode.get(row) & Routing.WRITTEN;
        int read = mode.get(row) & Routing.READ;
        float factor = gateValues == 1 ? weight.get(rows + row) : 1f;
        rowGates.set(u, read > 0 ? TornadoMath.exp(gates.get(from)) : 1f);
        rowGates.set(units + u, read > 0 ? gates.get(sources * valueHeads * capacity + from) : 0f);
        rowGates.set(2 * units + u, written > 0 ? factor : 0f);
      }
    }
  }

  /**
   * What the rows i of a chunk have in common with its rows j, at [h, i, j − first row of the
   * chunk]: reads are Π decay[j + 1..i]·⟨q_i, k_j⟩ for j ≤ i, predictions Π decay[j + 1..i]·⟨k_i,
   * k_j⟩ for j &lt; i.
   *
   * @param table see {@link #chunkTable}
   * @param q [H, R, K] of {@link #normalise}
   * @param k [H, R, K] of {@link #normalise}
   * @param rowGates see {@link #rowGates}
   * @param pairs output [2 or more, HV, R, 64]
   * @param group HV/H
   * @param valueHeads HV
   * @param key K
   * @param rows R
   * @param maxSegments largest number of segments
   * @param units maxChunks·HV·64
   */
  public static void pairs(
      IntArray table,
      FloatArray q,
      FloatArray k,
      FloatArray rowGates,
      FloatArray pairs,
      int group,
      int valueHeads,
      int key,
      int rows,
      int maxSegments,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int bounds = maxSegments + 1 + 2 * (u / CHUNK / valueHeads);
      int h = u / CHUNK % valueHeads;
      int begin = table.get(bounds);
      int i = begin + u % CHUNK;
      if (i < table.get(bounds + 1)) {
        int part = valueHeads * rows * CHUNK;
        int to = (h * rows + i) * CHUNK - begin;
        int base = h / group * rows;
        int ri = (base + i) * key;
        float product = 1f;
        for (int j = i; j >= begin; j--) {
          int rj = (base + j) * key;
          float read = 0f;
          float predicted = 0f;
          for (int c = 0; c < key; c++) {
            float y = k.get(rj + c);
            read += y * q.get(ri + c);
            predicted += y * k.get(ri + c);
          }
          pairs.set(to + j, product * read);
          pairs.set(part + to + j, product * predicted);
          product *= rowGates.get(h * rows + j);
        }
      }
    }
  }

  /**
   * The outputs of all rows, and the final states; a work item carries four columns of one
   * segment's state from chunk to chunk. Within a chunk, what its rows write follows row by row
   * from the state before the chunk and from what earlier rows write.
   *
   * @param control see {@link Control}
   * @param table see {@link #chunkTable}
   * @param token [R]
   * @param q [H, R, K] of {@link #normalise}
   * @param k [H, R, K] of {@link #normalise}
   * @param rowGates see {@link #rowGates}
   * @param pairs see {@link #pairs}
   * @param v [HV, capacity, V]
   * @param state [segments, HV, K, V], used if control[USE_STATE] is 1
   * @param stateAt base of state
   * @param out output [HV, R, V]
   * @param group HV/H
   * @param valueHeads HV
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param size 4·K
   * @param units maxSegments·HV·⌈V/4⌉
   */
  public static void scan(
      IntArray control,
      IntArray table,
      IntArray token,
      FloatArray q,
      FloatArray k,
      FloatArray rowGates,
      FloatArray pairs,
      FloatArray v,
      FloatArray state,
      int stateAt,
      FloatArray out,
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
            float o0 = 0f;
            float o1 = 0f;
            float o2 = 0f;
            float o3 = 0f;
            float p0 = 0f;
            float p1 = 0f;
            float p2 = 0f;
            float p3 = 0f;
            for (int c = 0; c < key; c++) {
              float y = q.get(ri + c);
              float z = k.get(ri + c);
              o0 += y * s[4 * c];
              o1 += y * s[4 * c + 1];
              o2 += y * s[4 * c + 2];
              o3 += y * s[4 * c + 3];
              p0 += z * s[4 * c];
              p1 += z * s[4 * c + 1];
              p2 += z * s[4 * c + 2];
              p3 += z * s[4 * c + 3];
            }
            product *= rowGates.get(gates + i);
            o0 *= product;
            o1 *= product;
            o2 *= product;
            o3 *= product;
            p0 *= product;
            p1 *= product;
            p2 *= product;
            p3 *= product;
            int pi = (gates + i) * CHUNK;
            int own = i - begin;
            for (int j = 0; j < own; j++) {
              float y = pairs.get(pi + j);
              float z = pairs.get(part * CHUNK + pi + j);
              o0 += y * w[4 * j];
              o1 += y * w[4 * j + 1];
              o2 += y * w[4 * j + 2];
              o3 += y * w[4 * j + 3];
              p0 += z * w[4 * j];
              p1 += z * w[4 * j + 1];
              p2 += z * w[4 * j + 2];
              p3 += z * w[4 * j + 3];
            }
            float strength = rowGates.get(part + gates + i);
            float factor = rowGates.get(2 * part + gates + i);
            int vi = (h * capacity + token.get(i)) * value;
            w[4 * own] = strength * (factor * v.get(vi + x) - p0);
            w[4 * own + 1] = strength * (factor * v.get(vi + x1) - p1);
            w[4 * own + 2] = strength * (factor * v.get(vi + x2) - p2);
            w[4 * own + 3] = strength * (factor * v.get(vi + x3) - p3);
            float y = pairs.get(pi + own);
            // Columns beyond the last one have its value.
            int to = (gates + i) * value;
            out.set(to + x, o0 + y * w[4 * own]);
            out.set(to + x1, o1 + y * w[4 * own + 1]);
            out.set(to + x2, o2 + y * w[4 * own + 2]);
            out.set(to + x3, o3 + y * w[4 * own + 3]);
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
            float s0 = product * s[4 * c];
            float s1 = product * s[4 * c + 1];
            float s2 = product * s[4 * c + 2];
            float s3 = product * s[4 * c + 3];
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
        if (useState == 1) {
          for (int c = 0; c < key; c++) {
            state.set(si + c * value + x, s[4 * c]);
            state.set(si + c * value + x1, s[4 * c + 1]);
            state.set(si + c * value + x2, s[4 * c + 2]);
            state.set(si + c * value + x3, s[4 * c + 3]);
          }
        }
      }
    }
  }
}
