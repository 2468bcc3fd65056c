package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.Routing;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The states of gated linear attention at the bounds of all chunks of 64 rows, see
 * docs/mathematics.md section 2: first what each chunk adds, all chunks at once, then a running sum
 * over the chunks of a segment. Decays are products of exp(g) of rows, never exponentials of sums
 * or quotients: they stay in [0, 1] whatever the gates are.
 */
public final class GlaStates {
  /** Rows of a chunk. */
  public static final int CHUNK = 64;

  /** Work-items of a group of every kernel here. */
  public static final int ITEMS = Tiles.ITEMS;

  private GlaStates() {}

  /**
   * The chunks of all segments: entries 2·n and 2·n + 1 of the table are the first and the end row
   * of chunk n (an unused chunk has no rows); entry 2·maxChunks + i is the first chunk of segment
   * i, and the last entry the number of chunks. Work-items: one an entry of either kind.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param segments begin and end row of each segment
   * @param table output [2·maxChunks + maxSegments + 1]
   * @param parts N + 1
   * @param maxSegments largest number of segments
   * @param maxChunks largest number of chunks
   */
  public static void chunks(
      KernelContext context,
      IntArray control,
      IntArray segments,
      IntArray table,
      int parts,
      int maxSegments,
      int maxChunks) {
    int n = context.globalIdx;
    int used = control.get(Control.SEQUENCES) * parts;
    int first = 0;
    int begin = 0;
    int end = 0;
    for (int i = 0; i < maxSegments; i++) {
      if (i == n) {
        table.set(2 * maxChunks + i, first);
      }
      if (i < used) {
        int from = segments.get(2 * i);
        int to = segments.get(2 * i + 1);
        int count = (to - from + CHUNK - 1) / CHUNK;
        if (n >= first && n < first + count) {
          begin = from + (n - first) * CHUNK;
          end = TornadoMath.min(begin + CHUNK, to);
        }
        first += count;
      }
    }
    if (n == maxSegments) {
      table.set(2 * maxChunks + maxSegments, first);
    }
    if (n < maxChunks) {
      table.set(2 * n, begin);
      table.set(2 * n + 1, end);
    }
  }

  /**
   * What each chunk adds to the state after it, or to the gradient of the state before it:
   * states[n, h, c, x] = Σ_j a_j[c]·y_j[x]. Of keys (queries is 0), a is weight[1]·k times the
   * decays of the later rows of the chunk, 0 for rows that are not written, and y is v. Of queries
   * (1), a is K^(-1/2)·weight[0]·q times the decays of the row and the earlier ones, 0 for rows
   * that are not read, and y is dO. Groups: one a chunk, head and tile of 64 × 64 of the state,
   * tiles innermost.
   *
   * @param context the work-item
   * @param table see {@link #chunks}
   * @param token [R]
   * @param mode [R]
   * @param weight [2, R]
   * @param x k or q [2, H, capacity, K]
   * @param g [2, H, capacity, K]
   * @param y v or dO [H, capacity, V]
   * @param decay output [maxChunks, H, K]: the decay over the whole chunk
   * @param states output [maxChunks, H, K, V]
   * @param heads H
   * @param key K
   * @param value V
   * @param capacity largest number of tokens
   * @param rows R
   * @param queries 1 for queries, 0 for keys
   */
  public static void contributions(
      KernelContext context,
      IntArray table,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      FloatArray x,
      FloatArray g,
      FloatArray y,
      FloatArray decay,
      FloatArray states,
      int heads,
      int key,
      int value,
      int capacity,
      int rows,
      int queries) {
    int item = context.localIdx;
    int keyTiles = (key + 63) / 64;
    int valueTiles = (value + 63) / 64;
    int unit = context.groupIdx / (keyTiles * valueTiles);
    int tile = context.groupIdx % (keyTiles * valueTiles);
    int h = unit % heads;
    int begin = table.get(2 * (unit / heads));
    int end = table.get(2 * (unit / heads) + 1);
    int firstKey = tile / valueTiles * 64;
    int firstValue = tile % valueTiles * 64;
    float[] a = context.allocateFloatLocalArray(64 * 64); // [row, channel]
    float[] b = context.allocateFloatLocalArray(32 * 64); // [row, column]
    float[] product = context.allocateFloatLocalArray(4 * 64); // [sub-chunk, channel]
    float[] factor = context.allocateFloatLocalArray(64);
    int[] written = context.allocateIntLocalArray(64);
    int[] from = context.allocateIntLocalArray(64);
    int[] valueFrom = context.allocateIntLocalArray(64);
    if (begin < end) {
      if (item < 64) {
        int row = TornadoMath.min(begin + item, end - 1);
        int bits = begin + item < end ? mode.get(row) : 0;
        int source = row < capacity ? h : heads + h;
        from[item] = (source * capacity + token.get(row)) * key;
        valueFrom[item] = (h * capacity + token.get(row)) * value;
        written[item] = bits & Routing.WRITTEN;
        float scale =
            queries == 1 ? weight.get(row) / TornadoMath.sqrt(key) : weight.get(rows + row);
        int part = queries == 1 ? bits & Routing.READ : bits & Routing.WRITTEN;
        factor[item] = part > 0 ? scale : 0f;
      }
      context.localBarrier();
      int c = item % 64;
      int channel = TornadoMath.min(firstKey + c, key - 1);
      for (int s = item / 64; s < 4; s += 2) {
        float running = 1f;
        for (int n = 0; n < 16; n++) {
          int j = queries == 1 ? 16 * s + n : 16 * s + 15 - n;
          float e = TornadoMath.exp(g.get(from[j] + channel));
          float next = written[j] > 0 ? running * e : running;
          a[j * 64 + c] = factor[j] * x.get(from[j] + channel) * (queries == 1 ? next : running);
          running = next;
        }
        product[s * 64 + c] = running;
      }
      context.localBarrier();
      float p0 = product[c];
      float p1 = product[64 + c];
      float p2 = product[128 + c];
      float p3 = product[192 + c];
      for (int s = item / 64; s < 4; s += 2) {
        float before = (s > 0 ? p0 : 1f) * (s > 1 ? p1 : 1f) * (s > 2 ? p2 : 1f);
        float after = (s < 1 ? p1 : 1f) * (s < 2 ? p2 : 1f) * (s < 3 ? p3 : 1f);
        float bound = queries == 1 ? before : after;
        for (int j = 16 * s; j < 16 * s + 16; j++) {
          a[j * 64 + c] *= bound;
        }
      }
      if (item < 64 && firstValue == 0 && firstKey + c < key) {
        decay.set(unit * key + firstKey + c, p0 * p1 * p2 * p3);
      }
      int tx = item % 16;
      int ty = item / 16;
      float s00 = 0f;
      float s01 = 0f;
      float s02 = 0f;
      float s03 = 0f;
      float s10 = 0f;
      float s11 = 0f;
      float s12 = 0f;
      float s13 = 0f;
      float s20 = 0f;
      float s21 = 0f;
      float s22 = 0f;
      float s23 = 0f;
      float s30 = 0f;
      float s31 = 0f;
      float s32 = 0f;
      float s33 = 0f;
      float s40 = 0f;
      float s41 = 0f;
      float s42 = 0f;
      float s43 = 0f;
      float s50 = 0f;
      float s51 = 0f;
      float s52 = 0f;
      float s53 = 0f;
      float s60 = 0f;
      float s61 = 0f;
      float s62 = 0f;
      float s63 = 0f;
      float s70 = 0f;
      float s71 = 0f;
      float s72 = 0f;
      float s73 = 0f;
      for (int first = 0; first < end - begin; first += 32) {
        for (int e = item; e < 32 * 64; e += ITEMS) {
          int column = TornadoMath.min(firstValue + e % 64, value - 1);
          b[e] = y.get(valueFrom[first + e / 64] + column);
        }
        context.localBarrier();
        for (int j = 0; j < 32; j++) {
          int ai = (first + j) * 64 + ty;
          int bi = j * 64 + tx;
          float x0 = a[ai];
          float x1 = a[ai + 8];
          float x2 = a[ai + 16];
          float x3 = a[ai + 24];
          float x4 = a[ai + 32];
          float x5 = a[ai + 40];
          float x6 = a[ai + 48];
          float x7 = a[ai + 56];
          float y0 = b[bi];
          float y1 = b[bi + 16];
          float y2 = b[bi + 32];
          float y3 = b[bi + 48];
          s00 += x0 * y0;
          s01 += x0 * y1;
          s02 += x0 * y2;
          s03 += x0 * y3;
          s10 += x1 * y0;
          s11 += x1 * y1;
          s12 += x1 * y2;
          s13 += x1 * y3;
          s20 += x2 * y0;
          s21 += x2 * y1;
          s22 += x2 * y2;
          s23 += x2 * y3;
          s30 += x3 * y0;
          s31 += x3 * y1;
          s32 += x3 * y2;
          s33 += x3 * y3;
          s40 += x4 * y0;
          s41 += x4 * y1;
          s42 += x4 * y2;
          s43 += x4 * y3;
          s50 += x5 * y0;
          s51 += x5 * y1;
          s52 += x5 * y2;
          s53 += x5 * y3;
          s60 += x6 * y0;
          s61 += x6 * y1;
          s62 += x6 * y2;
          s63 += x6 * y3;
          s70 += x7 * y0;
          s71 += x7 * y1;
          s72 += x7 * y2;
          s73 += x7 * y3;
        }
        context.localBarrier();
      }
      int to = (unit * key + firstKey + ty) * value + firstValue + tx;
      int room = value - firstValue - tx;
      int left = key - firstKey - ty;
      Tiles.put(states, to, left > 0 ? room : 0, s00, s01, s02, s03);
      Tiles.put(states, to + 8 * value, left > 8 ? room : 0, s10, s11, s12, s13);
      Tiles.put(states, to + 16 * value, left > 16 ? room : 0, s20, s21, s22, s23);
      Tiles.put(states, to + 24 * value, left > 24 ? room : 0, s30, s31, s32, s33);
      Tiles.put(states, to + 32 * value, left > 32 ? room : 0, s40, s41, s42, s43);
      Tiles.put(states, to + 40 * value, left > 40 ? room : 0, s50, s51, s52, s53);
      Tiles.put(states, to + 48 * value, left > 48 ? room : 0, s60, s61, s62, s63);
      Tiles.put(states, to + 56 * value, left > 56 ? room : 0, s70, s71, s72, s73);
    }
  }

  /**
   * Replaces what each chunk adds by the state before it, from the first chunk of a segment to the
   * last; a work-item has one element of the state. Groups: one a segment and head along x, one a
   * 128 elements along y.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param table see {@link #chunks}
   * @param decay [maxChunks, H, K]
   * @param state [segments, H, K, V]: if control[USE_STATE] is 1, where segments begin, and, with
   *     keep, where they end
   * @param stateAt base of state
   * @param states [maxChunks, H, K, V] of {@link #contributions}, replaced
   * @param heads H
   * @param key K
   * @param value V
   * @param maxChunks largest number of chunks
   * @param keep 1 if final states are kept, else 0
   */
  public static void carry(
      KernelContext context,
      IntArray control,
      IntArray table,
      FloatArray decay,
      FloatArray state,
      int stateAt,
      FloatArray states,
      int heads,
      int key,
      int value,
      int maxChunks,
      int keep) {
    int segment = context.groupIdx / heads;
    int h = context.groupIdx % heads;
    int element = context.groupIdy * ITEMS + context.localIdx;
    int size = key * value;
    int first = table.get(2 * maxChunks + segment);
    int last = table.get(2 * maxChunks + segment + 1);
    if (element < size && first < last) {
      int useState = control.get(Control.USE_STATE);
      int si = 0;
      float s = 0f;
      if (useState == 1) {
        si = control.get(stateAt) + (segment * heads + h) * size + element;
        s = state.get(si);
      }
      int c = element / value;
      for (int n = first; n < last; n += 4) {
        int n1 = TornadoMath.min(n + 1, last - 1) * heads + h;
        int n2 = TornadoMath.min(n + 2, last - 1) * heads + h;
        int n3 = TornadoMath.min(n + 3, last - 1) * heads + h;
        float y0 = states.get((n * heads + h) * size + element);
        float y1 = states.get(n1 * size + element);
        float y2 = states.get(n2 * size + element);
        float y3 = states.get(n3 * size + element);
        states.set((n * heads + h) * size + element, s);
        s = decay.get((n * heads + h) * key + c) * s + y0;
        if (n + 1 < last) {
          states.set(n1 * size + element, s);
          s = decay.get(n1 * key + c) * s + y1;
        }
        if (n + 2 < last) {
          states.set(n2 * size + element, s);
          s = decay.get(n2 * key + c) * s + y2;
        }
        if (n + 3 < last) {
          states.set(n3 * size + element, s);
          s = decay.get(n3 * key + c) * s + y3;
        }
      }
      if (useState == 1 && keep == 1) {
        state.set(si, s);
      }
    }
  }

  /**
   * Replaces what each chunk adds to the gradient of the state before it by the gradient of the
   * state after it, from the last chunk of a segment to the first. Groups as in {@link #carry}.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param table see {@link #chunks}
   * @param decay [maxChunks, H, K]
   * @param dState [segments, H, K, V]: if control[USE_STATE] is 1, the gradient of the final states
   *     is replaced by that of the initial ones
   * @param dStateAt base of dState
   * @param dStates [maxChunks, H, K, V] of {@link #contributions}, replaced
   * @param heads H
   * @param key K
   * @param value V
   * @param maxChunks largest number of chunks
   */
  public static void carryBack(
      KernelContext context,
      IntArray control,
      IntArray table,
      FloatArray decay,
      FloatArray dState,
      int dStateAt,
      FloatArray dStates,
      int heads,
      int key,
      int value,
      int maxChunks) {
    int segment = context.groupIdx / heads;
    int h = context.groupIdx % heads;
    int element = context.groupIdy * ITEMS + context.localIdx;
    int size = key * value;
    int first = table.get(2 * maxChunks + segment);
    int last = table.get(2 * maxChunks + segment + 1);
    if (element < size && first < last) {
      int useState = control.get(Control.USE_STATE);
      int si = 0;
      float s = 0f;
      if (useState == 1) {
        si = control.get(dStateAt) + (segment * heads + h) * size + element;
        s = dState.get(si);
      }
      int c = element / value;
      for (int n = last - 1; n >= first; n -= 4) {
        int n1 = TornadoMath.max(n - 1, first) * heads + h;
        int n2 = TornadoMath.max(n - 2, first) * heads + h;
        int n3 = TornadoMath.max(n - 3, first) * heads + h;
        float y0 = dStates.get((n * heads + h) * size + element);
        float y1 = dStates.get(n1 * size + element);
        float y2 = dStates.get(n2 * size + element);
        float y3 = dStates.get(n3 * size + element);
        dStates.set((n * heads + h) * size + element, s);
        s = decay.get((n * heads + h) * key + c) * s + y0;
        if (n - 1 >= first) {
          dStates.set(n1 * size + element, s);
          s = decay.get(n1 * key + c) * s + y1;
        }
        if (n - 2 >= first) {
          dStates.set(n2 * size + element, s);
          s = decay.get(n2 * key + c) * s + y2;
        }
        if (n - 3 >= first) {
          dStates.set(n3 * size + element, s);
          s = decay.get(n3 * key + c) * s + y3;
        }
      }
      if (useState == 1) {
        dState.set(si, s);
      }
    }
  }
}
