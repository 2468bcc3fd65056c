package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertForward;
import static io.github.tornadosse.graph.OperationBench.assertGradient;
import static io.github.tornadosse.graph.OperationBench.flat;

import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The vector tier shares its work out in blocks of tokens; at sizes of several blocks it agrees
 * with the portable tier, and with itself for any number of threads.
 */
class VectorBlocksTest {
  private static final int TOKENS = 601;
  private static final int CAPACITY = 605;

  /** Runs an operation of a tier and returns what it wrote. */
  private interface Case {
    List<Region> run(OperationBench bench, Operations tier);
  }

  private static void agree(boolean gradient, Case c) {
    OperationBench bench = new OperationBench(CAPACITY, 0, 200, TOKENS);
    List<Region> actual = c.run(bench, new VectorOperations());
    bench = new OperationBench(CAPACITY, 0, 200, TOKENS);
    List<Region> expected = c.run(bench, new PortableOperations());
    for (int i = 0; i < actual.size(); i++) {
      if (gradient) {
        assertGradient(actual.get(i), expected.get(i).get());
      } else {
        assertForward(actual.get(i), expected.get(i).get());
      }
    }
  }

  private static Region rows(OperationBench b, String name, int size) {
    return b.input(name, CAPACITY * size, flat(TOKENS * size), b.normal(TOKENS * size, 1));
  }

  private static Region rowsUpdated(OperationBench b, String name, int size) {
    return b.update(name, CAPACITY * size, flat(TOKENS * size), b.normal(TOKENS * size, 1));
  }

  private static Region rowsWritten(OperationBench b, String name, int size) {
    return b.output(name, CAPACITY * size, flat(TOKENS * size));
  }

  private static Region vector(OperationBench b, String name, int n) {
    return b.input(name, n, flat(n), b.normal(n, 1));
  }

  private static Region vectorUpdated(OperationBench b, String name, int n) {
    return b.update(name, n, flat(n), b.normal(n, 1));
  }

  private static Region heads(OperationBench b, String name, int blocks, int dim) {
    int[] places = b.heads(blocks, dim);
    return b.input(name, blocks * CAPACITY * dim, places, b.normal(places.length, 1));
  }

  private static Region headsWritten(OperationBench b, String name, int blocks, int dim) {
    return b.output(name, blocks * CAPACITY * dim, b.heads(blocks, dim));
  }

  @Test
  void norms() {
    int size = 257;
    agree(
        true,
        (b, tier) -> {
          Region x = rows(b, "x", size);
          Region w = vector(b, "w", size);
          Region y = rowsWritten(b, "y", size);
          Region rstd = b.output("rstd", CAPACITY, flat(TOKENS));
          Region dy = rows(b, "dy", size);
          Region dx = rowsUpdated(b, "dx", size);
          Region dw = vectorUpdated(b, "dw", size);
          b.run(
              s -> {
                tier.rmsNorm(s, "norm", x.view, w.view, y.view, rstd.view, size, 1e-5f);
                tier.rmsNormGradient(
                    s, "back", x.view, w.view, rstd.view, dy.view, dx.view, dw.view, size);
              });
          return List.of(y, rstd, dx, dw);
        });
  }

  @Test
  void gatedMlp() {
    int size = 100;
    agree(
        true,
        (b, tier) -> {
          Region gateUp = rows(b, "gateUp", 2 * size);
          Region y = rowsWritten(b, "y", size);
          Region dy = rows(b, "dy", size);
          Region d = rowsWritten(b, "dGateUp", 2 * size);
          b.run(
              s -> {
                tier.swiglu(s, "mlp", gateUp.view, y.view, size);
                tier.swigluGradient(s, "back", gateUp.view, dy.view, d.view, size);
              });
          return List.of(y, d);
        });
  }

  @Test
  void embeddingAndLoss() {
    int vocabulary = 150;
    int size = 140;
    agree(
        true,
        (b, tier) -> {
          int[] ids = b.random().ints(TOKENS, 0, vocabulary).toArray();
          int[] targets = b.random().ints(TOKENS, -1, vocabulary).toArray();
          int[] order =
              IntStream.range(0, TOKENS)
                  .boxed()
                  .sorted((i, j) -> ids[i] == ids[j] ? i - j : ids[i] - ids[j])
                  .mapToInt(i -> i)
                  .toArray();
          int[] starts = new int[vocabulary + 1];
          for (int id : ids) starts[id + 1]++;
          Arrays.parallelPrefix(starts, Integer::sum);
          IntArray idArray = b.ints(CAPACITY, ids);
          IntArray targetArray = b.ints(CAPACITY, targets);
          IntArray orderArray = b.ints(CAPACITY, order);
          IntArray startArray = b.ints(vocabulary + 1, starts);
          Region w = vector(b, "w", vocabulary * size);
          Region x = rowsWritten(b, "x", size);
          Region dx = rows(b, "dx", size);
          Region dw = vectorUpdated(b, "dw", vocabulary * size);
          Region logits = rowsUpdated(b, "logits", vocabulary);
          Region loss = b.output("loss", CAPACITY, flat(TOKENS));
          Region value = b.output("value", CAPACITY, flat(TOKENS));
          Region scale = b.inputArray("scale", 2, flat(2), new double[] {0.25, 1});
          b.run(
              s -> {
                tier.embedding(s, "look_up", idArray, w.view, x.view, size);
                tier.embeddingGradient(
                    s, "back", orderArray, startArray, dx.view, dw.view, vocabulary, size);
                tier.crossEntropy(
                    s, "value", logits.view, targetArray, value.view, null, vocabulary);
                tier.crossEntropy(
                    s, "loss", logits.view, targetArray, loss.view, scale.array, vocabulary);
              });
          return List.of(x, dw, value, loss, logits);
        });
  }

  @ParameterizedTest
  @CsvSource({
    "48, 48, 1, 0, false, true",
    "48, 9, 2, 1, false, true",
    "64, 64, 2, 1, false, false",
    "33, 5, 1, 1, true, true",
    "48, 48, 2, 0, true, false"
  })
  void activationsAndGates(
      int dim, int rowTopk, int width, int kind, boolean apart, boolean gated) {
    int heads = 3;
    int topk = kind == Activation.SILU ? dim : rowTopk;
    agree(
        true,
        (b, tier) -> {
          RoutedRows routed = RoutedRows.random(b, 4, width, width);
          Rows rows = routed.arrays(b);
          int all = CAPACITY * (1 + width) * dim;
          double[] values = routed.gradients(b, 3 * heads, dim, 3);
          Region dRows =
              b.inputArray("dRows", 3 * heads * all, b.rows(3 * heads, width, dim), values);
          Region base = heads(b, "base", heads, dim);
          Region delta = heads(b, "delta", heads, dim);
          Region first = apart ? heads(b, "first", heads, dim) : base;
          Region raw = heads(b, "raw", 2 * heads, dim);
          Region bias0 = vector(b, "bias0", heads * dim);
          Region bias1 = vector(b, "bias1", heads * dim);
          List<Region> out = new ArrayList<>();
          out.add(headsWritten(b, "activated", 2 * heads, dim));
          out.add(headsWritten(b, "gate", 2 * heads, dim));
          out.add(headsWritten(b, "value", heads, dim));
          out.add(headsWritten(b, "dFirst", heads, dim));
          out.add(headsWritten(b, "dDelta", heads, dim));
          out.add(rowsUpdated(b, "dTop", width)); // stays as it is without gates
          out.add(headsWritten(b, "dRaw", 2 * heads, dim));
          out.add(vectorUpdated(b, "dBias0", heads * dim));
          out.add(vectorUpdated(b, "dBias1", heads * dim));
          out.add(headsWritten(b, "dValue", heads, dim));
          View[] o = out.stream().map(r -> r.view).toArray(View[]::new);
          FloatArray d = dRows.array;
          b.run(
              s -> {
                tier.headActivation(
                    s, "activate", first.view, base.view, delta.view, o[0], kind, topk, heads, dim);
                tier.decayGate(
                    s,
                    "gate",
                    raw.view,
                    bias0.view,
                    bias1.view,
                    first.view,
                    base.view,
                    delta.view,
                    o[1],
                    topk,
                    heads,
                    dim);
                tier.valueActivation(s, "value", base.view, o[2], heads, dim);
                tier.headActivationGradient(
                    s,
                    "activate_back",
                    first.view,
                    base.view,
                    delta.view,
                    d,
                    1,
                    rows,
                    gated ? o[5] : null,
                    o[3],
                    o[4],
                    kind,
                    topk,
                    heads,
                    dim);
                tier.decayGateGradient(
                    s,
                    "gate_back",
                    raw.view,
                    bias0.view,
                    bias1.view,
                    first.view,
                    base.view,
                    delta.view,
                    d,
                    2,
                    rows,
                    o[6],
                    o[7],
                    o[8],
                    topk,
                    heads,
                    dim);
                tier.valueActivationGradient(s, "value_back", base.view, d, rows, o[9], heads, dim);
              });
          return out;
        });
  }

  @Test
  void routing() {
    int partitions = 5;
    int width = 2;
    int ld = 17;
    int column = 3;
    agree(
        true,
        (b, tier) -> {
          int[] places = b.columns(ld, column, partitions);
          Region low = b.input("low", CAPACITY * ld, places, b.normal(places.length, 1));
          Region e = rowsWritten(b, "e", partitions);
          IntView top = b.intView(CAPACITY * width);
          Region load = b.output("load", 2 * partitions, flat(2 * partitions));
          Region aux = b.output("aux", 1, flat(1));
          Region dTop = rows(b, "dTop", width);
          Region scale = b.inputArray("scale", 2, flat(2), new double[] {1, 300});
          Region dLow = b.output("dLow", CAPACITY * ld, places);
          b.run(
              s -> {
                tier.router(s, "route", low.view, ld, column, e.view, top, partitions, width);
                tier.balance(
                    s, "balance", e.view, top, load.view, aux.view, partitions, width, width);
                tier.routerGradient(
                    s,
                    "back",
                    e.view,
                    top,
                    dTop.view,
                    load.view,
                    scale.array,
                    dLow.view,
                    ld,
                    column,
                    partitions,
                    width,
                    width);
              });
          return List.of(e, load, aux, dLow);
        });
  }

  @ParameterizedTest
  @CsvSource({"1,48,48", "2,64,16", "3,34,17"})
  void mixerOutput(int width, int value, int valueDim) {
    int heads = 3;
    HeadSizes sizes = new HeadSizes(heads, 16, value);
    agree(
        true,
        (b, tier) -> {
          RoutedRows routed = RoutedRows.random(b, 4, width, width);
          Rows rows = routed.arrays(b);
          int[] places = b.rows(heads, width, value);
          int all = heads * CAPACITY * (1 + width) * value;
          Region out = b.inputArray("out", all, places, b.normal(places.length, 1));
          Region gate = rows(b, "gate", heads * value);
          Region w = vector(b, "w", valueDim);
          Region o = headsWritten(b, "o", heads, value);
          Region y = rowsWritten(b, "y", heads * value);
          Region dy = rows(b, "dy", heads * value);
          Region dO = b.outputArray("dO", heads * CAPACITY * value, b.heads(heads, value));
          Region dGate = rowsWritten(b, "dGate", heads * value);
          Region dw = vectorUpdated(b, "dw", valueDim);
          b.run(
              s -> {
                tier.mixerOutput(
                    s, "output", out.array, rows, gate.view, w.view, o.view, y.view, sizes,
                    valueDim, 1e-5f);
                tier.mixerOutputGradient(
                    s,
                    "back",
                    dy.view,
                    o.view,
                    gate.view,
                    w.view,
                    dO.array,
                    dGate.view,
                    dw.view,
                    sizes,
                    valueDim,
                    1e-5f);
              });
          return List.of(o, y, dO, dGate, dw);
        });
  }

  @Test
  void optimiser() {
    int n = 50_001;
    int decayed = 20_003;
    agree(
        false,
        (b, tier) -> {
          double[] second = b.normal(n, 1);
          for (int i = 0; i < n; i++) second[i] *= second[i];
          Region w = b.updateArray("w", n, flat(n), b.normal(n, 1));
          Region g = b.inputArray("g", n, flat(n), b.normal(n, 1));
          Region m = b.updateArray("m", n, flat(n), b.normal(n, 1));
          Region v = b.updateArray("v", n, flat(n), second);
          Region hyper =
              b.inputArray("hyper", 5, flat(5), new double[] {0.01, 0.5, 0.25, 0.75, 0.125});
          Region partial = b.outputArray("partial", 13, flat(13));
          Region zeros = b.updateArray("zeros", n + 9, flat(n), b.normal(n, 1));
          b.run(
              s -> {
                tier.squaredNorm(s, "norm", g.array, n, partial.array);
                tier.adamw(
                    s,
                    "step",
                    w.array,
                    g.array,
                    m.array,
                    v.array,
                    hyper.array,
                    n,
                    decayed,
                    0.9f,
                    0.95f,
                    1e-8f);
                tier.zero(s, "zero", zeros.array, n);
              });
          return List.of(w, m, v, partial, zeros);
        });
  }
}
