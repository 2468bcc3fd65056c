package io.github.tornadosse.graph;

import io.github.tornadosse.graph.MatrixProducts.Factor;
import io.github.tornadosse.graph.MatrixProducts.Sums;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.kernels.cuda.RowFactors;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Dense layers whose products are those of the device's library. It takes whole arrays: a result
 * that is a part of one, which changes with the layer, comes from scratch memory. Layers that take
 * the same matrix one after the other pack it once.
 */
final class LibraryDense implements PackedDense {
  /** Rows of packed factors are multiples of so many elements, which the library is fast with. */
  private static final int ALIGNMENT = 8;

  /** For fewer tokens, packing the weights takes longer than the library gains. */
  private static final int LEAST_TOKENS = 128;

  private final boolean half;

  /**
   * Dense layers of one precision.
   *
   * @param half whether factors are rounded to bfloat16
   */
  LibraryDense(boolean half) {
    this.half = half;
  }

  /** A matrix, and its number of rows in an array of all tokens of the capacity. */
  private record Packing(Matrix matrix, int rows) {
    int stride() {
      return Math.ceilDiv(matrix.columns(), ALIGNMENT) * ALIGNMENT;
    }
  }

  /** A pair of elements that one int holds must not be torn apart. */
  @Override
  public int granularity() {
    return half ? 2 : 1;
  }

  @Override
  public boolean takes(Stage s, Linear l, long leastWork) {
    return (leastWork == 0 || s.tokens() >= LEAST_TOKENS)
        && PackedDense.super.takes(s, l, leastWork);
  }

  @Override
  public void linear(Stage s, String id, Linear l, View addend) {
    Factor x = packed(s, id + ".left", new Packing(Matrix.x(l), s.tokens()), false);
    Factor w = packed(s, id + ".right", new Packing(Matrix.w(l), l.out()), true);
    product(s, id, x, w, l.in(), Matrix.y(l), s.tokens(), addend, l.ldy());
  }

  @Override
  public void inputGradient(Stage s, String id, Linear l, boolean accumulate) {
    Factor dy = packed(s, id + ".left", new Packing(Matrix.y(l), s.tokens()), false);
    Factor w = packed(s, id + ".right", new Packing(Matrix.w(l), l.out()), false);
    View addend = accumulate ? l.x() : null;
    product(s, id, dy, w, l.out(), Matrix.x(l), s.tokens(), addend, l.ldx());
  }

  @Override
  public void weightGradient(Stage s, String id, Linear l) {
    Factor dy = packed(s, id + ".left", new Packing(Matrix.y(l), s.tokens()), true);
    Factor x = packed(s, id + ".right", new Packing(Matrix.x(l), s.tokens()), false);
    product(s, id, dy, x, s.tokens(), Matrix.w(l), l.out(), l.w(), l.in());
  }

  private static void product(
      Stage s,
      String id,
      Factor left,
      Factor right,
      int terms,
      Matrix to,
      int rows,
      View addend,
      int addendStride) {
    if (to.view().whole() && (addend == null || addend.equals(to.view()))) {
      int dim = to.headDim();
      Sums sums =
          new Sums(
              rows,
              dim,
              terms,
              dim * right.stride(),
              addend != null,
              to.view().array(),
              to.stride(),
              s.tokens() * dim,
              to.columns() / dim);
      MatrixProducts.append(s, id, left, right, sums);
      return;
    }
    int size = Math.multiplyExact(rows, to.columns());
    FloatArray scratch = s.buffers().floats("product." + size, size);
    Sums sums = new Sums(rows, to.columns(), terms, 0, false, scratch, to.columns(), 0, 1);
    MatrixProducts.append(s, id + ".product", left, right, sums);
    PackedDense.addParts(s, id + ".sum", scratch, addend, addendStride, to, 1, size);
  }

  private Factor packed(Stage s, String id, Packing p, boolean transposed) {
    FloatArray source = p.matrix.view().array();
    if (s.graph() instanceof GraphParts graph) {
      TornadoNativeArray made = (TornadoNativeArray) graph.madeOf(p, source);
      if (made == null) {
        made = pack(s, id, p);
        graph.made(p, source, made);
      }
      return new Factor(made, p.stride(), transposed);
    }
    return new Factor(pack(s, id, p), p.stride(), transposed);
  }

  private TornadoNativeArray pack(Stage s, String id, Packing p) {
    int elements = Math.multiplyExact(p.rows, p.stride());
    return half ? rounded(s, id, p, elements / 2) : copied(s, id, p, elements);
  }

  private static IntArray rounded(Stage s, String id, Packing p, int size) {
    Matrix m = p.matrix;
    IntArray packed = s.buffers().ints(id, size);
    s.graph()
        .task(
            id,
            RowFactors::pack,
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
            p.stride() / 2,
            size);
    s.grid(id, Math.ceilDiv(size, RowFactors.EACH), RowFactors.ITEMS);
    return packed;
  }

  private static FloatArray copied(Stage s, String id, Packing p, int size) {
    Matrix m = p.matrix;
    FloatArray copy = s.buffers().floats(id, size);
    s.graph()
        .task(
            id,
            RowFactors::copy,
            new KernelContext(),
            s.control(),
            m.view().array(),
            m.view().at(),
            copy,
            m.rows(),
            m.columns(),
            m.stride(),
            m.headDim(),
            s.tokens(),
            p.stride(),
            size);
    s.grid(id, Math.ceilDiv(size, RowFactors.EACH), RowFactors.ITEMS);
    return copy;
  }
}
