package uk.ac.manchester.tornado.api.math;

/** Mathematical functions that every backend compiles. */
public final class TornadoMath {
  private TornadoMath() {}

  /** The larger value. */
  public static float max(float a, float b) {
    return Math.max(a, b);
  }

  /** The smaller value. */
  public static float min(float a, float b) {
    return Math.min(a, b);
  }

  /** The larger value. */
  public static int max(int a, int b) {
    return Math.max(a, b);
  }

  /** The smaller value. */
  public static int min(int a, int b) {
    return Math.min(a, b);
  }

  /** Absolute value. */
  public static float abs(float a) {
    return Math.abs(a);
  }

  /** Square root. */
  public static float sqrt(float a) {
    return (float) Math.sqrt(a);
  }

  /** Natural exponential. */
  public static float exp(float a) {
    return (float) Math.exp(a);
  }

  /** Natural logarithm. */
  public static float log(float a) {
    return (float) Math.log(a);
  }
}
