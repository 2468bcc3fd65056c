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

  /**
   * The indices of the m largest elements of a, the largest first (equal values: lower index
   * first), of elements below infinity; if one is NaN, some m indices, each once.
   */
  static void indices(float[] a, int i, int n, int m, int[] to, int o) {
    if (n < 2 * Lanes.COUNT) {
      scan(a, i, n, m, to, o);
      return;
    }
    float latest = Float.POSITIVE_INFINITY;
    int index = n;
    for (int k = 0; k < m; k++) {
      index = indexOf(a, i, index + 1, n, latest);
      if (index < 0) {
        latest = largestBelow(a, i, n, latest);
        index = indexOf(a, i, 0, n, latest);
      }
      if (index < 0) {
        scan(a, i, n, m, to, o);
        return;
      }
      to[o + k] = index;
    }
  }

  /** The same, an element at a time. */
  private static void scan(float[] a, int i, int n, int m, int[] to, int o) {
    for (int k = 0; k < m; k++) {
      int best = -1;
      for (int j = 0; j < n; j++) {
        boolean better = best < 0 || a[i + j] > a[i + best];
        if (better && !contains(to, o, k, j)) best = j;
      }
      to[o + k] = best;
    }
  }

  private static boolean contains(int[] a, int i, int n, int x) {
    for (int k = 0; k < n; k++) if (a[i + k] == x) return true;
    return false;
  }

  /** The first index not below from of an element that equals x; −1 if none does. */
  private static int indexOf(float[] a, int i, int from, int n, float x) {
    int j = from;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      VectorMask<Float> equal = Lanes.load(a, i + j).compare(VectorOperators.EQ, x);
      if (equal.anyTrue()) return j + equal.firstTrue();
    }
    for (; j < n; j++) if (a[i + j] == x) return j;
    return -1;
  }

  /** The largest of the elements below x; −∞ if none is. */
  private static float largestBelow(float[] a, int i, int n, float x) {
    FloatVector least = Lanes.all(Float.NEGATIVE_INFINITY);
    FloatVector best = least;
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector y = Lanes.load(a, i + j);
      y = least.blend(y, y.compare(VectorOperators.LT, x));
      best = RowReductions.larger(best, y);
    }
    float largest = best.reduceLanes(VectorOperators.MAX);
    for (; j < n; j++) if (a[i + j] < x && a[i + j] > largest) largest = a[i + j];
    return largest;
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
