package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.GlaChunk.C;
import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK;

import java.util.Arrays;

/**
 * A sub-chunk whose decay is too strong to divide by: its scores are evaluated pair by pair, with
 * decays multiplied up step by step, so that every factor is at most 1.
 */
final class GlaDirect {
  private final int key;
  private final int kp;
  private final float[] row; // [kp] q of one row
  private final float[] step; // [kp] decay of one row
  private final float[] queries; // [16, kp] q of the sub-chunk, scaled on and on

  GlaDirect(int key, int kp) {
    this.key = key;
    this.kp = kp;
    row = new float[kp];
    step = new float[kp];
    queries = new float[BLOCK * kp];
  }

  /**
   * The scores of the 16 rows from first on with each other, into the transposed square; keys
   * leaves with their k scaled to the sub-chunk's end.
   *
   * @param keys [C, ld]
   * @param scores [C, C], element (j, i) at j·C + i
   */
  void scores(GlaInputs x, GlaChunk c, int first, float[] keys, int ld, float[] scores) {
    for (int j = first; j < first + BLOCK; j++) {
      Arrays.fill(scores, j * C + first, j * C + first + BLOCK, 0);
    }
    int end = Math.min(c.n, first + BLOCK);
    for (int i = first; i < end; i++) score(x, c, first, i, keys, ld, scores);
  }

  /** What {@link #scores} leaves in keys, without the scores. */
  void keysToEnd(GlaInputs x, GlaChunk c, int first, float[] keys, int ld) {
    int end = Math.min(c.n, first + BLOCK);
    for (int i = first; i < end; i++) scaleKeys(x, c, first, i, keys, ld);
  }

  /**
   * k of the rows first to i, of which those before i are scaled to the end of row i − 1 so far.
   */
  private void scaleKeys(GlaInputs x, GlaChunk c, int first, int i, float[] keys, int ld) {
    GlaRows.expScaled(x.g(), c.keyAt[i], c.written[i], step, 0, key);
    for (int j = first; j < i; j++) GlaRows.multiply(keys, j * ld, step, 0, kp);
    GlaRows.scaled(x.k(), c.keyAt[i], c.write[i], keys, i * ld, key);
  }

  /** Column i of the scores; k of the rows first to i is then scaled to the end of row i. */
  private void score(
      GlaInputs x, GlaChunk c, int first, int i, float[] keys, int ld, float[] scores) {
    scaleKeys(x, c, first, i, keys, ld);
    GlaRows.scaled(x.q(), c.keyAt[i], c.query[i], row, 0, key);
    for (int j = first; j <= i; j++) {
      scores[j * C + i] = GlaRows.dot(row, 0, keys, j * ld, kp);
    }
  }

  /**
   * {@link #scores} and the part of dq that comes from earlier rows of the same sub-chunk.
   *
   * @param scoreGradients [C, C], element (j, i) at j·C + i, zero for i ≤ j
   * @param dq [C, ld], added to
   */
  void scoresAndQueryGradients(
      GlaInputs x,
      GlaChunk c,
      int first,
      float[] keys,
      int ld,
      float[] scores,
      float[] scoreGradients,
      float[] dq) {
    for (int j = first; j < first + BLOCK; j++) {
      Arrays.fill(scores, j * C + first, j * C + first + BLOCK, 0);
    }
    int end = Math.min(c.n, first + BLOCK);
    for (int i = first; i < end; i++) {
      score(x, c, first, i, keys, ld, scores);
      for (int j = first; j < i; j++) {
        GlaRows.add(dq, i * ld, scoreGradients[j * C + i], keys, j * ld, kp);
      }
    }
  }

  /**
   * The part of dk that comes from later rows of the same sub-chunk.
   *
   * @param scoreGradients [C, C], element (j, i) at j·C + i
   * @param dk [C, ld], added to
   */
  void keyGradients(
      GlaInputs x, GlaChunk c, int first, float[] scoreGradients, float[] dk, int ld) {
    int last = Math.min(c.n, first + BLOCK) - 1;
    for (int j = last - 1; j >= first; j--) {
      GlaRows.scaled(x.q(), c.keyAt[j + 1], c.query[j + 1], queries, (j + 1 - first) * kp, key);
      GlaRows.expScaled(x.g(), c.keyAt[j + 1], c.written[j + 1], step, 0, key);
      for (int i = j + 1; i <= last; i++) {
        int at = (i - first) * kp;
        GlaRows.multiply(queries, at, step, 0, kp);
        GlaRows.add(dk, j * ld, scoreGradients[j * C + i], queries, at, kp);
      }
    }
  }

  /** Decay from after each row to its sub-chunk's end, [C, ld]. */
  void decayToEnd(GlaInputs x, GlaChunk c, int first, float[] to, int ld) {
    int last = Math.min(c.n, first + BLOCK) - 1;
    Arrays.fill(to, last * ld, last * ld + kp, 1);
    for (int j = last - 1; j >= first; j--) {
      GlaRows.expScaled(x.g(), c.keyAt[j + 1], c.written[j + 1], step, 0, key);
      System.arraycopy(to, (j + 1) * ld, to, j * ld, kp);
      GlaRows.multiply(to, j * ld, step, 0, kp);
    }
  }
}
