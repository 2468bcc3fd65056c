package io.github.tornadosse.graph;

import java.util.Arrays;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Matrix products that a device's own library computes: the tasks that call it, and where their
 * arguments stand. Matrices are row-major; both factors of a product are floats in FloatArrays, or
 * bfloat16 in IntArrays, two to an int; sums and results are floats.
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
    /** Distance of its rows. */
    LEFT_STRIDE,
    /** 1 if it is transposed. */
    LEFT_TRANSPOSED,
    /** B [terms, N], or [N, terms] if it is transposed. */
    RIGHT,
    /** Distance of its rows. */
    RIGHT_STRIDE,
    /** 1 if it is transposed. */
    RIGHT_TRANSPOSED,
    /** Distance of B's, if there are several. */
    RIGHT_DISTANCE,
    /** 1 to add to C, 0 to overwrite it. */
    ADDED,
    /** C [M, N]. */
    RESULT,
    /** Distance of its rows. */
    RESULT_STRIDE,
    /** Distance of C's, if there are several. */
    RESULT_DISTANCE,
    /** Number of products. */
    COUNT,
    /** What the library works in. */
    WORKSPACE
  }

  private MatrixProducts() {}

  /**
   * A factor of a product.
   *
   * @param array a FloatArray or an IntArray
   * @param stride elements from one row to the next; a multiple of 8 for the library's fast kernels
   * @param transposed whether the product takes it transposed
   */
  record Factor(TornadoNativeArray array, int stride, boolean transposed) {}

  /**
   * What is computed of two factors: one product, or several with the same left factor.
   *
   * @param rows M
   * @param columns N of one product
   * @param terms terms of a sum
   * @param rightDistance elements from one right factor to the next
   * @param added whether to add to C
   * @param result C
   * @param stride distance of C's rows
   * @param distance elements from one C to the next
   * @param count number of products
   */
  record Sums(
      int rows,
      int columns,
      int terms,
      int rightDistance,
      boolean added,
      FloatArray result,
      int stride,
      int distance,
      int count) {}

  /** Appends a call. */
  static void append(Stage s, String id, Factor left, Factor right, Sums c) {
    Object[] arguments = new Object[Argument.values().length];
    arguments[Argument.ROWS.ordinal()] = c.rows;
    arguments[Argument.COLUMNS.ordinal()] = c.columns;
    arguments[Argument.TERMS.ordinal()] = c.terms;
    arguments[Argument.LEFT.ordinal()] = left.array;
    arguments[Argument.LEFT_STRIDE.ordinal()] = left.stride;
    arguments[Argument.LEFT_TRANSPOSED.ordinal()] = left.transposed ? 1 : 0;
    arguments[Argument.RIGHT.ordinal()] = right.array;
    arguments[Argument.RIGHT_STRIDE.ordinal()] = right.stride;
    arguments[Argument.RIGHT_TRANSPOSED.ordinal()] = right.transposed ? 1 : 0;
    arguments[Argument.RIGHT_DISTANCE.ordinal()] = c.rightDistance;
    arguments[Argument.ADDED.ordinal()] = c.added ? 1 : 0;
    arguments[Argument.RESULT.ordinal()] = c.result;
    arguments[Argument.RESULT_STRIDE.ordinal()] = c.stride;
    arguments[Argument.RESULT_DISTANCE.ordinal()] = c.distance;
    arguments[Argument.COUNT.ordinal()] = c.count;
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
