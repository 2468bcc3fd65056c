package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Chunkwise gated linear attention over segments of rows (docs/mathematics.md section 2; the
 * contract is that of {@code Operations.gla} and {@code Operations.glaGradient}). How segments of
 * heads are shared out: {@link Pieces}. Any K, V and length, and any gate at most 0.
 */
public final class Gla {
  private static final ThreadLocal<GlaForward> FORWARD = new ThreadLocal<>();
  private static final ThreadLocal<GlaBackward> BACKWARD = new ThreadLocal<>();

  private Gla() {}

  /**
   * How many floats of one head hold the states that {@link #forward} keeps for {@link #gradient}.
   *
   * @param rows R
   * @param key K
   * @param value V
   * @return a state for every {@value GlaStates#PAIR} rows; 0 if they would take more memory than
   *     the gradients of the rows, 3·R·K
   */
  public static long kept(long rows, int key, int value) {
    long floats = rows / GlaStates.PAIR * GlaStates.size(key, value);
    return floats <= 3 * rows * key ? floats : 0;
  }

  /**
   * Forward.
   *
   * @param control see {@link Control}; its TOKENS, SEQUENCES and USE_STATE
   * @param q [2, H, capacity, K]; like k and g one source only without sparse partitions
   * @param k [2, H, capacity, K]
   * @param v [H, capacity, V]
   * @param g [2, H, capacity, K], at most 0
   * @param rowToken [R] token of each row
   * @param rowMode [R] bit 0: the row is written, bit 1: it is read
   * @param rowWeight [2, R] what each row's q is multiplied by, then what its k is
   * @param segments [2·S·(N + 1)] begin and end row of each segment
   * @param state the states [S·(N + 1), H, K, V] from control[stateAt] on; read and written if
   *     control[USE_STATE] is 1
   * @param out [H, R, V]; rows of segments are written
   * @param kept H times as many as {@link #kept} says: states on the way, for the gradient; unused
   *     if keeps is 0
   * @param keeps 1 to keep them
   * @param stateAt entry of control that holds the base index of the states
   * @param partitions N
   * @param heads H
   * @param capacity stride of the token arrays; rows below it are of source 0, others of source 1
   * @param rowCapacity R
   * @param key K
   * @param value V
   */
  public static void forward(
      IntArray control,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      IntArray rowToken,
      IntArray rowMode,
      FloatArray rowWeight,
      IntArray segments,
      FloatArray state,
      FloatArray out,
      FloatArray kept,
      int keeps,
      int stateAt,
      int partitions,
      int heads,
      int capacity,
      int rowCapacity,
      int key,
      int value) {
    GlaInputs x =
        new GlaInputs(
            HeapAccess.floats(q),
            HeapAccess.floats(k),
            HeapAccess.floats(v),
            HeapAccess.floats(g),
            HeapAccess.ints(rowToken),
            HeapAccess.ints(rowMode),
            HeapAccess.floats(rowWeight),
            heads,
            capacity,
            rowCapacity,
            key,
            value);
    RowOutputs to = new RowOutputs.Kept(HeapAccess.floats(out), rowCapacity, value);
    float[] states = keeps == 1 ? HeapAccess.floats(kept) : null;
    forward(x, of(x, control, segments, partitions, state, stateAt, states), to);
  }

  /**
   * Whether {@link #output} can take the segments of a sequence together, so that the rows of a
   * token come one soon after the other: whether their states fit into the cache. Results are the
   * same to the bit; threads share out sequences and heads then, not segments.
   *
   * @param partitions N
   * @param key K
   * @param value V
   */
  public static boolean together(int partitions, int key, int value) {
    return GlaForward.together(partitions + 1, key, value);
  }

  /**
   * Forward, with the mixer's output in place of the rows' (the contract is that of {@code
   * Operations.glaOutput}). R is the size of rowToken.
   *
   * @param control see {@link Control}; its TOKENS, SEQUENCES and USE_STATE
   * @param q [2, H, capacity, K]; like k and g one source only without sparse partitions
   * @param k [2, H, capacity, K]
   * @param v [H, capacity, V]
   * @param g [2, H, capacity, K], at most 0
   * @param rowToken [R] token of each row
   * @param rowMode [R] bit 0: the row is written, bit 1: it is read
   * @param rowWeight [2, R] what each row's q is multiplied by, then what its k is
   * @param tokenRow [capacity·M] the rows of each token
   * @param segments [2·S·(N + 1)] begin and end row of each segment
   * @param gate [L, H·V]; unused without an output gate
   * @param w [valueDim] weight of the norm
   * @param layout see {@link OutputLayout}
   * @param eps added to the mean square
   * @param state the states [S·(N + 1), H, K, V]; read and written if control[USE_STATE] is 1
   * @param further scratch, see {@link TokenSums}
   * @param marks scratch, see {@link TokenSums}
   * @param sums output [H, capacity, V] what each token read; unused if the layout says so
   * @param kept see {@link #forward}; unused if the layout says so
   * @param y output [L, H·V]
   */
  public static void output(
      IntArray control,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      IntArray rowToken,
      IntArray rowMode,
      FloatArray rowWeight,
      IntArray tokenRow,
      IntArray segments,
      FloatArray gate,
      FloatArray w,
      IntArray layout,
      float eps,
      FloatArray state,
      FloatArray further,
      IntArray marks,
      FloatArray sums,
      FloatArray kept,
      FloatArray y) {
    GlaInputs x =
        new GlaInputs(
            HeapAccess.floats(q),
            HeapAccess.floats(k),
            HeapAccess.floats(v),
            HeapAccess.floats(g),
            HeapAccess.ints(rowToken),
            HeapAccess.ints(rowMode),
            HeapAccess.floats(rowWeight),
            layout.get(OutputLayout.HEADS),
            layout.get(OutputLayout.CAPACITY),
            rowToken.getSize(),
            layout.get(OutputLayout.KEY),
            layout.get(OutputLayout.VALUE));
    TokenSums out =
        new TokenSums(control, rowToken, tokenRow, gate, w, layout, eps, further, marks, sums, y);
    int partitions = layout.get(OutputLayout.PARTITIONS);
    int stateAt = layout.get(OutputLayout.STATE_AT);
    float[] states = layout.get(OutputLayout.KEEPS) == 1 ? HeapAccess.floats(kept) : null;
    GlaSegments all = of(x, control, segments, partitions, state, stateAt, states);
    if (layout.get(OutputLayout.TOGETHER) == 1) {
      sequences(x, all, partitions + 1, out);
    } else {
      forward(x, all, out);
    }
    out.finish(Blocks.tokens(control));
  }

  private static GlaSegments of(
      GlaInputs x,
      IntArray control,
      IntArray segments,
      int partitions,
      FloatArray state,
      int stateAt,
      float[] kept) {
    float[] states = control.get(Control.USE_STATE) == 1 ? HeapAccess.floats(state) : null;
    int count = control.get(Control.SEQUENCES) * (partitions + 1);
    return GlaSegments.of(x, HeapAccess.ints(segments), count, states, control.get(stateAt), kept);
  }

  /** Segment by segment. */
  private static void forward(GlaInputs x, GlaSegments of, RowOutputs out) {
    Pieces.forEach(
        of.bounds(),
        of.count(),
        x.heads(),
        GlaForward.stateSize(x.key(), x.value()),
        false,
        (segment, head, piece) ->
            forwardScratch(x.key(), x.value()).segment(x, head, of, segment, piece, out));
  }

  /** Sequence by sequence, so many segments each. */
  private static void sequences(GlaInputs x, GlaSegments of, int each, RowOutputs out) {
    Pieces.forEach(
        tokens(x, of, each),
        of.count() / each,
        x.heads(),
        each * GlaForward.stateSize(x.key(), x.value()),
        false,
        (sequence, head, piece) ->
            forwardScratch(x.key(), x.value())
                .sequence(x, head, of, sequence * each, each, piece, out));
  }

  /** First token of each sequence, and the one after its last. */
  private static int[] tokens(GlaInputs x, GlaSegments of, int each) {
    int[] bounds = new int[of.count() / each * 2];
    for (int i = 0; i < of.count(); i++) {
      int begin = i / each * 2;
      if (of.begin(i) == of.end(i)) continue;
      int first = x.token()[of.begin(i)];
      int end = x.token()[of.end(i) - 1] + 1;
      boolean empty = bounds[begin] == bounds[begin + 1];
      bounds[begin] = empty ? first : Math.min(bounds[begin], first);
      bounds[begin + 1] = Math.max(bounds[begin + 1], end);
    }
    return bounds;
  }

  /**
   * Gradients. H, R, K and the capacity follow from the sizes of dvRows, rowToken, dRows and v.
   *
   * @param control see {@link Control}; its TOKENS, SEQUENCES and USE_STATE
   * @param q [2, H, capacity, K]; like k and g one source only without sparse partitions
   * @param k [2, H, capacity, K]
   * @param v [H, capacity, V]
   * @param g [2, H, capacity, K]
   * @param rowToken [R]
   * @param rowMode [R]
   * @param rowWeight [2, R]
   * @param segments [2·S·(N + 1)]
   * @param state the initial states [S·(N + 1), H, K, V] from control[stateAt] on; read if
   *     control[USE_STATE] is 1
   * @param dOut gradient of each token's output [H, capacity, V]
   * @param dState from control[dStateAt] on, if control[USE_STATE] is 1: in, the gradient of the
   *     final states; out, that of the initial ones
   * @param dRows [3, H, R, K]: gradients of each row's q and k, weight included, and of its g
   * @param dvRows [H, R, V]: gradient of each row's v
   * @param kept what {@link #forward} kept with the same arguments; unused if keeps is 0
   * @param keeps 1 if it did
   * @param stateAt entry of control that holds the base index of the states
   * @param dStateAt entry of control that holds the base index of their gradients
   * @param partitions N
   * @param value V
   * @throws IllegalArgumentException if the sizes of rowToken, dRows, dvRows and v do not agree
   */
  public static void gradient(
      IntArray control,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      IntArray rowToken,
      IntArray rowMode,
      FloatArray rowWeight,
      IntArray segments,
      FloatArray state,
      FloatArray dOut,
      FloatArray dState,
      FloatArray dRows,
      FloatArray dvRows,
      FloatArray kept,
      int keeps,
      int stateAt,
      int dStateAt,
      int partitions,
      int value) {
    int rowCapacity = rowToken.getSize();
    int heads = dvRows.getSize() / rowCapacity / value;
    int key = heads == 0 ? 0 : dRows.getSize() / rowCapacity / heads / 3;
    int capacity = heads == 0 ? 0 : v.getSize() / heads / value;
    if (heads == 0
        || dvRows.getSize() != (long) heads * rowCapacity * value
        || dRows.getSize() != 3L * heads * rowCapacity * key
        || v.getSize() != (long) heads * capacity * value) {
      throw new IllegalArgumentException(
          "dRows of %d, dvRows of %d and v of %d elements do not fit %d rows of V = %d"
              .formatted(dRows.getSize(), dvRows.getSize(), v.getSize(), rowCapacity, value));
    }
    GlaInputs x =
        new GlaInputs(
            HeapAccess.floats(q),
            HeapAccess.floats(k),
            HeapAccess.floats(v),
            HeapAccess.floats(g),
            HeapAccess.ints(rowToken),
            HeapAccess.ints(rowMode),
            HeapAccess.floats(rowWeight),
            heads,
            capacity,
            rowCapacity,
            key,
            value);
    boolean carried = control.get(Control.USE_STATE) == 1;
    GlaBackward.Gradients y =
        new GlaBackward.Gradients(
            HeapAccess.floats(dOut),
            carried ? HeapAccess.floats(state) : null,
            carried ? HeapAccess.floats(dState) : null,
            HeapAccess.floats(dRows),
            HeapAccess.floats(dvRows));
    float[] states = keeps == 1 ? HeapAccess.floats(kept) : null;
    GlaSegments of = of(x, control, segments, partitions, state, stateAt, states);
    int gradientBase = control.get(dStateAt) - of.statesAt();
    // Without kept states a piece would have to compute those before it again.
    int handed = states == null ? 0 : GlaStates.size(key, value);
    Pieces.forEach(
        of.bounds(),
        of.count(),
        heads,
        handed,
        true,
        (segment, head, piece) -> {
          int at = of.stateAt(segment, head);
          backwardScratch(key, value)
              .segment(x, y, head, piece, at, gradientBase + at, states, of.keptAt(segment, head));
        });
  }

  private static GlaBackward backwardScratch(int key, int value) {
    GlaBackward b = BACKWARD.get();
    if (b == null || !b.fits(key, value)) {
      b = new GlaBackward(key, value);
      BACKWARD.set(b);
    }
    return b;
  }

  private static GlaForward forwardScratch(int key, int value) {
    GlaForward f = FORWARD.get();
    if (f == null || !f.fits(key, value)) {
      f = new GlaForward(key, value);
      FORWARD.set(f);
    }
    return f;
  }
}
