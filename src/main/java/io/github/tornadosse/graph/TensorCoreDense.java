package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.kernels.cuda.DenseProducts;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Dense layers whose products are this program's own on tensor cores. */
final class TensorCoreDense implements PackedDense {
  /** Groups of a product: what a large device has room for at a time. */
  private static final int GROUPS = 264;

  private static final int NONE = DenseProducts.NONE;
  private static final int ITEMS = DenseProducts.ITEMS;

  @Override
  public int granularity() {
    return 8;
  }

  @Override
  public void linear(Stage s, String id, Linear l, View addend) {
    int terms = blocks(l.in(), DenseProducts.TERMS);
    IntArray left = left(s, id, Matrix.x(l), s.tokens(), terms, 0);
    IntArray right = right(s, id, Matrix.w(l), l.out(), terms, 1);
    if (addend == null) {
      direct(s, id, left, right, Matrix.y(l), terms);
    } else {
      added(s, id, left, right, Matrix.y(l), addend, l.ldy(), s.tokens(), terms);
    }
  }

  @Override
  public void inputGradient(Stage s, String id, Linear l, boolean accumulate) {
    int terms = blocks(l.out(), DenseProducts.TERMS);
    IntArray left = left(s, id, Matrix.y(l), s.tokens(), terms, 0);
    IntArray right = right(s, id, Matrix.w(l), l.in(), terms, 0);
    if (accumulate) {
      added(s, id, left, right, Matrix.x(l), l.x(), l.ldx(), s.tokens(), terms);
    } else {
      direct(s, id, left, right, Matrix.x(l), terms);
    }
  }

  @Override
  public void weightGradient(Stage s, String id, Linear l) {
    int terms = blocks(s.tokens(), DenseProducts.TERMS);
    IntArray left = left(s, id, Matrix.y(l), l.out(), terms, 1);
    IntArray right = right(s, id, Matrix.x(l), l.in(), terms, 0);
    added(s, id, left, right, Matrix.w(l), l.w(), l.in(), l.out(), terms);
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
            m.view().array(),
            m.view().at(),
            packed,
            m.rows(),
            m.columns(),
            m.stride(),
            m.headDim(),
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
            m.view().array(),
            m.view().at(),
            packed,
            m.rows(),
            m.columns(),
            m.stride(),
            m.headDim(),
            s.tokens(),
            transposed,
            terms);
    s.grid(id + ".right", terms, blocks, ITEMS);
    return packed;
  }

  private static void direct(
      Stage s, String id, IntArray left, IntArray right, Matrix to, int terms) {
    product(s, id, left, right, to.view().array(), to, to.view().at(), s.tokens(), terms, terms, 0);
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
    int blocks = blocks(rows, DenseProducts.BLOCK) * blocks(to.columns(), DenseProducts.BLOCK);
    int range = blocks(terms, Math.clamp(GROUPS / blocks, 1, terms));
    int count = blocks(terms, range);
    int part = rows * to.columns();
    FloatArray parts = s.buffers().floats(id + ".parts", (long) count * part);
    Matrix scratch = new Matrix(to.view(), to.rows(), to.columns(), to.columns(), to.columns());
    product(s, id + ".product", left, right, parts, scratch, NONE, rows, terms, range, part);
    PackedDense.addParts(s, id + ".sum", parts, addend, addendStride, to, count, part);
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
    int blocksN = blocks(shape.columns(), DenseProducts.BLOCK);
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
            shape.rows(),
            shape.columns(),
            shape.stride(),
            shape.headDim(),
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
