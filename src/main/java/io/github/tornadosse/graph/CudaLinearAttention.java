package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.cuda.ChunkOperands;
import io.github.tornadosse.kernels.cuda.ChunkProducts;
import io.github.tornadosse.kernels.portable.GatedLinearAttention;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Gated linear attention whose products are tensor cores'. */
final class CudaLinearAttention {
  private CudaLinearAttention() {}

  /** Whether the kernels take heads of those sizes. */
  static boolean takes(HeadSizes sizes) {
    return sizes.key() <= ChunkOperands.MOST_KEYS
        && sizes.key() % 16 == 0
        && sizes.value() % 16 == 0;
  }

  /** Scratch arrays of one gated linear attention; see the kernels. */
  private record Chunks(
      int rows,
      int parts,
      int segments,
      int count,
      int blocks,
      int room,
      IntArray table,
      IntArray place,
      FloatArray factor,
      IntArray queries,
      IntArray keys,
      IntArray prior,
      FloatArray decay,
      FloatArray scores,
      FloatArray added) {
    static Chunks of(Stage s, String id, Rows rows, HeadSizes sizes) {
      int parts = rows.partitions() + 1;
      int segments = s.sequences() * parts;
      int r = s.tokens() * (1 + rows.width());
      int count = GatedLinearAttention.maxChunks(r, segments);
      int chunk = GatedLinearAttention.CHUNK;
      int room = Math.max(chunk, sizes.key()) * sizes.value();
      long all = (long) count * sizes.heads();
      Buffers b = s.buffers();
      return new Chunks(
          r,
          parts,
          segments,
          count,
          (sizes.value() + ChunkProducts.COLUMNS - 1) / ChunkProducts.COLUMNS,
          room,
          b.ints(id + ".chunks", 2L * count + segments),
          b.ints(id + ".place", (long) count * chunk),
          b.floats(id + ".factor", 3L * count * chunk),
          b.ints(id + ".queries", all * chunk * sizes.key() / 2),
          b.ints(id + ".keys", all * chunk * sizes.key() / 2),
          b.ints(id + ".prior", all * sizes.key() * sizes.value() / 2),
          b.floats(id + ".decay", all * sizes.key()),
          b.floats(id + ".scores", all * chunk * chunk),
          b.floats(id + ".added", all * room));
    }
  }

  /** As {@link Operations#gla}. */
  static void forward(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      Rows rows,
      View state,
      FloatArray out,
      HeadSizes sizes) {
    Chunks c = Chunks.of(s, id, rows, sizes);
    int heads = sizes.heads();
    s.graph()
        .task(
            id + ".chunks",
            GatedLinearAttention::chunkTable,
            s.control(),
            rows.segments(),
            c.table,
            c.parts,
            c.segments,
            c.count)
        .task(
            id + ".rows",
            ChunkOperands::rowTable,
            new KernelContext(),
            c.table,
            rows.token(),
            rows.mode(),
            rows.weight(),
            c.place,
            c.factor,
            sizes.key(),
            c.rows,
            c.count * ChunkOperands.CHUNK)
        .task(
            id + ".prepare",
            ChunkOperands::prepare,
            new KernelContext(),
            c.table,
            q,
            k,
            g,
            c.place,
            c.factor,
            c.queries,
            c.keys,
            c.decay,
            c.scores,
            heads,
            sizes.key(),
            s.tokens(),
            c.count * ChunkOperands.CHUNK)
        .task(
            id + ".states",
            ChunkProducts::states,
            new KernelContext(),
            c.table,
            rows.token(),
            c.keys,
            v,
            c.added,
            heads,
            sizes.key(),
            sizes.value(),
            s.tokens(),
            c.room,
            c.blocks)
        .task(
            id + ".scan",
            ChunkProducts::scan,
            new KernelContext(),
            s.control(),
            rows.segments(),
            c.table,
            c.decay,
            c.added,
            state.array(),
            state.at(),
            c.prior,
            heads,
            sizes.key(),
            sizes.value(),
            c.parts,
            c.count,
            c.room)
        .task(
            id + ".outputs",
            ChunkProducts::outputs,
            new KernelContext(),
            c.table,
            rows.token(),
            c.queries,
            c.prior,
            c.scores,
            v,
            c.added,
            out,
            heads,
            sizes.key(),
            sizes.value(),
            s.tokens(),
            c.rows,
            c.room,
            c.blocks);
    s.grid(id + ".rows", c.count, ChunkOperands.CHUNK);
    s.grid(id + ".prepare", c.count, heads, ChunkOperands.ITEMS);
    s.grid(id + ".states", c.count, heads * c.blocks, ChunkProducts.ITEMS);
    int pairs = sizes.key() * sizes.value() / 2;
    s.grid(
        id + ".scan",
        (long) c.segments * heads,
        (pairs + ChunkProducts.SCAN_ITEMS - 1) / ChunkProducts.SCAN_ITEMS,
        ChunkProducts.SCAN_ITEMS);
    s.grid(id + ".outputs", c.count, heads * c.blocks, ChunkProducts.ITEMS);
  }
}
