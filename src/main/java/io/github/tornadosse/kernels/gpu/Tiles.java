package io.github.tornadosse.kernels.gpu;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Products by tiles: a group of 128 work-items makes 64 rows and columns, a work-item the rows ty +
 * 8·r and the columns tx + 16·c of them with r below 8 and c below 4, ty = item/16, tx = item mod
 * 16. So the items of a warp read two values of one factor and neighbours of the other.
 */
final class Tiles {
  /** Rows and columns of a tile. */
  static final int SIZE = 64;

  /** Work-items of a group. */
  static final int ITEMS = 128;

  private Tiles() {}

  /**
   * Stores the four columns of a work-item in one row.
   *
   * @param to the array
   * @param at index of the first of them
   * @param room columns from the first one on that exist
   * @param y0 first column
   * @param y1 the one 16 columns on
   * @param y2 the one 32 columns on
   * @param y3 the one 48 columns on
   */
  static void put(FloatArray to, int at, int room, float y0, float y1, float y2, float y3) {
    if (room > 0) {
      to.set(at, y0);
    }
    if (room > 16) {
      to.set(at + 16, y1);
    }
    if (room > 32) {
      to.set(at + 32, y2);
    }
    if (room > 48) {
      to.set(at + 48, y3);
    }
  }
}
