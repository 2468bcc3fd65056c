package io.github.tornadosse.graph;

/** The portable tier's convolutions keep the contract. */
class PortableConvolutionsTest extends ConvolutionContract {
  @Override
  protected ConvolutionOperations operations() {
    return new PortableOperations().convolutions();
  }
}
