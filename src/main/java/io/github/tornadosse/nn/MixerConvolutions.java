package io.github.tornadosse.nn;

import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.ConvolutionOperations;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.graph.Workspace;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The short convolutions of partition 0's queries and keys (docs/mathematics.md section 1). */
final class MixerConvolutions {
  private final MixerConfig m;
  private final Operations ops;
  private final Weights.OfKind w;
  private final IntArray cu;
  private final int tokens;
  private final ConvolutionOperations.Sizes sizes;
  private final Source queries;
  private final Source keys;

  /**
   * Declares the arrays.
   *
   * @param qBase [H, capacity, K] queries before the convolution
   * @param kBase [H, capacity, K] keys
   * @param layers number of layers that have a mixer
   */
  MixerConvolutions(
      MixerConfig m,
      Operations ops,
      Workspace p,
      Weights.OfKind w,
      IntArray cu,
      View qBase,
      View kBase,
      int layers,
      Block.Sizes capacities) {
    this.m = m;
    this.ops = ops;
    this.w = w;
    this.cu = cu;
    tokens = capacities.tokens();
    sizes = new ConvolutionOperations.Sizes(m.heads(), m.headDim(), m.convolution());
    queries = new Source("q", qBase, p, layers, capacities.sessions());
    keys = new Source("k", kBase, p, layers, capacities.sessions());
  }

  /** The convolution of queries, or that of keys. */
  private final class Source {
    final String name;
    final View base;
    final View convolved;
    final View state;
    final SessionPart sessionPart;
    final View dBase;

    Source(String name, View base, Workspace p, int layers, int sessions) {
      this.name = name;
      this.base = base;
      long size = (long) tokens * m.keySize();
      convolved = p.control().whole(p.buffers().floats("mixer." + name + "_conv", size));
      int stateSize = (m.convolution() - 1) * m.keySize();
      int stride = (int) Math.min((long) sessions * stateSize, Integer.MAX_VALUE);
      FloatArray states =
          p.buffers()
              .shared()
              .floats("mixer." + name + "_conv_state", (long) layers * sessions * stateSize);
      state = p.control().view(states, 0, stride, Axis.KIND);
      sessionPart =
          new SessionPart(
              name + "_conv",
              p.control().view(states, stride, Axis.KIND, stateSize, Axis.SESSION),
              m.convolution() - 1,
              m.heads(),
              m.headDim());
      // with sparse partitions the gradient of what they add stands for that of the base
      dBase =
          w.training() && !m.sparse()
              ? p.control().whole(p.buffers().floats("grad." + name + "_base", size))
              : null;
    }

    private View weight() {
      return w.weight("attn." + name + "_conv1d_shared.weight");
    }

    void forward(Stage s) {
      ops.convolutions()
          .forward(s, "mixer." + name + "_conv", base, weight(), cu, state, convolved, sizes);
    }

    View gradient(Stage s, View dConvolved, View dDelta) {
      View dx = dDelta;
      if (dx == null) {
        dx = dBase;
        ops.clear(s, "mixer.d_" + name + "_base", dx, tokens * m.keySize());
      }
      ops.convolutions()
          .gradient(
              s,
              "mixer.d_" + name + "_conv",
              base,
              weight(),
              cu,
              dConvolved,
              dx,
              w.gradient("attn." + name + "_conv1d_shared.weight"),
              sizes);
      return dx;
    }
  }

  /** Convolved queries of partition 0, [H, capacity, K]. */
  View queries() {
    return queries.convolved;
  }

  /** Convolved keys of partition 0, [H, capacity, K]. */
  View keys() {
    return keys.convolved;
  }

  /** What a session keeps of a layer: its states and what the convolutions reach back to. */
  List<SessionPart> sessionParts(SessionPart states) {
    return List.of(states, queries.sessionPart, keys.sessionPart);
  }

  /** Appends both convolutions. */
  void forward(Stage s) {
    queries.forward(s);
    keys.forward(s);
  }

  /**
   * Appends the gradient of queries before the convolution.
   *
   * @param dConvolved [H, capacity, K] gradient of the convolved ones
   * @param dDelta [H, capacity, K] gradient of the sparse partitions' ones, which the convolution
   *     adds to once nothing else needs it; null without
   * @return the gradient of the base
   */
  View queryGradient(Stage s, View dConvolved, View dDelta) {
    return queries.gradient(s, dConvolved, dDelta);
  }

  /** Same for keys. */
  View keyGradient(Stage s, View dConvolved, View dDelta) {
    return keys.gradient(s, dConvolved, dDelta);
  }
}
