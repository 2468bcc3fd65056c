package io.github.tornadosse.graph;

/** The portable tier keeps the contract of attention. */
class PortableAttentionTest extends AttentionContract {
  @Override
  protected Operations operations() {
    return new PortableOperations();
  }
}
