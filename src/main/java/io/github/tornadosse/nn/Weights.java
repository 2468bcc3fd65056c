package io.github.tornadosse.nn;

import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.nn.ModelConfig.Kind;
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

  /** A parameter of the model or, without {@code model.layers.i.}, of every layer. */
  View weight(String name) {
    return view(parameters, layout.place(name));
  }

  /** Its gradient. */
  View gradient(String name) {
    return view(gradients, layout.place(name));
  }

  /** The parameters of the layers of one kind. */
  OfKind of(Kind kind) {
    return new OfKind(this, kind);
  }

  /** Parameters of the layers of one kind, by their names without {@code model.layers.i.}. */
  record OfKind(Weights all, Kind kind) {
    View weight(String name) {
      return all.view(all.parameters, all.layout.place(kind, name));
    }

    View gradient(String name) {
      return all.view(all.gradients, all.layout.place(kind, name));
    }

    boolean training() {
      return all.training();
    }
  }

  private View view(FloatArray array, Place p) {
    return table.view(array, p.offset(), p.stride(), p.axis());
  }

  /** Whether there are gradients. */
  boolean training() {
    return gradients != null;
  }
}
