package io.github.tornadosse.eval.verify;

import static io.github.tornadosse.eval.verify.OperationsRunner.doubles;

import io.github.tornadosse.eval.verify.GoldenCase.Content;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.DeltaRuleOperations;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.runtime.Program;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A golden case of gated linear attention or the gated delta rule: one sequence, one partition. */
final class RecurrenceCase {
  private final Operations ops;
  private final GoldenCase golden;
  private final Content c;
  private final boolean deltaRule;
  private final int tokens;
  private final int heads;
  private final int key;
  private final int value;

  RecurrenceCase(Operations ops, GoldenCase golden) {
    this.ops = ops;
    this.golden = golden;
    c = GoldenCase.read(golden.path());
    deltaRule = "gdn".equals(c.metadata().get("kind"));
    tokens = c.size("q", 0);
    heads = c.size("q", 1);
    key = c.size("q", 2);
    value = c.size("v", 2);
  }

  CaseResult run() {
    try (Program program = new Program(tokens, 1, Buffers.allocating())) {
      return run(program);
    }
  }

  private CaseResult run(Program program) {
    Buffers buffers = program.buffers();
    ControlTable table = program.control();
    FloatArray v = headMajor(program, "v", value);
    FloatArray dO = headMajor(program, "do", value);
    FloatArray state = filled(buffers, "state", c.get("s0"));
    FloatArray initial = filled(buffers, "initial", c.get("s0"));
    FloatArray dState = filled(buffers, "dState", c.get("ds"));
    IntArray cu = program.intInput("cu", 2);
    cu.set(1, tokens);
    Rows rows =
        new Rows(
            buffers.ints("rows.token", tokens),
            buffers.ints("rows.mode", tokens),
            buffers.floats("rows.weight", 2L * tokens),
            buffers.ints("rows.of_token", 0),
            buffers.ints("rows.segments", 2),
            0,
            0);
    FloatArray out = buffers.floats("out", (long) heads * tokens * value);
    FloatArray dRows = buffers.floats("dRows", (deltaRule ? 2L : 3) * heads * tokens * key);
    FloatArray dvRows = buffers.floats("dvRows", (long) heads * tokens * value);
    FloatArray dGates = buffers.floats("dGates", deltaRule ? 2L * heads * tokens : 1);
    Rule rule = deltaRule ? delta(program, dGates) : gla(program);
    View stateView = table.whole(state);
    View initialView = table.whole(initial);
    View dStateView = table.whole(dState);
    program.graph(
        "forward",
        s -> {
          Operations.Selection all = new Operations.Selection(0, 0, true, true, true);
          ops.routeRows(s, "rows", null, null, cu, rows, all);
          rule.forward(s, v, rows, stateView, out);
        });
    program.graph(
        "backward", s -> rule.gradient(s, v, rows, initialView, dO, dStateView, dRows, dvRows));
    table.set(Control.TOKENS, tokens);
    table.set(Control.SEQUENCES, 1);
    table.set(Control.USE_STATE, 1);
    table.select(ControlTable.Position.ORIGIN);
    program.execute("forward");
    program.fetch("forward", out, state);
    program.execute("backward");
    program.fetch("backward", dRows, dvRows, dState);

    Comparison comparison = new Comparison(Tolerances.of(ops.tier()));
    comparison.forward("o", tokenMajor(out, 0, value), c.get("o"));
    comparison.forward("s", doubles(state.toHeapArray()), c.get("s"));
    int part = heads * tokens * key;
    comparison.gradient("dq", tokenMajor(dRows, 0, key), c.get("dq"));
    comparison.gradient("dk", tokenMajor(dRows, part, key), c.get("dk"));
    if (deltaRule) {
      program.fetch("backward", dGates);
      comparison.gradient("dg", tokenMajor(dGates, 0, 1), c.get("dg"));
      comparison.gradient("dbeta", tokenMajor(dGates, heads * tokens, 1), c.get("dbeta"));
    } else {
      comparison.gradient("dg", tokenMajor(dRows, 2 * part, key), c.get("dg"));
    }
    comparison.gradient("dv", tokenMajor(dvRows, 0, value), c.get("dv"));
    comparison.gradient("ds0", doubles(dState.toHeapArray()), c.get("ds0"));
    return comparison.result(golden.name(), ops.tier());
  }

  /** The operation under test, with its queries, keys and gates. */
  private interface Rule {
    void forward(Stage s, FloatArray v, Rows rows, View state, FloatArray out);

    void gradient(
        Stage s,
        FloatArray v,
        Rows rows,
        View state,
        FloatArray dO,
        View dState,
        FloatArray dRows,
        FloatArray dvRows);
  }

  private Rule gla(Program program) {
    FloatArray q = headMajor(program, "q", key);
    FloatArray k = headMajor(program, "k", key);
    FloatArray g = headMajor(program, "g", key);
    HeadSizes sizes = new HeadSizes(heads, key, value);
    return new Rule() {
      @Override
      public void forward(Stage s, FloatArray v, Rows rows, View state, FloatArray out) {
        ops.gla(s, "gla", q, k, v, g, rows, state, out, sizes);
      }

      @Override
      public void gradient(
          Stage s,
          FloatArray v,
          Rows rows,
          View state,
          FloatArray dO,
          View dState,
          FloatArray dRows,
          FloatArray dvRows) {
        ops.glaGradient(s, "gradient", q, k, v, g, rows, state, dO, dState, dRows, dvRows, sizes);
      }
    };
  }

  private Rule delta(Program program, FloatArray dGates) {
    FloatArray q = headMajor(program, "q", key);
    FloatArray k = headMajor(program, "k", key);
    FloatArray gates = program.floatInput("gates", 2L * heads * tokens);
    FloatArray unused = program.buffers().floats("dWeights", 2L * heads * tokens);
    fillHeadMajor(gates, 0, c.get("g"), 1);
    fillHeadMajor(gates, heads * tokens, c.get("beta"), 1);
    DeltaRuleOperations.Sizes sizes = new DeltaRuleOperations.Sizes(heads, heads, key, value);
    return new Rule() {
      @Override
      public void forward(Stage s, FloatArray v, Rows rows, View state, FloatArray out) {
        ops.deltaRule().forward(s, "delta", q, k, v, gates, rows, false, state, out, sizes);
      }

      @Override
      public void gradient(
          Stage s,
          FloatArray v,
          Rows rows,
          View state,
          FloatArray dO,
          View dState,
          FloatArray dRows,
          FloatArray dvRows) {
        ops.deltaRule()
            .gradient(
                s,
                "gradient",
                q,
                k,
                v,
                gates,
                rows,
                false,
                state,
                dO,
                dState,
                dRows,
                dvRows,
                dGates,
                unused,
                sizes);
      }
    };
  }

  private static FloatArray filled(Buffers buffers, String name, double[] values) {
    FloatArray a = buffers.floats(name, values.length);
    for (int i = 0; i < values.length; i++) {
      a.set(i, (float) values[i]);
    }
    return a;
  }

  /** An input [T, heads, width] of the case as [heads, T, width]. */
  private FloatArray headMajor(Program program, String name, int width) {
    FloatArray a = program.floatInput(name, (long) heads * tokens * width);
    fillHeadMajor(a, 0, c.get(name), width);
    return a;
  }

  private void fillHeadMajor(FloatArray to, int offset, double[] x, int width) {
    for (int t = 0; t < tokens; t++) {
      for (int h = 0; h < heads; h++) {
        for (int i = 0; i < width; i++) {
          to.set(offset + (h * tokens + t) * width + i, (float) x[(t * heads + h) * width + i]);
        }
      }
    }
  }

  private double[] tokenMajor(FloatArray a, int offset, int width) {
    double[] x = new double[heads * tokens * width];
    for (int t = 0; t < tokens; t++) {
      for (int h = 0; h < heads; h++) {
        for (int i = 0; i < width; i++) {
          x[(t * heads + h) * width + i] = a.get(offset + (h * tokens + t) * width + i);
        }
      }
    }
    return x;
  }
}
