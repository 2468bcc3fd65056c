package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.gpu.Norms;
import uk.ac.manchester.tornado.api.KernelContext;

/**
 * The GPU tier: kernels of {@code kernels.gpu}, whose work-items share local memory and wait for
 * each other. What gains nothing by that is the portable tier's.
 */
public class GpuOperations extends PortableOperations {
  private final GpuSettings settings;
  private final GpuDense dense;

  /**
   * The tier for a device.
   *
   * @param settings what is known of it
   */
  public GpuOperations(GpuSettings settings) {
    this.settings = settings;
    dense = new GpuDense(settings);
  }

  @Override
  public String tier() {
    return "gpu";
  }

  // ---------------------------------------------------------------- dense

  @Override
  public void linear(Stage s, String id, Linear l) {
    dense.linear(s, id, l, null);
  }

  @Override
  public void linearAdd(Stage s, String id, Linear l, View addend) {
    dense.linear(s, id, l, addend);
  }

  @Override
  public void linearInputGradient(Stage s, String id, Linear l, boolean accumulate) {
    dense.inputGradient(s, id, l, accumulate);
  }

  @Override
  public void linearWeightGradient(Stage s, String id, Linear l) {
    dense.weightGradient(s, id, l);
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
}
