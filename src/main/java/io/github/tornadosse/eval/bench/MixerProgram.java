package io.github.tornadosse.eval.bench;

import io.github.tornadosse.graph.AttentionOperations;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.DeltaRuleOperations;
import io.github.tornadosse.graph.IntView;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.kernels.Activation;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.runtime.Program;
import java.util.SplittableRandom;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A token mixer from activated q, k, v, gates and routing logits to its normed output: softmax and
 * top-k, sorting, gathering, the recurrence and the sum over a token's rows; softmax attention from
 * q, k and v. The backward pass ends at the gradients of q, k, v and the logits; it takes q and k
 * for the logits of their activations, too, so that these need no arrays of their own.
 */
final class MixerProgram implements AutoCloseable {
  static final String FORWARD = "forward";
  static final String BACKWARD = "backward";

  /** Random numbers that fill large arrays, again and again; a prime. */
  private static final int DRAWS = 1_000_003;

  private static final float EPS = 1e-5f;
  private static final double GATE_SCALE = 16;

  final MixerCase c;
  final FloatArray q;
  final FloatArray k;
  final FloatArray v;

  /** [sources, H, L, K] decays; of the delta rule [2, sources, H, L] decays and write strengths. */
  final FloatArray gates;

  final FloatArray logits;
  final FloatArray norm;

  /** [H, L, K]; of softmax attention token-major. */
  final FloatArray dO;

  final FloatArray y;
  final Rows rows;

  private final Program program;
  private final ControlTable table;
  private final Buffers buffers;
  private final Operations ops;
  private final IntArray cu;
  private final HeadSizes sizes;
  private final DeltaRuleOperations.Sizes deltaSizes;
  private final AttentionOperations.Sizes attentionSizes;
  private final View state;
  private Gradients gradients;
  private View lse;

  /** What the backward pass gives. Those of the second source are null without one. */
  record Gradients(
      FloatArray dRows,
      FloatArray dGateRows,
      FloatArray dq,
      FloatArray dq2,
      FloatArray dk,
      FloatArray dk2,
      FloatArray dv,
      FloatArray dLogits) {}

  MixerProgram(MixerCase c, Operations ops, Buffers buffers) {
    this.c = c;
    this.ops = ops;
    this.buffers = buffers;
    program = new Program(c.tokens(), 1, buffers);
    table = program.control();
    sizes = new HeadSizes(c.heads(), c.dim(), c.dim());
    deltaSizes = new DeltaRuleOperations.Sizes(c.heads(), c.heads(), c.dim(), c.dim());
    attentionSizes = new AttentionOperations.Sizes(c.heads(), c.heads(), c.dim(), 0);
    long l = c.tokens();
    long each = each();
    q = buffers.floats("q", c.sources() * each);
    k = buffers.floats("k", c.sources() * each);
    v = buffers.floats("v", each);
    gates =
        c.softmax()
            ? null
            : buffers.floats("gates", c.sources() * (c.deltaRule() ? 2 * l * c.heads() : each));
    logits = c.sparse() ? buffers.floats("eta", l * c.partitions()) : null;
    norm = c.softmax() ? null : buffers.floats("norm", c.dim());
    dO = c.backward() ? buffers.floats("dO", each) : null;
    y = buffers.floats("y", each);
    cu = program.intInput("cu", 2);
    state = table.whole(buffers.floats("state", 1));
    rows = c.softmax() ? null : rows(l);
    if (c.softmax()) {
      attention();
    } else {
      recurrence();
    }
  }

  private long each() {
    return (long) c.tokens() * c.heads() * c.dim();
  }

  private Rows rows(long l) {
    long all = l * (1 + c.width());
    return new Rows(
        buffers.ints("rows.token", all),
        buffers.ints("rows.mode", all),
        buffers.floats("rows.weight", 2 * all),
        buffers.ints("rows.of_token", l * c.width()),
        buffers.ints("rows.segments", 2L * (c.partitions() + 1)),
        c.partitions(),
        c.width());
  }

  private View whole(String name, long n) {
    return table.whole(buffers.floats(name, n));
  }

  // ---------------------------------------------------------------- softmax attention

  private void attention() {
    View out = table.whole(y);
    View queries = table.whole(q);
    View keys = table.whole(k);
    View values = table.whole(v);
    lse = whole("lse", (long) c.tokens() * c.heads());
    program.graph(
        FORWARD,
        s ->
            ops.attention()
                .attention(s, "attention", queries, keys, values, cu, out, lse, attentionSizes));
    if (!c.backward()) {
      return;
    }
    View dq = whole("dq", each());
    View dk = whole("dk", each());
    View dv = whole("dv", each());
    View dOut = table.whole(dO);
    program.graph(
        BACKWARD,
        s ->
            ops.attention()
                .attentionGradient(
                    s,
                    "d_attention",
                    queries,
                    keys,
                    values,
                    cu,
                    out,
                    lse,
                    dOut,
                    dq,
                    dk,
                    dv,
                    attentionSizes));
    gradients = new Gradients(null, null, dq.array(), null, dk.array(), null, dv.array(), null);
  }

  // ---------------------------------------------------------------- linear mixers

  private void recurrence() {
    long l = c.tokens();
    int n = c.partitions();
    int m = c.width();
    View e = c.sparse() ? whole("e", l * n) : null;
    IntView top =
        c.sparse() ? table.view(buffers.ints("top", l * m), 0, 0, ControlTable.Axis.FIXED) : null;
    View eta = c.sparse() ? table.whole(logits) : null;
    program.graph(
        FORWARD,
        s -> {
          if (c.sparse()) {
            ops.router(s, "router", eta, n, 0, e, top, n, m);
          }
          ops.routeRows(
              s,
              "rows",
              e,
              top,
              cu,
              rows,
              new Operations.Selection(c.topk(), c.topk(), true, true, true));
          forward(c.backward() ? s.beforeGradient() : s);
        });
    if (c.backward()) {
      backward(e, top);
    }
  }

  /** As in a model; with the sums kept, if a backward pass begins from them. */
  private void forward(Stage s) {
    View sums = c.backward() ? whole("o", each()) : null;
    Operations.Output output =
        new Operations.Output(
            null, table.whole(norm), sums, table.whole(y), c.dim(), EPS, c.topk());
    if (c.deltaRule()) {
      ops.deltaRuleOutput(s, "gdn", q, k, v, gates, rows, false, state, output, deltaSizes);
    } else {
      ops.glaOutput(s, "gla", q, k, v, gates, rows, state, output, sizes);
    }
  }

  private void backward(View e, IntView top) {
    long l = c.tokens();
    int n = c.partitions();
    int m = c.width();
    long rowCount = l * (1 + m) * c.heads();
    FloatArray dRows = buffers.floats("dRows", (c.deltaRule() ? 2 : 3) * rowCount * c.dim());
    FloatArray dvRows = buffers.floats("dvRows", rowCount * c.dim());
    FloatArray dGateRows = c.deltaRule() ? buffers.floats("dGateRows", 2 * rowCount) : null;
    FloatArray dWeightRows = c.deltaRule() ? buffers.floats("dWeightRows", 2 * rowCount) : null;
    View dTop = c.sparse() ? whole("dTop", l * m) : null;
    View dq = whole("dq", each());
    View dq2 = c.sparse() ? whole("dq2", each()) : null;
    View dk = whole("dk", each());
    View dk2 = c.sparse() ? whole("dk2", each()) : null;
    View dv = whole("dv", each());
    View load = c.sparse() ? whole("load", 2L * n) : null;
    View dEta = c.sparse() ? whole("dEta", l * n) : null;
    FloatArray scale = buffers.floats("scale", 2);
    View values = table.whole(v);
    program.graph(
        BACKWARD,
        s -> {
          if (c.deltaRule()) {
            ops.deltaRule()
                .gradient(
                    s.after("gdn"),
                    "d_gdn",
                    q,
                    k,
                    v,
                    gates,
                    rows,
                    false,
                    state,
                    dO,
                    state,
                    dRows,
                    dvRows,
                    dGateRows,
                    dWeightRows,
                    deltaSizes);
          } else {
            ops.glaGradient(
                s.after("gla"),
                "d_gla",
                q,
                k,
                v,
                gates,
                rows,
                state,
                dO,
                state,
                dRows,
                dvRows,
                sizes);
          }
          if (c.sparse()) {
            ops.zeroTokens(s, "d_top", dTop, m);
          }
          View weighed = c.deltaRule() ? null : dTop;
          activation(s, "d_q", q, dRows, 0, weighed, dq, dq2);
          activation(s, "d_k", k, dRows, 1, weighed, dk, dk2);
          ops.valueActivationGradient(s, "d_v", values, dvRows, rows, dv, c.heads(), c.dim());
          if (c.sparse()) {
            if (c.deltaRule()) {
              ops.deltaRule()
                  .weightGradient(s, "d_weights", dWeightRows, rows, dTop, true, true, c.heads());
            }
            ops.routerGradient(
                s, "d_router", e, top, dTop, load, scale, dEta, n, 0, n, m, c.topk());
          }
        });
    gradients =
        new Gradients(
            dRows,
            dGateRows,
            dq.array(),
            c.sparse() ? dq2.array() : null,
            dk.array(),
            c.sparse() ? dk2.array() : null,
            dv.array(),
            c.sparse() ? dEta.array() : null);
  }

  private void activation(
      Stage s, String id, FloatArray x, FloatArray dRows, int part, View dTop, View dx, View dx2) {
    View base = table.whole(x);
    View delta = c.sparse() ? table.view(x, 0, 0, ControlTable.Axis.FIXED) : null;
    ops.headActivationGradient(
        s,
        id,
        base,
        base,
        delta,
        dRows,
        part,
        rows,
        dTop,
        dx,
        dx2,
        Activation.SILU,
        c.dim(),
        c.heads(),
        c.dim());
  }

  // ---------------------------------------------------------------- execution

  /** Draws the inputs; before the first execution. */
  void fill() {
    SplittableRandom r = new SplittableRandom(1);
    normal(q, r);
    normal(k, r);
    if (!c.softmax()) {
      softmax(k, c.dim());
      normal(norm, r);
      normal(gates, r);
      gates();
    }
    normal(v, r);
    if (c.backward()) {
      normal(dO, r);
    }
    if (c.sparse()) {
      normal(logits, r);
    }
    cu.set(0, 0);
    cu.set(1, c.tokens());
    table.set(Control.TOKENS, c.tokens());
    table.set(Control.SEQUENCES, 1);
    table.set(Control.USE_STATE, 0);
    table.select(ControlTable.Position.ORIGIN);
  }

  /** Decays as of a model: log sigmoid(x)/16. Write strengths: sigmoid(x). */
  private void gates() {
    int decays = c.deltaRule() ? gates.getSize() / 2 : gates.getSize();
    for (int i = 0; i < gates.getSize(); i++) {
      double growth = Math.exp(-gates.get(i));
      gates.set(i, (float) (i < decays ? -Math.log1p(growth) / GATE_SCALE : 1 / (1 + growth)));
    }
  }

  static void normal(FloatArray a, SplittableRandom r) {
    for (int i = 0; i < a.getSize(); i++) {
      a.set(i, i < DRAWS ? (float) r.nextGaussian() : a.get(i - DRAWS));
    }
  }

  private static void softmax(FloatArray a, int dim) {
    for (int row = 0; row < a.getSize(); row += dim) {
      double sum = 0;
      for (int i = row; i < row + dim; i++) {
        a.set(i, (float) Math.exp(a.get(i)));
        sum += a.get(i);
      }
      for (int i = row; i < row + dim; i++) {
        a.set(i, (float) (a.get(i) / sum));
      }
    }
  }

  void once() {
    program.execute(FORWARD);
    if (c.backward()) {
      program.execute(BACKWARD);
    }
  }

  /** Copies the output of the last execution to the host. */
  float[] output() {
    program.fetch(FORWARD, y);
    return y.toHeapArray();
  }

  /** Copies the gradients of the last execution, and what says which rows they are of. */
  Gradients fetched() {
    program.fetch(BACKWARD, gradients.dq, gradients.dk, gradients.dv);
    if (!c.softmax()) {
      program.fetch(BACKWARD, gradients.dRows);
    }
    if (c.deltaRule()) {
      program.fetch(BACKWARD, gradients.dGateRows);
    }
    if (c.sparse()) {
      program.fetch(BACKWARD, gradients.dq2, gradients.dk2, gradients.dLogits, rows.tokenRow());
    }
    return gradients;
  }

  @Override
  public void close() {
    program.close();
  }
}
