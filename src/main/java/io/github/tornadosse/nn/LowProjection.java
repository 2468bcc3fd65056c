package io.github.tornadosse.nn;

import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.graph.Workspace;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The narrow projections of a mixer's input as one product, "low" [L, size]: the first halves of
 * all low-rank pairs, the delta rule's gates and the write-read gate, in the order of {@link
 * ParameterLayout}.
 */
final class LowProjection {
  /**
   * Where the projections begin.
   *
   * @param queries column of the queries' pair, [V]
   * @param keys column of the keys' pair, [V]
   * @param gates first column of the gates: the low-rank pairs [rank] of each source, or the delta
   *     rule's decays and then write strengths [sources·HV]
   * @param outputGate column of the output gate's pair, [V]
   * @param router column of the write-read gate, [N]
   * @param size number of columns
   */
  record Columns(int queries, int keys, int gates, int outputGate, int router, int size) {
    static Columns of(MixerConfig m) {
      int lora = m.sparse() ? m.valueDim() : 0;
      boolean gla = m.rule() == MixerConfig.Rule.GLA;
      int gates = 2 * lora;
      int outputGate = gates + m.sources() * (gla ? m.gateRank() : 2 * m.valueHeads());
      int router = outputGate + (m.outputGate() ? m.valueDim() : 0);
      return new Columns(0, lora, gates, outputGate, router, router + m.partitions());
    }
  }

  /** See {@link Columns}. */
  final int queries;

  final int keys;
  final int gates;
  final int outputGate;
  final int router;
  final int size;

  private final MixerConfig m;
  private final int hidden;
  private final Operations ops;
  private final Weights.OfKind w;
  private final Kept kept;
  private final View low;
  private final FloatArray gradient;
  private final View gradientView;
  private final long part;

  LowProjection(
      MixerConfig m,
      int hidden,
      Operations ops,
      Weights.OfKind w,
      Workspace p,
      Kept kept,
      int tokens) {
    this.m = m;
    this.hidden = hidden;
    this.ops = ops;
    this.w = w;
    this.kept = kept;
    Columns columns = Columns.of(m);
    queries = columns.queries();
    keys = columns.keys();
    gates = columns.gates();
    outputGate = columns.outputGate();
    router = columns.router();
    size = columns.size();
    part = (long) tokens * size;
    low = kept.floats("mixer.low", part);
    gradient = w.training() ? p.buffers().floats("grad.low", part) : null;
    gradientView = w.training() ? p.control().whole(gradient) : null;
  }

  /** From a column on, with row stride {@link #size}. */
  View column(int column) {
    return column == 0 ? low : kept.part(low, part, column);
  }

  /** The gradient from a column on. */
  View gradient(int column) {
    return kept.space().control().view(gradient, column, 0, Axis.FIXED);
  }

  /** Appends low = h·wᵀ. */
  void forward(Stage s, View h) {
    String first = ParameterLayout.firstOfLow(m);
    ops.linear(s, "mixer.low", new Linear(h, hidden, w.weight(first), low, size, 0, hidden, size));
  }

  /** Appends the gradients: dH is added to. */
  void backward(Stage s, View h, View dH) {
    String first = ParameterLayout.firstOfLow(m);
    ops.linearInputGradient(
        s,
        "mixer.d_low",
        new Linear(dH, hidden, w.weight(first), gradientView, size, 0, hidden, size),
        true);
    ops.linearWeightGradient(
        s,
        "mixer.dw_low",
        new Linear(h, hidden, w.gradient(first), gradientView, size, 0, hidden, size));
  }

  /** Appends the second half of a pair: y = low[:, column..]·wᵀ, of {@code out} columns. */
  void second(Stage s, String id, String weight, int column, int rank, View y, int out, int head) {
    ops.linear(
        s,
        "mixer." + id,
        new Linear(column(column), size, w.weight(weight), y, out, head, rank, out));
  }

  /** Appends the gradients of {@link #second}. */
  void secondGradient(
      Stage s, String id, String weight, int column, int rank, View dy, int out, int head) {
    ops.linearInputGradient(
        s,
        "mixer.d_" + id,
        new Linear(gradient(column), size, w.weight(weight), dy, out, head, rank, out),
        false);
    ops.linearWeightGradient(
        s,
        "mixer.dw_" + id,
        new Linear(column(column), size, w.gradient(weight), dy, out, head, rank, out));
  }
}
