package io.github.tornadosse.kernels.cuda;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Matrix products on tensor cores: bfloat16 factors, sums in float32. Both factors are packed
 * first, in blocks of 128 rows or columns and 64 terms, each in the order of {@link Packed}; what a
 * matrix lacks of whole blocks is zero.
 *
 * <p>A matrix that is packed or written has elements (a, b) at base + a·stride + (b /
 * headDim)·capacity·headDim + b % headDim: token-major with headDim = its columns, or head-major.
 */
public final class DenseProducts {
  /** Work-items of a group. */
  public static final int ITEMS = 256;

  /** Rows, and columns, of a block of the result. */
  public static final int BLOCK = 128;

  /** Terms of a block of a factor. */
  public static final int TERMS = 64;

  /** Says that a number of rows is not that of the tokens, or that an array has no base. */
  public static final int NONE = -1;

  /** Ints of a block of a factor. */
  public static final int INTS = BLOCK * TERMS / 2;

  private static final int SUB = 16;
  private static final int STEPS = TERMS / SUB;
  private static final int WIDE = BLOCK / 8;
  private static final int BYTES = 4;

  private DenseProducts() {}

  /**
   * Packs a left factor [M, K]. Groups: along x its blocks of terms, along y its blocks of rows.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param matrix the matrix (a, b)
   * @param matrixAt its base's index in control
   * @param packed output [M/128, K/64, 8·4 tiles, 128]
   * @param rows number of a; NONE for that of the tokens
   * @param columns number of b
   * @param stride distance of a's
   * @param headDim see the class
   * @param capacity see the class
   * @param transposed 0 if a is the factor's row and b its term, 1 if they change places
   * @param blocks blocks of terms, ⌈K/64⌉
   */
  public static void packLeft(
      KernelContext context,
      IntArray control,
      FloatArray matrix,
      int matrixAt,
      IntArray packed,
      int rows,
      int columns,
      int stride,
      int headDim,
      int capacity,
      int transposed,
      int blocks) {
    int base = control.get(matrixAt);
    int limit = rows == NONE ? control.get(Control.TOKENS) : rows;
    int to = (context.groupIdy * blocks + context.groupIdx) * INTS;
    for (int n = context.localIdx; n < INTS; n += ITEMS) {
      int tile = n / Packed.LEFT;
      int within = n % Packed.LEFT;
      int m = context.groupIdy * BLOCK + tile / STEPS * SUB + within / 8;
      int k = context.groupIdx * TERMS + tile % STEPS * SUB + within % 8 * 2;
      float first;
      float second;
      if (transposed == 0) {
        first = element(matrix, base, m, k, limit, columns, stride, headDim, capacity);
        second = element(matrix, base, m, k + 1, limit, columns, stride, headDim, capacity);
      } else {
        first = element(matrix, base, k, m, limit, columns, stride, headDim, capacity);
        second = element(matrix, base, k + 1, m, limit, columns, stride, headDim, capacity);
      }
      packed.set(to + n, Packed.pair(first, second));
    }
  }

  /**
   * Packs a right factor [K, N]. Groups: along x its blocks of terms, along y its blocks of
   * columns.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param matrix the matrix (a, b)
   * @param matrixAt its base's index in control
   * @param packed output [N/128, K/64, 4·16 tiles, 64]
   * @param rows number of a; NONE for that of the tokens
   * @param columns number of b
   * @param stride distance of a's
   * @param headDim see the class
   * @param capacity see the class
   * @param transposed 0 if a is the factor's term and b its column, 1 if they change places
   * @param blocks blocks of terms, ⌈K/64⌉
   */
  public static void packRight(
      KernelContext context,
      IntArray control,
      FloatArray matrix,
      int matrixAt,
      IntArray packed,
      int rows,
      int columns,
      int stride,
      int headDim,
      int capacity,
      int transposed,
      int blocks) {
    int base = control.get(matrixAt);
    int limit = rows == NONE ? control.get(Control.TOKENS) : rows;
    int to = (context.groupIdy * blocks + context.groupIdx) * INTS;
    for (int i = context.localIdx; i < INTS; i += ITEMS) {
      int tile = i / Packed.RIGHT;
      int within = i % Packed.RIGHT;
      int k = context.groupIdx * TERMS + tile / WIDE * SUB + within / 4;
      int n = context.groupIdy * BLOCK + tile % WIDE * 8 + within % 4 * 2;
      float first;
      float second;
      if (transposed == 0) {
        first = element(matrix, base, k, n, limit, columns, stride, headDim, capacity);
        second = element(matrix, base, k, n + 1, limit, columns, stride, headDim, capacity);
      } else {
        first = element(matrix, base, n, k, limit, columns, stride, headDim, capacity);
        second = element(matrix, base, n + 1, k, limit, columns, stride, headDim, capacity);
      }
      packed.set(to + i, Packed.pair(first, second));
    }
  }

  /** Element (a, b), or 0 outside of the matrix. */
  private static float element(
      FloatArray matrix,
      int base,
      int a,
      int b,
      int rows,
      int columns,
      int stride,
      int headDim,
      int capacity) {
    float value = 0f;
    if (a < rows) {
      if (b < columns) {
        value = matrix.get(base + a * stride + column(b, headDim, capacity));
      }
    }
    return value;
  }

  private static int column(int b, int headDim, int capacity) {
    return (b / headDim) * capacity * headDim + b % headDim;
  }

  /**
   * A product of packed factors, or the parts of it that come from several ranges of terms. A fixed
   * number of groups takes the blocks of the result in turn.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param left [M/128, K/64] blocks of {@link #packLeft}
   * @param right [N/128, K/64] blocks of {@link #packRight}
   * @param edge [parts, N/128, 128, 128], overwritten: the blocks that the last row is in
   * @param to output: (m, n), or one matrix after the other for the ranges of terms
   * @param toAt its base's index in control; NONE for a base of 0
   * @param rows M; NONE for the number of tokens: rows from there on are left alone
   * @param columns N, a multiple of 8
   * @param stride distance of the result's rows
   * @param headDim see the class; a multiple of 8
   * @param capacity see the class
   * @param terms blocks of terms
   * @param range blocks of terms of a part
   * @param part floats between the parts
   * @param blocksM ⌈M/128⌉ of the capacity
   * @param blocksN ⌈N/128⌉
   */
  public static void product(
      KernelContext context,
      IntArray control,
      IntArray left,
      IntArray right,
      FloatArray edge,
      FloatArray to,
      int toAt,
      int rows,
      int columns,
      int stride,
      int headDim,
      int capacity,
      int terms,
      int range,
      int part,
      int blocksM,
      int blocksN) {
    int item = context.localIdx;
    int[] a = context.allocateIntLocalArray(INTS);
    int[] b = context.allocateIntLocalArray(INTS);
    int limit = rows == NONE ? control.get(Control.TOKENS) : rows;
    int base = toAt == NONE ? 0 : control.get(TornadoMath.max(toAt, 0));
    int warp = item / 32;
    int m = warp / 2 * 32;
    int n = warp % 2 * 64;
    int parts = (terms + range - 1) / range;
    int all = parts * blocksM * blocksN;
    int groups = context.globalGroupSizeX / ITEMS;
    for (int block = context.groupIdx; block < all; block += groups) {
      int row = block % blocksM * BLOCK;
      int blockN = block / blocksM % blocksN;
      int first = block / (blocksM * blocksN) * range;
      int last = TornadoMath.min(first + range, terms);
      if (row < limit) {
        float[] c00 = context.mmaFragment(0f);
        float[] c01 = context.mmaFragment(0f);
        float[] c02 = context.mmaFragment(0f);
        float[] c03 = context.mmaFragment(0f);
        float[] c04 = context.mmaFragment(0f);
        float[] c05 = context.mmaFragment(0f);
        float[] c06 = context.mmaFragment(0f);
        float[] c07 = context.mmaFragment(0f);
        float[] c10 = context.mmaFragment(0f);
        float[] c11 = context.mmaFragment(0f);
        float[] c12 = context.mmaFragment(0f);
        float[] c13 = context.mmaFragment(0f);
        float[] c14 = context.mmaFragment(0f);
        float[] c15 = context.mmaFragment(0f);
        float[] c16 = context.mmaFragment(0f);
        float[] c17 = context.mmaFragment(0f);
        for (int term = first; term < last; term++) {
          int ai = (row / BLOCK * terms + term) * INTS + item;
          int bi = (blockN * terms + term) * INTS + item;
          // All reads are under way before the first is stored, see ChunkProducts.
          int x0 = left.get(ai);
          int x1 = left.get(ai + 256);
          int x2 = left.get(ai + 512);
          int x3 = left.get(ai + 768);
          int x4 = left.get(ai + 1024);
          int x5 = left.get(ai + 1280);
          int x6 = left.get(ai + 1536);
          int x7 = left.get(ai + 1792);
          int x8 = left.get(ai + 2048);
          int x9 = left.get(ai + 2304);
          int x10 = left.get(ai + 2560);
          int x11 = left.get(ai + 2816);
          int x12 = left.get(ai + 3072);
          int x13 = left.get(ai + 3328);
          int x14 = left.get(ai + 3584);
          int x15 = left.get(ai + 3840);
          int y0 = right.get(bi);
          int y1 = right.get(bi + 256);
          int y2 = right.get(bi + 512);
          int y3 = right.get(bi + 768);
          int y4 = right.get(bi + 1024);
          int y5 = right.get(bi + 1280);
          int y6 = right.get(bi + 1536);
          int y7 = right.get(bi + 1792);
          int y8 = right.get(bi + 2048);
          int y9 = right.get(bi + 2304);
          int y10 = right.get(bi + 2560);
          int y11 = right.get(bi + 2816);
          int y12 = right.get(bi + 3072);
          int y13 = right.get(bi + 3328);
          int y14 = right.get(bi + 3584);
          int y15 = right.get(bi + 3840);
          a[item] = x0;
          a[item + 256] = x1;
          a[item + 512] = x2;
          a[item + 768] = x3;
          a[item + 1024] = x4;
          a[item + 1280] = x5;
          a[item + 1536] = x6;
          a[item + 1792] = x7;
          a[item + 2048] = x8;
          a[item + 2304] = x9;
          a[item + 2560] = x10;
          a[item + 2816] = x11;
          a[item + 3072] = x12;
          a[item + 3328] = x13;
          a[item + 3584] = x14;
          a[item + 3840] = x15;
          b[item] = y0;
          b[item + 256] = y1;
          b[item + 512] = y2;
          b[item + 768] = y3;
          b[item + 1024] = y4;
          b[item + 1280] = y5;
          b[item + 1536] = y6;
          b[item + 1792] = y7;
          b[item + 2048] = y8;
          b[item + 2304] = y9;
          b[item + 2560] = y10;
          b[item + 2816] = y11;
          b[item + 3072] = y12;
          b[item + 3328] = y13;
          b[item + 3584] = y14;
          b[item + 3840] = y15;
          context.localBarrier();
          for (int step = 0; step < STEPS; step++) {
            int al = (m / SUB * STEPS + step) * Packed.LEFT * BYTES;
            int bl = (step * WIDE + n / 8) * Packed.RIGHT * BYTES;
            HalfFloat[] a0 = context.mmaLoadA(a, SUB, al);
            HalfFloat[] a1 = context.mmaLoadA(a, SUB, al + STEPS * Packed.LEFT * BYTES);
            HalfFloat[] b0 = context.mmaLoadB(b, SUB, bl);
            HalfFloat[] b1 = context.mmaLoadB(b, SUB, bl + Packed.RIGHT * BYTES);
            HalfFloat[] b2 = context.mmaLoadB(b, SUB, bl + 2 * Packed.RIGHT * BYTES);
            HalfFloat[] b3 = context.mmaLoadB(b, SUB, bl + 3 * Packed.RIGHT * BYTES);
            HalfFloat[] b4 = context.mmaLoadB(b, SUB, bl + 4 * Packed.RIGHT * BYTES);
            HalfFloat[] b5 = context.mmaLoadB(b, SUB, bl + 5 * Packed.RIGHT * BYTES);
            HalfFloat[] b6 = context.mmaLoadB(b, SUB, bl + 6 * Packed.RIGHT * BYTES);
            HalfFloat[] b7 = context.mmaLoadB(b, SUB, bl + 7 * Packed.RIGHT * BYTES);
            c00 = context.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
            c01 = context.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
            c02 = context.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
            c03 = context.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
            c04 = context.mmaBF16(a0, b4, c04, MMAShape.M16N8K16);
            c05 = context.mmaBF16(a0, b5, c05, MMAShape.M16N8K16);
            c06 = context.mmaBF16(a0, b6, c06, MMAShape.M16N8K16);
            c07 = context.mmaBF16(a0, b7, c07, MMAShape.M16N8K16);
            c10 = context.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
            c11 = context.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
            c12 = context.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
            c13 = context.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
            c14 = context.mmaBF16(a1, b4, c14, MMAShape.M16N8K16);
            c15 = context.mmaBF16(a1, b5, c15, MMAShape.M16N8K16);
            c16 = context.mmaBF16(a1, b6, c16, MMAShape.M16N8K16);
            c17 = context.mmaBF16(a1, b7, c17, MMAShape.M16N8K16);
          }
          context.localBarrier();
        }
        int column = blockN * BLOCK + n;
        int from = first / range * part + base + (row + m) * stride;
        if (row + BLOCK <= limit) {
          put(context, c00, to, from, stride, column, columns, headDim, capacity);
          put(context, c01, to, from, stride, column + 8, columns, headDim, capacity);
          put(context, c02, to, from, stride, column + 16, columns, headDim, capacity);
          put(context, c03, to, from, stride, column + 24, columns, headDim, capacity);
          put(context, c04, to, from, stride, column + 32, columns, headDim, capacity);
          put(context, c05, to, from, stride, column + 40, columns, headDim, capacity);
          put(context, c06, to, from, stride, column + 48, columns, headDim, capacity);
          put(context, c07, to, from, stride, column + 56, columns, headDim, capacity);
          int below = from + SUB * stride;
          put(context, c10, to, below, stride, column, columns, headDim, capacity);
          put(context, c11, to, below, stride, column + 8, columns, headDim, capacity);
          put(context, c12, to, below, stride, column + 16, columns, headDim, capacity);
          put(context, c13, to, below, stride, column + 24, columns, headDim, capacity);
          put(context, c14, to, below, stride, column + 32, columns, headDim, capacity);
          put(context, c15, to, below, stride, column + 40, columns, headDim, capacity);
          put(context, c16, to, below, stride, column + 48, columns, headDim, capacity);
          put(context, c17, to, below, stride, column + 56, columns, headDim, capacity);
        } else {
          int square = (first / range * blocksN + blockN) * BLOCK * BLOCK;
          int corner = square + n;
          context.mmaStore(c00, edge, m, corner, BLOCK);
          context.mmaStore(c01, edge, m, corner + 8, BLOCK);
          context.mmaStore(c02, edge, m, corner + 16, BLOCK);
          context.mmaStore(c03, edge, m, corner + 24, BLOCK);
          context.mmaStore(c04, edge, m, corner + 32, BLOCK);
          context.mmaStore(c05, edge, m, corner + 40, BLOCK);
          context.mmaStore(c06, edge, m, corner + 48, BLOCK);
          context.mmaStore(c07, edge, m, corner + 56, BLOCK);
          context.mmaStore(c10, edge, m + SUB, corner, BLOCK);
          context.mmaStore(c11, edge, m + SUB, corner + 8, BLOCK);
          context.mmaStore(c12, edge, m + SUB, corner + 16, BLOCK);
          context.mmaStore(c13, edge, m + SUB, corner + 24, BLOCK);
          context.mmaStore(c14, edge, m + SUB, corner + 32, BLOCK);
          context.mmaStore(c15, edge, m + SUB, corner + 40, BLOCK);
          context.mmaStore(c16, edge, m + SUB, corner + 48, BLOCK);
          context.mmaStore(c17, edge, m + SUB, corner + 56, BLOCK);
          context.globalBarrier();
          int wide = TornadoMath.min(columns - blockN * BLOCK, BLOCK);
          for (int i = item; i < (limit - row) * wide; i += ITEMS) {
            int r = i / wide;
            int c = i % wide;
            to.set(
                first / range * part
                    + base
                    + (row + r) * stride
                    + column(blockN * BLOCK + c, headDim, capacity),
                edge.get(square + r * BLOCK + c));
          }
        }
      }
    }
  }

  private static void put(
      KernelContext context,
      float[] fragment,
      FloatArray to,
      int from,
      int stride,
      int column,
      int columns,
      int headDim,
      int capacity) {
    if (column < columns) {
      context.mmaStore(fragment, to, 0, from + column(column, headDim, capacity), stride);
    }
  }

  /**
   * y = Σ parts, or addend + Σ parts, by elements. Groups along x take 256 elements (a, b) each, b
   * fastest.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param parts [count, part] of {@link #product}
   * @param addend [a, b] token-major with row stride, may be y
   * @param addendAt its base's index in control
   * @param y output
   * @param yAt its base's index in control
   * @param rows number of a; NONE for that of the tokens
   * @param columns number of b
   * @param addendStride row stride of the addend
   * @param stride distance of y's a's
   * @param headDim see the class
   * @param capacity see the class
   * @param count number of parts
   * @param part floats between the parts
   * @param add 1 if there is an addend, 0 if not
   */
  public static void addParts(
      KernelContext context,
      IntArray control,
      FloatArray parts,
      FloatArray addend,
      int addendAt,
      FloatArray y,
      int yAt,
      int rows,
      int columns,
      int addendStride,
      int stride,
      int headDim,
      int capacity,
      int count,
      int part,
      int add) {
    int limit = rows == NONE ? control.get(Control.TOKENS) : rows;
    int i = context.globalIdx;
    int a = i / columns;
    int b = i % columns;
    if (a < limit) {
      float sum = 0f;
      for (int p = 0; p < count; p++) {
        sum += parts.get(p * part + i);
      }
      if (add != 0) {
        sum = addend.get(control.get(addendAt) + a * addendStride + b) + sum;
      }
      y.set(control.get(yAt) + a * stride + column(b, headDim, capacity), sum);
    }
  }
}
