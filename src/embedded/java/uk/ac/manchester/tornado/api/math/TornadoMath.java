package uk.ac.manchester.tornado.api.math;

/**
 * Mathematical functions that every backend compiles. Those of floats are computed in double
 * precision here and rounded once.
 */
public class TornadoMath {
  /** For subclasses; the functions are static. */
  public TornadoMath() {}

  /**
   * The smaller value.
   *
   * @param a a value
   * @param b another one
   * @return the smaller of them
   */
  public static float min(float a, float b) {
    return Math.min(a, b);
  }

  /**
   * The smaller value.
   *
   * @param a a value
   * @param b another one
   * @return the smaller of them
   */
  public static double min(double a, double b) {
    return Math.min(a, b);
  }

  /**
   * The smaller value.
   *
   * @param a a value
   * @param b another one
   * @return the smaller of them
   */
  public static long min(long a, long b) {
    return Math.min(a, b);
  }

  /**
   * The smaller value.
   *
   * @param a a value
   * @param b another one
   * @return the smaller of them
   */
  public static int min(int a, int b) {
    return Math.min(a, b);
  }

  /**
   * The smaller value.
   *
   * @param a a value
   * @param b another one
   * @return the smaller of them
   */
  public static short min(short a, short b) {
    return (short) Math.min(a, b);
  }

  /**
   * The smaller value.
   *
   * @param a a value
   * @param b another one
   * @return the smaller of them
   */
  public static byte min(byte a, byte b) {
    return (byte) Math.min(a, b);
  }

  /**
   * The larger value.
   *
   * @param a a value
   * @param b another one
   * @return the larger of them
   */
  public static float max(float a, float b) {
    return Math.max(a, b);
  }

  /**
   * The larger value.
   *
   * @param a a value
   * @param b another one
   * @return the larger of them
   */
  public static double max(double a, double b) {
    return Math.max(a, b);
  }

  /**
   * The larger value.
   *
   * @param a a value
   * @param b another one
   * @return the larger of them
   */
  public static long max(long a, long b) {
    return Math.max(a, b);
  }

  /**
   * The larger value.
   *
   * @param a a value
   * @param b another one
   * @return the larger of them
   */
  public static int max(int a, int b) {
    return Math.max(a, b);
  }

  /**
   * The larger value.
   *
   * @param a a value
   * @param b another one
   * @return the larger of them
   */
  public static short max(short a, short b) {
    return (short) Math.max(a, b);
  }

  /**
   * The larger value.
   *
   * @param a a value
   * @param b another one
   * @return the larger of them
   */
  public static byte max(byte a, byte b) {
    return (byte) Math.max(a, b);
  }

  /**
   * Absolute value.
   *
   * @param value a value
   * @return its absolute value
   */
  public static float abs(float value) {
    return Math.abs(value);
  }

  /**
   * Absolute value.
   *
   * @param value a value
   * @return its absolute value
   */
  public static double abs(double value) {
    return Math.abs(value);
  }

  /**
   * Absolute value.
   *
   * @param value a value
   * @return its absolute value
   */
  public static long abs(long value) {
    return Math.abs(value);
  }

  /**
   * Absolute value.
   *
   * @param value a value
   * @return its absolute value
   */
  public static int abs(int value) {
    return Math.abs(value);
  }

  /**
   * Absolute value.
   *
   * @param value a value
   * @return its absolute value
   */
  public static short abs(short value) {
    return (short) Math.abs(value);
  }

  /**
   * Absolute value.
   *
   * @param value a value
   * @return its absolute value
   */
  public static byte abs(byte value) {
    return (byte) Math.abs(value);
  }

  /**
   * A value kept within limits.
   *
   * @param value the value
   * @param min the lower limit
   * @param max the upper limit
   * @return the value, or the limit that it exceeds
   */
  public static long clamp(long value, long min, long max) {
    return max(min, min(max, value));
  }

  /**
   * A value kept within limits.
   *
   * @param value the value
   * @param min the lower limit
   * @param max the upper limit
   * @return the value, or the limit that it exceeds
   */
  public static int clamp(int value, int min, int max) {
    return max(min, min(max, value));
  }

  /**
   * A value kept within limits.
   *
   * @param value the value
   * @param min the lower limit
   * @param max the upper limit
   * @return the value, or the limit that it exceeds
   */
  public static short clamp(short value, short min, short max) {
    return max(min, min(max, value));
  }

  /**
   * A value kept within limits.
   *
   * @param value the value
   * @param min the lower limit
   * @param max the upper limit
   * @return the value, or the limit that it exceeds
   */
  public static byte clamp(byte value, byte min, byte max) {
    return max(min, min(max, value));
  }

  /**
   * A value kept within limits.
   *
   * @param value the value
   * @param min the lower limit
   * @param max the upper limit
   * @return the value, or the limit that it exceeds
   */
  public static float clamp(float value, float min, float max) {
    return max(min, min(max, value));
  }

  /**
   * A value kept within limits.
   *
   * @param value the value
   * @param min the lower limit
   * @param max the upper limit
   * @return the value, or the limit that it exceeds
   */
  public static double clamp(double value, double min, double max) {
    return max(min, min(max, value));
  }

  /**
   * Natural exponential.
   *
   * @param value a value
   * @return e to the power of it
   */
  public static float exp(float value) {
    return (float) Math.exp(value);
  }

  /**
   * Natural exponential.
   *
   * @param value a value
   * @return e to the power of it
   */
  public static double exp(double value) {
    return Math.exp(value);
  }

  /**
   * Square root.
   *
   * @param value a value
   * @return its root
   */
  public static float sqrt(float value) {
    return (float) Math.sqrt(value);
  }

  /**
   * Square root.
   *
   * @param value a value
   * @return its root
   */
  public static double sqrt(double value) {
    return Math.sqrt(value);
  }

  /**
   * Natural logarithm.
   *
   * @param value a value
   * @return its logarithm
   */
  public static float log(float value) {
    return (float) Math.log(value);
  }

  /**
   * Natural logarithm.
   *
   * @param value a value
   * @return its logarithm
   */
  public static double log(double value) {
    return Math.log(value);
  }

  /**
   * Logarithm to the base 2.
   *
   * @param value a value
   * @return its logarithm
   */
  public static float log2(float value) {
    return (float) (Math.log(value) / Math.log(2));
  }

  /**
   * Logarithm to the base 2.
   *
   * @param value a value
   * @return its logarithm
   */
  public static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }

  /**
   * Next whole number below.
   *
   * @param value a value
   * @return the whole number
   */
  public static float floor(float value) {
    return (float) Math.floor(value);
  }

  /**
   * Next whole number below.
   *
   * @param value a value
   * @return the whole number
   */
  public static double floor(double value) {
    return Math.floor(value);
  }

  /**
   * Next whole number above.
   *
   * @param value a value
   * @return the whole number
   */
  public static float ceil(float value) {
    return (float) Math.ceil(value);
  }

  /**
   * Next whole number above.
   *
   * @param value a value
   * @return the whole number
   */
  public static double ceil(double value) {
    return Math.ceil(value);
  }

  /**
   * Sign.
   *
   * @param value a value
   * @return 1, −1, or the value itself if it is 0 or NaN
   */
  public static float signum(float value) {
    return Math.signum(value);
  }

  /**
   * Sign.
   *
   * @param value a value
   * @return 1, −1, or the value itself if it is 0 or NaN
   */
  public static double signum(double value) {
    return Math.signum(value);
  }

  /**
   * Sine.
   *
   * @param value an angle in radians
   * @return its sine
   */
  public static float sin(float value) {
    return (float) Math.sin(value);
  }

  /**
   * Sine.
   *
   * @param value an angle in radians
   * @return its sine
   */
  public static double sin(double value) {
    return Math.sin(value);
  }

  /**
   * Cosine.
   *
   * @param value an angle in radians
   * @return its cosine
   */
  public static float cos(float value) {
    return (float) Math.cos(value);
  }

  /**
   * Cosine.
   *
   * @param value an angle in radians
   * @return its cosine
   */
  public static double cos(double value) {
    return Math.cos(value);
  }

  /**
   * Tangent.
   *
   * @param value an angle in radians
   * @return its tangent
   */
  public static float tan(float value) {
    return (float) Math.tan(value);
  }

  /**
   * Tangent.
   *
   * @param value an angle in radians
   * @return its tangent
   */
  public static double tan(double value) {
    return Math.tan(value);
  }

  /**
   * Sine of π times a value.
   *
   * @param value a value
   * @return the sine
   */
  public static float sinpi(float value) {
    return (float) Math.sin(Math.PI * value);
  }

  /**
   * Sine of π times a value.
   *
   * @param value a value
   * @return the sine
   */
  public static double sinpi(double value) {
    return Math.sin(Math.PI * value);
  }

  /**
   * Cosine of π times a value.
   *
   * @param value a value
   * @return the cosine
   */
  public static float cospi(float value) {
    return (float) Math.cos(Math.PI * value);
  }

  /**
   * Cosine of π times a value.
   *
   * @param value a value
   * @return the cosine
   */
  public static double cospi(double value) {
    return Math.cos(Math.PI * value);
  }

  /**
   * Arc sine.
   *
   * @param value a value
   * @return the angle
   */
  public static float asin(float value) {
    return (float) Math.asin(value);
  }

  /**
   * Arc sine.
   *
   * @param value a value
   * @return the angle
   */
  public static double asin(double value) {
    return Math.asin(value);
  }

  /**
   * Arc cosine.
   *
   * @param value a value
   * @return the angle
   */
  public static float acos(float value) {
    return (float) Math.acos(value);
  }

  /**
   * Arc cosine.
   *
   * @param value a value
   * @return the angle
   */
  public static double acos(double value) {
    return Math.acos(value);
  }

  /**
   * Arc tangent.
   *
   * @param value a value
   * @return the angle
   */
  public static float atan(float value) {
    return (float) Math.atan(value);
  }

  /**
   * Arc tangent.
   *
   * @param value a value
   * @return the angle
   */
  public static double atan(double value) {
    return Math.atan(value);
  }

  /**
   * Hyperbolic tangent.
   *
   * @param value a value
   * @return its hyperbolic tangent
   */
  public static float tanh(float value) {
    return (float) Math.tanh(value);
  }

  /**
   * Hyperbolic tangent.
   *
   * @param value a value
   * @return its hyperbolic tangent
   */
  public static double tanh(double value) {
    return Math.tanh(value);
  }

  /**
   * Inverse hyperbolic sine.
   *
   * @param value a value
   * @return the inverse
   */
  public static float asinh(float value) {
    return (float) Math.log(value + Math.sqrt((double) value * value + 1));
  }

  /**
   * Inverse hyperbolic sine.
   *
   * @param value a value
   * @return the inverse
   */
  public static double asinh(double value) {
    return Math.log(value + Math.sqrt(value * value + 1));
  }

  /**
   * Inverse hyperbolic cosine.
   *
   * @param value a value
   * @return the inverse
   */
  public static float acosh(float value) {
    return (float) Math.log(value + Math.sqrt((double) value * value - 1));
  }

  /**
   * Inverse hyperbolic cosine.
   *
   * @param value a value
   * @return the inverse
   */
  public static double acosh(double value) {
    return Math.log(value + Math.sqrt(value * value - 1));
  }

  /**
   * Degrees in radians.
   *
   * @param value an angle in degrees
   * @return the angle in radians
   */
  public static float toRadians(float value) {
    return (float) Math.toRadians(value);
  }

  /**
   * Degrees in radians.
   *
   * @param value an angle in degrees
   * @return the angle in radians
   */
  public static double toRadians(double value) {
    return Math.toRadians(value);
  }

  /**
   * Fraction: a value less the next whole number below.
   *
   * @param value a value
   * @return at least 0 and below 1
   */
  public static float fract(float value) {
    return value - floor(value);
  }

  /**
   * Fraction: a value less the next whole number below.
   *
   * @param value a value
   * @return at least 0 and below 1
   */
  public static double fract(double value) {
    return value - floor(value);
  }

  /**
   * Power.
   *
   * @param base the base
   * @param exponent the exponent
   * @return the power
   */
  public static float pow(float base, float exponent) {
    return (float) Math.pow(base, exponent);
  }

  /**
   * Power.
   *
   * @param base the base
   * @param exponent the exponent
   * @return the power
   */
  public static double pow(double base, double exponent) {
    return Math.pow(base, exponent);
  }

  /**
   * Angle of a point.
   *
   * @param y its ordinate
   * @param x its abscissa
   * @return the angle in radians, −π to π
   */
  public static float atan2(float y, float x) {
    return (float) Math.atan2(y, x);
  }

  /**
   * Angle of a point.
   *
   * @param y its ordinate
   * @param x its abscissa
   * @return the angle in radians, −π to π
   */
  public static double atan2(double y, double x) {
    return Math.atan2(y, x);
  }

  /**
   * The number π as a float.
   *
   * @return π
   */
  public static float floatPI() {
    return (float) Math.PI;
  }

  /**
   * The number π.
   *
   * @return π
   */
  public static double PI() {
    return Math.PI;
  }
}
