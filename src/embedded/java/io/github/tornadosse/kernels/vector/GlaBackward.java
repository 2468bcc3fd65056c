package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.GlaChunk.C;
import static io.github.tornadosse.kernels.vector.GlaStates.PAIR;
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
 * One worker's backward pass over segments (docs/mathematics.md section 2), and its scratch memory.
 *
 * <p>The chunks are taken from the last to the first, with the gradient of the state carried along;
 * {@link GlaStates} has the states before them.
 *
 * <p>The decays are split as in {@link GlaForward}: for dq the keys are scaled forward, for dk the
 * queries backward. The gate's gradient at a row is the sum, over all pairs of a write before it
 * and a read at or after it, of what the pair contributes. The pairs are counted where no large
 * terms cancel: a row's read of the latest write (its own as a rule), which no gate touches, is
 * left out of the differences; what the final state gets from earlier rows is a running sum from
 * the front; what reads get from the initial state, from the back.
 */
final class GlaBackward {
  private static final int BLOCKS = C / BLOCK;

  /** Arrays whose rows are read ahead: q, k, v, g and dO. */
  private static final int ARRAYS = 5;

  private final int key;
  private final int value;
  private final int kp; // K padded to whole panels
  private final int vp; // V padded to whole panels
  private final int
      ldk; // row strides: an odd number of vectors, so that columns spread in the cache
  private final int ldv;
  private final int share; // rows read ahead at a time
  private final float[] qs; // [C, ldk] q, scaled backward on and on
  private final float[] ks; // [C, ldk] k, scaled forward on and on
  private final float[] qDecay; // [C, ldk] decay from the sub-chunk's start to each row
  private final float[] kDecay; // [C, ldk] its inverse; of a strong sub-chunk, decay to its end
  private final float[] dq; // [C, ldk]
  private final float[] dk; // [C, ldk] from reads in this chunk
  private final float[] dkState; // [C, ldk] from the state after this chunk
  private final float[] gateSum; // [C, ldk]
  private final float[] keyColumns; // [BLOCKS, 16 / P, kp, P] q, then k to the chunk's end
  private final float[] valueColumns; // [BLOCKS, 16 / P, vp, P] dO, then v
  private final float[] vs; // [C, ldv]
  private final float[] outs; // [C, ldv] dO
  private final float[] scores = new float[C * C]; // [j, i]
  private final float[] scoreGradients = new float[C * C]; // [j, i]
  private final float[] own = new float[C]; // the same for each row's latest write
  private final int[] writer = new int[C]; // the row of that in this chunk, or −1
  private final float[] running; // [kp]
  private final float[] total; // [kp] decay over the chunk
  private final float[] start; // [BLOCKS, kp] decay from the chunk's to the sub-chunk's start
  private final float[] decay; // [BLOCKS, kp] decay over each sub-chunk
  private final float[] tail; // [BLOCKS, kp] what takes kDecay to the chunk's end
  private final boolean[] strong = new boolean[BLOCKS];
  private final float[] gradient; // [vp / NR, kp, NR] gradient of the state
  private final float[] gradientT; // [kp / NR, vp, NR]
  private final float[] narrow = new float[C * NR];
  private final float[] square = new float[BLOCK * BLOCK];
  private final float[] sum; // [kp]
  private final GlaDirect direct;
  private final GlaStates states;
  private final GlaChunk chunk = new GlaChunk();
  private final GlaChunk ahead = new GlaChunk(); // rows whose k, g and v come next
  private final GlaChunk further = new GlaChunk(); // those after them, or whose q and dO come next

  /** Keeps the reads that bring rows into the cache alive. */
  private float touched;

  /** How many of the rows that come next are read, array by array and row by row. */
  private int reached;

  GlaBackward(int key, int value) {
    this(key, value, new GlaStates(key, value));
  }

  /** Scratch with another one for the states than usual. */
  GlaBackward(int key, int value, GlaStates states) {
    this.key = key;
    this.value = value;
    this.states = states;
    kp = MicroKernels.panels(key) * NR;
    vp = MicroKernels.panels(value) * NR;
    ldk = kp + L;
    int places = 2 * BLOCKS * kp / NR + C / MR * vp / NR + Blocks.count(kp, C) * vp / NR;
    share = Blocks.count(ARRAYS * C, places);
    ldv = vp + L;
    qs = new float[C * ldk];
    ks = new float[C * ldk];
    qDecay = new float[C * ldk];
    kDecay = new float[C * ldk];
    dq = new float[C * ldk];
    dk = new float[C * ldk];
    dkState = new float[C * ldk];
    gateSum = new float[C * ldk];
    keyColumns = new float[C * kp];
    valueColumns = new float[C * vp];
    vs = new float[C * ldv];
    outs = new float[C * ldv];
    running = new float[kp];
    total = new float[kp];
    start = new float[BLOCKS * kp];
    decay = new float[BLOCKS * kp];
    tail = new float[BLOCKS * kp];
    gradient = new float[GlaStates.size(key, value)];
    gradientT = new float[kp * vp];
    sum = new float[kp];
    direct = new GlaDirect(key, kp);
  }

  /** Whether this scratch fits those sizes. */
  boolean fits(int key, int value) {
    return this.key == key && this.value == value;
  }

  /**
   * What a call reads and writes besides its inputs.
   *
   * @param out dO [H, capacity, V]
   * @param states initial states, or null if segments start from zero
   * @param stateGradients gradients of the final states, overwritten with those of the initial ones
   * @param rows dq, dk, dg [3, H, R, K]
   * @param values dv [H, R, V]
   */
  record Gradients(
      float[] out, float[] states, float[] stateGradients, float[] rows, float[] values) {}

  /**
   * Rows of a segment of one head.
   *
   * @param piece which
   * @param stateAt begin of the initial state [K, V]
   * @param gradientAt begin of the state's gradient
   * @param kept what the forward pass has kept of the states, see {@link GlaStates#segment}; null
   *     if nothing
   * @param keptAt where that begins
   */
  void segment(
      GlaInputs x,
      Gradients y,
      int head,
      Pieces.Piece piece,
      int stateAt,
      int gradientAt,
      float[] kept,
      int keptAt) {
    int begin = piece.begin();
    int end = piece.end();
    boolean carried = y.states() != null;
    states.segment(x, head, begin, end, y.states(), stateAt, kept, keptAt);
    if (piece.to() < end) {
      System.arraycopy(piece.state(), 0, gradient, 0, gradient.length);
    } else if (carried) {
      GlaState.unpack(y.stateGradients(), gradientAt, key, value, gradient, kp);
    }
    int last = Blocks.count(piece.to() - begin, PAIR) - 1;
    for (int j = last; j >= (piece.from() - begin) / PAIR; j--) {
      int row = begin + j * PAIR;
      int before = j > 0 ? row : row - PAIR; // nothing is read ahead before the first pair
      float[] stateT = states.before(j);
      if (row + C < end) {
        float[] between = states.between(j, stateT);
        chunk.load(x, head, row + C, end);
        ahead.load(x, head, row - PAIR, before - C);
        further.load(x, head, row, row + C);
        chunk(x, y, head, between, true, carried || row + PAIR < end);
      }
      chunk.load(x, head, row, end);
      ahead.load(x, head, row - C, before);
      further.load(x, head, row - C, before);
      chunk(x, y, head, stateT, carried || j > 0, carried || row + C < end);
    }
    states.release();
    if (piece.from() > begin) {
      System.arraycopy(gradient, 0, piece.state(), 0, gradient.length);
    } else if (carried) {
      GlaState.pack(gradient, kp, y.stateGradients(), gradientAt, key, value);
    }
  }

  /** Reads some more of the rows that come next, so that they come while products run. */
  private void touch(GlaInputs x, float[] out) {
    int end = Math.min(ARRAYS * C, reached + share);
    float t = 0;
    for (; reached < end; reached++) {
      int i = reached / ARRAYS;
      GlaChunk c = reached % ARRAYS < 2 ? further : ahead;
      if (i < c.n) {
        t +=
            switch (reached % ARRAYS) {
              case 0 -> GlaRows.touch(x.q(), c.keyAt[i], key);
              case 1 -> GlaRows.touch(out, c.valueAt[i], value);
              case 2 -> GlaRows.touch(x.k(), c.keyAt[i], key);
              case 3 -> GlaRows.touch(x.g(), c.keyAt[i], key);
              default -> GlaRows.touch(x.v(), c.valueAt[i], value);
            };
      }
    }
    touched = t;
  }

  /**
   * One chunk; the state's gradient goes from its end to its start.
   *
   * @param stateT the transposed state before the chunk
   * @param fromState false if that is zero
   * @param toState false if the gradient at its end is zero
   */
  private void chunk(
      GlaInputs x, Gradients y, int head, float[] stateT, boolean fromState, boolean toState) {
    reached = 0;
    prepare(x, y.out());
    decayProducts();
    scoreGradients();
    if (toState) Transpose.panels(gradient, 0, gradientT, kp, vp, square);
    queries(x, y.out(), stateT, fromState);
    if (toState) columns();
    keys(x, y.out(), toState);
    values(x, y, (head * x.rowCapacity() + chunk.first) * value, toState);
    gateSums(stateT, fromState, toState);
    rows(x, y.rows(), head, toState);
    if (fromState) carry(x, y.out(), toState);
  }

  private void prepare(GlaInputs x, float[] out) {
    GlaChunk c = chunk;
    int blocks = c.blocks();
    for (int b = 0; b < blocks; b++) {
      Arrays.fill(running, 1);
      int first = b * BLOCK;
      int end = Math.min(c.n, first + BLOCK);
      for (int i = first; i < end; i++) {
        keyRow(
            x.q(),
            x.k(),
            x.g(),
            c.keyAt[i],
            c.query[i],
            c.write[i],
            c.written[i],
            running,
            qs,
            ks,
            qDecay,
            kDecay,
            i * ldk,
            key);
        GlaRows.scaled(x.v(), c.valueAt[i], c.written[i], vs, i * ldv, value);
        GlaRows.scaled(out, c.valueAt[i], c.read[i], outs, i * ldv, value);
      }
      int after = first + BLOCK;
      Arrays.fill(qs, end * ldk, after * ldk, 0);
      Arrays.fill(ks, end * ldk, after * ldk, 0);
      Arrays.fill(vs, end * ldv, after * ldv, 0);
      Arrays.fill(outs, end * ldv, after * ldv, 0);
      Transpose.toBlockPanels(qs, first * ldk, ldk, keyColumns, first * kp, kp, square);
      Transpose.toBlockPanels(outs, first * ldv, ldv, valueColumns, first * vp, vp, square);
      System.arraycopy(running, 0, decay, b * kp, kp);
      strong[b] = GlaRows.min(running, 0, kp) < GlaForward.SAFE_DECAY;
      if (strong[b]) direct.decayToEnd(x, c, first, kDecay, ldk);
    }
  }

  /** One row: q to its sub-chunk's start, k divided by the decay, the decay and its inverse. */
  private static void keyRow(
      float[] q,
      float[] k,
      float[] g,
      int at,
      float qFactor,
      float kFactor,
      float gFactor,
      float[] running,
      float[] qs,
      float[] ks,
      float[] qDecay,
      float[] kDecay,
      int to,
      int n) {
    int j = 0;
    for (; j + L <= n; j += L) {
      FloatVector e =
          VectorMath.exp(FloatVector.fromArray(F, g, at + j).mul(gFactor))
              .mul(FloatVector.fromArray(F, running, j));
      e.intoArray(running, j);
      e.intoArray(qDecay, to + j);
      FloatVector inverse = FloatVector.broadcast(F, 1f).div(e);
      inverse.intoArray(kDecay, to + j);
      FloatVector.fromArray(F, q, at + j).mul(qFactor).mul(e).intoArray(qs, to + j);
      FloatVector.fromArray(F, k, at + j).mul(kFactor).mul(inverse).intoArray(ks, to + j);
    }
    if (j < n) {
      VectorMask<Float> m = VectorMath.tail(j, n);
      FloatVector e =
          VectorMath.exp(FloatVector.fromArray(F, g, at + j, m).mul(gFactor))
              .mul(FloatVector.fromArray(F, running, j));
      e.intoArray(running, j);
      e.intoArray(qDecay, to + j);
      FloatVector inverse = FloatVector.broadcast(F, 1f).div(e);
      inverse.intoArray(kDecay, to + j);
      FloatVector.fromArray(F, q, at + j, m).mul(qFactor).mul(e).intoArray(qs, to + j);
      FloatVector.fromArray(F, k, at + j, m).mul(kFactor).mul(inverse).intoArray(ks, to + j);
    }
  }

  /** Decays across sub-chunks: before each (start), after each (tail), and over all. */
  private void decayProducts() {
    int blocks = chunk.blocks();
    Arrays.fill(total, 1);
    for (int b = 0; b < blocks; b++) {
      System.arraycopy(total, 0, start, b * kp, kp);
      GlaRows.multiply(total, 0, decay, b * kp, kp);
    }
    Arrays.fill(running, 1);
    for (int b = blocks - 1; b >= 0; b--) {
      System.arraycopy(running, 0, tail, b * kp, kp);
      if (!strong[b]) GlaRows.multiply(tail, b * kp, decay, b * kp, kp);
      GlaRows.multiply(running, 0, decay, b * kp, kp);
    }
  }

  private void scoreGradients() {
    int blocks = chunk.blocks();
    for (int b = 0; b < blocks; b++) {
      int column = b * BLOCK;
      for (int j = 0; j <= column; j += BLOCK) {
        RowMicroKernels.blockRowsSet(
            vp, vs, j * ldv, ldv, valueColumns, column * vp, scoreGradients, j * C + column, C);
      }
      for (int j = column; j < column + BLOCK; j++) {
        Arrays.fill(scoreGradients, j * C + column, j * C + j, 0);
      }
    }
    int latest = -1;
    for (int i = 0; i < chunk.n; i++) {
      if (chunk.written[i] == 1) latest = i;
      writer[i] = latest;
      if (latest < 0) {
        own[i] = 0;
      } else {
        own[i] = scoreGradients[latest * C + i];
        scoreGradients[latest * C + i] = 0;
      }
    }
  }

  /** The scores and dq; afterwards ks is scaled to the chunk's end. */
  private void queries(GlaInputs x, float[] out, float[] stateT, boolean fromState) {
    int blocks = chunk.blocks();
    for (int b = 0; b < blocks; b++) {
      int column = b * BLOCK;
      int safe = strong[b] ? b : b + 1;
      for (int j = 0; j < safe * BLOCK; j += BLOCK) {
        RowMicroKernels.blockRowsSet(
            kp, ks, j * ldk, ldk, keyColumns, column * kp, scores, j * C + column, C);
      }
      queryGradients(x, out, b, safe * BLOCK, stateT, fromState);
      if (strong[b]) {
        direct.scoresAndQueryGradients(x, chunk, column, ks, ldk, scores, scoreGradients, dq);
      } else {
        for (int j = column + 1; j < column + BLOCK; j++) {
          Arrays.fill(scores, j * C + column, j * C + j, 0);
        }
      }
      for (int j = 0; j < safe * BLOCK; j++) GlaRows.multiply(ks, j * ldk, decay, b * kp, kp);
    }
  }

  /** dq of one sub-chunk, from the state and the first rows of ks. */
  private void queryGradients(
      GlaInputs x, float[] out, int b, int from, float[] stateT, boolean fromState) {
    int column = b * BLOCK;
    if (fromState) {
      for (int p = 0; p < kp; p += NR) {
        for (int i = 0; i < BLOCK; i += BLOCK_PANEL) {
          int row = column + i;
          ColumnMicroKernels.colsSet(
              BLOCK_PANEL,
              vp,
              valueColumns,
              row * vp,
              BLOCK_PANEL,
              stateT,
              p * vp,
              dq,
              row * ldk + p,
              ldk);
        }
        touch(x, out);
      }
      for (int i = column; i < column + BLOCK; i++) {
        GlaRows.multiply(dq, i * ldk, start, b * kp, kp);
      }
    } else {
      Arrays.fill(dq, column * ldk, (column + BLOCK) * ldk, 0);
    }
    for (int p = 0; p < kp; p += NR) {
      ColumnMicroKernels.colsAdd(
          BLOCK, from, scoreGradients, column, C, ks, p, ldk, dq, column * ldk + p, ldk);
    }
    for (int i = column; i < column + BLOCK; i++) {
      GlaRows.multiply(dq, i * ldk, qDecay, i * ldk, kp);
    }
  }

  /** The columns of ks and vs in place of those of q and dO. */
  private void columns() {
    for (int i = 0; i < chunk.blocks() * BLOCK; i += BLOCK) {
      Transpose.toBlockPanels(ks, i * ldk, ldk, keyColumns, i * kp, kp, square);
      Transpose.toBlockPanels(vs, i * ldv, ldv, valueColumns, i * vp, vp, square);
    }
  }

  /** dk; afterwards qs is scaled to the chunk's start. */
  private void keys(GlaInputs x, float[] out, boolean toState) {
    int blocks = chunk.blocks();
    int n = blocks * BLOCK;
    for (int b = blocks - 1; b >= 0; b--) {
      int column = b * BLOCK;
      int next = column + BLOCK;
      if (!strong[b]) scaleQueries(next, n, b);
      int from = strong[b] ? next : column;
      for (int p = 0; p < kp; p += NR) {
        RowMicroKernels.rowsSet(
            BLOCK,
            n - from,
            scoreGradients,
            column * C + from,
            C,
            qs,
            from * ldk + p,
            ldk,
            dk,
            column * ldk + p,
            ldk);
      }
      for (int j = column; j < next; j++) GlaRows.multiply(dk, j * ldk, kDecay, j * ldk, kp);
      if (strong[b]) {
        direct.keyGradients(x, chunk, column, scoreGradients, dk, ldk);
        scaleQueries(next, n, b);
      }
    }
    if (toState) {
      for (int p = 0; p < kp; p += NR) {
        for (int i = 0; i < n; i += BLOCK) {
          for (int r = i; r < i + BLOCK; r += BLOCK_PANEL) {
            ColumnMicroKernels.colsSet(
                BLOCK_PANEL,
                vp,
                valueColumns,
                r * vp,
                BLOCK_PANEL,
                gradientT,
                p * vp,
                dkState,
                r * ldk + p,
                ldk);
          }
          touch(x, out);
        }
      }
    }
  }

  private void scaleQueries(int from, int to, int b) {
    for (int i = from; i < to; i++) GlaRows.multiply(qs, i * ldk, decay, b * kp, kp);
  }

  private void values(GlaInputs x, Gradients y, int at, boolean toState) {
    float[] dv = y.values();
    for (int p = 0; p < vp; p += NR) {
      int columns = Math.min(NR, value - p);
      if (columns == NR) {
        valuePanel(x, y.out(), p, dv, at + p, value, toState);
      } else {
        valuePanel(x, y.out(), p, narrow, 0, NR, toState);
        for (int j = 0; j < chunk.n; j++) {
          System.arraycopy(narrow, j * NR, dv, at + j * value + p, columns);
        }
      }
    }
  }

  private void valuePanel(
      GlaInputs x, float[] out, int p, float[] to, int at, int ld, boolean toState) {
    int n = chunk.n;
    for (int j = 0; j < n; j += MR) {
      int m = Math.min(MR, n - j);
      int d = at + j * ld;
      RowMicroKernels.rowsSet(m, n - j, scores, j * C + j, C, outs, j * ldv + p, ldv, to, d, ld);
      if (toState) {
        int from = j / BLOCK_PANEL * BLOCK_PANEL * kp + j % BLOCK_PANEL;
        ColumnMicroKernels.colsAdd(
            m, kp, keyColumns, from, BLOCK_PANEL, gradient, p * kp, to, d, ld);
      }
      touch(x, out);
    }
  }

  /** The gate's gradient as far as it reaches the final state, at each row. */
  private void gateSums(float[] stateT, boolean fromState, boolean toState) {
    Arrays.fill(sum, 0);
    if (fromState && toState) {
      for (int p = 0; p < kp; p += NR) columnDots(stateT, gradientT, p * vp, vp, sum, p);
      GlaRows.multiply(sum, 0, total, 0, kp);
    }
    for (int i = 0; i < chunk.n; i++) {
      System.arraycopy(sum, 0, gateSum, i * ldk, kp);
      if (toState) GlaRows.addProduct(sum, 0, ks, i * ldk, dkState, i * ldk, kp);
    }
  }

  /** to = the inner product of each column of two panels [n, NR]. */
  private static void columnDots(float[] a, float[] b, int at, int n, float[] to, int toAt) {
    FloatVector x = FloatVector.zero(F);
    FloatVector y = FloatVector.zero(F);
    for (int i = 0; i < n; i++) {
      int row = at + i * NR;
      x = FloatVector.fromArray(F, a, row).fma(FloatVector.fromArray(F, b, row), x);
      y = FloatVector.fromArray(F, a, row + L).fma(FloatVector.fromArray(F, b, row + L), y);
    }
    x.intoArray(to, toAt);
    y.intoArray(to, toAt + L);
  }

  /** Puts the parts together, from the last row to the first. */
  private void rows(GlaInputs x, float[] rows, int head, boolean toState) {
    GlaChunk c = chunk;
    int part = x.heads() * x.rowCapacity() * key;
    float scale = (float) (1 / Math.sqrt(key));
    Arrays.fill(sum, 0);
    if (!toState) Arrays.fill(dkState, 0, c.n * ldk, 0);
    for (int i = c.n - 1; i >= 0; i--) {
      int at = (head * x.rowCapacity() + c.first + i) * key;
      int b = i / BLOCK * kp;
      gateRow(
          x.q(),
          x.k(),
          c.keyAt[i],
          c.query[i],
          c.write[i],
          c.written[i],
          dq,
          dk,
          gateSum,
          i * ldk,
          sum,
          rows,
          2 * part + at,
          key);
      float ownRead = writer[i] == i ? own[i] * c.query[i] : 0;
      keyGradientRow(
          x.q(), c.keyAt[i], ownRead, dk, dkState, kDecay, i * ldk, tail, b, rows, part + at, key);
      boolean reads = writer[i] >= 0;
      rowWithOwn(
          x.k(),
          reads ? c.keyAt[writer[i]] : 0,
          reads ? own[i] * c.write[writer[i]] * scale : 0,
          scale,
          dq,
          i * ldk,
          rows,
          at,
          key);
      for (int r = i + 1; r < c.n && writer[r] == i; r++) {
        add(x.q(), c.keyAt[r], own[r] * c.query[r], rows, part + at, key);
      }
    }
  }

  private static void gateRow(
      float[] q,
      float[] k,
      int at,
      float qFactor,
      float kFactor,
      float gFactor,
      float[] dq,
      float[] dk,
      float[] before,
      int row,
      float[] sum,
      float[] to,
      int toAt,
      int n) {
    int j = 0;
    for (; j + L <= n; j += L) {
      FloatVector y =
          FloatVector.fromArray(F, q, at + j)
              .mul(qFactor)
              .mul(FloatVector.fromArray(F, dq, row + j));
      FloatVector z = FloatVector.fromArray(F, k, at + j).mul(-kFactor);
      y = z.fma(FloatVector.fromArray(F, dk, row + j), y).add(FloatVector.fromArray(F, sum, j));
      y.intoArray(sum, j);
      y.add(FloatVector.fromArray(F, before, row + j)).mul(gFactor).intoArray(to, toAt + j);
    }
    if (j < n) {
      VectorMask<Float> m = VectorMath.tail(j, n);
      FloatVector y =
          FloatVector.fromArray(F, q, at + j, m)
              .mul(qFactor)
              .mul(FloatVector.fromArray(F, dq, row + j));
      FloatVector z = FloatVector.fromArray(F, k, at + j, m).mul(-kFactor);
      y = z.fma(FloatVector.fromArray(F, dk, row + j), y).add(FloatVector.fromArray(F, sum, j));
      y.intoArray(sum, j);
      y.add(FloatVector.fromArray(F, before, row + j)).mul(gFactor).intoArray(to, toAt + j, m);
    }
  }

  /** dk with the row's read of its own write, but without what other rows read of it. */
  private static void keyGradientRow(
      float[] q,
      int qAt,
      float f,
      float[] dk,
      float[] dkState,
      float[] kDecay,
      int row,
      float[] tail,
      int tailAt,
      float[] to,
      int toAt,
      int n) {
    FloatVector factor = FloatVector.broadcast(F, f);
    for (int j = 0; j < n; j += L) {
      FloatVector d =
          FloatVector.fromArray(F, kDecay, row + j).mul(FloatVector.fromArray(F, tail, tailAt + j));
      FloatVector y =
          FloatVector.fromArray(F, dkState, row + j).fma(d, FloatVector.fromArray(F, dk, row + j));
      if (j + L <= n) {
        FloatVector.fromArray(F, q, qAt + j).fma(factor, y).intoArray(to, toAt + j);
      } else {
        VectorMask<Float> m = VectorMath.tail(j, n);
        FloatVector.fromArray(F, q, qAt + j, m).fma(factor, y).intoArray(to, toAt + j, m);
      }
    }
  }

  /** to = scale·a + f·k, for dq: its decayed part and the row's read of the latest write. */
  private static void rowWithOwn(
      float[] k, int at, float f, float scale, float[] a, int aAt, float[] to, int toAt, int n) {
    FloatVector factor = FloatVector.broadcast(F, f);
    int j = 0;
    for (; j + L <= n; j += L) {
      FloatVector.fromArray(F, k, at + j)
          .fma(factor, FloatVector.fromArray(F, a, aAt + j).mul(scale))
          .intoArray(to, toAt + j);
    }
    if (j < n) {
      VectorMask<Float> m = VectorMath.tail(j, n);
      FloatVector.fromArray(F, k, at + j, m)
          .fma(factor, FloatVector.fromArray(F, a, aAt + j).mul(scale))
          .intoArray(to, toAt + j, m);
    }
  }

  /** to += f·q. */
  private static void add(float[] q, int at, float f, float[] to, int toAt, int n) {
    FloatVector factor = FloatVector.broadcast(F, f);
    int j = 0;
    for (; j + L <= n; j += L) {
      FloatVector.fromArray(F, q, at + j)
          .fma(factor, FloatVector.fromArray(F, to, toAt + j))
          .intoArray(to, toAt + j);
    }
    if (j < n) {
      VectorMask<Float> m = VectorMath.tail(j, n);
      FloatVector.fromArray(F, q, at + j, m)
          .fma(factor, FloatVector.fromArray(F, to, toAt + j, m))
          .intoArray(to, toAt + j, m);
    }
  }

  /** The state's gradient across the chunk. */
  private void carry(GlaInputs x, float[] out, boolean toState) {
    int n = chunk.n;
    for (int p = 0; p < vp; p += NR) {
      for (int k = 0; k < kp; k += C) {
        int m = Math.min(C, kp - k);
        int to = p * kp + k * NR;
        if (toState) {
          ColumnMicroKernels.colsScaleAdd(
              m, n, qs, k, ldk, outs, p, ldv, gradient, to, NR, total, k);
        } else {
          ColumnMicroKernels.colsSet(m, n, qs, k, ldk, outs, p, ldv, gradient, to, NR);
        }
        touch(x, out);
      }
    }
  }
}
