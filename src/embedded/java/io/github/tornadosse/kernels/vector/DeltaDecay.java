package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK;
import static io.github.tornadosse.kernels.vector.MicroKernels.F;
import static io.github.tornadosse.kernels.vector.MicroKernels.L;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Decays and write strengths of one chunk and value head, and matrices that they weight. Decays are
 * running products of exp(g), so that a strong one costs its weak neighbours no accuracy.
 */
final class DeltaDecay {
  private final int size;

  /** [C, C]: decay from after row j to after row i; 0 for j above i in blocks on the diagonal. */
  final float[] between;

  /** [C]: decay from the chunk's start to after each row. */
  final float[] fromStart;

  /** [C]: write strength of each row, 0 if it is not read. */
  final float[] strength;

  /** [C]: decay of each row, 1 if it is not read. */
  final float[] step;

  /** [C]: ones. */
  final float[] ones;

  /** Decay over the chunk. */
  float total;

  /**
   * Scratch for one chunk.
   *
   * @param size C
   */
  DeltaDecay(int size) {
    this.size = size;
    between = new float[size * size];
    fromStart = new float[size];
    strength = new float[size];
    step = new float[size];
    ones = new float[size];
    Arrays.fill(ones, 1);
  }

  /** Everything of a chunk and value head. */
  void load(DeltaInputs x, DeltaChunk c, int valueHead) {
    steps(x, c, valueHead);
    total = 1;
    for (int i = 0; i < c.padded(); i++) {
      total *= step[i];
      fromStart[i] = total;
    }
    for (int i = 0; i < c.padded(); i++) advance(i);
  }

  /** {@link #step} and {@link #strength} alone. */
  void steps(DeltaInputs x, DeltaChunk c, int valueHead) {
    float[] gates = x.gates();
    int head = valueHead * x.capacity();
    int strengths = head + x.strengths();
    for (int i = 0; i < c.n; i++) {
      step[i] = c.read[i] == 0 ? 0 : gates[head + c.gateAt[i]];
      strength[i] = c.read[i] == 0 ? 0 : gates[strengths + c.gateAt[i]];
    }
    Arrays.fill(step, c.n, c.padded(), 0);
    Arrays.fill(strength, c.n, c.padded(), 0);
    VectorMath.exp(step, 0, step, 0, c.padded());
  }

  /** Row i of {@link #between} from the row before it. */
  private void advance(int i) {
    int row = i * size;
    int block = i / BLOCK * BLOCK;
    FloatVector d = FloatVector.broadcast(F, step[i]);
    for (int j = 0; j < block; j += L) {
      FloatVector.fromArray(F, between, row - size + j).mul(d).intoArray(between, row + j);
    }
    int one = i % BLOCK * BLOCK;
    for (int j = 0; j < BLOCK; j += L) {
      FloatVector y = FloatVector.fromArray(F, DeltaInverse.IDENTITY, one + j);
      if (i > block) y = FloatVector.fromArray(F, between, row - size + block + j).fma(d, y);
      y.intoArray(between, row + block + j);
    }
  }

  /**
   * to[i, j] = left[i]·between[i, j]·of[i, j]·right[j] in the blocks on and below the diagonal.
   *
   * @param of [C, ld] from at on
   * @param to [C, toLd] from toAt on
   * @param n rows, a multiple of 16
   */
  void weight(
      float[] left,
      float[] of,
      int at,
      int ld,
      float[] right,
      float[] to,
      int toAt,
      int toLd,
      int n) {
    for (int i = 0; i < n; i++) {
      row(
          left[i],
          between,
          i * size,
          of,
          at + i * ld,
          right,
          to,
          toAt + i * toLd,
          (i / BLOCK + 1) * BLOCK);
    }
  }

  private static void row(
      float f, float[] a, int ao, float[] b, int bo, float[] right, float[] to, int toAt, int n) {
    FloatVector left = FloatVector.broadcast(F, f);
    for (int j = 0; j < n; j += L) {
      FloatVector.fromArray(F, a, ao + j)
          .mul(left)
          .mul(FloatVector.fromArray(F, right, j))
          .mul(FloatVector.fromArray(F, b, bo + j))
          .intoArray(to, toAt + j);
    }
  }
}
