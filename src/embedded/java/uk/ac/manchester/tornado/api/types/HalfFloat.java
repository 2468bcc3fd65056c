package uk.ac.manchester.tornado.api.types;

/** A 16-bit floating point number of IEEE 754; sums and products are rounded once. */
public class HalfFloat {
  private final short bits;

  /**
   * The nearest 16-bit number.
   *
   * @param halfFloat a number
   */
  public HalfFloat(float halfFloat) {
    bits = Float.floatToFloat16(halfFloat);
  }

  /**
   * The number of those bits.
   *
   * @param halfFloat its bits
   */
  public HalfFloat(short halfFloat) {
    bits = halfFloat;
  }

  /**
   * Sum.
   *
   * @param a a number
   * @param b another one
   * @return the sum
   */
  public static HalfFloat add(HalfFloat a, HalfFloat b) {
    return new HalfFloat(a.getFloat32() + b.getFloat32());
  }

  /**
   * Difference.
   *
   * @param a a number
   * @param b another one
   * @return the difference
   */
  public static HalfFloat sub(HalfFloat a, HalfFloat b) {
    return new HalfFloat(a.getFloat32() - b.getFloat32());
  }

  /**
   * Product.
   *
   * @param a a number
   * @param b another one
   * @return the product
   */
  public static HalfFloat mult(HalfFloat a, HalfFloat b) {
    return new HalfFloat(a.getFloat32() * b.getFloat32());
  }

  /**
   * Quotient.
   *
   * @param a a number
   * @param b another one
   * @return the quotient
   */
  public static HalfFloat div(HalfFloat a, HalfFloat b) {
    return new HalfFloat(a.getFloat32() / b.getFloat32());
  }

  /**
   * The number's bits.
   *
   * @return the bits
   */
  public short getHalfFloatValue() {
    return bits;
  }

  /**
   * The number as a float, exactly.
   *
   * @return the number
   */
  public float getFloat32() {
    return Float.float16ToFloat(bits);
  }

  @Override
  public String toString() {
    return "HalfFloat: " + getFloat32();
  }
}
