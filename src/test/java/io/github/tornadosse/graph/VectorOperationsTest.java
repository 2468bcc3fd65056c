package io.github.tornadosse.graph;

/** The vector tier keeps the contract. */
class VectorOperationsTest extends OperationsContract {
  @Override
  protected Operations operations() {
    return new VectorOperations();
  }
}
