package io.github.tornadosse.graph;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Table of angles. */
public final class RotaryAngles {
  private RotaryAngles() {}

  public static long size(int dim, long positions) {
    return (AttentionOperations.LOW + (positions + 255) / 256) * dim;
  }

  public static FloatArray fill(FloatArray table, int dim, double theta) {
    int rows = table.getSize() / dim;
    for (int r = 0; r < rows; r++) {
      long p = r < 256 ? r : (r - 256) * 256L;
      for (int i = 0; i < dim / 2; i++) {
        double angle = p * Math.pow(theta, -2.0 * i / dim);
        table.set(r * dim + 2 * i, (float) Math.cos(angle));
        table.set(r * dim + 2 * i + 1, (float) Math.sin(angle));
      }
    }
    return table;
  }
}
