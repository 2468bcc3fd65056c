package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertForward;
import static io.github.tornadosse.graph.OperationBench.assertGradient;
import static io.github.tornadosse.graph.OperationBench.flat;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.Operations.Selection;
import io.github.tornadosse.kernels.reference.Scalars;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The router, the expanded rows and the balance loss. */
abstract class RoutingContract extends OperationsContract {
  /** Bounds of packed sequences, from one token to more than a chunk, some of them empty. */
  static Stream<int[]> packings() {
    return Stream.of(
        new int[] {0, 1},
        new int[] {0, 1, 2},
        new int[] {0, 3},
        new int[] {0, 16, 17},
        new int[] {0, 63},
        new int[] {0, 64},
        new int[] {0, 0, 30, 65},
        new int[] {0, 1, 65, 65, 100});
  }

  @ParameterizedTest
  @CsvSource({
    "1, 4, 1",
    "2, 1, 1",
    "17, 5, 5",
    "64, 16, 4",
    "100, 64, 3",
    "3, 100, 100",
    "65, 37, 5"
  })
  void router(int tokens, int partitions, int width) {
    OperationBench bench = bench(0, tokens);
    int ld = partitions + 9;
    int column = 4;
    double[] logits = logits(bench, tokens * partitions);
    Arrays.fill(logits, 0, partitions, 0.25); // all equal: the first ones win
    logits[logits.length - 1] = 90; // all others nearly vanish
    Region rLow =
        bench.input("low", bench.capacity * ld, bench.columns(ld, column, partitions), logits);
    Region re = bench.output("e", bench.capacity * partitions, flat(tokens * partitions));
    IntView rTop = bench.intView(bench.capacity * width);
    bench.run(
        s ->
            operations()
                .router(s, "router", rLow.view, ld, column, re.view, rTop, partitions, width));
    double[] e = new Tape().softmax(new Variable(logits), partitions, partitions).data();
    assertForward(re, e);
    int[] top = new int[tokens * width];
    for (int t = 0; t < tokens; t++) {
      // the last token's small gates all round to the same few floats, so rank the real ones
      int[] ranked =
          Scalars.ranked(t == tokens - 1 ? re.get() : e, t * partitions, partitions, width);
      System.arraycopy(ranked, 0, top, t * width, width);
    }
    assertThat(bench.get(rTop, tokens * width)).isEqualTo(top);
    assertThat(bench.get(rTop, bench.capacity * width))
        .as("behind the last token")
        .endsWith(fill(bench.capacity * width - top.length));
  }

  /** What int arrays hold where nobody looks. */
  private static int[] fill(int n) {
    int[] poison = new int[n];
    Arrays.fill(poison, OperationBench.POISON);
    return poison;
  }

  /** N, W, R. */
  static Stream<int[]> routings() {
    return Stream.of(
        new int[] {4, 1, 1},
        new int[] {4, 1, 2},
        new int[] {5, 3, 1},
        new int[] {16, 4, 4},
        new int[] {2, 2, 2},
        new int[] {1, 1, 1});
  }

  static Stream<Arguments> packedRoutings() {
    return packings().flatMap(cu -> routings().map(n -> Arguments.of(cu, n)));
  }

  @ParameterizedTest
  @MethodSource("packedRoutings")
  void routeRows(int[] cu, int[] n) {
    int width = Math.max(n[1], n[2]);
    checkRouteRows(cu, n[0], width, new Selection(n[1], n[2], true, true, true));
    checkRouteRows(cu, n[0], width, new Selection(n[1], n[2], false, true, true));
    checkRouteRows(cu, n[0], width, new Selection(n[1], n[2], true, false, false));
    checkRouteRows(cu, n[0], n[0], new Selection(n[1], n[2], false, false, true));
    checkRouteRows(cu, n[0], n[0], new Selection(n[1], n[2], true, true, false));
  }

  private void checkRouteRows(int[] cu, int partitions, int width, Selection selection) {
    OperationBench bench = bench(cu);
    RoutedRows expected =
        new RoutedRows(bench, RoutedRows.gates(bench, partitions), partitions, width, selection);
    int all = bench.capacity * (1 + width);
    Region re =
        bench.input("e", bench.capacity * partitions, flat(bench.tokens * partitions), expected.e);
    IntView rTop = bench.intView(bench.capacity * width, expected.top);
    IntArray rCu = bench.ints(cu.length + 2, cu);
    Region weight = bench.outputArray("weight", 2 * all, bench.rows(2, width, 1));
    Rows rows =
        new Rows(
            bench.ints(all),
            bench.ints(all),
            weight.array,
            bench.ints(bench.capacity * width),
            bench.ints(2 * (cu.length + 1) * (partitions + 1)),
            partitions,
            width);
    bench.run(s -> operations().routeRows(s, "route", re.view, rTop, rCu, rows, selection));
    checkRows(bench, expected, rows, weight);
  }

  @ParameterizedTest
  @MethodSource("packings")
  void routeRowsWithoutSparsePartitions(int[] cu) {
    OperationBench bench = bench(cu);
    Selection selection = new Selection(0, 0, true, true, true);
    RoutedRows expected = new RoutedRows(bench, new double[0], 0, 0, selection);
    Region weight = bench.outputArray("weight", 2 * bench.capacity, bench.rows(2, 0, 1));
    Rows rows =
        new Rows(
            bench.ints(bench.capacity),
            bench.ints(bench.capacity),
            weight.array,
            bench.ints(1),
            bench.ints(2 * (cu.length + 1)),
            0,
            0);
    IntArray rCu = bench.ints(cu.length + 2, cu);
    bench.run(s -> operations().routeRows(s, "route", null, null, rCu, rows, selection));
    checkRows(bench, expected, rows, weight);
  }

  private static void checkRows(
      OperationBench bench, RoutedRows expected, Rows rows, Region weight) {
    int all = rows.token().getSize();
    int[] token = fill(all);
    int[] mode = fill(all);
    for (int r = 0; r < expected.count(); r++) {
      token[expected.place(r)] = expected.token[r];
      mode[expected.place(r)] = expected.mode[r];
    }
    assertThat(OperationBench.get(rows.token(), all)).as("token").isEqualTo(token);
    assertThat(OperationBench.get(rows.mode(), all)).as("mode").isEqualTo(mode);
    assertThat(weight.get()).as("weight").isEqualTo(expected.weights());
    assertThat(OperationBench.get(rows.tokenRow(), expected.tokenRow.length))
        .as("tokenRow")
        .isEqualTo(Arrays.stream(expected.tokenRow).map(expected::place).toArray());
    int[] segments = expected.segments();
    int[] actual = OperationBench.get(rows.segments(), segments.length);
    for (int i = 0; i < segments.length; i += 2) {
      assertThat(actual[i + 1] - actual[i])
          .as("length of segment %d", i / 2)
          .isEqualTo(segments[i + 1] - segments[i]);
      if (segments[i + 1] > segments[i]) {
        assertThat(actual[i]).as("begin of segment %d", i / 2).isEqualTo(segments[i]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 4, 1, 1", "3, 5, 1, 2", "64, 16, 4, 4", "100, 7, 3, 1"})
  void balance(int tokens, int partitions, int writers, int readers) {
    OperationBench bench = bench(0, tokens);
    RoutedRows routed = RoutedRows.random(bench, partitions, writers, readers);
    Region re = bench.input("e", bench.capacity * partitions, flat(tokens * partitions), routed.e);
    IntView rTop = bench.intView(bench.capacity * routed.width, routed.top);
    Region rLoad = bench.output("load", 2 * partitions, flat(2 * partitions));
    Region rAux = bench.output("aux", 3, flat(1));
    bench.run(
        s ->
            operations()
                .balance(
                    s,
                    "balance",
                    re.view,
                    rTop,
                    rLoad.view,
                    rAux.view,
                    partitions,
                    routed.width,
                    writers));
    double[] load = new double[2 * partitions];
    double aux = 0;
    for (int p = 0; p < partitions; p++) {
      for (int t = 0; t < tokens; t++) {
        for (int j = 0; j < writers; j++) {
          load[p] += routed.top[t * routed.width + j] == p ? 1.0 / tokens : 0;
        }
        load[partitions + p] += routed.e[t * partitions + p] / tokens;
      }
      aux += load[p] * load[partitions + p] * partitions / writers;
    }
    assertForward(rLoad, load);
    assertForward(rAux, new double[] {aux});
  }

  @ParameterizedTest
  @CsvSource({"1, 4, 1, 1, 3", "3, 5, 1, 2, 0.5", "64, 16, 4, 4, 0", "100, 7, 3, 1, 0.01"})
  void routerGradient(int tokens, int partitions, int writers, int readers, double balanceScale) {
    OperationBench bench = bench(0, tokens);
    int ld = partitions + 6;
    int column = 5;
    int width = Math.max(writers, readers);
    Variable logits = new Variable(bench.normal(tokens * partitions, 1));
    Tape tape = new Tape();
    Variable e = tape.softmax(logits, partitions, partitions);
    RoutedRows routed = new RoutedRows(bench, e.data(), partitions, writers, readers);
    double[] dTop = bench.normal(tokens * width, 1);
    double[] load = bench.random().doubles(2 * partitions).toArray();
    Region re = bench.input("e", bench.capacity * partitions, flat(tokens * partitions), e.data());
    IntView rTop = bench.intView(bench.capacity * width, routed.top);
    Region rdTop = bench.input("dTop", bench.capacity * width, flat(tokens * width), dTop);
    Region rLoad = bench.input("load", 2 * partitions, flat(2 * partitions), load);
    Region rScale = bench.inputArray("scale", 2, flat(2), new double[] {1000, balanceScale});
    Region rdLow = bench.output("dLow", bench.capacity * ld, bench.columns(ld, column, partitions));
    bench.run(
        s ->
            operations()
                .routerGradient(
                    s,
                    "router",
                    re.view,
                    rTop,
                    rdTop.view,
                    rLoad.view,
                    rScale.array,
                    rdLow.view,
                    ld,
                    column,
                    partitions,
                    width,
                    writers));
    for (int t = 0; t < tokens; t++) {
      for (int p = 0; p < partitions; p++) {
        e.grad()[t * partitions + p] =
            (float) balanceScale * load[p] * partitions / writers / tokens;
      }
      for (int j = 0; j < width; j++) {
        e.grad()[t * partitions + routed.top[t * width + j]] += dTop[t * width + j];
      }
    }
    tape.backward();
    assertGradient(rdLow, logits.grad());
  }
}
