package io.github.tornadosse.checkpoint;

import io.github.tornadosse.tensor.TensorSpec;
import java.util.function.Supplier;

/**
 * A tensor of floats that is asked for when it is written, so that one at a time has to be in
 * memory.
 *
 * @param spec its name and shape
 * @param values gives its elements in row-major order
 */
public record TensorSource(TensorSpec spec, Supplier<float[]> values) {}
