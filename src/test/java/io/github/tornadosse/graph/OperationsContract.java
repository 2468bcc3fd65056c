package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertForward;
import static io.github.tornadosse.graph.OperationBench.assertGradient;
import static io.github.tornadosse.graph.OperationBench.assertPassed;
import static io.github.tornadosse.graph.OperationBench.flat;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.Activation;
import io.github.tornadosse.kernels.reference.Scalars;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What {@link Operations} promises, held against the formulas in double precision. A tier's test
 * extends this class.
 */
abstract class OperationsContract {
  /** The tier under test. */
  protected abstract Operations operations();

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

  private static OperationBench bench(int... cu) {
    int tokens = cu[cu.length - 1];
    return new OperationBench(tokens + tokens % 4, cu);
  }

  // ---------------------------------------------------------------- dense

  /** L, in, out, head dim (0 for token-major). */
  static Stream<Arguments> linears() {
    return Stream.of(
        Arguments.of(1, 16, 17, 0),
        Arguments.of(2, 17, 16, 16),
        Arguments.of(3, 5, 1, 0),
        Arguments.of(17, 48, 64, 0),
        Arguments.of(63, 33, 48, 16),
        Arguments.of(64, 64, 96, 48),
        Arguments.of(65, 100, 130, 0),
        Arguments.of(65, 100, 130, 65),
        Arguments.of(100, 300, 34, 17));
  }

  /** A dense layer with gaps between its rows. */
  private static final class Layer {
    final OperationBench bench;
    final int in;
    final int out;
    final int headDim;
    final int ldx;
    final int ldy;

    Layer(int tokens, int in, int out, int headDim) {
      bench = bench(0, tokens);
      this.in = in;
      this.out = out;
      this.headDim = headDim;
      ldx = in + 3;
      ldy = out + 5;
    }

    int sizeX() {
      return bench.capacity * ldx;
    }

    int[] placesX() {
      return bench.columns(ldx, 0, in);
    }

    int sizeY() {
      return headDim == 0 ? bench.capacity * ldy : bench.capacity * out;
    }

    int[] placesY() {
      return headDim == 0 ? bench.columns(ldy, 0, out) : bench.heads(out / headDim, headDim);
    }

    Region weight(double[] w) {
      return bench.input("w", out * in, flat(out * in), w);
    }

    Linear of(Region x, Region w, Region y) {
      return new Linear(x.view, ldx, w.view, y.view, ldy, headDim, in, out);
    }

    /** From token-major to the layout of y. */
    double[] arrange(double[] y) {
      return headDim == 0 ? y : toHeads(y, bench.tokens, out / headDim, headDim);
    }
  }

  @ParameterizedTest
  @MethodSource("linears")
  void linear(int tokens, int in, int out, int headDim) {
    Layer layer = new Layer(tokens, in, out, headDim);
    double[] x = layer.bench.normal(tokens * in, 1);
    double[] w = layer.bench.normal(out * in, 1);
    Region rx = layer.bench.input("x", layer.sizeX(), layer.placesX(), x);
    Region rw = layer.weight(w);
    Region ry = layer.bench.output("y", layer.sizeY(), layer.placesY());
    layer.bench.run(s -> operations().linear(s, "linear", layer.of(rx, rw, ry)));
    Variable y = new Tape().linear(new Variable(x), new Variable(w), in, out);
    assertForward(ry, layer.arrange(y.data()));
  }

  @ParameterizedTest
  @CsvSource({"1, 17, 16", "17, 33, 65", "64, 64, 48", "100, 48, 130"})
  void linearAdd(int tokens, int in, int out) {
    for (boolean inPlace : new boolean[] {false, true}) {
      Layer layer = new Layer(tokens, in, out, 0);
      double[] x = layer.bench.normal(tokens * in, 1);
      double[] w = layer.bench.normal(out * in, 1);
      double[] addend = layer.bench.normal(tokens * out, 1);
      Region rx = layer.bench.input("x", layer.sizeX(), layer.placesX(), x);
      Region rw = layer.weight(w);
      Region ry =
          inPlace
              ? layer.bench.update("y", layer.sizeY(), layer.placesY(), addend)
              : layer.bench.output("y", layer.sizeY(), layer.placesY());
      Region ra =
          inPlace ? ry : layer.bench.input("addend", layer.sizeY(), layer.placesY(), addend);
      layer.bench.run(s -> operations().linearAdd(s, "add", layer.of(rx, rw, ry), ra.view));
      Variable y = new Tape().linear(new Variable(x), new Variable(w), in, out);
      assertForward(ry, sum(addend, y.data()));
    }
  }

  @ParameterizedTest
  @MethodSource("linears")
  void linearInputGradient(int tokens, int in, int out, int headDim) {
    for (boolean accumulate : new boolean[] {false, true}) {
      Layer layer = new Layer(tokens, in, out, headDim);
      double[] dy = layer.bench.normal(tokens * out, 1);
      double[] w = layer.bench.normal(out * in, 1);
      double[] before = layer.bench.normal(tokens * in, 1);
      Region rdx =
          accumulate
              ? layer.bench.update("dx", layer.sizeX(), layer.placesX(), before)
              : layer.bench.output("dx", layer.sizeX(), layer.placesX());
      Region rw = layer.weight(w);
      Region rdy = layer.bench.input("dy", layer.sizeY(), layer.placesY(), layer.arrange(dy));
      layer.bench.run(
          s -> operations().linearInputGradient(s, "dx", layer.of(rdx, rw, rdy), accumulate));
      Variable x = new Variable(new double[tokens * in]);
      linearBackward(x, new Variable(w), dy, in, out);
      assertGradient(rdx, accumulate ? sum(before, x.grad()) : x.grad());
    }
  }

  @ParameterizedTest
  @MethodSource("linears")
  void linearWeightGradient(int tokens, int in, int out, int headDim) {
    Layer layer = new Layer(tokens, in, out, headDim);
    double[] x = layer.bench.normal(tokens * in, 1);
    double[] dy = layer.bench.normal(tokens * out, 1);
    double[] before = layer.bench.normal(out * in, 1);
    Region rx = layer.bench.input("x", layer.sizeX(), layer.placesX(), x);
    Region rdw = layer.bench.update("dw", out * in, flat(out * in), before);
    Region rdy = layer.bench.input("dy", layer.sizeY(), layer.placesY(), layer.arrange(dy));
    layer.bench.run(s -> operations().linearWeightGradient(s, "dw", layer.of(rx, rdw, rdy)));
    Variable w = new Variable(new double[out * in]);
    linearBackward(new Variable(x), w, dy, in, out);
    assertGradient(rdw, sum(before, w.grad()));
  }

  private static void linearBackward(Variable x, Variable w, double[] dy, int in, int out) {
    Tape tape = new Tape();
    backward(tape, tape.linear(x, w, in, out), dy);
  }

  // ---------------------------------------------------------------- norms, MLP, embedding, loss

  @ParameterizedTest
  @CsvSource({"1, 16", "2, 17", "17, 48", "64, 64", "100, 130"})
  void rmsNorm(int tokens, int size) {
    float eps = 1e-5f;
    OperationBench bench = bench(0, tokens);
    double[] x = bench.normal(tokens * size, 0.01);
    double[] w = bench.normal(size, 1);
    int all = bench.capacity * size;
    Region rx = bench.input("x", all, flat(tokens * size), x);
    Region rw = bench.input("w", size, flat(size), w);
    Region ry = bench.output("y", all, flat(tokens * size));
    Region rRstd = bench.output("rstd", bench.capacity, flat(tokens));
    bench.run(
        s -> operations().rmsNorm(s, "norm", rx.view, rw.view, ry.view, rRstd.view, size, eps));
    assertForward(rRstd, rstd(x, size, eps));
    assertForward(ry, new Tape().rmsNorm(new Variable(x), new Variable(w), eps).data());
  }

  @ParameterizedTest
  @CsvSource({"1, 16", "2, 17", "17, 48", "65, 64", "100, 130"})
  void rmsNormGradient(int tokens, int size) {
    double eps = 1e-5f;
    OperationBench bench = bench(0, tokens);
    Variable x = new Variable(bench.normal(tokens * size, 1));
    Variable w = new Variable(bench.normal(size, 1));
    double[] dy = bench.normal(tokens * size, 1);
    double[] dxBefore = bench.normal(tokens * size, 1);
    double[] dwBefore = bench.normal(size, 1);
    int all = bench.capacity * size;
    Region rx = bench.input("x", all, flat(tokens * size), x.data());
    Region rw = bench.input("w", size, flat(size), w.data());
    Region rRstd = bench.input("rstd", bench.capacity, flat(tokens), rstd(x.data(), size, eps));
    Region rdy = bench.input("dy", all, flat(tokens * size), dy);
    Region rdx = bench.update("dx", all, flat(tokens * size), dxBefore);
    Region rdw = bench.update("dw", size, flat(size), dwBefore);
    bench.run(
        s ->
            operations()
                .rmsNormGradient(
                    s, "norm", rx.view, rw.view, rRstd.view, rdy.view, rdx.view, rdw.view, size));
    Tape tape = new Tape();
    backward(tape, tape.rmsNorm(x, w, eps), dy);
    assertGradient(rdx, sum(dxBefore, x.grad()));
    assertGradient(rdw, sum(dwBefore, w.grad()));
  }

  private static double[] rstd(double[] x, int size, double eps) {
    double[] rstd = new double[x.length / size];
    for (int t = 0; t < rstd.length; t++) {
      double squares = 0;
      for (int i = 0; i < size; i++) {
        squares += x[t * size + i] * x[t * size + i];
      }
      rstd[t] = 1 / Math.sqrt(squares / size + eps);
    }
    return rstd;
  }

  @ParameterizedTest
  @CsvSource({"1, 16", "3, 17", "64, 48", "100, 65"})
  void swiglu(int tokens, int size) {
    OperationBench bench = bench(0, tokens);
    Variable gateUp = new Variable(bench.normal(tokens * 2 * size, 3));
    gateUp.data()[0] = 100;
    gateUp.data()[1] = -100;
    double[] dy = bench.normal(tokens * size, 1);
    Region rGateUp =
        bench.input("gateUp", bench.capacity * 2 * size, flat(tokens * 2 * size), gateUp.data());
    Region ry = bench.output("y", bench.capacity * size, flat(tokens * size));
    Region rdy = bench.input("dy", bench.capacity * size, flat(tokens * size), dy);
    Region rd = bench.output("dGateUp", bench.capacity * 2 * size, flat(tokens * 2 * size));
    bench.run(
        s -> {
          operations().swiglu(s, "swiglu", rGateUp.view, ry.view, size);
          operations().swigluGradient(s, "gradient", rGateUp.view, rdy.view, rd.view, size);
        });
    Tape tape = new Tape();
    Variable y =
        tape.multiply(
            tape.silu(tape.columns(gateUp, 2 * size, 0, size)),
            tape.columns(gateUp, 2 * size, size, size));
    backward(tape, y, dy);
    assertForward(ry, y.data());
    assertGradient(rd, gateUp.grad());
  }

  @ParameterizedTest
  @CsvSource({"1, 7, 16", "3, 2, 17", "64, 300, 48", "100, 11, 65"})
  void embedding(int tokens, int vocabulary, int size) {
    OperationBench bench = bench(0, tokens);
    int[] ids = bench.random().ints(tokens, 0, vocabulary).toArray();
    ids[tokens - 1] = vocabulary - 1;
    Variable weight = new Variable(bench.normal(vocabulary * size, 1));
    double[] dx = bench.normal(tokens * size, 1);
    double[] before = bench.normal(vocabulary * size, 1);
    int[] order =
        IntStream.range(0, tokens)
            .boxed()
            .sorted((a, b) -> Integer.compare(ids[a], ids[b]))
            .mapToInt(Integer::intValue)
            .toArray();
    int[] starts = new int[vocabulary + 1];
    for (int v = 0; v <= vocabulary; v++) {
      int bound = v;
      starts[v] = (int) Arrays.stream(ids).filter(id -> id < bound).count();
    }
    IntArray rIds = bench.ints(bench.capacity, ids);
    IntArray rOrder = bench.ints(bench.capacity, order);
    IntArray rStarts = bench.ints(vocabulary + 1, starts);
    int[] places = flat(vocabulary * size);
    Region rw = bench.input("weight", places.length, places, weight.data());
    Region rx = bench.output("x", bench.capacity * size, flat(tokens * size));
    Region rdx = bench.input("dx", bench.capacity * size, flat(tokens * size), dx);
    Region rdw = bench.update("dWeight", places.length, places, before);
    bench.run(
        s -> {
          operations().embedding(s, "embedding", rIds, rw.view, rx.view, size);
          operations()
              .embeddingGradient(
                  s, "gradient", rOrder, rStarts, rdx.view, rdw.view, vocabulary, size);
        });
    Tape tape = new Tape();
    Variable x = tape.rows(weight, size, ids);
    backward(tape, x, dx);
    assertThat(rx.get()).isEqualTo(x.data());
    assertGradient(rdw, sum(before, weight.grad()));
  }

  @ParameterizedTest
  @CsvSource({"1, 7", "2, 17", "64, 256", "65, 300", "100, 1031"})
  void crossEntropy(int tokens, int vocabulary) {
    for (boolean gradient : new boolean[] {false, true}) {
      OperationBench bench = bench(0, tokens);
      Variable logits = new Variable(bench.normal(tokens * vocabulary, 3));
      for (int t = 0; t < tokens; t++) {
        logits.data()[t * vocabulary + t % vocabulary] = 150;
        logits.data()[t * vocabulary + (t + 2) % vocabulary] = -150;
      }
      int[] targets = bench.random().ints(tokens, -1, vocabulary).toArray();
      targets[0] = vocabulary - 1;
      if (tokens > 1) {
        targets[tokens - 1] = -1;
      }
      IntArray rTargets = bench.ints(bench.capacity, targets);
      int[] places = flat(tokens * vocabulary);
      int all = bench.capacity * vocabulary;
      Region rLogits =
          gradient
              ? bench.update("logits", all, places, logits.data())
              : bench.input("logits", all, places, logits.data());
      Region rLoss = bench.output("loss", bench.capacity, flat(tokens));
      double scale = 0.37f;
      FloatArray rScale =
          gradient ? bench.inputArray("scale", 2, flat(2), new double[] {scale, 1000}).array : null;
      bench.run(
          s ->
              operations()
                  .crossEntropy(s, "loss", rLogits.view, rTargets, rLoss.view, rScale, vocabulary));
      Tape tape = new Tape();
      Variable loss = tape.crossEntropy(logits, targets, vocabulary);
      assertForward(rLoss, loss.data());
      if (gradient) {
        double[] upstream = new double[tokens];
        Arrays.fill(upstream, scale);
        backward(tape, loss, upstream);
        assertGradient(rLogits, logits.grad());
      }
    }
  }

  // ---------------------------------------------------------------- the mixer's inputs

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

  /** Random logits with equal values among them. */
  private static double[] logits(OperationBench bench, int n) {
    double[] logits = bench.normal(n, 2);
    for (int i = 0; i < n; i += 5) {
      logits[i] = Math.rint(logits[i]);
    }
    return logits;
  }

  @ParameterizedTest
  @MethodSource("inputs")
  void headActivation(
      int tokens, int heads, int dim, int rowTopk, int partitions, int writers, int readers) {
    for (int kind : new int[] {Activation.SILU, Activation.SOFTMAX}) {
      int topk = kind == Activation.SILU ? dim : rowTopk;
      OperationBench bench = bench(0, tokens);
      boolean sparse = partitions > 0;
      int all = heads * bench.capacity * dim;
      double[] base = logits(bench, heads * tokens * dim);
      double[] delta = logits(bench, heads * tokens * dim);
      Region rBase = bench.input("base", all, bench.heads(heads, dim), base);
      Region rDelta = sparse ? bench.input("delta", all, bench.heads(heads, dim), delta) : null;
      int sources = sparse ? 2 : 1;
      Region rOut = bench.output("out", sources * all, bench.heads(sources * heads, dim));
      bench.run(
          s ->
              operations()
                  .headActivation(
                      s,
                      "activation",
                      rBase.view,
                      rBase.view,
                      view(rDelta),
                      rOut.view,
                      kind,
                      topk,
                      heads,
                      dim));
      Tape tape = new Tape();
      double[] both = sparse ? concat(base, floatSum(base, delta)) : base;
      assertForward(rOut, activate(tape, new Variable(both), kind, dim, topk).data());
    }
  }

  @ParameterizedTest
  @MethodSource("inputs")
  void headActivationGradient(
      int tokens, int heads, int dim, int rowTopk, int partitions, int writers, int readers) {
    for (int kind : new int[] {Activation.SILU, Activation.SOFTMAX}) {
      int part = kind == Activation.SILU ? 0 : 1;
      int topk = kind == Activation.SILU ? dim : rowTopk;
      OperationBench bench = bench(0, tokens);
      boolean sparse = partitions > 0;
      RoutedRows routed = RoutedRows.random(bench, partitions, writers, readers);
      int width = routed.width;
      Rows rows = routed.arrays(bench);
      int[] places = bench.heads(heads, dim);
      int all = heads * bench.capacity * dim;
      Variable base = new Variable(logits(bench, places.length));
      Variable delta = new Variable(logits(bench, places.length));
      double[] dRows =
          concat(routed.gradients(bench, heads, dim, 2), routed.gradients(bench, heads, dim, 1));
      double[] dTopBefore = bench.normal(tokens * width, 1);
      Region rBase = bench.input("base", all, places, base.data());
      Region rDelta = sparse ? bench.input("delta", all, places, delta.data()) : null;
      Region rRows =
          bench.inputArray(
              "dRows", 2 * all * (1 + width), bench.rows(2 * heads, width, dim), dRows);
      Region rTop =
          sparse
              ? bench.update("dTop", bench.capacity * width, flat(tokens * width), dTopBefore)
              : null;
      Region rdBase = bench.output("dBase", all, places);
      Region rdDelta = sparse ? bench.output("dDelta", all, places) : null;
      bench.run(
          s ->
              operations()
                  .headActivationGradient(
                      s,
                      "gradient",
                      rBase.view,
                      rBase.view,
                      view(rDelta),
                      rRows.array,
                      part,
                      rows,
                      view(rTop),
                      rdBase.view,
                      view(rdDelta),
                      kind,
                      topk,
                      heads,
                      dim));

      int count = routed.count();
      double[] mine =
          Arrays.copyOfRange(dRows, part * heads * count * dim, (part + 1) * heads * count * dim);
      Tape tape = new Tape();
      Variable first = activate(tape, base, kind, dim, topk);
      Variable second =
          sparse ? activate(tape, floatAdd(tape, base, delta), kind, dim, topk) : null;
      double[] dTop = dTopBefore.clone();
      for (int h = 0; h < heads; h++) {
        for (int r = 0; r < count; r++) {
          Variable target = routed.source(r) == 0 ? first : second;
          double dWeight = 0;
          for (int c = 0; c < dim; c++) {
            int at = (h * tokens + routed.token[r]) * dim + c;
            double d = mine[(h * count + r) * dim + c];
            target.grad()[at] += routed.weight[part][r] * d;
            dWeight += d * target.data()[at];
          }
          for (int j = 0; routed.source(r) == 1 && j < width; j++) {
            int rank = routed.token[r] * width + j;
            dTop[rank] += routed.tokenRow[rank] == r ? dWeight : 0;
          }
        }
      }
      tape.backward();
      assertGradient(rdBase, base.grad());
      if (sparse) {
        assertGradient(rdDelta, delta.grad());
        assertGradient(rTop, dTop);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("inputs")
  void decayGate(
      int tokens, int heads, int dim, int rowTopk, int partitions, int writers, int readers) {
    OperationBench bench = bench(0, tokens);
    boolean sparse = partitions > 0;
    RoutedRows routed = RoutedRows.random(bench, partitions, writers, readers);
    Rows rows = routed.arrays(bench);
    int width = routed.width;
    int sources = sparse ? 2 : 1;
    int[] places = bench.heads(heads, dim);
    int all = heads * bench.capacity * dim;
    Variable raw = new Variable(bench.normal(sources * places.length, 3));
    raw.data()[0] = -200;
    raw.data()[1] = 200;
    Variable bias = new Variable(bench.normal(sources * heads * dim, 1));
    double[] keyBase = logits(bench, places.length);
    double[] keyDelta = logits(bench, places.length);
    double[] dRows = routed.gradients(bench, 3 * heads, dim, 1);
    double[] before = bench.normal(bias.size(), 1);
    int biasSize = heads * dim;

    Region rRaw = bench.input("raw", sources * all, bench.heads(sources * heads, dim), raw.data());
    Region rBias0 = bench.input("bias0", biasSize, flat(biasSize), half(bias.data(), 0, biasSize));
    Region rBias1 =
        sparse
            ? bench.input("bias1", biasSize, flat(biasSize), half(bias.data(), 1, biasSize))
            : null;
    Region rKey = bench.input("keyBase", all, places, keyBase);
    Region rDelta = sparse ? bench.input("keyDelta", all, places, keyDelta) : null;
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
                  rKey.view,
                  rKey.view,
                  view(rDelta),
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
                  rKey.view,
                  rKey.view,
                  view(rDelta),
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
    double[] keys = sparse ? concat(keyBase, floatSum(keyBase, keyDelta)) : keyBase;
    for (int row = 0; row < keys.length; row += dim) {
      for (int c : Scalars.ranked(keys, row, dim, rowTopk)) {
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

  // ---------------------------------------------------------------- routing

  @ParameterizedTest
  @CsvSource({"1, 4, 1", "2, 1, 1", "17, 5, 5", "64, 16, 4", "100, 64, 3"})
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
    OperationBench bench = bench(cu);
    RoutedRows expected = RoutedRows.random(bench, n[0], n[1], n[2]);
    int width = expected.width;
    int all = bench.capacity * (1 + width);
    Region re = bench.input("e", bench.capacity * n[0], flat(bench.tokens * n[0]), expected.e);
    IntView rTop = bench.intView(bench.capacity * width, expected.top);
    IntArray rCu = bench.ints(cu.length + 2, cu);
    Region weight = bench.outputArray("weight", 2 * all, bench.rows(2, width, 1));
    Rows rows =
        new Rows(
            bench.ints(all),
            bench.ints(all),
            weight.array,
            bench.ints(bench.capacity * width),
            bench.ints(2 * (cu.length + 1) * (n[0] + 1)),
            n[0],
            width);
    bench.run(
        s ->
            operations()
                .routeRows(
                    s,
                    "route",
                    re.view,
                    rTop,
                    rCu,
                    rows,
                    new Operations.Selection(n[1], n[2], true, true, true)));
    checkRows(bench, expected, rows, weight);
  }

  @ParameterizedTest
  @MethodSource("packings")
  void routeRowsWithoutSparsePartitions(int[] cu) {
    OperationBench bench = bench(cu);
    RoutedRows expected = RoutedRows.random(bench, 0, 0, 0);
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
    bench.run(
        s ->
            operations()
                .routeRows(
                    s,
                    "route",
                    null,
                    null,
                    rCu,
                    rows,
                    new Operations.Selection(0, 0, true, true, true)));
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

  // ---------------------------------------------------------------- gated linear attention

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
  private static final class Attention {
    final OperationBench bench;
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

    static int sources(RoutedRows routed) {
      return routed.partitions == 0 ? 1 : 2;
    }

    static int stateSize(RoutedRows routed, HeadSizes sizes) {
      return routed.begin.length * sizes.heads() * sizes.key() * sizes.value();
    }

    Region outRows() {
      return bench.outputArray(
          "out",
          sizes.heads() * bench.capacity * (1 + routed.width) * sizes.value(),
          bench.rows(sizes.heads(), routed.width, sizes.value()));
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
        Arguments.of(new int[] {0, 150}, new int[] {2, 1, 2}, new int[] {1, 32, 16}, "cliffs"));
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void gla(int[] cu, int[] n, int[] size, String regime) {
    for (boolean useState : new boolean[] {false, true}) {
      OperationBench bench = bench(cu);
      Attention a =
          new Attention(
              bench,
              RoutedRows.random(bench, n[0], n[1], n[2]),
              new HeadSizes(size[0], size[1], size[2]),
              regime,
              useState);
      Region rOut = a.outRows();
      runGla(a, rOut);
      RoutedRows.Scan expected = a.expected();
      assertForward(rOut, expected.out());
      if (useState) {
        assertForward(a.rState, expected.states());
      }
    }
  }

  private void runGla(Attention a, Region out) {
    a.bench.run(
        s ->
            operations()
                .gla(
                    s,
                    "gla",
                    a.rq.array,
                    a.rk.array,
                    a.rv.array,
                    a.rg.array,
                    a.rows,
                    a.rState.view,
                    out.array,
                    a.sizes));
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void glaGradient(int[] cu, int[] n, int[] size, String regime) {
    for (boolean useState : new boolean[] {false, true}) {
      OperationBench bench = bench(cu);
      RoutedRows routed = RoutedRows.random(bench, n[0], n[1], n[2]);
      HeadSizes sizes = new HeadSizes(size[0], size[1], size[2]);
      Attention a = new Attention(bench, routed, sizes, regime, useState);
      int[] valuePlaces = bench.heads(sizes.heads(), sizes.value());
      double[] dOut = bench.normal(valuePlaces.length, 1);
      double[] dLast = useState ? bench.normal(a.states.length, 1) : new double[a.states.length];
      Region rdOut =
          bench.inputArray(
              "dOut", sizes.heads() * bench.capacity * sizes.value(), valuePlaces, dOut);
      Region rdState =
          useState
              ? bench.update("dState", dLast.length, flat(dLast.length), dLast)
              : bench.output("dState", dLast.length, new int[0]);
      int rowsSize = sizes.heads() * bench.capacity * (1 + routed.width);
      Region rdRows =
          bench.outputArray(
              "dRows",
              3 * rowsSize * sizes.key(),
              bench.rows(3 * sizes.heads(), routed.width, sizes.key()));
      Region rdv =
          bench.outputArray(
              "dvRows",
              rowsSize * sizes.value(),
              bench.rows(sizes.heads(), routed.width, sizes.value()));
      bench.run(
          s ->
              operations()
                  .glaGradient(
                      s,
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
                      sizes));
      RoutedRows.ScanGradient d =
          routed.scanGradient(sizes, a.q, a.k, a.v, a.g, a.states, dOut, dLast);
      double[] dRows = rdRows.get();
      int third = dRows.length / 3;
      Comparison comparison = new Comparison();
      comparison.gradient("dq", Arrays.copyOfRange(dRows, 0, third), d.dq());
      comparison.gradient("dk", Arrays.copyOfRange(dRows, third, 2 * third), d.dk());
      comparison.gradient("dg", Arrays.copyOfRange(dRows, 2 * third, dRows.length), d.dg());
      comparison.gradient("dv", rdv.get(), d.dv());
      if (useState) {
        comparison.gradient("dState", rdState.get(), d.dStates());
      }
      assertPassed(comparison);
      assertZeroWhereNoPart(routed, dRows, sizes.key());
      if (useState) {
        assertForward(a.rState, a.states);
      }
    }
  }

  private static void assertZeroWhereNoPart(RoutedRows routed, double[] dRows, int dim) {
    int third = dRows.length / 3;
    for (int i = 0; i < dRows.length; i++) {
      int row = i / dim % routed.count();
      boolean part = i < third ? routed.read(row) : routed.written(row);
      if (!part && dRows[i] != 0) {
        throw new AssertionError(
            "row %d takes no part; its gradient is %s".formatted(row, dRows[i]));
      }
    }
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
      Region rOut = part.outRows();
      runGla(part, rOut);
      assertForward(rOut, part.expected().out());
      states = part.rState.get();
    }
    Comparison comparison = new Comparison();
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
    Region rOut = a.outRows();
    runGla(a, rOut);
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
      Region rAlone = alone.outRows();
      runGla(alone, rAlone);
      assertThat(rAlone.get()).isEqualTo(slice(rOut.get(), 85, from, to, 32));
      assertThat(alone.rState.get())
          .isEqualTo(Arrays.copyOfRange(a.rState.get(), s * half, (s + 1) * half));
    }
  }

  // ---------------------------------------------------------------- the mixer's output

  /** L, H, value heads of a key head, V of one, N, W, R. */
  static Stream<Arguments> outputs() {
    return Stream.of(
        Arguments.of(1, 1, 1, 16, 4, 1, 1),
        Arguments.of(3, 2, 2, 17, 0, 0, 0),
        Arguments.of(17, 2, 1, 48, 4, 1, 2),
        Arguments.of(64, 1, 3, 16, 8, 4, 4),
        Arguments.of(100, 2, 2, 32, 3, 2, 1));
  }

  @ParameterizedTest
  @MethodSource("outputs")
  void mixerOutput(
      int tokens, int heads, int group, int valueDim, int partitions, int writers, int readers) {
    float eps = 1e-5f;
    for (boolean gated : new boolean[] {false, true}) {
      OperationBench bench = bench(0, tokens);
      RoutedRows routed = RoutedRows.random(bench, partitions, writers, readers);
      Rows rows = routed.arrays(bench);
      int value = group * valueDim;
      HeadSizes sizes = new HeadSizes(heads, 8, value);
      double[] out = routed.gradients(bench, heads, value, 2);
      double[] w = bench.normal(valueDim, 1);
      int tokenSize = heads * value;
      double[] gate = bench.normal(tokens * tokenSize, 2);
      Region rRows =
          bench.inputArray(
              "out",
              bench.capacity * (1 + routed.width) * tokenSize,
              bench.rows(heads, routed.width, value),
              out);
      Region rGate =
          gated ? bench.input("gate", bench.capacity * tokenSize, flat(gate.length), gate) : null;
      Region rw = bench.input("w", valueDim, flat(valueDim), w);
      Region ro = bench.output("o", bench.capacity * tokenSize, bench.heads(heads, value));
      Region ry = bench.output("y", bench.capacity * tokenSize, flat(gate.length));
      bench.run(
          s ->
              operations()
                  .mixerOutput(
                      s,
                      "output",
                      rRows.array,
                      rows,
                      view(rGate),
                      rw.view,
                      ro.view,
                      ry.view,
                      sizes,
                      valueDim,
                      eps));
      double[] o = new double[gate.length];
      for (int i = 0; i < out.length; i++) {
        int head = i / (routed.count() * value);
        int token = routed.token[i / value % routed.count()];
        o[(head * tokens + token) * value + i % value] += out[i];
      }
      Tape tape = new Tape();
      Variable y =
          mixed(tape, new Variable(o), new Variable(gate), new Variable(w), gated, sizes, eps);
      assertForward(ro, o);
      assertForward(ry, y.data());
    }
  }

  @ParameterizedTest
  @MethodSource("outputs")
  void mixerOutputGradient(
      int tokens, int heads, int group, int valueDim, int partitions, int writers, int readers) {
    float eps = 1e-5f;
    for (boolean gated : new boolean[] {false, true}) {
      OperationBench bench = bench(0, tokens);
      int value = group * valueDim;
      HeadSizes sizes = new HeadSizes(heads, 8, value);
      int size = heads * value;
      Variable o = new Variable(bench.normal(tokens * size, 1));
      Variable gate = new Variable(bench.normal(tokens * size, 2));
      Variable w = new Variable(bench.normal(valueDim, 1));
      double[] dy = bench.normal(tokens * size, 1);
      double[] before = bench.normal(valueDim, 1);
      int all = bench.capacity * size;
      Region rdy = bench.input("dy", all, flat(dy.length), dy);
      Region ro = bench.input("o", all, bench.heads(heads, value), o.data());
      Region rGate = gated ? bench.input("gate", all, flat(dy.length), gate.data()) : null;
      Region rw = bench.input("w", valueDim, flat(valueDim), w.data());
      Region rdo = bench.outputArray("dO", all, bench.heads(heads, value));
      Region rdGate = gated ? bench.output("dGate", all, flat(dy.length)) : null;
      Region rdw = bench.update("dw", valueDim, flat(valueDim), before);
      bench.run(
          s ->
              operations()
                  .mixerOutputGradient(
                      s,
                      "gradient",
                      rdy.view,
                      ro.view,
                      view(rGate),
                      rw.view,
                      rdo.array,
                      view(rdGate),
                      rdw.view,
                      sizes,
                      valueDim,
                      eps));
      Tape tape = new Tape();
      backward(tape, mixed(tape, o, gate, w, gated, sizes, eps), dy);
      assertGradient(rdo, o.grad());
      assertGradient(rdw, sum(before, w.grad()));
      if (gated) {
        assertGradient(rdGate, gate.grad());
      }
    }
  }

  /** RMSNorm(o)·SiLU(gate), token-major, from head-major o. */
  private static Variable mixed(
      Tape tape, Variable o, Variable gate, Variable w, boolean gated, HeadSizes sizes, float eps) {
    int tokens = o.size() / (sizes.heads() * sizes.value());
    int[] index = new int[sizes.heads() * tokens];
    for (int i = 0; i < index.length; i++) {
      index[i] = i % sizes.heads() * tokens + i / sizes.heads();
    }
    Variable y = tape.rmsNorm(tape.rows(o, sizes.value(), index), w, eps);
    return gated ? tape.multiply(y, tape.silu(gate)) : y;
  }

  // ---------------------------------------------------------------- optimiser

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 4096, 10001})
  void zero(int n) {
    OperationBench bench = bench(0, 3);
    Region r = bench.updateArray("values", n + 3, flat(n), bench.normal(n, 1));
    bench.run(s -> operations().zero(s, "zero", r.array, n));
    assertThat(r.get()).containsOnly(0.0);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "17, 5", "100, 48"})
  void zeroTokens(int tokens, int size) {
    OperationBench bench = bench(0, tokens);
    int n = tokens * size;
    Region r = bench.update("values", bench.capacity * size, flat(n), bench.normal(n, 1));
    bench.run(s -> operations().zeroTokens(s, "zero", r.view, size));
    assertThat(r.get()).containsOnly(0.0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4095, 4096, 4097, 20000})
  void squaredNorm(int n) {
    OperationBench bench = bench(0, 3);
    double[] x = bench.normal(n, 1);
    int blocks = (n + 4095) / 4096;
    Region rx = bench.inputArray("x", n + 3, flat(n), x);
    Region partial = bench.outputArray("partial", blocks + 1, flat(blocks));
    bench.run(s -> operations().squaredNorm(s, "norm", rx.array, n, partial.array));
    double[] expected = new double[blocks];
    for (int i = 0; i < n; i++) {
      expected[i / 4096] += x[i] * x[i];
    }
    for (int b = 0; b < blocks; b++) {
      assertThat(partial.get()[b])
          .isCloseTo(expected[b], org.assertj.core.data.Percentage.withPercentage(1e-3));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "17, 5, 2", "100, 0, 100", "10000, 7777, 7"})
  void adamw(int n, int decayed, int step) {
    float beta1 = 0.9f;
    float beta2 = 0.95f;
    float eps = 1e-2f;
    double[] hyper = {
      (float) 0.01,
      (float) (1 - Math.pow(beta1, step)),
      (float) (1 - Math.pow(beta2, step)),
      0.5,
      (float) 0.1
    };
    OperationBench bench = bench(0, 3);
    double[] w = bench.normal(n, 1);
    double[] grad = bench.normal(n, 1);
    double[] m = bench.normal(n, 0.1);
    double[] v = Arrays.stream(bench.normal(n, 0.1)).map(Math::abs).toArray();
    Region rw = bench.updateArray("w", n + 2, flat(n), w);
    Region rGrad = bench.inputArray("grad", n + 2, flat(n), grad);
    Region rm = bench.updateArray("m", n + 2, flat(n), m);
    Region rv = bench.updateArray("v", n + 2, flat(n), v);
    Region rHyper = bench.inputArray("hyper", 5, flat(5), hyper);
    bench.run(
        s ->
            operations()
                .adamw(
                    s,
                    "adamw",
                    rw.array,
                    rGrad.array,
                    rm.array,
                    rv.array,
                    rHyper.array,
                    n,
                    decayed,
                    beta1,
                    beta2,
                    eps));
    for (int i = 0; i < n; i++) {
      double g = grad[i] * hyper[3];
      m[i] = beta1 * m[i] + (1 - (double) beta1) * g;
      v[i] = beta2 * v[i] + (1 - (double) beta2) * g * g;
      double update = m[i] / hyper[1] / (Math.sqrt(v[i] / hyper[2]) + eps);
      w[i] -= hyper[0] * (update + (i < decayed ? hyper[4] * w[i] : 0));
    }
    assertForward(rm, m);
    assertForward(rv, v);
    assertForward(rw, w);
  }

  // ---------------------------------------------------------------- helpers

  private static View view(Region region) {
    return region == null ? null : region.view;
  }

  /** Plays a tape backward from the gradient of one result. */
  private static void backward(Tape tape, Variable y, double[] dy) {
    System.arraycopy(dy, 0, y.grad(), 0, dy.length);
    tape.backward();
  }

  private static double[] sum(double[] a, double[] b) {
    double[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
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

  private static double[] concat(double[] a, double[] b) {
    double[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  private static double[] half(double[] x, int which, int size) {
    return Arrays.copyOfRange(x, which * size, (which + 1) * size);
  }

  /** [L, heads·dim] as [heads, L, dim]. */
  private static double[] toHeads(double[] x, int tokens, int heads, int dim) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int head = i / (tokens * dim);
      int token = i / dim % tokens;
      y[i] = x[(token * heads + head) * dim + i % dim];
    }
    return y;
  }
}
