package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.graph.View;
import io.github.tornadosse.kernels.Activation;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Activations and decay gates, and their gradients through the expanded rows. */
class MixerInputsTest {
  private static final int HEADS = 2;
  private static final int[] BOUNDS = {0, 2, 19};

  /** Channels that the softmax of a head keeps. */
  private static boolean[] kept(double[] x, int topk) {
    boolean[] kept = new boolean[x.length];
    IntStream.range(0, x.length)
        .boxed()
        .sorted(Comparator.comparingDouble(c -> -x[c]))
        .limit(topk)
        .forEach(c -> kept[c] = true);
    return kept;
  }

  private static double[] activate(double[] x, int kind, int topk) {
    if (kind == Activation.SILU) {
      return Arrays.stream(x).map(Arena::silu).toArray();
    }
    boolean[] kept = kept(x, topk);
    double[] y = new double[x.length];
    for (int c = 0; c < x.length; c++) {
      y[c] = kept[c] ? Math.exp(x[c]) : 0;
    }
    double sum = Arrays.stream(y).sum();
    return Arrays.stream(y).map(z -> z / sum).toArray();
  }

  /** f(base), f(base + delta) of every head and token; [sources, H, capacity, K]. */
  private static double[] activate(
      double[] base, double[] delta, int sources, int dim, int kind, int topk) {
    double[] out = new double[sources * base.length];
    for (int u = 0; u < out.length; u += dim) {
      double[] x = Arrays.copyOfRange(base, u % base.length, u % base.length + dim);
      for (int c = 0; c < dim && u >= base.length; c++) {
        x[c] += delta[u % base.length + c];
      }
      System.arraycopy(activate(x, kind, topk), 0, out, u, dim);
    }
    return out;
  }

  @ParameterizedTest
  @CsvSource({"0, 5, 5, 3", "1, 5, 5, 3", "1, 5, 2, 3", "1, 17, 1, 3", "1, 5, 2, 0", "0, 1, 1, 0"})
  void activations(int kind, int dim, int topk, int partitions) {
    Routed r = new Routed(BOUNDS, partitions, 1, Math.min(2, partitions));
    Arena a = r.arena;
    int width = r.rows.width();
    int sources = partitions == 0 ? 1 : 2;
    int size = HEADS * a.capacity * dim;
    double[] base = a.normal(size);
    double[] delta = a.normal(size);
    double[] dTop = a.normal(a.tokens * width);
    View vBase = a.view(base);
    View vDelta = width == 0 ? null : a.view(delta);
    View out = a.output(sources * size);
    View vTop = width == 0 ? null : a.view(dTop);
    View dBase = a.output(size);
    View dDelta = width == 0 ? null : a.output(size);
    FloatArray dRows = r.rowGradients(2 * HEADS, dim, Routing.READ);
    double[] rows = Arena.get(dRows);
    a.run(
        (ops, s) -> {
          ops.headActivation(s, "forward", vBase, vBase, vDelta, out, kind, topk, HEADS, dim);
          ops.headActivationGradient(
              s,
              "gradient",
              vBase,
              vBase,
              vDelta,
              dRows,
              1,
              r.rows,
              vTop,
              dBase,
              dDelta,
              kind,
              topk,
              HEADS,
              dim);
        });
    double[] expected = activate(base, delta, sources, dim, kind, topk);
    Arena.assertClose(
        r.tokens(a.get(out, sources * size), dim), r.tokens(expected, dim), Arena.FORWARD);

    double[] second = Arrays.copyOfRange(rows, rows.length / 2, rows.length);
    double[] weights = r.weights(1);
    double[] wantBase =
        Arena.differences(
            base,
            z -> loss(r, activate(z, delta, sources, dim, kind, topk), second, weights, size, dim));
    Arena.assertClose(r.tokens(a.get(dBase, size), dim), wantBase, Arena.GRADIENT);
    if (width > 0) {
      double[] wantDelta =
          Arena.differences(
              delta,
              z -> loss(r, activate(base, z, 2, dim, kind, topk), second, weights, size, dim));
      Arena.assertClose(r.tokens(a.get(dDelta, size), dim), wantDelta, Arena.GRADIENT);
      double[] wantWeights =
          Arena.differences(weights, z -> loss(r, expected, second, z, size, dim));
      for (int i = 0; i < dTop.length; i++) {
        dTop[i] += wantWeights[r.rows.tokenRow().get(i)];
      }
      Arena.assertClose(a.get(vTop, dTop.length), dTop, Arena.GRADIENT);
    }
  }

  /** Σ over the rows of ⟨row gradient, weight·activation⟩. */
  private static double loss(
      Routed r, double[] out, double[] rows, double[] weights, int size, int dim) {
    double sum = 0;
    for (int i = 0; i < rows.length; i++) {
      int row = i / dim % r.rowCount;
      if (r.used(row)) {
        int head = i / dim / r.rowCount;
        int source = row < r.arena.capacity ? 0 : size;
        int at = (head * r.arena.capacity + r.rows.token().get(row)) * dim + i % dim;
        sum += rows[i] * weights[row] * out[source + at];
      }
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"5, 5, 3", "5, 2, 3", "3, 3, 0", "4, 1, 0"})
  void decayGates(int dim, int topk, int partitions) {
    Routed r = new Routed(BOUNDS, partitions, 2, 1);
    Arena a = r.arena;
    int sources = partitions == 0 ? 1 : 2;
    int size = HEADS * a.capacity * dim;
    double[] raw = Arrays.stream(a.normal(sources * size)).map(x -> 6 * (float) x).toArray();
    double[] bias = a.normal(sources * HEADS * dim);
    double[] base = a.normal(size);
    double[] delta = a.normal(size);
    double[] before = a.normal(bias.length);
    int half = HEADS * dim;
    View vRaw = a.view(raw);
    View bias0 = a.view(Arrays.copyOf(bias, half));
    View bias1 = sources == 1 ? null : a.view(Arrays.copyOfRange(bias, half, 2 * half));
    View vBase = a.view(base);
    View vDelta = sources == 1 ? null : a.view(delta);
    View out = a.output(sources * size);
    View dRaw = a.output(sources * size);
    View dBias0 = a.view(Arrays.copyOf(before, half));
    View dBias1 = sources == 1 ? null : a.view(Arrays.copyOfRange(before, half, 2 * half));
    FloatArray dRows = r.rowGradients(HEADS, dim, Routing.WRITTEN);
    double[] rows = Arena.get(dRows);
    a.run(
        (ops, s) -> {
          ops.decayGate(
              s, "forward", vRaw, bias0, bias1, vBase, vBase, vDelta, out, topk, HEADS, dim);
          ops.decayGateGradient(
              s,
              "gradient",
              vRaw,
              bias0,
              bias1,
              vBase,
              vBase,
              vDelta,
              dRows,
              0,
              r.rows,
              dRaw,
              dBias0,
              dBias1,
              topk,
              HEADS,
              dim);
        });
    double[] keys = activate(base, delta, sources, dim, Activation.SOFTMAX, topk);
    double[] expected = gates(raw, bias, keys, a.capacity, dim);
    Arena.assertClose(
        r.tokens(a.get(out, sources * size), dim), r.tokens(expected, dim), Arena.FORWARD);
    double[] ones = new double[r.rowCount];
    Arrays.fill(ones, 1);
    double[] wantRaw =
        Arena.differences(
            raw, z -> loss(r, gates(z, bias, keys, a.capacity, dim), rows, ones, size, dim));
    Arena.assertClose(r.tokens(a.get(dRaw, raw.length), dim), wantRaw, Arena.GRADIENT);
    double[] wantBias =
        Arena.differences(
            bias, z -> loss(r, gates(raw, z, keys, a.capacity, dim), rows, ones, size, dim));
    for (int i = 0; i < bias.length; i++) {
      wantBias[i] += before[i];
    }
    Arena.assertClose(a.get(dBias0, half), Arrays.copyOf(wantBias, half), Arena.GRADIENT);
    if (sources == 2) {
      Arena.assertClose(
          a.get(dBias1, half), Arrays.copyOfRange(wantBias, half, 2 * half), Arena.GRADIENT);
    }
  }

  private static double[] gates(double[] raw, double[] bias, double[] keys, int capacity, int dim) {
    double[] g = new double[raw.length];
    for (int i = 0; i < g.length; i++) {
      double x = raw[i] + bias[i / dim / capacity * dim + i % dim];
      g[i] = keys[i] > 0 ? -Math.log1p(Math.exp(-x)) / 16 : 0;
    }
    return g;
  }

  @Test
  void valueActivations() {
    Routed r = new Routed(BOUNDS, 4, 2, 2);
    Arena a = r.arena;
    int dim = 3;
    int size = HEADS * a.capacity * dim;
    double[] raw = a.normal(size);
    View vRaw = a.view(raw);
    View out = a.output(size);
    View dRaw = a.output(size);
    FloatArray rows = r.rowGradients(HEADS, dim, Routing.WRITTEN);
    a.run(
        (ops, s) -> {
          ops.valueActivation(s, "forward", vRaw, out, HEADS, dim);
          ops.valueActivationGradient(s, "gradient", vRaw, rows, r.rows, dRaw, HEADS, dim);
        });
    double[] expected = Arrays.stream(raw).map(Arena::silu).toArray();
    Arena.assertClose(r.tokens(a.get(out, size), dim), r.tokens(expected, dim), Arena.FORWARD);
    double[] ones = new double[r.rowCount];
    Arrays.fill(ones, 1);
    double[] want =
        Arena.differences(
            raw,
            z -> {
              double[] v = Arrays.stream(z).map(Arena::silu).toArray();
              return loss(r, v, Arena.get(rows), ones, 0, dim);
            });
    Arena.assertClose(r.tokens(a.get(dRaw, size), dim), want, Arena.GRADIENT);
  }
}
