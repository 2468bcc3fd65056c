package io.github.tornadosse.eval.verify;

/**
 * How far results may be from the right ones: ‖a − b‖ / ‖b‖ per tensor. The only place where these
 * numbers are written.
 *
 * @param forward of outputs, losses and states
 * @param gradient of gradients
 */
public record Tolerances(double forward, double gradient) {
  /** Of float32. */
  public static final Tolerances FLOAT32 = new Tolerances(1e-5, 1e-4);

  /**
   * Of products of bfloat16 factors, each rounded by up to 2⁻⁹, that are summed in float32; a
   * gradient comes through several of them.
   */
  public static final Tolerances BFLOAT16 = new Tolerances(1e-2, 2e-2);

  /**
   * Those of a tier of kernels.
   *
   * @param tier its name
   * @return of bfloat16 for the CUDA tier, else of float32
   */
  public static Tolerances of(String tier) {
    return tier.equals("cuda") ? BFLOAT16 : FLOAT32;
  }

  /**
   * A gradient whose norm is below this share of the largest one's is compared against that largest
   * norm.
   */
  public static final double NEGLIGIBLE_GRADIENT = 1e-6;
}
