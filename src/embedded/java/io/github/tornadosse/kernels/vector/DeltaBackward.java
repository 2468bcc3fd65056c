package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import io.github.tornadosse.kernels.vector.DeltaGradient.Gradients;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * One worker's backward pass of the gated delta rule over segments (docs/mathematics.md section 3),
 * and its scratch memory.
 *
 * <p>A first sweep forward recomputes the state before each chunk and the errors in it; then the
 * chunks are taken from the last to the first, with the gradient of the state carried along. States
 * and errors kept take at most {@link #KEPT_BYTES}: of a longer segment every so many chunks' state
 * is kept at first, and the others are recomputed group by group.
 */
final class DeltaBackward {
  /** Most memory for the kept states and errors of one worker. */
  private static final int KEPT_BYTES = 32 << 20;

  /** Rows of a chunk. */
  private static final int C = 64;

  private final int key;
  private final int value;
  private final int valueHeads; // of one key head
  private final int kp; // K padded to whole panels
  private final int vp; // V padded to whole panels
  private final int ldv; // row stride of errors
  private final int group; // chunks whose states and errors are kept at a time
  private final DeltaChunk chunk = new DeltaChunk(C);
  private final DeltaChunk ahead = new DeltaChunk(C); // the one after it in the order of work
  private final DeltaRows rows;
  private final DeltaDecay decay = new DeltaDecay(C);
  private final DeltaUpdate update;
  private final DeltaGradient gradient;
  private final float[][] stateGradients; // of each value head [vp / NR, kp, NR]
  private final float[] sums; // [2·C, ld] dq̂ and dk̂ over value heads
  private final float[] passing; // [C, ldv] errors of chunks that are only passed

  /** Keeps the reads that bring rows into the cache alive. */
  private float touched;

  private float[][] states = new float[0][]; // before a chunk, of each value head
  private float[][] errors = new float[0][]; // of a chunk, of each value head [C, ldv]

  DeltaBackward(int key, int value, int valueHeads) {
    this(key, value, valueHeads, KEPT_BYTES);
  }

  /**
   * Scratch that keeps other states than usual.
   *
   * @param keptBytes most memory for kept states and errors, but those of two chunks are always
   *     kept
   */
  DeltaBackward(int key, int value, int valueHeads, int keptBytes) {
    this.key = key;
    this.value = value;
    this.valueHeads = valueHeads;
    kp = MicroKernels.panels(key) * NR;
    vp = MicroKernels.panels(value) * NR;
    ldv = vp + L;
    group = Math.max(2, (int) (keptBytes / (4L * valueHeads * (kp * vp + C * ldv))));
    rows = new DeltaRows(C, key, kp);
    update = new DeltaUpdate(C, kp);
    gradient = new DeltaGradient(C, value, rows, decay);
    stateGradients = new float[valueHeads][kp * vp];
    sums = new float[2 * C * rows.ld];
    passing = new float[C * ldv];
  }

  /** Whether this scratch fits those sizes. */
  boolean fits(int key, int value, int valueHeads) {
    return this.key == key && this.value == value && this.valueHeads == valueHeads;
  }

  /**
   * One segment of one key head.
   *
   * @param begin first row
   * @param end row after the last
   * @param stateAt begin of the initial states [HV/H, K, V]
   * @param gradientAt begin of the states' gradients
   */
  void segment(
      DeltaInputs x, Gradients y, int head, int begin, int end, int stateAt, int gradientAt) {
    int chunks = (end - begin + C - 1) / C;
    boolean carried = y.states() != null;
    int groups = (chunks + group - 1) / group;
    int saved = Math.min(group, chunks); // states[saved + i]: before group i
    reserve(saved, groups);
    for (int h = 0; h < valueHeads && carried; h++) {
      int at = h * key * value;
      GlaState.unpack(y.states(), stateAt + at, key, value, state(saved, h), kp);
      GlaState.unpack(y.stateGradients(), gradientAt + at, key, value, stateGradients[h], kp);
    }
    for (int i = 0; i + 1 < groups; i++) {
      copy(saved + i, saved + i + 1);
      for (int j = 0; j < group; j++) {
        int row = begin + (i * group + j) * C;
        load(x, head, row, end);
        pass(x, head, saved + i + 1, carried || row > begin);
      }
    }
    for (int i = groups - 1; i >= 0; i--) {
      int first = i * group;
      int last = Math.min(chunks, first + group) - 1;
      copy(saved + i, 0);
      for (int j = first; j <= last; j++) {
        int row = begin + j * C;
        load(x, head, row, end);
        sweep(x, head, j - first, carried || row > begin, j < last);
      }
      for (int j = last; j >= first; j--) {
        int row = begin + j * C;
        chunk.load(x, head, row, end);
        ahead.load(x, head, row - C, j > first ? row : row - C);
        rows.load(x, chunk);
        chunk(x, y, head, j - first, carried || j > 0, carried || j < chunks - 1);
      }
    }
    for (int h = 0; h < valueHeads && carried; h++) {
      int at = gradientAt + h * key * value;
      GlaState.pack(stateGradients[h], kp, y.stateGradients(), at, key, value);
    }
  }

  private float[] state(int slot, int h) {
    return states[slot * valueHeads + h];
  }

  private void reserve(int slots, int groups) {
    int had = states.length;
    int n = (slots + groups) * valueHeads;
    if (had < n) {
      states = Arrays.copyOf(states, n);
      for (int i = had; i < n; i++) states[i] = new float[kp * vp];
    }
    had = errors.length;
    n = slots * valueHeads;
    if (had < n) {
      errors = Arrays.copyOf(errors, n);
      for (int i = had; i < n; i++) errors[i] = new float[C * ldv];
    }
  }

  private void copy(int from, int to) {
    for (int h = 0; h < valueHeads; h++) {
      System.arraycopy(state(from, h), 0, state(to, h), 0, kp * vp);
    }
  }

  /** The chunk that begins at that row, without its queries. */
  private void load(DeltaInputs x, int head, int row, int end) {
    chunk.load(x, head, row, end);
    ahead.load(x, head, Math.min(row + C, end), end);
    rows.loadKeys(x, chunk);
  }

  /** Takes the states of a slot across the chunk. */
  private void pass(DeltaInputs x, int head, int slot, boolean from) {
    for (int h = 0; h < valueHeads; h++) {
      errors(x, head, h, state(slot, h), from, passing);
      advance(state(slot, h), from, passing);
    }
  }

  /** Keeps the errors of the chunk and, if there is a next one, the states after it. */
  private void sweep(DeltaInputs x, int head, int slot, boolean from, boolean next) {
    if (next) copy(slot, slot + 1);
    for (int h = 0; h < valueHeads; h++) {
      float[] e = errors[slot * valueHeads + h];
      errors(x, head, h, state(slot, h), from, e);
      if (next) advance(state(slot + 1, h), from, e);
    }
  }

  private void errors(DeltaInputs x, int head, int h, float[] state, boolean from, float[] to) {
    int valueHead = head * valueHeads + h;
    decay.load(x, chunk, valueHead);
    update.prepare(chunk, rows, decay);
    for (int p = 0; p < vp / NR; p++) {
      update.errors(x, chunk, rows, decay, valueHead, state, p, from, to, p * NR, ldv);
      int v = valueHead * x.capacity() * value;
      touched = ahead.touch(x.v(), v, ahead.valueAt, value, p, vp / NR);
      if (h == 0) touched += ahead.touch(x.k(), 0, ahead.keyAt, key, p, vp / NR);
    }
  }

  private void advance(float[] state, boolean from, float[] e) {
    for (int p = 0; p < vp / NR; p++) {
      update.advance(chunk, rows, state, p, from, e, p * NR, ldv);
    }
  }

  /** One chunk; the states' gradients go from its end to its start. */
  private void chunk(DeltaInputs x, Gradients y, int head, int slot, boolean from, boolean to) {
    for (int h = 0; h < valueHeads; h++) {
      int valueHead = head * valueHeads + h;
      decay.load(x, chunk, valueHead);
      float[] e = errors[slot * valueHeads + h];
      gradient.run(x, y, chunk, ahead, valueHead, state(slot, h), stateGradients[h], e, from, to);
      for (int i = 0; i < chunk.n; i++) {
        int q = 2 * i * rows.ld;
        add(h > 0, gradient.reads, q, sums, q);
        add(h > 0, gradient.reads, q + rows.ld, sums, q + rows.ld);
        add(true, gradient.writes, i * rows.ld, sums, q + rows.ld);
      }
    }
    int part = x.heads() * x.rowCapacity() * key;
    for (int i = 0; i < chunk.n; i++) {
      int at = (head * x.rowCapacity() + chunk.first + i) * key;
      float query = x.gateValues() ? chunk.read[i] : chunk.queryWeight[i];
      float write = x.gateValues() ? chunk.written[i] : chunk.keyWeight[i];
      float alongQuery = normalised(2 * i, query, y.rows(), at);
      float alongKey = normalised(2 * i + 1, write, y.rows(), part + at);
      if (!x.gateValues()) {
        int weightAt = head * x.rowCapacity() + chunk.first + i;
        y.weights()[weightAt] = weight(2 * i, query, alongQuery);
        y.weights()[x.heads() * x.rowCapacity() + weightAt] = weight(2 * i + 1, write, alongKey);
      }
    }
  }

  /** to (+)= a. */
  private void add(boolean more, float[] a, int at, float[] to, int toAt) {
    if (more) {
      GlaRows.add(to, toAt, 1, a, at, kp);
    } else {
      System.arraycopy(a, at, to, toAt, kp);
    }
  }

  /**
   * The gradient of what row r was before it was normalised, times a factor.
   *
   * @return the normalised row times its gradient
   */
  private float normalised(int r, float f, float[] to, int toAt) {
    int at = r * rows.ld;
    float along = GlaRows.dot(rows.rows, at, sums, at, kp);
    across(sums, rows.rows, at, -along, f * rows.inverseNorm[r], to, toAt, key);
    return along;
  }

  /**
   * The gradient of the factor w of a row before it was normalised. The normalisation takes w out
   * again but for the epsilon, so that it is lost in rounding as the inner product of the row and
   * its gradient.
   */
  private float weight(int r, float w, float along) {
    double inverse = rows.inverseNorm[r];
    return w > 0 ? (float) (along * DeltaRows.NORM_EPS * inverse * inverse / w) : 0;
  }

  /** to = f·(a + g·b). */
  private static void across(
      float[] a, float[] b, int at, float g, float f, float[] to, int toAt, int n) {
    FloatVector along = FloatVector.broadcast(F, g);
    int j = 0;
    for (; j + L <= n; j += L) {
      FloatVector.fromArray(F, b, at + j)
          .fma(along, FloatVector.fromArray(F, a, at + j))
          .mul(f)
          .intoArray(to, toAt + j);
    }
    if (j < n) {
      VectorMask<Float> m = VectorMath.tail(j, n);
      FloatVector.fromArray(F, b, at + j)
          .fma(along, FloatVector.fromArray(F, a, at + j))
          .mul(f)
          .intoArray(to, toAt + j, m);
    }
  }
}
