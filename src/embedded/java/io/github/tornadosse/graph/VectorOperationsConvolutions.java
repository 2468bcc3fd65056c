package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.vector.ShortConvolution;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Short convolutions of the vector tier. */
final class VectorOperationsConvolutions implements ConvolutionOperations {
  @Override
  public void forward(
      Stage s, String id, View x, View w, IntArray cu, View state, View y, Sizes sizes) {
    s.graph()
        .task(
            id,
            ShortConvolution::forward,
            s.control(),
            x.array(),
            x.at(),
            w.array(),
            w.at(),
            cu,
            state.array(),
            state.at(),
            y.array(),
            y.at(),
            sizes.heads(),
            sizes.dim(),
            sizes.width(),
            s.tokens());
  }

  @Override
  public void gradient(
      Stage s, String id, View x, View w, IntArray cu, View dy, View dx, View dw, Sizes sizes) {
    s.graph()
        .task(
            id,
            ShortConvolution::gradient,
            s.control(),
            x.array(),
            x.at(),
            w.array(),
            w.at(),
            cu,
            dy.array(),
            dy.at(),
            dx.array(),
            dx.at(),
            dw.array(),
            dw.at(),
            sizes.heads(),
            sizes.dim(),
            sizes.width(),
            s.tokens());
  }
}
