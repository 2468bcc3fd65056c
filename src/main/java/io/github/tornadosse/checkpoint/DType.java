package io.github.tornadosse.checkpoint;

/** The element types of the safetensors format, under the names that its header uses. */
public enum DType {
  /** Booleans, a byte each. */
  BOOL(1),
  /** Unsigned bytes. */
  U8(1),
  /** Signed bytes. */
  I8(1),
  /** Floats of 5 exponent and 2 mantissa bits. */
  F8_E5M2(1),
  /** Floats of 4 exponent and 3 mantissa bits. */
  F8_E4M3(1),
  /** Signed 16-bit integers. */
  I16(2),
  /** Unsigned 16-bit integers. */
  U16(2),
  /** IEEE half precision. */
  F16(2),
  /** The upper half of a float: 8 exponent and 7 mantissa bits. */
  BF16(2),
  /** Signed 32-bit integers. */
  I32(4),
  /** Unsigned 32-bit integers. */
  U32(4),
  /** IEEE single precision. */
  F32(4),
  /** IEEE double precision. */
  F64(8),
  /** Signed 64-bit integers. */
  I64(8),
  /** Unsigned 64-bit integers. */
  U64(8);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /**
   * The size of an element.
   *
   * @return the size in bytes
   */
  public int bytes() {
    return bytes;
  }

  /** Whether these bits of F16 or BF16 are an infinity. */
  boolean isInfinite(short bits) {
    return (bits & 0x7fff) == (this == F16 ? 0x7c00 : 0x7f80);
  }

  /**
   * Rounds a float to bfloat16, to the nearest and ties to even; a NaN stays a NaN.
   *
   * @param value the float
   * @return the 16 bits of the bfloat16
   */
  public static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /**
   * Widens a bfloat16 to a float, exactly.
   *
   * @param bits the 16 bits of the bfloat16
   * @return the float
   */
  public static float fromBfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
