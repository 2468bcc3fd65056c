package uk.ac.manchester.tornado.api.types;

/** Conversions of bfloat16: the upper half of a float's bits. */
public final class BFloat16 {
  private BFloat16() {}

  /**
   * The number of those bits.
   *
   * @param bits of a bfloat16
   * @return it as a float
   */
  public static float bf16ToFloat(short bits) {
    return Float.intBitsToFloat(bits << Short.SIZE);
  }

  /**
   * The nearest bfloat16, the even one of two that are as near: what CUDA does.
   *
   * @param value a number
   * @return the bits
   */
  public static short bf16FromFloat(float value) {
    if (Float.isNaN(value)) {
      return 0x7fc0;
    }
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + ((bits >>> Short.SIZE) & 1)) >>> Short.SIZE);
  }
}
