package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.GlaChunk.C;
import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK;
import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK_PANEL;
import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * One worker's forward pass over segments, chunk by chunk (docs/mathematics.md section 2), and its
 * scratch memory: O(K·V + C·(K + V)) floats whatever the length.
 *
 * <p>No factor of the products overflows under any decay. Rows of q are scaled to the start of
 * their sub-chunk, {@code q·exp(b_i − r_I)}; rows of k are scaled forward step by step, to the
 * start of sub-chunk I when its scores are built and to the end of the chunk at last, where they
 * are what the state's update needs. Only inside a sub-chunk k is divided by its decay; where that
 * could overflow {@link GlaDirect} takes the sub-chunk. Decays are running products of exp(g), not
 * exponentials of sums, so a strong decay costs its weak neighbours no accuracy.
 */
final class GlaForward {
  /** Decay over a sub-chunk (about e^−40) below which its scores are evaluated directly. */
  static final float SAFE_DECAY = 4e-18f;

  /** Longest segment that goes token by token when it carries a state. */
  private static final int FEW = 4;

  /** Rows of the next chunk that are read at a time: one wait for memory for all of them. */
  private static final int AHEAD = 4;

  /** Most bytes of states that take turns; they have to stay in the cache. */
  private static final int STATES_TOGETHER = 2 << 20;

  private static final int BLOCKS = C / BLOCK;

  private final int key;
  private final int value;
  private final int kp; // padded K
  private final int panels;
  private final float[] own; // [panels, kp, NR]
  private final float[] values; // [panels, C, NR]
  private final float[] qBlock; // [16, kp] q to the start of one sub-chunk
  private final float[]
      qColumns; // [BLOCKS, 16 / P, kp, P] q to its sub-chunk's, then chunk's start
  private final float[] keys; // [C, kp] k, scaled on and on
  private final float[] scores = new float[C * C]; // [j, i], transposed
  private final float[] running; // [kp] decay since the sub-chunk's start
  private final float[] total; // [kp] decay since the chunk's start
  private final float[] start; // [BLOCKS, kp] decay from the chunk's to each sub-chunk's start
  private final float[] decay; // [BLOCKS, kp] decay over each sub-chunk
  private final boolean[] strong = new boolean[BLOCKS];
  private final float[] narrow =
      new float[C * NR]; // the last panel of the output if it is not whole
  private final float[] square = new float[BLOCK * BLOCK];
  private final GlaDirect direct;
  private GlaChunk chunk = new GlaChunk();
  private GlaChunk next = new GlaChunk();

  private float[] state; // that of the segment at hand
  private float[][] states = new float[0][]; // those of a sequence's segments
  private int[] rows = new int[0]; // where the next chunk of each begins
  private RowOutputs outputs;
  private int head;

  /** Keeps the reads that bring rows into the cache alive. */
  private float touched;

  GlaForward(int key, int value) {
    this.key = key;
    this.value = value;
    kp = paddedKey(key);
    panels = MicroKernels.panels(value);
    own = new float[stateSize(key, value)];
    values = new float[panels * C * NR];
    qBlock = new float[BLOCK * kp];
    qColumns = new float[C * kp];
    keys = new float[C * kp];
    running = new float[kp];
    total = new float[kp];
    start = new float[BLOCKS * kp];
    decay = new float[BLOCKS * kp];
    direct = new GlaDirect(key, kp);
  }

  /** Whether this scratch fits those sizes. */
  boolean fits(int key, int value) {
    return this.key == key && this.value == value;
  }

  /** Floats of a state that pieces hand on. */
  static int stateSize(int key, int value) {
    return MicroKernels.panels(value) * paddedKey(key) * NR;
  }

  /** K padded to whole vectors. */
  private static int paddedKey(int key) {
    return (key + L - 1) / L * L;
  }

  /** Whether {@link #sequence} has room for so many segments of that size. */
  static boolean together(int segments, int key, int value) {
    return (long) segments * stateSize(key, value) * Float.BYTES <= STATES_TOGETHER;
  }

  /**
   * Rows of a segment of one head.
   *
   * @param piece which of the segment's rows
   */
  void segment(
      GlaInputs x, int head, GlaSegments of, int segment, Pieces.Piece piece, RowOutputs out) {
    if (few(of, segment)) {
      step(x, head, of, segment, out);
      return;
    }
    int begin = of.begin(segment);
    int end = of.end(segment);
    state = own;
    if (piece.from() > begin) {
      System.arraycopy(piece.state(), 0, state, 0, state.length);
    } else if (of.states() != null) {
      GlaState.unpack(of.states(), of.stateAt(segment, head), key, value, state, kp);
    }
    writeTo(head, out);
    next.load(x, head, piece.from(), end);
    // No products hide the wait for the first rows: one wait for all of them.
    touch(x, 0, 2 * panels * C, 2 * panels);
    for (int row = piece.from(); row < piece.to(); row += C) {
      GlaChunk c = advance();
      next.load(x, head, Math.min(end, row + C), end);
      compute(x, of, segment, c);
    }
    if (piece.to() < end) {
      System.arraycopy(state, 0, piece.state(), 0, state.length);
    } else if (of.states() != null) {
      GlaState.pack(state, kp, of.states(), of.stateAt(segment, head), key, value);
    }
  }

  /**
   * Rows of all segments of a sequence, of one head: chunk by chunk in the order of their last
   * tokens, so that what the rows of a token share, values and outputs, is still in the cache for
   * the second of them. The same chunks as {@link #segment} takes, and the same bits.
   *
   * @param first the sequence's first segment
   * @param count its segments
   * @param piece which of the sequence's tokens; a chunk goes with its last one
   */
  void sequence(
      GlaInputs x,
      int head,
      GlaSegments of,
      int first,
      int count,
      Pieces.Piece piece,
      RowOutputs out) {
    reserve(count);
    writeTo(head, out);
    for (int i = 0; i < count; i++) {
      int segment = first + i;
      rows[i] = of.begin(segment);
      if (few(of, segment)) {
        if (piece.from() == piece.begin()) step(x, head, of, segment, out);
        rows[i] = of.end(segment);
      } else if (piece.from() > piece.begin()) {
        System.arraycopy(piece.state(), i * own.length, states[i], 0, own.length);
        rows[i] = rowAfter(x, rows[i], of.end(segment), piece.from());
      } else if (of.states() != null) {
        GlaState.unpack(of.states(), of.stateAt(segment, head), key, value, states[i], kp);
      }
    }
    int at = earliest(x, of, first, count, piece.to());
    load(x, head, of, first, at);
    while (at >= 0) {
      GlaChunk c = advance();
      int i = at;
      rows[i] += c.n;
      at = earliest(x, of, first, count, piece.to());
      load(x, head, of, first, at);
      state = states[i];
      compute(x, of, first + i, c);
    }
    for (int i = 0; i < count; i++) {
      int segment = first + i;
      if (piece.to() < piece.end()) {
        System.arraycopy(states[i], 0, piece.state(), i * own.length, own.length);
      } else if (of.states() != null && !few(of, segment)) {
        GlaState.pack(states[i], kp, of.states(), of.stateAt(segment, head), key, value);
      }
    }
  }

  /** Whether a segment is so short that it goes token by token, or empty. */
  private static boolean few(GlaSegments of, int segment) {
    int n = of.end(segment) - of.begin(segment);
    return n == 0 || of.states() != null && n <= FEW;
  }

  private void step(GlaInputs x, int head, GlaSegments of, int segment, RowOutputs out) {
    int begin = of.begin(segment);
    int end = of.end(segment);
    if (begin == end) return;
    chunk.load(x, head, begin, end);
    int at = out.at(head, begin);
    int stateAt = of.stateAt(segment, head);
    GlaStep.run(x, chunk, of.states(), stateAt, out.array(), at, total, running, decay);
    out.done(head, begin, end - begin);
  }

  private void reserve(int count) {
    if (states.length >= count) return;
    float[][] more = Arrays.copyOf(states, count);
    for (int i = states.length; i < count; i++) more[i] = new float[own.length];
    states = more;
    rows = new int[count];
  }

  private void writeTo(int head, RowOutputs out) {
    outputs = out;
    this.head = head;
  }

  /** The chunk that was next; what was before it is free to be loaded. */
  private GlaChunk advance() {
    GlaChunk c = next;
    next = chunk;
    chunk = c;
    return c;
  }

  private void load(GlaInputs x, int head, GlaSegments of, int first, int at) {
    if (at < 0) {
      next.load(x, head, 0, 0);
    } else {
      next.load(x, head, rows[at], of.end(first + at));
    }
  }

  /** Which segment's next chunk has the lowest last token below a bound; −1 if none has. */
  private int earliest(GlaInputs x, GlaSegments of, int first, int count, int bound) {
    int best = -1;
    int least = bound;
    for (int i = 0; i < count; i++) {
      int end = of.end(first + i);
      if (rows[i] < end) {
        int last = x.token()[Math.min(end, rows[i] + C) - 1];
        if (last < least) {
          least = last;
          best = i;
        }
      }
    }
    return best;
  }

  /** Where the first chunk begins whose last token is not below a bound. */
  private static int rowAfter(GlaInputs x, int begin, int end, int bound) {
    int row = begin;
    while (row < end && x.token()[Math.min(end, row + C) - 1] < bound) row += C;
    return Math.min(row, end);
  }

  /** One chunk, from the segment's state before it to that after it. */
  private void compute(GlaInputs x, GlaSegments of, int segment, GlaChunk c) {
    int before = c.first - of.begin(segment);
    if (of.kept() != null && before > 0 && before % GlaStates.PAIR == 0) {
      int pair = before / GlaStates.PAIR;
      keep(of.kept(), of.keptAt(segment, head) + (pair - 1) * of.keptSize());
    }
    boolean fromState = of.states() != null || before > 0;
    boolean toState = of.states() != null || c.first + C < of.end(segment);
    prepare(x, c);
    scores(x, c);
    output(x, c, fromState, outputs.array(), outputs.at(head, c.first));
    outputs.done(head, c.first, c.n);
    if (toState) update(x, c, fromState);
  }

  /** The state, with K padded to whole panels as well. */
  private void keep(float[] to, int at) {
    int wide = MicroKernels.panels(key) * NR;
    for (int p = 0; p < panels; p++) {
      int panel = at + p * wide * NR;
      System.arraycopy(state, p * kp * NR, to, panel, kp * NR);
      Arrays.fill(to, panel + kp * NR, panel + wide * NR, 0);
    }
  }

  private void prepare(GlaInputs x, GlaChunk c) {
    Arrays.fill(total, 1);
    int blocks = c.blocks();
    for (int b = 0; b < blocks; b++) {
      Arrays.fill(running, 1);
      int first = b * BLOCK;
      int end = Math.min(c.n, first + BLOCK);
      for (int i = first; i < end; i++) {
        queryRow(x, c, i, running, qBlock, (i - first) * kp, keys, i * kp);
      }
      Arrays.fill(qBlock, (end - first) * kp, BLOCK * kp, 0);
      Arrays.fill(keys, end * kp, (first + BLOCK) * kp, 0);
      Transpose.toBlockPanels(qBlock, 0, kp, qColumns, first * kp, kp, square);
      System.arraycopy(total, 0, start, b * kp, kp);
      System.arraycopy(running, 0, decay, b * kp, kp);
      strong[b] = GlaRows.min(running, 0, kp) < SAFE_DECAY;
      GlaRows.multiply(total, 0, running, 0, kp);
    }
    for (int i = 0; i < c.n; i++) copyValue(x.v(), c.valueAt[i], value, values, i);
  }

  /** One row: advances the decay, q to its sub-chunk's start, k divided by its decay. */
  private static void queryRow(
      GlaInputs x, GlaChunk c, int i, float[] running, float[] to, int toAt, float[] k, int kAt) {
    queryRow(
        x.q(),
        x.k(),
        x.g(),
        c.keyAt[i],
        c.query[i],
        c.write[i],
        c.written[i],
        running,
        to,
        toAt,
        k,
        kAt,
        x.key());
  }

  private static void queryRow(
      float[] q,
      float[] k,
      float[] g,
      int at,
      float qFactor,
      float kFactor,
      float gFactor,
      float[] running,
      float[] qTo,
      int qToAt,
      float[] kTo,
      int kToAt,
      int n) {
    int j = 0;
    for (; j + L <= n; j += L) {
      FloatVector e =
          VectorMath.exp(FloatVector.fromArray(F, g, at + j).mul(gFactor))
              .mul(FloatVector.fromArray(F, running, j));
      e.intoArray(running, j);
      FloatVector.fromArray(F, q, at + j).mul(qFactor).mul(e).intoArray(qTo, qToAt + j);
      FloatVector.fromArray(F, k, at + j).mul(kFactor).div(e).intoArray(kTo, kToAt + j);
    }
    if (j < n) {
      VectorMask<Float> m = VectorMath.tail(j, n);
      FloatVector e =
          VectorMath.exp(FloatVector.fromArray(F, g, at + j, m).mul(gFactor))
              .mul(FloatVector.fromArray(F, running, j));
      e.intoArray(running, j);
      FloatVector.fromArray(F, q, at + j, m).mul(qFactor).mul(e).intoArray(qTo, qToAt + j);
      FloatVector.fromArray(F, k, at + j, m).mul(kFactor).div(e).intoArray(kTo, kToAt + j);
    }
  }

  /** Row i of v into the panels, padded with zeros. */
  private static void copyValue(float[] v, int at, int n, float[] values, int i) {
    int j = 0;
    int to = i * NR;
    for (; j + NR <= n; j += NR, to += C * NR) {
      FloatVector.fromArray(F, v, at + j).intoArray(values, to);
      FloatVector.fromArray(F, v, at + j + L).intoArray(values, to + L);
    }
    if (j < n) {
      System.arraycopy(v, at + j, values, to, n - j);
      Arrays.fill(values, to + n - j, to + NR, 0);
    }
  }

  /** The scores, transposed and masked; afterwards keys are scaled to the chunk's end. */
  private void scores(GlaInputs x, GlaChunk c) {
    int blocks = c.blocks();
    for (int b = 0; b < blocks; b++) {
      int column = b * BLOCK;
      int safe = strong[b] ? b : b + 1;
      for (int j = 0; j < safe * BLOCK; j += BLOCK) {
        RowMicroKernels.blockRowsSet(
            kp, keys, j * kp, kp, qColumns, column * kp, scores, j * C + column, C);
      }
      if (strong[b]) {
        direct.scores(x, c, column, keys, kp, scores);
      } else {
        for (int j = 1; j < BLOCK; j++) {
          int at = (column + j) * C + column;
          Arrays.fill(scores, at, at + j, 0);
        }
      }
      for (int j = 0; j < safe * BLOCK; j++) GlaRows.multiply(keys, j * kp, decay, b * kp, kp);
    }
  }

  /** Takes q of each sub-chunk from its start to the chunk's. */
  private void queriesToStart(GlaChunk c) {
    // The first sub-chunk begins with the chunk.
    for (int b = 1; b < c.blocks(); b++) {
      for (int i = 0; i < BLOCK; i += BLOCK_PANEL) {
        scaleColumns(qColumns, (b * BLOCK + i) * kp, start, b * kp, kp);
      }
    }
  }

  /** Row k of [n, BLOCK_PANEL] times factor k. */
  private static void scaleColumns(float[] a, int at, float[] factors, int from, int n) {
    for (int k = 0; k < n; k++) {
      FloatVector f = FloatVector.broadcast(F, factors[from + k]);
      int row = at + k * BLOCK_PANEL;
      for (int j = 0; j < BLOCK_PANEL; j += L) {
        FloatVector.fromArray(F, a, row + j).mul(f).intoArray(a, row + j);
      }
    }
  }

  /** Where row i of the chunk begins in qColumns, read by columns BLOCK_PANEL apart. */
  private int queryAt(int i) {
    return i / BLOCK_PANEL * BLOCK_PANEL * kp + i % BLOCK_PANEL;
  }

  private void output(GlaInputs x, GlaChunk c, boolean fromState, float[] out, int outAt) {
    if (fromState) queriesToStart(c);
    for (int p = 0; p < panels; p++) {
      int columns = Math.min(NR, value - p * NR);
      if (columns == NR) {
        panel(x, c, p, fromState, out, outAt + p * NR, value);
      } else {
        panel(x, c, p, fromState, narrow, 0, NR);
        for (int i = 0; i < c.n; i++) {
          System.arraycopy(narrow, i * NR, out, outAt + i * value + p * NR, columns);
        }
      }
    }
  }

  private void panel(
      GlaInputs x, GlaChunk c, int p, boolean fromState, float[] to, int at, int ld) {
    int n = c.n;
    int i = 0;
    for (; i + MR <= n; i += MR) {
      int d = at + i * ld;
      ColumnMicroKernels.tileColsSet(
          fromState ? kp : 0, qColumns, queryAt(i), BLOCK_PANEL, state, p * kp * NR, to, d, ld);
      ColumnMicroKernels.tileColsAdd(
          Math.min(i + MR, n), scores, i, C, values, p * C * NR, to, d, ld);
      touch(x, p * C + i, MR, 2 * panels);
    }
    if (i < n) {
      int d = at + i * ld;
      ColumnMicroKernels.colsSet(
          n - i,
          fromState ? kp : 0,
          qColumns,
          queryAt(i),
          BLOCK_PANEL,
          state,
          p * kp * NR,
          to,
          d,
          ld);
      ColumnMicroKernels.colsAdd(n - i, n, scores, i, C, values, p * C * NR, to, d, ld);
    }
  }

  /** Reads parts of the next chunk's rows, so that they come while the products run. */
  private void touch(GlaInputs x, int done, int step, int of) {
    int from = done * next.n / (of * C) / AHEAD * AHEAD;
    int last = done + step;
    int to = last == of * C ? next.n : last * next.n / (of * C) / AHEAD * AHEAD;
    float t = 0;
    for (int i = from; i < to; i++) {
      t += GlaRows.touch(x.g(), next.keyAt[i], key) + GlaRows.touch(x.q(), next.keyAt[i], key);
      t += GlaRows.touch(x.k(), next.keyAt[i], key) + GlaRows.touch(x.v(), next.valueAt[i], value);
      t += outputs.touch(head, next.first + i);
    }
    touched = t;
  }

  private void update(GlaInputs x, GlaChunk c, boolean fromState) {
    for (int p = 0; p < panels; p++) {
      for (int k = 0; k < kp; k += C) {
        int to = (p * kp + k) * NR;
        int m = Math.min(C, kp - k);
        if (fromState) {
          ColumnMicroKernels.colsScaleAdd(
              m, c.n, keys, k, kp, values, p * C * NR, state, to, NR, total, k);
        } else {
          ColumnMicroKernels.colsSet(m, c.n, keys, k, kp, values, p * C * NR, state, to, NR);
        }
        int done = (panels + p) * C + k * C / kp;
        touch(x, done, (panels + p) * C + (k + m) * C / kp - done, 2 * panels);
      }
    }
  }
}
