package io.github.tornadosse.nn;

import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.runtime.Program;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * One block of the model (docs/mathematics.md section 5): x += mixer(RMSNorm(x)), then x +=
 * MLP(RMSNorm(x)). One instance serves all layers; the residual stream has several copies, one read
 * and one written by each execution.
 */
final class Block {
  private final ModelConfig c;
  private final Operations ops;
  private final Weights w;
  private final SseMixer mixer;
  private final View input;
  private final View output;
  private final View middle;
  private final View mixerNormed;
  private final View mlpNormed;
  private final View mixerRstd;
  private final View mlpRstd;
  private final View gateUp;
  private final View inner;
  private final View dNormed;
  private final View dGateUp;
  private final View dInner;

  /**
   * Declares the arrays.
   *
   * @param slots layers whose activations are kept at the same time
   * @param copies of the residual stream
   * @param states sequences whose mixer states are kept; 0 for none
   */
  Block(
      ModelConfig c,
      Operations ops,
      Program p,
      Weights w,
      IntArray cu,
      Sizes sizes,
      int slots,
      int copies,
      int states) {
    this.c = c;
    this.ops = ops;
    this.w = w;
    ControlTable table = p.control();
    long width = (long) sizes.tokens() * c.hiddenSize();
    int stride = (int) Math.min(width, Integer.MAX_VALUE);
    FloatArray x = p.buffers().floats("block.x", width * copies);
    input = table.view(x, 0, stride, Axis.INPUT);
    output = table.view(x, 0, stride, Axis.OUTPUT);
    middle = kept(p, "block.middle", slots, width);
    mixerNormed = kept(p, "block.mixer_normed", slots, width);
    mlpNormed = kept(p, "block.mlp_normed", slots, width);
    mixerRstd = kept(p, "block.mixer_rstd", slots, sizes.tokens());
    mlpRstd = kept(p, "block.mlp_rstd", slots, sizes.tokens());
    long innerSize = (long) sizes.tokens() * c.intermediateSize();
    gateUp = kept(p, "block.gate_up", slots, 2 * innerSize);
    inner = kept(p, "block.inner", slots, innerSize);
    mixer = new SseMixer(c, ops, p, w, cu, sizes, c.layers(), slots, states);
    if (w.training()) {
      dNormed = table.whole(p.buffers().floats("grad.normed", width));
      dGateUp = table.whole(p.buffers().floats("grad.gate_up", 2 * innerSize));
      dInner = table.whole(p.buffers().floats("grad.inner", innerSize));
    } else {
      dNormed = null;
      dGateUp = null;
      dInner = null;
    }
  }

  /**
   * Capacities.
   *
   * @param tokens L
   * @param sequences S
   */
  record Sizes(int tokens, int sequences) {}

  static View kept(Program p, String name, int slots, long size) {
    FloatArray a = p.buffers().floats(name, size * slots);
    return p.control().view(a, 0, (int) Math.min(size, Integer.MAX_VALUE), Axis.SLOT);
  }

  SseMixer mixer() {
    return mixer;
  }

  /** The copy of the residual stream that is read, [L, D]. */
  View input() {
    return input;
  }

  void forward(Stage s) {
    int d = c.hiddenSize();
    int i = c.intermediateSize();
    float eps = (float) c.normEps();
    ops.rmsNorm(
        s, "norm.mixer", input, w.weight("attn_norm.weight"), mixerNormed, mixerRstd, d, eps);
    mixer.forward(s, mixerNormed, input, middle);
    ops.rmsNorm(s, "norm.mlp", middle, w.weight("mlp_norm.weight"), mlpNormed, mlpRstd, d, eps);
    ops.linear(
        s,
        "mlp.gate_up",
        new Linear(mlpNormed, d, w.weight("mlp.gate_proj.weight"), gateUp, 2 * i, 0, d, 2 * i));
    ops.swiglu(s, "mlp.swiglu", gateUp, inner, i);
    ops.linearAdd(
        s,
        "mlp.down",
        new Linear(inner, i, w.weight("mlp.down_proj.weight"), output, d, 0, i, d),
        middle);
  }

  /**
   * Appends the gradients.
   *
   * @param dx [L, D] the gradient of the output, then of the input
   * @param scale see {@link Operations#routerGradient}
   */
  void backward(Stage s, View dx, FloatArray scale) {
    int d = c.hiddenSize();
    int i = c.intermediateSize();
    ops.linearInputGradient(
        s,
        "mlp.d_inner",
        new Linear(dInner, i, w.weight("mlp.down_proj.weight"), dx, d, 0, i, d),
        false);
    ops.linearWeightGradient(
        s, "mlp.dw_down", new Linear(inner, i, w.gradient("mlp.down_proj.weight"), dx, d, 0, i, d));
    ops.swigluGradient(s, "mlp.d_swiglu", gateUp, dInner, dGateUp, i);
    ops.linearInputGradient(
        s,
        "mlp.d_normed",
        new Linear(dNormed, d, w.weight("mlp.gate_proj.weight"), dGateUp, 2 * i, 0, d, 2 * i),
        false);
    ops.linearWeightGradient(
        s,
        "mlp.dw_gate_up",
        new Linear(mlpNormed, d, w.gradient("mlp.gate_proj.weight"), dGateUp, 2 * i, 0, d, 2 * i));
    ops.rmsNormGradient(
        s,
        "norm.d_mlp",
        middle,
        w.weight("mlp_norm.weight"),
        mlpRstd,
        dNormed,
        dx,
        w.gradient("mlp_norm.weight"),
        d);
    mixer.backward(s, mixerNormed, dx, dNormed, scale);
    ops.rmsNormGradient(
        s,
        "norm.d_mixer",
        input,
        w.weight("attn_norm.weight"),
        mixerRstd,
        dNormed,
        dx,
        w.gradient("attn_norm.weight"),
        d);
  }
}
