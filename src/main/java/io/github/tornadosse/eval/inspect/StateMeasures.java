package io.github.tornadosse.eval.inspect;

import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;

/** Measures of matrices and distributions. */
final class StateMeasures {
  private StateMeasures() {}

  /** Entropy in nats of numbers that are not negative, divided by their sum; 0 of no mass. */
  static double entropy(double[] mass) {
    double sum = 0;
    for (double m : mass) {
      sum += m;
    }
    double entropy = 0;
    for (double m : mass) {
      if (m > 0) {
        entropy -= m / sum * Math.log(m / sum);
      }
    }
    return entropy;
  }

  /**
   * The effective rank of a matrix: exp of the entropy of its singular values (Roy and Vetterli,
   * 2007); 0 of a matrix of zeros.
   */
  static double effectiveRank(double[][] matrix) {
    double[] values =
        new SingularValueDecomposition(new Array2DRowRealMatrix(matrix, false)).getSingularValues();
    double sum = 0;
    for (double v : values) {
      sum += v;
    }
    return sum == 0 ? 0 : Math.exp(entropy(values));
  }

  static double norm(double[] x) {
    double sum = 0;
    for (double v : x) {
      sum += v * v;
    }
    return Math.sqrt(sum);
  }

  /** Mean absolute cosine over all pairs of vectors that are not zero; NaN without such a pair. */
  static double similarity(double[][] vectors) {
    double sum = 0;
    int count = 0;
    double[] norms = new double[vectors.length];
    for (int i = 0; i < vectors.length; i++) {
      norms[i] = norm(vectors[i]);
    }
    for (int i = 0; i < vectors.length; i++) {
      for (int j = 0; j < i; j++) {
        if (norms[i] > 0 && norms[j] > 0) {
          double product = 0;
          for (int c = 0; c < vectors[i].length; c++) {
            product += vectors[i][c] * vectors[j][c];
          }
          sum += Math.abs(product) / (norms[i] * norms[j]);
          count++;
        }
      }
    }
    return count == 0 ? Double.NaN : sum / count;
  }
}
