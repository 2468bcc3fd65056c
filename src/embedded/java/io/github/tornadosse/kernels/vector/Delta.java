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
    int[] bounds = HeapAccess.ints(segments);
    long[] order = Gla.longestFirst(bounds, control.get(Control.SEQUENCES) * (partitions + 1));
    float[] states = control.get(Control.USE_STATE) == 1 ? HeapAccess.floats(state) : null;
    int base = control.get(stateAt);
    float[] to = HeapAccess.floats(out);
    Workers.forEach(
        order.length * heads,
        (item, worker) -> {
          int segment = (int) order[item / heads];
          int head = item % heads;
          forwardScratch(x)
              .segment(
                  x,
                  head,
                  bounds[2 * segment],
                  bounds[2 * segment + 1],
                  states,
                  base + (segment * valueHeads + head * x.group()) * key * value,
                  to);
        });
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
