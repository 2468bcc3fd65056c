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
    segments(x, control, segments, partitions, state, stateAt, to, states);
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
   * @param kept scratch, see {@link TokenSums}
   * @param marks scratch, see {@link TokenSums}
   * @param y [L, H·V]
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
      FloatArray kept,
      IntArray marks,
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
    TokenSums sums =
        new TokenSums(control, rowToken, tokenRow, gate, w, layout, eps, kept, marks, y);
    int stateAt = layout.get(OutputLayout.STATE_AT);
    int partitions = layout.get(OutputLayout.PARTITIONS);
    segments(x, control, segments, partitions, state, stateAt, sums, null);
    sums.finish(Blocks.tokens(control));
  }

  private static void segments(
      GlaInputs x,
      IntArray control,
      IntArray segments,
      int partitions,
      FloatArray state,
      int stateAt,
      RowOutputs out,
      float[] kept) {
    int[] bounds = HeapAccess.ints(segments);
    int count = control.get(Control.SEQUENCES) * (partitions + 1);
    int[] keptBefore = keptBefore(bounds, count);
    float[] states = control.get(Control.USE_STATE) == 1 ? HeapAccess.floats(state) : null;
    int base = control.get(stateAt);
    int heads = x.heads();
    int key = x.key();
    int value = x.value();
    Pieces.forEach(
        bounds,
        count,
        heads,
        GlaForward.stateSize(key, value),
        false,
        (segment, head, piece) ->
            forwardScratch(key, value)
                .segment(
                    x,
                    head,
                    piece,
                    states,
                    base + (segment * heads + head) * key * value,
                    out,
                    kept,
                    keptAt(keptBefore, segment, heads, head, key, value)));
  }

  /** How many states are kept before each segment; one more entry than segments. */
  private static int[] keptBefore(int[] bounds, int count) {
    int[] before = new int[count + 1];
    for (int i = 0; i < count; i++) {
      before[i + 1] = before[i] + GlaStates.keptOf(bounds[2 * i + 1] - bounds[2 * i]);
    }
    return before;
  }

  private static int keptAt(
      int[] keptBefore, int segment, int heads, int head, int key, int value) {
    int own = keptBefore[segment + 1] - keptBefore[segment];
    return (keptBefore[segment] * heads + own * head) * GlaStates.size(key, value);
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
    int[] bounds = HeapAccess.ints(segments);
    int count = control.get(Control.SEQUENCES) * (partitions + 1);
    int[] keptBefore = keptBefore(bounds, count);
    int stateBase = control.get(stateAt);
    int gradientBase = control.get(dStateAt);
    // Without kept states a piece would have to compute those before it again.
    int handed = states == null ? 0 : GlaStates.size(key, value);
    Pieces.forEach(
        bounds,
        count,
        heads,
        handed,
        true,
        (segment, head, piece) -> {
          int at = (segment * heads + head) * key * value;
          backwardScratch(key, value)
              .segment(
                  x,
                  y,
                  head,
                  piece,
                  stateBase + at,
                  gradientBase + at,
                  states,
                  keptAt(keptBefore, segment, heads, head, key, value));
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
