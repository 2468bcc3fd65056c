package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.Routing;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A stable counting sort of all sequences' selections: how often each partition is selected in each
 * block of tokens, before each block, and before each sequence; then every block puts its own
 * selections where they belong. The counts run over sequences, differences of them do not.
 */
public final class RowSort {
  /** Tokens of a block. */
  public static final int TOKENS = 64;

  /** Work-items of a group that adds up the blocks of a partition. */
  public static final int SCAN_ITEMS = 256;

  private RowSort() {}

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
   * What belongs to the always-selected partition: row t is token t with weights 1, and its
   * segments are the sequences themselves. Groups: enough for an item each token and each sequence.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param cu [S + 1] bounds of the sequences
   * @param token output [R]
   * @param mode output [R]
   * @param weight output [2, R]
   * @param segments [2·S·(N + 1)], entries of partition 0 are written
   * @param part 1 if the partition takes part, else its rows have mode 0
   * @param partitions N
   * @param width M
   * @param capacity largest number of tokens
   */
  public static void always(
      KernelContext context,
      IntArray control,
      IntArray cu,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      IntArray segments,
      int part,
      int partitions,
      int width,
      int capacity) {
    int i = context.globalIdx;
    if (i < control.get(Control.TOKENS)) {
      token.set(i, i);
      mode.set(i, part == 1 ? Routing.WRITTEN + Routing.READ : 0);
      weight.set(i, 1f);
      weight.set(capacity * (1 + width) + i, 1f);
    }
    if (i < control.get(Control.SEQUENCES)) {
      int at = 2 * i * (partitions + 1);
      segments.set(at, cu.get(i));
      segments.set(at + 1, cu.get(i + 1));
    }
  }

  /** How often a partition is selected by the tokens from begin to end − 1. */
  private static int count(IntArray top, int at, int begin, int end, int width, int partition) {
    int count = 0;
    for (int i = begin * width; i < end * width; i++) {
      count += top.get(at + i) == partition ? 1 : 0;
    }
    return count;
  }

  /**
   * counts[b, p]: how often p is selected in block b. Groups: enough for an item each.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param top [L, M]
   * @param topAt base of top
   * @param counts output [⌈capacity/64⌉ + 1, N], all blocks but the last row are written
   * @param partitions N
   * @param width M
   * @param blocks ⌈capacity/64⌉
   */
  public static void count(
      KernelContext context,
      IntArray control,
      IntArray top,
      int topAt,
      IntArray counts,
      int partitions,
      int width,
      int blocks) {
    int p = context.globalIdx % partitions;
    int b = context.globalIdx / partitions;
    if (b < blocks) {
      int tokens = control.get(Control.TOKENS);
      int begin = TornadoMath.min(b * TOKENS, tokens);
      int end = TornadoMath.min(b * TOKENS + TOKENS, tokens);
      counts.set(b * partitions + p, count(top, control.get(topAt), begin, end, width, p));
    }
  }

  /**
   * Replaces counts by the number of selections before each block; the last row gets the number of
   * all. Groups: one a partition.
   *
   * @param context the work-item
   * @param counts [blocks + 1, N], replaced
   * @param partitions N
   * @param blocks ⌈capacity/64⌉
   */
  public static void scan(KernelContext context, IntArray counts, int partitions, int blocks) {
    int[] sums = context.allocateIntLocalArray(SCAN_ITEMS);
    int item = context.localIdx;
    int p = context.groupIdx;
    int share = (blocks + SCAN_ITEMS - 1) / SCAN_ITEMS;
    int begin = TornadoMath.min(item * share, blocks);
    int end = TornadoMath.min(begin + share, blocks);
    int sum = 0;
    for (int b = begin; b < end; b++) {
      sum += counts.get(b * partitions + p);
    }
    sums[item] = sum;
    int before = 0;
    for (int step = 1; step < SCAN_ITEMS; step = step * 2) {
      context.localBarrier();
      int other = item >= step ? sums[item - step] : 0;
      context.localBarrier();
      before += other;
      sums[item] = sum + before;
    }
    for (int b = begin; b < end; b++) {
      int count = counts.get(b * partitions + p);
      counts.set(b * partitions + p, before);
      before += count;
    }
    if (item == SCAN_ITEMS - 1) {
      counts.set(blocks * partitions + p, before);
    }
  }

  /**
   * bounds[s, p]: how often p is selected before sequence s. Groups: enough for an item each.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param top [L, M]
   * @param topAt base of top
   * @param cu [S + 1] bounds of the sequences
   * @param counts [blocks + 1, N] of {@link #scan}
   * @param bounds output [S + 1, N]
   * @param partitions N
   * @param width M
   */
  public static void bounds(
      KernelContext context,
      IntArray control,
      IntArray top,
      int topAt,
      IntArray cu,
      IntArray counts,
      IntArray bounds,
      int partitions,
      int width) {
    int p = context.globalIdx % partitions;
    int s = context.globalIdx / partitions;
    if (s <= control.get(Control.SEQUENCES)) {
      int t = cu.get(s);
      int b = t / TOKENS;
      int within = count(top, control.get(topAt), b * TOKENS, t, width, p);
      bounds.set(s * partitions + p, counts.get(b * partitions + p) + within);
    }
  }

  /**
   * Segments of the sparse partitions. Groups: enough for an item each sequence and partition.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param cu [S + 1] bounds of the sequences
   * @param bounds [S + 1, N]
   * @param segments [2·S·(N + 1)], entries of the sparse partitions are written
   * @param partitions N
   * @param width M
   * @param capacity largest number of tokens
   */
  public static void segments(
      KernelContext context,
      IntArray control,
      IntArray cu,
      IntArray bounds,
      IntArray segments,
      int partitions,
      int width,
      int capacity) {
    int p = context.globalIdx % partitions;
    int s = context.globalIdx / partitions;
    if (s < control.get(Control.SEQUENCES)) {
      int begin = capacity + cu.get(s) * width;
      int end = begin;
      for (int i = 0; i <= p; i++) {
        begin = end;
        int next = (s + 1) * partitions + i;
        end += bounds.get(next) - bounds.get(next - partitions);
      }
      int at = 2 * (s * (partitions + 1) + 1 + p);
      segments.set(at, begin);
      segments.set(at + 1, end);
    }
  }

  /**
   * Rows of the sparse partitions: an item goes through a block of tokens and puts the selections
   * of a partition in their places. Groups: enough for an item each block and partition.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param e [L, N]
   * @param eAt base of e
   * @param top [L, M]
   * @param topAt base of top
   * @param cu [S + 1] bounds of the sequences
   * @param segments [2·S·(N + 1)]
   * @param counts [blocks + 1, N] of {@link #scan}
   * @param bounds [S + 1, N]
   * @param token output [R]
   * @param mode output [R]
   * @param weight output [2, R]
   * @param tokenRow output [capacity·M]
   * @param partitions N
   * @param width M
   * @param writers partitions that a token writes, by rank
   * @param readers partitions that a token reads, by rank
   * @param gates 1 to multiply keys by e, 2 to multiply queries, 3 for both
   * @param capacity largest number of tokens
   */
  public static void rows(
      KernelContext context,
      IntArray control,
      FloatArray e,
      int eAt,
      IntArray top,
      int topAt,
      IntArray cu,
      IntArray segments,
      IntArray counts,
      IntArray bounds,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      IntArray tokenRow,
      int partitions,
      int width,
      int writers,
      int readers,
      int gates,
      int capacity) {
    int p = context.globalIdx % partitions;
    int b = context.globalIdx / partitions;
    int begin = b * TOKENS;
    int end = TornadoMath.min(begin + TOKENS, control.get(Control.TOKENS));
    if (begin < end) {
      // The last sequence that begins at the block's first token or before it.
      int s = 0;
      int above = control.get(Control.SEQUENCES);
      while (above - s > 1) {
        int middle = (s + above) / 2;
        if (cu.get(middle) <= begin) {
          s = middle;
        } else {
          above = middle;
        }
      }
      int before = counts.get(b * partitions + p);
      int row = place(segments, bounds, s, p, partitions) + before;
      int next = cu.get(s + 1);
      for (int t = begin; t < end; t++) {
        while (t >= next) {
          int here = place(segments, bounds, s, p, partitions);
          s++;
          next = cu.get(s + 1);
          row += place(segments, bounds, s, p, partitions) - here;
        }
        for (int j = 0; j < width; j++) {
          if (top.get(control.get(topAt) + t * width + j) == p) {
            token.set(row, t);
            mode.set(row, (j < writers ? Routing.WRITTEN : 0) + (j < readers ? Routing.READ : 0));
            float gate = e.get(control.get(eAt) + t * partitions + p);
            weight.set(row, gates >= 2 ? gate : 1f);
            weight.set(capacity * (1 + width) + row, gates % 2 == 1 ? gate : 1f);
            tokenRow.set(t * width + j, row);
            row++;
          }
        }
      }
    }
  }

  /** Where the selections of a partition would begin, were no sequence before this one. */
  private static int place(IntArray segments, IntArray bounds, int s, int p, int partitions) {
    return segments.get(2 * (s * (partitions + 1) + 1 + p)) - bounds.get(s * partitions + p);
  }
}
