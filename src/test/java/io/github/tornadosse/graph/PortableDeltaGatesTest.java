package io.github.tornadosse.graph;

/** The portable tier's gates of the delta rule keep the contract. */
class PortableDeltaGatesTest extends DeltaGatesContract {
  PortableDeltaGatesTest() {
    super(
        PortableDeltaGates::gates,
        PortableDeltaGates::gatesGradient,
        PortableDeltaGates::weightGradient);
  }
}
