package io.github.tornadosse.jmh;

import io.github.tornadosse.graph.DeltaRuleOperations;
import io.github.tornadosse.graph.IntView;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.View;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Chunkwise recurrences and what routes rows to them: the stages of a mixer. */
public class RecurrenceBenchmark extends OperationBenchmark {
  private static final float EPS = 1e-6f;
  private static final double GATE_SCALE = 16;

  /** H. */
  @Param("4")
  public int heads;

  /** K and V. */
  @Param({"64", "128"})
  public int dim;

  /** N; a token uses one of them. */
  @Param({"4", "64"})
  public int partitions;

  @Override
  void declare() {
    long each = (long) tokens * heads * dim;
    long all = (long) tokens * heads * 2;
    FloatArray q = floats("q", 2 * each);
    FloatArray k = floats("k", 2 * each);
    FloatArray v = floats("v", each);
    FloatArray g = decays("g", 2 * each);
    FloatArray gates = decays("gates", 2 * all);
    for (int i = (int) all; i < gates.getSize(); i++) {
      gates.set(i, 0.5f);
    }
    FloatArray dO = floats("dO", each);
    FloatArray out = floats("out", 2 * each);
    FloatArray dRows = floats("dRows", 6 * each);
    FloatArray dDeltaRows = floats("dDeltaRows", 4 * each);
    FloatArray dvRows = floats("dvRows", 2 * each);
    FloatArray dGateRows = floats("dGateRows", 2 * all);
    FloatArray dWeightRows = floats("dWeightRows", 2 * all);
    View state = view("state", 1);
    IntArray cu = bounds();
    Rows rows = rows(partitions, 1);
    View logits = view("logits", (long) tokens * partitions);
    View e = view("e", (long) tokens * partitions);
    IntView top = intView("top", tokens);
    HeadSizes sizes = new HeadSizes(heads, dim, dim);
    DeltaRuleOperations.Sizes deltaSizes = new DeltaRuleOperations.Sizes(heads, heads, dim, dim);
    View norm = view("norm", dim);
    View sum = view("o", each);
    View y = view("y", each);

    graph("router", s -> ops().router(s, "router", logits, partitions, 0, e, top, partitions, 1));
    Operations.Selection one = new Operations.Selection(1, 1, true, true, true);
    graph("rows", s -> ops().routeRows(s, "rows", e, top, cu, rows, one));
    graph("gla", s -> ops().gla(s, "gla", q, k, v, g, rows, state, out, sizes));
    graph(
        "d_gla",
        s ->
            ops()
                .glaGradient(s, "d_gla", q, k, v, g, rows, state, dO, state, dRows, dvRows, sizes));
    graph(
        "gdn",
        s ->
            ops()
                .deltaRule()
                .forward(s, "gdn", q, k, v, gates, rows, false, state, out, deltaSizes));
    graph(
        "d_gdn",
        s ->
            ops()
                .deltaRule()
                .gradient(
                    s,
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
                    dDeltaRows,
                    dvRows,
                    dGateRows,
                    dWeightRows,
                    deltaSizes));
    graph(
        "output",
        s -> ops().mixerOutput(s, "output", out, rows, null, norm, sum, y, sizes, dim, EPS));
  }

  private FloatArray decays(String name, long n) {
    FloatArray a = floats(name, n);
    for (int i = 0; i < a.getSize(); i++) {
      a.set(i, (float) (-Math.log1p(Math.exp(-a.get(i))) / GATE_SCALE));
    }
    return a;
  }

  @Override
  void prepare() {
    run("router");
    run("rows");
    run("gla");
  }

  /** Softmax and top-1 of the routing logits. */
  @Benchmark
  public void router() {
    run("router");
  }

  /** The stable counting sort of rows by partition. */
  @Benchmark
  public void sortRows() {
    run("rows");
  }

  /** Gated linear attention, forward. */
  @Benchmark
  public void glaForward() {
    run("gla");
  }

  /** Gated linear attention, gradients. */
  @Benchmark
  public void glaBackward() {
    run("d_gla");
  }

  /** The gated delta rule, forward. */
  @Benchmark
  public void gdnForward() {
    run("gdn");
  }

  /** The gated delta rule, gradients. */
  @Benchmark
  public void gdnBackward() {
    run("d_gdn");
  }

  /** Gathers the rows of each token, sums and norms them. */
  @Benchmark
  public void gatherOutput() {
    run("output");
  }
}
