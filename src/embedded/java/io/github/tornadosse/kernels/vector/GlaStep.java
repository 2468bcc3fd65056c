package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** The recurrence token by token, straight on the state in memory: decoding's few rows. */
final class GlaStep {
  private GlaStep() {}

  /**
   * Runs the rows of one chunk in order.
   *
   * @param states the state [K, V] at stateAt is updated
   * @param out row i at outAt + i·V
   * @param q scratch, K rounded up to whole vectors, like k and decay
   */
  static void run(
      GlaInputs x,
      GlaChunk c,
      float[] states,
      int stateAt,
      float[] out,
      int outAt,
      float[] q,
      float[] k,
      float[] decay) {
    int key = x.key();
    int value = x.value();
    for (int i = 0; i < c.n; i++) {
      GlaRows.scaled(x.q(), c.keyAt[i], c.query[i], q, 0, key);
      GlaRows.scaled(x.k(), c.keyAt[i], c.write[i], k, 0, key);
      GlaRows.expScaled(x.g(), c.keyAt[i], c.written[i], decay, 0, key);
      int to = outAt + i * value;
      int j = 0;
      for (; j + 2 * L <= value; j += 2 * L) {
        twoColumns(
            x.v(), c.valueAt[i] + j, states, stateAt + j, value, q, k, decay, key, out, to + j);
      }
      for (; j < value; j += L) {
        VectorMask<Float> m = VectorMath.tail(j, value);
        column(
            x.v(), c.valueAt[i] + j, states, stateAt + j, value, q, k, decay, key, out, to + j, m);
      }
    }
  }

  private static void twoColumns(
      float[] v,
      int vAt,
      float[] s,
      int sAt,
      int ld,
      float[] q,
      float[] k,
      float[] decay,
      int key,
      float[] out,
      int outAt) {
    FloatVector v0 = FloatVector.fromArray(F, v, vAt);
    FloatVector v1 = FloatVector.fromArray(F, v, vAt + L);
    FloatVector o0 = FloatVector.zero(F);
    FloatVector o1 = FloatVector.zero(F);
    for (int c = 0, at = sAt; c < key; c++, at += ld) {
      FloatVector d = FloatVector.broadcast(F, decay[c]);
      FloatVector w = FloatVector.broadcast(F, k[c]);
      FloatVector r = FloatVector.broadcast(F, q[c]);
      FloatVector s0 = FloatVector.fromArray(F, s, at).mul(d);
      FloatVector s1 = FloatVector.fromArray(F, s, at + L).mul(d);
      s0 = v0.fma(w, s0);
      s1 = v1.fma(w, s1);
      s0.intoArray(s, at);
      s1.intoArray(s, at + L);
      o0 = s0.fma(r, o0);
      o1 = s1.fma(r, o1);
    }
    o0.intoArray(out, outAt);
    o1.intoArray(out, outAt + L);
  }

  private static void column(
      float[] v,
      int vAt,
      float[] s,
      int sAt,
      int ld,
      float[] q,
      float[] k,
      float[] decay,
      int key,
      float[] out,
      int outAt,
      VectorMask<Float> m) {
    FloatVector v0 = FloatVector.fromArray(F, v, vAt, m);
    FloatVector o0 = FloatVector.zero(F);
    for (int c = 0, at = sAt; c < key; c++, at += ld) {
      FloatVector s0 = FloatVector.fromArray(F, s, at, m).mul(decay[c]);
      s0 = v0.fma(FloatVector.broadcast(F, k[c]), s0);
      s0.intoArray(s, at, m);
      o0 = s0.fma(FloatVector.broadcast(F, q[c]), o0);
    }
    o0.intoArray(out, outAt, m);
  }
}
