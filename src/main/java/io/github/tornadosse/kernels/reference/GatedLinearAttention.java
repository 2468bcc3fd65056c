package io.github.tornadosse.kernels.reference;

/**
 * Gated linear attention, {@code S ← diag(exp(g_t))·S + k_tᵀ·v_t} with one decay per key channel
 * (docs/mathematics.md section 1).
 */
public final class GatedLinearAttention implements Recurrence {
  /** Gated linear attention. */
  public GatedLinearAttention() {}

  @Override
  public Outputs forward(Inputs in, int key, int value) {
    double[][] states = states(in, key, value);
    int tokens = states.length - 1;
    double scale = 1 / Math.sqrt(key);
    double[] o = new double[tokens * value];
    for (int t = 0; t < tokens; t++) {
      for (int c = 0; c < key; c++) {
        for (int d = 0; d < value; d++) {
          o[t * value + d] += scale * in.q()[t * key + c] * states[t + 1][c * value + d];
        }
      }
    }
    return new Outputs(o, states[tokens]);
  }

  @Override
  public Inputs backward(Inputs in, Outputs gradient, int key, int value) {
    double[][] states = states(in, key, value);
    int tokens = states.length - 1;
    double scale = 1 / Math.sqrt(key);
    double[] dq = new double[tokens * key];
    double[] dk = new double[tokens * key];
    double[] dv = new double[tokens * value];
    double[] dg = new double[tokens * key];
    double[] ds = gradient.state().clone(); // gradient of the state after token t
    for (int t = tokens - 1; t >= 0; t--) {
      for (int c = 0; c < key; c++) {
        int tc = t * key + c;
        double decay = Math.exp(in.g()[tc]);
        for (int d = 0; d < value; d++) {
          int cd = c * value + d;
          int td = t * value + d;
          dq[tc] += scale * gradient.o()[td] * states[t + 1][cd];
          ds[cd] += scale * gradient.o()[td] * in.q()[tc];
          dk[tc] += ds[cd] * in.v()[td];
          dv[td] += ds[cd] * in.k()[tc];
          dg[tc] += ds[cd] * decay * states[t][cd];
          ds[cd] *= decay;
        }
      }
    }
    return new Inputs(dq, dk, dv, dg, new double[0], ds);
  }

  /** The state before the first token and after each. */
  private static double[][] states(Inputs in, int key, int value) {
    int tokens = in.q().length / key;
    double[][] states = new double[tokens + 1][];
    states[0] = in.state().clone();
    for (int t = 0; t < tokens; t++) {
      states[t + 1] = new double[key * value];
      for (int c = 0; c < key; c++) {
        double decay = Math.exp(in.g()[t * key + c]);
        for (int d = 0; d < value; d++) {
          states[t + 1][c * value + d] =
              decay * states[t][c * value + d] + in.k()[t * key + c] * in.v()[t * value + d];
        }
      }
    }
    return states;
  }
}
