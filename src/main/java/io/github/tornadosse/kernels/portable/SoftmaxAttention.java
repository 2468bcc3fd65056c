package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Causal softmax attention, forward (docs/mathematics.md section 5): a work-item takes one head of
 * one token over its keys in order and carries the softmax along, the largest logit so far, the sum
 * of exponentials relative to it, and the output before its division by that sum. G = H/HK query
 * heads read one key head.
 */
public final class SoftmaxAttention {
  private SoftmaxAttention() {}

  /**
   * The last sequence that begins at token t or before: the one that t is in.
   *
   * @param cu [S + 1]
   * @param sequences S
   * @param t the token
   * @return its index
   */
  public static int sequenceOf(IntArray cu, int sequences, int t) {
    int low = 0;
    int high = sequences;
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (cu.get(middle) <= t) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /**
   * Attention within packed sequences.
   *
   * @param control see {@link Control}
   * @param q [H, capacity, dim]
   * @param qAt base of q
   * @param k [HK, capacity, dim]
   * @param kAt base of k
   * @param v [HK, capacity, dim]
   * @param vAt base of v
   * @param cu [S + 1]
   * @param out output [L, H·dim]
   * @param outAt base of out
   * @param lse output [H, capacity]
   * @param lseAt base of lse
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head
   * @param window tokens that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   */
  public static void forward(
      IntArray control,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray cu,
      FloatArray out,
      int outAt,
      FloatArray lse,
      int lseAt,
      int heads,
      int keyHeads,
      int dim,
      int window,
      int capacity) {
    for (@Parallel int h = 0; h < heads; h++) {
      for (@Parallel int t = 0; t < capacity; t++) {
        if (t < control.get(Control.TOKENS)) {
          int begin = cu.get(sequenceOf(cu, control.get(Control.SEQUENCES), t));
          int first = window > 0 ? TornadoMath.max(begin, t - window + 1) : begin;
          int head = h / (heads / keyHeads) * capacity;
          int qi = control.get(qAt) + (h * capacity + t) * dim;
          int to = control.get(outAt) + (t * heads + h) * dim;
          float scale = 1f / TornadoMath.sqrt(dim);
          float[] query = new float[dim];
          float[] sums = new float[dim];
          for (int c = 0; c < dim; c++) {
            query[c] = q.get(qi + c);
            sums[c] = 0f;
          }
          float max = -1e38f;
          float total = 0f;
          for (int j = first; j <= t; j++) {
            int ki = control.get(kAt) + (head + j) * dim;
            int vi = control.get(vAt) + (head + j) * dim;
            float score = 0f;
            for (int c = 0; c < dim; c++) {
              score += query[c] * k.get(ki + c);
            }
            float largest = TornadoMath.max(max, scale * score);
            float before = TornadoMath.exp(max - largest);
            float p = TornadoMath.exp(scale * score - largest);
            max = largest;
            total = total * before + p;
            for (int c = 0; c < dim; c++) {
              sums[c] = sums[c] * before + p * v.get(vi + c);
            }
          }
          for (int c = 0; c < dim; c++) {
            out.set(to + c, sums[c] / total);
          }
          lse.set(control.get(lseAt) + h * capacity + t, max + TornadoMath.log(total));
        }
      }
    }
  }

  /**
   * Puts the new tokens' keys and values into the caches, at index position mod cache.
   *
   * @param control see {@link Control}
   * @param k [HK, capacity, dim]
   * @param kAt base of k
   * @param v [HK, capacity, dim]
   * @param vAt base of v
   * @param cu [S + 1]
   * @param past [S]
   * @param keyCache output [S, HK, cache, dim]
   * @param keyCacheAt base of keyCache
   * @param valueCache output [S, HK, cache, dim]
   * @param valueCacheAt base of valueCache
   * @param keyHeads HK
   * @param dim size of a head
   * @param capacity largest number of tokens
   * @param cache positions of a cache
   */
  public static void store(
      IntArray control,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray cu,
      IntArray past,
      FloatArray keyCache,
      int keyCacheAt,
      FloatArray valueCache,
      int valueCacheAt,
      int keyHeads,
      int dim,
      int capacity,
      int cache) {
    for (@Parallel int h = 0; h < keyHeads; h++) {
      for (@Parallel int t = 0; t < capacity; t++) {
        if (t < control.get(Control.TOKENS)) {
          int s = sequenceOf(cu, control.get(Control.SEQUENCES), t);
          int at = ((s * keyHeads + h) * cache + (past.get(s) + t - cu.get(s)) % cache) * dim;
          int from = (h * capacity + t) * dim;
          for (int c = 0; c < dim; c++) {
            keyCache.set(control.get(keyCacheAt) + at + c, k.get(control.get(kAt) + from + c));
            valueCache.set(control.get(valueCacheAt) + at + c, v.get(control.get(vAt) + from + c));
          }
        }
      }
    }
  }

  /**
   * What a head of a new token reads in one part of the positions that it sees: the parts are equal
   * shares, so that a single token over a long cache keeps a device busy, too.
   *
   * @param control see {@link Control}
   * @param q [H, capacity, dim]
   * @param qAt base of q
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
   * @param dim size of a head
   * @param window positions that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   * @param cache positions of a cache
   * @param parts number of parts
   */
  public static void attendParts(
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
      int window,
      int capacity,
      int cache,
      int parts) {
    for (@Parallel int h = 0; h < heads; h++) {
      for (@Parallel int t = 0; t < capacity; t++) {
        for (@Parallel int part = 0; part < parts; part++) {
          if (t < control.get(Control.TOKENS)) {
            int s = sequenceOf(cu, control.get(Control.SEQUENCES), t);
            int last = past.get(s) + t - cu.get(s);
            int first = window > 0 ? TornadoMath.max(0, last - window + 1) : 0;
            int share = (last - first + parts) / parts; // of last − first + 1 positions
            int begin = first + part * share;
            int end = TornadoMath.min(last + 1, begin + share);
            int head = (s * keyHeads + h / (heads / keyHeads)) * cache;
            int qi = control.get(qAt) + (h * capacity + t) * dim;
            int to = ((t * heads + h) * parts + part) * (dim + 2);
            float scale = 1f / TornadoMath.sqrt(dim);
            float[] query = new float[dim];
            float[] sums = new float[dim];
            for (int c = 0; c < dim; c++) {
              query[c] = q.get(qi + c);
              sums[c] = 0f;
            }
            float max = -1e38f;
            float total = 0f;
            for (int j = begin; j < end; j++) {
              int ki = control.get(keyCacheAt) + (head + j % cache) * dim;
              int vi = control.get(valueCacheAt) + (head + j % cache) * dim;
              float score = 0f;
              for (int c = 0; c < dim; c++) {
                score += query[c] * keyCache.get(ki + c);
              }
              float largest = TornadoMath.max(max, scale * score);
              float before = TornadoMath.exp(max - largest);
              float p = TornadoMath.exp(scale * score - largest);
              max = largest;
              total = total * before + p;
              for (int c = 0; c < dim; c++) {
                sums[c] = sums[c] * before + p * valueCache.get(vi + c);
              }
            }
            for (int c = 0; c < dim; c++) {
              partial.set(to + c, sums[c]);
            }
            partial.set(to + dim, max);
            partial.set(to + dim + 1, total);
          }
        }
      }
    }
  }

  /**
   * Merges the parts of {@link #attendParts} in their order.
   *
   * @param control see {@link Control}
   * @param partial [capacity, H, parts, dim + 2]
   * @param out output [L, H·dim]
   * @param outAt base of out
   * @param heads H
   * @param dim size of a head
   * @param capacity largest number of tokens
   * @param parts number of parts
   */
  public static void mergeParts(
      IntArray control,
      FloatArray partial,
      FloatArray out,
      int outAt,
      int heads,
      int dim,
      int capacity,
      int parts) {
    for (@Parallel int h = 0; h < heads; h++) {
      for (@Parallel int t = 0; t < capacity; t++) {
        if (t < control.get(Control.TOKENS)) {
          int from = (t * heads + h) * parts * (dim + 2);
          int to = control.get(outAt) + (t * heads + h) * dim;
          float max = -1e38f;
          for (int i = 0; i < parts; i++) {
            max = TornadoMath.max(max, partial.get(from + i * (dim + 2) + dim));
          }
          float total = 0f;
          for (int i = 0; i < parts; i++) {
            int at = from + i * (dim + 2) + dim;
            total += TornadoMath.exp(partial.get(at) - max) * partial.get(at + 1);
          }
          for (int c = 0; c < dim; c++) {
            float sum = 0f;
            for (int i = 0; i < parts; i++) {
              int at = from + i * (dim + 2);
              sum += TornadoMath.exp(partial.get(at + dim) - max) * partial.get(at + c);
            }
            out.set(to + c, sum / total);
          }
        }
      }
    }
  }
}
