package io.github.tornadosse.kernels.reference;

/**
 * The gated delta rule, {@code S ← exp(g_t)·S; u = beta_t·(v_t − k_t·S); S ← S + k_tᵀ·u}, with q
 * and k L2-normalised first and one decay per token (docs/mathematics.md section 1).
 */
public final class GatedDeltaRule implements Recurrence {
  private static final double NORM_EPS = 1e-6;

  /** The gated delta rule. */
  public GatedDeltaRule() {}

  @Override
  public Outputs forward(Inputs in, int key, int value) {
    double[] q = normalised(in.q(), key);
    double[] k = normalised(in.k(), key);
    int tokens = q.length / key;
    double scale = 1 / Math.sqrt(key);
    double[] s = in.state().clone();
    double[] o = new double[tokens * value];
    for (int t = 0; t < tokens; t++) {
      s = step(in, k, t, s, key, value).after;
      for (int c = 0; c < key; c++) {
        for (int d = 0; d < value; d++) {
          o[t * value + d] += scale * q[t * key + c] * s[c * value + d];
        }
      }
    }
    return new Outputs(o, s);
  }

  @Override
  public Inputs backward(Inputs in, Outputs gradient, int key, int value) {
    double[] q = normalised(in.q(), key);
    double[] k = normalised(in.k(), key);
    int tokens = q.length / key;
    double scale = 1 / Math.sqrt(key);
    Step[] steps = new Step[tokens];
    for (int t = 0; t < tokens; t++) {
      steps[t] = step(in, k, t, t == 0 ? in.state() : steps[t - 1].after, key, value);
    }
    double[] dq = new double[tokens * key];
    double[] dk = new double[tokens * key];
    double[] dv = new double[tokens * value];
    double[] dg = new double[tokens];
    double[] dBeta = new double[tokens];
    double[] ds = gradient.state().clone(); // gradient of the state after token t
    for (int t = tokens - 1; t >= 0; t--) {
      Step step = steps[t];
      double[] du = new double[value];
      for (int c = 0; c < key; c++) {
        for (int d = 0; d < value; d++) {
          int cd = c * value + d;
          double dOut = scale * gradient.o()[t * value + d];
          dq[t * key + c] += dOut * step.after[cd];
          ds[cd] += dOut * q[t * key + c];
          du[d] += ds[cd] * k[t * key + c];
          dk[t * key + c] += ds[cd] * step.u[d];
        }
      }
      for (int d = 0; d < value; d++) {
        dBeta[t] += du[d] * step.error[d];
        dv[t * value + d] = in.beta()[t] * du[d];
      }
      double decay = Math.exp(in.g()[t]);
      for (int c = 0; c < key; c++) {
        for (int d = 0; d < value; d++) {
          int cd = c * value + d;
          // the prediction k·S enters the error with a minus
          dk[t * key + c] -= dv[t * value + d] * step.decayed[cd];
          ds[cd] -= dv[t * value + d] * k[t * key + c];
          dg[t] += ds[cd] * step.decayed[cd];
          ds[cd] *= decay;
        }
      }
    }
    return new Inputs(
        normaliseGradient(in.q(), dq, key), normaliseGradient(in.k(), dk, key), dv, dg, dBeta, ds);
  }

  /** One token: the decayed state, v − k·S, u and the state after it. */
  private record Step(double[] decayed, double[] error, double[] u, double[] after) {}

  private static Step step(Inputs in, double[] k, int t, double[] before, int key, int value) {
    double[] decayed = before.clone();
    for (int i = 0; i < decayed.length; i++) {
      decayed[i] *= Math.exp(in.g()[t]);
    }
    double[] error = new double[value];
    double[] u = new double[value];
    for (int d = 0; d < value; d++) {
      error[d] = in.v()[t * value + d];
      for (int c = 0; c < key; c++) {
        error[d] -= k[t * key + c] * decayed[c * value + d];
      }
      u[d] = in.beta()[t] * error[d];
    }
    double[] after = decayed.clone();
    for (int c = 0; c < key; c++) {
      for (int d = 0; d < value; d++) {
        after[c * value + d] += k[t * key + c] * u[d];
      }
    }
    return new Step(decayed, error, u, after);
  }

  private static double[] normalised(double[] x, int key) {
    double[] y = new double[x.length];
    for (int row = 0; row < x.length; row += key) {
      double norm = norm(x, row, key);
      for (int c = 0; c < key; c++) {
        y[row + c] = x[row + c] / norm;
      }
    }
    return y;
  }

  private static double[] normaliseGradient(double[] x, double[] dy, int key) {
    double[] dx = new double[x.length];
    for (int row = 0; row < x.length; row += key) {
      double norm = norm(x, row, key);
      double dot = 0;
      for (int c = 0; c < key; c++) {
        dot += dy[row + c] * x[row + c];
      }
      for (int c = 0; c < key; c++) {
        dx[row + c] = dy[row + c] / norm - x[row + c] * dot / (norm * norm * norm);
      }
    }
    return dx;
  }

  private static double norm(double[] x, int row, int key) {
    double squares = 0;
    for (int c = 0; c < key; c++) {
      squares += x[row + c] * x[row + c];
    }
    return Math.sqrt(squares + NORM_EPS);
  }
}
