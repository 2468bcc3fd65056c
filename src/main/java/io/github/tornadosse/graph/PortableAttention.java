package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.portable.Rotary;
import io.github.tornadosse.kernels.portable.SoftmaxAttention;
import io.github.tornadosse.kernels.portable.SoftmaxAttentionGradient;
import io.github.tornadosse.kernels.portable.Sums;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Softmax attention of the portable tier; the rules of {@link PortableOperations} hold. */
class PortableAttention implements AttentionOperations {
  /** Positions of a cache that are worth a work-item of their own. */
  private static final int PART = 256;

  /** Work-items that keep a large device busy; caches are not split beyond it. */
  private static final int ENOUGH = 4096;

  @Override
  public void rotary(
      Stage s,
      String id,
      View x,
      View bias,
      IntArray positions,
      FloatArray angles,
      View y,
      int heads,
      int dim) {
    if (angles != null) {
      turn(s, id, x, bias, positions, angles, y, 1, heads, dim);
    } else if (bias != null || !x.equals(y)) {
      addBias(s, id, x, bias, y, heads, dim);
    }
  }

  private static void turn(
      Stage s,
      String id,
      View x,
      View bias,
      IntArray positions,
      FloatArray angles,
      View y,
      int sign,
      int heads,
      int dim) {
    s.graph()
        .task(
            id,
            Rotary::turn,
            s.control(),
            x.array(),
            x.at(),
            bias == null ? angles : bias.array(),
            bias == null ? x.at() : bias.at(),
            positions,
            angles,
            y.array(),
            y.at(),
            bias == null ? 0 : 1,
            sign,
            LOW,
            heads,
            dim,
            s.tokens());
  }

  private static void addBias(Stage s, String id, View x, View bias, View y, int heads, int dim) {
    View b = bias == null ? x : bias;
    s.graph()
        .task(
            id,
            Rotary::addBias,
            s.control(),
            x.array(),
            x.at(),
            b.array(),
            b.at(),
            y.array(),
            y.at(),
            bias == null ? 0 : 1,
            heads,
            dim,
            s.tokens());
  }

  @Override
  public void rotaryGradient(
      Stage s,
      String id,
      View dy,
      IntArray positions,
      FloatArray angles,
      View dx,
      View dBias,
      int heads,
      int dim) {
    if (angles != null) {
      turn(s, id + ".turn", dy, null, positions, angles, dx, -1, heads, dim);
    } else if (!dy.equals(dx)) {
      addBias(s, id + ".copy", dy, null, dx, heads, dim);
    }
    if (dBias != null) {
      int blocks = Sums.blocks(s.tokens());
      FloatArray partial = s.buffers().floats(id + ".partial", (long) blocks * heads * dim);
      s.graph()
          .task(
              id + ".columns",
              Sums::headColumns,
              s.control(),
              dx.array(),
              dx.at(),
              0,
              partial,
              heads,
              dim,
              blocks,
              s.tokens());
      s.graph()
          .task(
              id + ".sum",
              Sums::addBlocks,
              s.control(),
              partial,
              dBias.array(),
              dBias.at(),
              heads * dim);
      s.spread(id + ".sum", heads * dim);
    }
  }

  @Override
  public void attention(
      Stage s, String id, View q, View k, View v, IntArray cu, View out, View lse, Sizes sizes) {
    s.graph()
        .task(
            id,
            SoftmaxAttention::forward,
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
    FloatArray delta = s.buffers().floats(id + ".delta", (long) sizes.heads() * s.tokens());
    s.graph()
        .task(
            id + ".delta",
            SoftmaxAttentionGradient::delta,
            s.control(),
            out.array(),
            out.at(),
            dOut.array(),
            dOut.at(),
            delta,
            sizes.heads(),
            sizes.dim(),
            s.tokens());
    s.graph()
        .task(
            id + ".queries",
            SoftmaxAttentionGradient::queries,
            s.control(),
            q.array(),
            q.at(),
            k.array(),
            k.at(),
            v.array(),
            v.at(),
            cu,
            lse.array(),
            lse.at(),
            delta,
            dOut.array(),
            dOut.at(),
            dq.array(),
            dq.at(),
            sizes.heads(),
            sizes.keyHeads(),
            sizes.dim(),
            sizes.window(),
            s.tokens());
    s.graph()
        .task(
            id + ".keys",
            SoftmaxAttentionGradient::keys,
            s.control(),
            q.array(),
            q.at(),
            k.array(),
            k.at(),
            v.array(),
            v.at(),
            cu,
            lse.array(),
            lse.at(),
            delta,
            dOut.array(),
            dOut.at(),
            dk.array(),
            dk.at(),
            sizes.heads(),
            sizes.keyHeads(),
            sizes.dim(),
            sizes.window(),
            s.tokens());
    s.graph()
        .task(
            id + ".values",
            SoftmaxAttentionGradient::values,
            s.control(),
            q.array(),
            q.at(),
            k.array(),
            k.at(),
            cu,
            lse.array(),
            lse.at(),
            dOut.array(),
            dOut.at(),
            dv.array(),
            dv.at(),
            sizes.heads(),
            sizes.keyHeads(),
            sizes.dim(),
            sizes.window(),
            s.tokens());
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
    store(s, id, k, v, cu, past, keyCache, valueCache, sizes, cache);
    long rows = (long) sizes.heads() * s.tokens();
    int parts = Math.clamp(ENOUGH / rows, 1, (cache + PART - 1) / PART);
    FloatArray partial = s.buffers().floats(id + ".partial", rows * parts * (sizes.dim() + 2));
    s.graph()
        .task(
            id + ".parts",
            SoftmaxAttention::attendParts,
            s.control(),
            q.array(),
            q.at(),
            cu,
            past,
            keyCache.array(),
            keyCache.at(),
            valueCache.array(),
            valueCache.at(),
            partial,
            sizes.heads(),
            sizes.keyHeads(),
            sizes.dim(),
            sizes.window(),
            s.tokens(),
            cache,
            parts);
    s.graph()
        .task(
            id + ".merge",
            SoftmaxAttention::mergeParts,
            s.control(),
            partial,
            out.array(),
            out.at(),
            sizes.heads(),
            sizes.dim(),
            s.tokens(),
            parts);
  }

  /** Puts the new tokens' keys and values into the caches. */
  static void store(
      Stage s,
      String id,
      View k,
      View v,
      IntArray cu,
      IntArray past,
      View keyCache,
      View valueCache,
      Sizes sizes,
      int cache) {
    s.graph()
        .task(
            id + ".store",
            SoftmaxAttention::store,
            s.control(),
            k.array(),
            k.at(),
            v.array(),
            v.at(),
            cu,
            past,
            keyCache.array(),
            keyCache.at(),
            valueCache.array(),
            valueCache.at(),
            sizes.keyHeads(),
            sizes.dim(),
            s.tokens(),
            cache);
  }
}
