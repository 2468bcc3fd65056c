package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.gpu.Norms;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The GPU tier: kernels of {@code kernels.gpu}, whose work-items share local memory and wait for
 * each other. What gains nothing by that is the portable tier's.
 */
public class GpuOperations extends PortableOperations {
  private final GpuSettings settings;
  private final DeltaRuleOperations deltaRule = new GpuDeltaRule();
  private final AttentionOperations attention = new GpuAttention();

  /**
   * The tier for a device.
   *
   * @param settings what is known of it
   */
  public GpuOperations(GpuSettings settings) {
    this.settings = settings;
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

  // ---------------------------------------------------------------- norms, MLP, embedding, loss

  @Override
  public void rmsNorm(Stage s, String id, View x, View w, View y, View rstd, int size, float eps) {
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
