package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.MR;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * What the rows of a chunk write to the state of one value head. The error of row i is what it
 * writes over its strength, e_i = v̂_i − k̂_i·S just before the write; it depends on the earlier
 * rows of the chunk:
 *
 * <p>e_i = v̂_i − exp(b_i)·k̂_i·S − Σ_{j&lt;i} exp(b_i − b_j)·⟨k̂_i, k̂_j⟩·β_j·e_j.
 *
 * <p>The inverse of that system is taken once a chunk, and columns of the values go a panel at a
 * time.
 */
final class DeltaUpdate {
  private final int size;
  private final int kp;
  private final DeltaInverse inverse = new DeltaInverse();
  private final float[] couplings; // [C, C] −exp(b_i − b_j)·⟨k̂_i, k̂_j⟩·β_j
  private final float[] solution; // [C, C] (I − couplings)^(-1)
  private final float[] minus; // [C] −1
  private final float[] toEnd; // [C] factor of an error in the state
  private final float[] total; // [kp] decay over the chunk
  private final float[] scaled; // [C, NR] one panel of errors times toEnd

  /**
   * Scratch for one chunk.
   *
   * @param size C
   * @param kp K, padded as the rows' keys and the state are
   */
  DeltaUpdate(int size, int kp) {
    this.size = size;
    this.kp = kp;
    couplings = new float[size * size];
    solution = new float[size * size];
    minus = new float[size];
    toEnd = new float[size];
    total = new float[kp];
    scaled = new float[size * NR];
    Arrays.fill(minus, -1);
  }

  /** What {@link #errors} and {@link #advance} need of the chunk. */
  void prepare(DeltaChunk c, DeltaRows rows, DeltaDecay decay) {
    int n = c.padded();
    float[] keys = rows.products;
    decay.weight(minus, keys, size, 2 * size, decay.strength, couplings, 0, size, n);
    inverse.invert(couplings, solution, c.blocks(), size);
    int last = (n - 1) * size;
    for (int i = 0; i < n; i++) toEnd[i] = decay.between[last + i] * decay.strength[i];
    Arrays.fill(total, decay.total);
  }

  /**
   * The errors of all rows in the columns of panel p; zeros in rows and columns of padding.
   *
   * @param state the state before the chunk, [panels, kp, NR]
   * @param from false if that is zero
   * @param to [C, ld] from at on
   */
  void errors(
      DeltaInputs x,
      DeltaChunk c,
      DeltaRows rows,
      DeltaDecay decay,
      int valueHead,
      float[] state,
      int p,
      boolean from,
      float[] to,
      int at,
      int ld) {
    int n = c.padded();
    if (from) {
      RowMicroKernels.rowsSet(
          n, kp, rows.rows, rows.ld, 2 * rows.ld, state, p * kp * NR, to, at, ld);
    } else {
      for (int i = 0; i < n; i++) Arrays.fill(to, at + i * ld, at + i * ld + NR, 0);
    }
    int columns = Math.min(NR, x.value() - p * NR);
    int head = valueHead * x.capacity() * x.value() + p * NR;
    for (int i = 0; i < c.n; i++) {
      int v = head + c.valueAt[i];
      if (columns == NR) {
        subtractFrom(x.v(), v, c.write[i], decay.fromStart[i], to, at + i * ld);
      } else {
        subtractFrom(x.v(), v, c.write[i], decay.fromStart[i], to, at + i * ld, columns);
      }
    }
    for (int i = n - MR; i >= 0; i -= MR) {
      RowMicroKernels.tileRowsSet(
          i + MR, solution, i * size, size, to, at, ld, to, at + i * ld, ld);
    }
  }

  /** to = f·v − d·to. */
  private static void subtractFrom(float[] v, int at, float f, float d, float[] to, int toAt) {
    FloatVector decay = FloatVector.broadcast(F, -d);
    for (int j = 0; j < NR; j += L) {
      FloatVector.fromArray(F, to, toAt + j)
          .fma(decay, FloatVector.fromArray(F, v, at + j).mul(f))
          .intoArray(to, toAt + j);
    }
  }

  /** The same for n columns; the others are 0. */
  private static void subtractFrom(
      float[] v, int at, float f, float d, float[] to, int toAt, int n) {
    FloatVector decay = FloatVector.broadcast(F, -d);
    for (int j = 0; j < NR; j += L) {
      FloatVector.fromArray(F, to, toAt + j)
          .fma(decay, FloatVector.fromArray(F, v, at + j, VectorMath.tail(j, n)).mul(f))
          .intoArray(to, toAt + j);
    }
  }

  /**
   * Takes panel p of the state across the chunk.
   *
   * @param errors [C, ld] from at on
   */
  void advance(
      DeltaChunk c,
      DeltaRows rows,
      float[] state,
      int p,
      boolean from,
      float[] errors,
      int at,
      int ld) {
    int n = c.padded();
    for (int i = 0; i < n; i++) scale(errors, at + i * ld, toEnd[i], scaled, i * NR);
    float[] r = rows.rows;
    int to = p * kp * NR;
    if (from) {
      ColumnMicroKernels.colsScaleAdd(
          kp, n, r, rows.ld, 2 * rows.ld, scaled, 0, state, to, NR, total, 0);
    } else {
      ColumnMicroKernels.colsSet(kp, n, r, rows.ld, 2 * rows.ld, scaled, 0, state, to, NR);
    }
  }

  private static void scale(float[] a, int at, float f, float[] to, int toAt) {
    for (int j = 0; j < NR; j += L) {
      FloatVector.fromArray(F, a, at + j).mul(f).intoArray(to, toAt + j);
    }
  }
}
