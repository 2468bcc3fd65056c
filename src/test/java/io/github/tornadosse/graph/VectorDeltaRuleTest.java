package io.github.tornadosse.graph;

/** The gated delta rule of the vector tier keeps the contract. */
class VectorDeltaRuleTest extends DeltaRuleContract {
  @Override
  protected DeltaRuleOperations deltaRule() {
    return new VectorOperations().deltaRule();
  }
}
