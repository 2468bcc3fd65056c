package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.gpu.Attention;
import io.github.tornadosse.kernels.gpu.AttentionGradients;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Softmax attention of the GPU tier within packed sequences; the rest is the portable tier's. */
final class GpuAttention extends PortableAttention {
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
            AttentionGradients::keys,
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
}
