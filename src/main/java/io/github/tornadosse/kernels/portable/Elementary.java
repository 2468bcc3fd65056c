package io.github.tornadosse.kernels.portable;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/** Scalar functions that kernels share. */
public final class Elementary {
  private Elementary() {}

  /** 1/(1 + exp(−x)), without overflow trouble at either end. */
  public static float sigmoid(float x) {
    return 1f / (1f + TornadoMath.exp(-x));
  }

  /** x·sigmoid(x). */
  public static float silu(float x) {
    return x * sigmoid(x);
  }

  /** The derivative of {@link #silu}. */
  public static float siluGradient(float x) {
    float s = sigmoid(x);
    return s * (1f + x * (1f - s));
  }

  /** log(sigmoid(x)); small results keep their relative precision. */
  public static float logSigmoid(float x) {
    float u = TornadoMath.exp(-TornadoMath.abs(x));
    // log(1 + u) loses the digits of a small u, its series does not.
    float log =
        u < 0.01f ? u * (1f - u * (0.5f - u * (1f / 3f - u * 0.25f))) : TornadoMath.log(1f + u);
    return TornadoMath.min(x, 0f) - log;
  }
}
