package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.embedded.Workers;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.vector.AttentionGradients.Part;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Softmax attention over caches of keys and values (docs/mathematics.md section 5; the contract is
 * that of {@code AttentionOperations.cachedAttention}): the new tokens' keys and values are stored
 * first, then their queries read the caches.
 */
public final class AttentionCache {
  private AttentionCache() {}

  /**
   * Puts keys and values at index position mod cache.
   *
   * @param control see {@link Control}
   * @param k [HK, capacity, dim]
   * @param kAt base of k
   * @param v [HK, capacity, dim]
   * @param vAt base of v
   * @param cu [S + 1]
   * @param past [S]
   * @param keyCache [S, HK, cache, dim], updated
   * @param keyCacheAt base of keyCache
   * @param valueCache [S, HK, cache, dim], updated
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
    Part ks = Attention.part(control, k, kAt);
    Part vs = Attention.part(control, v, vAt);
    Part keys = Attention.part(control, keyCache, keyCacheAt);
    Part values = Attention.part(control, valueCache, valueCacheAt);
    int[] bounds = HeapAccess.ints(cu);
    int[] before = HeapAccess.ints(past);
    Blocks.forEach(
        control.get(Control.SEQUENCES) * keyHeads,
        Blocks.rows(dim * Math.max(1, Blocks.tokens(control)), Blocks.CHEAP),
        (first, last) -> {
          for (int i = first; i < last; i++) {
            int s = i / keyHeads;
            int from = (i % keyHeads * capacity + bounds[s]) * dim;
            int to = i * cache * dim;
            int n = bounds[s + 1] - bounds[s];
            copy(ks, from, keys, to, before[s], n, dim, cache);
            copy(vs, from, values, to, before[s], n, dim, cache);
          }
        });
  }

  private static void copy(
      Part from, int fromAt, Part to, int toAt, int position, int n, int dim, int cache) {
    for (int i = 0; i < n; i++) {
      int at = to.at() + toAt + (position + i) % cache * dim;
      System.arraycopy(from.array(), from.at() + fromAt + i * dim, to.array(), at, dim);
    }
  }

  /**
   * What the new tokens read.
   *
   * @param control see {@link Control}
   * @param q [H, capacity, dim]
   * @param qAt base of q
   * @param cu [S + 1]
   * @param past [S]
   * @param keyCache [S, HK, cache, dim] with the new tokens
   * @param keyCacheAt base of keyCache
   * @param valueCache [S, HK, cache, dim] with the new tokens
   * @param valueCacheAt base of valueCache
   * @param out output [L, H·dim]
   * @param outAt base of out
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head
   * @param window positions that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   * @param cache positions of a cache
   */
  public static void attend(
      IntArray control,
      FloatArray q,
      int qAt,
      IntArray cu,
      IntArray past,
      FloatArray keyCache,
      int keyCacheAt,
      FloatArray valueCache,
      int valueCacheAt,
      FloatArray out,
      int outAt,
      int heads,
      int keyHeads,
      int dim,
      int window,
      int capacity,
      int cache) {
    AttentionHeads shape = new AttentionHeads(heads, keyHeads, dim, window, capacity);
    Part qs = Attention.part(control, q, qAt);
    Part keys = Attention.part(control, keyCache, keyCacheAt);
    Part values = Attention.part(control, valueCache, valueCacheAt);
    Part to = Attention.part(control, out, outAt);
    int[] bounds = HeapAccess.ints(cu);
    int[] before = HeapAccess.ints(past);
    AttentionPlan plan =
        AttentionPlan.of(
            bounds, before, control.get(Control.SEQUENCES), shape.group(), window, true);
    int size = AttentionBlock.partialSize(dim);
    int distance = plan.partialRows() * size;
    float[] partial = Scratch.floats(Scratch.PARTIAL, keyHeads * distance);
    Workers.forEach(
        plan.units().size() * keyHeads,
        (item, worker) -> {
          AttentionPlan.Unit unit = plan.units().get(item / keyHeads);
          int s = unit.sequence();
          int keyHead = item % keyHeads;
          AttentionBlock block = Attention.block(dim);
          block.start(
              shape, qs.array(), qs.at(), keyHead, bounds[s], before[s], unit.row(), unit.rows());
          int at = (s * keyHeads + keyHead) * cache * dim;
          read(block, keys, values, at, unit.from(), unit.to() - unit.from(), dim, cache);
          if (unit.slot() < 0) {
            block.finish(to.array(), to.at(), null, 0);
          } else {
            block.keep(partial, keyHead * distance + unit.slot() * size);
          }
        });
    Workers.forEach(
        plan.merges().size() * keyHeads,
        (item, worker) -> {
          AttentionPlan.Merge merge = plan.merges().get(item / keyHeads);
          int keyHead = item % keyHeads;
          for (int r = 0; r < merge.rows(); r++) {
            AttentionBlock.merge(
                partial,
                keyHead * distance + (merge.slot() + r) * size,
                merge.rows() * size,
                merge.parts(),
                dim,
                to.array(),
                to.at()
                    + shape.tokenMajor(keyHead, bounds[merge.sequence()], merge.row() + r) * dim);
          }
        });
  }

  /** Positions of a ring: one run, or two where they wrap. */
  private static void read(
      AttentionBlock block,
      Part keys,
      Part values,
      int at,
      int position,
      int n,
      int dim,
      int cache) {
    int first = position % cache;
    int run = Math.min(n, cache - first);
    int k = keys.at() + at;
    int v = values.at() + at;
    block.read(keys.array(), k + first * dim, values.array(), v + first * dim, position, run);
    block.read(keys.array(), k, values.array(), v, position + run, n - run);
  }
}
