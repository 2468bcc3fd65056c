package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.portable.DeltaRowGradients;
import io.github.tornadosse.kernels.portable.GatedDeltaRule;
import io.github.tornadosse.kernels.portable.GatedDeltaRuleGradient;
import io.github.tornadosse.kernels.portable.GatedLinearAttention;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The gated delta rule of the portable tier, see {@link GatedDeltaRule}. */
class PortableDeltaRule implements DeltaRuleOperations {
  /** Sizes and scratch arrays of one gated delta rule. */
  private record Chunks(
      Sizes sizes,
      int gateValues,
      int group,
      int rows,
      int segments,
      int count,
      IntArray table,
      FloatArray q,
      FloatArray k,
      FloatArray gates,
      FloatArray pairs) {
    static Chunks of(
        Stage s, String id, Rows rows, boolean gateValues, Sizes sizes, boolean gradient) {
      int r = items(s.tokens(), 1 + rows.width());
      int segments = items(s.sequences(), rows.partitions() + 1);
      int count = GatedLinearAttention.maxChunks(r, segments);
      long keys = (long) sizes.heads() * r * sizes.key();
      long valueRows = (long) sizes.valueHeads() * r;
      Buffers b = s.buffers();
      return new Chunks(
          sizes,
          gateValues ? 1 : 0,
          sizes.valueHeads() / sizes.heads(),
          r,
          segments,
          count,
          b.ints(id + ".chunks", segments + 1 + 2L * count),
          b.floats(id + ".q_rows", keys),
          b.floats(id + ".k_rows", keys),
          b.floats(id + ".row_gates", (gradient ? 5 : 3) * valueRows),
          b.floats(id + ".pairs", (gradient ? 3 : 2) * valueRows * GatedDeltaRule.CHUNK));
    }

    /** Work items of one row each of a chunk and value head. */
    int places() {
      return items(count, sizes.valueHeads(), GatedDeltaRule.CHUNK);
    }

    /** Work items of four columns each of a segment's state. */
    int columns() {
      return items(segments, sizes.valueHeads(), (sizes.value() + 3) / 4);
    }

    /** Work items of one row each of a key head. */
    int keyRows() {
      return items(sizes.heads(), rows);
    }

    /** Work items of one row each of a value head. */
    int valueRows() {
      return items(sizes.valueHeads(), rows);
    }
  }

  @Override
  public void gates(
      Stage s,
      String id,
      View a,
      View b,
      int ld,
      View aLog,
      View dtBias,
      FloatArray gates,
      int sources,
      int valueHeads,
      float betaScale) {
    PortableDeltaGates.gates(s, id, a, b, ld, aLog, dtBias, gates, sources, valueHeads, betaScale);
  }

  @Override
  public void gatesGradient(
      Stage s,
      String id,
      View a,
      View b,
      int ld,
      View aLog,
      View dtBias,
      FloatArray dGateRows,
      Rows rows,
      View da,
      View db,
      View dALog,
      View dDtBias,
      int sources,
      int valueHeads,
      float betaScale) {
    PortableDeltaGates.gatesGradient(
        s,
        id,
        a,
        b,
        ld,
        aLog,
        dtBias,
        dGateRows,
        rows,
        da,
        db,
        dALog,
        dDtBias,
        sources,
        valueHeads,
        betaScale);
  }

  @Override
  public void weightGradient(
      Stage s,
      String id,
      FloatArray dWeightRows,
      Rows rows,
      View dTop,
      boolean readGate,
      boolean writeGate,
      int valueHeads) {
    PortableDeltaGates.weightGradient(
        s, id, dWeightRows, rows, dTop, readGate, writeGate, valueHeads);
  }

  /** The tasks that forward and backward have in common. */
  private static Chunks chunks(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray gates,
      Rows rows,
      boolean gateValues,
      Sizes sizes,
      boolean gradient) {
    Chunks c = Chunks.of(s, id, rows, gateValues, sizes, gradient);
    s.graph()
        .task(
            id + ".chunks",
            GatedDeltaRule::chunkTable,
            s.control(),
            rows.segments(),
            c.table,
            rows.partitions() + 1,
            c.segments,
            c.count)
        .task(
            id + ".normalise",
            GatedDeltaRule::normalise,
            s.control(),
            q,
            k,
            rows.token(),
            rows.mode(),
            rows.weight(),
            c.q,
            c.k,
            sizes.heads(),
            sizes.key(),
            s.tokens(),
            rows.width(),
            c.gateValues,
            c.keyRows())
        .task(
            id + ".row_gates",
            GatedDeltaRule::rowGates,
            s.control(),
            gates,
            rows.token(),
            rows.mode(),
            rows.weight(),
            c.gates,
            sizes.valueHeads(),
            s.tokens(),
            rows.width(),
            rows.partitions() == 0 ? 1 : 2,
            c.gateValues,
            c.valueRows())
        .task(
            id + ".pairs",
            GatedDeltaRule::pairs,
            c.table,
            c.q,
            c.k,
            c.gates,
            c.pairs,
            c.group,
            sizes.valueHeads(),
            sizes.key(),
            c.rows,
            c.segments,
            c.places());
    s.spread(id + ".pairs", c.places());
    s.spread(id + ".row_gates", c.valueRows());
    s.spread(id + ".normalise", c.keyRows());
    return c;
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
    Chunks c = chunks(s, id, q, k, gates, rows, gateValues, sizes, false);
    s.graph()
        .task(
            id + ".scan",
            GatedDeltaRule::scan,
            s.control(),
            c.table,
            rows.token(),
            c.q,
            c.k,
            c.gates,
            c.pairs,
            v,
            state.array(),
            state.at(),
            out,
            c.group,
            sizes.valueHeads(),
            sizes.key(),
            sizes.value(),
            s.tokens(),
            c.rows,
            4 * sizes.key(),
            c.columns());
    s.spread(id + ".scan", c.columns());
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
    Chunks c = chunks(s, id, q, k, gates, rows, gateValues, sizes, true);
    int valueHeads = sizes.valueHeads();
    long matrices = (long) c.count * valueHeads * sizes.key();
    long valueRows = (long) valueHeads * c.rows;
    Buffers b = s.buffers();
    FloatArray errors = b.floats(id + ".errors", valueRows * sizes.value());
    FloatArray dWrites = b.floats(id + ".d_writes", valueRows * sizes.value());
    FloatArray states = b.floats(id + ".states", matrices * sizes.value());
    FloatArray dStates = b.floats(id + ".d_states", matrices * sizes.value());
    FloatArray through = b.floats(id + ".through", matrices);
    FloatArray dKeys = b.floats(id + ".d_keys", 2 * valueRows * sizes.key());
    s.graph()
        .task(
            id + ".states",
            GatedDeltaRuleGradient::states,
            s.control(),
            c.table,
            rows.token(),
            c.k,
            c.gates,
            c.pairs,
            v,
            state.array(),
            state.at(),
            errors,
            states,
            c.group,
            valueHeads,
            sizes.key(),
            sizes.value(),
            s.tokens(),
            c.rows,
            4 * sizes.key(),
            c.columns())
        .task(
            id + ".d_states",
            GatedDeltaRuleGradient::stateGradients,
            s.control(),
            c.table,
            rows.token(),
            c.q,
            c.k,
            c.gates,
            c.pairs,
            dOut,
            dState.array(),
            dState.at(),
            dWrites,
            dStates,
            c.group,
            valueHeads,
            sizes.key(),
            sizes.value(),
            s.tokens(),
            c.rows,
            4 * sizes.key(),
            c.columns())
        .task(
            id + ".d_pairs",
            GatedDeltaRuleGradient::pairGradients,
            c.table,
            rows.token(),
            c.gates,
            dOut,
            errors,
            dWrites,
            c.pairs,
            valueHeads,
            sizes.value(),
            s.tokens(),
            c.rows,
            c.segments,
            c.places())
        .task(
            id + ".d_keys",
            GatedDeltaRuleGradient::keyGradients,
            c.table,
            rows.token(),
            c.q,
            c.k,
            c.pairs,
            dOut,
            errors,
            dWrites,
            states,
            dStates,
            c.gates,
            dKeys,
            c.group,
            valueHeads,
            sizes.key(),
            sizes.value(),
            s.tokens(),
            c.rows,
            c.segments,
            c.places())
        .task(
            id + ".through",
            DeltaRowGradients::throughChunks,
            c.table,
            states,
            dStates,
            through,
            valueHeads,
            sizes.key(),
            sizes.value(),
            c.segments,
            items(c.count, valueHeads))
        .task(
            id + ".gates",
            DeltaRowGradients::gateGradients,
            c.table,
            rows.mode(),
            c.gates,
            c.pairs,
            errors,
            dWrites,
            through,
            dGateRows,
            valueHeads,
            sizes.key(),
            sizes.value(),
            c.rows,
            c.segments,
            c.places());
    s.spread(id + ".gates", c.places());
    s.spread(id + ".d_keys", c.places());
    s.spread(id + ".d_pairs", c.places());
    s.spread(id + ".d_states", c.columns());
    s.spread(id + ".states", c.columns());
    rowGradient(s, id + ".queries", q, 0, rows, c, dKeys, dRows, dWeightRows);
    rowGradient(s, id + ".keys", k, 1, rows, c, dKeys, dRows, dWeightRows);
    s.graph()
        .task(
            id + ".values",
            DeltaRowGradients::valueGradients,
            s.control(),
            c.gates,
            dWrites,
            dvRows,
            sizes.value(),
            s.tokens(),
            rows.width(),
            c.valueRows());
    s.spread(id + ".values", c.valueRows());
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
              valueHeads,
              sizes.key(),
              sizes.value(),
              s.tokens(),
              rows.width(),
              c.valueRows());
      s.spread(id + ".weights", c.valueRows());
    }
  }

  private static void rowGradient(
      Stage s,
      String id,
      FloatArray x,
      int which,
      Rows rows,
      Chunks c,
      FloatArray dKeys,
      FloatArray dRows,
      FloatArray dWeightRows) {
    s.graph()
        .task(
            id,
            DeltaRowGradients::rowGradients,
            s.control(),
            x,
            rows.token(),
            rows.mode(),
            rows.weight(),
            dKeys,
            dRows,
            dWeightRows,
            which,
            c.sizes.heads(),
            c.group,
            c.sizes.key(),
            s.tokens(),
            rows.width(),
            c.gateValues,
            c.keyRows());
    s.spread(id, c.keyRows());
  }

  private static int items(int... sizes) {
    int product = 1;
    for (int size : sizes) {
      product = Math.multiplyExact(product, size);
    }
    return product;
  }
}
