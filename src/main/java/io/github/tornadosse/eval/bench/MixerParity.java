package io.github.tornadosse.eval.bench;

import io.github.tornadosse.eval.verify.CaseResult;
import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.eval.verify.Tolerances;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.kernels.reference.GatedDeltaRule;
import io.github.tornadosse.kernels.reference.GatedLinearAttention;
import io.github.tornadosse.kernels.reference.Recurrence;
import io.github.tornadosse.kernels.reference.Scalars;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Compares a mixer's benchmark, at a small size, with the formulas in double precision, token by
 * token (docs/mathematics.md sections 1, 2, 3 and 5).
 */
final class MixerParity {
  /** Three chunks and a part of one. */
  private static final int TOKENS = 200;

  private static final int HEADS = 2;
  private static final double EPS = 1e-5;

  private final MixerCase c;
  private final int tokens;
  private final int dim;
  private final int each;

  private final double[] q;
  private final double[] k;
  private final double[] v;
  private final double[] gates;
  private final double[] dO;

  /** [L, N] shares of partitions, and the partitions of each token, likeliest first. */
  private final double[] e;

  private final int[][] chosen;

  private final double[] o;
  private final double[] dq;
  private final double[] dk;
  private final double[] dv;
  private final double[] dGates;
  private final double[] dTop;

  private MixerParity(MixerProgram p) {
    c = p.c;
    tokens = c.tokens();
    dim = c.dim();
    each = tokens * c.heads() * dim;
    q = doubles(p.q);
    k = doubles(p.k);
    v = doubles(p.v);
    gates = c.softmax() ? new double[0] : doubles(p.gates);
    dO = c.backward() ? doubles(p.dO) : new double[each];
    e = c.sparse() ? shares(doubles(p.logits), c.partitions()) : new double[0];
    chosen = new int[tokens][];
    for (int t = 0; t < tokens; t++) {
      chosen[t] = Scalars.ranked(e, t * c.partitions(), c.partitions(), c.topk());
    }
    o = new double[each];
    dq = new double[q.length];
    dk = new double[k.length];
    dv = new double[each];
    dGates = new double[gates.length];
    dTop = new double[tokens * c.topk()];
  }

  /**
   * Runs the comparison.
   *
   * @param full the case; fewer tokens and heads of it are run
   * @param ops the tier
   * @return passed, or failed with the reason
   */
  static CaseResult check(MixerCase full, Operations ops) {
    MixerCase small = full.small(TOKENS, HEADS);
    try (MixerProgram program = new MixerProgram(small, ops, Buffers.allocating())) {
      program.fill();
      MixerParity expected = new MixerParity(program);
      expected.run();
      program.once();
      Comparison comparison = new Comparison(Tolerances.of(ops.tier()));
      comparison.forward("y", doubles(program.output()), expected.output(program));
      if (small.backward()) {
        expected.compare(comparison, program.fetched(), program);
      }
      return comparison.result(small.name(), ops.tier());
    }
  }

  private static double[] doubles(FloatArray a) {
    return doubles(a.toHeapArray());
  }

  private static double[] doubles(float[] x) {
    double[] d = new double[x.length];
    for (int i = 0; i < d.length; i++) {
      d[i] = x[i];
    }
    return d;
  }

  private static double[] shares(double[] logits, int n) {
    double[] e = new double[logits.length];
    for (int row = 0; row < e.length; row += n) {
      double most = Arrays.stream(logits, row, row + n).max().orElseThrow();
      double sum = 0;
      for (int i = row; i < row + n; i++) {
        e[i] = Math.exp(logits[i] - most);
        sum += e[i];
      }
      for (int i = row; i < row + n; i++) {
        e[i] /= sum;
      }
    }
    return e;
  }

  private void run() {
    for (int h = 0; h < c.heads(); h++) {
      if (c.softmax()) {
        attend(h);
        continue;
      }
      int[] all = new int[tokens];
      Arrays.setAll(all, t -> t);
      partition(h, 0, all, null);
      for (int i = 0; i < c.partitions(); i++) {
        int partition = i;
        int[] mine = Arrays.stream(all).filter(t -> rank(t, partition) >= 0).toArray();
        partition(h, 1, mine, Arrays.stream(mine).map(t -> rank(t, partition)).toArray());
      }
    }
  }

  private int rank(int token, int partition) {
    for (int j = 0; j < chosen[token].length; j++) {
      if (chosen[token][j] == partition) {
        return j;
      }
    }
    return -1;
  }

  /** What the tokens of one partition add; ranks is null for partition 0, which has no weights. */
  private void partition(int head, int source, int[] mine, int[] ranks) {
    if (mine.length == 0) {
      return;
    }
    int count = mine.length;
    double[] weight = new double[count];
    double[][] in = new double[4][count * dim];
    int gateWidth = c.deltaRule() ? 1 : dim;
    double[] g = new double[count * gateWidth];
    double[] beta = new double[c.deltaRule() ? count : 0];
    for (int i = 0; i < count; i++) {
      int t = mine[i];
      weight[i] = ranks == null ? 1 : e[t * c.partitions() + chosen[t][ranks[i]]];
      for (int j = 0; j < dim; j++) {
        in[0][i * dim + j] = weight[i] * q[at(source, head, t) + j];
        in[1][i * dim + j] = weight[i] * k[at(source, head, t) + j];
        in[2][i * dim + j] = v[at(0, head, t) + j];
        in[3][i * dim + j] = dO[at(0, head, t) + j];
      }
      System.arraycopy(gates, gate(source, head, t), g, i * gateWidth, gateWidth);
      if (c.deltaRule()) {
        beta[i] = gates[gates.length / 2 + gate(source, head, t)];
      }
    }
    Recurrence rule = c.deltaRule() ? new GatedDeltaRule() : new GatedLinearAttention();
    double[] zero = new double[dim * dim];
    Recurrence.Inputs inputs = new Recurrence.Inputs(in[0], in[1], in[2], g, beta, zero);
    double[] out = rule.forward(inputs, dim, dim).o();
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < dim; j++) {
        o[at(0, head, mine[i]) + j] += out[i * dim + j];
      }
    }
    if (!c.backward()) {
      return;
    }
    Recurrence.Inputs d =
        rule.backward(inputs, new Recurrence.Outputs(in[3], zero.clone()), dim, dim);
    for (int i = 0; i < count; i++) {
      int t = mine[i];
      for (int j = 0; j < dim; j++) {
        dq[at(source, head, t) + j] += weight[i] * d.q()[i * dim + j];
        dk[at(source, head, t) + j] += weight[i] * d.k()[i * dim + j];
        dv[at(0, head, t) + j] += d.v()[i * dim + j];
        if (ranks != null) {
          dTop[t * c.topk() + ranks[i]] +=
              d.q()[i * dim + j] * second(q, head, t, j)
                  + d.k()[i * dim + j] * second(k, head, t, j);
        }
      }
      for (int j = 0; j < gateWidth; j++) {
        dGates[gate(source, head, t) + j] += d.g()[i * gateWidth + j];
      }
      if (c.deltaRule()) {
        dGates[gates.length / 2 + gate(source, head, t)] += d.beta()[i];
      }
    }
  }

  /**
   * What the gradient of a weight takes for the second source's queries or keys: the delta rule has
   * them in its own gradient, gated linear attention activates the first source's anew.
   */
  private double second(double[] x, int head, int t, int j) {
    return c.deltaRule() ? x[at(1, head, t) + j] : silu(2 * x[at(0, head, t) + j]);
  }

  private int at(int source, int head, int token) {
    return ((source * c.heads() + head) * tokens + token) * dim;
  }

  private int gate(int source, int head, int token) {
    return ((source * c.heads() + head) * tokens + token) * (c.deltaRule() ? 1 : dim);
  }

  private static double silu(double x) {
    return x * Scalars.sigmoid(x);
  }

  private static double siluSlope(double x) {
    double s = Scalars.sigmoid(x);
    return s * (1 + x * (1 - s));
  }

  private void attend(int head) {
    double scale = 1 / Math.sqrt(dim);
    for (int t = 0; t < tokens; t++) {
      double[] p = new double[t + 1];
      for (int s = 0; s <= t; s++) {
        p[s] = scale * dot(q, at(0, head, t), k, at(0, head, s));
      }
      p = shares(p, p.length);
      for (int s = 0; s <= t; s++) {
        for (int j = 0; j < dim; j++) {
          o[at(0, head, t) + j] += p[s] * v[at(0, head, s) + j];
        }
      }
      if (c.backward()) {
        attendGradient(head, t, p, scale);
      }
    }
  }

  private void attendGradient(int head, int t, double[] p, double scale) {
    int upstream = (t * c.heads() + head) * dim;
    double mean = dot(dO, upstream, o, at(0, head, t));
    for (int s = 0; s < p.length; s++) {
      double ds = scale * p[s] * (dot(dO, upstream, v, at(0, head, s)) - mean);
      for (int j = 0; j < dim; j++) {
        dq[at(0, head, t) + j] += ds * k[at(0, head, s) + j];
        dk[at(0, head, s) + j] += ds * q[at(0, head, t) + j];
        dv[at(0, head, s) + j] += p[s] * dO[upstream + j];
      }
    }
  }

  private double dot(double[] a, int aAt, double[] b, int bAt) {
    double sum = 0;
    for (int j = 0; j < dim; j++) {
      sum += a[aAt + j] * b[bAt + j];
    }
    return sum;
  }

  /** [L, H·K], normed unless it is softmax attention's. */
  private double[] output(MixerProgram p) {
    double[] y = new double[each];
    for (int h = 0; h < c.heads(); h++) {
      for (int t = 0; t < tokens; t++) {
        int from = at(0, h, t);
        double factor = c.softmax() ? 1 : 1 / Math.sqrt(dot(o, from, o, from) / dim + EPS);
        for (int j = 0; j < dim; j++) {
          double w = c.softmax() ? 1 : p.norm.get(j);
          y[(t * c.heads() + h) * dim + j] = o[from + j] * factor * w;
        }
      }
    }
    return y;
  }

  private void compare(Comparison comparison, MixerProgram.Gradients d, MixerProgram p) {
    if (c.softmax()) {
      comparison.gradient("dq", doubles(d.dq()), dq);
      comparison.gradient("dk", doubles(d.dk()), dk);
      comparison.gradient("dv", doubles(d.dv()), dv);
      return;
    }
    activated(comparison, "dq", d.dq(), d.dq2(), q, dq);
    activated(comparison, "dk", d.dk(), d.dk2(), k, dk);
    double[] dValues = new double[each];
    for (int i = 0; i < each; i++) {
      dValues[i] = dv[i] * siluSlope(v[i]);
    }
    comparison.gradient("dv", doubles(d.dv()), dValues);
    int width = c.deltaRule() ? 1 : dim;
    double[] rows =
        c.deltaRule()
            ? doubles(d.dGateRows())
            : Arrays.copyOfRange(
                doubles(d.dRows()), d.dRows().getSize() / 3 * 2, d.dRows().getSize());
    int parts = c.deltaRule() ? 2 : 1;
    comparison.gradient("dg", byToken(rows, p, width, parts), dGates);
    if (c.sparse()) {
      comparison.gradient("deta", doubles(d.dLogits()), logitGradient());
    }
  }

  /** Through an activation that takes q for its logits, and twice q for the second source's. */
  private void activated(
      Comparison comparison, String name, FloatArray dx, FloatArray dx2, double[] x, double[] d) {
    double[] first = new double[each];
    double[] second = new double[each];
    for (int i = 0; i < each; i++) {
      second[i] = c.sparse() ? d[each + i] * siluSlope(2 * x[i]) : 0;
      first[i] = d[i] * siluSlope(x[i]) + second[i];
    }
    comparison.gradient(name, doubles(dx), first);
    if (c.sparse()) {
      comparison.gradient(name + "2", doubles(dx2), second);
    }
  }

  /** Gradients [parts, H, R, width] of rows as [parts, sources, H, L, width], summed by token. */
  private double[] byToken(double[] rows, MixerProgram p, int width, int parts) {
    int m = c.width();
    int all = tokens * (1 + m);
    double[] sums = new double[dGates.length];
    int half = sums.length / parts;
    for (int part = 0; part < parts; part++) {
      for (int h = 0; h < c.heads(); h++) {
        int from = (part * c.heads() + h) * all;
        for (int t = 0; t < tokens; t++) {
          for (int i = 0; i < width; i++) {
            sums[part * half + gate(0, h, t) + i] = rows[(from + t) * width + i];
            for (int j = 0; j < m; j++) {
              int row = p.rows.tokenRow().get(t * m + j);
              sums[part * half + gate(1, h, t) + i] += rows[(from + row) * width + i];
            }
          }
        }
      }
    }
    return sums;
  }

  private double[] logitGradient() {
    double[] d = new double[e.length];
    int n = c.partitions();
    for (int t = 0; t < tokens; t++) {
      double mean = 0;
      for (int j = 0; j < c.topk(); j++) {
        double share = e[t * n + chosen[t][j]];
        mean += share * dTop[t * c.topk() + j];
        d[t * n + chosen[t][j]] = share * dTop[t * c.topk() + j];
      }
      for (int i = 0; i < n; i++) {
        d[t * n + i] -= e[t * n + i] * mean;
      }
    }
    return d;
  }
}
