package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Routing of tokens to partitions, see docs/mathematics.md sections 1 and 4. */
public final class Routing {
  /** Bit of a row's mode: the row is written. */
  public static final int WRITTEN = 1;

  /** Bit of a row's mode: the row is read. */
  public static final int READ = 2;

  private Routing() {}

  /**
   * e = softmax(η), and the M largest of each token (equal values: lower index first).
   *
   * @param control see {@link Control}
   * @param low [L, ld] with η from column {@code column} on
   * @param lowAt base of low
   * @param ld row stride of low
   * @param column first column of η
   * @param e output [L, N]
   * @param eAt base of e
   * @param top output [L, M]
   * @param topAt base of top
   * @param partitions N
   * @param width M
   * @param capacity largest number of tokens
   */
  public static void route(
      IntArray control,
      FloatArray low,
      int lowAt,
      int ld,
      int column,
      FloatArray e,
      int eAt,
      IntArray top,
      int topAt,
      int partitions,
      int width,
      int capacity) {
    for (@Parallel int t = 0; t < (capacity & LoopBound.MASK); t++) {
      if (t < control.get(Control.TOKENS)) {
        int from = control.get(lowAt) + t * ld + column;
        int to = control.get(eAt) + t * partitions;
        int first = control.get(topAt) + t * width;
        float max = low.get(from);
        for (int i = 1; i < partitions; i++) {
          max = TornadoMath.max(max, low.get(from + i));
        }
        float sum = 0f;
        for (int i = 0; i < partitions; i++) {
          float value = TornadoMath.exp(low.get(from + i) - max);
          sum += value;
          e.set(to + i, value);
        }
        for (int i = 0; i < partitions; i++) {
          e.set(to + i, e.get(to + i) / sum);
        }
        int last = -1;
        float lastValue = 0f;
        for (int j = 0; j < width; j++) {
          int best = -1;
          float bestValue = 0f;
          for (int i = 0; i < partitions; i++) {
            float x = e.get(to + i);
            int after = Logits.follows(x, i, lastValue, last);
            int better = (best < 0 ? 1 : 0) + (x > bestValue ? 1 : 0);
            if (after * better > 0) {
              best = i;
              bestValue = x;
            }
          }
          // Without a largest (every e is NaN) still a partition that exists.
          last = TornadoMath.max(best, 0);
          top.set(first + j, last);
          lastValue = bestValue;
        }
      }
    }
  }

  /**
   * Rows of the always-selected partition: row t is token t, both its weights are 1.
   *
   * @param control see {@link Control}
   * @param token output [R]
   * @param mode output [R]
   * @param weight output [2, R]
   * @param part mode of the rows
   * @param capacity largest number of tokens
   * @param width M
   */
  public static void tokenRows(
      IntArray control,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      int part,
      int capacity,
      int width) {
    for (@Parallel int t = 0; t < (capacity & LoopBound.MASK); t++) {
      if (t < control.get(Control.TOKENS)) {
        token.set(t, t);
        mode.set(t, part);
        weight.set(t, 1f);
        weight.set(capacity * (1 + width) + t, 1f);
      }
    }
  }

  /**
   * Segments of the always-selected partition: the sequences themselves.
   *
   * @param control see {@link Control}
   * @param cu [S + 1] bounds of the sequences
   * @param segments [2·S·parts], entries of partition 0 are written
   * @param parts N + 1
   * @param sequences largest number of sequences
   */
  public static void tokenSegments(
      IntArray control, IntArray cu, IntArray segments, int parts, int sequences) {
    for (@Parallel int s = 0; s < (sequences & LoopBound.MASK); s++) {
      if (s < control.get(Control.SEQUENCES)) {
        segments.set(2 * s * parts, cu.get(s));
        segments.set(2 * s * parts + 1, cu.get(s + 1));
      }
    }
  }

  /**
   * Rows and segments of the sparse partitions: a stable counting sort of each sequence's
   * selections. A segment's end serves as its counter.
   *
   * @param control see {@link Control}
   * @param e [L, N]
   * @param eAt base of e
   * @param top [L, M]
   * @param topAt base of top
   * @param cu [S + 1] bounds of the sequences
   * @param token output [R]
   * @param mode output [R]
   * @param weight output [2, R]
   * @param tokenRow output [capacity·M]
   * @param segments [2·S·(N + 1)], entries of the sparse partitions are written
   * @param partitions N
   * @param width M
   * @param writers partitions that a token writes, by rank
   * @param readers partitions that a token reads, by rank
   * @param writeGate 1 to multiply keys by e
   * @param readGate 1 to multiply queries by e
   * @param capacity largest number of tokens
   * @param sequences largest number of sequences
   */
  public static void sparseRows(
      IntArray control,
      FloatArray e,
      int eAt,
      IntArray top,
      int topAt,
      IntArray cu,
      IntArray token,
      IntArray mode,
      FloatArray weight,
      IntArray tokenRow,
      IntArray segments,
      int partitions,
      int width,
      int writers,
      int readers,
      int writeGate,
      int readGate,
      int capacity,
      int sequences) {
    for (@Parallel int s = 0; s < (sequences & LoopBound.MASK); s++) {
      if (s < control.get(Control.SEQUENCES)) {
        int ti = control.get(topAt);
        int ei = control.get(eAt);
        int begin = cu.get(s);
        int end = cu.get(s + 1);
        int first = 2 * s * (partitions + 1) + 2;
        for (int p = 0; p < partitions; p++) {
          segments.set(first + 2 * p + 1, 0);
        }
        for (int i = begin * width; i < end * width; i++) {
          int counter = first + 2 * top.get(ti + i) + 1;
          segments.set(counter, segments.get(counter) + 1);
        }
        int next = capacity + begin * width;
        for (int p = 0; p < partitions; p++) {
          int count = segments.get(first + 2 * p + 1);
          segments.set(first + 2 * p, next);
          segments.set(first + 2 * p + 1, next);
          next += count;
        }
        for (int t = begin; t < end; t++) {
          for (int j = 0; j < width; j++) {
            int p = top.get(ti + t * width + j);
            int counter = first + 2 * p + 1;
            int row = segments.get(counter);
            segments.set(counter, row + 1);
            token.set(row, t);
            mode.set(row, (j < writers ? WRITTEN : 0) + (j < readers ? READ : 0));
            float gate = e.get(ei + t * partitions + p);
            weight.set(row, readGate == 1 ? gate : 1f);
            weight.set(capacity * (1 + width) + row, writeGate == 1 ? gate : 1f);
            tokenRow.set(t * width + j, row);
          }
        }
      }
    }
  }

  /**
   * Partial sums of the balance loss over blocks of tokens: [blocks, 2·N], first how many tokens
   * write each partition, then Σ e.
   *
   * @param control see {@link Control}
   * @param e [L, N]
   * @param eAt base of e
   * @param top [L, M]
   * @param topAt base of top
   * @param partial output [blocks, 2·N]
   * @param partitions N
   * @param width M
   * @param writers partitions that a token writes
   * @param blocks ⌈capacity/64⌉
   */
  public static void loadBlocks(
      IntArray control,
      FloatArray e,
      int eAt,
      IntArray top,
      int topAt,
      FloatArray partial,
      int partitions,
      int width,
      int writers,
      int blocks) {
    for (@Parallel int b = 0; b < blocks; b++) {
      for (@Parallel int i = 0; i < partitions; i++) {
        int begin = b * Sums.TOKENS_PER_BLOCK;
        int end = TornadoMath.min(begin + Sums.TOKENS_PER_BLOCK, control.get(Control.TOKENS));
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
  }

  /**
   * Means over tokens and the balance loss (N/writers)·Σ_i load_i·mean_i.
   *
   * @param control see {@link Control}
   * @param partial [blocks, 2·N]
   * @param load output [2·N]
   * @param loadAt base of load
   * @param aux output [1]
   * @param auxAt base of aux
   * @param partitions N
   * @param writers partitions that a token writes
   */
  public static void balance(
      IntArray control,
      FloatArray partial,
      FloatArray load,
      int loadAt,
      FloatArray aux,
      int auxAt,
      int partitions,
      int writers) {
    for (@Parallel int one = 0; one < 1; one++) {
      int tokens = control.get(Control.TOKENS);
      int blocks = (tokens + Sums.TOKENS_PER_BLOCK - 1) / Sums.TOKENS_PER_BLOCK;
      int li = control.get(loadAt);
      for (int i = 0; i < 2 * partitions; i++) {
        float sum = 0f;
        for (int b = 0; b < blocks; b++) {
          sum += partial.get(2 * b * partitions + i);
        }
        load.set(li + i, sum / tokens);
      }
      float dot = 0f;
      for (int i = 0; i < partitions; i++) {
        dot += load.get(li + i) * load.get(li + partitions + i);
      }
      aux.set(control.get(auxAt), dot * partitions / writers);
    }
  }

  /**
   * dη from the gradient of e at the selected partitions and from the balance loss.
   *
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
   * @param capacity largest number of tokens
   */
  public static void gradient(
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
      int writers,
      int capacity) {
    for (@Parallel int t = 0; t < (capacity & LoopBound.MASK); t++) {
      int tokens = control.get(Control.TOKENS);
      if (t < tokens) {
        int ei = control.get(eAt) + t * partitions;
        int ti = control.get(topAt) + t * width;
        int di = control.get(dTopAt) + t * width;
        int li = control.get(loadAt);
        int to = control.get(dLowAt) + t * ld + column;
        float balance = scale.get(1) * partitions / writers / tokens;
        float dot = 0f;
        for (int i = 0; i < partitions; i++) {
          dot += e.get(ei + i) * balance * load.get(li + i);
        }
        for (int j = 0; j < width; j++) {
          dot += e.get(ei + top.get(ti + j)) * dTop.get(di + j);
        }
        for (int i = 0; i < partitions; i++) {
          float d = balance * load.get(li + i);
          for (int j = 0; j < width; j++) {
            d += top.get(ti + j) == i ? dTop.get(di + j) : 0f;
          }
          dLow.set(to + i, e.get(ei + i) * (d - dot));
        }
      }
    }
  }
}
