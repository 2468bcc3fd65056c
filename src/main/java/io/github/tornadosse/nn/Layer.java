package io.github.tornadosse.nn;

import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.nn.ModelConfig.Kind;

/** The forward pass of one layer, between two copies of the residual stream. */
interface Layer {
  /** The copy of the residual stream that is read, [L, D]. */
  View input();

  /**
   * Appends a layer.
   *
   * @param kind what its first half is
   * @param cached softmax attention: whether sequences go on from what they have read before
   */
  void forward(Stage s, Kind kind, boolean cached);
}
