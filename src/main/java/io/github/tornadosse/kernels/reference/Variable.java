package io.github.tornadosse.kernels.reference;

/**
 * An array of numbers with its gradient, row-major.
 *
 * @param data the numbers
 * @param grad d(what is differentiated)/d(data), added to by {@link Tape#backward()}
 */
public record Variable(double[] data, double[] grad) {
  /**
   * A variable with a zero gradient.
   *
   * @param data the numbers, not copied
   */
  public Variable(double[] data) {
    this(data, new double[data.length]);
  }

  /**
   * How many numbers there are.
   *
   * @return the length of both arrays
   */
  public int size() {
    return data.length;
  }
}
