package io.github.tornadosse.nn;

/**
 * AdamW's constants.
 *
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param eps added to the root of the second moment
 * @param weightDecay decoupled weight decay, of matrices only
 */
public record AdamSettings(double beta1, double beta2, double eps, double weightDecay) {}
