package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.Activation;
import io.github.tornadosse.kernels.vector.DecayGates;
import io.github.tornadosse.kernels.vector.Dense;
import io.github.tornadosse.kernels.vector.Embedding;
import io.github.tornadosse.kernels.vector.Gla;
import io.github.tornadosse.kernels.vector.HeadActivations;
import io.github.tornadosse.kernels.vector.Loss;
import io.github.tornadosse.kernels.vector.MixerOutput;
import io.github.tornadosse.kernels.vector.Norms;
import io.github.tornadosse.kernels.vector.Optimizer;
import io.github.tornadosse.kernels.vector.Routing;
import io.github.tornadosse.kernels.vector.Swiglu;
import io.github.tornadosse.kernels.vector.Views;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The vector tier: kernels on the JDK's Vector API over the embedded runtime's arrays, which share
 * out their own work. The stable sort of the expanded rows is the portable tier's. Where an
 * operation leaves out an array, its kernels receive another one in its place and a number that
 * says so.
 */
public final class VectorOperations implements Operations {
  /** Most tokens for which memory for outputs of all rows is given for speed. */
  private static final int TOKENS_APART = 1 << 16;

  private final PortableOperations portable = new PortableOperations();
  private final ConvolutionOperations convolutions = new VectorOperationsConvolutions();
  private final AttentionOperations attention = new VectorOperationsAttention();
  private final int tokensApart;

  /** The tier. */
  public VectorOperations() {
    this(TOKENS_APART);
  }

  /**
   * The tier with another bound.
   *
   * @param tokensApart most tokens whose sparse rows have outputs of their own where no backward
   *     pass follows
   */
  VectorOperations(int tokensApart) {
    this.tokensApart = tokensApart;
  }

  @Override
  public String tier() {
    return "vector";
  }

  @Override
  public ConvolutionOperations convolutions() {
    return convolutions;
  }

  @Override
  public DeltaRuleOperations deltaRule() {
    return new VectorOperationsDeltaRule();
  }

  @Override
  public AttentionOperations attention() {
    return attention;
  }

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

  // ---------------------------------------------------------------- the mixer's inputs

  /** What the activation kernels take for a kind: the softmax's number of logits, or 0. */
  private static int topk(int kind, int rowTopk) {
    return kind == Activation.SILU ? 0 : rowTopk;
  }

  @Override
  public void headActivation(
      Stage s,
      String id,
      View first,
      View base,
      View delta,
      View out,
      int kind,
      int rowTopk,
      int heads,
      int dim) {
    boolean sparse = delta != null;
    View second = sparse ? base : first;
    View third = sparse ? delta : first;
    s.graph()
        .task(
            id,
            HeadActivations::activate,
            s.control(),
            first.array(),
            first.at(),
            second.array(),
            second.at(),
            third.array(),
            third.at(),
            out.array(),
            out.at(),
            topk(kind, rowTopk),
            heads,
            dim,
            s.tokens(),
            sparse ? 2 : 1);
  }

  @Override
  public void headActivationGradient(
      Stage s,
      String id,
      View first,
      View base,
      View delta,
      FloatArray dRows,
      int rowsPart,
      Rows rows,
      View dTop,
      View dFirst,
      View dDelta,
      int kind,
      int rowTopk,
      int heads,
      int dim) {
    boolean sparse = rows.width() > 0;
    boolean together = sparse && first.equals(base);
    if (!together) {
      s.graph()
          .task(
              id + ".first",
              HeadActivations::firstGradient,
              s.control(),
              first.array(),
              first.at(),
              dRows,
              rowsPart,
              dFirst.array(),
              dFirst.at(),
              topk(kind, rowTopk),
              heads,
              dim,
              s.tokens(),
              rows.width());
    }
    if (sparse) {
      s.graph()
          .task(
              id,
              HeadActivations::gradient,
              s.control(),
              base.array(),
              base.at(),
              delta.array(),
              delta.at(),
              dRows,
              rowsPart,
              rows.tokenRow(),
              rows.weight(),
              dTop == null ? dDelta.array() : dTop.array(),
              dTop == null ? -1 : dTop.at(),
              together ? dFirst.array() : dDelta.array(),
              together ? dFirst.at() : -1,
              dDelta.array(),
              dDelta.at(),
              topk(kind, rowTopk),
              heads,
              dim,
              s.tokens(),
              rows.width());
    }
  }

  private static int part(Stage s, Rows rows, int part, int heads, int dim) {
    return part * heads * s.tokens() * (1 + rows.width()) * dim;
  }

  @Override
  public void decayGate(
      Stage s,
      String id,
      View raw,
      View bias0,
      View bias1,
      View keyFirst,
      View keyBase,
      View keyDelta,
      View out,
      int rowTopk,
      int heads,
      int dim) {
    int masked = mask(s, id, keyFirst, keyBase, keyDelta, out, rowTopk, heads, dim);
    gate(s, id + ".always", raw, bias0, out, masked, 0, heads, dim);
    if (bias1 != null) {
      gate(s, id + ".sparse", raw, bias1, out, masked, 1, heads, dim);
    }
  }

  private static int mask(
      Stage s,
      String id,
      View keyFirst,
      View keyBase,
      View keyDelta,
      View out,
      int rowTopk,
      int heads,
      int dim) {
    if (rowTopk >= dim) {
      return 0;
    }
    boolean sparse = keyDelta != null;
    View second = sparse ? keyBase : keyFirst;
    View third = sparse ? keyDelta : keyFirst;
    s.graph()
        .task(
            id + ".mask",
            DecayGates::mask,
            s.control(),
            keyFirst.array(),
            keyFirst.at(),
            second.array(),
            second.at(),
            third.array(),
            third.at(),
            out.array(),
            out.at(),
            rowTopk,
            heads,
            dim,
            s.tokens(),
            sparse ? 2 : 1);
    return 1;
  }

  private static void gate(
      Stage s,
      String id,
      View raw,
      View bias,
      View out,
      int masked,
      int source,
      int heads,
      int dim) {
    s.graph()
        .task(
            id,
            DecayGates::forward,
            s.control(),
            raw.array(),
            raw.at(),
            bias.array(),
            bias.at(),
            out.array(),
            out.at(),
            masked,
            source,
            heads,
            dim,
            s.tokens());
  }

  @Override
  public void decayGateGradient(
      Stage s,
      String id,
      View raw,
      View bias0,
      View bias1,
      View keyFirst,
      View keyBase,
      View keyDelta,
      FloatArray dRows,
      int rowsPart,
      Rows rows,
      View dRaw,
      View dBias0,
      View dBias1,
      int rowTopk,
      int heads,
      int dim) {
    int masked = mask(s, id, keyFirst, keyBase, keyDelta, dRaw, rowTopk, heads, dim);
    int from = part(s, rows, rowsPart, heads, dim);
    gateGradient(
        s, id + ".always", raw, bias0, dRows, from, rows, dRaw, dBias0, masked, 0, heads, dim);
    if (bias1 != null) {
      gateGradient(
          s, id + ".sparse", raw, bias1, dRows, from, rows, dRaw, dBias1, masked, 1, heads, dim);
    }
  }

  private static void gateGradient(
      Stage s,
      String id,
      View raw,
      View bias,
      FloatArray dRows,
      int from,
      Rows rows,
      View dRaw,
      View dBias,
      int masked,
      int source,
      int heads,
      int dim) {
    s.graph()
        .task(
            id,
            DecayGates::gradient,
            s.control(),
            raw.array(),
            raw.at(),
            bias.array(),
            bias.at(),
            dRows,
            from,
            rows.tokenRow(),
            dRaw.array(),
            dRaw.at(),
            dBias.array(),
            dBias.at(),
            masked,
            source,
            heads,
            dim,
            s.tokens(),
            rows.width());
  }

  @Override
  public void valueActivation(Stage s, String id, View raw, View out, int heads, int dim) {
    s.graph()
        .task(
            id,
            HeadActivations::value,
            s.control(),
            raw.array(),
            raw.at(),
            out.array(),
            out.at(),
            heads,
            dim,
            s.tokens());
  }

  @Override
  public void valueActivationGradient(
      Stage s, String id, View raw, FloatArray dRows, Rows rows, View dRaw, int heads, int dim) {
    s.graph()
        .task(
            id,
            HeadActivations::valueGradient,
            s.control(),
            raw.array(),
            raw.at(),
            dRows,
            rows.tokenRow(),
            dRaw.array(),
            dRaw.at(),
            heads,
            dim,
            s.tokens(),
            rows.width());
  }

  // ---------------------------------------------------------------- routing

  @Override
  public void router(
      Stage s,
      String id,
      View low,
      int ld,
      int column,
      View e,
      IntView top,
      int partitions,
      int width) {
    s.graph()
        .task(
            id,
            Routing::route,
            s.control(),
            low.array(),
            low.at(),
            ld,
            column,
            e.array(),
            e.at(),
            top.array(),
            top.at(),
            partitions,
            width);
  }

  @Override
  public void routeRows(
      Stage s, String id, View e, IntView top, IntArray cu, Rows rows, Selection selection) {
    portable.routeRows(s, id, e, top, cu, rows, selection);
  }

  @Override
  public void balance(
      Stage s,
      String id,
      View e,
      IntView top,
      View load,
      View aux,
      int partitions,
      int width,
      int writers) {
    s.graph()
        .task(
            id,
            Routing::balance,
            s.control(),
            e.array(),
            e.at(),
            top.array(),
            top.at(),
            load.array(),
            load.at(),
            aux.array(),
            aux.at(),
            partitions,
            width,
            writers);
  }

  @Override
  public void routerGradient(
      Stage s,
      String id,
      View e,
      IntView top,
      View dTop,
      View load,
      FloatArray scale,
      View dLow,
      int ld,
      int column,
      int partitions,
      int width,
      int writers) {
    s.graph()
        .task(
            id,
            Routing::gradient,
            s.control(),
            e.array(),
            e.at(),
            top.array(),
            top.at(),
            dTop.array(),
            dTop.at(),
            load.array(),
            load.at(),
            scale,
            dLow.array(),
            dLow.at(),
            ld,
            column,
            partitions,
            width,
            writers);
  }

  // ---------------------------------------------------------------- gated linear attention

  @Override
  public void gla(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      Rows rows,
      View state,
      FloatArray out,
      HeadSizes sizes) {
    s.graph()
        .task(
            id,
            Gla::forward,
            s.control(),
            q,
            k,
            v,
            g,
            rows.token(),
            rows.mode(),
            rows.weight(),
            rows.segments(),
            state.array(),
            out,
            state.at(),
            rows.partitions(),
            sizes.heads(),
            s.tokens(),
            s.tokens() * (1 + rows.width()),
            sizes.key(),
            sizes.value());
  }

  @Override
  public void glaGradient(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      Rows rows,
      View state,
      FloatArray dOut,
      View dState,
      FloatArray dRows,
      FloatArray dvRows,
      HeadSizes sizes) {
    s.graph()
        .task(
            id,
            Gla::gradient,
            s.control(),
            q,
            k,
            v,
            g,
            rows.token(),
            rows.mode(),
            rows.weight(),
            rows.segments(),
            state.array(),
            dOut,
            dState.array(),
            dRows,
            dvRows,
            state.at(),
            dState.at(),
            rows.partitions(),
            s.tokens(),
            sizes.key(),
            sizes.value());
  }

  @Override
  public void mixerOutput(
      Stage s,
      String id,
      FloatArray out,
      Rows rows,
      View gate,
      View w,
      View o,
      View y,
      HeadSizes sizes,
      int valueDim,
      float eps) {
    View gated = gate == null ? y : gate;
    s.graph()
        .task(
            id,
            MixerOutput::forward,
            s.control(),
            out,
            rows.tokenRow(),
            gated.array(),
            gated.at(),
            w.array(),
            w.at(),
            o.array(),
            o.at(),
            y.array(),
            y.at(),
            sizes.heads(),
            sizes.value(),
            valueDim,
            eps,
            gate == null ? 0 : 1,
            s.tokens(),
            rows.width());
  }

  @Override
  public void glaOutput(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      Rows rows,
      View state,
      Output output,
      HeadSizes sizes) {
    if (apart(s, rows)) {
      Operations.super.glaOutput(s, id, q, k, v, g, rows, state, output, sizes);
    } else {
      VectorOperationsOutput.gla(s, id, q, k, v, g, rows, state, output, sizes);
    }
  }

  @Override
  public void deltaRuleOutput(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      Rows rows,
      boolean gateValues,
      View state,
      Output output,
      DeltaRuleOperations.Sizes sizes) {
    if (apart(s, rows)) {
      Operations.super.deltaRuleOutput(
          s, id, q, k, v, gates, rows, gateValues, state, output, sizes);
    } else {
      VectorOperationsOutput.deltaRule(
          s, id, q, k, v, gates, rows, gateValues, state, output, sizes);
    }
  }

  /**
   * Whether rows' outputs and their sums have arrays of their own: with sparse rows that is faster
   * than to add them where their tokens' outputs are, but takes memory that grows with the tokens.
   */
  private boolean apart(Stage s, Rows rows) {
    return rows.width() > 0 && s.tokens() <= tokensApart;
  }

  @Override
  public void mixerOutputGradient(
      Stage s,
      String id,
      View dy,
      View o,
      View gate,
      View w,
      FloatArray dO,
      View dGate,
      View dw,
      HeadSizes sizes,
      int valueDim,
      float eps) {
    View gated = gate == null ? dy : gate;
    View dGated = dGate == null ? dy : dGate;
    s.graph()
        .task(
            id,
            MixerOutput::gradient,
            s.control(),
            dy.array(),
            dy.at(),
            o.array(),
            o.at(),
            gated.array(),
            gated.at(),
            w.array(),
            w.at(),
            dO,
            dGated.array(),
            dGated.at(),
            dw.array(),
            dw.at(),
            sizes.heads(),
            sizes.value(),
            valueDim,
            eps,
            gate == null ? 0 : 1,
            s.tokens());
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
