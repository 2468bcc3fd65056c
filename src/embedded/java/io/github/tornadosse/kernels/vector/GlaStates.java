package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.GlaChunk.C;
import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK;
import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The states on the way through a segment, transposed, as one worker's backward pass needs them:
 * from the last pair of chunks to the first, the state before the pair and that between its chunks.
 *
 * <p>The states before pairs are those that {@link GlaForward} has kept; where it has kept none, a
 * sweep forward computes them again, to the same bits: chunk by chunk, with every element's factors
 * and sums in the order of the forward pass. A state per chunk would take longer to write and read
 * than that between the two takes to compute. The sweep keeps at most {@link #KEPT_BYTES}: of a
 * longer segment the state before every so many pairs, a group, at first, and the others group by
 * group.
 */
final class GlaStates {
  /** Rows of a pair of chunks. */
  static final int PAIR = 2 * C;

  /** Most memory for the states that a sweep keeps. */
  private static final int KEPT_BYTES = 32 << 20;

  private final int key;
  private final int value;
  private final int kp; // K padded to whole panels
  private final int vp; // V padded to whole panels
  private final int
      ldk; // row strides: an odd number of vectors, so that columns spread in the cache
  private final int ldv;
  private final int group; // pairs whose states are kept at a time
  private final Step first;
  private final Step second;
  private final float[] running; // [kp] decay since the sub-chunk's start
  private final float[] between; // [kp / NR, vp, NR]
  private final float[] square = new float[BLOCK * BLOCK];
  private final GlaDirect direct;
  private final GlaChunk ahead = new GlaChunk(); // rows that come next
  private final GlaChunk further = new GlaChunk(); // those after them
  private float[][] starts = new float[0][]; // before the first pair of each group
  private float[][] inGroup = new float[0][]; // before each pair of one group but its first

  /** Keeps the reads that bring rows into the cache alive. */
  private float touched;

  private GlaInputs x;
  private int head;
  private int begin;
  private int end;
  private boolean carried;
  private float[] kept;
  private int keptAt;
  private int swept; // the group that inGroup is of

  /** One chunk's part in the state after it. */
  private final class Step {
    final GlaChunk chunk = new GlaChunk();
    final float[] keys = new float[C * ldk]; // [C, ldk] k to the chunk's end
    final float[] values = new float[C * ldv]; // [C, ldv]
    final float[] total = new float[kp]; // decay over the chunk
  }

  GlaStates(int key, int value) {
    this(key, value, KEPT_BYTES);
  }

  /**
   * Scratch whose sweep keeps other states than usual.
   *
   * @param keptBytes most memory for the states of a group, but two are always kept
   */
  GlaStates(int key, int value, int keptBytes) {
    this.key = key;
    this.value = value;
    kp = MicroKernels.panels(key) * NR;
    vp = MicroKernels.panels(value) * NR;
    ldk = kp + L;
    ldv = vp + L;
    group = Math.max(2, (int) (keptBytes / (4L * kp * vp)));
    first = new Step();
    second = new Step();
    running = new float[kp];
    between = new float[kp * vp];
    direct = new GlaDirect(key, kp);
  }

  /** Floats of a state that {@link GlaForward} keeps, and of a state's gradient. */
  static int size(int key, int value) {
    return MicroKernels.panels(key) * NR * MicroKernels.panels(value) * NR;
  }

  /** How many states it keeps on the way through rows: one before each pair but the first. */
  static int keptOf(int rows) {
    return Math.max(0, rows - 1) / PAIR;
  }

  /**
   * Goes over to another segment, until {@link #release}.
   *
   * @param begin first row
   * @param end row after the last
   * @param initial holds the initial state [K, V]; null if that is zero
   * @param initialAt where it begins
   * @param kept what the forward pass has kept [{@link #keptOf}, vp / NR, kp, NR]; null if nothing
   * @param keptAt where that begins
   */
  void segment(
      GlaInputs x,
      int head,
      int begin,
      int end,
      float[] initial,
      int initialAt,
      float[] kept,
      int keptAt) {
    this.x = x;
    this.head = head;
    this.begin = begin;
    this.end = end;
    this.kept = kept;
    this.keptAt = keptAt;
    carried = initial != null;
    swept = -1;
    int pairs = Blocks.count(end - begin, PAIR);
    int groups = kept == null ? Blocks.count(pairs, group) : 1;
    starts = reserve(starts, groups);
    inGroup = reserve(inGroup, kept == null ? Math.min(group, pairs) - 1 : 1);
    if (carried) {
      GlaState.unpack(initial, initialAt, key, value, between, kp);
      Transpose.panels(between, 0, starts[0], kp, vp, square);
    }
    for (int j = 0; j < (groups - 1) * group; j++) {
      int of = j / group;
      pair(j, j % group == 0 ? starts[of] : starts[of + 1], starts[of + 1]);
    }
  }

  /** Lets go of the arrays of the segment. */
  void release() {
    x = null;
    kept = null;
  }

  private float[][] reserve(float[][] states, int count) {
    if (states.length >= count) return states;
    float[][] more = Arrays.copyOf(states, count);
    for (int i = states.length; i < count; i++) more[i] = new float[kp * vp];
    return more;
  }

  /**
   * The state before a pair; anything if the segment begins with it from zero.
   *
   * @return [kp / NR, vp, NR], until this is called again
   */
  float[] before(int pair) {
    if (kept != null && pair == 0) return starts[0];
    if (kept != null) {
      Transpose.panels(kept, keptAt + (pair - 1) * kp * vp, inGroup[0], kp, vp, square);
      return inGroup[0];
    }
    int of = pair / group;
    int start = of * group;
    if (of != swept) {
      int last = Math.min(Blocks.count(end - begin, PAIR), start + group) - 1;
      for (int j = start; j < last; j++) {
        pair(j, j == start ? starts[of] : inGroup[j - start - 1], inGroup[j - start]);
      }
      swept = of;
    }
    return pair == start ? starts[of] : inGroup[pair - start - 1];
  }

  /**
   * The state after the first chunk of a pair.
   *
   * @param before what {@link #before} returned
   * @return [kp / NR, vp, NR], until this is called again
   */
  float[] between(int pair, float[] before) {
    int row = begin + pair * PAIR;
    prepare(first, row);
    ahead.load(x, head, end, end);
    further.load(x, head, end, end);
    advance(false, carried || pair > 0 ? before : null, between);
    return between;
  }

  /** Takes a state across a whole pair. */
  private void pair(int pair, float[] from, float[] to) {
    int row = begin + pair * PAIR;
    prepare(first, row);
    prepare(second, row + C);
    ahead.load(x, head, row + PAIR, end);
    further.load(x, head, row + PAIR + C, end);
    advance(true, carried || pair > 0 ? from : null, to);
  }

  /** Loads a chunk, its k scaled to its end as {@link GlaForward} scales them, and its decay. */
  private void prepare(Step s, int row) {
    GlaChunk c = s.chunk;
    c.load(x, head, row, end);
    Arrays.fill(s.total, 1);
    for (int b = 0; b < c.n; b += BLOCK) {
      Arrays.fill(running, 1);
      int last = Math.min(c.n, b + BLOCK);
      for (int i = b; i < last; i++) {
        keyRow(x.k(), x.g(), c.keyAt[i], c.write[i], c.written[i], running, s.keys, i * ldk, key);
        GlaRows.scaled(x.v(), c.valueAt[i], 1, s.values, i * ldv, value);
      }
      boolean strong = GlaRows.min(running, 0, kp) < GlaForward.SAFE_DECAY;
      if (strong) direct.keysToEnd(x, c, b, s.keys, ldk);
      int scaled = strong ? b : last;
      for (int j = 0; j < scaled; j++) GlaRows.multiply(s.keys, j * ldk, running, 0, kp);
      GlaRows.multiply(s.total, 0, running, 0, kp);
    }
  }

  /** One row: advances the decay since the sub-chunk's start, k divided by it. */
  private static void keyRow(
      float[] k,
      float[] g,
      int at,
      float kFactor,
      float gFactor,
      float[] running,
      float[] to,
      int toAt,
      int n) {
    int j = 0;
    for (; j + L <= n; j += L) {
      FloatVector e =
          VectorMath.exp(FloatVector.fromArray(F, g, at + j).mul(gFactor))
              .mul(FloatVector.fromArray(F, running, j));
      e.intoArray(running, j);
      FloatVector.fromArray(F, k, at + j).mul(kFactor).div(e).intoArray(to, toAt + j);
    }
    if (j < n) {
      VectorMask<Float> m = VectorMath.tail(j, n);
      FloatVector e =
          VectorMath.exp(FloatVector.fromArray(F, g, at + j, m).mul(gFactor))
              .mul(FloatVector.fromArray(F, running, j));
      e.intoArray(running, j);
      FloatVector.fromArray(F, k, at + j, m).mul(kFactor).div(e).intoArray(to, toAt + j);
    }
  }

  /**
   * Takes a state across the first chunk, or across both: a part of the state at a time, which is
   * still in the cache for the second.
   *
   * @param from the state before; null if that is zero
   * @param to the state after; may be from
   */
  private void advance(boolean both, float[] from, float[] to) {
    for (int p = 0; p < kp; p += NR) {
      for (int i = 0; i < vp; i += BLOCK) {
        int m = Math.min(BLOCK, vp - i);
        int at = p * vp + i * NR;
        if (from == null) {
          ColumnMicroKernels.colsSet(
              m, first.chunk.n, first.values, i, ldv, first.keys, p, ldk, to, at, NR);
        } else {
          add(first, m, i, p, from, to);
        }
        if (both) add(second, m, i, p, to, to);
        touch(ahead, at, m * NR);
        touch(further, at, m * NR);
      }
    }
  }

  /** Rows i to i + m − 1 of the state's panel p / NR: scaled by the decay, and a chunk's part. */
  private void add(Step s, int m, int i, int p, float[] from, float[] to) {
    int at = p * vp + i * NR;
    ColumnMicroKernels.colsScaleColumns(
        m, s.chunk.n, s.values, i, ldv, s.keys, p, ldk, from, to, at, NR, s.total, p);
  }

  /** Reads a share of the rows that the sweep needs next, so that they come while products run. */
  private void touch(GlaChunk c, int done, int step) {
    float t = 0;
    int last = (done + step) * c.n / (kp * vp);
    for (int i = done * c.n / (kp * vp); i < last; i++) {
      t += GlaRows.touch(x.k(), c.keyAt[i], key) + GlaRows.touch(x.g(), c.keyAt[i], key);
      t += GlaRows.touch(x.v(), c.valueAt[i], value);
    }
    touched = t;
  }
}
