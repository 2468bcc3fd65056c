package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The sum of the parts of a dense product. */
public final class DenseParts {
  private DenseParts() {}

  /**
   * c = Σ parts, or addend + Σ parts, in the order of the parts. Groups: enough for an item each
   * element of c.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param parts [parts, rows, columns]; those that have no term in this execution are not read
   * @param addend laid out as c, token-major with row stride ldAdd; any array if add is 0
   * @param addendAt base of addend
   * @param c output: y, dx, dw
   * @param cAt base of c
   * @param form {@link DenseForm}
   * @param add 1 to add the addend, 0 to leave it unread
   * @param ldx row stride of dx
   * @param ldAdd row stride of addend
   * @param headDim head dim of y, its number of columns if token-major
   * @param stride token stride of y
   * @param in input size
   * @param out output size
   * @param capacity largest number of tokens
   * @param length terms of a part
   */
  public static void add(
      KernelContext context,
      IntArray control,
      FloatArray parts,
      FloatArray addend,
      int addendAt,
      FloatArray c,
      int cAt,
      int form,
      int add,
      int ldx,
      int ldAdd,
      int headDim,
      int stride,
      int in,
      int out,
      int capacity,
      int length) {
    int index = context.globalIdx;
    int tokens = control.get(Control.TOKENS);
    int rows = form == DenseForm.WEIGHT ? out : tokens;
    int allRows = form == DenseForm.WEIGHT ? out : capacity;
    int columns = form == DenseForm.LINEAR ? out : in;
    int terms = DenseForm.terms(form, in, out, tokens);
    int m = index / columns;
    if (m < rows) {
      int n = index % columns;
      float sum = parts.get(index);
      int at = index;
      for (int begin = length; begin < terms; begin += length) {
        at += allRows * columns;
        sum += parts.get(at);
      }
      int row = DenseForm.row(form, m, columns, ldx, stride);
      int to = control.get(cAt) + row + DenseForm.column(form, n, headDim, capacity);
      int from = add == 1 ? control.get(addendAt) + m * ldAdd + n : 0;
      DenseForm.put(c, to, addend, from, add, sum);
    }
  }
}
