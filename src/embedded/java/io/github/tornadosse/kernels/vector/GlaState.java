package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import java.util.Arrays;

/** States between their place in memory, [K, V], and panels [V / NR, kp, NR], padded with zeros. */
final class GlaState {
  private GlaState() {}

  /** Memory to panels. */
  static void unpack(float[] from, int at, int key, int value, float[] panels, int kp) {
    for (int p = 0, column = 0; column < value; p++, column += NR) {
      int n = Math.min(NR, value - column);
      for (int c = 0; c < key; c++) {
        int to = (p * kp + c) * NR;
        System.arraycopy(from, at + c * value + column, panels, to, n);
        Arrays.fill(panels, to + n, to + NR, 0);
      }
      Arrays.fill(panels, (p * kp + key) * NR, (p + 1) * kp * NR, 0);
    }
  }

  /** Panels to memory. */
  static void pack(float[] panels, int kp, float[] to, int at, int key, int value) {
    for (int p = 0, column = 0; column < value; p++, column += NR) {
      int n = Math.min(NR, value - column);
      for (int c = 0; c < key; c++) {
        System.arraycopy(panels, (p * kp + c) * NR, to, at + c * value + column, n);
      }
    }
  }
}
