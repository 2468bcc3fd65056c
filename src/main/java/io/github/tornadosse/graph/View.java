package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A part of an array whose start depends on the layer: kernels read its base index from {@code
 * control[at]}.
 *
 * @param array the whole array
 * @param at index in the control array of the view's base index
 */
public record View(FloatArray array, int at) {
  /** Whether it is the whole array, whatever the layer. */
  boolean whole() {
    return at == Control.ZERO;
  }
}
