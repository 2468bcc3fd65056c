package io.github.tornadosse.nn;

import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** How a mixer's states are updated and read: its own gates, kernels and their gradients. */
interface Recurrence {
  /**
   * Activated inputs and states. V and the heads are those of {@link #sizes}.
   *
   * @param q [sources, H, capacity, K] queries
   * @param k [sources, H, capacity, K] keys
   * @param v [heads, capacity, V] values
   * @param rows which rows of them there are
   * @param state the layer's states
   */
  record Arrays(FloatArray q, FloatArray k, FloatArray v, Rows rows, View state) {}

  /**
   * Logits of keys, which say which rows of the state a token writes.
   *
   * @param first of partition 0
   * @param base what they and the sparse partitions' have in common
   * @param delta what the sparse partitions add to base; null without
   */
  record KeyLogits(View first, View base, View delta) {}

  /**
   * Gradients.
   *
   * @param dO [heads, capacity, V]
   * @param dRows [.., H, R, K] of each row's queries, keys, and whatever the rule adds
   * @param dvRows [heads, R, V]
   */
  record Gradients(FloatArray dO, FloatArray dRows, FloatArray dvRows) {}

  /** Heads that values are arranged by, and the size of each. */
  HeadSizes sizes();

  /** Logarithms of decays, from element 0 on [sources, heads, capacity, {@link #decayWidth}]. */
  FloatArray decays();

  /** Decays that a token has for a head: K, or 1 for all rows of the state. */
  int decayWidth();

  /** Number of parts of {@link Gradients#dRows}. */
  int rowParts();

  /**
   * Whether {@link Gradients#dRows} have the rows' weights in them, whose gradients it then has.
   */
  boolean weighsRows();

  /** Appends what the gates need of the layer's input, from the low projection. */
  void project(Stage s);

  /** Appends the activated gates. */
  void activate(Stage s, KeyLogits keys);

  /** Appends the states and the mixer's output. */
  void forward(Stage s, Arrays x, Operations.Output to);

  /** Its id in graphs: that of {@link #forward}. */
  String id();

  /** Appends the gradients of all rows, for zero initial states. */
  void gradient(Stage s, Arrays x, Gradients y);

  /**
   * Appends the gradients of the gates, into the low projection's gradient and the parameters'.
   *
   * @param dTop [L, M], gradient of the write-read gate: added to; null without sparse partitions
   */
  void gateGradient(Stage s, KeyLogits keys, Arrays x, Gradients y, View dTop);
}
