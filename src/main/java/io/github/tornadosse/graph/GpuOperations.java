package io.github.tornadosse.graph;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The GPU tier: kernels of {@code kernels.gpu}, whose work-items share local memory and wait for
 * each other. What gains nothing by that is the portable tier's.
 */
public class GpuOperations extends PortableOperations {
  private final DeltaRuleOperations deltaRule = new GpuDeltaRule();
  private final AttentionOperations attention = new GpuAttention();
  private final GpuDense dense;
  private final PackedDense library;
  private final long leastWork;
  private final GpuTokens tokens;
  private final GpuSteps steps;

  /**
   * The tier for a device.
   *
   * @param settings what is known of it
   */
  public GpuOperations(GpuSettings settings) {
    this(settings, false);
  }

  /**
   * The tier for a device that may have a library.
   *
   * @param settings what is known of it
   * @param library whether products of large dense layers are those of the device's library, see
   *     {@link MatrixProducts}, instead of kernels here
   */
  public GpuOperations(GpuSettings settings, boolean library) {
    this(settings, library, PackedDense.LEAST_WORK);
  }

  GpuOperations(GpuSettings settings, boolean library, long leastWork) {
    this.library = library ? new LibraryDense(false) : null;
    this.leastWork = leastWork;
    dense = new GpuDense(settings);
    tokens = new GpuTokens(settings);
    steps = new GpuSteps(settings);
  }

  @Override
  public String tier() {
    return "gpu";
  }

  @Override
  public DeltaRuleOperations deltaRule() {
    return deltaRule;
  }

  @Override
  public AttentionOperations attention() {
    return attention;
  }

  @Override
  public StepOperations steps() {
    return steps;
  }

  // ---------------------------------------------------------------- dense

  @Override
  public void linear(Stage s, String id, Linear l) {
    linearAdd(s, id, l, null);
  }

  @Override
  public void linearAdd(Stage s, String id, Linear l, View addend) {
    if (library(s, l)) {
      library.linear(s, id, l, addend);
    } else {
      dense.linear(s, id, l, addend);
    }
  }

  @Override
  public void linearInputGradient(Stage s, String id, Linear l, boolean accumulate) {
    if (library(s, l)) {
      library.inputGradient(s, id, l, accumulate);
    } else {
      dense.inputGradient(s, id, l, accumulate);
    }
  }

  @Override
  public void linearWeightGradient(Stage s, String id, Linear l) {
    if (library(s, l)) {
      library.weightGradient(s, id, l);
    } else {
      dense.weightGradient(s, id, l);
    }
  }

  private boolean library(Stage s, Linear l) {
    return library != null && library.takes(s, l, leastWork);
  }

  // ---------------------------------------------------------------- norms, MLP, embedding, loss

  @Override
  public void rmsNorm(Stage s, String id, View x, View w, View y, View rstd, int size, float eps) {
    tokens.rmsNorm(s, id, x, w, y, rstd, size, eps);
  }

  @Override
  public void rmsNormGradient(
      Stage s, String id, View x, View w, View rstd, View dy, View dx, View dw, int size) {
    tokens.rmsNormGradient(s, id, x, w, rstd, dy, dx, dw, size);
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
    tokens.embeddingGradient(s, id, order, starts, dx, dWeight, vocabulary, size);
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
    tokens.crossEntropy(s, id, logits, targets, loss, scale, vocabulary);
  }

  // ---------------------------------------------------------------- the mixer's inputs

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
    String source0 = id + ".source0";
    GpuHeads.activate(s, source0, first, first, out, kind, rowTopk, heads, dim, 0);
    if (delta != null) {
      GpuHeads.activate(s, id + ".source1", base, delta, out, kind, rowTopk, heads, dim, 1);
    }
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
    GpuHeads.activationGradient(
        s, id, first, base, delta, dRows, rowsPart, rows, dTop, dFirst, dDelta, kind, rowTopk,
        heads, dim);
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
    GpuHeads.gate(s, id + ".source0", raw, bias0, keyFirst, keyFirst, out, rowTopk, heads, dim, 0);
    if (bias1 != null) {
      GpuHeads.gate(s, id + ".source1", raw, bias1, keyBase, keyDelta, out, rowTopk, heads, dim, 1);
    }
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
    GpuHeads.gateGradient(
        s,
        id + ".source0",
        raw,
        bias0,
        keyFirst,
        keyFirst,
        dRows,
        rowsPart,
        rows,
        dRaw,
        dBias0,
        rowTopk,
        heads,
        dim,
        0);
    if (rows.width() > 0) {
      GpuHeads.gateGradient(
          s,
          id + ".source1",
          raw,
          bias1,
          keyBase,
          keyDelta,
          dRows,
          rowsPart,
          rows,
          dRaw,
          dBias1,
          rowTopk,
          heads,
          dim,
          1);
    }
  }

  @Override
  public void valueActivation(Stage s, String id, View raw, View out, int heads, int dim) {
    GpuHeads.values(s, id, raw, out, heads, dim);
  }

  @Override
  public void valueActivationGradient(
      Stage s, String id, View raw, FloatArray dRows, Rows rows, View dRaw, int heads, int dim) {
    GpuHeads.valueGradient(s, id, raw, dRows, rows, dRaw, heads, dim);
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
    if (partitions == 1) {
      // Nothing to compare, which TornadoVM's OpenCL compiler does not get over.
      super.router(s, id, low, ld, column, e, top, partitions, width);
    } else {
      GpuRouting.router(s, id, low, ld, column, e, top, partitions, width);
    }
  }

  @Override
  public void routeRows(
      Stage s, String id, View e, IntView top, IntArray cu, Rows rows, Selection selection) {
    GpuRouting.routeRows(s, id, e, top, cu, rows, selection);
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
    GpuRouting.balance(s, id, e, top, load, aux, partitions, width, writers);
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
    GpuRouting.gradient(
        s, id, e, top, dTop, load, scale, dLow, ld, column, partitions, width, writers);
  }

  // ---------------------------------------------------------------- the mixer's output

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
    GpuHeads.output(s, id, out, rows, gate, w, o, y, sizes, valueDim, eps);
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
    GpuHeads.outputGradient(s, id, dy, o, gate, w, dO, dGate, dw, sizes, valueDim, eps);
  }

  // ---------------------------------------------------------------- optimiser

  @Override
  public void squaredNorm(Stage s, String id, FloatArray x, int n, FloatArray partial) {
    tokens.squaredNorm(s, id, x, n, partial);
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
    GpuLinearAttention.forward(s, id, q, k, v, g, rows, state, out, sizes);
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
    GpuLinearAttention.gradient(s, id, q, k, v, g, rows, state, dOut, dState, dRows, dvRows, sizes);
  }
}
