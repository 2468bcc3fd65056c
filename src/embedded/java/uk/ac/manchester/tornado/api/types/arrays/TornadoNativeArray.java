package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;

/** What the arrays of tasks have in common. */
public abstract sealed class TornadoNativeArray
    permits ByteArray, DoubleArray, FloatArray, HalfFloatArray, IntArray, LongArray {
  TornadoNativeArray() {}

  /**
   * Number of elements.
   *
   * @return at least 0
   */
  public abstract int getSize();

  /**
   * The array's memory.
   *
   * @return all its bytes
   */
  public abstract MemorySegment getSegment();

  /**
   * Size of the array.
   *
   * @return bytes of all elements
   */
  public abstract long getNumBytesOfSegment();

  /**
   * Size of an element.
   *
   * @return bytes
   */
  public abstract int getElementSize();

  /** An array of the same type and size whose elements are undefined, see {@link HeapAccess}. */
  abstract TornadoNativeArray undefined();

  final void checkSlice(int offset, int length) {
    if (offset < 0 || length < 0 || length > getSize() - offset) {
      throw new IllegalArgumentException(
          "a slice of " + length + " from " + offset + " of an array of " + getSize());
    }
  }

  static int elements(MemorySegment segment, int elementSize) {
    if (segment.byteSize() % elementSize != 0) {
      throw new IllegalArgumentException(
          segment.byteSize() + " bytes are no whole number of elements of " + elementSize);
    }
    return Math.toIntExact(segment.byteSize() / elementSize);
  }
}
