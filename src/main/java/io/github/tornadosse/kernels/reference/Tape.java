package io.github.tornadosse.kernels.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Reverse-mode differentiation: every operation computes its result at once and notes how its
 * result's gradient goes back to its inputs; {@link #backward()} plays the notes in reverse.
 * Matrices are row-major, one row a token unless said otherwise.
 */
public final class Tape {
  private final List<Runnable> notes = new ArrayList<>();

  /** An empty tape. */
  public Tape() {}

  /**
   * Notes how to send gradients back; for operations that are written elsewhere.
   *
   * @param step reads its result's gradient and adds to its inputs' gradients
   */
  public void note(Runnable step) {
    notes.add(step);
  }

  /** Adds to the gradient of every variable, from the gradients put into the results. */
  public void backward() {
    for (int i = notes.size() - 1; i >= 0; i--) {
      notes.get(i).run();
    }
    notes.clear();
  }

  /**
   * y = x·wᵀ.
   *
   * @param x [L, in]
   * @param w [out, in]
   * @param in input size
   * @param out output size
   * @return [L, out]
   */
  public Variable linear(Variable x, Variable w, int in, int out) {
    check(x, in, "linear input");
    check(w, in, out, "linear weight");
    int rows = x.size() / in;
    Variable y = new Variable(new double[rows * out]);
    for (int t = 0; t < rows; t++) {
      for (int o = 0; o < out; o++) {
        double sum = 0;
        for (int i = 0; i < in; i++) {
          sum += x.data()[t * in + i] * w.data()[o * in + i];
        }
        y.data()[t * out + o] = sum;
      }
    }
    note(
        () -> {
          for (int t = 0; t < rows; t++) {
            for (int o = 0; o < out; o++) {
              double dy = y.grad()[t * out + o];
              for (int i = 0; i < in; i++) {
                x.grad()[t * in + i] += dy * w.data()[o * in + i];
                w.grad()[o * in + i] += dy * x.data()[t * in + i];
              }
            }
          }
        });
    return y;
  }

  /**
   * The sum of two variables of one size.
   *
   * @param a any shape
   * @param b the same shape
   * @return a + b
   */
  public Variable add(Variable a, Variable b) {
    check(b, a.size(), 1, "second addend");
    Variable y = new Variable(new double[a.size()]);
    for (int i = 0; i < y.size(); i++) {
      y.data()[i] = a.data()[i] + b.data()[i];
    }
    note(
        () -> {
          for (int i = 0; i < y.size(); i++) {
            a.grad()[i] += y.grad()[i];
            b.grad()[i] += y.grad()[i];
          }
        });
    return y;
  }

  /**
   * The element-wise product of two variables of one size.
   *
   * @param a any shape
   * @param b the same shape
   * @return a ⊙ b
   */
  public Variable multiply(Variable a, Variable b) {
    check(b, a.size(), 1, "second factor");
    Variable y = new Variable(new double[a.size()]);
    for (int i = 0; i < y.size(); i++) {
      y.data()[i] = a.data()[i] * b.data()[i];
    }
    note(
        () -> {
          for (int i = 0; i < y.size(); i++) {
            a.grad()[i] += y.grad()[i] * b.data()[i];
            b.grad()[i] += y.grad()[i] * a.data()[i];
          }
        });
    return y;
  }

  /**
   * Adds a vector to every row.
   *
   * @param x [L, n]
   * @param bias [n]
   * @return [L, n]
   */
  public Variable addToRows(Variable x, Variable bias) {
    int n = bias.size();
    check(x, n, "rows of a bias");
    Variable y = new Variable(new double[x.size()]);
    for (int i = 0; i < y.size(); i++) {
      y.data()[i] = x.data()[i] + bias.data()[i % n];
    }
    note(
        () -> {
          for (int i = 0; i < y.size(); i++) {
            x.grad()[i] += y.grad()[i];
            bias.grad()[i % n] += y.grad()[i];
          }
        });
    return y;
  }

  /**
   * Multiplies every row by a vector, element by element.
   *
   * @param x [L, n]
   * @param factor [n]
   * @return [L, n]
   */
  public Variable multiplyRows(Variable x, Variable factor) {
    int n = factor.size();
    check(x, n, "rows of a factor");
    Variable y = new Variable(new double[x.size()]);
    for (int i = 0; i < y.size(); i++) {
      y.data()[i] = x.data()[i] * factor.data()[i % n];
    }
    note(
        () -> {
          for (int i = 0; i < y.size(); i++) {
            x.grad()[i] += y.grad()[i] * factor.data()[i % n];
            factor.grad()[i % n] += y.grad()[i] * x.data()[i];
          }
        });
    return y;
  }

  /**
   * Multiplies by constants.
   *
   * @param x any shape
   * @param factor the same shape
   * @return x ⊙ factor
   */
  public Variable multiplyConstant(Variable x, double[] factor) {
    check(x, factor.length, 1, "variable of a constant factor");
    Variable y = new Variable(new double[x.size()]);
    for (int i = 0; i < y.size(); i++) {
      y.data()[i] = x.data()[i] * factor[i];
    }
    note(
        () -> {
          for (int i = 0; i < y.size(); i++) {
            x.grad()[i] += y.grad()[i] * factor[i];
          }
        });
    return y;
  }

  /**
   * The sum of all elements, each times its constant.
   *
   * @param x any shape
   * @param weight the same shape
   * @return one element
   */
  public Variable weightedSum(Variable x, double[] weight) {
    check(x, weight.length, 1, "variable of a weighted sum");
    Variable y = new Variable(new double[1]);
    for (int i = 0; i < x.size(); i++) {
      y.data()[0] += weight[i] * x.data()[i];
    }
    note(
        () -> {
          for (int i = 0; i < x.size(); i++) {
            x.grad()[i] += y.grad()[0] * weight[i];
          }
        });
    return y;
  }

  /**
   * A function of each element.
   *
   * @param x any shape
   * @param f the function
   * @param derivative its derivative, also as a function of x
   * @return the same shape
   */
  public Variable map(Variable x, DoubleUnaryOperator f, DoubleUnaryOperator derivative) {
    Variable y = new Variable(new double[x.size()]);
    for (int i = 0; i < y.size(); i++) {
      y.data()[i] = f.applyAsDouble(x.data()[i]);
    }
    note(
        () -> {
          for (int i = 0; i < y.size(); i++) {
            x.grad()[i] += y.grad()[i] * derivative.applyAsDouble(x.data()[i]);
          }
        });
    return y;
  }

  /**
   * x·sigmoid(x).
   *
   * @param x any shape
   * @return the same shape
   */
  public Variable silu(Variable x) {
    return map(
        x,
        v -> v * Scalars.sigmoid(v),
        v -> Scalars.sigmoid(v) * (1 + v * (1 - Scalars.sigmoid(v))));
  }

  /**
   * A constant times sigmoid(x).
   *
   * @param x any shape
   * @param factor the constant
   * @return the same shape
   */
  public Variable sigmoid(Variable x, double factor) {
    return map(
        x,
        v -> factor * Scalars.sigmoid(v),
        v -> factor * Scalars.sigmoid(v) * (1 - Scalars.sigmoid(v)));
  }

  /**
   * A constant times logsigmoid(x).
   *
   * @param x any shape
   * @param factor the constant
   * @return the same shape
   */
  public Variable logSigmoid(Variable x, double factor) {
    return map(x, v -> factor * Scalars.logSigmoid(v), v -> factor * (1 - Scalars.sigmoid(v)));
  }

  /**
   * log(1 + exp(x)).
   *
   * @param x any shape
   * @return the same shape
   */
  public Variable softplus(Variable x) {
    return map(x, v -> -Scalars.logSigmoid(-v), Scalars::sigmoid);
  }

  /**
   * Softmax over the largest elements of each row, 0 elsewhere.
   *
   * @param x [L, n]
   * @param n row length
   * @param top how many elements take part; n for all (equal values: lower index first)
   * @return [L, n]
   */
  public Variable softmax(Variable x, int n, int top) {
    check(x, n, "softmax input");
    Variable y = new Variable(new double[x.size()]);
    for (int row = 0; row < x.size(); row += n) {
      boolean[] chosen = Scalars.largest(x.data(), row, n, top);
      double max = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < n; i++) {
        if (chosen[i]) {
          max = Math.max(max, x.data()[row + i]);
        }
      }
      double sum = 0;
      for (int i = 0; i < n; i++) {
        if (chosen[i]) {
          y.data()[row + i] = Math.exp(x.data()[row + i] - max);
          sum += y.data()[row + i];
        }
      }
      for (int i = 0; i < n; i++) {
        y.data()[row + i] /= sum;
      }
    }
    note(
        () -> {
          for (int row = 0; row < x.size(); row += n) {
            double dot = 0;
            for (int i = 0; i < n; i++) {
              dot += y.data()[row + i] * y.grad()[row + i];
            }
            for (int i = 0; i < n; i++) {
              x.grad()[row + i] += y.data()[row + i] * (y.grad()[row + i] - dot);
            }
          }
        });
    return y;
  }

  /**
   * x·w/√(mean x² + eps) in every row.
   *
   * @param x [L, n]
   * @param w [n]
   * @param eps added to the mean square
   * @return [L, n]
   */
  public Variable rmsNorm(Variable x, Variable w, double eps) {
    int n = w.size();
    check(x, n, "norm input");
    Variable y = new Variable(new double[x.size()]);
    double[] rstd = new double[x.size() / n];
    for (int t = 0; t < rstd.length; t++) {
      double squares = 0;
      for (int i = 0; i < n; i++) {
        squares += x.data()[t * n + i] * x.data()[t * n + i];
      }
      rstd[t] = 1 / Math.sqrt(squares / n + eps);
      for (int i = 0; i < n; i++) {
        y.data()[t * n + i] = x.data()[t * n + i] * rstd[t] * w.data()[i];
      }
    }
    note(
        () -> {
          for (int t = 0; t < rstd.length; t++) {
            double dot = 0; // ⟨dy ⊙ w, x⟩
            for (int i = 0; i < n; i++) {
              int j = t * n + i;
              dot += y.grad()[j] * w.data()[i] * x.data()[j];
              w.grad()[i] += y.grad()[j] * x.data()[j] * rstd[t];
            }
            for (int i = 0; i < n; i++) {
              int j = t * n + i;
              x.grad()[j] +=
                  rstd[t] * (y.grad()[j] * w.data()[i] - x.data()[j] * rstd[t] * rstd[t] * dot / n);
            }
          }
        });
    return y;
  }

  /**
   * Columns of a matrix.
   *
   * @param x [L, n]
   * @param n row length
   * @param from first column
   * @param count how many
   * @return [L, count]
   */
  public Variable columns(Variable x, int n, int from, int count) {
    check(x, n, "matrix of columns");
    int rows = x.size() / n;
    Variable y = new Variable(new double[rows * count]);
    for (int t = 0; t < rows; t++) {
      System.arraycopy(x.data(), t * n + from, y.data(), t * count, count);
    }
    note(
        () -> {
          for (int t = 0; t < rows; t++) {
            for (int i = 0; i < count; i++) {
              x.grad()[t * n + from + i] += y.grad()[t * count + i];
            }
          }
        });
    return y;
  }

  /**
   * Rows of a matrix, any number of times each.
   *
   * @param x [rows, n]
   * @param n row length
   * @param index the rows
   * @return [index.length, n]
   */
  public Variable rows(Variable x, int n, int[] index) {
    check(x, n, "matrix of rows");
    Variable y = new Variable(new double[index.length * n]);
    for (int t = 0; t < index.length; t++) {
      System.arraycopy(x.data(), index[t] * n, y.data(), t * n, n);
    }
    note(
        () -> {
          for (int t = 0; t < index.length; t++) {
            for (int i = 0; i < n; i++) {
              x.grad()[index[t] * n + i] += y.grad()[t * n + i];
            }
          }
        });
    return y;
  }

  /**
   * Multiplies each row by its own number.
   *
   * @param x [L, n]
   * @param n row length
   * @param factor [L]
   * @return [L, n]
   */
  public Variable scaleRows(Variable x, int n, Variable factor) {
    check(x, n, factor.size(), "rows to scale");
    Variable y = new Variable(new double[x.size()]);
    for (int i = 0; i < y.size(); i++) {
      y.data()[i] = x.data()[i] * factor.data()[i / n];
    }
    note(
        () -> {
          for (int i = 0; i < y.size(); i++) {
            x.grad()[i] += y.grad()[i] * factor.data()[i / n];
            factor.grad()[i / n] += y.grad()[i] * x.data()[i];
          }
        });
    return y;
  }

  /**
   * Depthwise causal convolution within each sequence: y[t, c] = Σ_j w[c, j]·x[t − width + 1 + j,
   * c].
   *
   * @param x [L, channels]
   * @param w [channels, width]
   * @param cu bounds of the packed sequences, [S + 1]
   * @param channels number of channels
   * @return [L, channels]
   */
  public Variable convolution(Variable x, Variable w, int[] cu, int channels) {
    check(x, channels, "convolution input");
    int width = w.size() / channels;
    Variable y = new Variable(new double[x.size()]);
    for (int s = 0; s + 1 < cu.length; s++) {
      for (int t = cu[s]; t < cu[s + 1]; t++) {
        for (int from = Math.max(cu[s], t - width + 1); from <= t; from++) {
          for (int c = 0; c < channels; c++) {
            y.data()[t * channels + c] +=
                w.data()[c * width + from - (t - width + 1)] * x.data()[from * channels + c];
          }
        }
      }
    }
    note(
        () -> {
          for (int s = 0; s + 1 < cu.length; s++) {
            for (int t = cu[s]; t < cu[s + 1]; t++) {
              for (int from = Math.max(cu[s], t - width + 1); from <= t; from++) {
                for (int c = 0; c < channels; c++) {
                  int tap = c * width + from - (t - width + 1);
                  double dy = y.grad()[t * channels + c];
                  x.grad()[from * channels + c] += w.data()[tap] * dy;
                  w.grad()[tap] += x.data()[from * channels + c] * dy;
                }
              }
            }
          }
        });
    return y;
  }

  /**
   * Cross-entropy of each row, −log softmax(logits)[target].
   *
   * @param logits [L, vocabulary]
   * @param targets [L]; −1 for none, which gives 0
   * @param vocabulary row length
   * @return [L]
   */
  public Variable crossEntropy(Variable logits, int[] targets, int vocabulary) {
    check(logits, vocabulary, targets.length, "logits");
    Variable loss = new Variable(new double[targets.length]);
    double[] logSum = new double[targets.length];
    for (int t = 0; t < targets.length; t++) {
      double max = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < vocabulary; i++) {
        max = Math.max(max, logits.data()[t * vocabulary + i]);
      }
      double sum = 0;
      for (int i = 0; i < vocabulary; i++) {
        sum += Math.exp(logits.data()[t * vocabulary + i] - max);
      }
      logSum[t] = max + Math.log(sum);
      if (targets[t] >= 0) {
        loss.data()[t] = logSum[t] - logits.data()[t * vocabulary + targets[t]];
      }
    }
    note(
        () -> {
          for (int t = 0; t < targets.length; t++) {
            for (int i = 0; targets[t] >= 0 && i < vocabulary; i++) {
              double p = Math.exp(logits.data()[t * vocabulary + i] - logSum[t]);
              logits.grad()[t * vocabulary + i] += loss.grad()[t] * (p - (i == targets[t] ? 1 : 0));
            }
          }
        });
    return loss;
  }

  private static void check(Variable x, int rowLength, String what) {
    if (x.size() % rowLength != 0) {
      throw new IllegalArgumentException(
          what + " has " + x.size() + " elements, which is no multiple of " + rowLength);
    }
  }

  private static void check(Variable x, int n, int m, String what) {
    if (x.size() != n * m) {
      throw new IllegalArgumentException(
          what + " has " + x.size() + " elements; it must have " + n * m);
    }
  }
}
