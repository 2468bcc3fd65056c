package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertForward;
import static io.github.tornadosse.graph.OperationBench.assertGradient;
import static io.github.tornadosse.graph.OperationBench.flat;

import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The mixer's output. */
abstract class MixerOutputContract extends OperationsContract {
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
  static Variable mixed(
      Tape tape, Variable o, Variable gate, Variable w, boolean gated, HeadSizes sizes, float eps) {
    int tokens = o.size() / (sizes.heads() * sizes.value());
    int[] index = new int[sizes.heads() * tokens];
    for (int i = 0; i < index.length; i++) {
      index[i] = i % sizes.heads() * tokens + i / sizes.heads();
    }
    Variable y = tape.rmsNorm(tape.rows(o, sizes.value(), index), w, eps);
    return gated ? tape.multiply(y, tape.silu(gate)) : y;
  }
}
