package io.github.tornadosse.nn;

import io.github.tornadosse.graph.AttentionOperations;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.StepOperations;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.graph.Workspace;
import io.github.tornadosse.nn.ModelConfig.Kind;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A {@link Block} of few tokens that go on from kept states, in the few tasks of {@link
 * StepOperations}; without gradients.
 */
final class StepBlock implements Layer {
  private final ModelConfig c;
  private final Operations ops;
  private final StepOperations steps;
  private final Weights w;
  private final SoftmaxLayer.Inputs inputs;
  private final FloatArray angles;
  private final int cache;
  private final StepMixer mixer;
  private final List<SessionPart> caches;
  private final View input;
  private final View output;
  private final View middle;
  private final View projected;
  private final View attended;
  private final View normed;
  private final View rstd;
  private final View gateUp;
  private final View inner;

  /**
   * Declares the arrays.
   *
   * @param inputs what an execution is told about its tokens
   * @param tokens most tokens of an execution
   * @param of the block of the same model whose states and caches it goes on with
   */
  StepBlock(
      ModelConfig c,
      Operations ops,
      Workspace p,
      Weights w,
      SoftmaxLayer.Inputs inputs,
      int tokens,
      Block of) {
    this.c = c;
    this.ops = ops;
    this.w = w;
    this.inputs = inputs;
    steps = ops.steps();
    ControlTable table = p.control();
    long width = (long) tokens * c.hiddenSize();
    int stride = (int) Math.min(width, Integer.MAX_VALUE);
    FloatArray x = p.buffers().floats("block.x", 2 * width);
    input = table.view(x, 0, stride, Axis.INPUT);
    output = table.view(x, 0, stride, Axis.OUTPUT);
    middle = table.whole(p.buffers().floats("block.middle", width));
    boolean mixers = c.count(Kind.MIXER) > 0;
    boolean softmax = c.count(Kind.ATTENTION) > 0;
    mixer = mixers ? new StepMixer(c, w.of(Kind.MIXER), of.sessionParts(Kind.MIXER)) : null;
    caches = softmax ? of.sessionParts(Kind.ATTENTION) : List.of();
    angles = softmax ? of.angles() : null;
    cache = softmax ? caches.get(0).shape()[1] : 0;
    AttentionConfig a = c.attention();
    int columns = Math.max(mixers ? mixer.columns() : 0, softmax ? columns(a) : 0);
    int values = Math.max(mixers ? c.mixer().valueSize() : 0, softmax ? a.querySize() : 0);
    projected = table.whole(p.buffers().floats("block.projected", (long) tokens * columns));
    attended = table.whole(p.buffers().floats("block.attended", (long) tokens * values));
    long innerSize = (long) tokens * c.intermediateSize();
    inner = table.whole(p.buffers().floats("block.inner", innerSize));
    normed = table.whole(p.buffers().floats("block.normed", width));
    rstd = table.whole(p.buffers().floats("block.rstd", tokens));
    gateUp = table.whole(p.buffers().floats("block.gate_up", 2 * innerSize));
  }

  /** Whether a tier has the kernels for all layers of a model. */
  static boolean takes(ModelConfig c, Operations ops) {
    return (c.count(Kind.MIXER) == 0 || ops.steps().takes(StepMixer.shape(c)))
        && (c.count(Kind.ATTENTION) == 0 || ops.steps().takes(sizes(c.attention())));
  }

  private static AttentionOperations.Sizes sizes(AttentionConfig a) {
    return new AttentionOperations.Sizes(a.heads(), a.keyHeads(), a.headDim(), a.window());
  }

  private static int columns(AttentionConfig a) {
    return a.querySize() + 2 * a.keySize();
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
    Weights.OfKind own = w.of(kind);
    boolean mixed = kind == Kind.MIXER;
    int columns = mixed ? mixer.columns() : columns(c.attention());
    int values = mixed ? c.mixer().valueSize() : c.attention().querySize();
    // the weights of all projections stand one behind the other, see ParameterLayout
    View first = own.weight("attn.q_proj.weight");
    String project = mixed ? "mixer.project" : "attention.project";
    View norm = w.weight("attn_norm.weight");
    if (steps.takes(s.tokens())) {
      Linear all = new Linear(input, d, first, projected, columns, 0, d, columns);
      steps.normedLinear(s, project, all, norm, eps, null);
    } else {
      ops.rmsNorm(s, "norm.mixer", input, norm, normed, rstd, d, eps);
      ops.linear(s, project, new Linear(normed, d, first, projected, columns, 0, d, columns));
    }
    if (mixed) {
      mixer.forward(s, steps, projected, inputs.cu(), attended);
    } else {
      attention(s, own);
    }
    ops.linearAdd(
        s,
        mixed ? "mixer.o_proj" : "attention.o_proj",
        new Linear(attended, values, own.weight("attn.o_proj.weight"), middle, d, 0, values, d),
        input);
    View mlpNorm = w.weight("mlp_norm.weight");
    View both = w.weight("mlp.gate_proj.weight");
    if (steps.takes(s.tokens())) {
      steps.normedSwiglu(s, "mlp.gate_up", middle, mlpNorm, eps, both, inner, d, i);
    } else {
      ops.rmsNorm(s, "norm.mlp", middle, mlpNorm, normed, rstd, d, eps);
      ops.linear(s, "mlp.gate_up", new Linear(normed, d, both, gateUp, 2 * i, 0, d, 2 * i));
      ops.swiglu(s, "mlp.swiglu", gateUp, inner, i);
    }
    ops.linearAdd(
        s,
        "mlp.down",
        new Linear(inner, i, w.weight("mlp.down_proj.weight"), output, d, 0, i, d),
        middle);
  }

  private void attention(Stage s, Weights.OfKind own) {
    View bias = c.attention().bias() ? own.weight("attn.q_proj.bias") : null;
    steps.attention(
        s,
        "attention.step",
        projected,
        bias,
        angles,
        new StepOperations.Cached(
            inputs.cu(), inputs.past(), caches.get(0).view(), caches.get(1).view(), cache),
        attended,
        sizes(c.attention()));
  }
}
