package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertForward;
import static io.github.tornadosse.graph.OperationBench.assertGradient;
import static io.github.tornadosse.graph.OperationBench.flat;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Norms, the MLP, the embedding and the loss. */
abstract class TokenContract extends OperationsContract {
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
}
