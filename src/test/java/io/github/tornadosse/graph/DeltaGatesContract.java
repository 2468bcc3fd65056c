package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertGradient;
import static io.github.tornadosse.graph.OperationBench.assertPassed;
import static io.github.tornadosse.graph.OperationBench.flat;

import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.reference.Scalars;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * What {@link DeltaRuleOperations} promises of the gates, held against the formulas in double
 * precision. A tier's test extends this class.
 */
abstract class DeltaGatesContract {
  /** {@link DeltaRuleOperations#gates}. */
  interface Gates {
    void append(
        Stage s,
        String id,
        View a,
        View b,
        int ld,
        View aLog,
        View dtBias,
        FloatArray gates,
        int sources,
        int valueHeads,
        float betaScale);
  }

  /** {@link DeltaRuleOperations#gatesGradient}. */
  interface GatesGradient {
    void append(
        Stage s,
        String id,
        View a,
        View b,
        int ld,
        View aLog,
        View dtBias,
        FloatArray dGateRows,
        Rows rows,
        View da,
        View db,
        View dALog,
        View dDtBias,
        int sources,
        int valueHeads,
        float betaScale);
  }

  /** {@link DeltaRuleOperations#weightGradient}. */
  interface WeightGradient {
    void append(
        Stage s,
        String id,
        FloatArray dWeightRows,
        Rows rows,
        View dTop,
        boolean readGate,
        boolean writeGate,
        int valueHeads);
  }

  private final Gates gates;
  private final GatesGradient gatesGradient;
  private final WeightGradient weightGradient;

  /** The tier under test. */
  DeltaGatesContract(Gates gates, GatesGradient gatesGradient, WeightGradient weightGradient) {
    this.gates = gates;
    this.gatesGradient = gatesGradient;
    this.weightGradient = weightGradient;
  }

  /** Bounds of packed sequences, then N, W, R, then value heads. */
  static Stream<Arguments> cases() {
    int[][] packings = {
      {0, 1},
      {0, 1, 2},
      {0, 3},
      {0, 16, 17},
      {0, 63},
      {0, 64},
      {0, 0, 30, 65},
      {0, 1, 65, 65, 100},
      {0, 200, 601}
    };
    int[][] routings = {{0, 0, 0}, {4, 1, 1}, {4, 2, 3}, {8, 4, 1}};
    int[] heads = {1, 2, 3, 8, 17};
    List<Arguments> all = new ArrayList<>();
    for (int[] cu : packings) {
      for (int[] routing : routings) {
        all.add(Arguments.of(cu, routing, heads[all.size() % heads.length]));
      }
    }
    return all.stream();
  }

  /** The cases in ordinary ranges, and one of each extreme: what is added to a, to b, to aLog. */
  static Stream<Arguments> regimes() {
    Stream<Arguments> ordinary =
        cases().map(c -> Arguments.of(c.get()[0], c.get()[1], c.get()[2], 0, 0, 0));
    int[][] extremes = {{50, 50, 0}, {-50, -50, 0}, {50, -50, 50}, {50, 50, -50}, {-50, 50, 50}};
    Stream<Arguments> extreme =
        Arrays.stream(extremes)
            .map(
                e ->
                    Arguments.of(
                        new int[] {0, 1, 65, 65, 100}, new int[] {4, 1, 2}, 3, e[0], e[1], e[2]));
    return Stream.concat(ordinary, extreme);
  }

  private static OperationBench bench(int... cu) {
    int tokens = cu[cu.length - 1];
    return new OperationBench(tokens + 1 + tokens % 4, cu);
  }

  /** Gates and their arrays; a and b lie side by side among other columns. */
  private static final class Case {
    static final int FIRST = 3;

    final OperationBench bench;
    final int sources;
    final int valueHeads;
    final int columns;
    final int ld;
    final float betaScale;
    final Variable low; // [L, 2·columns]
    final Variable aLog;
    final Variable dtBias;
    final Region rLow;
    final View a;
    final View b;
    final Region rLog;
    final Region rBias;

    Case(OperationBench bench, int sources, int valueHeads, double[] low, double[] aLog) {
      this.bench = bench;
      this.sources = sources;
      this.valueHeads = valueHeads;
      columns = sources * valueHeads;
      ld = 2 * columns + 5;
      betaScale = valueHeads % 2 == 0 ? 2 : 1;
      this.low = new Variable(low);
      this.aLog = new Variable(aLog);
      dtBias = new Variable(bench.normal(columns, 2));
      rLow = bench.input("low", bench.capacity * ld, places(), low);
      a = partA(rLow);
      b = partB(rLow);
      rLog = bench.input("aLog", columns, flat(columns), aLog);
      rBias = bench.input("dtBias", columns, flat(columns), dtBias.data());
    }

    static Case random(OperationBench bench, int[] routing, int heads, int a, int b, int log) {
      int sources = routing[0] == 0 ? 1 : 2;
      int columns = sources * heads;
      double[] low = bench.normal(2 * columns * bench.tokens, 2);
      for (int i = 0; i < low.length; i++) {
        low[i] = (float) (low[i] + (i / columns % 2 == 0 ? a : b));
      }
      double[] aLog = bench.normal(columns, 1);
      for (int i = 0; i < columns; i++) {
        aLog[i] = (float) (aLog[i] + log);
      }
      return new Case(bench, sources, heads, low, aLog);
    }

    int[] places() {
      return bench.columns(ld, FIRST, 2 * columns);
    }

    View partA(Region region) {
      return bench.part(region, FIRST);
    }

    View partB(Region region) {
      return bench.part(region, FIRST + columns);
    }

    /** Decays, then write strengths, each [L, columns]. */
    Variable[] expected(Tape tape) {
      Variable a = tape.columns(low, 2 * columns, 0, columns);
      Variable b = tape.columns(low, 2 * columns, columns, columns);
      Variable rate = tape.map(aLog, u -> -Math.exp(u), u -> -Math.exp(u));
      Variable g = tape.multiplyRows(tape.softplus(tape.addToRows(a, dtBias)), rate);
      // the derivative as a product: 1 − sigmoid(50) is 0 in double precision too
      Variable beta =
          tape.map(
              b,
              u -> betaScale * Scalars.sigmoid(u),
              u -> betaScale * Scalars.sigmoid(u) * Scalars.sigmoid(-u));
      return new Variable[] {g, beta};
    }

    /** Column j of [L, columns]. */
    double[] column(double[] x, int j) {
      double[] column = new double[bench.tokens];
      for (int t = 0; t < column.length; t++) {
        column[t] = x[t * columns + j];
      }
      return column;
    }
  }

  @ParameterizedTest
  @MethodSource("regimes")
  void gates(int[] cu, int[] routing, int valueHeads, int aShift, int bShift, int logShift) {
    OperationBench bench = bench(cu);
    Case c = Case.random(bench, routing, valueHeads, aShift, bShift, logShift);
    checkGates(c);
  }

  /** Both ends at once, and in between. */
  @ParameterizedTest
  @MethodSource("cases")
  void gatesOfMixedInputs(int[] cu, int[] routing, int valueHeads) {
    OperationBench bench = bench(cu);
    int sources = routing[0] == 0 ? 1 : 2;
    double[] values = {-1000, -100, -50, -20, -5, -1, 0, 1, 5, 20, 50, 100, 1000};
    double[] low = new double[2 * sources * valueHeads * bench.tokens];
    // the first token's are 0: where all results are below the normal floats, no digit is right
    for (int i = 2 * sources * valueHeads; i < low.length; i++) {
      low[i] = values[bench.random().nextInt(values.length)];
    }
    checkGates(new Case(bench, sources, valueHeads, low, bench.normal(sources * valueHeads, 1)));
  }

  private void checkGates(Case c) {
    OperationBench bench = c.bench;
    int size = 2 * c.columns * bench.capacity;
    Region rGates = bench.outputArray("gates", size, bench.heads(2 * c.columns, 1));
    bench.run(
        s ->
            gates.append(
                s,
                "gates",
                c.a,
                c.b,
                c.ld,
                c.rLog.view,
                c.rBias.view,
                rGates.array,
                c.sources,
                c.valueHeads,
                c.betaScale));
    Variable[] gate = c.expected(new Tape());
    double[] actual = rGates.get();
    double[] expected = new double[actual.length];
    for (int i = 0; i < 2 * c.columns; i++) {
      double[] column = c.column(gate[i / c.columns].data(), i % c.columns);
      System.arraycopy(column, 0, expected, i * bench.tokens, bench.tokens);
    }
    // decays and strengths apart, so that neither hides the other
    int half = actual.length / 2;
    for (int part = 0; part < 2; part++) {
      Comparison comparison = new Comparison();
      comparison.forward(
          part == 0 ? "decays" : "strengths",
          Arrays.copyOfRange(actual, part * half, (part + 1) * half),
          Arrays.copyOfRange(expected, part * half, (part + 1) * half));
      assertPassed(comparison);
    }
  }

  @ParameterizedTest
  @MethodSource("regimes")
  void gatesGradient(
      int[] cu, int[] routing, int valueHeads, int aShift, int bShift, int logShift) {
    OperationBench bench = bench(cu);
    RoutedRows routed = RoutedRows.random(bench, routing[0], routing[1], routing[2]);
    Rows rows = routed.arrays(bench);
    Case c = Case.random(bench, routing, valueHeads, aShift, bShift, logShift);
    double[] dRows = routed.gradients(bench, 2 * valueHeads, 1, 2);
    double[] logBefore = bench.normal(c.columns, 1);
    double[] biasBefore = bench.normal(c.columns, 1);
    int size = 2 * valueHeads * bench.capacity * (1 + rows.width());
    Region rdRows =
        bench.inputArray("dRows", size, bench.rows(2 * valueHeads, rows.width(), 1), dRows);
    Region rdLow = bench.output("dLow", bench.capacity * c.ld, c.places());
    View da = c.partA(rdLow);
    View db = c.partB(rdLow);
    Region rdLog = bench.update("dALog", c.columns, flat(c.columns), logBefore);
    Region rdBias = bench.update("dDtBias", c.columns, flat(c.columns), biasBefore);
    bench.run(
        s ->
            gatesGradient.append(
                s,
                "gradient",
                c.a,
                c.b,
                c.ld,
                c.rLog.view,
                c.rBias.view,
                rdRows.array,
                rows,
                da,
                db,
                rdLog.view,
                rdBias.view,
                c.sources,
                valueHeads,
                c.betaScale));
    Tape tape = new Tape();
    Variable[] gate = c.expected(tape);
    for (int part = 0; part < 2; part++) {
      for (int j = 0; j < c.columns; j++) {
        int from = (part * valueHeads + j % valueHeads) * routed.count();
        for (int t = 0; t < bench.tokens; t++) {
          gate[part].grad()[t * c.columns + j] =
              j < valueHeads ? dRows[from + t] : sparse(routed, dRows, from, t);
        }
      }
    }
    tape.backward();
    double[] actual = rdLow.get();
    for (int part = 0; part < 2; part++) {
      Comparison comparison = new Comparison();
      comparison.gradient(
          part == 0 ? "da" : "db",
          columns(actual, 2 * c.columns, part * c.columns, c.columns),
          columns(c.low.grad(), 2 * c.columns, part * c.columns, c.columns));
      assertPassed(comparison);
    }
    assertGradient(rdLog, sum(logBefore, c.aLog.grad()));
    assertGradient(rdBias, sum(biasBefore, c.dtBias.grad()));
  }

  private static double sparse(RoutedRows routed, double[] dRows, int from, int t) {
    double sum = 0;
    for (int k = 0; k < routed.width; k++) {
      sum += dRows[from + routed.tokenRow[t * routed.width + k]];
    }
    return sum;
  }

  /** The cases with sparse partitions. */
  static Stream<Arguments> sparseCases() {
    return cases().filter(c -> ((int[]) c.get()[1])[0] > 0);
  }

  @ParameterizedTest
  @MethodSource("sparseCases")
  void weightGradient(int[] cu, int[] routing, int valueHeads) {
    for (int choice = 0; choice < 4; choice++) {
      boolean read = choice % 2 == 1;
      boolean write = choice / 2 == 1;
      OperationBench bench = bench(cu);
      RoutedRows routed = RoutedRows.random(bench, routing[0], routing[1], routing[2]);
      Rows rows = routed.arrays(bench);
      int width = rows.width();
      double[] dRows = bench.normal(2 * valueHeads * routed.count(), 1);
      double[] before = bench.normal(bench.tokens * width, 1);
      double[] expected = before.clone();
      int half = dRows.length / 2;
      for (int i = 0; i < dRows.length; i++) {
        boolean counts = i < half ? read : write;
        if (!counts) {
          dRows[i] = Double.NaN;
        }
      }
      for (int i = 0; i < expected.length; i++) {
        for (int h = 0; h < valueHeads; h++) {
          int at = h * routed.count() + routed.tokenRow[i];
          expected[i] += (read ? dRows[at] : 0) + (write ? dRows[half + at] : 0);
        }
      }
      int size = 2 * valueHeads * bench.capacity * (1 + width);
      Region rdRows =
          bench.inputArray("dWeightRows", size, bench.rows(2 * valueHeads, width, 1), dRows);
      Region rdTop = bench.update("dTop", bench.capacity * width, flat(before.length), before);
      bench.run(
          s ->
              weightGradient.append(
                  s, "weight", rdRows.array, rows, rdTop.view, read, write, valueHeads));
      assertGradient(rdTop, expected);
    }
  }

  /** Columns of [L, n]. */
  private static double[] columns(double[] x, int n, int from, int count) {
    double[] part = new double[x.length / n * count];
    for (int i = 0; i < part.length; i++) {
      part[i] = x[i / count * n + from + i % count];
    }
    return part;
  }

  private static double[] sum(double[] a, double[] b) {
    double[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }
}
