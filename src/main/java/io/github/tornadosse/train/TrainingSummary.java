package io.github.tornadosse.train;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How a training run ended.
 *
 * @param step steps done, earlier sittings included
 * @param stopped whether it was asked to stop before its end
 * @param skipped steps whose update was left out
 * @param loss the last step's mean cross-entropy in nats; NaN without any step
 * @param heldOutLoss the last evaluation's mean cross-entropy in nats; empty without one
 * @param heldOutBitsPerByte the same in bits for each byte of text
 * @param tokensPerSecond of this sitting's steps, evaluation and saving left out; 0 without any
 * @param seconds wall clock, earlier sittings included
 * @param parameters number of the model's parameters
 * @param checkpoint the last checkpoint's directory
 * @param report the report's HTML file; empty if no step has been done
 * @param plot the picture of the loss; empty if no step has been done
 */
public record TrainingSummary(
    int step,
    boolean stopped,
    int skipped,
    double loss,
    OptionalDouble heldOutLoss,
    OptionalDouble heldOutBitsPerByte,
    double tokensPerSecond,
    double seconds,
    long parameters,
    Path checkpoint,
    Optional<Path> report,
    Optional<Path> plot) {}
