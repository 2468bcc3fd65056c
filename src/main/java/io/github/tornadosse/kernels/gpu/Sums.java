package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Sums over tokens: partial sums of fixed blocks of tokens, then their sum in a fixed order. */
public final class Sums {
  /** Tokens of one partial sum. */
  public static final int TOKENS = 64;

  /** Columns that a group of {@link #addBlocks} adds up. */
  public static final int COLUMNS = 32;

  private static final int LANES = 8;

  /** Work-items of a group of {@link #addBlocks}. */
  public static final int ITEMS = COLUMNS * LANES;

  private Sums() {}

  /**
   * Number of blocks.
   *
   * @param tokens number of tokens
   * @return ⌈tokens/64⌉
   */
  public static int blocks(int tokens) {
    return (tokens + TOKENS - 1) / TOKENS;
  }

  /**
   * total += Σ over the blocks of this execution's tokens of partial. Eight items share a column.
   * Groups: ⌈size/32⌉.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param partial [blocks·rows, size]
   * @param total [size], added to
   * @param totalAt base of total
   * @param size number of sums
   * @param rows partial sums of a block
   */
  public static void addBlocks(
      KernelContext context,
      IntArray control,
      FloatArray partial,
      FloatArray total,
      int totalAt,
      int size,
      int rows) {
    float[] sums = context.allocateFloatLocalArray(ITEMS);
    int item = context.localIdx;
    int lane = item / COLUMNS;
    int i = context.groupIdx * COLUMNS + item % COLUMNS;
    int all = (control.get(Control.TOKENS) + TOKENS - 1) / TOKENS * rows;
    float sum = 0f;
    if (i < size) {
      for (int b = lane; b < all; b += LANES) {
        sum += partial.get(b * size + i);
      }
    }
    sums[item] = sum;
    context.localBarrier();
    if (lane == 0 && i < size) {
      for (int other = 1; other < LANES; other++) {
        sum += sums[other * COLUMNS + item];
      }
      int at = control.get(totalAt) + i;
      total.set(at, total.get(at) + sum);
    }
  }

  /**
   * Partial sums of the columns of a head-major array: partial[b, h·dim + c] = Σ x[h, t, c] over
   * the tokens t of block b; blocks behind the last token are left alone. Groups: for each block of
   * tokens of each head enough for an item a column.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param x [.., H, capacity, dim] from element {@code offset} of its view on
   * @param xAt base of x
   * @param partial output [blocks, H·dim]
   * @param offset where the heads begin in the view
   * @param heads H
   * @param dim head dim
   * @param capacity largest number of tokens
   */
  public static void headColumns(
      KernelContext context,
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray partial,
      int offset,
      int heads,
      int dim,
      int capacity) {
    int items = context.localGroupSizeX;
    int groups = (dim + items - 1) / items;
    int c = context.groupIdx % groups * items + context.localIdx;
    int h = context.groupIdx / groups % heads;
    int b = context.groupIdx / groups / heads;
    int begin = b * TOKENS;
    int end = TornadoMath.min(begin + TOKENS, control.get(Control.TOKENS));
    if (begin < end && c < dim) {
      int from = control.get(xAt) + offset + h * capacity * dim + c;
      float sum = 0f;
      for (int t = begin; t < end; t++) {
        sum += x.get(from + t * dim);
      }
      partial.set((b * heads + h) * dim + c, sum);
    }
  }

  /**
   * partial[b] = Σ x² over block b of 4096 elements. Groups: one a block, of a power of two of
   * items.
   *
   * @param context the work-item
   * @param x [n]
   * @param n number of elements
   * @param block elements of a block
   * @param partial output [⌈n/block⌉]
   */
  public static void squares(
      KernelContext context, FloatArray x, int n, int block, FloatArray partial) {
    float[] sums = context.allocateFloatLocalArray(ITEMS);
    int item = context.localIdx;
    int items = context.localGroupSizeX;
    int begin = context.groupIdx * block;
    int length = TornadoMath.min(block, n - begin);
    float sum = 0f;
    for (int i = item; i < length; i += items) {
      float value = x.get(begin + i);
      sum += value * value;
    }
    sums[item] = sum;
    for (int half = items / 2; half > 0; half = half / 2) {
      context.localBarrier();
      if (item < half) {
        sums[item] += sums[item + half];
      }
    }
    if (item == 0) {
      partial.set(context.groupIdx, sums[0]);
    }
  }
}
