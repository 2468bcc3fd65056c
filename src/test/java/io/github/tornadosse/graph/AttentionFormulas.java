package io.github.tornadosse.graph;

import io.github.tornadosse.graph.AttentionOperations.Sizes;

/**
 * Softmax attention and the rotary embedding in double precision, straight from the formulas.
 * Arrays have no gaps: head-major ones are [H, L, dim], token-major ones [L, H·dim].
 */
final class AttentionFormulas {
  private final Sizes sizes;
  private final int[] cu;
  private final int tokens;

  AttentionFormulas(Sizes sizes, int... cu) {
    this.sizes = sizes;
    this.cu = cu;
    tokens = cu[cu.length - 1];
  }

  /** What {@link AttentionOperations#attention} gives. */
  record Result(double[] out, double[] lse) {}

  /** What {@link AttentionOperations#attentionGradient} gives. */
  record Gradients(double[] dq, double[] dk, double[] dv) {}

  private int first(int s, int t) {
    return sizes.window() == 0 ? cu[s] : Math.max(cu[s], t - sizes.window() + 1);
  }

  private int keyRow(int h, int t) {
    return (h * sizes.keyHeads() / sizes.heads() * tokens + t) * sizes.dim();
  }

  private double logit(double[] q, double[] k, int h, int t, int j) {
    return dot(q, (h * tokens + t) * sizes.dim(), k, keyRow(h, j)) / Math.sqrt(sizes.dim());
  }

  private double dot(double[] a, int i, double[] b, int j) {
    double sum = 0;
    for (int c = 0; c < sizes.dim(); c++) {
      sum += a[i + c] * b[j + c];
    }
    return sum;
  }

  Result attention(double[] q, double[] k, double[] v) {
    Result r =
        new Result(
            new double[tokens * sizes.heads() * sizes.dim()], new double[sizes.heads() * tokens]);
    for (int s = 0; s + 1 < cu.length; s++) {
      for (int t = cu[s]; t < cu[s + 1]; t++) {
        for (int h = 0; h < sizes.heads(); h++) {
          double max = Double.NEGATIVE_INFINITY;
          for (int j = first(s, t); j <= t; j++) {
            max = Math.max(max, logit(q, k, h, t, j));
          }
          double sum = 0;
          for (int j = first(s, t); j <= t; j++) {
            sum += Math.exp(logit(q, k, h, t, j) - max);
          }
          r.lse[h * tokens + t] = max + Math.log(sum);
          for (int j = first(s, t); j <= t; j++) {
            double p = Math.exp(logit(q, k, h, t, j) - max) / sum;
            for (int c = 0; c < sizes.dim(); c++) {
              r.out[(t * sizes.heads() + h) * sizes.dim() + c] += p * v[keyRow(h, j) + c];
            }
          }
        }
      }
    }
    return r;
  }

  Gradients gradients(double[] q, double[] k, double[] v, double[] dOut) {
    Result r = attention(q, k, v);
    Gradients d = new Gradients(new double[q.length], new double[k.length], new double[v.length]);
    double scale = 1 / Math.sqrt(sizes.dim());
    for (int s = 0; s + 1 < cu.length; s++) {
      for (int t = cu[s]; t < cu[s + 1]; t++) {
        for (int h = 0; h < sizes.heads(); h++) {
          int row = (h * tokens + t) * sizes.dim();
          int at = (t * sizes.heads() + h) * sizes.dim();
          double delta = dot(dOut, at, r.out, at);
          for (int j = first(s, t); j <= t; j++) {
            int key = keyRow(h, j);
            double p = Math.exp(logit(q, k, h, t, j) - r.lse[h * tokens + t]);
            double ds = scale * p * (dot(dOut, at, v, key) - delta);
            for (int c = 0; c < sizes.dim(); c++) {
              d.dq[row + c] += ds * k[key + c];
              d.dk[key + c] += ds * q[row + c];
              d.dv[key + c] += p * dOut[at + c];
            }
          }
        }
      }
    }
    return d;
  }

  /**
   * The pairs (i, i + dim/2) of [heads, positions.length, dim] turned by sign·position·theta^(−2i/
   * dim).
   */
  static double[] turned(double[] x, int heads, int dim, int[] positions, double theta, int sign) {
    double[] y = new double[x.length];
    int half = dim / 2;
    for (int row = 0; row < heads * positions.length; row++) {
      for (int i = 0; i < half; i++) {
        double angle = sign * positions[row % positions.length] * Math.pow(theta, -2.0 * i / dim);
        double a = x[row * dim + i];
        double b = x[row * dim + half + i];
        y[row * dim + i] = a * Math.cos(angle) - b * Math.sin(angle);
        y[row * dim + half + i] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
    return y;
  }
}
