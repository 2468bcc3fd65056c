package io.github.tornadosse.kernels.portable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.tornadosse.graph.View;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class RoutingTest {
  private static final int[] BOUNDS = {0, 3, 3, 68, 133};

  @Property(tries = 60)
  void rowsAreASortOfTheSelections(
      @ForAll @Size(min = 1, max = 5) List<@IntRange(max = 70) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 6) int partitions,
      @ForAll @IntRange(min = 1, max = 6) int writersOf,
      @ForAll @IntRange(min = 1, max = 6) int readersOf) {
    int writers = Math.min(partitions, writersOf);
    int readers = Math.min(partitions, readersOf);
    int[] cu = new int[lengths.size() + 1];
    for (int s = 0; s < lengths.size(); s++) {
      cu[s + 1] = cu[s] + lengths.get(s);
    }
    Routed r = new Routed(cu, partitions, writers, readers);
    int tokens = r.arena.tokens;
    int width = Math.max(writers, readers);

    List<Integer> inOrder = new ArrayList<>();
    for (int s = 0; s < lengths.size(); s++) {
      int first = 2 * s * (partitions + 1);
      assertThat(r.rows.segments().get(first)).isEqualTo(cu[s]);
      assertThat(r.rows.segments().get(first + 1)).isEqualTo(cu[s + 1]);
      int next = r.arena.capacity + cu[s] * width;
      for (int p = 0; p < partitions; p++) {
        int begin = r.rows.segments().get(first + 2 * p + 2);
        int end = r.rows.segments().get(first + 2 * p + 3);
        assertThat(begin).as("segments tile the rows").isEqualTo(next);
        next = end;
        for (int row = begin; row < end; row++) {
          int t = r.rows.token().get(row);
          assertThat(t).isBetween(cu[s], cu[s + 1] - 1);
          assertThat(row == begin || r.rows.token().get(row - 1) < t).as("position").isTrue();
          int rank = rank(r, t, width, row);
          assertThat(r.arena.get(r.top, tokens * width)[t * width + rank]).isEqualTo(p);
          assertThat(r.rows.mode().get(row))
              .isEqualTo((rank < writers ? 1 : 0) + (rank < readers ? 2 : 0));
          double e = r.arena.get(r.e, tokens * partitions)[t * partitions + p];
          assertThat(r.weights(0)[row]).isEqualTo(e);
          assertThat(r.weights(1)[row]).isEqualTo(e);
          inOrder.add(row);
        }
      }
      assertThat(next).isEqualTo(r.arena.capacity + cu[s + 1] * width);
    }
    assertThat(inOrder).hasSize(tokens * width).doesNotHaveDuplicates();
    for (int t = 0; t < tokens; t++) {
      assertThat(r.rows.token().get(t)).isEqualTo(t);
      assertThat(r.rows.mode().get(t)).isEqualTo(3);
      assertThat(r.weights(0)[t]).isEqualTo(1);
      assertThat(r.weights(1)[t]).isEqualTo(1);
    }
  }

  private static int rank(Routed r, int t, int width, int row) {
    int rank = -1;
    for (int j = 0; j < width; j++) {
      rank = r.rows.tokenRow().get(t * width + j) == row ? j : rank;
    }
    assertThat(rank).as("token %d knows its row %d", t, row).isNotNegative();
    return rank;
  }

  private static double[] softmax(double[] eta, int partitions) {
    double[] e = new double[eta.length];
    for (int t = 0; t < eta.length; t += partitions) {
      double sum = 0;
      for (int i = t; i < t + partitions; i++) {
        sum += Math.exp(eta[i]);
      }
      for (int i = t; i < t + partitions; i++) {
        e[i] = Math.exp(eta[i]) / sum;
      }
    }
    return e;
  }

  @Test
  void routesToTheLargestGates() {
    int partitions = 5;
    Routed r = new Routed(BOUNDS, partitions, 3, 2);
    int tokens = r.arena.tokens;
    double[] e = softmax(r.eta, partitions);
    Arena.assertClose(r.arena.get(r.e, e.length), e, Arena.FORWARD);
    int[] top = r.arena.get(r.top, 3 * tokens);
    for (int t = 0; t < tokens; t++) {
      int at = t * partitions;
      int[] expected =
          IntStream.range(0, partitions)
              .boxed()
              .sorted(Comparator.comparingDouble(i -> -e[at + i]))
              .mapToInt(i -> i)
              .limit(3)
              .toArray();
      assertThat(Arrays.copyOfRange(top, 3 * t, 3 * t + 3)).isEqualTo(expected);
    }
  }

  @Test
  void prefersTheLowerIndexAmongEquals() {
    Arena a = new Arena(1, 1);
    View low = a.view(new double[] {9, 1, 2, 1, 2, 2});
    View e = a.output(5);
    var top = a.intOutput(4);
    a.run((ops, s) -> ops.router(s, "router", low, 6, 1, e, top, 5, 4));
    assertThat(a.get(top, 4)).containsExactly(1, 3, 4, 0);
  }

  @Test
  void staysInsideTheArraysWithoutNumbers() {
    Arena a = new Arena(1, 1);
    View low = a.view(new double[] {Double.NaN, Double.NaN});
    View e = a.output(2);
    var top = a.intOutput(2);
    a.run((ops, s) -> ops.router(s, "router", low, 2, 0, e, top, 2, 2));
    assertThat(Arrays.stream(a.get(top, 2))).allMatch(p -> p >= 0 && p < 2);
  }

  @Test
  void balancesAndDifferentiates() {
    int partitions = 5;
    int writers = 2;
    Routed r = new Routed(BOUNDS, partitions, writers, 3);
    Arena a = r.arena;
    int n = a.tokens * partitions;
    int width = 3;
    View load = a.output(2 * partitions);
    View aux = a.output(1);
    double[] dTop = a.normal(a.tokens * width);
    View vdTop = a.view(dTop);
    View dLow = a.output(a.tokens * 7);
    FloatArray scale = FloatArray.fromElements(Float.NaN, 3f);
    a.run(
        (ops, s) -> {
          ops.balance(s, "balance", r.e, r.top, load, aux, partitions, width, writers);
          ops.routerGradient(
              s,
              "gradient",
              r.e,
              r.top,
              vdTop,
              load,
              scale,
              dLow,
              7,
              1,
              partitions,
              width,
              writers);
        });

    int[] top = a.get(r.top, a.tokens * width);
    double[] share = new double[2 * partitions];
    for (int t = 0; t < a.tokens; t++) {
      for (int j = 0; j < writers; j++) {
        share[top[t * width + j]] += 1.0 / a.tokens;
      }
    }
    double[] e = softmax(r.eta, partitions);
    for (int i = 0; i < n; i++) {
      share[partitions + i % partitions] += e[i] / a.tokens;
    }
    Arena.assertClose(a.get(load, 2 * partitions), share, Arena.FORWARD);
    double expected = balance(e, share, partitions, writers);
    assertThat(a.get(aux, 1)[0]).isCloseTo(expected, within(1e-5 * expected));

    double[] gradient =
        Arena.differences(
            r.eta,
            z -> {
              double[] gates = softmax(z, partitions);
              double sum = 3 * balance(gates, share, partitions, writers);
              for (int i = 0; i < dTop.length; i++) {
                sum += dTop[i] * gates[i / width * partitions + top[i]];
              }
              return sum;
            });
    double[] all = a.get(dLow, a.tokens * 7);
    double[] actual =
        IntStream.range(0, n)
            .mapToDouble(i -> all[i / partitions * 7 + 1 + i % partitions])
            .toArray();
    Arena.assertClose(actual, gradient, Arena.GRADIENT);
    assertThat(all[0]).as("other columns").isNaN();
  }

  /** The balance loss with the share of tokens held fixed, as the gradient sees it. */
  private static double balance(double[] e, double[] share, int partitions, int writers) {
    double sum = 0;
    for (int i = 0; i < e.length; i++) {
      sum += share[i % partitions] * e[i];
    }
    return sum * partitions / writers / (e.length / partitions);
  }
}
