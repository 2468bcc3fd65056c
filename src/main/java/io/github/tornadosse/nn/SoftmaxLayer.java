package io.github.tornadosse.nn;

import io.github.tornadosse.graph.AttentionOperations;
import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.RotaryAngles;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.graph.Workspace;
import io.github.tornadosse.nn.ModelConfig.Kind;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Causal softmax attention (docs/mathematics.md section 5) as parts of task graphs. One instance
 * serves all layers that have it.
 */
final class SoftmaxLayer {
  private final AttentionConfig a;
  private final int hidden;
  private final Operations ops;
  private final Weights.OfKind w;
  private final Inputs inputs;
  private final AttentionOperations.Sizes sizes;
  private final int cache;
  private final FloatArray angles;
  private final View q;
  private final View k;
  private final View v;
  private final View o;
  private final View lse;
  private final View keyCache;
  private final View valueCache;
  private final List<SessionPart> parts;
  private final View dq;
  private final View dk;
  private final View dv;
  private final View dO;

  /**
   * What an execution is told about its tokens.
   *
   * @param cu [S + 1] bounds of the packed sequences
   * @param positions [L] of each token in its sequence
   * @param past [S] tokens that each sequence has read before
   */
  record Inputs(IntArray cu, IntArray positions, IntArray past) {}

  /**
   * Declares the arrays.
   *
   * @param slots layers whose activations are kept at the same time
   */
  SoftmaxLayer(
      ModelConfig config,
      Operations ops,
      Workspace p,
      Weights all,
      Inputs inputs,
      Block.Sizes capacities,
      int slots) {
    a = config.attention();
    hidden = config.hiddenSize();
    this.ops = ops;
    this.inputs = inputs;
    w = all.of(Kind.ATTENTION);
    sizes = new AttentionOperations.Sizes(a.heads(), a.keyHeads(), a.headDim(), a.window());
    int tokens = capacities.tokens();
    long query = (long) tokens * a.querySize();
    long key = (long) tokens * a.keySize();
    Kept kept = new Kept(p, slots, Axis.KIND_SLOT);
    q = kept.floats("attention.q", query);
    k = kept.floats("attention.k", key);
    v = kept.floats("attention.v", key);
    o = kept.floats("attention.o", query);
    lse = kept.floats("attention.lse", (long) tokens * a.heads());
    angles =
        p.buffers()
            .shared()
            .floats("attention.angles", RotaryAngles.size(a.headDim(), capacities.positions(a)));
    if (!p.buffers().measures()) {
      RotaryAngles.fill(angles, a.headDim(), a.ropeTheta());
    }

    int layers = config.count(Kind.ATTENTION);
    cache = capacities.cache(a);
    long each = (long) cache * a.keySize();
    long layerSize = capacities.sessions() * each;
    FloatArray keys = p.buffers().shared().floats("attention.key_cache", layers * layerSize);
    FloatArray values = p.buffers().shared().floats("attention.value_cache", layers * layerSize);
    int stride = (int) Math.min(layerSize, Integer.MAX_VALUE);
    int session = (int) Math.min(each, Integer.MAX_VALUE);
    keyCache = p.control().view(keys, 0, stride, Axis.KIND);
    valueCache = p.control().view(values, 0, stride, Axis.KIND);
    parts =
        List.of(
            new SessionPart(
                "keys",
                p.control().view(keys, stride, Axis.KIND, session, Axis.SESSION),
                a.keyHeads(),
                cache,
                a.headDim()),
            new SessionPart(
                "values",
                p.control().view(values, stride, Axis.KIND, session, Axis.SESSION),
                a.keyHeads(),
                cache,
                a.headDim()));
    boolean training = w.training();
    dq = training ? p.control().whole(p.buffers().floats("grad.attention_q", query)) : null;
    dk = training ? p.control().whole(p.buffers().floats("grad.attention_k", key)) : null;
    dv = training ? p.control().whole(p.buffers().floats("grad.attention_v", key)) : null;
    dO = training ? p.control().whole(p.buffers().floats("grad.attention_o", query)) : null;
  }

  /** What a session keeps of one layer: its caches, each [HK, cache, dim]. */
  List<SessionPart> sessionParts() {
    return parts;
  }

  /** Cosines and sines of the rotary embedding, see {@link AttentionOperations#LOW}. */
  FloatArray angles() {
    return angles;
  }

  /**
   * Appends result = addend + attention(h).
   *
   * @param s the graph
   * @param h [L, D] input
   * @param addend [L, D]
   * @param result [L, D]
   * @param cached whether sequences go on from what they have read before
   */
  void forward(Stage s, View h, View addend, View result, boolean cached) {
    project(s, "q", h, q, a.querySize(), a.heads(), true);
    project(s, "k", h, k, a.keySize(), a.keyHeads(), true);
    project(s, "v", h, v, a.keySize(), a.keyHeads(), false);
    if (cached) {
      ops.attention()
          .cachedAttention(
              s,
              "attention.cached",
              q,
              k,
              v,
              inputs.cu(),
              inputs.past(),
              keyCache,
              valueCache,
              o,
              sizes,
              cache);
    } else {
      ops.attention().attention(s, "attention.heads", q, k, v, inputs.cu(), o, lse, sizes);
    }
    int size = a.querySize();
    ops.linearAdd(
        s,
        "attention.o_proj",
        new Linear(o, size, w.weight("attn.o_proj.weight"), result, hidden, 0, size, hidden),
        addend);
  }

  private void project(Stage s, String name, View h, View to, int size, int heads, boolean turned) {
    ops.linear(
        s,
        "attention." + name + "_proj",
        new Linear(
            h,
            hidden,
            w.weight("attn." + name + "_proj.weight"),
            to,
            0,
            a.headDim(),
            hidden,
            size));
    if (turned || a.bias()) {
      ops.attention()
          .rotary(
              s,
              "attention." + name + "_rotary",
              to,
              a.bias() ? w.weight("attn." + name + "_proj.bias") : null,
              inputs.positions(),
              turned ? angles : null,
              to,
              heads,
              a.headDim());
    }
  }

  /**
   * Appends the gradients: of all parameters (added), and dH (overwritten).
   *
   * @param s the graph
   * @param h [L, D] the forward's input
   * @param dResult [L, D]
   * @param dH [L, D]
   */
  void backward(Stage s, View h, View dResult, View dH) {
    int size = a.querySize();
    String last = "attn.o_proj.weight";
    ops.linearInputGradient(
        s,
        "attention.d_o",
        new Linear(dO, size, w.weight(last), dResult, hidden, 0, size, hidden),
        false);
    ops.linearWeightGradient(
        s,
        "attention.dw_o",
        new Linear(o, size, w.gradient(last), dResult, hidden, 0, size, hidden));
    ops.attention()
        .attentionGradient(
            s, "attention.d_heads", q, k, v, inputs.cu(), o, lse, dO, dq, dk, dv, sizes);
    projectGradient(s, "q", h, dH, dq, size, a.heads(), true, false);
    projectGradient(s, "k", h, dH, dk, a.keySize(), a.keyHeads(), true, true);
    projectGradient(s, "v", h, dH, dv, a.keySize(), a.keyHeads(), false, true);
  }

  private void projectGradient(
      Stage s,
      String name,
      View h,
      View dH,
      View dy,
      int size,
      int heads,
      boolean turned,
      boolean accumulate) {
    if (turned || a.bias()) {
      ops.attention()
          .rotaryGradient(
              s,
              "attention.d_" + name + "_rotary",
              dy,
              inputs.positions(),
              turned ? angles : null,
              dy,
              a.bias() ? w.gradient("attn." + name + "_proj.bias") : null,
              heads,
              a.headDim());
    }
    String weight = "attn." + name + "_proj.weight";
    ops.linearInputGradient(
        s,
        "attention.d_" + name + "_proj",
        new Linear(dH, hidden, w.weight(weight), dy, 0, a.headDim(), hidden, size),
        accumulate);
    ops.linearWeightGradient(
        s,
        "attention.dw_" + name + "_proj",
        new Linear(h, hidden, w.gradient(weight), dy, 0, a.headDim(), hidden, size));
  }
}
