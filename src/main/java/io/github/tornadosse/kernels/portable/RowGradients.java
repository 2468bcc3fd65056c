package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** From the gradients of expanded rows back to tokens: gathers, so no atomics are needed. */
public final class RowGradients {
  private RowGradients() {}

  /**
   * Gradient of what the rows of one source were made from: row t for source 0, Σ_j (weighted) row
   * j of token t for source 1.
   *
   * @param control see {@link Control}
   * @param dRows from offset on [H, R, K]
   * @param offset where the rows' gradients begin
   * @param tokenRow [capacity·M]; any array for source 0
   * @param weight [2, R]
   * @param weightAt first element of the weights by which rows are multiplied; −1 for no weights
   * @param out output [H, capacity, K] from element outOffset of its view on
   * @param outAt base of out
   * @param outOffset where the heads begin in the view
   * @param dim K
   * @param capacity largest number of tokens
   * @param width M
   * @param source 0 or 1
   * @param units H·capacity
   */
  public static void gather(
      IntArray control,
      FloatArray dRows,
      int offset,
      IntArray tokenRow,
      FloatArray weight,
      int weightAt,
      FloatArray out,
      int outAt,
      int outOffset,
      int dim,
      int capacity,
      int width,
      int source,
      int units) {
    for (@Parallel int u = 0; u < (units & LoopBound.MASK); u++) {
      int t = u % capacity;
      if (t < control.get(Control.TOKENS)) {
        int head = u / capacity * capacity * (1 + width);
        int to = control.get(outAt) + outOffset + u * dim;
        for (int c = 0; c < dim; c++) {
          float sum = 0f;
          if (source == 0) {
            sum = dRows.get(offset + (head + t) * dim + c);
          } else {
            for (int j = 0; j < width; j++) {
              int row = tokenRow.get(t * width + j);
              float value = dRows.get(offset + (head + row) * dim + c);
              sum += weightAt >= 0 ? weight.get(weightAt + row) * value : value;
            }
          }
          out.set(to + c, sum);
        }
      }
    }
  }
}
