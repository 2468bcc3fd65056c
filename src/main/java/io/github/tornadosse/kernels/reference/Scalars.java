package io.github.tornadosse.kernels.reference;

/** Functions of single numbers and rows, written so that no argument overflows. */
public final class Scalars {
  private Scalars() {}

  /**
   * 1/(1 + exp(−x)).
   *
   * @param x any number
   * @return from 0 to 1
   */
  public static double sigmoid(double x) {
    return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
  }

  /**
   * log(sigmoid(x)).
   *
   * @param x any number
   * @return at most 0
   */
  public static double logSigmoid(double x) {
    return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
  }

  /**
   * The largest elements of a row; of equal ones those with the lower index first.
   *
   * @param values holds the row
   * @param from where the row begins
   * @param n row length
   * @param top how many are chosen
   * @return [n], whether an element is chosen
   */
  public static boolean[] largest(double[] values, int from, int n, int top) {
    boolean[] chosen = new boolean[n];
    for (int index : ranked(values, from, n, top)) {
      chosen[index] = true;
    }
    return chosen;
  }

  /**
   * The largest elements of a row from the largest down; of equal ones the lower index first.
   *
   * @param values holds the row
   * @param from where the row begins
   * @param n row length
   * @param top how many are chosen
   * @return [top], their indices in the row
   */
  public static int[] ranked(double[] values, int from, int n, int top) {
    int[] order = new int[top];
    boolean[] used = new boolean[n];
    for (int rank = 0; rank < top; rank++) {
      int best = -1;
      for (int i = 0; i < n; i++) {
        if (!used[i] && (best < 0 || values[from + i] > values[from + best])) {
          best = i;
        }
      }
      used[best] = true;
      order[rank] = best;
    }
    return order;
  }
}
