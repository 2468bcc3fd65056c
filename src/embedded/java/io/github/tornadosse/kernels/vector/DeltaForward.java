package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * One worker's forward pass of the gated delta rule over segments, chunk by chunk
 * (docs/mathematics.md section 3), and its scratch memory: O(HV/H·K·V + C·(K + V)) floats whatever
 * the length.
 *
 * <p>All value heads of a key head go together, since they share its normalised rows and inner
 * products. After those, everything is done for one panel of the values' columns at a time, whose
 * state stays in the nearest cache.
 */
final class DeltaForward {
  /** Rows of a chunk. */
  private static final int C = Integer.getInteger("delta.c", 32);

  /** Longest segment that goes token by token when it carries a state. */
  private static final int FEW = 4;

  private final int key;
  private final int value;
  private final int group;
  private final int kp; // K padded to whole vectors
  private final int panels;
  private final float[][] states; // of each value head [panels, kp, NR]
  private final DeltaRows rows;
  private final DeltaDecay decay = new DeltaDecay(C);
  private final DeltaInverse inverse = new DeltaInverse();
  private final float[] couplings = new float[C * C]; // of each row's error with earlier ones
  private final float[] solve = new float[C * C]; // (I − couplings)^(-1)
  private final float[] scores = new float[C * C];
  private final float[] minus = new float[C]; // −1
  private final float[] fromState = new float[C]; // factor of what is read from the state
  private final float[] toEnd = new float[C]; // factor of an error in the update
  private final float[] total; // [kp] decay over the chunk
  private final float[] errors = new float[C * NR]; // one panel
  private final float[] narrow = new float[C * NR]; // the last panel of the output if not whole
  private DeltaChunk chunk = new DeltaChunk(C);

  DeltaForward(int key, int value, int group) {
    this.key = key;
    this.value = value;
    this.group = group;
    kp = (key + L - 1) / L * L;
    panels = MicroKernels.panels(value);
    states = new float[group][panels * kp * NR];
    rows = new DeltaRows(C, key, kp);
    total = new float[kp];
    Arrays.fill(minus, -1);
  }

  /** Whether this scratch fits those sizes. */
  boolean fits(int key, int value, int group) {
    return this.key == key && this.value == value && this.group == group;
  }

  /**
   * One segment of one key head.
   *
   * @param begin first row
   * @param end row after the last
   * @param initial the states [HV/H, K, V] are read from and written back to it at stateAt; null to
   *     start from zero and keep nothing
   * @param out [HV, R, V]
   */
  void segment(
      DeltaInputs x, int head, int begin, int end, float[] initial, int stateAt, float[] out) {
    if (initial != null && end - begin <= FEW) {
      steps(x, head, begin, end, initial, stateAt, out);
      return;
    }
    for (int h = 0; h < group && initial != null; h++) {
      GlaState.unpack(initial, stateAt + h * key * value, key, value, states[h], kp);
    }
    for (int row = begin; row < end; row += C) {
      chunk.load(x, head, row, end);
      rows.load(x, chunk);
      for (int h = 0; h < group; h++) {
        int valueHead = head * group + h;
        prepare(x, valueHead);
        boolean from = initial != null || row > begin;
        boolean to = initial != null || row + C < end;
        int outAt = (valueHead * x.rowCapacity() + row) * value;
        for (int p = 0; p < panels; p++) panel(x, valueHead, states[h], p, from, to, out, outAt);
      }
    }
    for (int h = 0; h < group && initial != null; h++) {
      GlaState.pack(states[h], kp, initial, stateAt + h * key * value, key, value);
    }
  }

  private void steps(
      DeltaInputs x, int head, int begin, int end, float[] initial, int stateAt, float[] out) {
    chunk.load(x, head, begin, end);
    rows.normalise(x, chunk);
    for (int h = 0; h < group; h++) {
      int valueHead = head * group + h;
      decay.steps(x, chunk, valueHead);
      int at = stateAt + h * key * value;
      int outAt = (valueHead * x.rowCapacity() + begin) * value;
      DeltaStep.run(x, chunk, rows, decay, valueHead, initial, at, out, outAt);
    }
  }

  /** The matrices of one value head. */
  private void prepare(DeltaInputs x, int valueHead) {
    int n = chunk.padded();
    decay.load(x, chunk, valueHead);
    decay.weight(minus, rows.products, C, 2 * C, decay.strength, couplings, 0, C, n);
    inverse.invert(couplings, solve, chunk.blocks(), C);
    decay.weight(chunk.output, rows.products, 0, 2 * C, decay.strength, scores, 0, C, n);
    int last = (n - 1) * C;
    for (int i = 0; i < n; i++) {
      fromState[i] = chunk.output[i] * decay.fromStart[i];
      toEnd[i] = decay.between[last + i] * decay.strength[i];
    }
    Arrays.fill(total, decay.total);
  }

  /** Errors, output and update of the state in one panel of columns. */
  private void panel(
      DeltaInputs x,
      int valueHead,
      float[] state,
      int p,
      boolean from,
      boolean to,
      float[] out,
      int outAt) {
    int columns = Math.min(NR, value - p * NR);
    int at = p * kp * NR;
    int n = chunk.padded();
    if (from) {
      MicroKernels.rowsSet(n, kp, rows.rows, rows.ld, 2 * rows.ld, state, at, errors, 0, NR);
    } else {
      Arrays.fill(errors, 0, n * NR, 0);
    }
    int valueAt = valueHead * x.capacity() * value + p * NR;
    for (int i = 0; i < chunk.n; i++) {
      error(
          x.v(),
          valueAt + chunk.valueAt[i],
          chunk.write[i],
          decay.fromStart[i],
          errors,
          i * NR,
          columns);
    }
    for (int i = n - MR; i >= 0; i -= MR) {
      MicroKernels.tileRowsSet(i + MR, solve, i * C, C, errors, 0, errors, i * NR, NR);
    }
    if (columns == NR) {
      output(state, at, from, out, outAt + p * NR, value);
    } else {
      output(state, at, from, narrow, 0, NR);
      for (int i = 0; i < chunk.n; i++) {
        System.arraycopy(narrow, i * NR, out, outAt + i * value + p * NR, columns);
      }
    }
    if (to) update(state, at, from, n);
  }

  /** error = f·v − d·error, for the first n columns of a panel; the others are 0. */
  private static void error(float[] v, int at, float f, float d, float[] errors, int row, int n) {
    FloatVector decay = FloatVector.broadcast(F, -d);
    if (n == NR) {
      for (int j = 0; j < NR; j += L) {
        FloatVector.fromArray(F, errors, row + j)
            .fma(decay, FloatVector.fromArray(F, v, at + j).mul(f))
            .intoArray(errors, row + j);
      }
    } else {
      for (int j = 0; j < NR; j += L) {
        FloatVector.fromArray(F, errors, row + j)
            .fma(decay, FloatVector.fromArray(F, v, at + j, VectorMath.tail(j, n)).mul(f))
            .intoArray(errors, row + j);
      }
    }
  }

  private void output(float[] state, int stateAt, boolean from, float[] to, int at, int ld) {
    int n = chunk.n;
    int i = 0;
    for (; i + MR <= n; i += MR) {
      int d = at + i * ld;
      int row = 2 * i * rows.ld;
      int s = i * C;
      if (from) {
        MicroKernels.tileRowsSet(kp, rows.rows, row, 2 * rows.ld, state, stateAt, to, d, ld);
        MicroKernels.tileRowsScaleAdd(i + MR, scores, s, C, errors, 0, to, d, ld, fromState, i);
      } else {
        MicroKernels.tileRowsSet(i + MR, scores, s, C, errors, 0, to, d, ld);
      }
    }
    if (i < n) {
      int d = at + i * ld;
      int row = 2 * i * rows.ld;
      int s = i * C;
      if (from) {
        MicroKernels.rowsSet(n - i, kp, rows.rows, row, 2 * rows.ld, state, stateAt, to, d, ld);
        MicroKernels.rowsScaleAdd(n - i, n, scores, s, C, errors, 0, to, d, ld, fromState, i);
      } else {
        MicroKernels.rowsSet(n - i, n, scores, s, C, errors, 0, to, d, ld);
      }
    }
  }

  private void update(float[] state, int at, boolean from, int n) {
    for (int i = 0; i < n; i++) scale(errors, i * NR, toEnd[i]);
    float[] r = rows.rows;
    int ld = 2 * rows.ld;
    if (from) {
      MicroKernels.colsScaleAdd(kp, n, r, rows.ld, ld, errors, 0, state, at, NR, total, 0);
    } else {
      MicroKernels.colsSet(kp, n, r, rows.ld, ld, errors, 0, state, at, NR);
    }
  }

  private static void scale(float[] a, int at, float f) {
    for (int j = 0; j < NR; j += L) {
      FloatVector.fromArray(F, a, at + j).mul(f).intoArray(a, at + j);
    }
  }
}
