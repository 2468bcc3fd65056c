package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.kernels.cuda.DenseProducts;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Dense layers whose products are tensor cores'. */
final class CudaDense {
  /** Groups of a product: what a large device has room for at a time. */
  private static final int GROUPS = 264;

  /** A layer of fewer multiplications is not worth packing its factors. */
  static final long LEAST_WORK = 1L << 22;

  private static final int NONE = DenseProducts.NONE;
  private static final int ITEMS = DenseProducts.ITEMS;

  private CudaDense() {}

  /** Whether the kernels take a layer, and it is large enough to gain. */
  static boolean takes(Stage s, Linear l, long leastWork) {
    boolean whole = l.in() % 8 == 0 && l.out() % 8 == 0 && l.headDim() % 8 == 0;
    return whole && (long) s.tokens() * l.in() * l.out() >= leastWork;
  }

  /** A matrix (a, b) as the kernels address it; rows NONE means the tokens. */
  private record Matrix(View view, int rows, int columns, int stride, int headDim) {}

  private static Matrix x(Linear l) {
    return new Matrix(l.x(), NONE, l.in(), l.ldx(), l.in());
  }

  private static Matrix w(Linear l) {
    return new Matrix(l.w(), l.out(), l.in(), l.in(), l.in());
  }

  private static Matrix y(Linear l) {
    return l.headDim() > 0
        ? new Matrix(l.y(), NONE, l.out(), l.headDim(), l.headDim())
        : new Matrix(l.y(), NONE, l.out(), l.ldy(), l.out());
  }

  /** y = x·wᵀ. */
  static void linear(Stage s, String id, Linear l) {
    int terms = blocks(l.in(), DenseProducts.TERMS);
    IntArray left = left(s, id, x(l), s.tokens(), terms, 0);
    IntArray right = right(s, id, w(l), l.out(), terms, 1);
    direct(s, id, left, right, y(l), terms);
  }

  /** y = addend + x·wᵀ. */
  static void linearAdd(Stage s, String id, Linear l, View addend) {
    int terms = blocks(l.in(), DenseProducts.TERMS);
    IntArray left = left(s, id, x(l), s.tokens(), terms, 0);
    IntArray right = right(s, id, w(l), l.out(), terms, 1);
    added(s, id, left, right, y(l), addend, l.ldy(), s.tokens(), terms);
  }

  /** dx = dy·w, or dx += dy·w. */
  static void inputGradient(Stage s, String id, Linear l, boolean accumulate) {
    int terms = blocks(l.out(), DenseProducts.TERMS);
    IntArray left = left(s, id, y(l), s.tokens(), terms, 0);
    IntArray right = right(s, id, w(l), l.in(), terms, 0);
    if (accumulate) {
      added(s, id, left, right, x(l), l.x(), l.ldx(), s.tokens(), terms);
    } else {
      direct(s, id, left, right, x(l), terms);
    }
  }

  /** dw += dyᵀ·x. */
  static void weightGradient(Stage s, String id, Linear l) {
    int terms = blocks(s.tokens(), DenseProducts.TERMS);
    IntArray left = left(s, id, y(l), l.out(), terms, 1);
    IntArray right = right(s, id, x(l), l.in(), terms, 0);
    added(s, id, left, right, w(l), l.w(), l.in(), l.out(), terms);
  }

  private static IntArray left(Stage s, String id, Matrix m, int rows, int terms, int transposed) {
    int blocks = blocks(rows, DenseProducts.BLOCK);
    IntArray packed = s.buffers().ints(id + ".left", (long) blocks * terms * DenseProducts.INTS);
    s.graph()
        .task(
            id + ".left",
            DenseProducts::packLeft,
            new KernelContext(),
            s.control(),
            m.view.array(),
            m.view.at(),
            packed,
            m.rows,
            m.columns,
            m.stride,
            m.headDim,
            s.tokens(),
            transposed,
            terms);
    s.grid(id + ".left", terms, blocks, ITEMS);
    return packed;
  }

  private static IntArray right(
      Stage s, String id, Matrix m, int columns, int terms, int transposed) {
    int blocks = blocks(columns, DenseProducts.BLOCK);
    IntArray packed = s.buffers().ints(id + ".right", (long) blocks * terms * DenseProducts.INTS);
    s.graph()
        .task(
            id + ".right",
            DenseProducts::packRight,
            new KernelContext(),
            s.control(),
            m.view.array(),
            m.view.at(),
            packed,
            m.rows,
            m.columns,
            m.stride,
            m.headDim,
            s.tokens(),
            transposed,
            terms);
    s.grid(id + ".right", terms, blocks, ITEMS);
    return packed;
  }

  private static void direct(
      Stage s, String id, IntArray left, IntArray right, Matrix to, int terms) {
    product(s, id, left, right, to.view.array(), to, to.view.at(), s.tokens(), terms, terms, 0);
  }

  /** The product's parts go to scratch, and are added to the addend in the order of the terms. */
  private static void added(
      Stage s,
      String id,
      IntArray left,
      IntArray right,
      Matrix to,
      View addend,
      int addendStride,
      int rows,
      int terms) {
    int blocks = blocks(rows, DenseProducts.BLOCK) * blocks(to.columns, DenseProducts.BLOCK);
    int range = blocks(terms, Math.clamp(GROUPS / blocks, 1, terms));
    int count = blocks(terms, range);
    int part = rows * to.columns;
    FloatArray parts = s.buffers().floats(id + ".parts", (long) count * part);
    Matrix scratch = new Matrix(to.view, to.rows, to.columns, to.columns, to.columns);
    product(s, id + ".product", left, right, parts, scratch, NONE, rows, terms, range, part);
    s.graph()
        .task(
            id + ".sum",
            DenseProducts::addParts,
            new KernelContext(),
            s.control(),
            parts,
            addend.array(),
            addend.at(),
            to.view.array(),
            to.view.at(),
            to.rows,
            to.columns,
            addendStride,
            to.stride,
            to.headDim,
            s.tokens(),
            count,
            part);
    s.grid(id + ".sum", blocks(part, ITEMS), ITEMS);
  }

  private static void product(
      Stage s,
      String id,
      IntArray left,
      IntArray right,
      FloatArray to,
      Matrix shape,
      int toAt,
      int rows,
      int terms,
      int range,
      int part) {
    int blocksM = blocks(rows, DenseProducts.BLOCK);
    int blocksN = blocks(shape.columns, DenseProducts.BLOCK);
    FloatArray edge =
        s.buffers()
            .floats(
                id + ".edge",
                (long) blocks(terms, range) * blocksN * DenseProducts.BLOCK * DenseProducts.BLOCK);
    s.graph()
        .task(
            id,
            DenseProducts::product,
            new KernelContext(),
            s.control(),
            left,
            right,
            edge,
            to,
            toAt,
            shape.rows,
            shape.columns,
            shape.stride,
            shape.headDim,
            s.tokens(),
            terms,
            range,
            part,
            blocksM,
            blocksN);
    s.grid(id, Math.min(GROUPS, blocksM * blocksN * blocks(terms, range)), ITEMS);
  }

  private static int blocks(int n, int size) {
    return (n + size - 1) / size;
  }
}
