package io.github.tornadosse.nn;

import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.IntView;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.graph.Workspace;
import io.github.tornadosse.nn.ModelConfig.Kind;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The SSE mixer (docs/mathematics.md section 1) as parts of task graphs: arrays, forward and
 * backward. One instance serves all layers; what the backward pass needs is kept in one slot a
 * layer.
 */
final class SseMixer {
  private final MixerConfig m;
  private final int hidden;
  private final float normEps;
  private final Operations ops;
  private final Weights.OfKind w;
  private final IntArray cu;
  private final LowProjection low;
  private final Recurrence recurrence;
  private final HeadSizes sizes;
  private final MixerConvolutions convolutions;

  private final View qBase;
  private final View kBase;
  private final View qDelta;
  private final View kDelta;
  private final View vRaw;
  private final View outputGate;
  private final View e;
  private final IntView top;
  private final View o;
  private final View y;
  private final FloatArray load;
  private final FloatArray aux;
  private final View loadView;
  private final View auxView;
  private final Recurrence.Arrays arrays;
  private final View qView;
  private final View kView;
  private final View vView;
  private final FloatArray state;
  private final View sessionState;
  private final Gradients grad;

  /**
   * Declares the arrays.
   *
   * @param config the configuration
   * @param ops the tier
   * @param p where arrays and views come from
   * @param all parameters and gradients
   * @param cu [S + 1] input: bounds of the packed sequences
   * @param capacities largest numbers of tokens, sequences and sessions
   * @param slots layers whose activations are kept at the same time
   */
  SseMixer(
      ModelConfig config,
      Operations ops,
      Workspace p,
      Weights all,
      IntArray cu,
      Block.Sizes capacities,
      int slots) {
    this.m = config.mixer();
    this.ops = ops;
    this.cu = cu;
    hidden = config.hiddenSize();
    normEps = (float) config.normEps();
    w = all.of(Kind.MIXER);
    ControlTable table = p.control();
    int layers = config.count(Kind.MIXER);
    int tokens = capacities.tokens();
    int n = m.partitions();
    boolean sparse = m.sparse();
    long key = (long) tokens * m.keySize();
    long value = (long) tokens * m.valueSize();
    long rowCount = (long) tokens * (1 + m.width());
    Kept kept = new Kept(p, slots, Axis.KIND_SLOT);

    low = new LowProjection(m, hidden, ops, w, p, kept, tokens);
    recurrence =
        m.rule() == MixerConfig.Rule.GLA
            ? new LinearAttention(m, ops, w, low, p, kept, tokens)
            : new DeltaRule(m, ops, w, low, p, tokens);
    sizes = recurrence.sizes();
    qBase = kept.floats("mixer.q_base", key);
    kBase = kept.floats("mixer.k_base", key);
    vRaw = kept.floats("mixer.v_raw", value);
    qDelta = sparse ? kept.floats("mixer.q_delta", key) : null;
    kDelta = sparse ? kept.floats("mixer.k_delta", key) : null;
    convolutions =
        m.convolution() == 0
            ? null
            : new MixerConvolutions(m, ops, p, w, cu, qBase, kBase, layers, capacities);
    outputGate = m.outputGate() ? kept.floats("mixer.output_gate", value) : null;
    e = sparse ? kept.floats("mixer.e", (long) tokens * n) : null;
    top = sparse ? kept.ints("mixer.top", (long) tokens * m.width()) : null;
    o = w.training() ? kept.floats("mixer.o", value) : null;
    y = kept.floats("mixer.y", value);
    load = p.buffers().floats("mixer.load", (long) layers * 2 * Math.max(n, 1));
    aux = p.buffers().floats("mixer.aux", layers);
    loadView = table.view(load, 0, 2 * Math.max(n, 1), Axis.KIND);
    auxView = table.view(aux, 0, 1, Axis.KIND);

    FloatArray q = p.buffers().floats("mixer.q", m.sources() * key);
    FloatArray k = p.buffers().floats("mixer.k", m.sources() * key);
    FloatArray v = p.buffers().floats("mixer.v", value);
    qView = table.whole(q);
    kView = table.whole(k);
    vView = table.whole(v);
    Rows rows =
        new Rows(
            p.buffers().ints("rows.token", rowCount),
            p.buffers().ints("rows.mode", rowCount),
            p.buffers().floats("rows.weight", 2 * rowCount),
            p.buffers().ints("rows.of_token", (long) tokens * m.width()),
            p.buffers().ints("rows.segments", 2L * capacities.sequences() * (n + 1)),
            n,
            m.width());
    long layerStates = capacities.sessions() * m.stateSize();
    state = p.buffers().shared().floats("mixer.state", layers * layerStates);
    int stride = (int) Math.min(layerStates, Integer.MAX_VALUE);
    arrays = new Recurrence.Arrays(q, k, v, rows, table.view(state, 0, stride, Axis.KIND));
    sessionState =
        table.view(
            state,
            stride,
            Axis.KIND,
            (int) Math.min(m.stateSize(), Integer.MAX_VALUE),
            Axis.SESSION);
    grad = w.training() ? new Gradients(p, tokens, rowCount) : null;
  }

  /** Arrays of the backward pass, used by one layer at a time. */
  private final class Gradients {
    final Recurrence.Gradients rows;
    final View qFirst;
    final View kFirst;
    final View qDelta;
    final View kDelta;
    final View v;
    final View outputGate;
    final View top;
    final View y;

    Gradients(Workspace p, int tokens, long rowCount) {
      long key = (long) tokens * m.keySize();
      long value = (long) tokens * m.valueSize();
      rows =
          new Recurrence.Gradients(
              p.buffers().floats("grad.o", value),
              p.buffers().floats("grad.rows", recurrence.rowParts() * rowCount * m.keySize()),
              p.buffers().floats("grad.v_rows", rowCount * m.valueSize()));
      qFirst = whole(p, "grad.q_first", key);
      kFirst = whole(p, "grad.k_first", key);
      qDelta = m.sparse() ? whole(p, "grad.q_delta", key) : null;
      kDelta = m.sparse() ? whole(p, "grad.k_delta", key) : null;
      v = whole(p, "grad.v", value);
      outputGate = m.outputGate() ? whole(p, "grad.output_gate", value) : null;
      top = m.sparse() ? whole(p, "grad.top", (long) tokens * m.width()) : null;
      y = whole(p, "grad.y", value);
    }

    private static View whole(Workspace p, String name, long n) {
      return p.control().whole(p.buffers().floats(name, n));
    }
  }

  /** Balance loss of each layer that has a mixer. */
  FloatArray aux() {
    return aux;
  }

  /** Share of tokens that write each partition, then mean gate: [mixer layers, 2·N]. */
  FloatArray load() {
    return load;
  }

  /**
   * States [mixer layers, sessions, N + 1, heads, K, V], heads and V those of the recurrence: value
   * heads that share a key head of gated linear attention stand side by side.
   */
  FloatArray state() {
    return state;
  }

  /** Arrays that tell what the last execution did, to be fetched before {@link #trace}. */
  Object[] traced() {
    return m.sparse()
        ? new Object[] {e.array(), top.array(), arrays.k(), recurrence.decays()}
        : new Object[] {arrays.k(), recurrence.decays()};
  }

  /** What the last execution did with its tokens, where one slot serves all layers. */
  LayerTrace trace(int layer, int tokens, int capacity) {
    int heads = m.rule() == MixerConfig.Rule.GLA ? m.heads() : m.valueHeads();
    int width = recurrence.decayWidth();
    return new LayerTrace(
        layer,
        m.sparse() ? LayerTrace.copy(e.array(), tokens * m.partitions()) : new float[0],
        m.sparse() ? LayerTrace.copy(top.array(), tokens * m.width()) : new int[0],
        LayerTrace.compact(arrays.k(), m.sources() * m.heads(), tokens, capacity, m.headDim()),
        LayerTrace.compact(recurrence.decays(), m.sources() * heads, tokens, capacity, width),
        heads,
        width);
  }

  /** What a session keeps of one layer: parts of arrays, in a fixed order. */
  List<SessionPart> sessionParts() {
    SessionPart states =
        new SessionPart(
            "state", sessionState, m.partitions() + 1, sizes.heads(), sizes.key(), sizes.value());
    return convolutions == null ? List.of(states) : convolutions.sessionParts(states);
  }

  /**
   * Appends result = addend + mixer(h).
   *
   * @param s the graph
   * @param h [L, D] input
   * @param addend [L, D] added to the result; null for none
   * @param result [L, D]
   */
  void forward(Stage s, View h, View addend, View result) {
    int key = m.keySize();
    project(s, "q", h, qBase, m.headDim(), key);
    project(s, "k", h, kBase, m.headDim(), key);
    project(s, "v", h, vRaw, sizes.value(), m.valueSize());
    low.forward(s, h);
    if (m.sparse()) {
      int rank = m.valueDim();
      low.second(s, "lora_q", pair("q"), low.queries, rank, qDelta, key, m.headDim());
      low.second(s, "lora_k", pair("k"), low.keys, rank, kDelta, key, m.headDim());
    }
    recurrence.project(s);
    if (m.outputGate()) {
      String weight = "attn.g_proj.1.weight";
      int columns = m.valueSize();
      low.second(s, "g_proj", weight, low.outputGate, m.valueDim(), outputGate, columns, 0);
    }
    if (m.sparse()) {
      View logits = low.column(0);
      int n = m.partitions();
      ops.router(s, "mixer.router", logits, low.size, low.router, e, top, n, m.width());
      ops.balance(s, "mixer.balance", e, top, loadView, auxView, n, m.width(), m.writers());
    }
    activate(s);
    View norm = w.weight("attn.o_norm.weight");
    recurrence.forward(
        s,
        arrays,
        new Operations.Output(outputGate, norm, o, y, m.valueDim(), normEps, m.readers()));
    Linear last =
        new Linear(
            y,
            m.valueSize(),
            w.weight("attn.o_proj.weight"),
            result,
            hidden,
            0,
            m.valueSize(),
            hidden);
    if (addend == null) {
      ops.linear(s, "mixer.o_proj", last);
    } else {
      ops.linearAdd(s, "mixer.o_proj", last, addend);
    }
  }

  private void project(Stage s, String name, View h, View to, int headDim, int out) {
    View weight = w.weight("attn." + name + "_proj.weight");
    ops.linear(
        s, "mixer." + name + "_proj", new Linear(h, hidden, weight, to, 0, headDim, hidden, out));
  }

  private static String pair(String name) {
    return "attn.lora_" + name + "_proj.1.weight";
  }

  private Recurrence.KeyLogits keyLogits() {
    return new Recurrence.KeyLogits(
        convolutions == null ? kBase : convolutions.keys(), kBase, kDelta);
  }

  private View queryFirst() {
    return convolutions == null ? qBase : convolutions.queries();
  }

  /** Activated queries, keys, values and gates, and the expanded rows, from what a slot keeps. */
  private void activate(Stage s) {
    if (convolutions != null) {
      convolutions.forward(s);
    }
    int heads = m.heads();
    int dim = m.headDim();
    ops.headActivation(
        s,
        "mixer.queries",
        queryFirst(),
        qBase,
        qDelta,
        qView,
        m.queryActivation(),
        dim,
        heads,
        dim);
    Recurrence.KeyLogits keys = keyLogits();
    ops.headActivation(
        s,
        "mixer.keys",
        keys.first(),
        kBase,
        kDelta,
        kView,
        m.keyActivation(),
        m.rowTopk(),
        heads,
        dim);
    ops.valueActivation(s, "mixer.values", vRaw, vView, sizes.heads(), sizes.value());
    recurrence.activate(s, keys);
    ops.routeRows(
        s,
        "mixer.rows",
        e,
        top,
        cu,
        arrays.rows(),
        new Operations.Selection(
            m.writers(), m.readers(), m.gates().write(), m.gates().read(), m.always()));
  }

  /**
   * Appends the gradients: of all parameters (added), and dH (overwritten).
   *
   * @param s the graph
   * @param h [L, D] the forward's input
   * @param dResult [L, D]
   * @param dH [L, D]
   * @param scale see {@link Operations#routerGradient}
   * @param following whether the forward pass with the same input is the mixer's last execution
   *     before it; what does not fill a slot is then still there
   */
  void backward(Stage s, View h, View dResult, View dH, FloatArray scale, boolean following) {
    outputGradient(s, dResult);
    if (following) {
      recurrence.gradient(s.after(recurrence.id()), arrays, grad.rows);
    } else {
      activate(s);
      recurrence.gradient(s, arrays, grad.rows);
    }
    if (m.sparse()) {
      ops.zeroTokens(s, "mixer.d_top", grad.top, m.width());
    }
    Recurrence.KeyLogits keys = keyLogits();
    boolean gated = m.sparse() && !recurrence.weighsRows();
    ops.headActivationGradient(
        s,
        "mixer.d_queries",
        queryFirst(),
        qBase,
        qDelta,
        grad.rows.dRows(),
        0,
        arrays.rows(),
        gated && m.gates().read() ? grad.top : null,
        grad.qFirst,
        grad.qDelta,
        m.queryActivation(),
        m.headDim(),
        m.heads(),
        m.headDim());
    ops.headActivationGradient(
        s,
        "mixer.d_keys",
        keys.first(),
        kBase,
        kDelta,
        grad.rows.dRows(),
        1,
        arrays.rows(),
        gated && m.gates().write() ? grad.top : null,
        grad.kFirst,
        grad.kDelta,
        m.keyActivation(),
        m.rowTopk(),
        m.heads(),
        m.headDim());
    recurrence.gateGradient(s, keys, arrays, grad.rows, grad.top);
    ops.valueActivationGradient(
        s,
        "mixer.d_values",
        vRaw,
        grad.rows.dvRows(),
        arrays.rows(),
        grad.v,
        sizes.heads(),
        sizes.value());
    if (m.sparse()) {
      ops.routerGradient(
          s,
          "mixer.d_router",
          e,
          top,
          grad.top,
          loadView,
          scale,
          low.gradient(0),
          low.size,
          low.router,
          m.partitions(),
          m.width(),
          m.writers());
      int rank = m.valueDim();
      int key = m.keySize();
      low.secondGradient(s, "lora_q", pair("q"), low.queries, rank, grad.qDelta, key, m.headDim());
      low.secondGradient(s, "lora_k", pair("k"), low.keys, rank, grad.kDelta, key, m.headDim());
    }
    if (m.outputGate()) {
      String weight = "attn.g_proj.1.weight";
      int columns = m.valueSize();
      low.secondGradient(
          s, "g_proj", weight, low.outputGate, m.valueDim(), grad.outputGate, columns, 0);
    }
    View dq = grad.qFirst;
    View dk = grad.kFirst;
    if (convolutions != null) {
      dq = convolutions.queryGradient(s, grad.qFirst, grad.qDelta);
      dk = convolutions.keyGradient(s, grad.kFirst, grad.kDelta);
    }
    projectGradient(s, "q", h, dH, dq, m.headDim(), m.keySize(), false);
    projectGradient(s, "k", h, dH, dk, m.headDim(), m.keySize(), true);
    projectGradient(s, "v", h, dH, grad.v, sizes.value(), m.valueSize(), true);
    low.backward(s, h, dH);
  }

  private void outputGradient(Stage s, View dResult) {
    int v = m.valueSize();
    String weight = "attn.o_proj.weight";
    ops.linearInputGradient(
        s,
        "mixer.d_y",
        new Linear(grad.y, v, w.weight(weight), dResult, hidden, 0, v, hidden),
        false);
    ops.linearWeightGradient(
        s, "mixer.dw_o", new Linear(y, v, w.gradient(weight), dResult, hidden, 0, v, hidden));
    ops.mixerOutputGradient(
        s,
        "mixer.d_output",
        grad.y,
        o,
        outputGate,
        w.weight("attn.o_norm.weight"),
        grad.rows.dO(),
        grad.outputGate,
        w.gradient("attn.o_norm.weight"),
        sizes,
        m.valueDim(),
        normEps);
  }

  private void projectGradient(
      Stage s, String name, View h, View dH, View dy, int headDim, int out, boolean accumulate) {
    String weight = "attn." + name + "_proj.weight";
    ops.linearInputGradient(
        s,
        "mixer.d_" + name + "_proj",
        new Linear(dH, hidden, w.weight(weight), dy, 0, headDim, hidden, out),
        accumulate);
    ops.linearWeightGradient(
        s,
        "mixer.dw_" + name + "_proj",
        new Linear(h, hidden, w.gradient(weight), dy, 0, headDim, hidden, out));
  }
}
