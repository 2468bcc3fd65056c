package io.github.tornadosse.graph;

import io.github.tornadosse.tensor.UserError;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The table of angles that {@link AttentionOperations#rotary} reads; its layout is that of {@link
 * AttentionOperations#LOW}.
 */
public final class RotaryAngles {
  private RotaryAngles() {}

  /**
   * Size of a table.
   *
   * @param dim size of a head
   * @param positions number of positions that it is to serve, from 0 on
   * @return number of floats
   */
  public static long size(int dim, long positions) {
    long high = (positions + AttentionOperations.LOW - 1) / AttentionOperations.LOW;
    return (AttentionOperations.LOW + high) * dim;
  }

  /**
   * Computes a table, in double precision.
   *
   * @param table all of it is filled; its size says how many positions it serves (see {@link
   *     #size})
   * @param dim size of a head, even
   * @param theta base of the angles, above 0
   * @return the table
   * @throws UserError if the dim is odd or theta is not above 0
   */
  public static FloatArray fill(FloatArray table, int dim, double theta) {
    if (dim % 2 != 0) {
      throw new UserError(
          "the size of an attention head is " + dim + "; rotary embedding needs an even one");
    }
    if (!(theta > 0)) {
      throw new UserError("rope_theta is " + theta + "; it must be above 0");
    }
    int half = dim / 2;
    double[] speed = new double[half];
    for (int i = 0; i < half; i++) {
      speed[i] = Math.pow(theta, -2.0 * i / dim);
    }
    for (int at = 0; at + 1 < table.getSize(); at += 2) {
      long row = at / dim;
      boolean low = row < AttentionOperations.LOW;
      long position = low ? row : (row - AttentionOperations.LOW) * AttentionOperations.LOW;
      double angle = position * speed[at % dim / 2];
      table.set(at, (float) Math.cos(angle));
      table.set(at + 1, (float) Math.sin(angle));
    }
    return table;
  }
}
