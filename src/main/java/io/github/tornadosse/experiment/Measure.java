package io.github.tornadosse.experiment;

/**
 * What a trained model was measured on, and what came out.
 *
 * @param length tokens of an example or a sequence
 * @param pairs how much an example asks to remember; 0 for text
 * @param value accuracy of a task, bits per byte of text
 * @param nats mean cross-entropy of a target
 */
public record Measure(int length, int pairs, double value, double nats) {}
