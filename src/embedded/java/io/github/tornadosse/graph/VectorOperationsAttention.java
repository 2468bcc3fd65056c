package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.vector.Attention;
import io.github.tornadosse.kernels.vector.AttentionCache;
import io.github.tornadosse.kernels.vector.Rotary;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Softmax attention of the vector tier. */
final class VectorOperationsAttention implements AttentionOperations {
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
    View b = bias == null ? x : bias;
    s.graph()
        .task(
            id,
            Rotary::forward,
            s.control(),
            x.array(),
            x.at(),
            b.array(),
            b.at(),
            positions,
            angles == null ? x.array() : angles,
            y.array(),
            y.at(),
            bias == null ? 0 : 1,
            angles == null ? 0 : 1,
            LOW,
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
    View d = dBias == null ? dx : dBias;
    s.graph()
        .task(
            id,
            Rotary::gradient,
            s.control(),
            dy.array(),
            dy.at(),
            positions,
            angles == null ? dy.array() : angles,
            dx.array(),
            dx.at(),
            d.array(),
            d.at(),
            dBias == null ? 0 : 1,
            angles == null ? 0 : 1,
            LOW,
            heads,
            dim,
            s.tokens());
  }

  @Override
  public void attention(
      Stage s, String id, View q, View k, View v, IntArray cu, View out, View lse, Sizes sizes) {
    s.graph()
        .task(
            id,
            Attention::forward,
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
    IntArray shape = s.buffers().ints(id + ".shape", Attention.SHAPE);
    s.graph()
        .task(
            id + ".delta",
            Attention::prepareGradient,
            s.control(),
            out.array(),
            out.at(),
            dOut.array(),
            dOut.at(),
            delta,
            shape,
            sizes.heads(),
            sizes.keyHeads(),
            sizes.dim(),
            sizes.window(),
            s.tokens());
    s.graph()
        .task(
            id + ".tiles",
            Attention::gradient,
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
            shape,
            dOut.array(),
            dOut.at(),
            dq.array(),
            dq.at(),
            dk.array(),
            dk.at(),
            dv.array(),
            dv.at());
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
    s.graph()
        .task(
            id + ".store",
            AttentionCache::store,
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
    s.graph()
        .task(
            id + ".attend",
            AttentionCache::attend,
            s.control(),
            q.array(),
            q.at(),
            cu,
            past,
            keyCache.array(),
            keyCache.at(),
            valueCache.array(),
            valueCache.at(),
            out.array(),
            out.at(),
            sizes.heads(),
            sizes.keyHeads(),
            sizes.dim(),
            sizes.window(),
            s.tokens(),
            cache);
  }
}
