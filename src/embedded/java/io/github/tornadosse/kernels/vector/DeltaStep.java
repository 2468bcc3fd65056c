package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** The recurrence token by token, straight on the state in memory: decoding's few rows. */
final class DeltaStep {
  private DeltaStep() {}

  /**
   * Runs the rows of one chunk in order, for one value head.
   *
   * @param rows with the chunk's normalised queries and keys
   * @param decay with its decays and write strengths
   * @param states the state [K, V] at stateAt is updated
   * @param out row i at outAt + i·V
   */
  static void run(
      DeltaInputs x,
      DeltaChunk c,
      DeltaRows rows,
      DeltaDecay decay,
      int valueHead,
      float[] states,
      int stateAt,
      float[] out,
      int outAt) {
    int key = x.key();
    int value = x.value();
    int head = valueHead * x.capacity() * value;
    float[] r = rows.rows;
    for (int i = 0; i < c.n; i++) {
      int q = 2 * i * rows.ld;
      int k = q + rows.ld;
      int v = head + c.valueAt[i];
      int to = outAt + i * value;
      float d = decay.step[i];
      float b = decay.strength[i];
      float write = c.write[i];
      float read = c.output[i];
      int j = 0;
      for (; j + 2 * L <= value; j += 2 * L) {
        twoColumns(
            x.v(), v + j, write, states, stateAt + j, value, r, q, k, key, d, b, read, out, to + j);
      }
      for (; j < value; j += L) {
        VectorMask<Float> m = VectorMath.tail(j, value);
        column(
            x.v(),
            v + j,
            write,
            states,
            stateAt + j,
            value,
            r,
            q,
            k,
            key,
            d,
            b,
            read,
            out,
            to + j,
            m);
      }
    }
  }

  private static void twoColumns(
      float[] v,
      int vAt,
      float write,
      float[] s,
      int sAt,
      int ld,
      float[] rows,
      int q,
      int k,
      int key,
      float decay,
      float strength,
      float read,
      float[] out,
      int outAt) {
    FloatVector d = FloatVector.broadcast(F, decay);
    FloatVector b = FloatVector.broadcast(F, strength);
    FloatVector r0 = FloatVector.zero(F);
    FloatVector r1 = FloatVector.zero(F);
    for (int c = 0, at = sAt; c < key; c++, at += ld) {
      FloatVector w = FloatVector.broadcast(F, rows[k + c]);
      r0 = FloatVector.fromArray(F, s, at).fma(w, r0);
      r1 = FloatVector.fromArray(F, s, at + L).fma(w, r1);
    }
    FloatVector u0 = FloatVector.fromArray(F, v, vAt).mul(write).sub(r0.mul(d)).mul(b);
    FloatVector u1 = FloatVector.fromArray(F, v, vAt + L).mul(write).sub(r1.mul(d)).mul(b);
    FloatVector o0 = FloatVector.zero(F);
    FloatVector o1 = FloatVector.zero(F);
    for (int c = 0, at = sAt; c < key; c++, at += ld) {
      FloatVector w = FloatVector.broadcast(F, rows[k + c]);
      FloatVector p = FloatVector.broadcast(F, rows[q + c]);
      FloatVector s0 = u0.fma(w, FloatVector.fromArray(F, s, at).mul(d));
      FloatVector s1 = u1.fma(w, FloatVector.fromArray(F, s, at + L).mul(d));
      s0.intoArray(s, at);
      s1.intoArray(s, at + L);
      o0 = s0.fma(p, o0);
      o1 = s1.fma(p, o1);
    }
    o0.mul(read).intoArray(out, outAt);
    o1.mul(read).intoArray(out, outAt + L);
  }

  private static void column(
      float[] v,
      int vAt,
      float write,
      float[] s,
      int sAt,
      int ld,
      float[] rows,
      int q,
      int k,
      int key,
      float decay,
      float strength,
      float read,
      float[] out,
      int outAt,
      VectorMask<Float> m) {
    FloatVector d = FloatVector.broadcast(F, decay);
    FloatVector r = FloatVector.zero(F);
    for (int c = 0, at = sAt; c < key; c++, at += ld) {
      r = FloatVector.fromArray(F, s, at, m).fma(FloatVector.broadcast(F, rows[k + c]), r);
    }
    FloatVector u = FloatVector.fromArray(F, v, vAt, m).mul(write).sub(r.mul(d)).mul(strength);
    FloatVector o = FloatVector.zero(F);
    for (int c = 0, at = sAt; c < key; c++, at += ld) {
      FloatVector s0 =
          u.fma(FloatVector.broadcast(F, rows[k + c]), FloatVector.fromArray(F, s, at, m).mul(d));
      s0.intoArray(s, at, m);
      o = s0.fma(FloatVector.broadcast(F, rows[q + c]), o);
    }
    o.mul(read).intoArray(out, outAt, m);
  }
}
