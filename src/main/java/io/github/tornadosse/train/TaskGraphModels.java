package io.github.tornadosse.train;

import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.nn.AdamSettings;
import io.github.tornadosse.nn.Trainable;
import io.github.tornadosse.nn.TrainingModel;

/**
 * Makes the models of runs as task graphs of one tier.
 *
 * @param ops the tier of kernels
 * @param recompute keep only each layer's input, and compute the rest again in the backward pass,
 *     even where the recipe does not ask for it
 */
public record TaskGraphModels(Operations ops, boolean recompute) implements ModelFactory {
  @Override
  public Trainable create(Request r) {
    AdamSettings adam = new AdamSettings(r.beta1(), r.beta2(), r.eps(), r.weightDecay());
    return TrainingModel.create(
        r.config(),
        new TrainingModel.Settings(r.tokens(), r.maxSequences(), adam, recompute || r.recompute()),
        ops,
        r.seed());
  }
}
