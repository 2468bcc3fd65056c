package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertForward;
import static io.github.tornadosse.graph.OperationBench.assertGradient;
import static io.github.tornadosse.graph.OperationBench.flat;

import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.Operations.Selection;
import io.github.tornadosse.kernels.Activation;
import io.github.tornadosse.kernels.reference.Scalars;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Queries, keys, values and decay gates, and their gradients from the expanded rows. */
abstract class MixerInputsContract extends OperationsContract {
  /** L, H, K, row_topk, N, W, R. */
  static Stream<Arguments> inputs() {
    return Stream.of(
        Arguments.of(1, 1, 16, 16, 4, 1, 1),
        Arguments.of(2, 2, 17, 5, 4, 1, 2),
        Arguments.of(17, 3, 48, 48, 0, 0, 0),
        Arguments.of(63, 2, 16, 4, 0, 0, 0),
        Arguments.of(64, 2, 64, 64, 8, 2, 2),
        Arguments.of(65, 1, 17, 1, 3, 3, 3),
        Arguments.of(100, 2, 48, 20, 16, 4, 2));
  }

  /** What turns logits into queries or keys. */
  private static Variable activate(Tape tape, Variable logits, int kind, int dim, int rowTopk) {
    return kind == Activation.SOFTMAX ? tape.softmax(logits, dim, rowTopk) : tape.silu(logits);
  }

  /** The logits of both sources: first, and base + delta; first is base or apart from it. */
  private static final class Logits {
    final boolean sparse;
    final Variable first;
    final Variable base;
    final Variable delta;
    final Region rFirst;
    final Region rBase;
    final Region rDelta;

    Logits(OperationBench bench, int heads, int dim, boolean sparse, boolean apart) {
      int[] places = bench.heads(heads, dim);
      int all = heads * bench.capacity * dim;
      this.sparse = sparse;
      base = new Variable(logits(bench, places.length));
      delta = new Variable(logits(bench, places.length));
      first = apart ? new Variable(logits(bench, places.length)) : base;
      rFirst = bench.input("first", all, places, first.data());
      if (!apart) {
        rBase = rFirst;
      } else if (sparse) {
        rBase = bench.input("base", all, places, base.data());
      } else {
        rBase = bench.output("base", all, new int[0]); // NaN: not to be read
      }
      rDelta = sparse ? bench.input("delta", all, places, delta.data()) : null;
    }

    /** The logits [sources, H, L, K] as a float tier has them. */
    double[] values() {
      return sparse ? concat(first.data(), floatSum(base.data(), delta.data())) : first.data();
    }
  }

  @ParameterizedTest
  @MethodSource("inputs")
  void headActivation(
      int tokens, int heads, int dim, int rowTopk, int partitions, int writers, int readers) {
    for (boolean apart : new boolean[] {false, true}) {
      for (int kind : new int[] {Activation.SILU, Activation.SOFTMAX}) {
        int topk = kind == Activation.SILU ? dim : rowTopk;
        OperationBench bench = bench(0, tokens);
        Logits x = new Logits(bench, heads, dim, partitions > 0, apart);
        int blocks = (x.sparse ? 2 : 1) * heads;
        Region rOut = bench.output("out", blocks * bench.capacity * dim, bench.heads(blocks, dim));
        bench.run(
            s ->
                operations()
                    .headActivation(
                        s,
                        "activation",
                        x.rFirst.view,
                        x.rBase.view,
                        view(x.rDelta),
                        rOut.view,
                        kind,
                        topk,
                        heads,
                        dim));
        Variable logits = new Variable(x.values());
        assertForward(rOut, activate(new Tape(), logits, kind, dim, topk).data());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("inputs")
  void headActivationGradient(
      int tokens, int heads, int dim, int rowTopk, int partitions, int writers, int readers) {
    for (boolean apart : new boolean[] {false, true}) {
      for (boolean gated : new boolean[] {false, true}) {
        for (int kind : new int[] {Activation.SILU, Activation.SOFTMAX}) {
          OperationBench bench = bench(0, tokens);
          int part = kind == Activation.SILU ? 0 : 1;
          // Only the weights of this part are gates, so that those of the other would show.
          RoutedRows routed =
              new RoutedRows(
                  bench,
                  RoutedRows.gates(bench, partitions),
                  partitions,
                  Math.max(writers, readers),
                  new Selection(writers, readers, part == 1, part == 0, true));
          Logits x = new Logits(bench, heads, dim, partitions > 0, apart);
          int topk = kind == Activation.SILU ? dim : rowTopk;
          checkHeadActivationGradient(bench, routed, x, part, gated, kind, topk, heads, dim);
        }
      }
    }
  }

  private void checkHeadActivationGradient(
      OperationBench bench,
      RoutedRows routed,
      Logits x,
      int part,
      boolean gated,
      int kind,
      int topk,
      int heads,
      int dim) {
    int tokens = bench.tokens;
    int width = routed.width;
    Rows rows = routed.arrays(bench);
    int[] places = bench.heads(heads, dim);
    int all = heads * bench.capacity * dim;
    double[] dRows =
        concat(routed.gradients(bench, heads, dim, 2), routed.gradients(bench, heads, dim, 1));
    double[] dTopBefore = bench.normal(tokens * width, 1);
    Region rRows =
        bench.inputArray("dRows", 2 * all * (1 + width), bench.rows(2 * heads, width, dim), dRows);
    Region rTop =
        x.sparse && gated
            ? bench.update("dTop", bench.capacity * width, flat(tokens * width), dTopBefore)
            : null;
    Region rdFirst = bench.output("dFirst", all, places);
    Region rdDelta = x.sparse ? bench.output("dDelta", all, places) : null;
    bench.run(
        s ->
            operations()
                .headActivationGradient(
                    s,
                    "gradient",
                    x.rFirst.view,
                    x.rBase.view,
                    view(x.rDelta),
                    rRows.array,
                    part,
                    rows,
                    view(rTop),
                    rdFirst.view,
                    view(rdDelta),
                    kind,
                    topk,
                    heads,
                    dim));

    int count = routed.count();
    double[] mine =
        Arrays.copyOfRange(dRows, part * heads * count * dim, (part + 1) * heads * count * dim);
    Tape tape = new Tape();
    Variable first = activate(tape, x.first, kind, dim, topk);
    Variable second =
        x.sparse ? activate(tape, floatAdd(tape, x.base, x.delta), kind, dim, topk) : null;
    double[] dTop = dTopBefore.clone();
    for (int h = 0; h < heads; h++) {
      for (int r = 0; r < count; r++) {
        Variable target = routed.source(r) == 0 ? first : second;
        double dWeight = 0;
        for (int c = 0; c < dim; c++) {
          int at = (h * tokens + routed.token[r]) * dim + c;
          double d = mine[(h * count + r) * dim + c];
          target.grad()[at] += (gated ? routed.weight[part][r] : 1) * d;
          dWeight += d * target.data()[at];
        }
        for (int j = 0; routed.source(r) == 1 && j < width; j++) {
          int rank = routed.token[r] * width + j;
          dTop[rank] += routed.tokenRow[rank] == r ? dWeight : 0;
        }
      }
    }
    tape.backward();
    assertGradient(rdFirst, x.first.grad());
    if (x.sparse) {
      assertGradient(rdDelta, x.delta.grad());
      if (gated) {
        assertGradient(rTop, dTop);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("inputs")
  void decayGate(
      int tokens, int heads, int dim, int rowTopk, int partitions, int writers, int readers) {
    for (boolean apart : new boolean[] {false, true}) {
      OperationBench bench = bench(0, tokens);
      RoutedRows routed = RoutedRows.random(bench, partitions, writers, readers);
      Logits keys = new Logits(bench, heads, dim, partitions > 0, apart);
      checkDecayGate(bench, routed, keys, rowTopk, heads, dim);
    }
  }

  private void checkDecayGate(
      OperationBench bench, RoutedRows routed, Logits keys, int rowTopk, int heads, int dim) {
    int tokens = bench.tokens;
    boolean sparse = keys.sparse;
    Rows rows = routed.arrays(bench);
    int width = routed.width;
    int sources = sparse ? 2 : 1;
    int[] places = bench.heads(heads, dim);
    int all = heads * bench.capacity * dim;
    Variable raw = new Variable(bench.normal(sources * places.length, 3));
    raw.data()[0] = -200;
    raw.data()[1] = 200;
    Variable bias = new Variable(bench.normal(sources * heads * dim, 1));
    double[] dRows = routed.gradients(bench, 3 * heads, dim, 1);
    double[] before = bench.normal(bias.size(), 1);
    int biasSize = heads * dim;

    Region rRaw = bench.input("raw", sources * all, bench.heads(sources * heads, dim), raw.data());
    Region rBias0 = bench.input("bias0", biasSize, flat(biasSize), half(bias.data(), 0, biasSize));
    Region rBias1 =
        sparse
            ? bench.input("bias1", biasSize, flat(biasSize), half(bias.data(), 1, biasSize))
            : null;
    Region rOut = bench.output("g", sources * all, bench.heads(sources * heads, dim));
    Region rRows =
        bench.inputArray("dRows", 3 * all * (1 + width), bench.rows(3 * heads, width, dim), dRows);
    Region rdRaw = bench.output("dRaw", sources * all, bench.heads(sources * heads, dim));
    Region rdBias0 = bench.update("dBias0", biasSize, flat(biasSize), half(before, 0, biasSize));
    Region rdBias1 =
        sparse ? bench.update("dBias1", biasSize, flat(biasSize), half(before, 1, biasSize)) : null;
    bench.run(
        s -> {
          operations()
              .decayGate(
                  s,
                  "gate",
                  rRaw.view,
                  rBias0.view,
                  view(rBias1),
                  keys.rFirst.view,
                  keys.rBase.view,
                  view(keys.rDelta),
                  rOut.view,
                  rowTopk,
                  heads,
                  dim);
          operations()
              .decayGateGradient(
                  s,
                  "gradient",
                  rRaw.view,
                  rBias0.view,
                  view(rBias1),
                  keys.rFirst.view,
                  keys.rBase.view,
                  view(keys.rDelta),
                  rRows.array,
                  2,
                  rows,
                  rdRaw.view,
                  rdBias0.view,
                  view(rdBias1),
                  rowTopk,
                  heads,
                  dim);
        });

    Tape tape = new Tape();
    double[] chosen = new double[raw.size()];
    double[] logits = keys.values();
    for (int row = 0; row < logits.length; row += dim) {
      for (int c : Scalars.ranked(logits, row, dim, rowTopk)) {
        chosen[row + c] = 1;
      }
    }
    Variable g =
        tape.multiplyConstant(
            tape.logSigmoid(tape.add(raw, spread(tape, bias, tokens, dim)), 1.0 / 16), chosen);
    int count = routed.count();
    for (int h = 0; h < heads; h++) {
      for (int r = 0; r < count; r++) {
        for (int c = 0; c < dim; c++) {
          int at = ((routed.source(r) * heads + h) * tokens + routed.token[r]) * dim + c;
          g.grad()[at] += dRows[((2 * heads + h) * count + r) * dim + c];
        }
      }
    }
    tape.backward();
    assertForward(rOut, g.data());
    assertGradient(rdRaw, raw.grad());
    double[] dBias = sum(before, bias.grad());
    assertGradient(rdBias0, half(dBias, 0, biasSize));
    if (sparse) {
      assertGradient(rdBias1, half(dBias, 1, biasSize));
    }
  }

  /** [.., dim] repeated for every token: [.., L, dim]. */
  private static Variable spread(Tape tape, Variable x, int tokens, int dim) {
    int[] index = IntStream.range(0, x.size() / dim * tokens).map(i -> i / tokens).toArray();
    return tape.rows(x, dim, index);
  }

  @ParameterizedTest
  @MethodSource("inputs")
  void valueActivation(
      int tokens, int heads, int dim, int rowTopk, int partitions, int writers, int readers) {
    OperationBench bench = bench(0, tokens);
    RoutedRows routed = RoutedRows.random(bench, partitions, writers, readers);
    Rows rows = routed.arrays(bench);
    int all = heads * bench.capacity * dim;
    int[] places = bench.heads(heads, dim);
    Variable raw = new Variable(bench.normal(places.length, 3));
    double[] dRows = routed.gradients(bench, heads, dim, 1);
    Region rRaw = bench.input("raw", all, places, raw.data());
    Region rOut = bench.output("v", all, places);
    Region rRows =
        bench.inputArray(
            "dRows", all * (1 + routed.width), bench.rows(heads, routed.width, dim), dRows);
    Region rd = bench.output("dRaw", all, places);
    bench.run(
        s -> {
          operations().valueActivation(s, "value", rRaw.view, rOut.view, heads, dim);
          operations()
              .valueActivationGradient(
                  s, "gradient", rRaw.view, rRows.array, rows, rd.view, heads, dim);
        });
    Tape tape = new Tape();
    Variable v = tape.silu(raw);
    for (int i = 0; i < dRows.length; i++) {
      int h = i / (routed.count() * dim);
      int token = routed.token[i / dim % routed.count()];
      v.grad()[(h * tokens + token) * dim + i % dim] += dRows[i];
    }
    tape.backward();
    assertForward(rOut, v.data());
    assertGradient(rd, raw.grad());
  }

  /** The sum that a float tier ranks: ties and choices depend on its rounding. */
  private static double[] floatSum(double[] a, double[] b) {
    double[] sum = sum(a, b);
    for (int i = 0; i < sum.length; i++) {
      sum[i] = (float) sum[i];
    }
    return sum;
  }

  private static Variable floatAdd(Tape tape, Variable a, Variable b) {
    Variable sum = tape.add(a, b);
    System.arraycopy(floatSum(a.data(), b.data()), 0, sum.data(), 0, sum.size());
    return sum;
  }

  private static double[] half(double[] x, int which, int size) {
    return Arrays.copyOfRange(x, which * size, (which + 1) * size);
  }
}
