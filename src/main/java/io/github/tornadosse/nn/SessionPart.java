package io.github.tornadosse.nn;

import io.github.tornadosse.graph.View;

/**
 * A part of what a session keeps of one layer.
 *
 * @param name what it is, unique within the layer
 * @param view where it stands, by the layer's index among its kind and the session
 * @param shape its sizes, outermost first
 */
record SessionPart(String name, View view, int... shape) {
  /** Number of elements. */
  long size() {
    long n = 1;
    for (int d : shape) {
      n = Math.multiplyExact(n, d);
    }
    return n;
  }
}
