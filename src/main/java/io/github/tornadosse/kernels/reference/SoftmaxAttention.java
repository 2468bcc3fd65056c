package io.github.tornadosse.kernels.reference;

import java.util.function.Function;

/**
 * Causal softmax attention with a rotary embedding (half-split), grouped keys and an optional
 * sliding window (docs/mathematics.md section 5).
 */
public final class SoftmaxAttention {
  private final AttentionShape shape;

  /**
   * A layer of that shape.
   *
   * @param shape see there
   */
  public SoftmaxAttention(AttentionShape shape) {
    this.shape = shape;
  }

  /**
   * Runs the layer.
   *
   * @param tape notes what the gradients need
   * @param x input, [L, D]
   * @param cu bounds of the packed sequences, [S + 1]
   * @param parameter gives the layer's parameter of a name (docs/mathematics.md section 6)
   * @return [L, D]
   */
  public Variable forward(Tape tape, Variable x, int[] cu, Function<String, Variable> parameter) {
    int dim = shape.headDim();
    Variable q = rotary(tape, project(tape, x, parameter, "q_proj", shape.heads() * dim), cu);
    Variable k = rotary(tape, project(tape, x, parameter, "k_proj", shape.keyHeads() * dim), cu);
    Variable v = project(tape, x, parameter, "v_proj", shape.keyHeads() * dim);
    Variable o = attend(tape, q, k, v, cu);
    return tape.linear(o, parameter.apply("o_proj.weight"), shape.heads() * dim, shape.hidden());
  }

  private Variable project(
      Tape tape, Variable x, Function<String, Variable> parameter, String name, int out) {
    Variable y = tape.linear(x, parameter.apply(name + ".weight"), shape.hidden(), out);
    return shape.bias() ? tape.addToRows(y, parameter.apply(name + ".bias")) : y;
  }

  /** Turns the pairs (i, i + dim/2) of each head by position·theta^(−2i/dim). */
  private Variable rotary(Tape tape, Variable x, int[] cu) {
    int dim = shape.headDim();
    int width = x.size() / cu[cu.length - 1];
    Variable y = new Variable(new double[x.size()]);
    turn(x.data(), y.data(), cu, width, dim, 1);
    tape.note(() -> turn(y.grad(), x.grad(), cu, width, dim, -1));
    return y;
  }

  /** Adds the turned pairs of {@code from} to {@code to}; sign −1 turns back. */
  private void turn(double[] from, double[] to, int[] cu, int width, int dim, int sign) {
    int half = dim / 2;
    for (int s = 0; s + 1 < cu.length; s++) {
      for (int t = cu[s]; t < cu[s + 1]; t++) {
        for (int head = t * width; head < (t + 1) * width; head += dim) {
          for (int i = 0; i < half; i++) {
            double angle = (t - cu[s]) * Math.pow(shape.ropeTheta(), -2.0 * i / dim);
            double cos = Math.cos(angle);
            double sin = sign * Math.sin(angle);
            to[head + i] += from[head + i] * cos - from[head + half + i] * sin;
            to[head + half + i] += from[head + half + i] * cos + from[head + i] * sin;
          }
        }
      }
    }
  }

  private Variable attend(Tape tape, Variable q, Variable k, Variable v, int[] cu) {
    Variable o = new Variable(new double[q.size()]);
    for (int s = 0; s + 1 < cu.length; s++) {
      for (int t = cu[s]; t < cu[s + 1]; t++) {
        int first = shape.window() > 0 ? Math.max(cu[s], t - shape.window() + 1) : cu[s];
        for (int h = 0; h < shape.heads(); h++) {
          attendToken(tape, q, k, v, o, t, first, h);
        }
      }
    }
    return o;
  }

  /** One head of token t over the tokens first to t. */
  private void attendToken(
      Tape tape, Variable q, Variable k, Variable v, Variable o, int t, int first, int head) {
    int dim = shape.headDim();
    int queryAt = (t * shape.heads() + head) * dim;
    int keyHead = head * shape.keyHeads() / shape.heads();
    int count = t - first + 1;
    double scale = 1 / Math.sqrt(dim);
    double[] p = new double[count];
    double max = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < count; j++) {
      int keyAt = ((first + j) * shape.keyHeads() + keyHead) * dim;
      for (int i = 0; i < dim; i++) {
        p[j] += scale * q.data()[queryAt + i] * k.data()[keyAt + i];
      }
      max = Math.max(max, p[j]);
    }
    double sum = 0;
    for (int j = 0; j < count; j++) {
      p[j] = Math.exp(p[j] - max);
      sum += p[j];
    }
    for (int j = 0; j < count; j++) {
      p[j] /= sum;
      int valueAt = ((first + j) * shape.keyHeads() + keyHead) * dim;
      for (int i = 0; i < dim; i++) {
        o.data()[queryAt + i] += p[j] * v.data()[valueAt + i];
      }
    }
    tape.note(
        () -> {
          double dot = 0; // ⟨do, o⟩
          for (int i = 0; i < dim; i++) {
            dot += o.grad()[queryAt + i] * o.data()[queryAt + i];
          }
          for (int j = 0; j < count; j++) {
            int at = ((first + j) * shape.keyHeads() + keyHead) * dim;
            double dp = 0;
            for (int i = 0; i < dim; i++) {
              dp += o.grad()[queryAt + i] * v.data()[at + i];
              v.grad()[at + i] += p[j] * o.grad()[queryAt + i];
            }
            double ds = scale * p[j] * (dp - dot);
            for (int i = 0; i < dim; i++) {
              q.grad()[queryAt + i] += ds * k.data()[at + i];
              k.grad()[at + i] += ds * q.data()[queryAt + i];
            }
          }
        });
  }
}
