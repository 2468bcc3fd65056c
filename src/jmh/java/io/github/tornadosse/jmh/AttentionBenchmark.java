package io.github.tornadosse.jmh;

import io.github.tornadosse.graph.AttentionOperations;
import io.github.tornadosse.graph.View;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Causal softmax attention. */
public class AttentionBenchmark extends OperationBenchmark {
  /** H and HK. */
  @Param("4")
  public int heads;

  /** Size of a head. */
  @Param("64")
  public int dim;

  /** Tokens that a token sees; 0 for all before it. */
  @Param({"0", "256"})
  public int window;

  @Override
  void declare() {
    long each = (long) tokens * heads * dim;
    View q = view("q", each);
    View k = view("k", each);
    View v = view("v", each);
    View out = view("out", each);
    View lse = view("lse", (long) tokens * heads);
    View dOut = view("dOut", each);
    View dq = view("dq", each);
    View dk = view("dk", each);
    View dv = view("dv", each);
    IntArray cu = bounds();
    AttentionOperations.Sizes sizes = new AttentionOperations.Sizes(heads, heads, dim, window);
    graph("forward", s -> ops().attention().attention(s, "a", q, k, v, cu, out, lse, sizes));
    graph(
        "backward",
        s ->
            ops()
                .attention()
                .attentionGradient(s, "da", q, k, v, cu, out, lse, dOut, dq, dk, dv, sizes));
  }

  @Override
  void prepare() {
    run("forward");
  }

  /** Outputs. */
  @Benchmark
  public void forward() {
    run("forward");
  }

  /** Gradients of q, k and v. */
  @Benchmark
  public void backward() {
    run("backward");
  }
}
