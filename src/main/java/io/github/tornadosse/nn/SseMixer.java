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
import io.github.tornadosse.runtime.Program;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The SSE mixer with gated linear attention (docs/mathematics.md section 1) as parts of task
 * graphs: arrays, forward and backward. One instance serves all layers; what the backward pass
 * needs is kept in one slot a layer.
 */
public final class SseMixer {
  private final ModelConfig c;
  private final Operations ops;
  private final Weights w;
  private final HeadSizes sizes;
  private final int lowSize;
  private final int columnLoraK;
  private final int columnGate0;
  private final int columnGate1;
  private final int columnOutputGate;
  private final int columnRouter;

  private final View q1;
  private final View k1;
  private final View v1;
  private final View low;
  private final View qDelta;
  private final View kDelta;
  private final View gateRaw;
  private final View gateRaw0;
  private final View gateRaw1;
  private final View outputGate;
  private final View e;
  private final IntView top;
  private final View o;
  private final View y;
  private final FloatArray load;
  private final FloatArray aux;
  private final View loadView;
  private final View auxView;

  private final FloatArray q;
  private final FloatArray k;
  private final FloatArray v;
  private final FloatArray g;
  private final View qView;
  private final View kView;
  private final View vView;
  private final View gView;
  private final IntArray cu;
  private final Rows rows;
  private final FloatArray out;
  private final FloatArray state;
  private final View stateView;
  private final Gradients grad;
  private final ControlTable table;
  private final int capacity;

  /**
   * Declares the arrays.
   *
   * @param c the configuration
   * @param ops the tier
   * @param p the program whose graphs the mixer is part of
   * @param w parameters and gradients
   * @param cu [S + 1] input: bounds of the packed sequences
   * @param capacities largest number of tokens and sequences
   * @param layers number of layers that report load and balance loss (and hold states)
   * @param slots layers whose activations are kept at the same time
   * @param states number of sequences with a state kept from one execution to the next; 0 for none
   */
  SseMixer(
      ModelConfig c,
      Operations ops,
      Program p,
      Weights w,
      IntArray cu,
      Block.Sizes capacities,
      int layers,
      int slots,
      int states) {
    this.c = c;
    this.ops = ops;
    this.w = w;
    this.cu = cu;
    this.table = p.control();
    int tokens = capacities.tokens();
    int sequences = capacities.sequences();
    this.capacity = tokens;
    int h = c.heads();
    int n = c.partitions();
    int m = c.width();
    int vd = c.groupedValueDim();
    sizes = new HeadSizes(h, c.headDim(), vd);
    int sources = n == 0 ? 1 : 2;
    long key = (long) h * tokens * c.headDim();
    long value = (long) h * tokens * vd;
    long rowCount = (long) tokens * (1 + m);

    int column = n == 0 ? 0 : c.valueDim();
    columnLoraK = column;
    column += n == 0 ? 0 : c.valueDim();
    columnGate0 = column;
    column += c.gateRank();
    columnGate1 = column;
    column += n == 0 ? 0 : c.gateRank();
    columnOutputGate = column;
    column += c.outputGate() ? c.valueDim() : 0;
    columnRouter = column;
    lowSize = column + n;

    Kept kept = new Kept(p, slots);
    q1 = kept.floats("mixer.q1", key);
    k1 = kept.floats("mixer.k1", key);
    v1 = kept.floats("mixer.v1", value);
    low = kept.floats("mixer.low", (long) tokens * lowSize);
    qDelta = n == 0 ? null : kept.floats("mixer.q_delta", key);
    kDelta = n == 0 ? null : kept.floats("mixer.k_delta", key);
    gateRaw = kept.floats("mixer.gate_raw", sources * key);
    gateRaw0 = kept.part(gateRaw, sources * key, 0);
    gateRaw1 = kept.part(gateRaw, sources * key, key);
    outputGate =
        c.outputGate() ? kept.floats("mixer.output_gate", (long) tokens * c.valueSize()) : null;
    e = n == 0 ? null : kept.floats("mixer.e", (long) tokens * n);
    top = n == 0 ? null : kept.ints("mixer.top", (long) tokens * m);
    o = kept.floats("mixer.o", value);
    y = kept.floats("mixer.y", (long) tokens * c.valueSize());
    load = p.buffers().floats("mixer.load", (long) layers * 2 * Math.max(n, 1));
    aux = p.buffers().floats("mixer.aux", layers);
    loadView = table.view(load, 0, 2 * Math.max(n, 1), Axis.LAYER);
    auxView = table.view(aux, 0, 1, Axis.LAYER);

    q = p.buffers().floats("mixer.q", sources * key);
    k = p.buffers().floats("mixer.k", sources * key);
    g = p.buffers().floats("mixer.g", sources * key);
    v = p.buffers().floats("mixer.v", value);
    qView = table.whole(q);
    kView = table.whole(k);
    gView = table.whole(g);
    vView = table.whole(v);
    rows =
        new Rows(
            p.buffers().ints("rows.token", rowCount),
            p.buffers().ints("rows.mode", rowCount),
            p.buffers().floats("rows.weight", 2 * rowCount),
            p.buffers().ints("rows.of_token", (long) tokens * m),
            p.buffers().ints("rows.segments", 2L * sequences * (n + 1)),
            n,
            m);
    out = p.buffers().floats("mixer.out_rows", rowCount * h * vd);
    long stateSize = (long) states * (n + 1) * h * c.headDim() * vd;
    state = p.buffers().floats("mixer.state", layers * stateSize);
    stateView = table.view(state, 0, (int) Math.min(stateSize, Integer.MAX_VALUE), Axis.LAYER);
    grad = w.training() ? new Gradients(p, key, value, rowCount, sources) : null;
  }

  /** Makes arrays with one part a slot. */
  private record Kept(Program p, int slots) {
    View floats(String name, long size) {
      FloatArray a = p.buffers().floats(name, size * slots);
      return p.control().view(a, 0, (int) Math.min(size, Integer.MAX_VALUE), Axis.SLOT);
    }

    IntView ints(String name, long size) {
      IntArray a = p.buffers().ints(name, size * slots);
      return p.control().view(a, 0, (int) Math.min(size, Integer.MAX_VALUE), Axis.SLOT);
    }

    View part(View whole, long size, long offset) {
      return p.control()
          .view(
              whole.array(),
              (int) Math.min(offset, Integer.MAX_VALUE),
              (int) Math.min(size, Integer.MAX_VALUE),
              Axis.SLOT);
    }
  }

  /** Arrays of the backward pass, used by one layer at a time. */
  private final class Gradients {
    final FloatArray rows;
    final FloatArray vRows;
    final FloatArray dO;
    final View q1;
    final View qDelta;
    final View k1;
    final View kDelta;
    final View gateRaw;
    final View gateRaw0;
    final View gateRaw1;
    final View v1;
    final FloatArray low;
    final View lowView;
    final View outputGate;
    final View top;
    final View y;

    Gradients(Program p, long key, long value, long rowCount, int sources) {
      rows = p.buffers().floats("grad.rows", 3 * rowCount * c.keySize());
      vRows = p.buffers().floats("grad.v_rows", rowCount * sizes.heads() * sizes.value());
      dO = p.buffers().floats("grad.o", value);
      boolean sparse = sources == 2;
      q1 = whole(p, "grad.q1", key);
      k1 = whole(p, "grad.k1", key);
      qDelta = sparse ? whole(p, "grad.q_delta", key) : null;
      kDelta = sparse ? whole(p, "grad.k_delta", key) : null;
      gateRaw = whole(p, "grad.gate_raw", sources * key);
      gateRaw0 = gateRaw;
      gateRaw1 = table.view(gateRaw.array(), (int) Math.min(key, Integer.MAX_VALUE), 0, Axis.FIXED);
      v1 = whole(p, "grad.v1", value);
      low = p.buffers().floats("grad.low", (long) capacity * lowSize);
      lowView = table.whole(low);
      outputGate =
          c.outputGate() ? whole(p, "grad.output_gate", (long) capacity * c.valueSize()) : null;
      top = sparse ? whole(p, "grad.top", (long) capacity * c.width()) : null;
      y = whole(p, "grad.y", (long) capacity * c.valueSize());
    }

    private View whole(Program p, String name, long n) {
      return table.whole(p.buffers().floats(name, n));
    }

    View low(int column) {
      return table.view(low, column, 0, Axis.FIXED);
    }
  }

  private View lowColumn(int column) {
    return table.view(low.array(), column, capacity * lowSize, Axis.SLOT);
  }

  /** Balance loss of each layer, [layers]. */
  FloatArray aux() {
    return aux;
  }

  /** Share of tokens that write each partition, then mean gate: [layers, 2·N]. */
  FloatArray load() {
    return load;
  }

  /** States [layers, S, N + 1, H, K, V of a key head]. */
  FloatArray state() {
    return state;
  }

  /** The table of expanded rows. */
  Rows rows() {
    return rows;
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
    int d = c.hiddenSize();
    boolean sparse = c.partitions() > 0;
    ops.linear(
        s, "mixer.q_proj", projection(h, "attn.q_proj.weight", q1, c.headDim(), c.keySize()));
    ops.linear(
        s, "mixer.k_proj", projection(h, "attn.k_proj.weight", k1, c.headDim(), c.keySize()));
    ops.linear(
        s, "mixer.v_proj", projection(h, "attn.v_proj.weight", v1, sizes.value(), c.valueSize()));
    ops.linear(s, "mixer.low", new Linear(h, d, w.weight(firstLow()), low, lowSize, 0, d, lowSize));
    if (sparse) {
      ops.linear(s, "mixer.lora_q", second("attn.lora_q_proj.1.weight", 0, c.valueDim(), qDelta));
      ops.linear(
          s,
          "mixer.lora_k",
          second("attn.lora_k_proj.1.weight", columnLoraK, c.valueDim(), kDelta));
    }
    ops.linear(
        s, "mixer.gk0", second("attn.gk_proj.0.1.weight", columnGate0, c.gateRank(), gateRaw0));
    if (sparse) {
      ops.linear(
          s, "mixer.gk1", second("attn.gk_proj.1.1.weight", columnGate1, c.gateRank(), gateRaw1));
    }
    if (c.outputGate()) {
      ops.linear(
          s,
          "mixer.g_proj",
          new Linear(
              lowColumn(columnOutputGate),
              lowSize,
              w.weight("attn.g_proj.1.weight"),
              outputGate,
              c.valueSize(),
              0,
              c.valueDim(),
              c.valueSize()));
    }
    if (sparse) {
      ops.router(s, "mixer.router", low, lowSize, columnRouter, e, top, c.partitions(), c.width());
      ops.balance(
          s, "mixer.balance", e, top, loadView, auxView, c.partitions(), c.width(), c.writers());
    }
    prepare(s);
    ops.gla(s, "mixer.gla", q, k, v, g, rows, stateView, out, sizes);
    ops.mixerOutput(
        s,
        "mixer.output",
        out,
        rows,
        outputGate,
        w.weight("attn.o_norm.weight"),
        o,
        y,
        sizes,
        c.valueDim(),
        (float) c.normEps());
    Linear last =
        new Linear(
            y, c.valueSize(), w.weight("attn.o_proj.weight"), result, d, 0, c.valueSize(), d);
    if (addend == null) {
      ops.linear(s, "mixer.o_proj", last);
    } else {
      ops.linearAdd(s, "mixer.o_proj", last, addend);
    }
  }

  private String firstLow() {
    return c.partitions() > 0 ? "attn.lora_q_proj.0.weight" : "attn.gk_proj.0.0.weight";
  }

  private Linear projection(View h, String weight, View y, int headDim, int outSize) {
    return new Linear(h, c.hiddenSize(), w.weight(weight), y, 0, headDim, c.hiddenSize(), outSize);
  }

  private Linear second(String weight, int column, int rank, View y) {
    return new Linear(
        lowColumn(column), lowSize, w.weight(weight), y, 0, c.headDim(), rank, c.keySize());
  }

  /** Activated queries, keys, values and gates, and the expanded rows, from what a slot keeps. */
  private void prepare(Stage s) {
    boolean sparse = c.partitions() > 0;
    ops.headActivation(
        s,
        "mixer.queries",
        q1,
        q1,
        qDelta,
        qView,
        c.queryActivation(),
        c.headDim(),
        c.heads(),
        c.headDim());
    ops.headActivation(
        s,
        "mixer.keys",
        k1,
        k1,
        kDelta,
        kView,
        c.keyActivation(),
        c.rowTopk(),
        c.heads(),
        c.headDim());
    ops.valueActivation(s, "mixer.values", v1, vView, c.heads(), sizes.value());
    ops.decayGate(
        s,
        "mixer.decay",
        gateRaw,
        w.weight("attn.gk_proj.0.1.bias"),
        sparse ? w.weight("attn.gk_proj.1.1.bias") : null,
        k1,
        k1,
        kDelta,
        gView,
        c.rowTopk(),
        c.heads(),
        c.headDim());
    ops.routeRows(
        s,
        "mixer.rows",
        e,
        top,
        cu,
        rows,
        new Operations.Selection(c.writers(), c.readers(), true, true, true));
  }

  /**
   * Appends the gradients: of all parameters (added), and dH (overwritten).
   *
   * @param s the graph
   * @param h [L, D] the forward's input
   * @param dResult [L, D]
   * @param dH [L, D]
   * @param scale see {@link Operations#routerGradient}
   */
  void backward(Stage s, View h, View dResult, View dH, FloatArray scale) {
    int d = c.hiddenSize();
    boolean sparse = c.partitions() > 0;
    View wo = w.weight("attn.o_proj.weight");
    ops.linearInputGradient(
        s,
        "mixer.d_y",
        new Linear(grad.y, c.valueSize(), wo, dResult, d, 0, c.valueSize(), d),
        false);
    ops.linearWeightGradient(
        s,
        "mixer.dw_o",
        new Linear(
            y, c.valueSize(), w.gradient("attn.o_proj.weight"), dResult, d, 0, c.valueSize(), d));
    ops.mixerOutputGradient(
        s,
        "mixer.d_output",
        grad.y,
        o,
        outputGate,
        w.weight("attn.o_norm.weight"),
        grad.dO,
        grad.outputGate,
        w.gradient("attn.o_norm.weight"),
        sizes,
        c.valueDim(),
        (float) c.normEps());
    prepare(s);
    ops.glaGradient(
        s,
        "mixer.d_gla",
        q,
        k,
        v,
        g,
        rows,
        stateView,
        grad.dO,
        stateView,
        grad.rows,
        grad.vRows,
        sizes);
    if (sparse) {
      ops.zeroTokens(s, "mixer.d_top", grad.top, c.width());
    }
    ops.headActivationGradient(
        s,
        "mixer.d_queries",
        q1,
        q1,
        qDelta,
        grad.rows,
        0,
        rows,
        grad.top,
        grad.q1,
        grad.qDelta,
        c.queryActivation(),
        c.headDim(),
        c.heads(),
        c.headDim());
    ops.headActivationGradient(
        s,
        "mixer.d_keys",
        k1,
        k1,
        kDelta,
        grad.rows,
        1,
        rows,
        grad.top,
        grad.k1,
        grad.kDelta,
        c.keyActivation(),
        c.rowTopk(),
        c.heads(),
        c.headDim());
    ops.decayGateGradient(
        s,
        "mixer.d_decay",
        gateRaw,
        w.weight("attn.gk_proj.0.1.bias"),
        sparse ? w.weight("attn.gk_proj.1.1.bias") : null,
        k1,
        k1,
        kDelta,
        grad.rows,
        2,
        rows,
        grad.gateRaw,
        w.gradient("attn.gk_proj.0.1.bias"),
        sparse ? w.gradient("attn.gk_proj.1.1.bias") : null,
        c.rowTopk(),
        c.heads(),
        c.headDim());
    ops.valueActivationGradient(
        s, "mixer.d_values", v1, grad.vRows, rows, grad.v1, c.heads(), sizes.value());
    if (sparse) {
      ops.routerGradient(
          s,
          "mixer.d_router",
          e,
          top,
          grad.top,
          loadView,
          scale,
          grad.lowView,
          lowSize,
          columnRouter,
          c.partitions(),
          c.width(),
          c.writers());
      secondGradient(s, "lora_q", "attn.lora_q_proj.1.weight", 0, c.valueDim(), grad.qDelta);
      secondGradient(
          s, "lora_k", "attn.lora_k_proj.1.weight", columnLoraK, c.valueDim(), grad.kDelta);
    }
    secondGradient(s, "gk0", "attn.gk_proj.0.1.weight", columnGate0, c.gateRank(), grad.gateRaw0);
    if (sparse) {
      secondGradient(s, "gk1", "attn.gk_proj.1.1.weight", columnGate1, c.gateRank(), grad.gateRaw1);
    }
    if (c.outputGate()) {
      Linear l =
          new Linear(
              grad.low(columnOutputGate),
              lowSize,
              w.weight("attn.g_proj.1.weight"),
              grad.outputGate,
              c.valueSize(),
              0,
              c.valueDim(),
              c.valueSize());
      ops.linearInputGradient(s, "mixer.d_g_proj", l, false);
      ops.linearWeightGradient(
          s,
          "mixer.dw_g_proj",
          new Linear(
              lowColumn(columnOutputGate),
              lowSize,
              w.gradient("attn.g_proj.1.weight"),
              grad.outputGate,
              c.valueSize(),
              0,
              c.valueDim(),
              c.valueSize()));
    }
    firstGradient(s, "q", "attn.q_proj.weight", h, dH, grad.q1, c.headDim(), c.keySize(), false);
    firstGradient(s, "k", "attn.k_proj.weight", h, dH, grad.k1, c.headDim(), c.keySize(), true);
    firstGradient(s, "v", "attn.v_proj.weight", h, dH, grad.v1, sizes.value(), c.valueSize(), true);
    ops.linearInputGradient(
        s,
        "mixer.d_low",
        new Linear(dH, d, w.weight(firstLow()), grad.lowView, lowSize, 0, d, lowSize),
        true);
    ops.linearWeightGradient(
        s,
        "mixer.dw_low",
        new Linear(h, d, w.gradient(firstLow()), grad.lowView, lowSize, 0, d, lowSize));
  }

  private void secondGradient(Stage s, String id, String weight, int column, int rank, View dy) {
    ops.linearInputGradient(
        s,
        "mixer.d_" + id,
        new Linear(
            grad.low(column), lowSize, w.weight(weight), dy, 0, c.headDim(), rank, c.keySize()),
        false);
    ops.linearWeightGradient(
        s,
        "mixer.dw_" + id,
        new Linear(
            lowColumn(column), lowSize, w.gradient(weight), dy, 0, c.headDim(), rank, c.keySize()));
  }

  private void firstGradient(
      Stage s,
      String id,
      String weight,
      View h,
      View dH,
      View dy,
      int headDim,
      int outSize,
      boolean accumulate) {
    int d = c.hiddenSize();
    ops.linearInputGradient(
        s,
        "mixer.d_" + id,
        new Linear(dH, d, w.weight(weight), dy, 0, headDim, d, outSize),
        accumulate);
    ops.linearWeightGradient(
        s, "mixer.dw_" + id, new Linear(h, d, w.gradient(weight), dy, 0, headDim, d, outSize));
  }
}
