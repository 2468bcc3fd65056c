package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.embedded.Workers;
import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The gated delta rule over segments of rows, in chunks (docs/mathematics.md section 3; the
 * contract is that of {@code DeltaRuleOperations.forward} and {@code
 * DeltaRuleOperations.gradient}). One unit of work is one segment of one key head with all its
 * value heads; the longest go first. Any K, V and length, and any decay at most 0.
 */
public final class Delta {
  private static final ThreadLocal<DeltaForward> FORWARD = new ThreadLocal<>();
  private static final ThreadLocal<DeltaBackward> BACKWARD = new ThreadLocal<>();

  private Delta() {}

  /**
   * Forward. R is the size of rowToken.
   *
   * @param control see {@link Control}; its TOKENS, SEQUENCES and USE_STATE
   * @param q [2, H, capacity, K]; like k one source only without sparse partitions
   * @param k [2, H, capacity, K]
   * @param v [HV, capacity, V]
   * @param gates [2, 2, HV, capacity] decays, at most 0, and write strengths of the sources
   * @param rowToken [R] token of each row
   * @param rowMode [R] bit 0: the row is written, bit 1: it is read
   * @param rowWeight [2, R] weights of queries (or outputs) and of keys (or values)
   * @param segments [2·S·(N + 1)] begin and end row of each segment
   * @param state the states [S·(N + 1), HV, K, V] from control[stateAt] on; read and written if
   *     control[USE_STATE] is 1
   * @param out [HV, R, V]; rows of segments are written
   * @param stateAt entry of control that holds the base index of the states
   * @param partitions N
   * @param heads H
   * @param valueHeads HV
   * @param capacity stride of the token arrays; rows below it are of source 0, others of source 1
   * @param gateValues 1 if the weights belong to outputs and values, else 0
   * @param key K
   * @param value V
   */
  public static void forward(
      IntArray control,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      IntArray rowToken,
      IntArray rowMode,
      FloatArray rowWeight,
      IntArray segments,
      FloatArray state,
      FloatArray out,
      int stateAt,
      int partitions,
      int heads,
      int valueHeads,
      int capacity,
      int gateValues,
      int key,
      int value) {
    DeltaInputs x =
        new DeltaInputs(
            HeapAccess.floats(q),
            HeapAccess.floats(k),
            HeapAccess.floats(v),
            HeapAccess.floats(gates),
            HeapAccess.ints(rowToken),
            HeapAccess.ints(rowMode),
            HeapAccess.floats(rowWeight),
            gateValues == 1,
            partitions > 0 ? 2 : 1,
            heads,
            valueHeads,
            capacity,
            rowToken.getSize(),
            key,
            value);
    RowOutputs to = new RowOutputs.Kept(HeapAccess.floats(out), rowToken.getSize(), value);
    segments(x, control, segments, partitions, state, stateAt, to);
  }

  /**
   * Forward, with the mixer's output in place of the rows' (the contract is that of {@code
   * Operations.deltaRuleOutput}). R is the size of rowToken.
   *
   * @param control see {@link Control}; its TOKENS, SEQUENCES and USE_STATE
   * @param q [2, H, capacity, K]; like k one source only without sparse partitions
   * @param k [2, H, capacity, K]
   * @param v [HV, capacity, V]
   * @param gates [2, 2, HV, capacity] decays, at most 0, and write strengths of the sources
   * @param rowToken [R] token of each row
   * @param rowMode [R] bit 0: the row is written, bit 1: it is read
   * @param rowWeight [2, R] weights of queries (or outputs) and of keys (or values)
   * @param tokenRow [capacity·M] the rows of each token
   * @param segments [2·S·(N + 1)] begin and end row of each segment
   * @param gate [L, HV·V]; unused without an output gate
   * @param w [V] weight of the norm
   * @param layout see {@link OutputLayout}
   * @param eps added to the mean square
   * @param state the states [S·(N + 1), HV, K, V]; read and written if control[USE_STATE] is 1
   * @param further scratch, see {@link TokenSums}
   * @param marks scratch, see {@link TokenSums}
   * @param y [L, HV·V]
   */
  public static void output(
      IntArray control,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
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
      FloatArray y) {
    int partitions = layout.get(OutputLayout.PARTITIONS);
    DeltaInputs x =
        new DeltaInputs(
            HeapAccess.floats(q),
            HeapAccess.floats(k),
            HeapAccess.floats(v),
            HeapAccess.floats(gates),
            HeapAccess.ints(rowToken),
            HeapAccess.ints(rowMode),
            HeapAccess.floats(rowWeight),
            layout.get(OutputLayout.GATE_VALUES) == 1,
            partitions > 0 ? 2 : 1,
            layout.get(OutputLayout.KEY_HEADS),
            layout.get(OutputLayout.HEADS),
            layout.get(OutputLayout.CAPACITY),
            rowToken.getSize(),
            layout.get(OutputLayout.KEY),
            layout.get(OutputLayout.VALUE));
    TokenSums sums =
        new TokenSums(control, rowToken, tokenRow, gate, w, layout, eps, further, marks, y, y);
    segments(x, control, segments, partitions, state, layout.get(OutputLayout.STATE_AT), sums);
    sums.finish(Blocks.tokens(control));
  }

  private static void segments(
      DeltaInputs x,
      IntArray control,
      IntArray segments,
      int partitions,
      FloatArray state,
      int stateAt,
      RowOutputs out) {
    int[] bounds = HeapAccess.ints(segments);
    long[] order = Pieces.longestFirst(bounds, control.get(Control.SEQUENCES) * (partitions + 1));
    float[] states = control.get(Control.USE_STATE) == 1 ? HeapAccess.floats(state) : null;
    int base = control.get(stateAt);
    int heads = x.heads();
    Workers.forEach(
        order.length * heads,
        (item, worker) -> {
          int segment = (int) order[item / heads];
          int head = item % heads;
          int first = segment * x.valueHeads() + head * x.group();
          forwardScratch(x)
              .segment(
                  x,
                  head,
                  bounds[2 * segment],
                  bounds[2 * segment + 1],
                  states,
                  base + first * x.key() * x.value(),
                  out);
        });
  }

  /**
   * Gradients, with the weights at queries and keys. The sizes H, HV, R, V and the capacity follow
   * from those of the arrays.
   *
   * @param control see {@link Control}; its TOKENS, SEQUENCES and USE_STATE
   * @param q [2, H, capacity, K]; like k one source only without sparse partitions
   * @param k [2, H, capacity, K]
   * @param v [HV, capacity, V]
   * @param gates [2, 2, HV, capacity]
   * @param rowToken [R]
   * @param rowMode [R]
   * @param rowWeight [2, R]
   * @param segments [2·S·(N + 1)]
   * @param state the initial states [S·(N + 1), HV, K, V] from control[stateAt] on; read if
   *     control[USE_STATE] is 1
   * @param dOut gradient of each token's output [HV, capacity, V]
   * @param dState from control[dStateAt] on, if control[USE_STATE] is 1: in, the gradient of the
   *     final states; out, that of the initial ones
   * @param dRows [2, H, R, K]: gradients of each row's q and k, weights included
   * @param dvRows [HV, R, V]: gradient of each row's v
   * @param dGateRows [2, HV, R]: gradients of each row's decay and write strength
   * @param dWeightRows [2, H, R]: gradients of the weights of each row's q and k
   * @param stateAt entry of control that holds the base index of the states
   * @param dStateAt entry of control that holds the base index of their gradients
   * @param partitions N
   * @param key K
   * @throws IllegalArgumentException if the sizes of the arrays do not agree
   */
  public static void gradient(
      IntArray control,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      IntArray rowToken,
      IntArray rowMode,
      FloatArray rowWeight,
      IntArray segments,
      FloatArray state,
      FloatArray dOut,
      FloatArray dState,
      FloatArray dRows,
      FloatArray dvRows,
      FloatArray dGateRows,
      FloatArray dWeightRows,
      int stateAt,
      int dStateAt,
      int partitions,
      int key) {
    DeltaInputs x =
        inputs(
            q,
            k,
            v,
            gates,
            rowToken,
            rowMode,
            rowWeight,
            dRows,
            dvRows,
            dGateRows,
            partitions,
            key,
            false);
    gradient(
        x,
        control,
        segments,
        state,
        dOut,
        dState,
        dRows,
        dvRows,
        dGateRows,
        dWeightRows,
        stateAt,
        dStateAt,
        partitions);
  }

  /**
   * {@link #gradient} with the weights at outputs and values.
   *
   * @param control see {@link Control}; its TOKENS, SEQUENCES and USE_STATE
   * @param q [2, H, capacity, K]; like k one source only without sparse partitions
   * @param k [2, H, capacity, K]
   * @param v [HV, capacity, V]
   * @param gates [2, 2, HV, capacity]
   * @param rowToken [R]
   * @param rowMode [R]
   * @param rowWeight [2, R]
   * @param segments [2·S·(N + 1)]
   * @param state as in gradient
   * @param dOut [HV, capacity, V]
   * @param dState as in gradient
   * @param dRows [2, H, R, K]: gradients of each row's q and k
   * @param dvRows [HV, R, V]: gradient of each row's v, weight included
   * @param dGateRows [2, HV, R]
   * @param dWeightRows [2, HV, R]: gradients of the weights of each row's output and value
   * @param stateAt entry of control that holds the base index of the states
   * @param dStateAt entry of control that holds the base index of their gradients
   * @param partitions N
   * @param key K
   * @throws IllegalArgumentException if the sizes of the arrays do not agree
   */
  public static void gradientOfGatedValues(
      IntArray control,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      IntArray rowToken,
      IntArray rowMode,
      FloatArray rowWeight,
      IntArray segments,
      FloatArray state,
      FloatArray dOut,
      FloatArray dState,
      FloatArray dRows,
      FloatArray dvRows,
      FloatArray dGateRows,
      FloatArray dWeightRows,
      int stateAt,
      int dStateAt,
      int partitions,
      int key) {
    DeltaInputs x =
        inputs(
            q,
            k,
            v,
            gates,
            rowToken,
            rowMode,
            rowWeight,
            dRows,
            dvRows,
            dGateRows,
            partitions,
            key,
            true);
    gradient(
        x,
        control,
        segments,
        state,
        dOut,
        dState,
        dRows,
        dvRows,
        dGateRows,
        dWeightRows,
        stateAt,
        dStateAt,
        partitions);
  }

  /** Inputs with the sizes that the arrays of gradients have. */
  private static DeltaInputs inputs(
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      IntArray rowToken,
      IntArray rowMode,
      FloatArray rowWeight,
      FloatArray dRows,
      FloatArray dvRows,
      FloatArray dGateRows,
      int partitions,
      int key,
      boolean gateValues) {
    int rowCapacity = rowToken.getSize();
    int heads = dRows.getSize() / 2 / rowCapacity / key;
    int valueHeads = dGateRows.getSize() / 2 / rowCapacity;
    int value = dvRows.getSize() / rowCapacity / valueHeads;
    int capacity = v.getSize() / valueHeads / value;
    if (dRows.getSize() != 2L * heads * rowCapacity * key
        || dGateRows.getSize() != 2L * valueHeads * rowCapacity
        || dvRows.getSize() != (long) valueHeads * rowCapacity * value
        || valueHeads % heads != 0) {
      throw new IllegalArgumentException(
          "dRows of %d, dvRows of %d and dGateRows of %d elements do not fit %d rows of K = %d"
              .formatted(dRows.getSize(), dvRows.getSize(), dGateRows.getSize(), rowCapacity, key));
    }
    return new DeltaInputs(
        HeapAccess.floats(q),
        HeapAccess.floats(k),
        HeapAccess.floats(v),
        HeapAccess.floats(gates),
        HeapAccess.ints(rowToken),
        HeapAccess.ints(rowMode),
        HeapAccess.floats(rowWeight),
        gateValues,
        partitions > 0 ? 2 : 1,
        heads,
        valueHeads,
        capacity,
        rowCapacity,
        key,
        value);
  }

  private static void gradient(
      DeltaInputs x,
      IntArray control,
      IntArray segments,
      FloatArray state,
      FloatArray dOut,
      FloatArray dState,
      FloatArray dRows,
      FloatArray dvRows,
      FloatArray dGateRows,
      FloatArray dWeightRows,
      int stateAt,
      int dStateAt,
      int partitions) {
    boolean carried = control.get(Control.USE_STATE) == 1;
    DeltaGradient.Gradients y =
        new DeltaGradient.Gradients(
            HeapAccess.floats(dOut),
            carried ? HeapAccess.floats(state) : null,
            carried ? HeapAccess.floats(dState) : null,
            HeapAccess.floats(dRows),
            HeapAccess.floats(dvRows),
            HeapAccess.floats(dGateRows),
            HeapAccess.floats(dWeightRows));
    int[] bounds = HeapAccess.ints(segments);
    long[] order = Pieces.longestFirst(bounds, control.get(Control.SEQUENCES) * (partitions + 1));
    int stateBase = control.get(stateAt);
    int gradientBase = control.get(dStateAt);
    int heads = x.heads();
    Workers.forEach(
        order.length * heads,
        (item, worker) -> {
          int segment = (int) order[item / heads];
          int head = item % heads;
          int at = (segment * x.valueHeads() + head * x.group()) * x.key() * x.value();
          backwardScratch(x)
              .segment(
                  x,
                  y,
                  head,
                  bounds[2 * segment],
                  bounds[2 * segment + 1],
                  stateBase + at,
                  gradientBase + at);
        });
  }

  private static DeltaBackward backwardScratch(DeltaInputs x) {
    DeltaBackward b = BACKWARD.get();
    if (b == null || !b.fits(x.key(), x.value(), x.group())) {
      b = new DeltaBackward(x.key(), x.value(), x.group());
      BACKWARD.set(b);
    }
    return b;
  }

  private static DeltaForward forwardScratch(DeltaInputs x) {
    DeltaForward f = FORWARD.get();
    if (f == null || !f.fits(x.key(), x.value(), x.group())) {
      f = new DeltaForward(x.key(), x.value(), x.group());
      FORWARD.set(f);
    }
    return f;
  }
}
