package uk.ac.manchester.tornado.api.types.arrays;

/** What the arrays of tasks have in common. */
public abstract sealed class TornadoNativeArray permits FloatArray, IntArray {
  /** Number of elements. */
  public abstract int getSize();

  /** Bytes of one element. */
  public abstract int getElementSize();

  /** Bytes of all elements. */
  public abstract long getNumBytesOfSegment();

  /** Sets every element to zero. */
  public abstract void clear();
}
