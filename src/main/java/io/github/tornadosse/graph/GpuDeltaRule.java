package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.gpu.DeltaKeys;
import io.github.tornadosse.kernels.gpu.DeltaPairGradients;
import io.github.tornadosse.kernels.gpu.DeltaPairs;
import io.github.tornadosse.kernels.gpu.DeltaRows;
import io.github.tornadosse.kernels.gpu.DeltaSweep;
import io.github.tornadosse.kernels.gpu.DeltaSweepBack;
import io.github.tornadosse.kernels.gpu.DeltaValues;
import io.github.tornadosse.kernels.gpu.GlaStates;
import io.github.tornadosse.kernels.portable.DeltaRowGradients;
import io.github.tornadosse.kernels.portable.GatedDeltaRule;
import io.github.tornadosse.kernels.portable.GatedLinearAttention;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The gated delta rule of the GPU tier. All that does not need the state before a chunk runs over
 * all chunks at once; the recurrence itself ({@link DeltaSweep}) runs over the chunks of a segment,
 * side by side for segments, value heads and blocks of 32 columns.
 *
 * <p>Scratch arrays: {@code chunks}, see {@link GlaStates#chunks}; {@code q_rows}, {@code k_rows}
 * [H, R, K]; {@code row_gates} [3, HV, R]; {@code pairs} [2, HV, R, 64]; {@code inverse} [HV, R,
 * 64]; {@code errors} [HV, R, V]; {@code states} [chunks, HV, K, V] before each chunk; of the
 * gradient {@code d_states} after each chunk, {@code reads} like it, {@code d_writes} [HV, R, V],
 * {@code d_keys} [2, HV, R, K], {@code sums}, see {@link DeltaPairGradients#gradients}, and {@code
 * shares}, see {@link DeltaKeys#gradients}.
 */
final class GpuDeltaRule extends PortableDeltaRule {
  /** One call: its sizes, and the scratch arrays that both passes have. */
  private static final class Call {
    final Stage s;
    final String id;
    final Rows rows;
    final Sizes sizes;
    final int gateValues;
    final int group;
    final int rowCount;
    final int segments;
    final int chunks;
    final IntArray table;
    final FloatArray q;
    final FloatArray k;
    final FloatArray gates;
    final FloatArray pairs;
    final FloatArray inverse;
    final FloatArray errors;
    final FloatArray states;

    Call(Stage s, String id, String forward, Rows rows, boolean gateValues, Sizes sizes) {
      this.s = s;
      this.id = id;
      this.rows = rows;
      this.sizes = sizes;
      this.gateValues = gateValues ? 1 : 0;
      group = sizes.valueHeads() / sizes.heads();
      rowCount = Math.multiplyExact(s.tokens(), 1 + rows.width());
      segments = Math.multiplyExact(s.sequences(), rows.partitions() + 1);
      chunks = GatedLinearAttention.maxChunks(rowCount, segments);
      Buffers b = s.buffers();
      table = b.ints(forward + ".chunks", 2L * chunks + segments + 1);
      q = b.floats(forward + ".q_rows", (long) sizes.heads() * rowCount * sizes.key());
      k = b.floats(forward + ".k_rows", (long) sizes.heads() * rowCount * sizes.key());
      gates = b.floats(forward + ".row_gates", 3 * valueRows());
      pairs = b.floats(forward + ".pairs", 2 * valueRows() * GlaStates.CHUNK);
      inverse = b.floats(forward + ".inverse", valueRows() * GlaStates.CHUNK);
      errors = b.floats(forward + ".errors", valueRows() * sizes.value());
      states = b.floats(forward + ".states", matrices());
    }

    long valueRows() {
      return (long) sizes.valueHeads() * rowCount;
    }

    long units() {
      return (long) chunks * sizes.valueHeads();
    }

    long matrices() {
      return units() * sizes.key() * sizes.value();
    }

    long columnTiles() {
      return (sizes.value() + 63) / 64;
    }

    void rowGrid(String task, long count) {
      s.grid(task, (count + DeltaRows.ROWS - 1) / DeltaRows.ROWS, DeltaRows.ITEMS);
    }

    void sweepGrid(String task) {
      int tiles = (sizes.value() + DeltaSweep.COLUMNS - 1) / DeltaSweep.COLUMNS;
      s.grid(task, (long) segments * sizes.valueHeads() * tiles, DeltaSweep.ITEMS);
    }

    /** What needs no state: rows, pairs of rows, the inverses of the chunks' systems. */
    void prepare(FloatArray q0, FloatArray k0, FloatArray gates0) {
      s.graph()
          .task(
              id + ".chunks",
              GlaStates::chunks,
              new KernelContext(),
              s.control(),
              rows.segments(),
              table,
              rows.partitions() + 1,
              segments,
              chunks)
          .task(
              id + ".normalise",
              DeltaRows::normalise,
              new KernelContext(),
              s.control(),
              q0,
              k0,
              rows.token(),
              rows.mode(),
              rows.weight(),
              q,
              k,
              sizes.heads(),
              sizes.key(),
              s.tokens(),
              rows.width(),
              gateValues)
          .task(
              id + ".row_gates",
              GatedDeltaRule::rowGates,
              s.control(),
              gates0,
              rows.token(),
              rows.mode(),
              rows.weight(),
              gates,
              sizes.valueHeads(),
              s.tokens(),
              rows.width(),
              rows.partitions() == 0 ? 1 : 2,
              gateValues,
              Math.toIntExact(valueRows()))
          .task(
              id + ".pairs",
              DeltaPairs::products,
              new KernelContext(),
              table,
              q,
              k,
              gates,
              pairs,
              sizes.heads(),
              group,
              sizes.key(),
              rowCount);
      int items = Math.max(chunks, segments + 1);
      s.grid(id + ".chunks", (items + GlaStates.ITEMS - 1L) / GlaStates.ITEMS, GlaStates.ITEMS);
      rowGrid(id + ".normalise", (long) sizes.heads() * rowCount);
      s.grid(id + ".pairs", (long) chunks * sizes.heads(), DeltaPairs.ITEMS);
    }

    void inverses(String task, FloatArray to, int transposed) {
      s.graph()
          .task(
              task,
              DeltaPairs::inverses,
              new KernelContext(),
              table,
              gates,
              pairs,
              to,
              sizes.valueHeads(),
              rowCount,
              transposed);
      s.grid(task, units(), DeltaPairs.COLUMNS);
    }

    /** Errors and states before every chunk. */
    void sweep(FloatArray v, View state, int keep) {
      inverses(id + ".inverse", inverse, 0);
      s.graph()
          .task(
              id + ".sweep",
              DeltaSweep::forward,
              new KernelContext(),
              s.control(),
              table,
              rows.token(),
              k,
              gates,
              inverse,
              v,
              state.array(),
              state.at(),
              errors,
              states,
              group,
              sizes.valueHeads(),
              sizes.key(),
              sizes.value(),
              s.tokens(),
              rowCount,
              chunks,
              keep);
      sweepGrid(id + ".sweep");
    }

    void rows(String task, FloatArray states, FloatArray y, FloatArray out, int fromStates) {
      s.graph()
          .task(
              task,
              DeltaValues::rows,
              new KernelContext(),
              table,
              rows.token(),
              q,
              gates,
              states,
              pairs,
              y,
              out,
              group,
              sizes.valueHeads(),
              sizes.key(),
              sizes.value(),
              s.tokens(),
              rowCount,
              fromStates);
      s.grid(task, units() * columnTiles(), DeltaValues.ITEMS);
    }
  }

  @Override
  public void forward(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      Rows rows,
      boolean gateValues,
      View state,
      FloatArray out,
      Sizes sizes) {
    Call c = new Call(s, id, id, rows, gateValues, sizes);
    c.prepare(q, k, gates);
    c.sweep(v, state, 1);
    c.rows(id + ".rows", c.states, c.errors, out, 1);
  }

  @Override
  public void gradient(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      Rows rows,
      boolean gateValues,
      View state,
      FloatArray dOut,
      View dState,
      FloatArray dRows,
      FloatArray dvRows,
      FloatArray dGateRows,
      FloatArray dWeightRows,
      Sizes sizes) {
    boolean alone = s.forward() == null;
    Call c = new Call(s, id, alone ? id : s.forward(), rows, gateValues, sizes);
    if (alone) {
      c.prepare(q, k, gates);
      c.sweep(v, state, 0);
    }
    Buffers b = s.buffers();
    FloatArray dWrites = b.floats(id + ".d_writes", c.valueRows() * sizes.value());
    FloatArray dStates = b.floats(id + ".d_states", c.matrices());
    FloatArray dKeys = b.floats(id + ".d_keys", 2 * c.valueRows() * sizes.key());
    sweepBack(c, dOut, dState, dWrites, dStates);
    FloatArray sums = b.floats(id + ".sums", c.valueRows() * GlaStates.CHUNK);
    pairGradients(c, dOut, dWrites, sums, dGateRows);
    keyGradients(c, dOut, dWrites, dStates, dKeys, sums, dGateRows);
    rowGradients(c, id + ".queries", q, 0, dKeys, dRows, dWeightRows);
    rowGradients(c, id + ".keys", k, 1, dKeys, dRows, dWeightRows);
    s.graph()
        .task(
            id + ".values",
            DeltaRows::values,
            new KernelContext(),
            s.control(),
            c.gates,
            dWrites,
            dvRows,
            sizes.valueHeads(),
            sizes.value(),
            s.tokens(),
            rows.width());
    c.rowGrid(id + ".values", c.valueRows());
    if (gateValues) {
      s.graph()
          .task(
              id + ".weights",
              DeltaRowGradients::weightGradients,
              s.control(),
              q,
              v,
              rows.token(),
              rows.mode(),
              c.gates,
              dKeys,
              dWrites,
              dWeightRows,
              c.group,
              sizes.valueHeads(),
              sizes.key(),
              sizes.value(),
              s.tokens(),
              rows.width(),
              Math.toIntExact(c.valueRows()));
    }
  }

  private static void sweepBack(
      Call c, FloatArray dOut, View dState, FloatArray dWrites, FloatArray dStates) {
    Stage s = c.s;
    Sizes sizes = c.sizes;
    FloatArray reads = s.buffers().floats(c.id + ".reads", c.matrices());
    // Its inverse takes the place of the one that the sweep forward is done with.
    c.inverses(c.id + ".inverse_back", c.inverse, 1);
    c.rows(c.id + ".d_reads", c.states, dOut, dWrites, 0);
    s.graph()
        .task(
            c.id + ".reads",
            DeltaValues::reads,
            new KernelContext(),
            c.table,
            c.rows.token(),
            c.q,
            c.gates,
            dOut,
            reads,
            c.group,
            sizes.valueHeads(),
            sizes.key(),
            sizes.value(),
            s.tokens(),
            c.rowCount)
        .task(
            c.id + ".sweep_back",
            DeltaSweepBack::backward,
            new KernelContext(),
            s.control(),
            c.table,
            c.k,
            c.gates,
            c.inverse,
            reads,
            dState.array(),
            dState.at(),
            dWrites,
            dStates,
            c.group,
            sizes.valueHeads(),
            sizes.key(),
            sizes.value(),
            c.rowCount,
            c.chunks);
    s.grid(
        c.id + ".reads",
        c.units() * c.columnTiles() * ((sizes.key() + 63) / 64),
        DeltaValues.ITEMS);
    c.sweepGrid(c.id + ".sweep_back");
  }

  private static void pairGradients(
      Call c, FloatArray dOut, FloatArray dWrites, FloatArray sums, FloatArray dGateRows) {
    c.s
        .graph()
        .task(
            c.id + ".d_pairs",
            DeltaPairGradients::gradients,
            new KernelContext(),
            c.table,
            c.rows.token(),
            c.rows.mode(),
            c.gates,
            dOut,
            c.errors,
            dWrites,
            c.pairs,
            sums,
            dGateRows,
            c.sizes.valueHeads(),
            c.sizes.value(),
            c.s.tokens(),
            c.rowCount);
    c.s.grid(c.id + ".d_pairs", c.units(), DeltaPairGradients.ITEMS);
  }

  private static void keyGradients(
      Call c,
      FloatArray dOut,
      FloatArray dWrites,
      FloatArray dStates,
      FloatArray dKeys,
      FloatArray sums,
      FloatArray dGateRows) {
    Sizes sizes = c.sizes;
    int tiles = (sizes.key() + DeltaKeys.CHANNELS - 1) / DeltaKeys.CHANNELS;
    FloatArray shares =
        c.s.buffers().floats(c.id + ".shares", tiles * (2 * c.valueRows() + c.units()));
    c.s
        .graph()
        .task(
            c.id + ".d_keys",
            DeltaKeys::gradients,
            new KernelContext(),
            c.table,
            c.rows.token(),
            c.q,
            c.k,
            c.gates,
            c.pairs,
            dOut,
            c.errors,
            dWrites,
            c.states,
            dStates,
            shares,
            dKeys,
            c.group,
            sizes.valueHeads(),
            sizes.key(),
            sizes.value(),
            c.s.tokens(),
            c.rowCount)
        .task(
            c.id + ".gates",
            DeltaPairGradients::decays,
            new KernelContext(),
            c.table,
            c.rows.mode(),
            c.gates,
            sums,
            shares,
            dGateRows,
            sizes.valueHeads(),
            c.rowCount,
            tiles);
    c.s.grid(c.id + ".d_keys", c.units() * tiles, DeltaKeys.ITEMS);
    c.s.grid(c.id + ".gates", c.units(), DeltaPairGradients.ROWS);
  }

  private static void rowGradients(
      Call c,
      String task,
      FloatArray x,
      int which,
      FloatArray dKeys,
      FloatArray dRows,
      FloatArray dWeightRows) {
    Stage s = c.s;
    s.graph()
        .task(
            task,
            DeltaRows::gradients,
            new KernelContext(),
            s.control(),
            x,
            c.rows.token(),
            c.rows.mode(),
            c.rows.weight(),
            dKeys,
            dRows,
            dWeightRows,
            which,
            c.sizes.heads(),
            c.group,
            c.sizes.key(),
            s.tokens(),
            c.rows.width(),
            c.gateValues);
    c.rowGrid(task, (long) c.sizes.heads() * c.rowCount);
  }
}
