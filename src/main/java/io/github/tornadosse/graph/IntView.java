package io.github.tornadosse.graph;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A part of an int array whose start depends on the layer.
 *
 * @param array the whole array
 * @param at index in the control array of the view's base index
 */
public record IntView(IntArray array, int at) {}
