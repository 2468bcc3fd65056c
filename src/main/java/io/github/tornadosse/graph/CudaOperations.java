package io.github.tornadosse.graph;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The CUDA tier: products of bfloat16 factors on tensor cores, summed in float32; parameters,
 * states and what is between operations stay float32. Operations and sizes that have no kernel here
 * are the GPU tier's.
 */
public final class CudaOperations extends GpuOperations {
  /**
   * The tier for a device.
   *
   * @param settings what is known of it
   */
  public CudaOperations(GpuSettings settings) {
    super(settings);
  }

  @Override
  public String tier() {
    return "cuda-bf16";
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
}
