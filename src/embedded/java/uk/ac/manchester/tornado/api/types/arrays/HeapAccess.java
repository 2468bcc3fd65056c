package uk.ac.manchester.tornado.api.types.arrays;

/** The Java arrays behind the embedded runtime's arrays, without a copy, for the vector tier. */
public final class HeapAccess {
  private HeapAccess() {}

  /** The floats behind that array. */
  public static float[] floats(FloatArray array) {
    return array.values;
  }

  /** The ints behind that array. */
  public static int[] ints(IntArray array) {
    return array.values;
  }
}
