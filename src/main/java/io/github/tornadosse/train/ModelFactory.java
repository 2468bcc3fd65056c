package io.github.tornadosse.train;

import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.Trainable;

/** Makes the model of a run on a device. */
@FunctionalInterface
public interface ModelFactory {
  /**
   * What the model must be able to do.
   *
   * @param config its configuration
   * @param tokens most tokens of a batch
   * @param maxSequences most sequences of a batch
   * @param beta1 decay of AdamW's first moment
   * @param beta2 decay of AdamW's second moment
   * @param eps AdamW's epsilon
   * @param weightDecay AdamW's weight decay
   * @param recompute whether to keep only each layer's input for the backward pass
   * @param seed of the initial weights
   */
  record Request(
      ModelConfig config,
      int tokens,
      int maxSequences,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      boolean recompute,
      long seed) {}

  /**
   * Makes a model with freshly drawn weights and moments of zero.
   *
   * @param request its configuration, capacity and optimiser
   * @return the model; the caller closes it
   * @throws io.github.tornadosse.tensor.UserError if the device has too little memory
   */
  Trainable create(Request request);
}
