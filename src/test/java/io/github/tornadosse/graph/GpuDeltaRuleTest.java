package io.github.tornadosse.graph;

/** The GPU tier's gated delta rule keeps the contract. */
class GpuDeltaRuleTest extends DeltaRuleContract {
  @Override
  protected DeltaRuleOperations deltaRule() {
    return new GpuOperations(GpuSettings.SMALLEST).deltaRule();
  }
}
