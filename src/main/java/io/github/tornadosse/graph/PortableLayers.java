package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.portable.Dense;
import io.github.tornadosse.kernels.portable.Embedding;
import io.github.tornadosse.kernels.portable.Loss;
import io.github.tornadosse.kernels.portable.MlpKernels;
import io.github.tornadosse.kernels.portable.Norms;
import io.github.tornadosse.kernels.portable.Optimizer;
import io.github.tornadosse.kernels.portable.Sums;
import io.github.tornadosse.kernels.portable.Views;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The portable tier's dense layers, norms, MLP, embedding, loss and optimiser; see {@link
 * PortableOperations}.
 */
abstract class PortableLayers implements Operations {
  // ---------------------------------------------------------------- dense

  @Override
  public void linear(Stage s, String id, Linear l) {
    linear(s, id, l, l.x(), 0);
  }

  @Override
  public void linearAdd(Stage s, String id, Linear l, View addend) {
    linear(s, id, l, addend, 1);
  }

  private static void linear(Stage s, String id, Linear l, View addend, int add) {
    s.graph()
        .task(
            id,
            Dense::linear,
            s.control(),
            l.x().array(),
            l.x().at(),
            l.w().array(),
            l.w().at(),
            addend.array(),
            addend.at(),
            l.y().array(),
            l.y().at(),
            add,
            l.ldx(),
            l.ldy(),
            headDim(l),
            stride(l),
            l.in(),
            l.out(),
            fours(l.out()),
            s.tokens());
  }

  @Override
  public void linearInputGradient(Stage s, String id, Linear l, boolean accumulate) {
    s.graph()
        .task(
            id,
            Dense::inputGradient,
            s.control(),
            l.w().array(),
            l.w().at(),
            l.y().array(),
            l.y().at(),
            l.x().array(),
            l.x().at(),
            accumulate ? 1 : 0,
            l.ldx(),
            headDim(l),
            stride(l),
            l.in(),
            l.out(),
            fours(l.in()),
            s.tokens());
  }

  @Override
  public void linearWeightGradient(Stage s, String id, Linear l) {
    s.graph()
        .task(
            id,
            Dense::weightGradient,
            s.control(),
            l.x().array(),
            l.x().at(),
            l.y().array(),
            l.y().at(),
            l.w().array(),
            l.w().at(),
            l.ldx(),
            headDim(l),
            stride(l),
            l.in(),
            l.out(),
            fours(l.in()),
            s.tokens());
  }

  static int headDim(Linear l) {
    return l.headDim() > 0 ? l.headDim() : l.out();
  }

  static int stride(Linear l) {
    return l.headDim() > 0 ? l.headDim() : l.ldy();
  }

  static int fours(int n) {
    return (n + 3) / 4;
  }

  // ---------------------------------------------------------------- norms, MLP, embedding, loss

  @Override
  public void rmsNorm(Stage s, String id, View x, View w, View y, View rstd, int size, float eps) {
    s.graph()
        .task(
            id,
            Norms::rmsNorm,
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
            eps,
            s.tokens());
    s.spread(id, s.tokens());
  }

  @Override
  public void rmsNormGradient(
      Stage s, String id, View x, View w, View rstd, View dy, View dx, View dw, int size) {
    int blocks = Sums.blocks(s.tokens());
    FloatArray partial = s.buffers().floats(id + ".partial", (long) blocks * size);
    s.graph()
        .task(
            id + ".input",
            Norms::inputGradient,
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
            size,
            s.tokens())
        .task(
            id + ".partial",
            Norms::weightGradient,
            s.control(),
            x.array(),
            x.at(),
            rstd.array(),
            rstd.at(),
            dy.array(),
            dy.at(),
            partial,
            size,
            blocks);
    s.spread(id + ".input", s.tokens());
    addBlocks(s, id + ".weight", partial, dw, size);
  }

  static void addBlocks(Stage s, String id, FloatArray partial, View total, int size) {
    s.graph().task(id, Sums::addBlocks, s.control(), partial, total.array(), total.at(), size);
    s.spread(id, size);
  }

  @Override
  public void swiglu(Stage s, String id, View gateUp, View y, int size) {
    s.graph()
        .task(
            id,
            MlpKernels::swiglu,
            s.control(),
            gateUp.array(),
            gateUp.at(),
            y.array(),
            y.at(),
            size,
            s.tokens());
  }

  @Override
  public void swigluGradient(Stage s, String id, View gateUp, View dy, View dGateUp, int size) {
    s.graph()
        .task(
            id,
            MlpKernels::swigluGradient,
            s.control(),
            gateUp.array(),
            gateUp.at(),
            dy.array(),
            dy.at(),
            dGateUp.array(),
            dGateUp.at(),
            size,
            s.tokens());
  }

  @Override
  public void embedding(Stage s, String id, IntArray ids, View weight, View x, int size) {
    s.graph()
        .task(
            id,
            Embedding::lookUp,
            s.control(),
            ids,
            weight.array(),
            weight.at(),
            x.array(),
            x.at(),
            size,
            s.tokens());
  }

  @Override
  public void embeddingGradient(
      Stage s,
      String id,
      IntArray order,
      IntArray starts,
      View dx,
      View dWeight,
      int vocabulary,
      int size) {
    int blocks = (size + Embedding.COLUMNS_PER_ITEM - 1) / Embedding.COLUMNS_PER_ITEM;
    s.graph()
        .task(
            id,
            Embedding::gradient,
            s.control(),
            order,
            starts,
            dx.array(),
            dx.at(),
            dWeight.array(),
            dWeight.at(),
            vocabulary,
            size,
            blocks);
  }

  @Override
  public void crossEntropy(
      Stage s,
      String id,
      View logits,
      IntArray targets,
      View loss,
      FloatArray scale,
      int vocabulary) {
    s.graph()
        .task(
            scale == null ? id : id + ".loss",
            Loss::crossEntropy,
            s.control(),
            logits.array(),
            logits.at(),
            targets,
            loss.array(),
            loss.at(),
            vocabulary,
            s.tokens());
    s.spread(scale == null ? id : id + ".loss", s.tokens());
    if (scale != null) {
      s.graph()
          .task(
              id + ".gradient",
              Loss::gradient,
              s.control(),
              targets,
              loss.array(),
              loss.at(),
              scale,
              logits.array(),
              logits.at(),
              vocabulary,
              s.tokens());
      s.spread(id + ".gradient", s.tokens());
    }
  }

  // ---------------------------------------------------------------- optimiser

  @Override
  public void copy(Stage s, String id, View from, View to, int n) {
    s.graph().task(id, Views::copy, s.control(), from.array(), from.at(), to.array(), to.at(), n);
    s.spread(id, n);
  }

  @Override
  public void clear(Stage s, String id, View values, int n) {
    s.graph().task(id, Views::clear, s.control(), values.array(), values.at(), n);
    s.spread(id, n);
  }

  @Override
  public void zero(Stage s, String id, FloatArray values, int n) {
    s.graph().task(id, Optimizer::zero, values, n);
    s.spread(id, n);
  }

  @Override
  public void zeroTokens(Stage s, String id, View values, int size) {
    s.graph()
        .task(
            id, Optimizer::zeroTokens, s.control(), values.array(), values.at(), size, s.tokens());
  }

  @Override
  public void squaredNorm(Stage s, String id, FloatArray x, int n, FloatArray partial) {
    int blocks = n / Optimizer.NORM_BLOCK + (n % Optimizer.NORM_BLOCK == 0 ? 0 : 1);
    s.graph().task(id, Optimizer::squaredNorm, x, n, partial, blocks);
    s.spread(id, blocks);
  }

  @Override
  public void adamw(
      Stage s,
      String id,
      FloatArray w,
      FloatArray grad,
      FloatArray m,
      FloatArray v,
      FloatArray hyper,
      int n,
      int decayed,
      float beta1,
      float beta2,
      float eps) {
    s.graph().task(id, Optimizer::adamw, w, grad, m, v, hyper, n, decayed, beta1, beta2, eps);
    s.spread(id, n);
  }

  // ---------------------------------------------------------------- sizes

  static int rowCount(Stage s, Rows rows) {
    return items(s.tokens(), 1 + rows.width());
  }

  static int items(int... sizes) {
    int product = 1;
    for (int size : sizes) {
      product = Math.multiplyExact(product, size);
    }
    return product;
  }
}
