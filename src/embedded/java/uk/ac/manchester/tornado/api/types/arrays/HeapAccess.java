package uk.ac.manchester.tornado.api.types.arrays;

/** The Java arrays behind the embedded runtime's arrays, without a copy, for the vector tier. */
public final class HeapAccess {
  /**
   * What undefined ints hold: an integer below zero, no index, whose halves are NaN as bfloat16.
   */
  public static final int UNDEFINED_INT = 0xFFC0FFC0;

  private HeapAccess() {}

  /**
   * The floats behind an array.
   *
   * @param array the array
   * @return its elements themselves
   */
  public static float[] floats(FloatArray array) {
    return array.values;
  }

  /**
   * The ints behind an array.
   *
   * @param array the array
   * @return its elements themselves
   */
  public static int[] ints(IntArray array) {
    return array.values;
  }

  /**
   * The longs behind an array.
   *
   * @param array the array
   * @return its elements themselves
   */
  public static long[] longs(LongArray array) {
    return array.values;
  }

  /**
   * An array as fresh device memory: every element is NaN, {@link #UNDEFINED_INT} or the smallest
   * integer of its type.
   *
   * @param like gives type and size
   * @return the array
   */
  public static TornadoNativeArray undefined(TornadoNativeArray like) {
    return like.undefined();
  }

  /**
   * Copies all elements.
   *
   * @param from an array
   * @param to an array of the same type and size
   */
  public static void copy(TornadoNativeArray from, TornadoNativeArray to) {
    to.getSegment().copyFrom(from.getSegment());
  }
}
