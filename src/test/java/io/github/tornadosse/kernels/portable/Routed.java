package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.graph.IntView;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.View;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** An arena whose tokens have been routed by the operations themselves, on random logits. */
final class Routed {
  final Arena arena;
  final Rows rows;
  final View e;
  final IntView top;
  final double[] eta; // [L, N]
  final int rowCount;

  Routed(int[] cu, int partitions, int writers, int readers) {
    this(new Arena(cu[cu.length - 1], cu.length - 1), cu, partitions, writers, readers);
  }

  private Routed(Arena arena, int[] cu, int partitions, int writers, int readers) {
    this.arena = arena;
    int width = partitions == 0 ? 0 : Math.max(writers, readers);
    int segments = 2 * (cu.length - 1) * (partitions + 1);
    rowCount = arena.capacity * (1 + width);
    rows =
        new Rows(
            poison(rowCount),
            poison(rowCount),
            Arena.nan(2 * rowCount),
            poison(arena.capacity * width),
            poison(segments),
            partitions,
            width);
    eta = arena.normal(arena.tokens * partitions);
    IntArray bounds = IntArray.fromArray(cu);
    View low = arena.view(eta);
    e = arena.output(Math.max(1, arena.tokens * partitions));
    top = arena.intOutput(Math.max(1, arena.tokens * width));
    arena.run(
        (ops, s) -> {
          if (width > 0) {
            ops.router(s, "router", low, partitions, 0, e, top, partitions, width);
          }
          ops.routeRows(
              s,
              "rows",
              e,
              top,
              bounds,
              rows,
              new Operations.Selection(writers, readers, true, true, true));
        });
  }

  private static IntArray poison(int n) {
    IntArray array = new IntArray(Math.max(n, 1));
    array.init(-7_777_777);
    return array;
  }

  /** Whether a row is one of this execution. */
  boolean used(int row) {
    return row < arena.tokens
        || row >= arena.capacity && row < arena.capacity + arena.tokens * rows.width();
  }

  boolean written(int row) {
    return used(row) && (rows.mode().get(row) & Routing.WRITTEN) != 0;
  }

  boolean read(int row) {
    return used(row) && (rows.mode().get(row) & Routing.READ) != 0;
  }

  /**
   * Random row gradients [blocks, R, dim], NaN outside the rows, 0 where the mode lacks the bit.
   */
  FloatArray rowGradients(int blocks, int dim, int bit) {
    double[] values = arena.normal(blocks * rowCount * dim);
    for (int i = 0; i < values.length; i++) {
      int row = i / dim % rowCount;
      if (!used(row)) {
        values[i] = Double.NaN;
      } else if ((rows.mode().get(row) & bit) == 0) {
        values[i] = 0;
      }
    }
    return Arena.array(values);
  }

  /** What an array [blocks, capacity, dim] holds for tokens; NaN elsewhere becomes 0. */
  double[] tokens(double[] values, int dim) {
    double[] kept = values.clone();
    for (int i = 0; i < kept.length; i++) {
      if (i / dim % arena.capacity >= arena.tokens) {
        kept[i] = 0;
      }
    }
    return kept;
  }

  /** The same for [blocks, R, dim]. */
  double[] rows(double[] values, int dim) {
    double[] kept = values.clone();
    for (int i = 0; i < kept.length; i++) {
      if (!used(i / dim % rowCount)) {
        kept[i] = 0;
      }
    }
    return kept;
  }

  /** The weights of queries (part 0) or keys (part 1), 0 outside the rows. */
  double[] weights(int part) {
    double[] values =
        Arrays.copyOfRange(Arena.get(rows.weight()), part * rowCount, (part + 1) * rowCount);
    return Arrays.stream(values).map(x -> Double.isNaN(x) ? 0 : x).toArray();
  }
}
