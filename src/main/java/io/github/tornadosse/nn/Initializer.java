package io.github.tornadosse.nn;

import io.github.tornadosse.tensor.TensorSpec;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well19937c;

/** Initial weights (docs/mathematics.md section 5). */
final class Initializer {
  private Initializer() {}

  /**
   * Draws all parameters: matrices and embeddings from normal(0, initializer_range), biases 0, norm
   * weights 1.
   *
   * @param seed the same seed gives the same weights
   * @return the parameters as the layout arranges them
   */
  static float[] draw(ModelConfig config, ParameterLayout layout, long seed) {
    float[] w = new float[layout.size()];
    RandomGenerator random = new Well19937c(seed);
    for (int i = 0; i < layout.tensors().size(); i++) {
      TensorSpec t = layout.tensors().get(i);
      int from = layout.offset(i);
      boolean norm = t.name().endsWith("norm.weight");
      boolean bias = t.name().endsWith(".bias");
      for (int j = from; j < from + t.size(); j++) {
        w[j] = norm ? 1 : bias ? 0 : (float) (config.initializerRange() * random.nextGaussian());
      }
    }
    return w;
  }
}
