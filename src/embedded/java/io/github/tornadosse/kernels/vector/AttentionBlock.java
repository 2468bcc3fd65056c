package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import java.util.Arrays;

/**
 * One worker's block of query rows (see {@link AttentionPlan}), and its scratch memory. Keys and
 * values come in runs of positions, in any number of calls; the softmax is carried along: the
 * largest logit so far, the sum of exponentials relative to it, and the output before its division
 * by that sum.
 *
 * <p>The scores are kept transposed, rows of queries along the vectors: maxima and sums then need
 * no exchange between lanes, and keys and values are read where they are. Only the queries are
 * transposed, once for all keys. Blocks of very few rows, as in decoding, take dot products with
 * the keys instead, which cost little beside reading the keys.
 */
final class AttentionBlock {
  /** Most rows of a block. */
  static final int ROWS = 64;

  /** Most keys at a time. */
  static final int KEYS = 128;

  /** Blocks of fewer rows take them one by one. */
  private static final int FEW = 8;

  /** The largest logit of a row that has seen nothing: its exponential is 0 beside any other. */
  private static final float NOTHING = -Float.MAX_VALUE;

  private final int dim;
  private final int width; // dim padded to whole panels
  private final int whole; // columns in whole panels
  private final float scale;
  private final float[] queries; // [ROWS, width]
  private final float[] columns; // [ROWS / NR, dim, NR]
  private final float[] scores = new float[KEYS * NR]; // of one panel of rows: [KEYS, NR]
  private final float[] tail = new float[KEYS * NR]; // the last columns of values, padded
  private final float[] out; // [ROWS, width]
  private final float[] max = new float[ROWS];
  private final float[] sum = new float[ROWS];
  private final float[] factor = new float[ROWS];
  private final int[] first = new int[ROWS]; // first position that a row sees
  private final int[] last = new int[ROWS]; // the row's own position
  private final float[] ahead = new float[ROWS]; // last, counted from the first row's
  private final float[] square = new float[MicroKernels.BLOCK * MicroKernels.BLOCK];

  private AttentionHeads shape;
  private int keyHead;
  private int begin;
  private int row;
  private int rows;

  AttentionBlock(int dim) {
    this.dim = dim;
    width = MicroKernels.panels(dim) * NR;
    whole = dim / NR * NR;
    scale = AttentionHeads.scale(dim);
    queries = new float[ROWS * width];
    columns = new float[ROWS * dim];
    out = new float[ROWS * width];
  }

  /** Whether this scratch fits that head size. */
  boolean fits(int dim) {
    return this.dim == dim;
  }

  /** Floats of one row's partial result: its output, the largest logit and the sum. */
  static int partialSize(int dim) {
    return dim + 2;
  }

  /**
   * Begins with a block of rows.
   *
   * @param shape see there; its dim is this scratch's
   * @param q the array of the queries
   * @param qAt where [H, capacity, dim] begins in it
   * @param keyHead the head of keys and values
   * @param begin the sequence's first token
   * @param past the position of that token
   * @param row the first row
   * @param rows number of rows, 1 to ROWS
   */
  void start(
      AttentionHeads shape,
      float[] q,
      int qAt,
      int keyHead,
      int begin,
      int past,
      int row,
      int rows) {
    this.shape = shape;
    this.keyHead = keyHead;
    this.begin = begin;
    this.row = row;
    this.rows = rows;
    for (int r = 0; r < rows; r++) {
      int from = qAt + shape.headMajor(keyHead, begin, row + r) * dim;
      System.arraycopy(q, from, queries, r * width, dim);
      last[r] = past + (row + r) / shape.group();
      first[r] = shape.firstSeen(last[r]);
      ahead[r] = last[r] - last[0];
    }
    int padded = MicroKernels.panels(rows) * NR;
    Arrays.fill(ahead, rows, padded, last[rows - 1] - last[0]);
    Arrays.fill(queries, rows * width, padded * width, 0);
    Arrays.fill(out, 0, padded * width, 0);
    Arrays.fill(max, 0, padded, NOTHING);
    Arrays.fill(sum, 0, padded, 0);
    if (rows >= FEW) {
      for (int r = 0; r < rows; r += NR) {
        Transpose.toPanel(queries, r * width, width, columns, r * dim, dim, square);
      }
    }
  }

  /**
   * Takes in a run of keys and values.
   *
   * @param k the array of keys
   * @param kAt where the run [count, dim] begins
   * @param v the array of values
   * @param vAt where the run [count, dim] begins
   * @param position of the first key
   * @param count number of keys
   */
  void read(float[] k, int kAt, float[] v, int vAt, int position, int count) {
    for (int j = 0; j < count; j += KEYS) {
      int n = Math.min(KEYS, count - j);
      int from = kAt + j * dim;
      int valuesFrom = vAt + j * dim;
      if (rows < FEW) {
        readByRow(k, from, v, valuesFrom, position + j, n);
      } else {
        readByPanel(k, from, v, valuesFrom, position + j, n);
      }
    }
  }

  private void readByPanel(float[] k, int kAt, float[] v, int vAt, int position, int n) {
    if (whole < dim) {
      for (int j = seenFrom(0, position); j < n; j++) {
        System.arraycopy(v, vAt + j * dim + whole, tail, j * NR, dim - whole);
      }
    }
    for (int a = 0; a < rows; a += NR) {
      int from = seenFrom(a, position) / MR * MR;
      int to = Math.min(n, (seenTo(a + NR, position, n) + MR - 1) / MR * MR);
      if (from < to) {
        int at = from * NR;
        RowMicroKernels.rowsSet(
            to - from, dim, k, kAt + from * dim, dim, columns, a * dim, scores, at, NR);
        exponentials(a, position, n);
        for (int c = 0; c < whole; c += NR) output(a, v, vAt + c, dim, c, position, n);
        if (whole < dim) output(a, tail, 0, NR, whole, position, n);
      }
    }
  }

  /** The first of n keys that rows a and later see. */
  private int seenFrom(int a, int position) {
    return Math.max(0, first[a] - position);
  }

  /** The key after the last of n that rows up to b − 1 see. */
  private int seenTo(int b, int position, int n) {
    return Math.min(n, last[Math.min(b, rows) - 1] + 1 - position);
  }

  /** From scores to exponentials, for the rows of the panel at {@code panel}. */
  private void exponentials(int panel, int position, int n) {
    for (int i = 0; i < NR && panel + i < rows; i += L) {
      int from = seenFrom(panel + i, position);
      int to = seenTo(panel + i + L, position, n);
      if (from < to) {
        mask(panel, i, position, from, to);
        int begin = from * NR + i;
        int end = to * NR + i;
        AttentionSoftmax.largest(scores, begin, end, scale, max, factor, panel + i);
        AttentionSoftmax.exponentials(scores, begin, end, scale, max, factor, sum, panel + i);
      }
    }
  }

  /** Scores of keys that a row does not see become −∞, for the rows of vector i of a panel. */
  private void mask(int panel, int i, int position, int from, int to) {
    int a = panel + i;
    int b = Math.min(rows, a + L) - 1;
    int seenByAll = Math.min(to, last[a] + 1 - position);
    int offset = position - last[0];
    for (int j = Math.max(from, seenByAll); j < to; j++) {
      AttentionSoftmax.hideBefore(scores, j * NR + i, ahead, a, offset + j);
    }
    int end = Math.min(to, first[b] - position);
    for (int j = from; j < end; j++) {
      AttentionSoftmax.hideFrom(scores, j * NR + i, ahead, a, offset + j + shape.window());
    }
  }

  /** Adds the values of one panel of columns to the rows of a panel. */
  private void output(int panel, float[] v, int vAt, int ld, int c, int position, int n) {
    for (int i = 0; i < NR && panel + i < rows; i += MR) {
      int r = panel + i;
      int from = seenFrom(r, position);
      int to = seenTo(r + MR, position, n);
      if (from < to) {
        int a = from * NR + i;
        int b = vAt + from * ld;
        int o = r * width + c;
        ColumnMicroKernels.tileColsScaleAdd(
            to - from, scores, a, NR, v, b, ld, out, o, width, factor, r);
      }
    }
  }

  private void readByRow(float[] k, int kAt, float[] v, int vAt, int position, int n) {
    for (int r = 0; r < rows; r++) {
      int from = seenFrom(r, position);
      int to = seenTo(r + 1, position, n);
      if (from < to) {
        int count = to - from;
        AttentionSoftmax.dots(queries, r * width, k, kAt + from * dim, count, dim, scores, 0);
        float f = AttentionSoftmax.row(scores, 0, count, scale, max, sum, r);
        AttentionSoftmax.weightedSum(scores, 0, count, v, vAt + from * dim, dim, f, out, r * width);
      }
    }
  }

  /**
   * Writes the result of rows that have seen all they see.
   *
   * @param to the array of [L, H·dim]
   * @param at where it begins
   * @param lse [H, capacity] in its array; null if not wanted
   * @param lseAt where it begins
   */
  void finish(float[] to, int at, float[] lse, int lseAt) {
    for (int r = 0; r < rows; r++) {
      int o = at + shape.tokenMajor(keyHead, begin, row + r) * dim;
      Lanes.scale(out, r * width, 1 / sum[r], to, o, dim);
      if (lse != null) {
        lse[lseAt + shape.headMajor(keyHead, begin, row + r)] = (float) (max[r] + Math.log(sum[r]));
      }
    }
  }

  /** Writes the partial results [rows, {@link #partialSize}] of a part. */
  void keep(float[] to, int at) {
    int o = at;
    for (int r = 0; r < rows; r++) {
      System.arraycopy(out, r * width, to, o, dim);
      to[o + dim] = max[r];
      to[o + dim + 1] = sum[r];
      o += partialSize(dim);
    }
  }

  /**
   * Merges the partial results of one row in their order.
   *
   * @param partial the array of partial results
   * @param at the first one
   * @param distance from one to the next
   * @param parts their number
   * @param dim size of a head
   * @param to the array of the result
   * @param toAt where it begins
   */
  static void merge(
      float[] partial, int at, int distance, int parts, int dim, float[] to, int toAt) {
    float largest = NOTHING;
    for (int i = 0; i < parts; i++) {
      largest = Math.max(largest, partial[at + i * distance + dim]);
    }
    float total = 0;
    Arrays.fill(to, toAt, toAt + dim, 0);
    for (int i = 0; i < parts; i++) {
      int p = at + i * distance;
      float f = (float) Math.exp(partial[p + dim] - largest);
      total += f * partial[p + dim + 1];
      Lanes.addScaled(partial, p, f, to, toAt, dim);
    }
    Lanes.scale(to, toAt, 1 / total, to, toAt, dim);
  }
}
