package io.github.tornadosse.nn;

import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.graph.Workspace;
import io.github.tornadosse.nn.ModelConfig.Kind;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * One block of the model (docs/mathematics.md section 5): x += mixer(RMSNorm(x)), or softmax
 * attention in place of the mixer, then x += MLP(RMSNorm(x)). One instance serves all layers; the
 * residual stream has several copies, one read and one written by each execution.
 */
final class Block implements Layer {
  private final ModelConfig c;
  private final Operations ops;
  private final Weights w;
  private final SseMixer mixer;
  private final SoftmaxLayer attention;
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
  private final boolean recompute;

  /**
   * Declares the arrays.
   *
   * @param inputs what an execution is told about its tokens
   * @param recompute whether one slot of activations serves all layers, and each layer's forward
   *     pass is executed right before its backward pass
   * @param copies of the residual stream
   */
  Block(
      ModelConfig c,
      Operations ops,
      Workspace p,
      Weights w,
      SoftmaxLayer.Inputs inputs,
      Sizes sizes,
      boolean recompute,
      int copies) {
    this.c = c;
    this.ops = ops;
    this.w = w;
    this.recompute = recompute;
    ControlTable table = p.control();
    long width = (long) sizes.tokens() * c.hiddenSize();
    int stride = (int) Math.min(width, Integer.MAX_VALUE);
    FloatArray x = p.buffers().floats("block.x", width * copies);
    input = table.view(x, 0, stride, Axis.INPUT);
    output = table.view(x, 0, stride, Axis.OUTPUT);
    Kept kept = new Kept(p, recompute ? 1 : c.layers(), Axis.SLOT);
    middle = kept.floats("block.middle", width);
    mixerNormed = kept.floats("block.mixer_normed", width);
    mlpNormed = kept.floats("block.mlp_normed", width);
    mixerRstd = kept.floats("block.mixer_rstd", sizes.tokens());
    mlpRstd = kept.floats("block.mlp_rstd", sizes.tokens());
    long innerSize = (long) sizes.tokens() * c.intermediateSize();
    gateUp = kept.floats("block.gate_up", 2 * innerSize);
    inner = kept.floats("block.inner", innerSize);
    int mixers = c.count(Kind.MIXER);
    mixer =
        mixers == 0 ? null : new SseMixer(c, ops, p, w, inputs.cu(), sizes, recompute ? 1 : mixers);
    int softmax = c.count(Kind.ATTENTION);
    attention =
        softmax == 0
            ? null
            : new SoftmaxLayer(c, ops, p, w, inputs, sizes, recompute ? 1 : softmax);
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
   * @param block the same of the graphs with the most tokens, if several use the same caches
   * @param sequences S
   * @param sessions number of sequences with states kept from one execution to the next; at most S
   * @param context most tokens of a session where softmax attention sees them all
   */
  record Sizes(int tokens, int block, int sequences, int sessions, int context) {
    /** Positions that a windowed session reaches. */
    private static final int WINDOWED_POSITIONS = 1 << 22;

    /** Largest number of positions in one sequence. */
    int positions(AttentionConfig a) {
      if (sessions == 0) {
        return block;
      }
      return Math.max(block, a.window() == 0 ? context : WINDOWED_POSITIONS);
    }

    /** Positions that a session's caches hold. */
    int cache(AttentionConfig a) {
      if (sessions == 0) {
        return 0;
      }
      return a.window() == 0 ? context : a.window() - 1 + block;
    }
  }

  /** The mixer; null if no layer has one. */
  SseMixer mixer() {
    return mixer;
  }

  /** What a session keeps of a layer of that kind. */
  List<SessionPart> sessionParts(Kind kind) {
    return kind == Kind.MIXER ? mixer.sessionParts() : attention.sessionParts();
  }

  /** The angles of softmax attention's rotary embedding. */
  FloatArray angles() {
    return attention.angles();
  }

  @Override
  public View input() {
    return input;
  }

  @Override
  public void forward(Stage s, Kind kind, boolean cached) {
    int d = c.hiddenSize();
    int i = c.intermediateSize();
    float eps = (float) c.normEps();
    ops.rmsNorm(
        s, "norm.mixer", input, w.weight("attn_norm.weight"), mixerNormed, mixerRstd, d, eps);
    if (kind == Kind.MIXER) {
      mixer.forward(recompute ? s.beforeGradient() : s, mixerNormed, input, middle);
    } else {
      attention.forward(s, mixerNormed, input, middle, cached);
    }
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
   * @param kind what the layer's first half is
   * @param dx [L, D] the gradient of the output, then of the input
   * @param scale see {@link Operations#routerGradient}
   */
  void backward(Stage s, Kind kind, View dx, FloatArray scale) {
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
    if (kind == Kind.MIXER) {
      mixer.backward(s, mixerNormed, dx, dNormed, scale, recompute);
    } else {
      attention.backward(s, mixerNormed, dx, dNormed);
    }
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
