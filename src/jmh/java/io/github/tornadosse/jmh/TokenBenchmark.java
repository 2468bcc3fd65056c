package io.github.tornadosse.jmh;

import io.github.tornadosse.graph.View;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Operations on each token by itself: norms, the MLP's gate, embedding and loss. */
public class TokenBenchmark extends OperationBenchmark {
  private static final float EPS = 1e-6f;

  /** D. */
  @Param("512")
  public int hidden;

  /** Size of the vocabulary. */
  @Param({"257", "8192"})
  public int vocabulary;

  @Override
  void declare() {
    long size = (long) tokens * hidden;
    View x = view("x", size);
    View y = view("y", size);
    View dx = view("dx", size);
    View w = view("w", hidden);
    View dw = view("dw", hidden);
    View rstd = view("rstd", tokens);
    View gateUp = view("gate_up", 2 * size);
    View dGateUp = view("d_gate_up", 2 * size);
    View embeddings = view("embeddings", (long) vocabulary * hidden);
    View logits = view("logits", (long) tokens * vocabulary);
    View loss = view("loss", tokens);
    FloatArray scale = floats("scale", 2);
    scale.set(0, 1f / tokens);
    IntArray ids = drawn("ids", tokens, vocabulary);
    graph("norm", s -> ops().rmsNorm(s, "norm", x, w, y, rstd, hidden, EPS));
    graph("d_norm", s -> ops().rmsNormGradient(s, "d_norm", x, w, rstd, y, dx, dw, hidden));
    graph("swiglu", s -> ops().swiglu(s, "swiglu", gateUp, y, hidden));
    graph("d_swiglu", s -> ops().swigluGradient(s, "d_swiglu", gateUp, y, dGateUp, hidden));
    graph("embedding", s -> ops().embedding(s, "embedding", ids, embeddings, y, hidden));
    graph("loss", s -> ops().crossEntropy(s, "loss", logits, ids, loss, null, vocabulary));
    graph("d_loss", s -> ops().crossEntropy(s, "d_loss", logits, ids, loss, scale, vocabulary));
  }

  @Override
  void prepare() {
    run("norm");
  }

  /** RMSNorm. */
  @Benchmark
  public void norm() {
    run("norm");
  }

  /** RMSNorm's gradients. */
  @Benchmark
  public void normGradient() {
    run("d_norm");
  }

  /** SiLU(gate)·up. */
  @Benchmark
  public void swiglu() {
    run("swiglu");
  }

  /** Its gradient. */
  @Benchmark
  public void swigluGradient() {
    run("d_swiglu");
  }

  /** Gathers rows of the embedding. */
  @Benchmark
  public void gatherEmbedding() {
    run("embedding");
  }

  /** Cross-entropy. */
  @Benchmark
  public void crossEntropy() {
    run("loss");
  }

  /** Cross-entropy with its gradient, in place of the logits. */
  @Benchmark
  public void crossEntropyGradient() {
    run("d_loss");
  }
}
