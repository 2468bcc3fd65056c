package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.gpu.Embedding;
import io.github.tornadosse.kernels.gpu.Loss;
import io.github.tornadosse.kernels.gpu.Norms;
import io.github.tornadosse.kernels.gpu.Sums;
import io.github.tornadosse.kernels.portable.Optimizer;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Norms, embedding, loss and sums of the GPU tier. */
final class GpuTokens {
  private final GpuSettings settings;

  GpuTokens(GpuSettings settings) {
    this.settings = settings;
  }

  void rmsNorm(Stage s, String id, View x, View w, View y, View rstd, int size, float eps) {
    s.graph()
        .task(
            id,
            Norms::rmsNorm,
            new KernelContext(),
            s.control(),
            x.array(),
            x.at(),
            w.array(),
            w.at(),
            y.array(),
            y.at(),
            rstd.array(),
            rstd.at(),
            size,
            eps);
    s.grid(id, s.tokens(), settings.get(GpuSettings.REDUCTION_ITEMS));
  }

  void rmsNormGradient(
      Stage s, String id, View x, View w, View rstd, View dy, View dx, View dw, int size) {
    int blocks = Sums.blocks(s.tokens());
    int items = settings.get(GpuSettings.REDUCTION_ITEMS);
    FloatArray partial = s.buffers().floats(id + ".partial", (long) blocks * size);
    s.graph()
        .task(
            id + ".input",
            Norms::inputGradient,
            new KernelContext(),
            s.control(),
            x.array(),
            x.at(),
            w.array(),
            w.at(),
            rstd.array(),
            rstd.at(),
            dy.array(),
            dy.at(),
            dx.array(),
            dx.at(),
            size)
        .task(
            id + ".partial",
            Norms::weightGradient,
            new KernelContext(),
            s.control(),
            x.array(),
            x.at(),
            rstd.array(),
            rstd.at(),
            dy.array(),
            dy.at(),
            partial,
            size);
    s.grid(id + ".input", s.tokens(), items);
    s.grid(id + ".partial", (long) blocks * groups(size, items), items);
    addBlocks(s, id + ".weight", partial, dw, size, 1);
  }

  /** total += the sum of what stands in partial [blocks·rows, size]. */
  static void addBlocks(Stage s, String id, FloatArray partial, View total, int size, int rows) {
    s.graph()
        .task(
            id,
            Sums::addBlocks,
            new KernelContext(),
            s.control(),
            partial,
            total.array(),
            total.at(),
            size,
            rows);
    s.grid(id, groups(size, Sums.COLUMNS), Sums.ITEMS);
  }

  void embeddingGradient(
      Stage s,
      String id,
      IntArray order,
      IntArray starts,
      View dx,
      View dWeight,
      int vocabulary,
      int size) {
    int items = settings.get(GpuSettings.REDUCTION_ITEMS);
    s.graph()
        .task(
            id,
            Embedding::gradient,
            new KernelContext(),
            s.control(),
            order,
            starts,
            dx.array(),
            dx.at(),
            dWeight.array(),
            dWeight.at(),
            size);
    s.grid(id, (long) vocabulary * groups(size, items), items);
  }

  void crossEntropy(
      Stage s,
      String id,
      View logits,
      IntArray targets,
      View loss,
      FloatArray scale,
      int vocabulary) {
    s.graph()
        .task(
            id,
            Loss::crossEntropy,
            new KernelContext(),
            s.control(),
            targets,
            scale == null ? logits.array() : scale,
            logits.array(),
            logits.at(),
            loss.array(),
            loss.at(),
            vocabulary,
            scale == null ? 0 : 1);
    int items = Math.min(settings.get(GpuSettings.LOSS_ITEMS), settings.groupItems());
    s.grid(id, s.tokens(), Integer.highestOneBit(items));
  }

  void squaredNorm(Stage s, String id, FloatArray x, int n, FloatArray partial) {
    int block = Optimizer.NORM_BLOCK;
    s.graph().task(id, Sums::squares, new KernelContext(), x, n, block, partial);
    s.grid(id, n / block + (n % block == 0 ? 0 : 1), Sums.ITEMS);
  }

  /** Number of groups that cover a size. */
  static int groups(int size, int ofGroup) {
    return (size + ofGroup - 1) / ofGroup;
  }
}
