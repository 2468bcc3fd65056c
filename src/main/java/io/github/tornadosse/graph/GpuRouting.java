package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.Operations.Selection;
import io.github.tornadosse.kernels.gpu.Heads;
import io.github.tornadosse.kernels.gpu.Routing;
import io.github.tornadosse.kernels.gpu.RowSort;
import io.github.tornadosse.kernels.gpu.Sums;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Router, expanded rows and balance loss of the GPU tier. */
final class GpuRouting {
  /** Work-items of a group where each has a sum of its own. */
  private static final int ITEMS = 128;

  private GpuRouting() {}

  static void router(
      Stage s,
      String id,
      View low,
      int ld,
      int column,
      View e,
      IntView top,
      int partitions,
      int width) {
    s.graph()
        .task(
            id,
            Routing::route,
            new KernelContext(),
            s.control(),
            low.array(),
            low.at(),
            e.array(),
            e.at(),
            top.array(),
            top.at(),
            ld,
            column,
            partitions,
            width);
    s.grid(id, Heads.groups(1, s.tokens()), Heads.ITEMS);
  }

  static void gradient(
      Stage s,
      String id,
      View e,
      IntView top,
      View dTop,
      View load,
      FloatArray scale,
      View dLow,
      int ld,
      int column,
      int partitions,
      int width,
      int writers) {
    s.graph()
        .task(
            id,
            Routing::gradient,
            new KernelContext(),
            s.control(),
            e.array(),
            e.at(),
            top.array(),
            top.at(),
            dTop.array(),
            dTop.at(),
            load.array(),
            load.at(),
            scale,
            dLow.array(),
            dLow.at(),
            ld,
            column,
            partitions,
            width,
            writers);
    s.grid(id, Heads.groups(1, s.tokens()), Heads.ITEMS);
  }

  static void balance(
      Stage s,
      String id,
      View e,
      IntView top,
      View load,
      View aux,
      int partitions,
      int width,
      int writers) {
    int blocks = Sums.blocks(s.tokens());
    FloatArray partial = s.buffers().floats(id + ".partial", 2L * blocks * partitions);
    s.graph()
        .task(
            id + ".partial",
            Routing::loadBlocks,
            new KernelContext(),
            s.control(),
            e.array(),
            e.at(),
            top.array(),
            top.at(),
            partial,
            partitions,
            width,
            writers)
        .task(
            id + ".means",
            Routing::means,
            new KernelContext(),
            s.control(),
            partial,
            load.array(),
            load.at(),
            2 * partitions)
        .task(
            id + ".total",
            Routing::balance,
            new KernelContext(),
            s.control(),
            load.array(),
            load.at(),
            aux.array(),
            aux.at(),
            partitions,
            writers);
    each(s, id + ".partial", blocks, partitions);
    s.grid(id + ".means", 2L * partitions, Routing.MOST_ITEMS);
    s.grid(id + ".total", 1, 1);
  }

  /** An item for each pair. */
  private static void each(Stage s, String id, int n, int partitions) {
    s.grid(id, ((long) n * partitions + ITEMS - 1) / ITEMS, ITEMS);
  }

  static void routeRows(
      Stage s, String id, View e, IntView top, IntArray cu, Rows rows, Selection selection) {
    s.graph()
        .task(
            id + ".always",
            RowSort::always,
            new KernelContext(),
            s.control(),
            cu,
            rows.token(),
            rows.mode(),
            rows.weight(),
            rows.segments(),
            selection.always() ? 1 : 0,
            rows.partitions(),
            rows.width(),
            s.tokens());
    each(s, id + ".always", Math.max(s.tokens(), s.sequences()), 1);
    if (rows.width() > 0) {
      sparseRows(s, id, e, top, cu, rows, selection);
    }
  }

  private static void sparseRows(
      Stage s, String id, View e, IntView top, IntArray cu, Rows rows, Selection selection) {
    int partitions = rows.partitions();
    int width = rows.width();
    int blocks = RowSort.blocks(s.tokens());
    IntArray counts = s.buffers().ints(id + ".counts", (blocks + 1L) * partitions);
    IntArray bounds = s.buffers().ints(id + ".bounds", (s.sequences() + 1L) * partitions);
    s.graph()
        .task(
            id + ".count",
            RowSort::count,
            new KernelContext(),
            s.control(),
            top.array(),
            top.at(),
            counts,
            partitions,
            width,
            blocks)
        .task(id + ".scan", RowSort::scan, new KernelContext(), counts, partitions, blocks)
        .task(
            id + ".bounds",
            RowSort::bounds,
            new KernelContext(),
            s.control(),
            top.array(),
            top.at(),
            cu,
            counts,
            bounds,
            partitions,
            width)
        .task(
            id + ".segments",
            RowSort::segments,
            new KernelContext(),
            s.control(),
            cu,
            bounds,
            rows.segments(),
            partitions,
            width,
            s.tokens())
        .task(
            id + ".rows",
            RowSort::rows,
            new KernelContext(),
            s.control(),
            e.array(),
            e.at(),
            top.array(),
            top.at(),
            cu,
            rows.segments(),
            counts,
            bounds,
            rows.token(),
            rows.mode(),
            rows.weight(),
            rows.tokenRow(),
            partitions,
            width,
            selection.writers(),
            selection.readers(),
            (selection.writeGate() ? 1 : 0) + (selection.readGate() ? 2 : 0),
            s.tokens());
    each(s, id + ".count", blocks, partitions);
    s.grid(id + ".scan", partitions, RowSort.SCAN_ITEMS);
    each(s, id + ".bounds", s.sequences() + 1, partitions);
    each(s, id + ".segments", s.sequences(), partitions);
    each(s, id + ".rows", blocks, partitions);
  }
}
