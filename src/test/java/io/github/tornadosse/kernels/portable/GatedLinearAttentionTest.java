package io.github.tornadosse.kernels.portable;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.View;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The chunkwise kernels against the recurrence, token by token in double precision. */
class GatedLinearAttentionTest {
  /** Inputs of one case; q, k, g [sources, H, capacity, K], v [H, capacity, V], states. */
  private static final class Case {
    final Routed routed;
    final HeadSizes sizes;
    final int sources;
    final double[] q;
    final double[] k;
    final double[] v;
    final double[] g;
    final double[] states; // [segments, H, K, V]
    final double[] dOut; // [H, capacity, V]
    FloatArray qArray;
    FloatArray kArray;
    FloatArray vArray;
    FloatArray gArray;
    FloatArray dOutArray;

    Case(int[] cu, int partitions, int writers, int readers, HeadSizes sizes, double decay) {
      routed = new Routed(cu, partitions, writers, readers);
      this.sizes = sizes;
      sources = partitions == 0 ? 1 : 2;
      Arena a = routed.arena;
      int keys = sources * sizes.heads() * a.capacity * sizes.key();
      int values = sizes.heads() * a.capacity * sizes.value();
      int segments = (cu.length - 1) * (partitions + 1);
      q = a.normal(keys);
      k = a.normal(keys);
      v = a.normal(values);
      g = new double[keys];
      for (int i = 0; i < keys; i++) {
        // Channels from no decay at all to the full one.
        double share = (i % sizes.key()) / Math.max(1.0, sizes.key() - 1);
        g[i] = (float) (-decay * share * Math.abs(a.normal(1)[0]));
      }
      states = a.normal(segments * sizes.heads() * sizes.key() * sizes.value());
      dOut = a.normal(values);
    }

    /** Makes the arrays that operations receive. */
    void fill() {
      qArray = Arena.array(q);
      kArray = Arena.array(k);
      vArray = Arena.array(v);
      gArray = Arena.array(g);
      dOutArray = Arena.array(dOut);
    }

    /** Result of the recurrence: rows' outputs [H, R, V], final states. */
    double[][] scan(
        double[] q, double[] k, double[] v, double[] g, double[] initial, boolean useState) {
      int capacity = routed.arena.capacity;
      int key = sizes.key();
      int value = sizes.value();
      double[] out = new double[sizes.heads() * routed.rowCount * value];
      double[] last = useState ? initial.clone() : new double[initial.length];
      int segments = routed.rows.segments().getSize() / 2;
      for (int i = 0; i < segments * sizes.heads(); i++) {
        int h = i % sizes.heads();
        int begin = routed.rows.segments().get(2 * (i / sizes.heads()));
        int end = routed.rows.segments().get(2 * (i / sizes.heads()) + 1);
        for (int row = begin; row < end; row++) {
          int t = routed.rows.token().get(row);
          int head = row < capacity ? h : sizes.heads() + h;
          int from = (head * capacity + t) * key;
          double readGate = routed.rows.weight().get(row);
          double writeGate = routed.rows.weight().get(routed.rowCount + row);
          for (int c = 0; c < key; c++) {
            for (int x = 0; x < value; x++) {
              int s = (i * key + c) * value + x;
              if (routed.written(row)) {
                last[s] *= Math.exp(g[from + c]);
                last[s] += writeGate * k[from + c] * v[(h * capacity + t) * value + x];
              }
              if (routed.read(row)) {
                out[(h * routed.rowCount + row) * value + x] +=
                    readGate * q[from + c] * last[s] / Math.sqrt(key);
              }
            }
          }
        }
      }
      return new double[][] {out, last};
    }

    /** ⟨out, dOut at the rows' tokens⟩ + ⟨final states, dStates⟩. */
    double loss(double[][] result, double[] dStates) {
      double sum = 0;
      for (int i = 0; i < result[0].length; i++) {
        int row = i / sizes.value() % routed.rowCount;
        if (routed.used(row)) {
          int h = i / sizes.value() / routed.rowCount;
          int t = routed.rows.token().get(row);
          int at = (h * routed.arena.capacity + t) * sizes.value() + i % sizes.value();
          sum += result[0][i] * dOut[at];
        }
      }
      return dStates == null ? sum : sum + Arena.dot(result[1], dStates);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, 0, 0, 4, 4, 0, false",
    "2, 0, 0, 0, 3, 5, 1, true",
    "63, 3, 1, 1, 17, 2, 0.1, false",
    "64, 4, 2, 2, 5, 9, 5, true",
    "65, 2, 1, 2, 16, 16, 0.5, true",
    "100, 3, 2, 1, 7, 6, 40, true",
    "200, 0, 0, 0, 8, 8, 100000, false",
  })
  void agreesWithTheRecurrence(
      int tokens,
      int partitions,
      int writers,
      int readers,
      int key,
      int value,
      double decay,
      boolean useState) {
    int[] cu = {0, tokens / 3, tokens / 3, tokens};
    Case c = new Case(cu, partitions, writers, readers, new HeadSizes(2, key, value), decay);
    Arena a = c.routed.arena;
    if (useState) {
      a.useState();
    }
    View state = a.view(c.states);
    FloatArray out = Arena.nan(2 * c.routed.rowCount * value);
    c.fill();
    a.run(
        (ops, s) ->
            ops.gla(
                s,
                "gla",
                c.qArray,
                c.kArray,
                c.vArray,
                c.gArray,
                c.routed.rows,
                state,
                out,
                c.sizes));
    double[][] expected = c.scan(c.q, c.k, c.v, c.g, c.states, useState);
    double[] actual = Arena.get(out);
    Arena.assertClose(c.routed.rows(actual, value), expected[0], Arena.FORWARD);
    Arena.assertClose(
        a.get(state, c.states.length), useState ? expected[1] : c.states, Arena.FORWARD);
    for (int i = 0; i < actual.length; i++) {
      if (!c.routed.used(i / value % c.routed.rowCount)) {
        assertThat(actual[i]).isNaN();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, 0, 0, 2, 2, 0, true",
    "63, 2, 1, 1, 3, 2, 0.1, false",
    "70, 2, 1, 2, 2, 5, 0.5, true",
    "66, 3, 2, 1, 5, 1, 20, true",
    "140, 0, 0, 0, 3, 2, 3, true",
  })
  void differentiates(
      int tokens,
      int partitions,
      int writers,
      int readers,
      int key,
      int value,
      double decay,
      boolean useState) {
    int[] cu = {0, tokens / 10, tokens / 10, tokens};
    Case c = new Case(cu, partitions, writers, readers, new HeadSizes(2, key, value), decay);
    Routed r = c.routed;
    Arena a = r.arena;
    if (useState) {
      a.useState();
    }
    double[] dStates = a.normal(c.states.length);
    View state = a.view(c.states);
    View dState = a.view(dStates);
    FloatArray dRows = Arena.nan(3 * 2 * r.rowCount * key);
    FloatArray dvRows = Arena.nan(2 * r.rowCount * value);
    c.fill();
    a.run(
        (ops, s) ->
            ops.glaGradient(
                s,
                "gla",
                c.qArray,
                c.kArray,
                c.vArray,
                c.gArray,
                r.rows,
                state,
                c.dOutArray,
                dState,
                dRows,
                dvRows,
                c.sizes));
    double[] dLast = useState ? dStates : null;
    double[] all = r.rows(Arena.get(dRows), key);
    int part = all.length / 3;
    Arena.assertClose(
        toTokens(c, Arrays.copyOf(all, part), key, r.weights(0), c.q.length),
        Arena.differences(c.q, z -> c.loss(c.scan(z, c.k, c.v, c.g, c.states, useState), dLast)),
        Arena.GRADIENT);
    Arena.assertClose(
        toTokens(c, Arrays.copyOfRange(all, part, 2 * part), key, r.weights(1), c.k.length),
        Arena.differences(c.k, z -> c.loss(c.scan(c.q, z, c.v, c.g, c.states, useState), dLast)),
        Arena.GRADIENT);
    double[] ones = new double[r.rowCount];
    Arrays.fill(ones, 1);
    Arena.assertClose(
        toTokens(c, Arrays.copyOfRange(all, 2 * part, 3 * part), key, ones, c.g.length),
        Arena.differences(c.g, z -> c.loss(c.scan(c.q, c.k, c.v, z, c.states, useState), dLast)),
        Arena.GRADIENT);
    double[] dv = toTokens(c, r.rows(Arena.get(dvRows), value), value, ones, 2 * c.v.length);
    for (int i = 0; i < c.v.length; i++) {
      dv[i] += dv[c.v.length + i];
    }
    Arena.assertClose(
        Arrays.copyOf(dv, c.v.length),
        Arena.differences(c.v, z -> c.loss(c.scan(c.q, c.k, z, c.g, c.states, useState), dLast)),
        Arena.GRADIENT);
    double[] first =
        useState
            ? Arena.differences(c.states, z -> c.loss(c.scan(c.q, c.k, c.v, c.g, z, true), dLast))
            : dStates;
    Arena.assertClose(a.get(dState, dStates.length), first, Arena.GRADIENT);
    assertThat(a.get(state, c.states.length)).isEqualTo(c.states);
    assertZeroWithoutPart(r, all, part, key);
  }

  private static void assertZeroWithoutPart(Routed r, double[] all, int part, int key) {
    for (int i = 0; i < part; i++) {
      int row = i / key % r.rowCount;
      if (!r.read(row)) {
        assertThat(all[i]).isZero();
      }
      if (!r.written(row)) {
        assertThat(all[part + i]).isZero();
        assertThat(all[2 * part + i]).isZero();
      }
    }
  }

  /** Sums of (weighted) rows [H, R, dim] by source and token: [sources, H, capacity, dim]. */
  private static double[] toTokens(Case c, double[] rows, int dim, double[] weights, int size) {
    double[] sum = new double[size];
    for (int i = 0; i < rows.length; i++) {
      int row = i / dim % c.routed.rowCount;
      if (c.routed.used(row)) {
        int capacity = c.routed.arena.capacity;
        int h = i / dim / c.routed.rowCount;
        int head = row < capacity ? h : c.sizes.heads() + h;
        int at = (head * capacity + c.routed.rows.token().get(row)) * dim + i % dim;
        sum[at] += weights[row] * rows[i];
      }
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-30, 88, 1e4, 1e38})
  void anyGateGivesFiniteResults(double strength) {
    HeadSizes sizes = new HeadSizes(1, 4, 3);
    Case c = new Case(new int[] {0, 130}, 2, 1, 1, sizes, 1);
    Arrays.setAll(c.g, i -> i % 3 == 0 ? -(float) strength : 0);
    Arena a = c.routed.arena;
    View state = a.view(c.states);
    FloatArray out = Arena.nan(c.routed.rowCount * 3);
    FloatArray dRows = Arena.nan(3 * c.routed.rowCount * 4);
    FloatArray dvRows = Arena.nan(c.routed.rowCount * 3);
    c.fill();
    a.run(
        (ops, s) -> {
          ops.gla(
              s, "gla", c.qArray, c.kArray, c.vArray, c.gArray, c.routed.rows, state, out, sizes);
          ops.glaGradient(
              s,
              "gradient",
              c.qArray,
              c.kArray,
              c.vArray,
              c.gArray,
              c.routed.rows,
              state,
              c.dOutArray,
              state,
              dRows,
              dvRows,
              sizes);
        });
    double[][] expected = c.scan(c.q, c.k, c.v, c.g, c.states, false);
    Arena.assertClose(c.routed.rows(Arena.get(out), 3), expected[0], Arena.FORWARD);
    for (double[] gradient :
        List.of(c.routed.rows(Arena.get(dRows), 4), c.routed.rows(Arena.get(dvRows), 3))) {
      assertThat(gradient).doesNotContain(Double.NaN).isNotEmpty();
      assertThat(Arrays.stream(gradient).map(Math::abs).max().getAsDouble()).isLessThan(1e6);
    }
  }
}
