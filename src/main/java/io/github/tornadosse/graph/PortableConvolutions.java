package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.portable.ShortConvolution;
import io.github.tornadosse.kernels.portable.Sums;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Short convolutions of the portable tier. */
final class PortableConvolutions implements ConvolutionOperations {
  @Override
  public void forward(
      Stage s, String id, View x, View w, IntArray cu, View state, View y, Sizes sizes) {
    IntArray sequence = sequences(s, id, cu);
    s.graph()
        .task(
            id + ".sum",
            ShortConvolution::forward,
            s.control(),
            cu,
            sequence,
            x.array(),
            x.at(),
            w.array(),
            w.at(),
            state.array(),
            state.at(),
            y.array(),
            y.at(),
            sizes.heads(),
            sizes.dim(),
            sizes.width(),
            s.tokens(),
            Math.multiplyExact(sizes.heads(), s.tokens()));
    if (sizes.width() > 1) {
      s.graph()
          .task(
              id + ".state",
              ShortConvolution::keep,
              s.control(),
              cu,
              x.array(),
              x.at(),
              state.array(),
              state.at(),
              sizes.dim(),
              sizes.width(),
              s.tokens(),
              channels(sizes),
              s.sequences());
    }
  }

  private static IntArray sequences(Stage s, String id, IntArray cu) {
    IntArray sequence = s.buffers().ints(id + ".sequence", s.tokens());
    s.graph()
        .task(id + ".sequence", ShortConvolution::sequences, s.control(), cu, sequence, s.tokens());
    s.spread(id + ".sequence", s.tokens());
    return sequence;
  }

  @Override
  public void gradient(
      Stage s, String id, View x, View w, IntArray cu, View dy, View dx, View dw, Sizes sizes) {
    int channels = channels(sizes);
    int blocks = Sums.blocks(s.tokens());
    int taps = Math.multiplyExact(channels, sizes.width());
    FloatArray partial = s.buffers().floats(id + ".partial", (long) blocks * taps);
    IntArray sequence = sequences(s, id, cu);
    s.graph()
        .task(
            id + ".input",
            ShortConvolution::inputGradient,
            s.control(),
            cu,
            sequence,
            w.array(),
            w.at(),
            dy.array(),
            dy.at(),
            dx.array(),
            dx.at(),
            sizes.dim(),
            sizes.width(),
            s.tokens(),
            Math.multiplyExact(sizes.heads(), s.tokens()))
        .task(
            id + ".partial",
            ShortConvolution::weightGradient,
            s.control(),
            cu,
            sequence,
            x.array(),
            x.at(),
            dy.array(),
            dy.at(),
            partial,
            sizes.dim(),
            sizes.width(),
            s.tokens(),
            channels,
            blocks)
        .task(id + ".weight", Sums::addBlocks, s.control(), partial, dw.array(), dw.at(), taps);
    s.spread(id + ".weight", taps);
  }

  private static int channels(Sizes sizes) {
    return Math.multiplyExact(sizes.heads(), sizes.dim());
  }
}
