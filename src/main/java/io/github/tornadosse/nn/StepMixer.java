package io.github.tornadosse.nn;

import io.github.tornadosse.graph.Operations.Selection;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.StepOperations;
import io.github.tornadosse.graph.StepOperations.Mixer;
import io.github.tornadosse.graph.StepOperations.MixerStates;
import io.github.tornadosse.graph.StepOperations.MixerWeights;
import io.github.tornadosse.graph.StepOperations.Projected;
import io.github.tornadosse.graph.View;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** An {@link SseMixer} of few tokens that go on from kept states. */
final class StepMixer {
  private final MixerConfig m;
  private final Mixer shape;
  private final MixerWeights weights;
  private final MixerStates states;
  private final LowProjection.Columns low;

  /**
   * Takes note of what the layers have.
   *
   * @param parts what a session keeps, see {@link SseMixer#sessionParts}
   */
  StepMixer(ModelConfig c, Weights.OfKind w, List<SessionPart> parts) {
    m = c.mixer();
    shape = shape(c);
    low = LowProjection.Columns.of(m);
    boolean gla = !shape.delta();
    boolean convolved = shape.taps() > 0;
    weights =
        new MixerWeights(
            m.sparse() ? w.weight("attn.lora_q_proj.1.weight") : null,
            m.sparse() ? w.weight("attn.lora_k_proj.1.weight") : null,
            gla ? w.weight("attn.gk_proj.0.1.weight") : null,
            gla && m.sparse() ? w.weight("attn.gk_proj.1.1.weight") : null,
            gla ? w.weight("attn.gk_proj.0.1.bias") : null,
            gla && m.sparse() ? w.weight("attn.gk_proj.1.1.bias") : null,
            gla ? null : w.weight("attn.A_log"),
            gla ? null : w.weight("attn.dt_bias"),
            m.outputGate() ? w.weight("attn.g_proj.1.weight") : null,
            convolved ? w.weight("attn.q_conv1d_shared.weight") : null,
            convolved ? w.weight("attn.k_conv1d_shared.weight") : null,
            w.weight("attn.o_norm.weight"));
    states =
        new MixerStates(
            parts.get(0).view(),
            convolved ? parts.get(1).view() : null,
            convolved ? parts.get(2).view() : null);
  }

  /** The mixer of a model. */
  static Mixer shape(ModelConfig c) {
    MixerConfig m = c.mixer();
    boolean gla = m.rule() == MixerConfig.Rule.GLA;
    return new Mixer(
        !gla,
        m.heads(),
        m.valueHeads(),
        m.headDim(),
        m.valueDim(),
        m.partitions(),
        new Selection(m.writers(), m.readers(), m.gates().write(), m.gates().read(), m.always()),
        m.queryActivation(),
        m.keyActivation(),
        m.rowTopk(),
        gla ? m.gateRank() : 0,
        m.outputGate(),
        m.convolution(),
        m.negativeEigenvalues() ? 2 : 1,
        m.gates().values(),
        (float) c.normEps());
  }

  /** Columns of all projections of the layer's input. */
  int columns() {
    return lowFrom() + low.size();
  }

  private int lowFrom() {
    return 2 * m.keySize() + m.valueSize();
  }

  /**
   * Appends all between the projections and the last one of the output.
   *
   * @param x [L, {@link #columns}]
   * @param cu [S + 1] bounds of the sequences
   * @param y [L, HV·V]
   */
  void forward(Stage s, StepOperations steps, View x, IntArray cu, View y) {
    int from = lowFrom();
    Projected projected =
        new Projected(
            x,
            columns(),
            m.keySize(),
            2 * m.keySize(),
            from + low.queries(),
            from + low.keys(),
            from + low.gates(),
            from + low.outputGate(),
            from + low.router());
    steps.mixer(s, "mixer.step", shape, projected, weights, cu, states, y);
  }
}
