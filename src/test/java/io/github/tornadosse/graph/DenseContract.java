package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.flat;

import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Dense layers and their gradients. */
abstract class DenseContract extends OperationsContract {
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
        Arguments.of(100, 300, 34, 17),
        Arguments.of(129, 72, 144, 24),
        Arguments.of(200, 136, 264, 0));
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
  @CsvSource({"1, 17, 16", "17, 33, 65", "64, 64, 48", "100, 48, 130", "130, 200, 136"})
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

  static void linearBackward(Variable x, Variable w, double[] dy, int in, int out) {
    Tape tape = new Tape();
    backward(tape, tape.linear(x, w, in, out), dy);
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
