package io.github.tornadosse.graph;

import io.github.tornadosse.graph.AttentionOperations.Sizes;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.kernels.gpu.CachedAttention;
import io.github.tornadosse.kernels.gpu.StepDense;
import io.github.tornadosse.kernels.gpu.StepInputs;
import io.github.tornadosse.kernels.gpu.StepShape;
import io.github.tornadosse.kernels.gpu.StepStates;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Layers of few tokens in the GPU tier. */
final class GpuSteps implements StepOperations {
  /** Work-items of a group that turns a head. */
  private static final int TURN_ITEMS = 64;

  private final GpuSettings settings;

  GpuSteps(GpuSettings settings) {
    this.settings = settings;
  }

  @Override
  public boolean takes(int tokens) {
    return tokens <= settings.get(GpuSettings.DENSE_FEW);
  }

  @Override
  public boolean takes(Mixer m) {
    return settings.groupItems() >= StepStates.ITEMS
        && m.key() <= StepShape.MOST_KEY
        && m.values() <= StepShape.MOST_VALUES
        && m.partitions() <= StepShape.MOST_PARTITIONS;
  }

  @Override
  public boolean takes(Sizes sizes) {
    return sizes.dim() <= CachedAttention.MOST_DIM;
  }

  private int items() {
    return settings.get(GpuSettings.REDUCTION_ITEMS);
  }

  @Override
  public void normedLinear(Stage s, String id, Linear l, View norm, float eps, IntArray rows) {
    s.graph()
        .task(
            id,
            StepDense::normed,
            new KernelContext(),
            s.control(),
            rows == null ? s.control() : rows,
            l.x().array(),
            l.x().at(),
            norm.array(),
            norm.at(),
            l.w().array(),
            l.w().at(),
            l.y().array(),
            l.y().at(),
            rows == null ? 0 : 1,
            l.ldy(),
            l.in(),
            l.out(),
            eps);
    s.grid(id, GpuTokens.groups(l.out(), StepDense.ROWS), items());
  }

  @Override
  public void normedSwiglu(
      Stage s, String id, View x, View norm, float eps, View gateUp, View y, int in, int inner) {
    s.graph()
        .task(
            id,
            StepDense::gated,
            new KernelContext(),
            s.control(),
            x.array(),
            x.at(),
            norm.array(),
            norm.at(),
            gateUp.array(),
            gateUp.at(),
            y.array(),
            y.at(),
            in,
            inner,
            eps);
    s.grid(id, GpuTokens.groups(inner, StepDense.PAIRS), items());
  }

  @Override
  public void mixer(
      Stage s,
      String id,
      Mixer m,
      Projected x,
      MixerWeights w,
      IntArray cu,
      MixerStates states,
      View y) {
    IntArray shape = s.buffers().ints(id + ".shape", StepShape.SIZE);
    if (!s.buffers().measures()) {
      fill(shape, m, x, w, states, y);
    }
    long heads = (long) s.tokens() * m.heads();
    long choices = Math.max(1, (long) s.tokens() * m.width());
    FloatArray inputs =
        s.buffers().floats(id + ".inputs", heads * StepShape.cells(m.key(), m.values()));
    IntArray top = s.buffers().ints(id + ".top", choices);
    FloatArray gates = s.buffers().floats(id + ".gates", choices);
    boolean convolved = m.taps() > 0;
    // Without convolutions nothing of these is written, but the parameters take arrays of their
    // own.
    FloatArray queryTaps =
        convolved ? states.queryTaps().array() : s.buffers().floats(id + ".no_queries", 1);
    FloatArray keyTaps =
        convolved ? states.keyTaps().array() : s.buffers().floats(id + ".no_keys", 1);
    FloatArray parameters = w.norm().array();
    s.graph()
        .task(
            id + ".inputs",
            StepInputs::prepare,
            new KernelContext(),
            s.control(),
            shape,
            cu,
            parameters,
            x.view().array(),
            queryTaps,
            keyTaps,
            inputs,
            top,
            gates);
    s.grid(id + ".inputs", heads, StepInputs.ITEMS);
    s.graph()
        .task(
            id + ".states",
            StepStates::run,
            new KernelContext(),
            s.control(),
            shape,
            cu,
            parameters,
            x.view().array(),
            inputs,
            top,
            gates,
            queryTaps,
            keyTaps,
            states.states().array(),
            y.array(),
            m.eps());
    s.grid(id + ".states", (long) s.sequences() * m.heads(), StepStates.ITEMS);
  }

  private static void fill(
      IntArray shape, Mixer m, Projected x, MixerWeights w, MixerStates states, View y) {
    boolean sparse = m.partitions() > 0;
    int stateValue = m.delta() ? m.value() : m.values();
    shape.set(StepShape.HEADS, m.heads());
    shape.set(StepShape.KEY, m.key());
    shape.set(StepShape.VALUES, m.values());
    shape.set(StepShape.VALUE, m.value());
    shape.set(StepShape.STATE_VALUE, stateValue);
    shape.set(StepShape.STATE_HEADS, m.values() / stateValue);
    shape.set(StepShape.PARTITIONS, m.partitions());
    shape.set(StepShape.WIDTH, m.width());
    shape.set(StepShape.WRITERS, m.selection().writers());
    shape.set(StepShape.READERS, m.selection().readers());
    shape.set(StepShape.WRITE_GATE, m.selection().writeGate() ? 1 : 0);
    shape.set(StepShape.READ_GATE, m.selection().readGate() ? 1 : 0);
    shape.set(StepShape.ALWAYS, m.selection().always() ? 1 : 0);
    shape.set(StepShape.DELTA, m.delta() ? 1 : 0);
    shape.set(StepShape.GATE_VALUES, m.gateValues() ? 1 : 0);
    shape.set(StepShape.STRENGTH, m.strength());
    shape.set(StepShape.QUERY_KIND, m.queryActivation());
    shape.set(StepShape.KEY_KIND, m.keyActivation());
    shape.set(StepShape.ROW_TOPK, m.rowTopk());
    shape.set(StepShape.GATED, m.outputGate() ? 1 : 0);
    shape.set(StepShape.TAPS, m.taps());
    shape.set(StepShape.COLUMNS, x.size());
    shape.set(StepShape.KEY_COLUMN, x.keys());
    shape.set(StepShape.VALUE_COLUMN, x.values());
    shape.set(StepShape.GATE_COLUMN, x.gates());
    shape.set(StepShape.ROUTER_COLUMN, x.router());
    shape.set(StepShape.PAIR_ROWS, sparse ? 2 * m.key() : 0);
    shape.set(StepShape.DECAY_ROWS, m.delta() ? 0 : m.sources() * m.key());
    shape.set(StepShape.OUTPUT_ROWS, m.outputGate() ? m.values() : 0);
    int lanes = Math.min(StepStates.ITEMS, Integer.highestOneBit(2 * stateValue - 1));
    shape.set(StepShape.LANES, lanes);
    section(shape, 0, w.queryPair(), m.value(), x.queryPair());
    section(shape, 1, w.keyPair(), m.value(), x.keyPair());
    section(shape, 2, w.decay0(), m.gateRank(), x.gates());
    section(shape, 3, w.decay1(), m.gateRank(), x.gates() + m.gateRank());
    section(shape, 4, w.outputGate(), m.value(), x.outputGate());
    shape.set(StepShape.PROJECTED_AT, x.view().at());
    shape.set(StepShape.BIAS_AT, at(w.bias0()));
    shape.set(StepShape.BIAS_AT + 1, at(w.bias1()));
    shape.set(StepShape.A_LOG_AT, at(w.aLog()));
    shape.set(StepShape.DT_BIAS_AT, at(w.dtBias()));
    shape.set(StepShape.TAPS_AT, at(w.queryTaps()));
    shape.set(StepShape.TAPS_AT + 1, at(w.keyTaps()));
    shape.set(StepShape.TAPS_STATE_AT, at(states.queryTaps()));
    shape.set(StepShape.TAPS_STATE_AT + 1, at(states.keyTaps()));
    shape.set(StepShape.STATE_AT, states.states().at());
    shape.set(StepShape.NORM_AT, w.norm().at());
    shape.set(StepShape.OUTPUT_AT, y.at());
  }

  private static void section(IntArray shape, int section, View weight, int rank, int column) {
    shape.set(StepShape.SECTION_AT + section, at(weight));
    shape.set(StepShape.SECTION_RANK + section, rank);
    shape.set(StepShape.SECTION_COLUMN + section, column);
  }

  /** 0 for what there is not, whose base nobody uses. */
  private static int at(View view) {
    return view == null ? 0 : view.at();
  }

  @Override
  public void attention(
      Stage s,
      String id,
      View x,
      View bias,
      FloatArray angles,
      Cached cached,
      View y,
      Sizes sizes) {
    int heads = sizes.heads();
    int all = heads + 2 * sizes.keyHeads();
    FloatArray q = s.buffers().floats(id + ".q", (long) s.tokens() * heads * sizes.dim());
    s.graph()
        .task(
            id + ".turn",
            CachedAttention::turn,
            new KernelContext(),
            s.control(),
            x.array(),
            x.at(),
            bias == null ? x.array() : bias.array(),
            bias == null ? -1 : bias.at(),
            cached.cu(),
            cached.past(),
            angles,
            q,
            cached.keys().array(),
            cached.keys().at(),
            cached.values().array(),
            cached.values().at(),
            AttentionOperations.LOW,
            heads,
            sizes.keyHeads(),
            sizes.dim(),
            s.tokens(),
            cached.cache());
    s.grid(id + ".turn", (long) s.tokens() * all, TURN_ITEMS);
    GpuAttention.read(
        s,
        id,
        q,
        -1,
        cached.cu(),
        cached.past(),
        cached.keys(),
        cached.values(),
        y,
        sizes,
        cached.cache());
  }
}
