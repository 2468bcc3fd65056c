package io.github.tornadosse.graph;

/** The portable tier's gated delta rule keeps the contract. */
class PortableDeltaRuleTest extends DeltaRuleContract {
  @Override
  protected DeltaRuleOperations deltaRule() {
    return new PortableOperations().deltaRule();
  }
}
