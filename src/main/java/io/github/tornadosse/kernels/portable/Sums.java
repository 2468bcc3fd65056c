package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Sums over tokens: partial sums of fixed blocks of tokens, then their sum in order. */
public final class Sums {
  /** Tokens of one partial sum. */
  public static final int TOKENS_PER_BLOCK = 64;

  private Sums() {}

  /**
   * Number of partial sums.
   *
   * @param tokens number of tokens
   * @return ⌈tokens/64⌉
   */
  public static int blocks(int tokens) {
    return (tokens + TOKENS_PER_BLOCK - 1) / TOKENS_PER_BLOCK;
  }

  /**
   * total += Σ over the blocks of this execution's tokens of partial.
   *
   * @param control see {@link Control}
   * @param partial [blocks, size]
   * @param total [size], added to
   * @param totalAt base of total
   * @param size number of sums
   */
  public static void addBlocks(
      IntArray control, FloatArray partial, FloatArray total, int totalAt, int size) {
    for (@Parallel int i = 0; i < (size & LoopBound.MASK); i++) {
      int blocks = (control.get(Control.TOKENS) + TOKENS_PER_BLOCK - 1) / TOKENS_PER_BLOCK;
      float sum = 0f;
      for (int b = 0; b < blocks; b++) {
        sum += partial.get(b * size + i);
      }
      int at = control.get(totalAt) + i;
      total.set(at, total.get(at) + sum);
    }
  }

  /**
   * Partial sums of the columns of a head-major array: partial[b, h·dim + c] = Σ x[h, t, c] over
   * the tokens t of block b.
   *
   * @param control see {@link Control}
   * @param x [.., H, capacity, dim] from element {@code offset} of its view on
   * @param xAt base of x
   * @param offset where the heads begin in the view
   * @param partial output [blocks, H·dim]
   * @param heads H
   * @param dim head dim
   * @param blocks ⌈capacity/64⌉
   * @param capacity largest number of tokens
   */
  public static void headColumns(
      IntArray control,
      FloatArray x,
      int xAt,
      int offset,
      FloatArray partial,
      int heads,
      int dim,
      int blocks,
      int capacity) {
    for (@Parallel int b = 0; b < blocks; b++) {
      for (@Parallel int h = 0; h < heads; h++) {
        int begin = b * TOKENS_PER_BLOCK;
        int end = TornadoMath.min(begin + TOKENS_PER_BLOCK, control.get(Control.TOKENS));
        int from = control.get(xAt) + offset + h * capacity * dim;
        int to = (b * heads + h) * dim;
        for (int c = 0; c < dim; c++) {
          float sum = 0f;
          for (int t = begin; t < end; t++) {
            sum += x.get(from + t * dim + c);
          }
          partial.set(to + c, sum);
        }
      }
    }
  }
}
