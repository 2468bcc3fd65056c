package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertPassed;
import static io.github.tornadosse.graph.OperationBench.flat;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.Operations.Selection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Gated linear attention over the expanded rows. */
abstract class GlaContract extends OperationsContract {
  private static final int WRITTEN = 1;
  private static final int READ = 2;
  private static final String FORWARD = "gla";

  /** Decays of [2·H, L, K] under a regime. */
  private static double[] gates(OperationBench bench, String regime, int n) {
    double[] g = new double[n];
    double[] draws = bench.normal(n, 1);
    for (int i = 0; i < n; i++) {
      double mild = -0.1 * Math.abs(draws[i]);
      g[i] =
          switch (regime) {
            case "none" -> 0;
            case "mild" -> mild;
            case "strong" -> -50;
            case "mixed" ->
                switch (bench.random().nextInt(8)) {
                  case 0 -> 0;
                  case 1 -> -5 * Math.abs(draws[i]);
                  case 2 -> -50;
                  default -> mild;
                };
            case "cliffs" -> bench.random().nextInt(20) == 0 ? -1e6 : mild;
            default -> throw new IllegalArgumentException(regime);
          };
      g[i] = (float) g[i];
    }
    return g;
  }

  /** Inputs of gated linear attention on one bench. */
  static final class Attention {
    final OperationBench bench;
    final boolean useState;
    final RoutedRows routed;
    final HeadSizes sizes;
    final Rows rows;
    final double[] q;
    final double[] k;
    final double[] v;
    final double[] g;
    final double[] states;
    final Region rq;
    final Region rk;
    final Region rv;
    final Region rg;
    final Region rState;

    Attention(
        OperationBench bench, RoutedRows routed, HeadSizes sizes, String regime, boolean useState) {
      this(
          bench,
          routed,
          sizes,
          bench.normal(sources(routed) * sizes.heads() * bench.tokens * sizes.key(), 1),
          bench.normal(sources(routed) * sizes.heads() * bench.tokens * sizes.key(), 0.3),
          bench.normal(sizes.heads() * bench.tokens * sizes.value(), 1),
          gates(bench, regime, sources(routed) * sizes.heads() * bench.tokens * sizes.key()),
          useState
              ? bench.normal(stateSize(routed, sizes), 1)
              : new double[stateSize(routed, sizes)],
          useState);
    }

    Attention(
        OperationBench bench,
        RoutedRows routed,
        HeadSizes sizes,
        double[] q,
        double[] k,
        double[] v,
        double[] g,
        double[] states,
        boolean useState) {
      this.bench = bench;
      this.useState = useState;
      this.routed = routed;
      this.sizes = sizes;
      this.q = q;
      this.k = k;
      this.v = v;
      this.g = g;
      this.states = states;
      rows = routed.arrays(bench);
      int blocks = sources(routed) * sizes.heads();
      int[] keyPlaces = bench.heads(blocks, sizes.key());
      int keys = blocks * bench.capacity * sizes.key();
      rq = bench.inputArray("q", keys, keyPlaces, q);
      rk = bench.inputArray("k", keys, keyPlaces, k);
      rg = bench.inputArray("g", keys, keyPlaces, g);
      rv =
          bench.inputArray(
              "v",
              sizes.heads() * bench.capacity * sizes.value(),
              bench.heads(sizes.heads(), sizes.value()),
              v);
      if (useState) {
        bench.useState();
        rState = bench.update("state", states.length, flat(states.length), states);
      } else {
        rState = bench.output("state", states.length, new int[0]);
      }
    }

    /** The same inputs on another bench under another routing of the same partitions. */
    Attention with(OperationBench bench, RoutedRows routed) {
      return new Attention(bench, routed, sizes, q, k, v, g, states, useState);
    }

    static int sources(RoutedRows routed) {
      return routed.partitions == 0 ? 1 : 2;
    }

    static int stateSize(RoutedRows routed, HeadSizes sizes) {
      return routed.begin.length * sizes.heads() * sizes.key() * sizes.value();
    }

    RoutedRows.Scan expected() {
      return routed.scan(sizes, q, k, v, g, states);
    }
  }

  /** Bounds, {N, W, R}, {H, K, V}, gates. */
  static Stream<Arguments> attentions() {
    int[] n4 = {4, 1, 1};
    return Stream.of(
        Arguments.of(new int[] {0, 1}, n4, new int[] {1, 16, 16}, "mild"),
        Arguments.of(new int[] {0, 1, 2}, n4, new int[] {2, 17, 16}, "strong"),
        Arguments.of(new int[] {0, 3}, new int[] {3, 2, 1}, new int[] {2, 16, 17}, "mixed"),
        Arguments.of(new int[] {0, 16, 17}, n4, new int[] {1, 48, 64}, "none"),
        Arguments.of(new int[] {0, 63}, new int[] {4, 1, 2}, new int[] {2, 16, 48}, "mixed"),
        Arguments.of(new int[] {0, 64}, new int[] {2, 2, 2}, new int[] {1, 64, 64}, "strong"),
        Arguments.of(new int[] {0, 0, 30, 65}, new int[] {8, 2, 2}, new int[] {2, 17, 33}, "mild"),
        Arguments.of(
            new int[] {0, 1, 65, 65, 100}, new int[] {5, 3, 1}, new int[] {3, 48, 16}, "mixed"),
        Arguments.of(new int[] {0, 100}, new int[] {0, 0, 0}, new int[] {2, 64, 48}, "none"),
        Arguments.of(new int[] {0, 129}, new int[] {0, 0, 0}, new int[] {1, 17, 17}, "mixed"),
        Arguments.of(new int[] {0, 200}, new int[] {2, 1, 1}, new int[] {1, 128, 32}, "mild"),
        Arguments.of(new int[] {0, 100}, new int[] {0, 0, 0}, new int[] {2, 32, 32}, "strong"),
        Arguments.of(new int[] {0, 150}, new int[] {2, 1, 2}, new int[] {1, 32, 16}, "cliffs"),
        // many chunks: tiers may read several at a time
        Arguments.of(new int[] {0, 600}, new int[] {0, 0, 0}, new int[] {1, 16, 16}, "mild"),
        // many segments: tiers may share out the work otherwise
        Arguments.of(
            new int[] {0, 2, 3, 5, 7, 9, 10, 11, 14},
            new int[] {0, 0, 0},
            new int[] {8, 64, 64},
            "mild"));
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void gla(int[] cu, int[] n, int[] size, String regime) {
    for (boolean useState : new boolean[] {false, true}) {
      OperationBench bench = bench(cu);
      RoutedRows routed = RoutedRows.random(bench, n[0], n[1], n[2]);
      checkGla(new Attention(bench, routed, headSizes(size), regime, useState));
    }
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void glaGradient(int[] cu, int[] n, int[] size, String regime) {
    for (boolean useState : new boolean[] {false, true}) {
      OperationBench bench = bench(cu);
      RoutedRows routed = RoutedRows.random(bench, n[0], n[1], n[2]);
      checkGlaGradient(new Attention(bench, routed, headSizes(size), regime, useState));
    }
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void gradientAfterForwardIsTheGradient(int[] cu, int[] n, int[] size, String regime) {
    for (boolean useState : new boolean[] {false, true}) {
      List<Gradients> results = new ArrayList<>();
      for (boolean following : new boolean[] {false, true}) {
        OperationBench bench = bench(cu);
        RoutedRows routed = RoutedRows.random(bench, n[0], n[1], n[2]);
        Attention a = new Attention(bench, routed, headSizes(size), regime, useState);
        double[] dOut = bench.normal(size[0] * bench.tokens * size[2], 1);
        results.add(runGlaGradient(a, dOut, bench.normal(a.states.length, 1), following));
      }
      Gradients alone = results.get(0);
      Gradients after = results.get(1);
      assertThat(after.rows().get()).isEqualTo(alone.rows().get());
      assertThat(after.values().get()).isEqualTo(alone.values().get());
      if (useState) {
        assertThat(after.state().get()).isEqualTo(alone.state().get());
      }
    }
  }

  private static HeadSizes headSizes(int[] size) {
    return new HeadSizes(size[0], size[1], size[2]);
  }

  /** Bounds, N, M, what a token takes part in, {H, K, V}, gates. */
  static Stream<Arguments> selections() {
    int[] small = {2, 17, 18};
    return Stream.of(
        Arguments.of(
            new int[] {0, 100}, 4, 2, new Selection(1, 2, false, true, true), small, "mild"),
        Arguments.of(
            new int[] {0, 1, 70}, 4, 2, new Selection(2, 1, true, false, true), small, "mixed"),
        Arguments.of(
            new int[] {0, 0, 65}, 3, 1, new Selection(1, 1, false, false, true), small, "mild"),
        Arguments.of(
            new int[] {0, 63}, 4, 2, new Selection(2, 2, true, true, false), small, "strong"),
        Arguments.of(
            new int[] {0, 3, 133}, 5, 5, new Selection(1, 2, true, true, true), small, "mixed"),
        Arguments.of(
            new int[] {0, 3}, 8, 8, new Selection(1, 1, true, true, true), small, "strong"),
        Arguments.of(
            new int[] {0, 129},
            4,
            4,
            new Selection(2, 1, true, false, false),
            new int[] {1, 48, 32},
            "cliffs"),
        Arguments.of(
            new int[] {0, 1, 2}, 4, 3, new Selection(1, 2, false, true, true), small, "mild"));
  }

  @ParameterizedTest
  @MethodSource("selections")
  void glaOfSelections(
      int[] cu, int partitions, int width, Selection selection, int[] size, String regime) {
    for (boolean useState : new boolean[] {false, true}) {
      OperationBench bench = bench(cu);
      double[] e = RoutedRows.gates(bench, partitions);
      RoutedRows routed = new RoutedRows(bench, e, partitions, width, selection);
      checkGla(new Attention(bench, routed, headSizes(size), regime, useState));
    }
  }

  @ParameterizedTest
  @MethodSource("selections")
  void glaGradientOfSelections(
      int[] cu, int partitions, int width, Selection selection, int[] size, String regime) {
    for (boolean useState : new boolean[] {false, true}) {
      OperationBench bench = bench(cu);
      double[] e = RoutedRows.gates(bench, partitions);
      RoutedRows routed = new RoutedRows(bench, e, partitions, width, selection);
      checkGlaGradient(new Attention(bench, routed, headSizes(size), regime, useState));
    }
  }

  private void checkGla(Attention a) {
    Region out = runGla(a);
    RoutedRows.Scan expected = a.expected();
    assertForward(out, expected.out());
    assertZeroWhereNoPart(a.routed, out.get(), a.sizes.value(), READ);
    if (a.useState) {
      assertForward(a.rState, expected.states());
      assertUnchangedWhereNothingIsWritten(a);
    }
  }

  private Region runGla(Attention a) {
    Region out = outputs(a);
    a.bench.run(s -> append(s, a, a.rState.view, out));
    return out;
  }

  private static Region outputs(Attention a) {
    return a.bench.outputArray(
        "out",
        a.sizes.heads() * a.bench.capacity * (1 + a.routed.width) * a.sizes.value(),
        a.bench.rows(a.sizes.heads(), a.routed.width, a.sizes.value()));
  }

  private void append(Stage s, Attention a, View state, Region out) {
    operations()
        .gla(
            s,
            FORWARD,
            a.rq.array,
            a.rk.array,
            a.rv.array,
            a.rg.array,
            a.rows,
            state,
            out.array,
            a.sizes);
  }

  private static void assertUnchangedWhereNothingIsWritten(Attention a) {
    RoutedRows routed = a.routed;
    double[] last = a.rState.get();
    int size = last.length / routed.begin.length;
    for (int i = 0; i < routed.begin.length; i++) {
      if (IntStream.range(routed.begin[i], routed.end[i]).noneMatch(routed::written)) {
        assertThat(Arrays.copyOfRange(last, i * size, (i + 1) * size))
            .as("state of segment %d", i)
            .isEqualTo(Arrays.copyOfRange(a.states, i * size, (i + 1) * size));
      }
    }
  }

  /** What {@link Operations#glaGradient} wrote. */
  private record Gradients(Region rows, Region values, Region state) {
    /** dq̂ (0), dk̂ (1) or dg (2) of the rows. */
    double[] part(int part) {
      double[] all = rows.get();
      return Arrays.copyOfRange(all, part * all.length / 3, (part + 1) * all.length / 3);
    }
  }

  /** Alone, or following a forward pass, whose final states replace the initial ones elsewhere. */
  private Gradients runGlaGradient(Attention a, double[] dOut, double[] dLast, boolean following) {
    OperationBench bench = a.bench;
    HeadSizes sizes = a.sizes;
    int width = a.routed.width;
    int rowsSize = sizes.heads() * bench.capacity * (1 + width);
    Region rdOut =
        bench.inputArray(
            "dOut",
            sizes.heads() * bench.capacity * sizes.value(),
            bench.heads(sizes.heads(), sizes.value()),
            dOut);
    Region rdState =
        a.useState
            ? bench.update("dState", dLast.length, flat(dLast.length), dLast)
            : bench.output("dState", dLast.length, new int[0]);
    Region rdRows =
        bench.outputArray(
            "dRows", 3 * rowsSize * sizes.key(), bench.rows(3 * sizes.heads(), width, sizes.key()));
    Region rdv =
        bench.outputArray(
            "dvRows", rowsSize * sizes.value(), bench.rows(sizes.heads(), width, sizes.value()));
    Region out = following ? outputs(a) : null;
    View last =
        following && a.useState
            ? bench.update("last", a.states.length, flat(a.states.length), a.states).view
            : a.rState.view;
    bench.run(
        s -> {
          if (following) {
            append(s.beforeGradient(), a, last, out);
          }
          operations()
              .glaGradient(
                  following ? s.after(FORWARD) : s,
                  "gradient",
                  a.rq.array,
                  a.rk.array,
                  a.rv.array,
                  a.rg.array,
                  a.rows,
                  a.rState.view,
                  rdOut.array,
                  rdState.view,
                  rdRows.array,
                  rdv.array,
                  sizes);
        });
    return new Gradients(rdRows, rdv, rdState);
  }

  private void checkGlaGradient(Attention a) {
    RoutedRows routed = a.routed;
    HeadSizes sizes = a.sizes;
    double[] dOut = a.bench.normal(sizes.heads() * a.bench.tokens * sizes.value(), 1);
    double[] dLast = a.useState ? a.bench.normal(a.states.length, 1) : new double[a.states.length];
    Gradients actual = runGlaGradient(a, dOut, dLast, false);
    RoutedRows.ScanGradient d =
        routed.scanGradient(sizes, a.q, a.k, a.v, a.g, a.states, dOut, dLast);
    Comparison comparison = comparison();
    comparison.gradient("dq", actual.part(0), d.dq());
    comparison.gradient("dk", actual.part(1), d.dk());
    comparison.gradient("dg", actual.part(2), d.dg());
    comparison.gradient("dv", actual.values().get(), d.dv());
    if (a.useState) {
      comparison.gradient("dState", actual.state().get(), d.dStates());
    }
    assertPassed(comparison);
    assertZeroWhereNoPart(routed, actual.part(0), sizes.key(), READ);
    assertZeroWhereNoPart(routed, actual.part(1), sizes.key(), WRITTEN);
    assertZeroWhereNoPart(routed, actual.part(2), sizes.key(), WRITTEN);
    assertZeroWhereNoPart(routed, actual.values().get(), sizes.value(), WRITTEN);
    if (a.useState) {
      assertForward(a.rState, a.states);
    }
  }

  private static void assertZeroWhereNoPart(RoutedRows routed, double[] x, int dim, int bit) {
    for (int i = 0; i < x.length; i++) {
      int row = i / dim % routed.count();
      if ((routed.mode[row] & bit) == 0 && x[i] != 0) {
        throw new AssertionError("row %d takes no part and has %s".formatted(row, x[i]));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, mild, false",
    "1, 1, mixed, true",
    "1, 2, mild, true",
    "2, 1, mixed, false",
    "3, 3, strong, true",
  })
  void maskedFormAgreesWithVarlen(int writers, int readers, String regime, boolean useState) {
    int[] cu = {0, 3, 3, 133};
    int partitions = 5;
    HeadSizes sizes = new HeadSizes(2, 24, 17);
    Selection selection = new Selection(writers, readers, true, true, true);
    OperationBench bench = bench(cu);
    double[] e = RoutedRows.gates(bench, partitions);
    int width = Math.max(writers, readers);
    RoutedRows few = new RoutedRows(bench, e, partitions, width, selection);
    Attention varlen = new Attention(bench, few, sizes, regime, useState);
    double[] dOut = bench.normal(sizes.heads() * bench.tokens * sizes.value(), 1);
    double[] dLast =
        useState ? bench.normal(varlen.states.length, 1) : new double[varlen.states.length];
    Region out = runGla(varlen);
    RoutedRows all = new RoutedRows(bench(cu), e, partitions, partitions, selection);
    Attention masked = varlen.with(bench(cu), all);
    Region outMasked = runGla(masked);

    Comparison comparison = comparison();
    comparison.forward("out", common(all, few, outMasked.get(), sizes.value()), out.get());
    if (useState) {
      comparison.forward("states", masked.rState.get(), varlen.rState.get());
    }
    Gradients d = runGlaGradient(varlen.with(bench(cu), few), dOut, dLast, false);
    Gradients dMasked = runGlaGradient(varlen.with(bench(cu), all), dOut, dLast, false);
    String[] names = {"dq", "dk", "dg"};
    for (int i = 0; i < 3; i++) {
      comparison.gradient(names[i], common(all, few, dMasked.part(i), sizes.key()), d.part(i));
    }
    comparison.gradient(
        "dv", common(all, few, dMasked.values().get(), sizes.value()), d.values().get());
    if (useState) {
      comparison.gradient("dState", dMasked.state().get(), d.state().get());
    }
    assertPassed(comparison);
  }

  /** The rows [H, rows, dim] of a wide routing that a narrow one has too, in the latter's order. */
  private static double[] common(RoutedRows wide, RoutedRows narrow, double[] x, int dim) {
    int[] from = IntStream.range(0, narrow.count()).toArray();
    for (int i = 0; i < narrow.tokenRow.length; i++) {
      int token = i / narrow.width;
      from[narrow.tokenRow[i]] = wide.tokenRow[token * wide.width + i % narrow.width];
    }
    double[] y = new double[x.length / wide.count() * narrow.count()];
    for (int i = 0; i < y.length; i++) {
      int head = i / dim / narrow.count();
      int row = from[i / dim % narrow.count()];
      y[i] = x[(head * wide.count() + row) * dim + i % dim];
    }
    return y;
  }

  @Test
  void glaContinuesFromItsState() {
    int[] cuts = {0, 1, 37, 100};
    HeadSizes sizes = new HeadSizes(2, 16, 16);
    OperationBench whole = bench(0, 100);
    RoutedRows routed = RoutedRows.random(whole, 4, 1, 2);
    Attention a = new Attention(whole, routed, sizes, "mixed", true);
    RoutedRows.Scan expected = a.expected();
    double[] states = a.states;
    for (int i = 0; i + 1 < cuts.length; i++) {
      int from = cuts[i];
      int to = cuts[i + 1];
      OperationBench bench = bench(0, to - from);
      double[] e = Arrays.copyOfRange(routed.e, from * 4, to * 4);
      RoutedRows partRows = new RoutedRows(bench, e, 4, 1, 2);
      Attention part =
          new Attention(
              bench,
              partRows,
              sizes,
              slice(a.q, 100, from, to, 16),
              slice(a.k, 100, from, to, 16),
              slice(a.v, 100, from, to, 16),
              slice(a.g, 100, from, to, 16),
              states,
              true);
      Region rOut = runGla(part);
      assertForward(rOut, part.expected().out());
      states = part.rState.get();
    }
    Comparison comparison = comparison();
    comparison.forward("state after the last part", states, expected.states());
    assertPassed(comparison);
  }

  /** Tokens from..to of [blocks, L, dim]. */
  private static double[] slice(double[] x, int tokens, int from, int to, int dim) {
    double[] part = new double[x.length / tokens * (to - from)];
    for (int b = 0; b < x.length / (tokens * dim); b++) {
      System.arraycopy(
          x, (b * tokens + from) * dim, part, b * (to - from) * dim, (to - from) * dim);
    }
    return part;
  }

  @Test
  void glaOfPackedSequencesIsThatOfEachAlone() {
    int[] cu = {0, 20, 85};
    HeadSizes sizes = new HeadSizes(2, 16, 32);
    OperationBench packed = bench(cu);
    RoutedRows routed = RoutedRows.random(packed, 0, 0, 0);
    Attention a = new Attention(packed, routed, sizes, "mixed", true);
    Region rOut = runGla(a);
    int half = a.states.length / 2;
    for (int s = 0; s < 2; s++) {
      int from = cu[s];
      int to = cu[s + 1];
      OperationBench bench = bench(0, to - from);
      Attention alone =
          new Attention(
              bench,
              RoutedRows.random(bench, 0, 0, 0),
              sizes,
              slice(a.q, 85, from, to, 16),
              slice(a.k, 85, from, to, 16),
              slice(a.v, 85, from, to, 32),
              slice(a.g, 85, from, to, 16),
              Arrays.copyOfRange(a.states, s * half, (s + 1) * half),
              true);
      Region rAlone = runGla(alone);
      assertThat(rAlone.get()).isEqualTo(slice(rOut.get(), 85, from, to, 32));
      assertThat(alone.rState.get())
          .isEqualTo(Arrays.copyOfRange(a.rState.get(), s * half, (s + 1) * half));
    }
  }
}
