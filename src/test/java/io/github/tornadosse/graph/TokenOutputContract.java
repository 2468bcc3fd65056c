package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertPassed;
import static io.github.tornadosse.graph.OperationBench.flat;

import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.graph.DeltaRows.Routing;
import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Output;
import io.github.tornadosse.graph.Operations.Selection;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Recurrences that end in the mixer's output. */
abstract class TokenOutputContract extends OperationsContract {
  private static final float EPS = 1e-5f;

  @ParameterizedTest
  @MethodSource("io.github.tornadosse.graph.GlaContract#attentions")
  void gla(int[] cu, int[] n, int[] size, String regime) {
    checkGla(
        cu, n[0], Math.max(n[1], n[2]), new Selection(n[1], n[2], true, true, true), size, regime);
  }

  @ParameterizedTest
  @MethodSource("io.github.tornadosse.graph.GlaContract#selections")
  void glaOfSelections(
      int[] cu, int partitions, int width, Selection selection, int[] size, String regime) {
    checkGla(cu, partitions, width, selection, size, regime);
  }

  private void checkGla(
      int[] cu, int partitions, int width, Selection selection, int[] size, String regime) {
    HeadSizes sizes = new HeadSizes(size[0], size[1], size[2]);
    for (boolean second : new boolean[] {false, true}) {
      OperationBench bench = bench(cu);
      double[] e = RoutedRows.gates(bench, partitions);
      RoutedRows routed = new RoutedRows(bench, e, partitions, width, selection);
      // states in the one, an output gate and sums in the other
      GlaContract.Attention a = new GlaContract.Attention(bench, routed, sizes, regime, second);
      Ends ends = new Ends(bench, sizes, !second, !second, selection.readers());
      bench.run(
          s ->
              operations()
                  .glaOutput(
                      s,
                      "gla",
                      a.rq.array,
                      a.rk.array,
                      a.rv.array,
                      a.rg.array,
                      a.rows,
                      a.rState.view,
                      ends.output,
                      sizes));
      RoutedRows.Scan expected = a.expected();
      Comparison comparison = comparison();
      ends.compare(comparison, expected.out(), routed.token, routed.tokens);
      if (second) {
        comparison.forward("states", a.rState.get(), expected.states());
      }
      assertPassed(comparison);
    }
  }

  /** Bounds, routing, {H, HV, K, V}. */
  static Stream<Arguments> deltaRules() {
    return Stream.of(
        Arguments.of(new int[] {0, 3}, Routing.chosen(4, 1, 1), new int[] {1, 1, 16, 16}),
        Arguments.of(new int[] {0, 1, 70}, Routing.chosen(4, 1, 1), new int[] {1, 2, 32, 16}),
        Arguments.of(new int[] {0, 65}, Routing.chosen(5, 1, 3), new int[] {2, 2, 17, 5}),
        Arguments.of(new int[] {0, 100}, Routing.none(), new int[] {1, 2, 16, 48}),
        Arguments.of(new int[] {0, 30, 95}, Routing.masked(4, 2, 2), new int[] {1, 2, 16, 16}));
  }

  @ParameterizedTest
  @MethodSource("deltaRules")
  void deltaRule(int[] cu, Routing routing, int[] size) {
    DeltaRuleOperations.Sizes sizes =
        new DeltaRuleOperations.Sizes(size[0], size[1], size[2], size[3]);
    OperationBench draws = bench(cu);
    DeltaRows rows = DeltaRows.random(draws, routing);
    int tokens = draws.tokens;
    int keys = routing.sources() * sizes.heads() * tokens * sizes.key();
    double[] gates = new double[2 * routing.sources() * sizes.valueHeads() * tokens];
    for (int i = 0; i < gates.length; i++) {
      double x = draws.random().nextDouble();
      gates[i] = (float) (i < gates.length / 2 ? -0.2 * x : x);
    }
    DeltaCase c =
        new DeltaCase(
            rows,
            sizes,
            false,
            false,
            draws.normal(keys, 1),
            draws.normal(keys, 1),
            draws.normal(sizes.valueHeads() * tokens * sizes.value(), 1),
            gates,
            new double[rows.segments() * sizes.valueHeads() * sizes.key() * sizes.value()]);
    for (boolean states : new boolean[] {false, true}) {
      for (boolean gateValues : new boolean[] {false, true}) {
        check(c.with(gateValues, states ? draws.normal(c.states().length, 1) : null));
      }
    }
  }

  private void check(DeltaCase c) {
    HeadSizes sizes = new HeadSizes(c.sizes().valueHeads(), c.sizes().key(), c.sizes().value());
    DeltaCase.Inputs inputs = c.new Inputs();
    boolean summed = c.gateValues() != c.useState();
    Ends ends = new Ends(inputs.bench, sizes, c.gateValues(), summed, c.rows().routing.readers());
    double[] states =
        c.run(
            inputs,
            (s, in, state) ->
                operations()
                    .deltaRuleOutput(
                        s,
                        "delta",
                        in.rq.array,
                        in.rk.array,
                        in.rv.array,
                        in.rGates.array,
                        in.arrays,
                        c.gateValues(),
                        state.view,
                        ends.output,
                        c.sizes()));
    DeltaCase.Forward expected = c.expected();
    Comparison comparison = comparison();
    ends.compare(comparison, expected.out(), c.rows().token, c.rows().tokens);
    if (c.useState()) {
      comparison.forward("states", states, expected.states());
    }
    assertPassed(comparison);
  }

  /** What a recurrence ends in. */
  private static final class Ends {
    final HeadSizes sizes;
    final Output output;
    private final Region o; // null without sums
    private final Region y;
    private final double[] w;
    private final double[] gate;
    private final boolean gated;

    Ends(OperationBench bench, HeadSizes sizes, boolean gated, boolean summed, int reads) {
      this.sizes = sizes;
      this.gated = gated;
      int size = bench.tokens * sizes.heads() * sizes.value();
      int all = bench.capacity * sizes.heads() * sizes.value();
      int valueDim = sizes.value() % 2 == 0 ? sizes.value() / 2 : sizes.value();
      w = bench.normal(valueDim, 1);
      gate = bench.normal(size, 2);
      Region rw = bench.input("w", valueDim, flat(valueDim), w);
      Region rGate = gated ? bench.input("gate", all, flat(size), gate) : null;
      o = summed ? bench.output("o", all, bench.heads(sizes.heads(), sizes.value())) : null;
      y = bench.output("y", all, flat(size));
      output = new Output(view(rGate), rw.view, view(o), y.view, valueDim, EPS, reads);
    }

    /** With what follows from what rows read, [H, rows, V]. */
    void compare(Comparison comparison, double[] out, int[] token, int tokens) {
      double[] sums = new double[gate.length];
      int value = sizes.value();
      for (int i = 0; i < out.length; i++) {
        int head = i / (token.length * value);
        sums[(head * tokens + token[i / value % token.length]) * value + i % value] += out[i];
      }
      Variable mixed =
          MixerOutputContract.mixed(
              new Tape(),
              new Variable(sums),
              new Variable(gate),
              new Variable(w),
              gated,
              sizes,
              EPS);
      comparison.forward("y", y.get(), mixed.data());
      if (o != null) {
        comparison.forward("o", o.get(), sums);
      }
    }
  }
}
