package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertForward;
import static io.github.tornadosse.graph.OperationBench.flat;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.OperationBench.Region;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** AdamW, and what is copied, cleared and measured around it. */
abstract class OptimizerContract extends OperationsContract {
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 4096, 10001})
  void zero(int n) {
    OperationBench bench = bench(0, 3);
    Region r = bench.updateArray("values", n + 3, flat(n), bench.normal(n, 1));
    bench.run(s -> operations().zero(s, "zero", r.array, n));
    assertThat(r.get()).containsOnly(0.0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 4096, 300_001})
  void copy(int n) {
    OperationBench bench = bench(0, 3);
    double[] x = bench.normal(n, 1);
    Region from = bench.input("from", n + 3, flat(n), x);
    Region to = bench.output("to", n + 2, flat(n));
    bench.run(s -> operations().copy(s, "copy", from.view, to.view, n));
    assertThat(to.get()).isEqualTo(x);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 4096, 300_001})
  void clear(int n) {
    OperationBench bench = bench(0, 3);
    Region r = bench.update("values", n + 3, flat(n), bench.normal(n, 1));
    bench.run(s -> operations().clear(s, "clear", r.view, n));
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
}
