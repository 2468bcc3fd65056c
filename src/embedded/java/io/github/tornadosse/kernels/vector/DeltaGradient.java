package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK;
import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Gradients of one chunk and value head (docs/mathematics.md section 3). With e the errors, u = β·e
 * what is written, and dO and dS the gradients of the outputs and of the state after the chunk:
 *
 * <p>du_j = exp(b_last − b_j)·k̂_j·dS + Σ_{i≥j} f_i·exp(b_i − b_j)·⟨q̂_i, k̂_j⟩·dO_i − Σ_{i&gt;j}
 * exp(b_i − b_j)·⟨k̂_i, k̂_j⟩·de_i, with de = β·du,
 *
 * <p>which is the transposed system of {@link DeltaUpdate}. What belongs to dO and to de of the
 * same row lies side by side, as queries and keys do in {@link DeltaRows}.
 */
final class DeltaGradient {
  /** In row r, ones in columns below r. */
  private static final float[] LOWER = new float[BLOCK * BLOCK];

  static {
    for (int r = 0; r < BLOCK; r++) Arrays.fill(LOWER, r * BLOCK, r * BLOCK + r, 1);
  }

  private final int size;
  private final int value;
  private final int kp; // K padded to whole panels
  private final int vp; // V padded to whole panels
  private final int ld; // row stride of keys
  private final int ldv; // row stride of values: an odd number of vectors
  private final DeltaRows rows;
  private final DeltaDecay decay;
  private final DeltaInverse inverse = new DeltaInverse();
  private final float[] couplings; // [C, C] −β_i·exp(b_i − b_j)·⟨k̂_i, k̂_j⟩
  private final float[] solution; // [C, C] (I − couplings)^(-1)
  private final float[] scores; // [C, C] f_i·exp(b_i − b_j)·⟨q̂_i, k̂_j⟩
  private final float[] outs; // [2·C, ldv] dO and de
  private final float[] columns; // [C / 16, 16 / P, vp, P] e, transposed
  private final float[] pairs; // [2·C, C] gradients of ⟨q̂_i, k̂_j⟩ and of ⟨k̂_i, k̂_j⟩
  private final float[] stateT; // [kp / NR, vp, NR]
  private final float[] gradientT; // [kp / NR, vp, NR]
  private final float[] pending; // [C] sums over later rows of decay gradients
  private final float[] decays; // [C] gradients of the decays
  private final float[] fromState; // [C] their terms of what each row reads from the state
  private final float[] toState; // [C] their terms of what each row writes to the state
  private final float[] fromStart; // [2·C] factors of what a query and a key read from the state
  private final float[] toEnd; // [C] decay from after each row to the chunk's end
  private final float[] written; // [C] the same times the write strength
  private final float[] minus; // [C] −1
  private final float[] left; // [C] negative write strengths
  private final float[] outputs; // [C] f, 0 in padding
  private final float[] strengths; // [C] gradients of the write strengths
  private final float[] weights; // [C] of the outputs' weights over K^(-1/2), with gated values
  private final float[] total; // [kp] decay over the chunk
  private final float[] square = new float[BLOCK * BLOCK];

  /** Keeps the reads that bring rows into the cache alive. */
  private float touched;

  /** [2·C, ld]: dq̂ and the part of dk̂ that comes from the row's own error and outputs. */
  final float[] reads;

  /** [C, ld]: the part of dk̂ that comes from what is written. */
  final float[] writes;

  /**
   * Scratch for one chunk.
   *
   * @param size C
   * @param value V
   * @param rows the chunk's, with K padded to whole panels
   * @param decay the chunk's and value head's
   */
  DeltaGradient(int size, int value, DeltaRows rows, DeltaDecay decay) {
    this.size = size;
    this.value = value;
    this.rows = rows;
    this.decay = decay;
    kp = rows.kp;
    ld = rows.ld;
    vp = MicroKernels.panels(value) * NR;
    ldv = vp + L;
    couplings = new float[size * size];
    solution = new float[size * size];
    scores = new float[size * size];
    outs = new float[2 * size * ldv];
    columns = new float[size * vp];
    pairs = new float[2 * size * size];
    stateT = new float[kp * vp];
    gradientT = new float[kp * vp];
    pending = new float[size];
    decays = new float[size];
    fromState = new float[size];
    toState = new float[size];
    fromStart = new float[2 * size];
    toEnd = new float[size];
    written = new float[size];
    minus = new float[size];
    left = new float[size];
    outputs = new float[size];
    total = new float[kp];
    reads = new float[2 * size * ld];
    writes = new float[size * ld];
    strengths = new float[size];
    weights = new float[size];
    Arrays.fill(minus, -1);
  }

  /**
   * What a call reads and writes besides its inputs.
   *
   * @param out dO [HV, capacity, V]
   * @param states initial states, or null if segments start from zero
   * @param stateGradients gradients of the final states, overwritten with those of the initial ones
   * @param rows of normalised queries and keys [2, H, R, K]
   * @param values [HV, R, V]
   * @param gates of decays and write strengths [2, HV, R]
   * @param weights of outputs' and values' weights [2, HV, R]; null without gated values
   */
  record Gradients(
      float[] out,
      float[] states,
      float[] stateGradients,
      float[] rows,
      float[] values,
      float[] gates,
      float[] weights) {}

  /**
   * Everything but what is normalised, and {@link #reads} and {@link #writes}; the rows and the
   * decay are filled.
   *
   * @param ahead the chunk that comes next
   * @param state the state before the chunk, [vp / NR, kp, NR]
   * @param gradient that of the state after the chunk, then of the one before it
   * @param errors [C, vp + L]
   * @param from false if the state before the chunk is zero
   * @param to false if the gradient of the state after it is zero
   */
  void run(
      DeltaInputs x,
      Gradients y,
      DeltaChunk c,
      DeltaChunk ahead,
      int valueHead,
      float[] state,
      float[] gradient,
      float[] errors,
      boolean from,
      boolean to) {
    prepare(x, y, c, valueHead);
    int head = valueHead * x.capacity() * value;
    for (int p = 0; p < vp; p += NR) {
      errorGradients(c, p, gradient, to);
      touched = ahead.touch(y.out(), head, ahead.valueAt, value, p / NR, vp / NR);
    }
    values(x, y, c, valueHead, errors);
    pairs(x, c, errors);
    Arrays.fill(fromState, 0, c.n, 0);
    Arrays.fill(toState, 0, c.n, 0);
    if (from) Transpose.panels(state, 0, stateT, kp, vp, square);
    if (to) Transpose.panels(gradient, 0, gradientT, kp, vp, square);
    reads(x, c, ahead, from);
    writes(x, c, ahead, errors, to);
    decays(c, from && to ? decay.total * GlaRows.dot(state, 0, gradient, 0, kp * vp) : 0);
    store(x, y, c, valueHead);
    if (from) carry(c, gradient, to);
  }

  /** Factors, the matrices of the chunk, and dO. */
  private void prepare(DeltaInputs x, Gradients y, DeltaChunk c, int valueHead) {
    int n = c.padded();
    int last = (n - 1) * size;
    for (int i = 0; i < n; i++) {
      float output = i < c.n ? c.output[i] : 0;
      fromStart[2 * i] = output * decay.fromStart[i];
      fromStart[2 * i + 1] = -decay.fromStart[i];
      toEnd[i] = decay.between[last + i];
      written[i] = toEnd[i] * decay.strength[i];
      outputs[i] = output;
      left[i] = -decay.strength[i];
    }
    Arrays.fill(total, decay.total);
    float[] products = rows.products;
    decay.weight(left, products, size, 2 * size, decay.ones, couplings, 0, size, n);
    inverse.invert(couplings, solution, c.blocks(), size);
    decay.weight(outputs, products, 0, 2 * size, decay.ones, scores, 0, size, n);
    int head = valueHead * x.capacity() * value;
    for (int i = 0; i < c.n; i++) {
      int at = 2 * i * ldv;
      Arrays.fill(outs, at + value, at + vp, 0);
      GlaRows.scaled(y.out(), head + c.valueAt[i], 1, outs, at, value);
    }
    for (int i = c.n; i < n; i++) Arrays.fill(outs, 2 * i * ldv, 2 * i * ldv + vp, 0);
  }

  /** du in the place of de, in the columns from p on. */
  private void errorGradients(DeltaChunk c, int p, float[] gradient, boolean to) {
    int n = c.padded();
    int ldo = 2 * ldv;
    int at = ldv + p;
    if (to) {
      RowMicroKernels.rowsSet(n, kp, rows.rows, ld, 2 * ld, gradient, p * kp, outs, at, ldo);
    }
    for (int j = 0; j < n; j += MR) {
      int s = j * size + j;
      int d = at + j * ldo;
      int o = p + j * ldo;
      if (to) {
        ColumnMicroKernels.tileColsScaleAdd(
            n - j, scores, s, size, outs, o, ldo, outs, d, ldo, toEnd, j);
      } else {
        ColumnMicroKernels.tileColsSet(n - j, scores, s, size, outs, o, ldo, outs, d, ldo);
      }
    }
    for (int j = 0; j < n; j += MR) {
      int d = at + j * ldo;
      ColumnMicroKernels.tileColsSet(
          n - j, solution, j * size + j, size, outs, d, ldo, outs, d, ldo);
    }
  }

  /** Gradients of the write strengths and values; du becomes de. */
  private void values(DeltaInputs x, Gradients y, DeltaChunk c, int valueHead, float[] errors) {
    int rowAt = valueHead * x.rowCapacity() + c.first;
    int head = valueHead * x.capacity() * value;
    int part = x.valueHeads() * x.rowCapacity();
    for (int i = 0; i < c.n; i++) {
      int at = (2 * i + 1) * ldv;
      strengths[i] = c.read[i] * GlaRows.dot(outs, at, errors, i * ldv, vp);
      GlaRows.scaled(outs, at, decay.strength[i], outs, at, vp);
      Lanes.scale(outs, at, c.write[i], y.values(), (rowAt + i) * value, value);
      if (x.gateValues()) {
        y.weights()[part + rowAt + i] =
            c.written[i] * Lanes.dot(outs, at, x.v(), head + c.valueAt[i], value);
      }
    }
  }

  /** Gradients of the inner products of queries and of keys with keys. */
  private void pairs(DeltaInputs x, DeltaChunk c, float[] errors) {
    int n = c.padded();
    for (int i = 0; i < n; i += BLOCK) {
      Transpose.toBlockPanels(errors, i * ldv, ldv, columns, i * vp, vp, square);
      for (int j = 0; j <= i; j += BLOCK) {
        for (int r = 2 * i; r < 2 * i + 2 * BLOCK; r += BLOCK) {
          RowMicroKernels.blockRowsSet(
              vp, outs, r * ldv, ldv, columns, j * vp, pairs, r * size + j, size);
        }
      }
    }
    int ldp = 2 * size;
    float[] queries = x.gateValues() ? decay.ones : outputs;
    decay.weight(queries, pairs, 0, ldp, decay.strength, pairs, 0, ldp, n);
    decay.weight(minus, pairs, size, ldp, decay.strength, pairs, size, ldp, n);
    for (int i = 0; i < n; i++) pairs[(2 * i + 1) * size + i] = 0;
    if (x.gateValues()) {
      for (int i = 0; i < c.n; i++) {
        int at = 2 * i * size;
        int columns = (i / BLOCK + 1) * BLOCK;
        weights[i] = GlaRows.dot(pairs, at, rows.products, at, columns);
        GlaRows.scaled(pairs, at, outputs[i], pairs, at, columns);
      }
    }
  }

  /** {@link #reads}, and what the reads of each row from the state make of its decay. */
  private void reads(DeltaInputs x, DeltaChunk c, DeltaChunk ahead, boolean from) {
    int n = 2 * c.padded();
    if (from) {
      for (int p = 0; p < kp; p += NR) {
        RowMicroKernels.rowsSet(n, vp, outs, 0, ldv, stateT, p * vp, reads, p, ld);
      }
      for (int i = 0; i < c.n; i++) {
        int q = 2 * i * ld;
        float query = GlaRows.dot(rows.rows, q, reads, q, kp);
        float key = GlaRows.dot(rows.rows, q + ld, reads, q + ld, kp);
        fromState[i] = fromStart[2 * i] * query + fromStart[2 * i + 1] * key;
        if (x.gateValues()) weights[i] += decay.fromStart[i] * query;
      }
    }
    for (int p = 0; p < kp; p += NR) {
      for (int r = 0; r < n; r += MR) {
        int d = r * ld + p;
        int keys = (r + MR) / 2;
        if (from) {
          RowMicroKernels.tileRowsScaleAdd(
              keys, pairs, r * size, size, rows.rows, ld + p, 2 * ld, reads, d, ld, fromStart, r);
        } else {
          RowMicroKernels.tileRowsSet(
              keys, pairs, r * size, size, rows.rows, ld + p, 2 * ld, reads, d, ld);
        }
      }
      touched = ahead.touch(x.q(), 0, ahead.keyAt, x.key(), p / NR, kp / NR);
    }
  }

  /** {@link #writes}, and what each row's write to the state makes of later decays. */
  private void writes(DeltaInputs x, DeltaChunk c, DeltaChunk ahead, float[] errors, boolean to) {
    int n = c.padded();
    if (to) {
      for (int p = 0; p < kp; p += NR) {
        RowMicroKernels.rowsSet(n, vp, errors, 0, ldv, gradientT, p * vp, writes, p, ld);
      }
      for (int i = 0; i < c.n; i++) {
        toState[i] = written[i] * GlaRows.dot(rows.rows, (2 * i + 1) * ld, writes, i * ld, kp);
      }
    }
    for (int p = 0; p < kp; p += NR) {
      for (int j = 0; j < n; j += MR) {
        int d = j * ld + p;
        int s = 2 * j * size + j;
        int r = 2 * j * ld + p;
        if (to) {
          ColumnMicroKernels.tileColsScaleAdd(
              2 * (n - j), pairs, s, size, rows.rows, r, ld, writes, d, ld, written, j);
        } else {
          ColumnMicroKernels.tileColsSet(
              2 * (n - j), pairs, s, size, rows.rows, r, ld, writes, d, ld);
        }
      }
      touched = ahead.touch(x.k(), 0, ahead.keyAt, x.key(), p / NR, kp / NR);
    }
  }

  /**
   * The decay gradient at a row is the sum of all that the decay touches: of pairs of a write
   * before the row and a read at or after it, of reads at or after it from the chunk's initial
   * state, of writes before it to the final state, and of the one in the other. No term that it
   * does not touch is in the sum, so none has to cancel.
   *
   * @param across of the initial state in the final one
   */
  private void decays(DeltaChunk c, float across) {
    Arrays.fill(pending, 0, c.padded(), 0);
    float later = 0;
    for (int i = c.n - 1; i >= 0; i--) {
      later += fromState[i];
      decays[i] = crossing(i) + later;
    }
    float earlier = across;
    for (int i = 0; i < c.n; i++) {
      decays[i] += earlier;
      earlier += toState[i];
    }
  }

  /** The sum over pairs of a row before i and one at or after it, from the last i to the first. */
  private float crossing(int i) {
    int at = 2 * i * size;
    int block = i / BLOCK * BLOCK;
    addProducts(at, block + BLOCK);
    for (int j = 0; j < BLOCK; j += L) {
      FloatVector.fromArray(F, pending, block + j)
          .mul(FloatVector.fromArray(F, LOWER, (i - block) * BLOCK + j))
          .intoArray(pending, block + j);
    }
    FloatVector sum = FloatVector.zero(F);
    for (int j = 0; j < block + BLOCK; j += L) sum = sum.add(FloatVector.fromArray(F, pending, j));
    return VectorMath.sum(sum);
  }

  /** Adds what a row of pairs, with its inner products, makes of the decays between. */
  private void addProducts(int at, int n) {
    float[] products = rows.products;
    for (int j = 0; j < n; j += L) {
      FloatVector.fromArray(F, pairs, at + j)
          .fma(FloatVector.fromArray(F, products, at + j), FloatVector.fromArray(F, pending, j))
          .add(
              FloatVector.fromArray(F, pairs, at + size + j)
                  .mul(FloatVector.fromArray(F, products, at + size + j)))
          .intoArray(pending, j);
    }
  }

  private void store(DeltaInputs x, Gradients y, DeltaChunk c, int valueHead) {
    int at = valueHead * x.rowCapacity() + c.first;
    int part = x.valueHeads() * x.rowCapacity();
    float scale = (float) (1 / Math.sqrt(x.key()));
    for (int i = 0; i < c.n; i++) {
      y.gates()[at + i] = c.read[i] * decays[i];
      y.gates()[part + at + i] = strengths[i];
      if (x.gateValues()) y.weights()[at + i] = c.read[i] * scale * weights[i];
    }
  }

  /** The state's gradient across the chunk. */
  private void carry(DeltaChunk c, float[] gradient, boolean to) {
    int n = 2 * c.n;
    for (int r = 0; r < n; r++) {
      GlaRows.scaled(outs, r * ldv, fromStart[r], outs, r * ldv, vp);
    }
    for (int p = 0; p < vp; p += NR) {
      int d = p * kp;
      if (to) {
        ColumnMicroKernels.colsScaleAdd(
            kp, n, rows.rows, 0, ld, outs, p, ldv, gradient, d, NR, total, 0);
      } else {
        ColumnMicroKernels.colsSet(kp, n, rows.rows, 0, ld, outs, p, ldv, gradient, d, NR);
      }
    }
  }
}
