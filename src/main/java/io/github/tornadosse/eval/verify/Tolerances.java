package io.github.tornadosse.eval.verify;

/**
 * How far float32 results may be from the golden ones: ‖a − b‖ / ‖b‖ per tensor. The only place
 * where these numbers are written.
 */
public final class Tolerances {
  /** Of outputs, losses and states. */
  public static final double FORWARD = 1e-5;

  /** Of gradients. */
  public static final double GRADIENT = 1e-4;

  /**
   * A gradient whose norm is below this share of the largest one's is compared against that largest
   * norm.
   */
  public static final double NEGLIGIBLE_GRADIENT = 1e-6;

  private Tolerances() {}
}
