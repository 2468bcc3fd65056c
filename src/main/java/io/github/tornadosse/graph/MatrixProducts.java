package io.github.tornadosse.graph;

import java.util.Arrays;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Matrix products that a device's own library computes: the tasks that call it, and where their
 * arguments stand. Matrices are row-major, factors of bfloat16 (two to an int), sums float32.
 */
public final class MatrixProducts {
  /** The library that tasks name. */
  public static final String LIBRARY = "tornado-sse/products";

  /** Its function: C (+)= A·B, or several of them with the same A. */
  public static final String FUNCTION = "product";

  /** Ints that the library works in. */
  private static final int WORKSPACE = 8 << 20;

  /** A call's arguments, in their order. */
  public enum Argument {
    /** M, rows of C. */
    ROWS,
    /** N, columns of C. */
    COLUMNS,
    /** The number of terms of a sum. */
    TERMS,
    /** A [M, terms], or [terms, M] if it is transposed. */
    LEFT,
    /** 1 if A is transposed. */
    LEFT_TRANSPOSED,
    /**
     * B [terms, N], or [N, terms] if it is transposed; one after the other if there are several.
     */
    RIGHT,
    /** 1 if B is transposed. */
    RIGHT_TRANSPOSED,
    /** 1 to add to C, 0 to overwrite it. */
    ADDED,
    /** C [M, N]. */
    RESULT,
    /** Distance of C's rows. */
    RESULT_STRIDE,
    /** Number of products. */
    COUNT,
    /** Distance of their C's. */
    RESULT_DISTANCE,
    /** What the library works in. */
    WORKSPACE
  }

  private MatrixProducts() {}

  /**
   * One or several products.
   *
   * @param rows M
   * @param columns N of one product
   * @param terms terms of a sum
   * @param left see {@link Argument#LEFT}
   * @param leftTransposed whether A is transposed
   * @param right see {@link Argument#RIGHT}
   * @param rightTransposed whether B is transposed
   * @param added whether to add to C
   * @param result C
   * @param stride distance of C's rows
   * @param count number of products
   * @param distance of their C's
   */
  record Call(
      int rows,
      int columns,
      int terms,
      IntArray left,
      boolean leftTransposed,
      IntArray right,
      boolean rightTransposed,
      boolean added,
      FloatArray result,
      int stride,
      int count,
      int distance) {}

  /** Appends a call. */
  static void append(Stage s, String id, Call c) {
    Object[] arguments = new Object[Argument.values().length];
    arguments[Argument.ROWS.ordinal()] = c.rows;
    arguments[Argument.COLUMNS.ordinal()] = c.columns;
    arguments[Argument.TERMS.ordinal()] = c.terms;
    arguments[Argument.LEFT.ordinal()] = c.left;
    arguments[Argument.LEFT_TRANSPOSED.ordinal()] = c.leftTransposed ? 1 : 0;
    arguments[Argument.RIGHT.ordinal()] = c.right;
    arguments[Argument.RIGHT_TRANSPOSED.ordinal()] = c.rightTransposed ? 1 : 0;
    arguments[Argument.ADDED.ordinal()] = c.added ? 1 : 0;
    arguments[Argument.RESULT.ordinal()] = c.result;
    arguments[Argument.RESULT_STRIDE.ordinal()] = c.stride;
    arguments[Argument.COUNT.ordinal()] = c.count;
    arguments[Argument.RESULT_DISTANCE.ordinal()] = c.distance;
    arguments[Argument.WORKSPACE.ordinal()] = s.buffers().ints("products.workspace", WORKSPACE);
    Access[] access = new Access[arguments.length];
    Arrays.fill(access, Access.READ_ONLY);
    access[Argument.RESULT.ordinal()] = Access.READ_WRITE;
    access[Argument.WORKSPACE.ordinal()] = Access.READ_WRITE;
    s.graph()
        .libraryTask(
            id,
            call -> call,
            new LibraryTaskDescriptor()
                .withLibrary(LIBRARY)
                .withFunction(FUNCTION)
                .withParameters(arguments)
                .withAccess(access));
  }
}
