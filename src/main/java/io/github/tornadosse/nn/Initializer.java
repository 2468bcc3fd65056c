package io.github.tornadosse.nn;

import io.github.tornadosse.tensor.TensorSpec;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well19937c;

/** Initial weights (docs/mathematics.md section 5). */
final class Initializer {
  private static final double LARGEST_DECAY_RATE = 16;
  private static final double SHORTEST_STEP = 1e-3;
  private static final double LONGEST_STEP = 1e-1;

  private Initializer() {}

  /**
   * Draws all parameters: matrices, embeddings and convolutions from normal(0, initializer_range),
   * those of routing logits from normal(0, router_initializer_range), biases 0, norm weights 1; of
   * the gated delta rule A_log = log of uniform(0, 16) and dt_bias = softplus⁻¹ of
   * log-uniform(1e-3, 1e-1).
   *
   * @param seed the same seed gives the same weights
   * @return the parameters as the layout arranges them
   */
  static float[] draw(ModelConfig config, ParameterLayout layout, long seed) {
    float[] w = new float[layout.size()];
    RandomGenerator random = new Well19937c(seed);
    for (int i = 0; i < layout.tensors().size(); i++) {
      TensorSpec t = layout.tensors().get(i);
      draw(t, random, config.initialRange(t.name()), w, layout.offset(i));
    }
    return w;
  }

  /**
   * Draws one parameter.
   *
   * @param t its name and shape
   * @param range standard deviation of matrices
   * @param w where it goes, from an offset on
   */
  static void draw(TensorSpec t, RandomGenerator random, double range, float[] w, int offset) {
    String name = t.name();
    for (int j = offset; j < offset + t.size(); j++) {
      if (name.endsWith("norm.weight")) {
        w[j] = 1;
      } else if (name.endsWith("A_log")) {
        // 1 − u lies in (0, 1], so that the logarithm is finite
        w[j] = (float) Math.log(LARGEST_DECAY_RATE * (1 - random.nextDouble()));
      } else if (name.endsWith("dt_bias")) {
        double step = SHORTEST_STEP * Math.pow(LONGEST_STEP / SHORTEST_STEP, random.nextDouble());
        w[j] = (float) Math.log(Math.expm1(step));
      } else if (name.endsWith(".bias")) {
        w[j] = 0;
      } else {
        w[j] = (float) (range * random.nextGaussian());
      }
    }
  }
}
