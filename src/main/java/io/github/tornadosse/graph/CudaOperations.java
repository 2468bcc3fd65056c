package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.cuda.TokenOutput;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The CUDA tier: products of bfloat16 factors on tensor cores, summed in float32; parameters,
 * states and what is between operations stay float32. Operations and sizes that have no kernel here
 * are the GPU tier's.
 */
public final class CudaOperations extends GpuOperations {
  private final PackedDense dense;
  private final long leastWork;

  /**
   * The tier for a device.
   *
   * @param settings what is known of it
   * @param library whether products of dense layers are those of the device's library, see {@link
   *     MatrixProducts}, instead of kernels here
   */
  public CudaOperations(GpuSettings settings, boolean library) {
    this(settings, library, PackedDense.LEAST_WORK);
  }

  CudaOperations(GpuSettings settings, boolean library, long leastWork) {
    super(settings);
    dense = library ? new LibraryDense(true) : new TensorCoreDense();
    this.leastWork = leastWork;
  }

  @Override
  public String tier() {
    return "cuda";
  }

  @Override
  public void linear(Stage s, String id, Linear l) {
    if (dense.takes(s, l, leastWork)) {
      dense.linear(s, id, l, null);
    } else {
      super.linear(s, id, l);
    }
  }

  @Override
  public void linearAdd(Stage s, String id, Linear l, View addend) {
    if (dense.takes(s, l, leastWork)) {
      dense.linear(s, id, l, addend);
    } else {
      super.linearAdd(s, id, l, addend);
    }
  }

  @Override
  public void linearInputGradient(Stage s, String id, Linear l, boolean accumulate) {
    if (dense.takes(s, l, leastWork)) {
      dense.inputGradient(s, id, l, accumulate);
    } else {
      super.linearInputGradient(s, id, l, accumulate);
    }
  }

  @Override
  public void linearWeightGradient(Stage s, String id, Linear l) {
    if (dense.takes(s, l, leastWork)) {
      dense.weightGradient(s, id, l);
    } else {
      super.linearWeightGradient(s, id, l);
    }
  }

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
    if (CudaLinearAttention.takes(sizes)) {
      CudaLinearAttention.forward(s, id, q, k, v, g, rows, state, out, sizes);
    } else {
      super.gla(s, id, q, k, v, g, rows, state, out, sizes);
    }
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
    if (output.o() == null && CudaLinearAttention.takes(sizes, output)) {
      CudaLinearAttention.output(s, id, q, k, v, g, rows, state, output, sizes);
    } else {
      super.glaOutput(s, id, q, k, v, g, rows, state, output, sizes);
    }
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
    if (CudaLinearAttention.takes(sizes)) {
      CudaLinearAttention.gradient(
          s, id, q, k, v, g, rows, state, dOut, dState, dRows, dvRows, sizes);
    } else {
      super.glaGradient(s, id, q, k, v, g, rows, state, dOut, dState, dRows, dvRows, sizes);
    }
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
    if (valueDim > TokenOutput.MOST_VALUES) {
      super.mixerOutput(s, id, out, rows, gate, w, o, y, sizes, valueDim, eps);
      return;
    }
    tokenOutput(s, id, out, rows, new Output(gate, w, o, y, valueDim, eps, 0), sizes);
  }

  @Override
  public void mixerOutputAlone(
      Stage s, String id, FloatArray out, Rows rows, Output output, HeadSizes sizes) {
    if (output.valueDim() > TokenOutput.MOST_VALUES) {
      super.mixerOutputAlone(s, id, out, rows, output, sizes);
    } else {
      tokenOutput(s, id, out, rows, output, sizes);
    }
  }

  private static void tokenOutput(
      Stage s, String id, FloatArray out, Rows rows, Output to, HeadSizes sizes) {
    View gateOrW = to.gate() == null ? to.w() : to.gate();
    // Sums that nobody needs are not written, but the parameter takes an array of its own.
    View sums =
        to.o() == null ? new View(s.buffers().floats(id + ".none", 1), Control.ZERO) : to.o();
    s.graph()
        .task(
            id,
            TokenOutput::forward,
            new KernelContext(),
            s.control(),
            out,
            rows.tokenRow(),
            gateOrW.array(),
            gateOrW.at(),
            to.w().array(),
            to.w().at(),
            sums.array(),
            sums.at(),
            to.y().array(),
            to.y().at(),
            sizes.heads(),
            sizes.value(),
            to.valueDim(),
            to.eps(),
            to.gate() == null ? 0 : 1,
            to.o() == null ? 0 : 1,
            s.tokens(),
            rows.width());
    tokenGrid(s, id, sizes, to.valueDim());
  }

  static void tokenGrid(Stage s, String id, HeadSizes sizes, int valueDim) {
    long groups = Math.ceilDiv(s.tokens(), TokenOutput.TOKENS);
    s.grid(id, groups * sizes.heads() * (sizes.value() / valueDim), TokenOutput.ITEMS);
  }
}
