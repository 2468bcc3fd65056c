package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.vector.Dense;
import io.github.tornadosse.kernels.vector.Embedding;
import io.github.tornadosse.kernels.vector.Loss;
import io.github.tornadosse.kernels.vector.Norms;
import io.github.tornadosse.kernels.vector.Optimizer;
import io.github.tornadosse.kernels.vector.Swiglu;
import io.github.tornadosse.kernels.vector.Views;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The vector tier's dense layers, norms, MLP, embedding, loss and optimiser; see {@link
 * VectorOperations}.
 */
abstract class VectorOperationsLayers implements Operations {
  // ---------------------------------------------------------------- dense

  @Override
  public void linear(Stage s, String id, Linear l) {
    linear(s, id, l, l.y(), 0);
  }

  @Override
  public void linearAdd(Stage s, String id, Linear l, View addend) {
    linear(s, id, l, addend, 1);
  }

  private static void linear(Stage s, String id, Linear l, View addend, int adds) {
    s.graph()
        .task(
            id,
            Dense::linear,
            s.control(),
            l.x().array(),
            l.x().at(),
            l.w().array(),
            l.w().at(),
            l.y().array(),
            l.y().at(),
            addend.array(),
            addend.at(),
            adds,
            l.ldx(),
            l.ldy(),
            l.headDim(),
            l.in(),
            l.out(),
            s.tokens());
  }

  @Override
  public void linearInputGradient(Stage s, String id, Linear l, boolean accumulate) {
    s.graph()
        .task(
            id,
            Dense::inputGradient,
            s.control(),
            l.x().array(),
            l.x().at(),
            l.w().array(),
            l.w().at(),
            l.y().array(),
            l.y().at(),
            accumulate ? 1 : 0,
            l.ldx(),
            l.ldy(),
            l.headDim(),
            l.in(),
            l.out(),
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
            l.w().array(),
            l.w().at(),
            l.y().array(),
            l.y().at(),
            l.ldx(),
            l.ldy(),
            l.headDim(),
            l.in(),
            l.out(),
            s.tokens());
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
            eps);
  }

  @Override
  public void rmsNormGradient(
      Stage s, String id, View x, View w, View rstd, View dy, View dx, View dw, int size) {
    s.graph()
        .task(
            id,
            Norms::rmsNormGradient,
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
            dw.array(),
            dw.at(),
            size);
  }

  @Override
  public void swiglu(Stage s, String id, View gateUp, View y, int size) {
    s.graph()
        .task(
            id, Swiglu::forward, s.control(), gateUp.array(), gateUp.at(), y.array(), y.at(), size);
  }

  @Override
  public void swigluGradient(Stage s, String id, View gateUp, View dy, View dGateUp, int size) {
    s.graph()
        .task(
            id,
            Swiglu::gradient,
            s.control(),
            gateUp.array(),
            gateUp.at(),
            dy.array(),
            dy.at(),
            dGateUp.array(),
            dGateUp.at(),
            size);
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
            size);
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
            size);
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
            id,
            Loss::crossEntropy,
            s.control(),
            logits.array(),
            logits.at(),
            targets,
            loss.array(),
            loss.at(),
            scale == null ? loss.array() : scale,
            scale == null ? 0 : 1,
            vocabulary);
  }

  // ---------------------------------------------------------------- optimiser

  @Override
  public void copy(Stage s, String id, View from, View to, int n) {
    s.graph().task(id, Views::copy, s.control(), from.array(), from.at(), to.array(), to.at(), n);
  }

  @Override
  public void clear(Stage s, String id, View values, int n) {
    s.graph().task(id, Views::clear, s.control(), values.array(), values.at(), n);
  }

  @Override
  public void zero(Stage s, String id, FloatArray values, int n) {
    s.graph().task(id, Optimizer::zero, values, n);
  }

  @Override
  public void zeroTokens(Stage s, String id, View values, int size) {
    s.graph().task(id, Optimizer::zeroTokens, s.control(), values.array(), values.at(), size);
  }

  @Override
  public void squaredNorm(Stage s, String id, FloatArray x, int n, FloatArray partial) {
    s.graph().task(id, Optimizer::squaredNorm, x, n, partial);
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
  }
}
