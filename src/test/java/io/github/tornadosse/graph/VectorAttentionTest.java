package io.github.tornadosse.graph;

/** The vector tier keeps the contract of attention. */
class VectorAttentionTest extends AttentionContract {
  @Override
  protected Operations operations() {
    return new VectorOperations();
  }
}
