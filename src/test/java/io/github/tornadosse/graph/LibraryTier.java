package io.github.tornadosse.graph;

/** The CUDA tier with all products of dense layers by {@link HostProducts}. */
public final class LibraryTier {
  private LibraryTier() {}

  /** The tier. */
  public static Operations operations() {
    return new CudaOperations(GpuSettings.SMALLEST, true, 0);
  }
}
