package io.github.tornadosse.jmh;

import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.View;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Dense layers [L, in] to [L, out] with their gradients; L = 1 is decoding. */
public class DenseBenchmark extends OperationBenchmark {
  /** Input size. */
  @Param("512")
  public int in;

  /** Output size. */
  @Param({"512", "1408"})
  public int out;

  @Override
  void declare() {
    View x = view("x", (long) tokens * in);
    View y = view("y", (long) tokens * out);
    View w = view("w", (long) in * out);
    View dx = view("dx", (long) tokens * in);
    View dw = view("dw", (long) in * out);
    graph("forward", s -> ops().linear(s, "y", new Linear(x, in, w, y, out, 0, in, out)));
    graph(
        "input",
        s -> ops().linearInputGradient(s, "dx", new Linear(dx, in, w, y, out, 0, in, out), false));
    graph(
        "weight",
        s -> ops().linearWeightGradient(s, "dw", new Linear(x, in, dw, y, out, 0, in, out)));
  }

  /** y = x·wᵀ. */
  @Benchmark
  public void product() {
    run("forward");
  }

  /** dx = dy·w. */
  @Benchmark
  public void inputGradient() {
    run("input");
  }

  /** dw += dyᵀ·x. */
  @Benchmark
  public void weightGradient() {
    run("weight");
  }
}
