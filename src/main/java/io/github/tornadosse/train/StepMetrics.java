package io.github.tornadosse.train;

/**
 * What a training step gave: a line of {@code metrics.jsonl}.
 *
 * @param step from 1
 * @param loss mean cross-entropy of the step's targets in nats; may be not finite, then the step
 *     was skipped
 * @param bitsPerByte the same in bits for each byte of text
 * @param balance balance loss, summed over layers, mean of the micro-batches
 * @param learningRate of this step
 * @param gradientNorm L2 norm of all gradients before clipping
 * @param tokensPerSecond tokens of the step over its time
 * @param seconds since the run began, earlier sittings included
 * @param skipped whether the update was left out
 * @param load share of tokens that write each partition, [layers][N], mean of the micro-batches
 */
public record StepMetrics(
    int step,
    double loss,
    double bitsPerByte,
    double balance,
    double learningRate,
    double gradientNorm,
    double tokensPerSecond,
    double seconds,
    boolean skipped,
    float[][] load) {}
