package io.github.tornadosse.nn;

import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.graph.Workspace;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Gated linear attention (docs/mathematics.md sections 1 and 2): a decay for each row. */
final class LinearAttention implements Recurrence {
  private final MixerConfig m;
  private final Operations ops;
  private final Weights.OfKind w;
  private final LowProjection low;
  private final HeadSizes sizes;
  private final FloatArray g;
  private final View gView;
  private final View raw;
  private final View[] rawOf;
  private final View dRaw;
  private final View[] dRawOf;

  LinearAttention(
      MixerConfig m,
      Operations ops,
      Weights.OfKind w,
      LowProjection low,
      Workspace p,
      Kept kept,
      int tokens) {
    this.m = m;
    this.ops = ops;
    this.w = w;
    this.low = low;
    // value heads that share a key head stand side by side and act as one
    sizes = new HeadSizes(m.heads(), m.headDim(), m.valueSize() / m.heads());
    long key = (long) tokens * m.keySize();
    long all = m.sources() * key;
    g = p.buffers().floats("mixer.g", all);
    gView = p.control().whole(g);
    raw = kept.floats("mixer.gate_raw", all);
    rawOf = new View[m.sources()];
    dRawOf = new View[m.sources()];
    FloatArray d = w.training() ? p.buffers().floats("grad.gate_raw", all) : null;
    dRaw = w.training() ? p.control().whole(d) : null;
    for (int source = 0; source < m.sources(); source++) {
      rawOf[source] = kept.part(raw, all, source * key);
      if (w.training()) {
        int from = (int) Math.min(source * key, Integer.MAX_VALUE);
        dRawOf[source] = p.control().view(d, from, 0, Axis.FIXED);
      }
    }
  }

  @Override
  public HeadSizes sizes() {
    return sizes;
  }

  @Override
  public FloatArray decays() {
    return g;
  }

  @Override
  public int decayWidth() {
    return m.headDim();
  }

  @Override
  public int rowParts() {
    return 3;
  }

  @Override
  public boolean weighsRows() {
    return false;
  }

  private int column(int source) {
    return low.gates + source * m.gateRank();
  }

  private static String pair(int source) {
    return "attn.gk_proj." + source + ".1.weight";
  }

  private static String bias(int source) {
    return "attn.gk_proj." + source + ".1.bias";
  }

  @Override
  public void project(Stage s) {
    for (int i = 0; i < m.sources(); i++) {
      low.second(s, "gk" + i, pair(i), column(i), m.gateRank(), rawOf[i], m.keySize(), m.headDim());
    }
  }

  @Override
  public void activate(Stage s, KeyLogits keys) {
    ops.decayGate(
        s,
        "mixer.decay",
        raw,
        w.weight(bias(0)),
        m.sparse() ? w.weight(bias(1)) : null,
        keys.first(),
        keys.base(),
        keys.delta(),
        gView,
        m.rowTopk(),
        m.heads(),
        m.headDim());
  }

  @Override
  public String id() {
    return "mixer.gla";
  }

  @Override
  public void forward(Stage s, Arrays x, Operations.Output to) {
    ops.glaOutput(s, id(), x.q(), x.k(), x.v(), g, x.rows(), x.state(), to, sizes);
  }

  @Override
  public void gradient(Stage s, Arrays x, Gradients y) {
    ops.glaGradient(
        s,
        "mixer.d_gla",
        x.q(),
        x.k(),
        x.v(),
        g,
        x.rows(),
        x.state(),
        y.dO(),
        x.state(),
        y.dRows(),
        y.dvRows(),
        sizes);
  }

  @Override
  public void gateGradient(Stage s, KeyLogits keys, Arrays x, Gradients y, View dTop) {
    ops.decayGateGradient(
        s,
        "mixer.d_decay",
        raw,
        w.weight(bias(0)),
        m.sparse() ? w.weight(bias(1)) : null,
        keys.first(),
        keys.base(),
        keys.delta(),
        y.dRows(),
        2,
        x.rows(),
        dRaw,
        w.gradient(bias(0)),
        m.sparse() ? w.gradient(bias(1)) : null,
        m.rowTopk(),
        m.heads(),
        m.headDim());
    for (int i = 0; i < m.sources(); i++) {
      low.secondGradient(
          s, "gk" + i, pair(i), column(i), m.gateRank(), dRawOf[i], m.keySize(), m.headDim());
    }
  }
}
