package io.github.tornadosse.embedded;

import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;

/**
 * A kernel with its arguments, whose outermost parallel loop can be run piece by piece. Generated
 * classes extend it, see {@link ParallelRewriter}; it is public only for them.
 */
public abstract class ParallelKernel {
  /** For generated classes. */
  protected ParallelKernel() {}

  /**
   * Number of iterations of the outermost parallel loop.
   *
   * @return at least 0
   */
  public abstract int count();

  /**
   * Runs iterations of the outermost parallel loop and, in each of them, one part of the inner one
   * if that is shared out too.
   *
   * @param from index of the first iteration
   * @param to index after the last one
   * @param part which part of the inner loop's iterations
   * @param parts number of those parts; 1 if the inner loop is not shared out
   */
  public abstract void run(int from, int to, int part, int parts);

  /**
   * Number of iterations of a loop.
   *
   * @param first first value of the variable
   * @param bound what it is compared with
   * @param step what is added to it
   * @param inclusive whether it may be equal to the bound
   * @return at least 0
   */
  public static int count(int first, int bound, int step, boolean inclusive) {
    if (step <= 0) {
      throw new IllegalArgumentException("a @Parallel loop has the step " + step);
    }
    long span = (long) bound - first + (inclusive ? 1 : 0);
    if (span <= 0) {
      return 0;
    }
    return (int) Math.min(Integer.MAX_VALUE, (span + step - 1) / step);
  }

  /**
   * Value of a loop's variable.
   *
   * @param first its first value
   * @param step what is added to it
   * @param iteration index of an iteration
   * @return the value, no more than the largest int
   */
  public static int at(int first, int step, int iteration) {
    return (int) Math.min(Integer.MAX_VALUE, first + (long) step * iteration);
  }

  /**
   * First iteration of a part of a loop.
   *
   * @param count number of the loop's iterations
   * @param part index of the part
   * @param parts number of parts
   * @return index of the iteration
   */
  public static int start(int count, int part, int parts) {
    return (int) ((long) count * part / parts);
  }

  /**
   * Fills a private array with what it may hold on a device.
   *
   * @param array a new array
   * @return the same array, all NaN
   */
  public static float[] garbage(float[] array) {
    Arrays.fill(array, Float.NaN);
    return array;
  }

  /**
   * Fills a private array with what it may hold on a device.
   *
   * @param array a new array
   * @return the same array, all {@link HeapAccess#UNDEFINED_INT}
   */
  public static int[] garbage(int[] array) {
    Arrays.fill(array, HeapAccess.UNDEFINED_INT);
    return array;
  }
}
