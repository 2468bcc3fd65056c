package io.github.tornadosse.data;

import java.nio.charset.StandardCharsets;

/**
 * Hashes and shuffles that are the same on every machine and version of Java. The mixing function
 * is the finaliser of SplitMix64.
 */
public final class Mix {
  private static final long GAMMA = 0x9e3779b97f4a7c15L;

  private Mix() {}

  /**
   * A hash of two numbers.
   *
   * @param a one of them
   * @param b the other; changing places changes the hash
   * @return the hash
   */
  public static long mix(long a, long b) {
    long z = (a ^ Long.rotateLeft(b, 32)) * 0xff51afd7ed558ccdL + b + GAMMA;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /** A hash of a text. */
  static long hash(String text, long seed) {
    long hash = mix(seed, text.length());
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hash = mix(hash, b);
    }
    return hash;
  }

  /** The numbers from 0 to n - 1 in an order that the seed decides (Fisher and Yates). */
  static int[] permutation(int n, long seed) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = (int) Long.remainderUnsigned(mix(seed, i), i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
