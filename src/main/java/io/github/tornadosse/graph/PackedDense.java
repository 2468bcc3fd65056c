package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.kernels.cuda.DenseProducts;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Dense layers that bring their factors into another form first, see {@link Operations}. */
interface PackedDense {
  /** A layer of fewer multiplications is not worth packing its factors. */
  long LEAST_WORK = 1L << 22;

  /** y = x·wᵀ, plus an addend if it is not null. */
  void linear(Stage s, String id, Linear l, View addend);

  /** dx = dy·w, or dx += dy·w. */
  void inputGradient(Stage s, String id, Linear l, boolean accumulate);

  /** dw += dyᵀ·x. */
  void weightGradient(Stage s, String id, Linear l);

  /** What the sizes of a layer must be multiples of. */
  int granularity();

  /**
   * Whether a layer has such sizes, and is large enough to gain.
   *
   * @param leastWork multiplications from which on layers are taken; 0 for all
   */
  default boolean takes(Stage s, Linear l, long leastWork) {
    int n = granularity();
    boolean whole = l.in() % n == 0 && l.out() % n == 0 && l.headDim() % n == 0;
    return whole && (long) s.tokens() * l.in() * l.out() >= leastWork;
  }

  /**
   * A matrix (a, b) as the kernels address it, see {@link DenseProducts}.
   *
   * @param view where it is
   * @param rows number of a; NONE for that of the tokens
   * @param columns number of b
   * @param stride distance of a's
   * @param headDim columns that stand side by side
   */
  record Matrix(View view, int rows, int columns, int stride, int headDim) {
    static Matrix x(Linear l) {
      return new Matrix(l.x(), DenseProducts.NONE, l.in(), l.ldx(), l.in());
    }

    static Matrix w(Linear l) {
      return new Matrix(l.w(), l.out(), l.in(), l.in(), l.in());
    }

    static Matrix y(Linear l) {
      return l.headDim() > 0
          ? new Matrix(l.y(), DenseProducts.NONE, l.out(), l.headDim(), l.headDim())
          : new Matrix(l.y(), DenseProducts.NONE, l.out(), l.ldy(), l.out());
    }
  }

  /**
   * Adds parts of a product, and an addend if it is not null.
   *
   * @param parts [count, part]
   * @param addendStride row stride of the addend
   * @param to the result
   * @param count number of parts
   * @param part floats of one: rows of the capacity by the result's columns
   */
  static void addParts(
      Stage s,
      String id,
      FloatArray parts,
      View addend,
      int addendStride,
      Matrix to,
      int count,
      int part) {
    View before = addend == null ? to.view : addend;
    s.graph()
        .task(
            id,
            DenseProducts::addParts,
            new KernelContext(),
            s.control(),
            parts,
            before.array(),
            before.at(),
            to.view.array(),
            to.view.at(),
            to.rows,
            to.columns,
            addendStride,
            to.stride,
            to.headDim,
            s.tokens(),
            count,
            part,
            addend == null ? 0 : 1);
    s.grid(id, Math.ceilDiv(part, DenseProducts.ITEMS), DenseProducts.ITEMS);
  }
}
