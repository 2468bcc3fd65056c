package io.github.tornadosse.kernels.vector;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Sums what the rows of each token read, and norms and gates the sum. Rows have no array of their
 * own; where no backward pass needs the sums, neither have they, and all is done in the mixer's
 * output.
 *
 * <p>A token's row of the always-selected partition and its sparse row of rank 0 may come in either
 * order, from different threads. The first is stored, the second is added; a sum of two numbers
 * does not depend on their order, so neither do results. Rows of further ranks wait in an array
 * until all are there, and are then added in the order of ranks.
 */
public final class TokenSums implements RowOutputs {
  private static final VarHandle MARKS = MethodHandles.arrayElementVarHandle(int[].class);

  /**
   * Tokens of a group, to which one thread adds at a time. Taking a group waits for all that the
   * thread has stored before, so that a chunk should not take many.
   */
  private static final int GROUP = 512;

  /** Ints of a group: whether it is taken, and a bit for each token that has its first row. */
  private static final int MARKS_OF_GROUP = 1 + GROUP / Integer.SIZE;

  /** How often a thread looks before it lets others run, as the one that it waits for may. */
  private static final int SPINS = 200;

  private final int[] token;
  private final int[] tokenRow;
  private final float[] gate;
  private final int gateAt;
  private final float[] w;
  private final int wAt;
  private final float[] further; // [reads - 1, H, capacity, V]
  private final int[] marks; // [H, groups, MARKS_OF_GROUP]
  private final float[] sums; // [H, capacity, V]; null if they are in y
  private final int sumsAt;
  private final float[] y; // [L, H, V]
  private final int yAt;
  private final boolean gated;
  private final int width;
  private final int reads;
  private final int heads;
  private final int value;
  private final int valueDim;
  private final int capacity;
  private final float eps;
  private final int groups;

  /**
   * Begins an execution.
   *
   * @param control see {@code Control}
   * @param token [R] token of each row
   * @param tokenRow [capacity·M] rows of each token
   * @param gate [L, H·V]; unused without an output gate
   * @param w [valueDim]
   * @param layout see {@link OutputLayout}
   * @param eps added to the mean square
   * @param further scratch, [READS − 1, H, capacity, V]
   * @param marks scratch, {@link #marks} ints
   * @param sums [H, capacity, V]; unused if the layout says so
   * @param y [L, H·V]
   */
  TokenSums(
      IntArray control,
      IntArray token,
      IntArray tokenRow,
      FloatArray gate,
      FloatArray w,
      IntArray layout,
      float eps,
      FloatArray further,
      IntArray marks,
      FloatArray sums,
      FloatArray y) {
    this.token = HeapAccess.ints(token);
    this.tokenRow = HeapAccess.ints(tokenRow);
    this.gate = HeapAccess.floats(gate);
    this.w = HeapAccess.floats(w);
    this.further = HeapAccess.floats(further);
    this.marks = HeapAccess.ints(marks);
    boolean summed = layout.get(OutputLayout.SUMMED) == 1;
    this.sums = summed ? HeapAccess.floats(sums) : null;
    sumsAt = summed ? control.get(layout.get(OutputLayout.SUMS_AT)) : 0;
    this.y = HeapAccess.floats(y);
    this.eps = eps;
    gated = layout.get(OutputLayout.GATED) == 1;
    gateAt = control.get(layout.get(OutputLayout.GATE_AT));
    wAt = control.get(layout.get(OutputLayout.W_AT));
    yAt = control.get(layout.get(OutputLayout.Y_AT));
    width = layout.get(OutputLayout.WIDTH);
    reads = layout.get(OutputLayout.READS);
    heads = layout.get(OutputLayout.HEADS);
    value = layout.get(OutputLayout.VALUE);
    valueDim = layout.get(OutputLayout.VALUE_DIM);
    capacity = layout.get(OutputLayout.CAPACITY);
    groups = Blocks.count(capacity, GROUP);
    if (width > 0) Arrays.fill(this.marks, 0, heads * groups * MARKS_OF_GROUP, 0);
  }

  /**
   * Size of the scratch array of marks.
   *
   * @param heads H
   * @param capacity stride of the token arrays
   * @return number of ints
   */
  public static long marks(int heads, int capacity) {
    return (long) heads * Blocks.count(capacity, GROUP) * MARKS_OF_GROUP;
  }

  @Override
  public float[] array() {
    return Scratch.floats(Scratch.ROWS, GlaChunk.C * value);
  }

  @Override
  public int at(int head, int row) {
    return 0;
  }

  /** Sparse rows are added here and there; the others are written in the order of tokens. */
  @Override
  public float touch(int head, int row) {
    return row < capacity ? 0 : GlaRows.touch(sums(), sumAt(token[row], head), value);
  }

  @Override
  public void done(int head, int row, int n) {
    float[] rows = array();
    if (width == 0) {
      for (int i = 0; i < n; i++) {
        int t = token[row + i];
        if (sums != null) System.arraycopy(rows, i * value, sums, sumAt(t, head), value);
        finish(rows, i * value, t, head);
      }
      return;
    }
    int held = -1;
    for (int i = 0; i < n; i++) {
      int t = token[row + i];
      int rank = row < capacity ? 0 : rank(t, row + i);
      if (rank == 0) {
        int group = (head * groups + t / GROUP) * MARKS_OF_GROUP;
        if (group != held) {
          if (held >= 0) MARKS.setRelease(marks, held, 0);
          take(group);
          held = group;
        }
        int mark = group + 1 + t % GROUP / Integer.SIZE;
        int bit = 1 << t % Integer.SIZE;
        add(rows, i * value, t, head, (marks[mark] & bit) == 0);
        marks[mark] |= bit;
      } else if (rank < reads) {
        System.arraycopy(rows, i * value, further, furtherAt(rank, head, t), value);
      }
    }
    if (held >= 0) MARKS.setRelease(marks, held, 0);
  }

  /** The rank of a token's sparse row; that of rows that are not read if it is none of those. */
  private int rank(int t, int row) {
    int rank = 0;
    while (rank < reads && tokenRow[t * width + rank] != row) rank++;
    return rank;
  }

  private int furtherAt(int rank, int head, int t) {
    return (((rank - 1) * heads + head) * capacity + t) * value;
  }

  private int outputAt(int t, int head) {
    return (t * heads + head) * value;
  }

  /** Where sums are. */
  private float[] sums() {
    return sums == null ? y : sums;
  }

  private int sumAt(int t, int head) {
    return sums == null ? yAt + outputAt(t, head) : sumsAt + (head * capacity + t) * value;
  }

  /** Waits until no other thread has the group. */
  private void take(int group) {
    for (int spins = 1; !MARKS.weakCompareAndSetAcquire(marks, group, 0, 1); spins++) {
      while ((int) MARKS.getOpaque(marks, group) != 0) {
        if (spins++ % SPINS == 0) Thread.yield();
        Thread.onSpinWait();
      }
    }
  }

  private void add(float[] rows, int i, int t, int head, boolean first) {
    float[] to = sums();
    int at = sumAt(t, head);
    if (first) {
      System.arraycopy(rows, i, to, at, value);
    } else if (reads > 1) {
      Lanes.add(rows, i, to, at, to, at, value);
    } else {
      // The output's own element is written once, by finish.
      float[] sum = sums == null ? rows : sums;
      int sumAt = sums == null ? i : at;
      Lanes.add(rows, i, to, at, sum, sumAt, value);
      finish(sum, sumAt, t, head);
    }
  }

  /** y = RMSNorm over each value head of the sum at i · w · SiLU(gate). */
  private void finish(float[] sum, int i, int t, int head) {
    int at = outputAt(t, head);
    for (int c = 0; c < value; c += valueDim) {
      float r = Norms.reciprocal(Lanes.squares(sum, i + c, valueDim), valueDim, eps);
      Norms.normaliseRow(sum, i + c, w, wAt, r, y, yAt + at + c, valueDim);
    }
    if (gated) MixerOutput.gateRow(gate, gateAt + at, y, yAt + at, value);
  }

  /** Adds the rows of further ranks, once all rows are there. */
  void finish(int tokens) {
    if (reads <= 1 || width == 0) return;
    Blocks.forEach(
        tokens,
        Blocks.rows(heads * value, Blocks.COSTLY),
        (from, to) -> {
          for (int u = from * heads; u < to * heads; u++) {
            int t = u / heads;
            int head = u % heads;
            float[] sum = sums();
            int at = sumAt(t, head);
            for (int rank = 1; rank < reads; rank++) {
              Lanes.add(sum, at, further, furtherAt(rank, head, t), sum, at, value);
            }
            finish(sum, at, t, head);
          }
        });
  }
}
