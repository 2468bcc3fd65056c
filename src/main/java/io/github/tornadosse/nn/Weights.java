package io.github.tornadosse.nn;

import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.nn.ParameterLayout.Place;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Parameters and, when training, their gradients, as views by name.
 *
 * @param layout where each stands
 * @param table registers the views
 * @param parameters all parameters
 * @param gradients all gradients; null when only the forward pass is built
 */
record Weights(
    ParameterLayout layout, ControlTable table, FloatArray parameters, FloatArray gradients) {

  /** A parameter by its name without {@code model.layers.i.}, of the layer that is selected. */
  View weight(String name) {
    return view(parameters, name);
  }

  /** Its gradient. */
  View gradient(String name) {
    return view(gradients, name);
  }

  private View view(FloatArray array, String name) {
    Place p = layout.place(name);
    return table.view(array, p.offset(), p.stride(), p.stride() == 0 ? Axis.FIXED : Axis.LAYER);
  }

  /** Whether there are gradients. */
  boolean training() {
    return gradients != null;
  }
}
