package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/**
 * Elementwise functions and sums of float vectors. They are composed of operations that IEEE 754
 * defines to the last bit. The Vector API's own EXP, LOG1P and floating-point ADD reduction are not
 * used, because they give other last bits in interpreted than in compiled code, so that a result
 * would depend on when the compiler came by.
 *
 * <p>Functions are accurate to a few units in the last place. Results below the smallest normal
 * float (1.2e-38) become zero, those over the range infinite.
 */
public final class VectorMath {
  private static final float LOG2_E = 1.44269504088896341f;
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;

  /** Adding it rounds to an integer, which then stands in the low bits. */
  private static final float ROUNDER = 12582912f;

  private static final float EXP_MIN = -87.33654f;
  private static final float EXP_MAX = 88.72283f;
  private static final int HALF_BITS = Float.floatToRawIntBits(0.70710678f);
  private static final VectorShuffle<Float> BY8 = rotation(8);
  private static final VectorShuffle<Float> BY4 = rotation(4);
  private static final VectorShuffle<Float> BY2 = rotation(2);
  private static final VectorShuffle<Float> BY1 = rotation(1);

  private VectorMath() {}

  private static VectorShuffle<Float> rotation(int d) {
    return VectorShuffle.fromOp(F, i -> (i + d) % L);
  }

  /** The sum of all lanes, in a fixed order. */
  public static float sum(FloatVector x) {
    FloatVector s = x;
    if (L >= 16) s = s.add(s.rearrange(BY8));
    if (L >= 8) s = s.add(s.rearrange(BY4));
    s = s.add(s.rearrange(BY2));
    s = s.add(s.rearrange(BY1));
    return s.lane(0);
  }

  /** e^x. */
  public static FloatVector exp(FloatVector x) {
    FloatVector rounded =
        x.fma(FloatVector.broadcast(F, LOG2_E), FloatVector.broadcast(F, ROUNDER));
    FloatVector n = rounded.sub(ROUNDER);
    FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_HIGH), x);
    r = n.fma(FloatVector.broadcast(F, -LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(F, 1.9875691500e-4f);
    p = p.fma(r, FloatVector.broadcast(F, 1.3981999507e-3f));
    p = p.fma(r, FloatVector.broadcast(F, 8.3334519073e-3f));
    p = p.fma(r, FloatVector.broadcast(F, 4.1665795894e-2f));
    p = p.fma(r, FloatVector.broadcast(F, 1.6666665459e-1f));
    p = p.fma(r, FloatVector.broadcast(F, 5.0000001201e-1f));
    p = p.fma(r.mul(r), r).add(1f);
    IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    FloatVector e = exponent.add(p.reinterpretAsInts()).reinterpretAsFloats();
    // Out of range it is anything; to limit x by min and max before would take twice the time.
    e = e.blend(0f, x.compare(VectorOperators.LT, EXP_MIN));
    return e.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, EXP_MAX));
  }

  /** ln(1 + x) for x above −1. */
  public static FloatVector log1p(FloatVector x) {
    FloatVector u = x.add(1f);
    // what rounding 1 + x lost
    FloatVector lost = x.sub(u.sub(1f)).div(u);
    // u = m·2^n with m between √½ and √2
    IntVector bits = u.reinterpretAsInts().sub(HALF_BITS);
    FloatVector n =
        (FloatVector) bits.lanewise(VectorOperators.ASHR, 23).convert(VectorOperators.I2F, 0);
    FloatVector f = bits.and(0x7fffff).add(HALF_BITS).reinterpretAsFloats().sub(1f);
    FloatVector p = FloatVector.broadcast(F, 7.0376836292e-2f);
    p = p.fma(f, FloatVector.broadcast(F, -1.1514610310e-1f));
    p = p.fma(f, FloatVector.broadcast(F, 1.1676998740e-1f));
    p = p.fma(f, FloatVector.broadcast(F, -1.2420140846e-1f));
    p = p.fma(f, FloatVector.broadcast(F, 1.4249322787e-1f));
    p = p.fma(f, FloatVector.broadcast(F, -1.6668057665e-1f));
    p = p.fma(f, FloatVector.broadcast(F, 2.0000714765e-1f));
    p = p.fma(f, FloatVector.broadcast(F, -2.4999993993e-1f));
    p = p.fma(f, FloatVector.broadcast(F, 3.3333331174e-1f));
    FloatVector square = f.mul(f);
    FloatVector y = p.mul(f).mul(square);
    y = n.fma(FloatVector.broadcast(F, LN2_LOW), y).add(lost);
    y = square.fma(FloatVector.broadcast(F, -0.5f), y).add(f);
    return n.fma(FloatVector.broadcast(F, LN2_HIGH), y);
  }

  /** 1 / (1 + e^−x). */
  public static FloatVector sigmoid(FloatVector x) {
    return FloatVector.broadcast(F, 1f).div(exp(x.neg()).add(1f));
  }

  /** x·sigmoid(x). */
  public static FloatVector silu(FloatVector x) {
    return x.div(exp(x.neg()).add(1f));
  }

  /** ln(1 + e^x), without overflow. */
  public static FloatVector softplus(FloatVector x) {
    return x.max(0f).add(log1p(exp(x.abs().neg())));
  }

  /** ln sigmoid(x) = −softplus(−x). */
  public static FloatVector logSigmoid(FloatVector x) {
    return x.min(0f).sub(log1p(exp(x.abs().neg())));
  }

  /** The lanes below n − i, for the last, partial vector of n elements at i. */
  public static VectorMask<Float> tail(int i, int n) {
    return F.indexInRange(i, n);
  }

  /** to[toAt + i] = e^from[fromAt + i] for i below n. */
  public static void exp(float[] from, int fromAt, float[] to, int toAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      exp(FloatVector.fromArray(F, from, fromAt + i)).intoArray(to, toAt + i);
    }
    if (i < n) {
      VectorMask<Float> m = tail(i, n);
      exp(FloatVector.fromArray(F, from, fromAt + i, m)).intoArray(to, toAt + i, m);
    }
  }

  /** to[toAt + i] = SiLU(from[fromAt + i]) for i below n. */
  public static void silu(float[] from, int fromAt, float[] to, int toAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      silu(FloatVector.fromArray(F, from, fromAt + i)).intoArray(to, toAt + i);
    }
    if (i < n) {
      VectorMask<Float> m = tail(i, n);
      silu(FloatVector.fromArray(F, from, fromAt + i, m)).intoArray(to, toAt + i, m);
    }
  }
}
