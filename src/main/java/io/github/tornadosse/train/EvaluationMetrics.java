package io.github.tornadosse.train;

/**
 * The held-out part, measured: a line of {@code metrics.jsonl}.
 *
 * @param step steps done before
 * @param loss mean cross-entropy in nats a token
 * @param bitsPerByte the same in bits for each byte of text
 * @param perplexity exp(loss), a token
 * @param tokens targets measured
 * @param seconds since the run began, earlier sittings included
 */
public record EvaluationMetrics(
    int step, double loss, double bitsPerByte, double perplexity, long tokens, double seconds) {}
