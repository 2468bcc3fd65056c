package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Chunkwise gated linear attention over the segments of the expanded rows, forward; see
 * docs/mathematics.md section 2. R = capacity·(1 + M) rows; src is 0 for the rows of the
 * always-selected partition, else 1.
 *
 * <p>Decays between two rows are running products of exp(g), never quotients or differences of
 * sums: they stay in [0, 1] whatever the gates are.
 */
public final class GatedLinearAttention {
  /** Rows of one chunk. */
  public static final int CHUNK = 64;

  private GatedLinearAttention() {}

  /**
   * Largest number of chunks of a layer.
   *
   * @param rows R
   * @param segments largest number of segments
   * @return a bound on Σ ⌈rows of a segment/64⌉
   */
  public static int maxChunks(int rows, int segments) {
    return rows / CHUNK + segments;
  }

  /**
   * The chunks of all segments: entries 2·n and 2·n + 1 of the table are the first and the end row
   * of chunk n (an unused chunk has no rows); entry 2·maxChunks + i is the first chunk of segment
   * i.
   *
   * @param control see {@link Control}
   * @param segments begin and end row of each segment
   * @param table output [2·maxChunks + maxSegments]
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
        table.set(2 * maxChunks + i, chunk);
        if (i < used) {
          int end = segments.get(2 * i + 1);
          for (int row = segments.get(2 * i); row < end; row += CHUNK) {
            table.set(2 * chunk, row);
            table.set(2 * chunk + 1, TornadoMath.min(row + CHUNK, end));
            chunk++;
          }
        }
      }
      for (int n = chunk; n < maxChunks; n++) {
        table.set(2 * n, 0);
        table.set(2 * n + 1, 0);
      }
    }
  }

  /**
   * Queries, keys and decays of every row: qRows = K^(-1/2)·weight[0]·q if read, else 0; kRows =
   * weight[1]·k if written, else 0; decay = exp(g) if written, else 1.
   *
   * @param control see {@link Control}
   * @param q [2, H, capacity, K]
   * @param k [2, H, capacity, K]
   * @param g [2, H, capacity, K]
   * @param token [R]
   * @param mode [R]
   * @param weight [2, R]
   * @param qRows output [H, R, K]
   * @param kRows output [H, R, K]
   * @param decay output [H, R, K]
   * @param heads H
   * @param key K
   * @param capacity largest number of tokens
   * @param width M
   * @param units H·R
   */
  public static void expand(
      IntArray control,
      FloatArray q,
      FloatArray k,
      FloatArray g,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      FloatArray qRows,
      FloatArray kRows,
      FloatArray decay,
      int heads,
      int key,
      int capacity,
      int width,
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
        int written = mode.get(row) & Routing.WRITTEN;
        int read = mode.get(row) & Routing.READ;
        float scale = weight.get(row) / TornadoMath.sqrt(key);
        float weightOfKey = weight.get(rows + row);
        for (int c = 0; c < key; c++) {
          qRows.set(u * key + c, read > 0 ? scale * q.get(from + c) : 0f);
          kRows.set(u * key + c, written > 0 ? weightOfKey * k.get(from + c) : 0f);
          decay.set(u * key + c, written > 0 ? TornadoMath.exp(g.get(from + c)) : 1f);
        }
      }
    }
  }

  /**
   * A, transposed: scores[h, j, i − first row of the chunk] = Σ_c q[i, c]·k[j, c]·Π decay[j + 1..i,
   * c] for the rows i ≥ j of j's chunk.
   *
   * @param table see {@link #chunkTable}
   * @param q [H, R, K] rows of {@link #expand}
   * @param k [H, R, K]
   * @param decay [H, R, K]
   * @param scores output [H, R, 64]
   * @param heads H
   * @param key K
   * @param rows R
   * @param units maxChunks·H·64
   */
  public static void scores(
      IntArray table,
      FloatArray q,
      FloatArray k,
      FloatArray decay,
      FloatArray scores,
      int heads,
      int key,
      int rows,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int chunk = u / CHUNK / heads;
      int base = u / CHUNK % heads * rows;
      int begin = table.get(2 * chunk);
      int end = table.get(2 * chunk + 1);
      int j = begin + u % CHUNK;
      if (j < end) {
        int to = (base + j) * CHUNK - begin;
        for (int c = 0; c < key; c += 4) {
          int c1 = TornadoMath.min(c + 1, key - 1);
          int c2 = TornadoMath.min(c + 2, key - 1);
          int c3 = TornadoMath.min(c + 3, key - 1);
          int from = (base + j) * key;
          float w0 = k.get(from + c);
          float w1 = c + 1 < key ? k.get(from + c1) : 0f;
          float w2 = c + 2 < key ? k.get(from + c2) : 0f;
          float w3 = c + 3 < key ? k.get(from + c3) : 0f;
          for (int i = j; i < end; i++) {
            int row = (base + i) * key;
            if (i > j) {
              w0 *= decay.get(row + c);
              w1 *= decay.get(row + c1);
              w2 *= decay.get(row + c2);
              w3 *= decay.get(row + c3);
            }
            float sum =
                w0 * q.get(row + c)
                    + w1 * q.get(row + c1)
                    + w2 * q.get(row + c2)
                    + w3 * q.get(row + c3);
            scores.set(to + i, c == 0 ? sum : scores.get(to + i) + sum);
          }
        }
      }
    }
  }

  /**
   * Moves queries to the start and keys to the end of their chunk, in place: decay becomes its
   * inclusive running product in the chunk, q that times q, k k times the product of the later
   * decays.
   *
   * @param table see {@link #chunkTable}
   * @param q [H, R, K], replaced
   * @param k [H, R, K], replaced
   * @param decay [H, R, K], replaced
   * @param heads H
   * @param key K
   * @param rows R
   * @param units maxChunks·H
   */
  public static void moveToBounds(
      IntArray table,
      FloatArray q,
      FloatArray k,
      FloatArray decay,
      int heads,
      int key,
      int rows,
      int units) {
    for (@Parallel int u = 0; u < units; u++) {
      for (@Parallel int c = 0; c < key; c++) {
        int begin = table.get(2 * (u / heads));
        int end = table.get(2 * (u / heads) + 1);
        int base = u % heads * rows;
        float later = 1f;
        for (int i = end - 1; i >= begin; i--) {
          int at = (base + i) * key + c;
          k.set(at, k.get(at) * later);
          later *= decay.get(at);
        }
        float product = 1f;
        for (int i = begin; i < end; i++) {
          int at = (base + i) * key + c;
          product *= decay.get(at);
          decay.set(at, product);
          q.set(at, q.get(at) * product);
        }
      }
    }
  }

  /**
   * What rows read of the rows of their own chunk: out[h, i] = Σ_{j ≤ i} A[i, j]·v[j].
   *
   * @param table see {@link #chunkTable}
   * @param token [R]
   * @param scores [H, R, 64]
   * @param v [H, capacity, V]
   * @param out output [H, R, V]
   * @param heads H
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param units maxChunks·H·64
   */
  public static void withinChunks(
      IntArray table,
      IntArray token,
      FloatArray scores,
      FloatArray v,
      FloatArray out,
      int heads,
      int value,
      int capacity,
      int rows,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int chunk = u / CHUNK / heads;
      int h = u / CHUNK % heads;
      int begin = table.get(2 * chunk);
      int i = begin + u % CHUNK;
      if (i < table.get(2 * chunk + 1)) {
        int from = h * rows * CHUNK + u % CHUNK;
        for (int x = 0; x < value; x += 4) {
          int x1 = TornadoMath.min(x + 1, value - 1);
          int x2 = TornadoMath.min(x + 2, value - 1);
          int x3 = TornadoMath.min(x + 3, value - 1);
          float o0 = 0f;
          float o1 = 0f;
          float o2 = 0f;
          float o3 = 0f;
          for (int j = begin; j <= i; j++) {
            float a = scores.get(from + j * CHUNK);
            int vi = (h * capacity + token.get(j)) * value;
            o0 += a * v.get(vi + x);
            o1 += a * v.get(vi + x1);
            o2 += a * v.get(vi + x2);
            o3 += a * v.get(vi + x3);
          }
          // Columns beyond the last one have its value.
          int to = (h * rows + i) * value;
          out.set(to + x, o0);
          out.set(to + x1, o1);
          out.set(to + x2, o2);
          out.set(to + x3, o3);
        }
      }
    }
  }

  /**
   * What rows read of the chunks before theirs, added to out; a work item carries four columns of
   * one segment's state from chunk to chunk.
   *
   * @param control see {@link Control}
   * @param segments begin and end row of each segment
   * @param token [R]
   * @param q [H, R, K] of {@link #moveToBounds}
   * @param k [H, R, K] of {@link #moveToBounds}
   * @param decay [H, R, K] of {@link #moveToBounds}
   * @param v [H, capacity, V]
   * @param state [segments, H, K, V], used if control[USE_STATE] is 1
   * @param stateAt base of state
   * @param out [H, R, V], added to
   * @param heads H
   * @param key K
   * @param value V
   * @param parts N + 1
   * @param capacity largest number of tokens
   * @param rows R
   * @param blocks ⌈V/4⌉
   * @param size 4·K
   * @param units segments·H·blocks
   */
  public static void acrossChunks(
      IntArray control,
      IntArray segments,
      IntArray token,
      FloatArray q,
      FloatArray k,
      FloatArray decay,
      FloatArray v,
      FloatArray state,
      int stateAt,
      FloatArray out,
      int heads,
      int key,
      int value,
      int parts,
      int capacity,
      int rows,
      int blocks,
      int size,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int segment = u / blocks / heads;
      int h = u / blocks % heads;
      if (segment < control.get(Control.SEQUENCES) * parts) {
        int begin = segments.get(2 * segment);
        int end = segments.get(2 * segment + 1);
        int x = u % blocks * 4;
        int x1 = TornadoMath.min(x + 1, value - 1);
        int x2 = TornadoMath.min(x + 2, value - 1);
        int x3 = TornadoMath.min(x + 3, value - 1);
        int useState = control.get(Control.USE_STATE);
        int si = 0;
        if (useState == 1) {
          si = control.get(stateAt) + (segment * heads + h) * key * value;
        }
        float[] s = new float[size]; // [K, 4]
        for (int c = 0; c < key; c++) {
          s[4 * c] = useState == 1 ? state.get(si + c * value + x) : 0f;
          s[4 * c + 1] = useState == 1 ? state.get(si + c * value + x1) : 0f;
          s[4 * c + 2] = useState == 1 ? state.get(si + c * value + x2) : 0f;
          s[4 * c + 3] = useState == 1 ? state.get(si + c * value + x3) : 0f;
        }
        for (int n = begin; n < end; n += CHUNK) {
          int stop = TornadoMath.min(n + CHUNK, end);
          for (int i = n; i < stop; i++) {
            int from = (h * rows + i) * key;
            float o0 = 0f;
            float o1 = 0f;
            float o2 = 0f;
            float o3 = 0f;
            for (int c = 0; c < key; c++) {
              float y = q.get(from + c);
              o0 += y * s[4 * c];
              o1 += y * s[4 * c + 1];
              o2 += y * s[4 * c + 2];
              o3 += y * s[4 * c + 3];
            }
            int to = (h * rows + i) * value;
            out.set(to + x, out.get(to + x) + o0);
            if (x + 1 < value) {
              out.set(to + x1, out.get(to + x1) + o1);
            }
            if (x + 2 < value) {
              out.set(to + x2, out.get(to + x2) + o2);
            }
            if (x + 3 < value) {
              out.set(to + x3, out.get(to + x3) + o3);
            }
          }
          for (int c = 0; c < key; c++) {
            float d = decay.get((h * rows + stop - 1) * key + c);
            float s0 = d * s[4 * c];
            float s1 = d * s[4 * c + 1];
            float s2 = d * s[4 * c + 2];
            float s3 = d * s[4 * c + 3];
            for (int i = n; i < stop; i++) {
              float y = k.get((h * rows + i) * key + c);
              int vi = (h * capacity + token.get(i)) * value;
              s0 += y * v.get(vi + x);
              s1 += y * v.get(vi + x1);
              s2 += y * v.get(vi + x2);
              s3 += y * v.get(vi + x3);
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
