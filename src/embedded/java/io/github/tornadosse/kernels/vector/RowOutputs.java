package io.github.tornadosse.kernels.vector;

/** Where the outputs of rows go, a chunk of one head at a time. */
interface RowOutputs {
  /** What the rows of the chunk at hand are written into. */
  float[] array();

  /** Where a row of a head begins in it, if it is the chunk's first; the others follow. */
  int at(int head, int row);

  /**
   * Reads what a row will be added to, so that it comes into the cache before; the result keeps the
   * reads alive.
   */
  float touch(int head, int row);

  /** Says that n rows of a head from that one on are written. */
  void done(int head, int row, int n);

  /**
   * All rows, one after another.
   *
   * @param array [H, R, V]
   * @param rows R
   * @param value V
   */
  record Kept(float[] array, int rows, int value) implements RowOutputs {
    @Override
    public int at(int head, int row) {
      return (head * rows + row) * value;
    }

    @Override
    public float touch(int head, int row) {
      return 0;
    }

    @Override
    public void done(int head, int row, int n) {
      // they stay where they are
    }
  }
}
