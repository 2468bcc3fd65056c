package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

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
  /** Rows of a chunk: the products within a chunk, which grow with it, are a third of the work. */
  private static final int C = 32;

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
  private final DeltaUpdate update;
  private final float[] scores = new float[C * C]; // what a row reads of each row's error
  private final float[] read = new float[C]; // factor of what a row reads from the state
  private final float[] errors = new float[C * NR]; // one panel
  private final float[] narrow = new float[C * NR]; // the last panel of the output if not whole
  private DeltaChunk chunk = new DeltaChunk(C);
  private DeltaChunk next = new DeltaChunk(C);

  /** Keeps the reads that bring rows into the cache alive. */
  private float touched;

  DeltaForward(int key, int value, int group) {
    this.key = key;
    this.value = value;
    this.group = group;
    kp = (key + L - 1) / L * L;
    panels = MicroKernels.panels(value);
    states = new float[group][panels * kp * NR];
    rows = new DeltaRows(C, key, kp);
    update = new DeltaUpdate(C, kp);
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
   * @param out takes the outputs
   */
  void segment(
      DeltaInputs x, int head, int begin, int end, float[] initial, int stateAt, RowOutputs out) {
    if (initial != null && end - begin <= FEW) {
      steps(x, head, begin, end, initial, stateAt, out);
      return;
    }
    for (int h = 0; h < group && initial != null; h++) {
      GlaState.unpack(initial, stateAt + h * key * value, key, value, states[h], kp);
    }
    next.load(x, head, begin, end);
    for (int row = begin; row < end; row += C) {
      DeltaChunk c = next;
      next = chunk;
      chunk = c;
      next.load(x, head, Math.min(end, row + C), end);
      rows.load(x, chunk);
      boolean from = initial != null || row > begin;
      boolean to = initial != null || row + C < end;
      for (int h = 0; h < group; h++) {
        int valueHead = head * group + h;
        prepare(x, valueHead);
        for (int p = 0; p < panels; p++) {
          panel(x, valueHead, states[h], p, from, to, out.array(), out.at(valueHead, row));
          touch(x, valueHead, h, p);
        }
        out.done(valueHead, row, chunk.n);
      }
    }
    for (int h = 0; h < group && initial != null; h++) {
      GlaState.pack(states[h], kp, initial, stateAt + h * key * value, key, value);
    }
  }

  private void steps(
      DeltaInputs x, int head, int begin, int end, float[] initial, int stateAt, RowOutputs out) {
    chunk.load(x, head, begin, end);
    rows.normalise(x, chunk);
    for (int h = 0; h < group; h++) {
      int valueHead = head * group + h;
      decay.steps(x, chunk, valueHead);
      int at = stateAt + h * key * value;
      int outAt = out.at(valueHead, begin);
      DeltaStep.run(x, chunk, rows, decay, valueHead, initial, at, out.array(), outAt);
      out.done(valueHead, begin, chunk.n);
    }
  }

  /** The matrices of one value head. */
  private void prepare(DeltaInputs x, int valueHead) {
    int n = chunk.padded();
    decay.load(x, chunk, valueHead);
    update.prepare(chunk, rows, decay);
    decay.weight(chunk.output, rows.products, 0, 2 * C, decay.strength, scores, 0, C, n);
    for (int i = 0; i < chunk.n; i++) read[i] = chunk.output[i] * decay.fromStart[i];
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
    update.errors(x, chunk, rows, decay, valueHead, state, p, from, errors, 0, NR);
    int columns = Math.min(NR, value - p * NR);
    if (columns == NR) {
      output(state, p * kp * NR, from, out, outAt + p * NR, value);
    } else {
      output(state, p * kp * NR, from, narrow, 0, NR);
      for (int i = 0; i < chunk.n; i++) {
        System.arraycopy(narrow, i * NR, out, outAt + i * value + p * NR, columns);
      }
    }
    if (to) update.advance(chunk, rows, state, p, from, errors, 0, NR);
  }

  /** Reads parts of the next chunk's rows, so that they come while the products run. */
  private void touch(DeltaInputs x, int valueHead, int h, int p) {
    int head = valueHead * x.capacity() * value;
    float t = next.touch(x.v(), head, next.valueAt, value, p, panels);
    if (h == 0) {
      t += next.touch(x.q(), 0, next.keyAt, key, p, panels);
      t += next.touch(x.k(), 0, next.keyAt, key, p, panels);
    }
    touched = t;
  }

  private void output(float[] state, int stateAt, boolean from, float[] to, int at, int ld) {
    int n = chunk.n;
    float[] q = rows.rows;
    int ldq = 2 * rows.ld;
    int i = 0;
    for (; i + MR <= n; i += MR) {
      int d = at + i * ld;
      if (from) {
        RowMicroKernels.tileRowsSet(kp, q, i * ldq, ldq, state, stateAt, to, d, ld);
        RowMicroKernels.tileRowsScaleAdd(i + MR, scores, i * C, C, errors, 0, to, d, ld, read, i);
      } else {
        RowMicroKernels.tileRowsSet(i + MR, scores, i * C, C, errors, 0, to, d, ld);
      }
    }
    if (i < n) {
      int d = at + i * ld;
      if (from) {
        RowMicroKernels.rowsSet(n - i, kp, q, i * ldq, ldq, state, stateAt, to, d, ld);
        RowMicroKernels.rowsScaleAdd(n - i, n, scores, i * C, C, errors, 0, to, d, ld, read, i);
      } else {
        RowMicroKernels.rowsSet(n - i, n, scores, i * C, C, errors, 0, to, d, ld);
      }
    }
  }
}
