package io.github.tornadosse.graph;

/** The GPU tier keeps the contract of attention. */
class GpuAttentionTest extends AttentionContract {
  @Override
  protected Operations operations() {
    return new GpuOperations(GpuSettings.SMALLEST);
  }

  @Override
  protected int betweenSplits() {
    return 9;
  }
}
