package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.portable.Routing;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gradients of queries, keys and gates of gated linear attention within chunks, added to those
 * through the states ({@link GlaStateGradients}); see docs/mathematics.md section 2.
 *
 * <p>The gate of a row has a part in what later rows of its chunk, and the row itself, read of
 * earlier rows and of the state before the chunk, and in what earlier rows and that state leave to
 * the state after the chunk. Inside the chunk this is a running sum of q·dq − k·dk from its end.
 * What a row reads of itself cancels there and is left out; the keys' share in the state is summed
 * from the chunk's start instead of being subtracted.
 */
public final class GlaGradients {
  /** Work-items of a group. */
  public static final int ITEMS = Tiles.ITEMS;

  /** Channels of a group of {@link #withinChunks}. */
  public static final int CHANNELS = 16;

  private GlaGradients() {}

  /**
   * dq̂, dk̂ and dg of every row, 0 where it is not read or not written. Groups: one a chunk, head
   * and 16 channels, channels innermost; an item has 8 rows of one channel. Sums over earlier and
   * later rows are multiplied by the decay of each row that they pass.
   *
   * @param context the work-item
   * @param table see {@link GlaStates#chunks}
   * @param token [R]
   * @param mode [R]
   * @param weight [2, R]
   * @param q [2, H, capacity, K]
   * @param k [2, H, capacity, K]
   * @param g [2, H, capacity, K]
   * @param dScores [H, R, 64] of {@link GlaScores#gradients}
   * @param through [maxChunks, H, K] of {@link GlaStateGradients#through}
   * @param dRows [3, H, R, K]: parts 0 and 1 of {@link GlaStateGradients#through} are replaced,
   *     part 2 is output
   * @param heads H
   * @param key K
   * @param capacity largest number of tokens
   * @param rows R
   */
  public static void withinChunks(
      KernelContext context,
      IntArray table,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      FloatArray q,
      FloatArray k,
      FloatArray g,
      FloatArray dScores,
      FloatArray through,
      FloatArray dRows,
      int heads,
      int key,
      int capacity,
      int rows) {
    int item = context.localIdx;
    int keyTiles = (key + CHANNELS - 1) / CHANNELS;
    int unit = context.groupIdx / keyTiles;
    int h = unit % heads;
    int begin = table.get(2 * (unit / heads));
    int end = table.get(2 * (unit / heads) + 1);
    float[] triangle = context.allocateFloatLocalArray(65 * 32); // dScores, [i, j ≤ i]
    float[] queries = context.allocateFloatLocalArray(64 * CHANNELS);
    float[] keys = context.allocateFloatLocalArray(64 * CHANNELS);
    float[] decays = context.allocateFloatLocalArray(64 * CHANNELS);
    float[] reads = context.allocateFloatLocalArray(64 * CHANNELS);
    float[] writes = context.allocateFloatLocalArray(64 * CHANNELS);
    float[] ofReads = context.allocateFloatLocalArray(8 * CHANNELS);
    float[] ofWrites = context.allocateFloatLocalArray(8 * CHANNELS);
    float[] ofQuery = context.allocateFloatLocalArray(64);
    float[] ofKey = context.allocateFloatLocalArray(64);
    int[] bits = context.allocateIntLocalArray(64);
    int[] from = context.allocateIntLocalArray(64);
    if (begin < end) {
      if (item < 64) {
        int row = TornadoMath.min(begin + item, end - 1);
        int mine = begin + item < end ? mode.get(row) : 0;
        int source = row < capacity ? h : heads + h;
        from[item] = (source * capacity + token.get(row)) * key;
        int written = mine & Routing.WRITTEN;
        int read = mine & Routing.READ;
        bits[item] = mine;
        ofQuery[item] = read > 0 ? weight.get(row) / TornadoMath.sqrt(key) : 0f;
        ofKey[item] = written > 0 ? weight.get(rows + row) : 0f;
      }
      context.localBarrier();
      // All reads of a kind are under way before the first is stored: a store holds up later reads,
      // which the compiler takes for possible reads of the same memory.
      int c = item % CHANNELS;
      int group = item / CHANNELS;
      int channel = context.groupIdx % keyTiles * CHANNELS + c;
      int column = TornadoMath.min(channel, key - 1);
      int r0 = 8 * group;
      int t0 = from[r0] + column;
      int t1 = from[r0 + 1] + column;
      int t2 = from[r0 + 2] + column;
      int t3 = from[r0 + 3] + column;
      int t4 = from[r0 + 4] + column;
      int t5 = from[r0 + 5] + column;
      int t6 = from[r0 + 6] + column;
      int t7 = from[r0 + 7] + column;
      float g0 = g.get(t0);
      float g1 = g.get(t1);
      float g2 = g.get(t2);
      float g3 = g.get(t3);
      float g4 = g.get(t4);
      float g5 = g.get(t5);
      float g6 = g.get(t6);
      float g7 = g.get(t7);
      float q0 = q.get(t0);
      float q1 = q.get(t1);
      float q2 = q.get(t2);
      float q3 = q.get(t3);
      float q4 = q.get(t4);
      float q5 = q.get(t5);
      float q6 = q.get(t6);
      float q7 = q.get(t7);
      float k0 = k.get(t0);
      float k1 = k.get(t1);
      float k2 = k.get(t2);
      float k3 = k.get(t3);
      float k4 = k.get(t4);
      float k5 = k.get(t5);
      float k6 = k.get(t6);
      float k7 = k.get(t7);
      int part = heads * rows * key;
      int exist = end - begin;
      int first = (h * rows + begin) * key + column;
      int own = r0 * CHANNELS + c;
      queries[own] = ofQuery[r0] * q0;
      keys[own] = ofKey[r0] * k0;
      g0 = TornadoMath.exp(g0);
      decays[own] = (bits[r0] & Routing.WRITTEN) > 0 ? g0 : 1f;
      queries[own + 1 * CHANNELS] = ofQuery[r0 + 1] * q1;
      keys[own + 1 * CHANNELS] = ofKey[r0 + 1] * k1;
      g1 = TornadoMath.exp(g1);
      decays[own + 1 * CHANNELS] = (bits[r0 + 1] & Routing.WRITTEN) > 0 ? g1 : 1f;
      queries[own + 2 * CHANNELS] = ofQuery[r0 + 2] * q2;
      keys[own + 2 * CHANNELS] = ofKey[r0 + 2] * k2;
      g2 = TornadoMath.exp(g2);
      decays[own + 2 * CHANNELS] = (bits[r0 + 2] & Routing.WRITTEN) > 0 ? g2 : 1f;
      queries[own + 3 * CHANNELS] = ofQuery[r0 + 3] * q3;
      keys[own + 3 * CHANNELS] = ofKey[r0 + 3] * k3;
      g3 = TornadoMath.exp(g3);
      decays[own + 3 * CHANNELS] = (bits[r0 + 3] & Routing.WRITTEN) > 0 ? g3 : 1f;
      queries[own + 4 * CHANNELS] = ofQuery[r0 + 4] * q4;
      keys[own + 4 * CHANNELS] = ofKey[r0 + 4] * k4;
      g4 = TornadoMath.exp(g4);
      decays[own + 4 * CHANNELS] = (bits[r0 + 4] & Routing.WRITTEN) > 0 ? g4 : 1f;
      queries[own + 5 * CHANNELS] = ofQuery[r0 + 5] * q5;
      keys[own + 5 * CHANNELS] = ofKey[r0 + 5] * k5;
      g5 = TornadoMath.exp(g5);
      decays[own + 5 * CHANNELS] = (bits[r0 + 5] & Routing.WRITTEN) > 0 ? g5 : 1f;
      queries[own + 6 * CHANNELS] = ofQuery[r0 + 6] * q6;
      keys[own + 6 * CHANNELS] = ofKey[r0 + 6] * k6;
      g6 = TornadoMath.exp(g6);
      decays[own + 6 * CHANNELS] = (bits[r0 + 6] & Routing.WRITTEN) > 0 ? g6 : 1f;
      queries[own + 7 * CHANNELS] = ofQuery[r0 + 7] * q7;
      keys[own + 7 * CHANNELS] = ofKey[r0 + 7] * k7;
      g7 = TornadoMath.exp(g7);
      decays[own + 7 * CHANNELS] = (bits[r0 + 7] & Routing.WRITTEN) > 0 ? g7 : 1f;
      for (int e = item; e < 64 * 64; e += 8 * ITEMS) {
        int j = e % 64;
        int i = e / 64;
        int si = h * rows + begin;
        float s0 = dScores.get((si + TornadoMath.min(i, exist - 1)) * 64 + j);
        float s1 = dScores.get((si + TornadoMath.min(i + 2, exist - 1)) * 64 + j);
        float s2 = dScores.get((si + TornadoMath.min(i + 4, exist - 1)) * 64 + j);
        float s3 = dScores.get((si + TornadoMath.min(i + 6, exist - 1)) * 64 + j);
        float s4 = dScores.get((si + TornadoMath.min(i + 8, exist - 1)) * 64 + j);
        float s5 = dScores.get((si + TornadoMath.min(i + 10, exist - 1)) * 64 + j);
        float s6 = dScores.get((si + TornadoMath.min(i + 12, exist - 1)) * 64 + j);
        float s7 = dScores.get((si + TornadoMath.min(i + 14, exist - 1)) * 64 + j);
        if (j <= i) {
          triangle[i * (i + 1) / 2 + j] = i < exist ? s0 : 0f;
        }
        if (j <= i + 2) {
          triangle[(i + 2) * (i + 3) / 2 + j] = i + 2 < exist ? s1 : 0f;
        }
        if (j <= i + 4) {
          triangle[(i + 4) * (i + 5) / 2 + j] = i + 4 < exist ? s2 : 0f;
        }
        if (j <= i + 6) {
          triangle[(i + 6) * (i + 7) / 2 + j] = i + 6 < exist ? s3 : 0f;
        }
        if (j <= i + 8) {
          triangle[(i + 8) * (i + 9) / 2 + j] = i + 8 < exist ? s4 : 0f;
        }
        if (j <= i + 10) {
          triangle[(i + 10) * (i + 11) / 2 + j] = i + 10 < exist ? s5 : 0f;
        }
        if (j <= i + 12) {
          triangle[(i + 12) * (i + 13) / 2 + j] = i + 12 < exist ? s6 : 0f;
        }
        if (j <= i + 14) {
          triangle[(i + 14) * (i + 15) / 2 + j] = i + 14 < exist ? s7 : 0f;
        }
      }
      context.localBarrier();
      int at0 = first + TornadoMath.min(r0, exist - 1) * key;
      int at1 = first + TornadoMath.min(r0 + 1, exist - 1) * key;
      int at2 = first + TornadoMath.min(r0 + 2, exist - 1) * key;
      int at3 = first + TornadoMath.min(r0 + 3, exist - 1) * key;
      int at4 = first + TornadoMath.min(r0 + 4, exist - 1) * key;
      int at5 = first + TornadoMath.min(r0 + 5, exist - 1) * key;
      int at6 = first + TornadoMath.min(r0 + 6, exist - 1) * key;
      int at7 = first + TornadoMath.min(r0 + 7, exist - 1) * key;
      float x0 = dRows.get(at0);
      float x1 = dRows.get(at1);
      float x2 = dRows.get(at2);
      float x3 = dRows.get(at3);
      float x4 = dRows.get(at4);
      float x5 = dRows.get(at5);
      float x6 = dRows.get(at6);
      float x7 = dRows.get(at7);
      // Triangle rows begin at i·(i + 1)/2.
      int i0 = r0 * (r0 + 1) / 2;
      int i1 = i0 + r0 + 1;
      int i2 = i1 + r0 + 2;
      int i3 = i2 + r0 + 3;
      int i4 = i3 + r0 + 4;
      int i5 = i4 + r0 + 5;
      int i6 = i5 + r0 + 6;
      int i7 = i6 + r0 + 7;
      float a0 = 0f;
      float a1 = 0f;
      float a2 = 0f;
      float a3 = 0f;
      float a4 = 0f;
      float a5 = 0f;
      float a6 = 0f;
      float a7 = 0f;
      float before = 1f;
      for (int j = 0; j < r0; j++) {
        float d = decays[j * CHANNELS + c];
        float y = keys[j * CHANNELS + c];
        before *= d;
        a0 = a0 * d + triangle[i0 + j] * y;
        a1 = a1 * d + triangle[i1 + j] * y;
        a2 = a2 * d + triangle[i2 + j] * y;
        a3 = a3 * d + triangle[i3 + j] * y;
        a4 = a4 * d + triangle[i4 + j] * y;
        a5 = a5 * d + triangle[i5 + j] * y;
        a6 = a6 * d + triangle[i6 + j] * y;
        a7 = a7 * d + triangle[i7 + j] * y;
      }
      for (int n = 0; n < 8; n++) {
        int j = r0 + n;
        float d = decays[j * CHANNELS + c];
        float y = keys[j * CHANNELS + c];
        a0 = n == 0 ? a0 * d : a0;
        a1 = n < 1 ? a1 * d + triangle[i1 + j] * y : n == 1 ? a1 * d : a1;
        a2 = n < 2 ? a2 * d + triangle[i2 + j] * y : n == 2 ? a2 * d : a2;
        a3 = n < 3 ? a3 * d + triangle[i3 + j] * y : n == 3 ? a3 * d : a3;
        a4 = n < 4 ? a4 * d + triangle[i4 + j] * y : n == 4 ? a4 * d : a4;
        a5 = n < 5 ? a5 * d + triangle[i5 + j] * y : n == 5 ? a5 * d : a5;
        a6 = n < 6 ? a6 * d + triangle[i6 + j] * y : n == 6 ? a6 * d : a6;
        a7 = n < 7 ? a7 * d + triangle[i7 + j] * y : n == 7 ? a7 * d : a7;
      }
      // Stored, not kept: what is read for the later sums stays behind, or it would fill registers.
      reads[own] = a0;
      reads[own + 1 * CHANNELS] = a1;
      reads[own + 2 * CHANNELS] = a2;
      reads[own + 3 * CHANNELS] = a3;
      reads[own + 4 * CHANNELS] = a4;
      reads[own + 5 * CHANNELS] = a5;
      reads[own + 6 * CHANNELS] = a6;
      reads[own + 7 * CHANNELS] = a7;
      float w0 = dRows.get(part + at0);
      float w1 = dRows.get(part + at1);
      float w2 = dRows.get(part + at2);
      float w3 = dRows.get(part + at3);
      float w4 = dRows.get(part + at4);
      float w5 = dRows.get(part + at5);
      float w6 = dRows.get(part + at6);
      float w7 = dRows.get(part + at7);
      float b0 = 0f;
      float b1 = 0f;
      float b2 = 0f;
      float b3 = 0f;
      float b4 = 0f;
      float b5 = 0f;
      float b6 = 0f;
      float b7 = 0f;
      float later = 1f;
      for (int i = 63; i >= r0 + 8; i--) {
        float d = decays[i * CHANNELS + c];
        float y = queries[i * CHANNELS + c];
        int at = i * (i + 1) / 2 + r0;
        later *= d;
        b0 = (b0 + triangle[at] * y) * d;
        b1 = (b1 + triangle[at + 1] * y) * d;
        b2 = (b2 + triangle[at + 2] * y) * d;
        b3 = (b3 + triangle[at + 3] * y) * d;
        b4 = (b4 + triangle[at + 4] * y) * d;
        b5 = (b5 + triangle[at + 5] * y) * d;
        b6 = (b6 + triangle[at + 6] * y) * d;
        b7 = (b7 + triangle[at + 7] * y) * d;
      }
      for (int n = 7; n > 0; n--) {
        int i = r0 + n;
        float d = decays[i * CHANNELS + c];
        float y = queries[i * CHANNELS + c];
        int at = i * (i + 1) / 2 + r0;
        b0 = n > 0 ? (b0 + triangle[at] * y) * d : b0;
        b1 = n > 1 ? (b1 + triangle[at + 1] * y) * d : b1;
        b2 = n > 2 ? (b2 + triangle[at + 2] * y) * d : b2;
        b3 = n > 3 ? (b3 + triangle[at + 3] * y) * d : b3;
        b4 = n > 4 ? (b4 + triangle[at + 4] * y) * d : b4;
        b5 = n > 5 ? (b5 + triangle[at + 5] * y) * d : b5;
        b6 = n > 6 ? (b6 + triangle[at + 6] * y) * d : b6;
      }
      writes[own] = b0;
      writes[own + 1 * CHANNELS] = b1;
      writes[own + 2 * CHANNELS] = b2;
      writes[own + 3 * CHANNELS] = b3;
      writes[own + 4 * CHANNELS] = b4;
      writes[own + 5 * CHANNELS] = b5;
      writes[own + 6 * CHANNELS] = b6;
      writes[own + 7 * CHANNELS] = b7;
      int mine = first + r0 * key;
      int last = channel < key ? exist : 0;
      float scale = 1f / TornadoMath.sqrt(key);
      before *= decays[own];
      float y0 = reads[own] + (r0 < exist ? before * x0 : 0f);
      float own0 = triangle[i0 + r0];
      if (r0 < last) {
        float dq = scale * (y0 + own0 * keys[own]);
        dRows.set(mine, (bits[r0] & Routing.READ) > 0 ? dq : 0f);
      }
      before *= decays[own + 1 * CHANNELS];
      float y1 = reads[own + 1 * CHANNELS] + (r0 + 1 < exist ? before * x1 : 0f);
      float own1 = triangle[i1 + r0 + 1];
      if (r0 + 1 < last) {
        float dq = scale * (y1 + own1 * keys[own + 1 * CHANNELS]);
        dRows.set(mine + 1 * key, (bits[r0 + 1] & Routing.READ) > 0 ? dq : 0f);
      }
      before *= decays[own + 2 * CHANNELS];
      float y2 = reads[own + 2 * CHANNELS] + (r0 + 2 < exist ? before * x2 : 0f);
      float own2 = triangle[i2 + r0 + 2];
      if (r0 + 2 < last) {
        float dq = scale * (y2 + own2 * keys[own + 2 * CHANNELS]);
        dRows.set(mine + 2 * key, (bits[r0 + 2] & Routing.READ) > 0 ? dq : 0f);
      }
      before *= decays[own + 3 * CHANNELS];
      float y3 = reads[own + 3 * CHANNELS] + (r0 + 3 < exist ? before * x3 : 0f);
      float own3 = triangle[i3 + r0 + 3];
      if (r0 + 3 < last) {
        float dq = scale * (y3 + own3 * keys[own + 3 * CHANNELS]);
        dRows.set(mine + 3 * key, (bits[r0 + 3] & Routing.READ) > 0 ? dq : 0f);
      }
      before *= decays[own + 4 * CHANNELS];
      float y4 = reads[own + 4 * CHANNELS] + (r0 + 4 < exist ? before * x4 : 0f);
      float own4 = triangle[i4 + r0 + 4];
      if (r0 + 4 < last) {
        float dq = scale * (y4 + own4 * keys[own + 4 * CHANNELS]);
        dRows.set(mine + 4 * key, (bits[r0 + 4] & Routing.READ) > 0 ? dq : 0f);
      }
      before *= decays[own + 5 * CHANNELS];
      float y5 = reads[own + 5 * CHANNELS] + (r0 + 5 < exist ? before * x5 : 0f);
      float own5 = triangle[i5 + r0 + 5];
      if (r0 + 5 < last) {
        float dq = scale * (y5 + own5 * keys[own + 5 * CHANNELS]);
        dRows.set(mine + 5 * key, (bits[r0 + 5] & Routing.READ) > 0 ? dq : 0f);
      }
      before *= decays[own + 6 * CHANNELS];
      float y6 = reads[own + 6 * CHANNELS] + (r0 + 6 < exist ? before * x6 : 0f);
      float own6 = triangle[i6 + r0 + 6];
      if (r0 + 6 < last) {
        float dq = scale * (y6 + own6 * keys[own + 6 * CHANNELS]);
        dRows.set(mine + 6 * key, (bits[r0 + 6] & Routing.READ) > 0 ? dq : 0f);
      }
      before *= decays[own + 7 * CHANNELS];
      float y7 = reads[own + 7 * CHANNELS] + (r0 + 7 < exist ? before * x7 : 0f);
      float own7 = triangle[i7 + r0 + 7];
      if (r0 + 7 < last) {
        float dq = scale * (y7 + own7 * keys[own + 7 * CHANNELS]);
        dRows.set(mine + 7 * key, (bits[r0 + 7] & Routing.READ) > 0 ? dq : 0f);
      }
      float sumOfReads = 0f;
      float sumOfWrites = 0f;
      float z7 = r0 + 7 < exist ? later * w7 : 0f;
      if (r0 + 7 < last) {
        float dk = writes[own + 7 * CHANNELS] + own7 * queries[own + 7 * CHANNELS] + z7;
        dRows.set(part + mine + 7 * key, (bits[r0 + 7] & Routing.WRITTEN) > 0 ? dk : 0f);
      }
      y7 = queries[own + 7 * CHANNELS] * y7 - keys[own + 7 * CHANNELS] * writes[own + 7 * CHANNELS];
      z7 *= keys[own + 7 * CHANNELS];
      sumOfReads += y7;
      sumOfWrites += z7;
      later *= decays[own + 7 * CHANNELS];
      float z6 = r0 + 6 < exist ? later * w6 : 0f;
      if (r0 + 6 < last) {
        float dk = writes[own + 6 * CHANNELS] + own6 * queries[own + 6 * CHANNELS] + z6;
        dRows.set(part + mine + 6 * key, (bits[r0 + 6] & Routing.WRITTEN) > 0 ? dk : 0f);
      }
      y6 = queries[own + 6 * CHANNELS] * y6 - keys[own + 6 * CHANNELS] * writes[own + 6 * CHANNELS];
      z6 *= keys[own + 6 * CHANNELS];
      sumOfReads += y6;
      sumOfWrites += z6;
      later *= decays[own + 6 * CHANNELS];
      float z5 = r0 + 5 < exist ? later * w5 : 0f;
      if (r0 + 5 < last) {
        float dk = writes[own + 5 * CHANNELS] + own5 * queries[own + 5 * CHANNELS] + z5;
        dRows.set(part + mine + 5 * key, (bits[r0 + 5] & Routing.WRITTEN) > 0 ? dk : 0f);
      }
      y5 = queries[own + 5 * CHANNELS] * y5 - keys[own + 5 * CHANNELS] * writes[own + 5 * CHANNELS];
      z5 *= keys[own + 5 * CHANNELS];
      sumOfReads += y5;
      sumOfWrites += z5;
      later *= decays[own + 5 * CHANNELS];
      float z4 = r0 + 4 < exist ? later * w4 : 0f;
      if (r0 + 4 < last) {
        float dk = writes[own + 4 * CHANNELS] + own4 * queries[own + 4 * CHANNELS] + z4;
        dRows.set(part + mine + 4 * key, (bits[r0 + 4] & Routing.WRITTEN) > 0 ? dk : 0f);
      }
      y4 = queries[own + 4 * CHANNELS] * y4 - keys[own + 4 * CHANNELS] * writes[own + 4 * CHANNELS];
      z4 *= keys[own + 4 * CHANNELS];
      sumOfReads += y4;
      sumOfWrites += z4;
      later *= decays[own + 4 * CHANNELS];
      float z3 = r0 + 3 < exist ? later * w3 : 0f;
      if (r0 + 3 < last) {
        float dk = writes[own + 3 * CHANNELS] + own3 * queries[own + 3 * CHANNELS] + z3;
        dRows.set(part + mine + 3 * key, (bits[r0 + 3] & Routing.WRITTEN) > 0 ? dk : 0f);
      }
      y3 = queries[own + 3 * CHANNELS] * y3 - keys[own + 3 * CHANNELS] * writes[own + 3 * CHANNELS];
      z3 *= keys[own + 3 * CHANNELS];
      sumOfReads += y3;
      sumOfWrites += z3;
      later *= decays[own + 3 * CHANNELS];
      float z2 = r0 + 2 < exist ? later * w2 : 0f;
      if (r0 + 2 < last) {
        float dk = writes[own + 2 * CHANNELS] + own2 * queries[own + 2 * CHANNELS] + z2;
        dRows.set(part + mine + 2 * key, (bits[r0 + 2] & Routing.WRITTEN) > 0 ? dk : 0f);
      }
      y2 = queries[own + 2 * CHANNELS] * y2 - keys[own + 2 * CHANNELS] * writes[own + 2 * CHANNELS];
      z2 *= keys[own + 2 * CHANNELS];
      sumOfReads += y2;
      sumOfWrites += z2;
      later *= decays[own + 2 * CHANNELS];
      float z1 = r0 + 1 < exist ? later * w1 : 0f;
      if (r0 + 1 < last) {
        float dk = writes[own + 1 * CHANNELS] + own1 * queries[own + 1 * CHANNELS] + z1;
        dRows.set(part + mine + 1 * key, (bits[r0 + 1] & Routing.WRITTEN) > 0 ? dk : 0f);
      }
      y1 = queries[own + 1 * CHANNELS] * y1 - keys[own + 1 * CHANNELS] * writes[own + 1 * CHANNELS];
      z1 *= keys[own + 1 * CHANNELS];
      sumOfReads += y1;
      sumOfWrites += z1;
      later *= decays[own + 1 * CHANNELS];
      float z0 = r0 < exist ? later * w0 : 0f;
      if (r0 < last) {
        float dk = writes[own] + own0 * queries[own] + z0;
        dRows.set(part + mine, (bits[r0] & Routing.WRITTEN) > 0 ? dk : 0f);
      }
      y0 = queries[own] * y0 - keys[own] * writes[own];
      z0 *= keys[own];
      sumOfReads += y0;
      sumOfWrites += z0;
      later *= decays[own];
      ofReads[item] = sumOfReads;
      ofWrites[item] = sumOfWrites;
      context.localBarrier();
      float after = 0f;
      for (int n = 7; n > group; n--) {
        after += ofReads[n * CHANNELS + c];
      }
      after += y7;
      y7 = after;
      after += y6;
      y6 = after;
      after += y5;
      y5 = after;
      after += y4;
      y4 = after;
      after += y3;
      y3 = after;
      after += y2;
      y2 = after;
      after += y1;
      y1 = after;
      after += y0;
      y0 = after;
      float sum = through.get(unit * key + column);
      for (int n = 0; n < group; n++) {
        sum += ofWrites[n * CHANNELS + c];
      }
      if (r0 < last) {
        dRows.set(2 * part + mine, (bits[r0] & Routing.WRITTEN) > 0 ? y0 + sum : 0f);
      }
      sum += z0;
      if (r0 + 1 < last) {
        dRows.set(2 * part + mine + 1 * key, (bits[r0 + 1] & Routing.WRITTEN) > 0 ? y1 + sum : 0f);
      }
      sum += z1;
      if (r0 + 2 < last) {
        dRows.set(2 * part + mine + 2 * key, (bits[r0 + 2] & Routing.WRITTEN) > 0 ? y2 + sum : 0f);
      }
      sum += z2;
      if (r0 + 3 < last) {
        dRows.set(2 * part + mine + 3 * key, (bits[r0 + 3] & Routing.WRITTEN) > 0 ? y3 + sum : 0f);
      }
      sum += z3;
      if (r0 + 4 < last) {
        dRows.set(2 * part + mine + 4 * key, (bits[r0 + 4] & Routing.WRITTEN) > 0 ? y4 + sum : 0f);
      }
      sum += z4;
      if (r0 + 5 < last) {
        dRows.set(2 * part + mine + 5 * key, (bits[r0 + 5] & Routing.WRITTEN) > 0 ? y5 + sum : 0f);
      }
      sum += z5;
      if (r0 + 6 < last) {
        dRows.set(2 * part + mine + 6 * key, (bits[r0 + 6] & Routing.WRITTEN) > 0 ? y6 + sum : 0f);
      }
      sum += z6;
      if (r0 + 7 < last) {
        dRows.set(2 * part + mine + 7 * key, (bits[r0 + 7] & Routing.WRITTEN) > 0 ? y7 + sum : 0f);
      }
    }
  }
}
