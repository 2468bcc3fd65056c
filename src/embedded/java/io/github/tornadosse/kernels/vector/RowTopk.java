package io.github.tornadosse.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The largest elements of a row. */
final class RowTopk {
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, MicroKernels.F.vectorShape());

  private RowTopk() {}

  /** 1 for the r largest elements of a (equal values: lower index first), else 0. */
  static void keep(float[] a, int i, float[] keep, int o, int n, int r) {
    int[] keys = Scratch.ints(n);
    keys(a, i, n, keys);
    int threshold = smallestKept(keys, n, r);
    int ties = r;
    for (int j = 0; j < n; j++) if (keys[j] > threshold) ties--;
    for (int j = 0; j < n; j++) {
      boolean tie = keys[j] == threshold;
      keep[o + j] = keys[j] > threshold || tie && ties > 0 ? 1 : 0;
      if (tie) ties--;
    }
  }

  /** Integers in the order of the floats. */
  private static void keys(float[] a, int i, int n, int[] keys) {
    for (int j = 0; j < n; j++) {
      // adding 0 makes -0 equal to 0
      int bits = Float.floatToRawIntBits(a[i + j] + 0f);
      keys[j] = bits ^ (bits >> 31 & 0x7fffffff);
    }
  }

  /**
   * A number that exactly r keys reach, or else the r-th largest key: the largest number that at
   * least r keys reach, found bit by bit.
   */
  private static int smallestKept(int[] keys, int n, int r) {
    int best = reaching(keys, n, 0) >= r ? 0 : Integer.MIN_VALUE;
    for (int bit = 1 << 30; bit != 0; bit >>>= 1) {
      int count = reaching(keys, n, best | bit);
      if (count == r) return best | bit;
      if (count > r) best |= bit;
    }
    return best;
  }

  private static int reaching(int[] keys, int n, int threshold) {
    int count = 0;
    int j = 0;
    for (; j + INTS.length() <= n; j += INTS.length()) {
      count +=
          IntVector.fromArray(INTS, keys, j).compare(VectorOperators.GE, threshold).trueCount();
    }
    for (; j < n; j++) if (keys[j] >= threshold) count++;
    return count;
  }

  /** b = a where it is kept, else −∞. */
  static void leaveOut(float[] a, int i, float[] keep, float[] b, int o, int n) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      VectorMask<Float> out = Lanes.load(keep, j).compare(VectorOperators.EQ, 0);
      Lanes.load(a, i + j).blend(Float.NEGATIVE_INFINITY, out).intoArray(b, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = Lanes.below(j, n);
      VectorMask<Float> out = Lanes.load(keep, j, m).compare(VectorOperators.EQ, 0);
      FloatVector x = Lanes.load(a, i + j, m);
      x.blend(Float.NEGATIVE_INFINITY, out).intoArray(b, o + j, m);
    }
  }
}
