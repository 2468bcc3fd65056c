package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Output;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.vector.Delta;
import io.github.tornadosse.kernels.vector.Gla;
import io.github.tornadosse.kernels.vector.OutputLayout;
import io.github.tornadosse.kernels.vector.TokenSums;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Recurrences that end in the mixer's output, in the vector tier. */
final class VectorOperationsOutput {
  private VectorOperationsOutput() {}

  static void gla(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      Rows rows,
      View state,
      Output output,
      HeadSizes sizes,
      FloatArray states,
      boolean together) {
    View gate = output.gate() == null ? output.w() : output.gate();
    View sums = output.o() == null ? output.y() : output.o();
    IntArray layout = layout(s, id, rows, state, output, sizes.heads(), sizes);
    if (!s.buffers().measures()) {
      layout.set(OutputLayout.SUMMED, output.o() == null ? 0 : 1);
      layout.set(OutputLayout.SUMS_AT, sums.at());
      layout.set(OutputLayout.KEEPS, states == null ? 0 : 1);
      layout.set(OutputLayout.TOGETHER, together ? 1 : 0);
    }
    s.graph()
        .task(
            id,
            Gla::output,
            s.control(),
            q,
            k,
            v,
            g,
            rows.token(),
            rows.mode(),
            rows.weight(),
            rows.tokenRow(),
            rows.segments(),
            gate.array(),
            output.w().array(),
            layout,
            output.eps(),
            state.array(),
            further(s, id, rows, output, sizes),
            marks(s, id, sizes),
            sums.array(),
            states == null ? sums.array() : states,
            output.y().array());
  }

  static void deltaRule(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      Rows rows,
      boolean gateValues,
      View state,
      Output output,
      DeltaRuleOperations.Sizes of) {
    View gate = output.gate() == null ? output.w() : output.gate();
    HeadSizes sizes = new HeadSizes(of.valueHeads(), of.key(), of.value());
    IntArray layout = layout(s, id, rows, state, output, of.heads(), sizes);
    if (!s.buffers().measures()) {
      layout.set(OutputLayout.GATE_VALUES, gateValues ? 1 : 0);
    }
    s.graph()
        .task(
            id,
            Delta::output,
            s.control(),
            q,
            k,
            v,
            gates,
            rows.token(),
            rows.mode(),
            rows.weight(),
            rows.tokenRow(),
            rows.segments(),
            gate.array(),
            output.w().array(),
            layout,
            output.eps(),
            state.array(),
            further(s, id, rows, output, sizes),
            marks(s, id, sizes),
            output.y().array());
  }

  /** Ranks of a token's rows that are read. */
  private static int reads(Rows rows, Output output) {
    return Math.min(rows.width(), output.reads());
  }

  private static FloatArray further(Stage s, String id, Rows rows, Output output, HeadSizes sizes) {
    long ranks = Math.max(0, reads(rows, output) - 1);
    return s.buffers().floats(id + ".further", ranks * sizes.heads() * s.tokens() * sizes.value());
  }

  private static IntArray marks(Stage s, String id, HeadSizes sizes) {
    return s.buffers().ints(id + ".marks", TokenSums.marks(sizes.heads(), s.tokens()));
  }

  private static IntArray layout(
      Stage s, String id, Rows rows, View state, Output output, int keyHeads, HeadSizes sizes) {
    IntArray layout = s.buffers().ints(id + ".layout", OutputLayout.SIZE);
    if (s.buffers().measures()) {
      return layout;
    }
    View gate = output.gate() == null ? output.w() : output.gate();
    layout.set(OutputLayout.STATE_AT, state.at());
    layout.set(OutputLayout.GATE_AT, gate.at());
    layout.set(OutputLayout.W_AT, output.w().at());
    layout.set(OutputLayout.Y_AT, output.y().at());
    layout.set(OutputLayout.GATED, output.gate() == null ? 0 : 1);
    layout.set(OutputLayout.PARTITIONS, rows.partitions());
    layout.set(OutputLayout.WIDTH, rows.width());
    layout.set(OutputLayout.READS, reads(rows, output));
    layout.set(OutputLayout.KEY_HEADS, keyHeads);
    layout.set(OutputLayout.HEADS, sizes.heads());
    layout.set(OutputLayout.KEY, sizes.key());
    layout.set(OutputLayout.VALUE, sizes.value());
    layout.set(OutputLayout.VALUE_DIM, output.valueDim());
    layout.set(OutputLayout.CAPACITY, s.tokens());
    return layout;
  }
}
