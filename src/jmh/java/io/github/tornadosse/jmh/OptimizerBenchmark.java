package io.github.tornadosse.jmh;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The optimiser's operations on all parameters at once. */
public class OptimizerBenchmark extends OperationBenchmark {
  /** Number of parameters. */
  @Param("4000000")
  public int parameters;

  /** Elements of a partial sum of squares. */
  private static final int BLOCK = 4096;

  @Override
  void declare() {
    FloatArray w = floats("w", parameters);
    FloatArray gradient = floats("gradient", parameters);
    FloatArray m = floats("m", parameters);
    FloatArray v = floats("v", parameters);
    for (int i = 0; i < v.getSize(); i++) {
      v.set(i, v.get(i) * v.get(i));
    }
    FloatArray hyper = floats("hyper", 5);
    float[] values = {1e-3f, 0.1f, 0.05f, 1, 0.1f};
    for (int i = 0; i < values.length; i++) {
      hyper.set(i, values[i]);
    }
    FloatArray partial = floats("partial", (parameters + BLOCK - 1) / BLOCK);
    graph(
        "adamw",
        s ->
            ops()
                .adamw(
                    s,
                    "adamw",
                    w,
                    gradient,
                    m,
                    v,
                    hyper,
                    parameters,
                    parameters,
                    0.9f,
                    0.95f,
                    1e-8f));
    graph("norm", s -> ops().squaredNorm(s, "norm", gradient, parameters, partial));
  }

  /** AdamW. */
  @Benchmark
  public void adamw() {
    run("adamw");
  }

  /** The gradient's norm. */
  @Benchmark
  public void squaredNorm() {
    run("norm");
  }
}
