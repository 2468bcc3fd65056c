package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.gpu.Norms;
import uk.ac.manchester.tornado.api.KernelContext;

/**
 * The GPU tier: kernels of {@code kernels.gpu}, whose work-items share local memory and wait for
 * each other. What gains nothing by that is the portable tier's.
 */
public class GpuOperations extends PortableOperations {
  private final GpuSettings settings;

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
