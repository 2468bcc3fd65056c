package io.github.tornadosse.nn;

import io.github.tornadosse.graph.DeltaRuleOperations;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.graph.Workspace;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The gated delta rule (docs/mathematics.md sections 1 and 3). */
final class DeltaRule implements Recurrence {
  private final MixerConfig m;
  private final Operations all;
  private final DeltaRuleOperations ops;
  private final Weights.OfKind w;
  private final LowProjection low;
  private final DeltaRuleOperations.Sizes sizes;
  private final FloatArray gates;
  private final FloatArray dGateRows;
  private final FloatArray dWeightRows;

  DeltaRule(
      MixerConfig m, Operations ops, Weights.OfKind w, LowProjection low, Workspace p, int tokens) {
    this.m = m;
    all = ops;
    this.ops = ops.deltaRule();
    this.w = w;
    this.low = low;
    sizes = new DeltaRuleOperations.Sizes(m.heads(), m.valueHeads(), m.headDim(), m.valueDim());
    long scalars = (long) tokens * m.valueHeads();
    long rowScalars = scalars * (1 + m.width());
    gates = p.buffers().floats("mixer.gates", 2L * m.sources() * scalars);
    dGateRows = w.training() ? p.buffers().floats("grad.gate_rows", 2 * rowScalars) : null;
    long weights = 2L * tokens * (1 + m.width()) * weightHeads();
    dWeightRows = w.training() ? p.buffers().floats("grad.weight_rows", weights) : null;
  }

  @Override
  public HeadSizes sizes() {
    return new HeadSizes(m.valueHeads(), m.headDim(), m.valueDim());
  }

  @Override
  public FloatArray decays() {
    return gates;
  }

  @Override
  public int decayWidth() {
    return 1;
  }

  @Override
  public int rowParts() {
    return 2;
  }

  /** Heads that rows have weights in: the gate multiplies values, or keys and queries. */
  private int weightHeads() {
    return m.gates().values() ? m.valueHeads() : m.heads();
  }

  @Override
  public boolean weighsRows() {
    return true;
  }

  private int columns() {
    return m.sources() * m.valueHeads();
  }

  private float strength() {
    return m.negativeEigenvalues() ? 2 : 1;
  }

  @Override
  public void project(Stage s) {
    // the low projection holds the gates' logits as they are
  }

  @Override
  public void activate(Stage s, KeyLogits keys) {
    ops.gates(
        s,
        "mixer.gates",
        low.column(low.gates),
        low.column(low.gates + columns()),
        low.size,
        w.weight("attn.A_log"),
        w.weight("attn.dt_bias"),
        gates,
        m.sources(),
        m.valueHeads(),
        strength());
  }

  @Override
  public String id() {
    return "mixer.delta";
  }

  @Override
  public void forward(Stage s, Arrays x, Operations.Output to) {
    all.deltaRuleOutput(
        s, id(), x.q(), x.k(), x.v(), gates, x.rows(), m.gates().values(), x.state(), to, sizes);
  }

  @Override
  public void gradient(Stage s, Arrays x, Gradients y) {
    ops.gradient(
        s,
        "mixer.d_delta",
        x.q(),
        x.k(),
        x.v(),
        gates,
        x.rows(),
        m.gates().values(),
        x.state(),
        y.dO(),
        x.state(),
        y.dRows(),
        y.dvRows(),
        dGateRows,
        dWeightRows,
        sizes);
  }

  @Override
  public void gateGradient(Stage s, KeyLogits keys, Arrays x, Gradients y, View dTop) {
    ops.gatesGradient(
        s,
        "mixer.d_gates",
        low.column(low.gates),
        low.column(low.gates + columns()),
        low.size,
        w.weight("attn.A_log"),
        w.weight("attn.dt_bias"),
        dGateRows,
        x.rows(),
        low.gradient(low.gates),
        low.gradient(low.gates + columns()),
        w.gradient("attn.A_log"),
        w.gradient("attn.dt_bias"),
        m.sources(),
        m.valueHeads(),
        strength());
    if (m.sparse()) {
      ops.weightGradient(
          s,
          "mixer.d_row_weights",
          dWeightRows,
          x.rows(),
          dTop,
          m.gates().read(),
          m.gates().write(),
          weightHeads());
    }
  }
}
