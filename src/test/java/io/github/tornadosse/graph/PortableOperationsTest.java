package io.github.tornadosse.graph;

/** The portable tier keeps the contract. */
class PortableOperationsTest extends OperationsContract {
  @Override
  protected Operations operations() {
    return new PortableOperations();
  }
}
