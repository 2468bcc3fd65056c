package io.github.tornadosse.graph;

import io.github.tornadosse.graph.MatrixProducts.Call;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.kernels.cuda.DenseProducts;
import io.github.tornadosse.kernels.cuda.RowFactors;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Dense layers whose products are those of the device's library. It takes whole arrays: a result
 * that is a part of one, which changes with the layer, comes from scratch memory.
 */
final class LibraryDense implements CudaDense {
  private static final int NONE = DenseProducts.NONE;

  /** A factor as it is packed: [rows, columns], and whether the product transposes it. */
  private record Factor(Matrix matrix, int rows, boolean transposed) {}

  @Override
  public void linear(Stage s, String id, Linear l, View addend) {
    Factor x = new Factor(Matrix.x(l), s.tokens(), false);
    Factor w = new Factor(Matrix.w(l), l.out(), true);
    product(s, id, x, w, l.in(), Matrix.y(l), s.tokens(), addend, l.ldy());
  }

  @Override
  public void inputGradient(Stage s, String id, Linear l, boolean accumulate) {
    Factor dy = new Factor(Matrix.y(l), s.tokens(), false);
    Factor w = new Factor(Matrix.w(l), l.out(), false);
    View addend = accumulate ? l.x() : null;
    product(s, id, dy, w, l.out(), Matrix.x(l), s.tokens(), addend, l.ldx());
  }

  @Override
  public void weightGradient(Stage s, String id, Linear l) {
    Factor dy = new Factor(Matrix.y(l), s.tokens(), true);
    Factor x = new Factor(Matrix.x(l), s.tokens(), false);
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
    IntArray a = packed(s, id + ".left", "left", left);
    IntArray b = packed(s, id + ".right", "right", right);
    if (to.view().whole() && (addend == null || addend.equals(to.view()))) {
      int count = to.columns() / to.headDim();
      MatrixProducts.append(
          s,
          id,
          new Call(
              rows,
              to.headDim(),
              terms,
              a,
              left.transposed,
              b,
              right.transposed,
              addend != null,
              to.view().array(),
              to.stride(),
              count,
              s.tokens() * to.headDim()));
      return;
    }
    int size = Math.multiplyExact(rows, to.columns());
    FloatArray scratch = s.buffers().floats("product." + size, size);
    MatrixProducts.append(
        s,
        id + ".product",
        new Call(
            rows,
            to.columns(),
            terms,
            a,
            left.transposed,
            b,
            right.transposed,
            false,
            scratch,
            to.columns(),
            1,
            size));
    CudaDense.addParts(s, id + ".sum", scratch, addend, addendStride, to, 1, size);
  }

  private static IntArray packed(Stage s, String id, String side, Factor f) {
    Matrix m = f.matrix;
    int size = Math.multiplyExact(f.rows, m.columns() / 2);
    IntArray packed = s.buffers().ints("factor." + side + "." + size, size);
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
            size);
    s.grid(id, Math.ceilDiv(size, RowFactors.INTS), RowFactors.ITEMS);
    return packed;
  }
}
