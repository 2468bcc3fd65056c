package io.github.tornadosse.nn;

import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.IntView;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.graph.Workspace;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Makes the arrays of which each slot has a part: what the backward pass needs of a layer.
 *
 * @param space where they come from
 * @param slots number of slots
 * @param axis which slot an execution uses
 */
record Kept(Workspace space, int slots, Axis axis) {
  /** An array with a part of that size for each slot, as a view of the slot's part. */
  View floats(String name, long size) {
    FloatArray a = space.buffers().floats(name, size * slots);
    return slots == 1 ? table().whole(a) : table().view(a, 0, index(size), axis);
  }

  /** Same for ints. */
  IntView ints(String name, long size) {
    IntArray a = space.buffers().ints(name, size * slots);
    return table().view(a, 0, index(size), axis);
  }

  /** From an offset on within the slot's part of an array whose parts have that size. */
  View part(View whole, long size, long offset) {
    return table().view(whole.array(), index(offset), index(size), axis);
  }

  private ControlTable table() {
    return space.control();
  }

  /** Sizes that no index reaches are refused by the buffers once they are asked for. */
  private static int index(long n) {
    return (int) Math.min(n, Integer.MAX_VALUE);
  }
}
