package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Routing of tokens to partitions and the balance loss. */
public final class Routing {
  /** Items of a token of {@link #route}. */
  private static final int LANES = Heads.LANES;

  /** Largest group of the sums. */
  public static final int MOST_ITEMS = 256;

  private Routing() {}

  /**
   * e = softmax(η), and the M largest of each token (equal values: lower index first). A partition
   * finds its rank by counting who comes before it. Groups: those of {@link Heads} for one head.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param low [L, ld] with η from column {@code column} on
   * @param lowAt base of low
   * @param e output [L, N]
   * @param eAt base of e
   * @param top output [L, M]
   * @param topAt base of top
   * @param ld row stride of low
   * @param column first column of η
   * @param partitions N
   * @param width M
   */
  public static void route(
      KernelContext context,
      IntArray control,
      FloatArray low,
      int lowAt,
      FloatArray e,
      int eAt,
      IntArray top,
      int topAt,
      int ld,
      int column,
      int partitions,
      int width) {
    float[] largest = context.allocateFloatLocalArray(Heads.ITEMS);
    float[] sums = context.allocateFloatLocalArray(Heads.ITEMS);
    int item = context.localIdx;
    int lane = item % LANES;
    int from = item - lane;
    int first = context.groupIdx * Heads.TOKENS;
    int tokens = control.get(Control.TOKENS);
    // Items without a token read the last one's and write nothing.
    int t = TornadoMath.min(first + item / LANES, tokens - 1);
    int own = first + item / LANES < tokens ? 1 : 0;
    if (first < tokens) {
      int at = control.get(lowAt) + t * ld + column;
      int to = control.get(eAt) + t * partitions;
      float max = low.get(at);
      for (int i = lane; i < partitions; i += LANES) {
        max = TornadoMath.max(max, low.get(at + i));
      }
      largest[item] = max;
      context.localBarrier();
      for (int i = 0; i < LANES; i++) {
        max = TornadoMath.max(max, largest[from + i]);
      }
      float sum = 0f;
      for (int i = lane; i < partitions; i += LANES) {
        sum += TornadoMath.exp(low.get(at + i) - max);
      }
      sums[item] = sum;
      context.localBarrier();
      float total = 0f;
      for (int i = 0; i < LANES; i++) {
        total += sums[from + i];
      }
      if (own == 1) {
        for (int i = lane; i < partitions; i += LANES) {
          e.set(to + i, TornadoMath.exp(low.get(at + i) - max) / total);
        }
      }
      context.globalBarrier();
      if (own == 1) {
        for (int i = lane; i < partitions; i += LANES) {
          float x = e.get(to + i);
          int rank = 0;
          for (int other = 0; other < partitions; other++) {
            float y = e.get(to + other);
            // Neither is larger if they are equal, or NaN as all of them are then.
            int less = x > y ? 1 : 0;
            int lower = other < i ? 1 : 0;
            rank += y > x ? 1 : (1 - less) * lower;
          }
          if (rank < width) {
            top.set(control.get(topAt) + t * width + rank, i);
          }
        }
      }
    }
  }

  /**
   * Partial sums of the balance loss over blocks of tokens: [blocks, 2·N], first how many tokens
   * write each partition, then Σ e; blocks behind the last token are left alone. Groups: enough for
   * an item each block and partition.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param e [L, N]
   * @param eAt base of e
   * @param top [L, M]
   * @param topAt base of top
   * @param partial output [blocks, 2·N]
   * @param partitions N
   * @param width M
   * @param writers partitions that a token writes
   */
  public static void loadBlocks(
      KernelContext context,
      IntArray control,
      FloatArray e,
      int eAt,
      IntArray top,
      int topAt,
      FloatArray partial,
      int partitions,
      int width,
      int writers) {
    int i = context.globalIdx % partitions;
    int b = context.globalIdx / partitions;
    int begin = b * Sums.TOKENS;
    int end = TornadoMath.min(begin + Sums.TOKENS, control.get(Control.TOKENS));
    if (begin < end) {
      int count = 0;
      float sum = 0f;
      for (int t = begin; t < end; t++) {
        for (int j = 0; j < writers; j++) {
          count += top.get(control.get(topAt) + t * width + j) == i ? 1 : 0;
        }
        sum += e.get(control.get(eAt) + t * partitions + i);
      }
      partial.set(2 * b * partitions + i, count);
      partial.set((2 * b + 1) * partitions + i, sum);
    }
  }

  /**
   * Means over tokens. Groups: one each column of partial, of a power of two of items.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param partial [blocks, 2·N]
   * @param load output [2·N]
   * @param loadAt base of load
   * @param columns 2·N
   */
  public static void means(
      KernelContext context,
      IntArray control,
      FloatArray partial,
      FloatArray load,
      int loadAt,
      int columns) {
    float[] sums = context.allocateFloatLocalArray(MOST_ITEMS);
    int item = context.localIdx;
    int items = context.localGroupSizeX;
    int i = context.groupIdx;
    int tokens = control.get(Control.TOKENS);
    int blocks = (tokens + Sums.TOKENS - 1) / Sums.TOKENS;
    float sum = 0f;
    for (int b = item; b < blocks; b += items) {
      sum += partial.get(b * columns + i);
    }
    sums[item] = sum;
    for (int half = items / 2; half > 0; half = half / 2) {
      context.localBarrier();
      if (item < half) {
        sums[item] += sums[item + half];
      }
    }
    if (item == 0) {
      load.set(control.get(loadAt) + i, sums[0] / tokens);
    }
  }

  /**
   * The balance loss (N/writers)·Σ_i load_i·mean_i. One item.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param load [2·N]
   * @param loadAt base of load
   * @param aux output [1]
   * @param auxAt base of aux
   * @param partitions N
   * @param writers partitions that a token writes
   */
  public static void balance(
      KernelContext context,
      IntArray control,
      FloatArray load,
      int loadAt,
      FloatArray aux,
      int auxAt,
      int partitions,
      int writers) {
    int li = control.get(loadAt);
    float dot = 0f;
    for (int i = context.globalIdx; i < partitions; i++) {
      dot += load.get(li + i) * load.get(li + partitions + i);
    }
    aux.set(control.get(auxAt), dot * partitions / writers);
  }

  /**
   * dη from the gradient of e at the selected partitions and from the balance loss. Groups: those
   * of {@link Heads} for one head.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param e [L, N]
   * @param eAt base of e
   * @param top [L, M]
   * @param topAt base of top
   * @param dTop [L, M]
   * @param dTopAt base of dTop
   * @param load [2·N] of the forward pass
   * @param loadAt base of load
   * @param scale element 1 is the gradient of the balance loss
   * @param dLow [L, ld], columns {@code column} to column + N − 1 are written
   * @param dLowAt base of dLow
   * @param ld row stride of dLow
   * @param column first column of η
   * @param partitions N
   * @param width M
   * @param writers partitions that a token writes
   */
  public static void gradient(
      KernelContext context,
      IntArray control,
      FloatArray e,
      int eAt,
      IntArray top,
      int topAt,
      FloatArray dTop,
      int dTopAt,
      FloatArray load,
      int loadAt,
      FloatArray scale,
      FloatArray dLow,
      int dLowAt,
      int ld,
      int column,
      int partitions,
      int width,
      int writers) {
    float[] dots = context.allocateFloatLocalArray(Heads.ITEMS);
    int item = context.localIdx;
    int lane = item % LANES;
    int from = item - lane;
    int first = context.groupIdx * Heads.TOKENS;
    int tokens = control.get(Control.TOKENS);
    // Items without a token read the last one's and write nothing.
    int t = TornadoMath.min(first + item / LANES, tokens - 1);
    int own = first + item / LANES < tokens ? 1 : 0;
    if (first < tokens) {
      int ei = control.get(eAt) + t * partitions;
      int ti = control.get(topAt) + t * width;
      int di = control.get(dTopAt) + t * width;
      int li = control.get(loadAt);
      int to = control.get(dLowAt) + t * ld + column;
      float balance = scale.get(1) * partitions / writers / tokens;
      float dot = 0f;
      for (int i = lane; i < partitions; i += LANES) {
        float d = balance * load.get(li + i);
        for (int j = 0; j < width; j++) {
          d += top.get(ti + j) == i ? dTop.get(di + j) : 0f;
        }
        dot += e.get(ei + i) * d;
      }
      dots[item] = dot;
      context.localBarrier();
      float along = 0f;
      for (int i = 0; i < LANES; i++) {
        along += dots[from + i];
      }
      if (own == 1) {
        for (int i = lane; i < partitions; i += LANES) {
          float d = balance * load.get(li + i);
          for (int j = 0; j < width; j++) {
            d += top.get(ti + j) == i ? dTop.get(di + j) : 0f;
          }
          dLow.set(to + i, e.get(ei + i) * (d - along));
        }
      }
    }
  }
}
