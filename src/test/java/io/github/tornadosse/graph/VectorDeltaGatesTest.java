package io.github.tornadosse.graph;

/** The vector tier's gates of the delta rule keep the contract. */
class VectorDeltaGatesTest extends DeltaGatesContract {
  VectorDeltaGatesTest() {
    super(
        VectorOperationsDeltaGates::gates,
        VectorOperationsDeltaGates::gatesGradient,
        VectorOperationsDeltaGates::weightGradient);
  }
}
