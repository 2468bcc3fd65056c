package io.github.tornadosse.graph;

/** The vector tier's convolutions keep the contract. */
class VectorConvolutionsTest extends ConvolutionContract {
  @Override
  protected ConvolutionOperations operations() {
    return new VectorOperations().convolutions();
  }
}
