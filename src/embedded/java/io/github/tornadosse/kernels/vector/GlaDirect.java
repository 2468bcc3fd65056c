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

  GlaDirect(int key, int kp) {
    this.key = key;
    this.kp = kp;
    row = new float[kp];
    step = new float[kp];
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
    for (int i = first; i < end; i++) {
      GlaRows.expScaled(x.g(), c.keyAt[i], c.written[i], step, 0, key);
      for (int j = first; j < i; j++) GlaRows.multiply(keys, j * ld, step, 0, kp);
      GlaRows.scaled(x.k(), c.keyAt[i], c.write[i], keys, i * ld, key);
      GlaRows.scaled(x.q(), c.keyAt[i], c.query[i], row, 0, key);
      for (int j = first; j <= i; j++) {
        scores[j * C + i] = GlaRows.dot(row, 0, keys, j * ld, kp);
      }
    }
  }
}
