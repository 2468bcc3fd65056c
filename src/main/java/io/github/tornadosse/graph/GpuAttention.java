package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.gpu.Attention;
import io.github.tornadosse.kernels.gpu.AttentionGradients;
import io.github.tornadosse.kernels.gpu.AttentionKeyGradients;
import io.github.tornadosse.kernels.gpu.CachedAttention;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Softmax attention of the GPU tier; the rotary embedding is the portable tier's. */
final class GpuAttention extends PortableAttention {
  /** Groups that keep a device busy. */
  private static final int ENOUGH = 528;

  private static long groups(Stage s, int heads, int dim) {
    long blocks = (s.tokens() + Attention.ROWS - 1) / Attention.ROWS;
    return blocks * heads * ((dim + 63) / 64);
  }

  @Override
  public void attention(
      Stage s, String id, View q, View k, View v, IntArray cu, View out, View lse, Sizes sizes) {
    s.graph()
        .task(
            id,
            Attention::forward,
            new KernelContext(),
            s.control(),
            q.array(),
            q.at(),
            k.array(),
            k.at(),
            v.array(),
            v.at(),
            cu,
            out.array(),
            out.at(),
            lse.array(),
            lse.at(),
            sizes.heads(),
            sizes.keyHeads(),
            sizes.dim(),
            sizes.window(),
            s.tokens());
    s.grid(id, groups(s, sizes.heads(), sizes.dim()), Attention.ITEMS);
  }

  @Override
  public void attentionGradient(
      Stage s,
      String id,
      View q,
      View k,
      View v,
      IntArray cu,
      View out,
      View lse,
      View dOut,
      View dq,
      View dk,
      View dv,
      Sizes sizes) {
    long heads = (long) sizes.heads() * s.tokens();
    FloatArray rows = s.buffers().floats(id + ".rows", 2 * heads);
    s.graph()
        .task(
            id + ".rows",
            AttentionGradients::rows,
            new KernelContext(),
            s.control(),
            out.array(),
            out.at(),
            lse.array(),
            lse.at(),
            dOut.array(),
            dOut.at(),
            rows,
            sizes.heads(),
            sizes.dim(),
            s.tokens())
        .task(
            id + ".queries",
            AttentionGradients::queries,
            new KernelContext(),
            s.control(),
            q.array(),
            q.at(),
            k.array(),
            k.at(),
            v.array(),
            v.at(),
            cu,
            rows,
            dOut.array(),
            dOut.at(),
            dq.array(),
            dq.at(),
            sizes.heads(),
            sizes.keyHeads(),
            sizes.dim(),
            sizes.window(),
            s.tokens());
    s.grid(
        id + ".rows",
        (heads + AttentionGradients.FEW - 1) / AttentionGradients.FEW,
        AttentionGradients.ITEMS);
    s.grid(id + ".queries", groups(s, sizes.heads(), sizes.dim()), AttentionGradients.ITEMS);
    keyGradient(s, id + ".keys", q, k, v, cu, rows, dOut, dk, sizes, 0);
    keyGradient(s, id + ".values", q, k, v, cu, rows, dOut, dv, sizes, 1);
  }

  private static void keyGradient(
      Stage s,
      String task,
      View q,
      View k,
      View v,
      IntArray cu,
      FloatArray rows,
      View dOut,
      View d,
      Sizes sizes,
      int ofValues) {
    s.graph()
        .task(
            task,
            AttentionKeyGradients::keys,
            new KernelContext(),
            s.control(),
            q.array(),
            q.at(),
            k.array(),
            k.at(),
            v.array(),
            v.at(),
            cu,
            rows,
            dOut.array(),
            dOut.at(),
            d.array(),
            d.at(),
            sizes.heads(),
            sizes.keyHeads(),
            sizes.dim(),
            sizes.window(),
            s.tokens(),
            ofValues);
    s.grid(task, groups(s, sizes.keyHeads(), sizes.dim()), AttentionGradients.ITEMS);
  }

  @Override
  public void cachedAttention(
      Stage s,
      String id,
      View q,
      View k,
      View v,
      IntArray cu,
      IntArray past,
      View keyCache,
      View valueCache,
      View out,
      Sizes sizes,
      int cache) {
    if (sizes.dim() > CachedAttention.MOST_DIM) {
      super.cachedAttention(s, id, q, k, v, cu, past, keyCache, valueCache, out, sizes, cache);
    } else {
      store(s, id, k, v, cu, past, keyCache, valueCache, sizes, cache);
      read(s, id, q.array(), q.at(), cu, past, keyCache, valueCache, out, sizes, cache);
    }
  }

  /**
   * What new tokens read from caches that hold them already.
   *
   * @param q [H, capacity, dim]
   * @param qAt of its view; negative if it begins at element 0
   */
  static void read(
      Stage s,
      String id,
      FloatArray q,
      int qAt,
      IntArray cu,
      IntArray past,
      View keyCache,
      View valueCache,
      View out,
      Sizes sizes,
      int cache) {
    int dim = sizes.dim();
    long rows = (long) sizes.heads() * s.tokens();
    int parts = Math.clamp(ENOUGH / rows, 1, Math.ceilDiv(cache, CachedAttention.ITEMS));
    FloatArray partial = s.buffers().floats(id + ".partial", rows * parts * (dim + 2));
    s.graph()
        .task(
            id + ".parts",
            CachedAttention::parts,
            new KernelContext(),
            s.control(),
            q,
            qAt,
            cu,
            past,
            keyCache.array(),
            keyCache.at(),
            valueCache.array(),
            valueCache.at(),
            partial,
            sizes.heads(),
            sizes.keyHeads(),
            dim,
            Math.min(CachedAttention.ITEMS, Integer.highestOneBit(2 * dim - 1)),
            sizes.window(),
            s.tokens(),
            cache,
            parts)
        .task(
            id + ".merge",
            CachedAttention::merge,
            new KernelContext(),
            s.control(),
            partial,
            out.array(),
            out.at(),
            sizes.heads(),
            dim,
            parts);
    s.grid(id + ".parts", rows * parts, CachedAttention.ITEMS);
    s.grid(id + ".merge", rows, CachedAttention.ITEMS);
  }
}
