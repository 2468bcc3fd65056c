package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.SoftmaxAttention;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Softmax attention over caches, see docs/mathematics.md section 5. */
public final class CachedAttention {
  /** Items of a group, and positions that it reads at a time. */
  public static final int ITEMS = 128;

  /** Items that share a key. */
  private static final int LANES = 16;

  /** Largest head. */
  public static final int MOST_DIM = 256;

  private static final float LOWEST = -1e38f;

  private CachedAttention() {}

  /**
   * Turns new tokens' queries and keys by their positions, and puts keys and values into the caches
   * at index position mod cache. Groups: one for each token of the capacity and head of queries,
   * keys and values.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param x [L, H + 2·HK, dim]
   * @param xAt base of x
   * @param bias [H + 2·HK, dim]; any array if biasAt is negative
   * @param biasAt base of bias
   * @param cu [S + 1]
   * @param past [S]
   * @param angles as in {@code portable.Rotary.turn}
   * @param q output [H, capacity, dim]
   * @param keyCache output [S, HK, cache, dim]
   * @param keyCacheAt base of keyCache
   * @param valueCache output [S, HK, cache, dim]
   * @param valueCacheAt base of valueCache
   * @param low number of low positions
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head, even
   * @param capacity largest number of tokens
   * @param cache positions of a cache
   */
  public static void turn(
      KernelContext context,
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray bias,
      int biasAt,
      IntArray cu,
      IntArray past,
      FloatArray angles,
      FloatArray q,
      FloatArray keyCache,
      int keyCacheAt,
      FloatArray valueCache,
      int valueCacheAt,
      int low,
      int heads,
      int keyHeads,
      int dim,
      int capacity,
      int cache) {
    int all = heads + 2 * keyHeads;
    int h = context.groupIdx % all;
    int t = context.groupIdx / all;
    if (t < control.get(Control.TOKENS)) {
      int s = SoftmaxAttention.sequenceOf(cu, control.get(Control.SEQUENCES), t);
      int position = past.get(s) + t - cu.get(s);
      int half = dim / 2;
      int a = position % low * dim;
      int b = (low + position / low) * dim;
      int from = control.get(xAt) + (t * all + h) * dim;
      int ofKey = TornadoMath.max(h - heads, 0) % keyHeads;
      int slot = ((s * keyHeads + ofKey) * cache + position % cache) * dim;
      for (int i = context.localIdx; i < half; i += context.localGroupSizeX) {
        float u = x.get(from + i);
        float w = x.get(from + half + i);
        if (biasAt >= 0) {
          int bi = control.get(biasAt) + h * dim + i;
          u += bias.get(bi);
          w += bias.get(bi + half);
        }
        float cosLow = angles.get(a + 2 * i);
        float sinLow = angles.get(a + 2 * i + 1);
        float cosHigh = angles.get(b + 2 * i);
        float sinHigh = angles.get(b + 2 * i + 1);
        float cos = cosLow * cosHigh - sinLow * sinHigh;
        float sin = sinLow * cosHigh + cosLow * sinHigh;
        float first = u * cos - w * sin;
        float second = w * cos + u * sin;
        if (h < heads) {
          int to = (h * capacity + t) * dim + i;
          q.set(to, first);
          q.set(to + half, second);
        } else if (h < heads + keyHeads) {
          int to = control.get(keyCacheAt) + slot + i;
          keyCache.set(to, first);
          keyCache.set(to + half, second);
        } else {
          int to = control.get(valueCacheAt) + slot + i;
          valueCache.set(to, u);
          valueCache.set(to + half, w);
        }
      }
    }
  }

  /**
   * What a head of a new token reads in one part of the positions that it sees: the parts are equal
   * shares, so that a single token over a long cache keeps a device busy, too. Groups: one for each
   * token of the capacity, head and part, of {@link #ITEMS}.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param q [H, capacity, dim]
   * @param qAt base of q; negative for 0
   * @param cu [S + 1]
   * @param past [S]
   * @param keyCache [S, HK, cache, dim]
   * @param keyCacheAt base of keyCache
   * @param valueCache [S, HK, cache, dim]
   * @param valueCacheAt base of valueCache
   * @param partial output [capacity, H, parts, dim + 2]: the output before its division by the sum,
   *     the largest logit, and the sum
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head, at most {@link #MOST_DIM}
   * @param lanes columns that the items take at a time, a power of two up to {@link #ITEMS}
   * @param window positions that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   * @param cache positions of a cache
   * @param parts number of parts
   */
  public static void parts(
      KernelContext context,
      IntArray control,
      FloatArray q,
      int qAt,
      IntArray cu,
      IntArray past,
      FloatArray keyCache,
      int keyCacheAt,
      FloatArray valueCache,
      int valueCacheAt,
      FloatArray partial,
      int heads,
      int keyHeads,
      int dim,
      int lanes,
      int window,
      int capacity,
      int cache,
      int parts) {
    float[] products = context.allocateFloatLocalArray(LANES * ITEMS);
    float[] scores = context.allocateFloatLocalArray(ITEMS);
    float[] tree = context.allocateFloatLocalArray(ITEMS);
    float[] read = context.allocateFloatLocalArray(MOST_DIM);
    int item = context.localIdx;
    int part = context.groupIdx % parts;
    int h = context.groupIdx / parts % heads;
    int t = context.groupIdx / parts / heads;
    if (t < control.get(Control.TOKENS)) {
      int s = SoftmaxAttention.sequenceOf(cu, control.get(Control.SEQUENCES), t);
      int last = past.get(s) + t - cu.get(s);
      int seen = window > 0 ? TornadoMath.max(0, last - window + 1) : 0;
      int share = (last - seen + parts) / parts; // of last − seen + 1 positions
      int begin = seen + part * share;
      int end = TornadoMath.min(last + 1, begin + share);
      int head = (s * keyHeads + h / (heads / keyHeads)) * cache;
      int keys = control.get(keyCacheAt);
      int values = control.get(valueCacheAt);
      int qi = (h * capacity + t) * dim;
      if (qAt >= 0) {
        qi += control.get(qAt);
      }
      float scale = 1f / TornadoMath.sqrt(dim);
      int lane = item % LANES;
      int slices = ITEMS / lanes;
      int slice = item / lanes;
      for (int x = item % lanes; x < dim; x += lanes) {
        read[slice * lanes + x] = 0f;
      }
      float max = LOWEST;
      float total = 0f;
      for (int tile = begin; tile < end; tile += ITEMS) {
        int count = TornadoMath.min(ITEMS, end - tile);
        for (int i = item / LANES; i < count; i += ITEMS / LANES) {
          int ki = keys + (head + (tile + i) % cache) * dim;
          float sum = 0f;
          for (int c = lane; c < dim; c += LANES) {
            sum += q.get(qi + c) * keyCache.get(ki + c);
          }
          products[i * LANES + lane] = sum;
        }
        context.localBarrier();
        float score = LOWEST;
        if (item < count) {
          float sum = 0f;
          for (int l = 0; l < LANES; l++) {
            sum += products[item * LANES + l];
          }
          score = scale * sum;
        }
        tree[item] = score;
        for (int half = ITEMS / 2; half > 0; half = half / 2) {
          context.localBarrier();
          if (item < half) {
            tree[item] = TornadoMath.max(tree[item], tree[item + half]);
          }
        }
        context.localBarrier();
        float largest = TornadoMath.max(max, tree[0]);
        context.localBarrier();
        float before = TornadoMath.exp(max - largest);
        float p = item < count ? TornadoMath.exp(score - largest) : 0f;
        max = largest;
        scores[item] = p;
        tree[item] = p;
        for (int half = ITEMS / 2; half > 0; half = half / 2) {
          context.localBarrier();
          if (item < half) {
            tree[item] += tree[item + half];
          }
        }
        context.localBarrier();
        total = total * before + tree[0];
        for (int x = item % lanes; x < dim; x += lanes) {
          float sum = 0f;
          for (int i = slice; i < count; i += slices) {
            int vi = values + (head + (tile + i) % cache) * dim;
            sum += scores[i] * valueCache.get(vi + x);
          }
          read[slice * lanes + x] = read[slice * lanes + x] * before + sum;
        }
        context.localBarrier();
      }
      context.localBarrier();
      int to = ((t * heads + h) * parts + part) * (dim + 2);
      for (int x = item; x < dim; x += ITEMS) {
        float sum = 0f;
        for (int i = 0; i < slices; i++) {
          sum += read[i * lanes + x];
        }
        partial.set(to + x, sum);
      }
      if (item == 0) {
        partial.set(to + dim, max);
        partial.set(to + dim + 1, total);
      }
    }
  }

  /**
   * The outputs from what their parts read. Groups: one for each token of the capacity and head.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param partial [capacity, H, parts, dim + 2] of {@link #parts}
   * @param out output [L, H·dim]
   * @param outAt base of out
   * @param heads H
   * @param dim size of a head
   * @param parts number of parts
   */
  public static void merge(
      KernelContext context,
      IntArray control,
      FloatArray partial,
      FloatArray out,
      int outAt,
      int heads,
      int dim,
      int parts) {
    int unit = context.groupIdx;
    if (unit / heads < control.get(Control.TOKENS)) {
      int from = unit * parts * (dim + 2);
      float max = LOWEST;
      for (int i = 0; i < parts; i++) {
        max = TornadoMath.max(max, partial.get(from + i * (dim + 2) + dim));
      }
      float total = 0f;
      for (int i = 0; i < parts; i++) {
        int at = from + i * (dim + 2) + dim;
        total += TornadoMath.exp(partial.get(at) - max) * partial.get(at + 1);
      }
      for (int c = context.localIdx; c < dim; c += context.localGroupSizeX) {
        float sum = 0f;
        for (int i = 0; i < parts; i++) {
          int at = from + i * (dim + 2);
          sum += TornadoMath.exp(partial.get(at + dim) - max) * partial.get(at + c);
        }
        out.set(control.get(outAt) + unit * dim + c, sum / total);
      }
    }
  }
}
