package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.all;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The arithmetic of {@link AttentionBlock} and {@link AttentionGradients} between their products.
 * Logits are scores times a scale, rounded once with what is subtracted from them.
 */
final class AttentionSoftmax {
  private AttentionSoftmax() {}

  /** a = −∞ in the lanes whose position is before j. */
  static void hideBefore(float[] a, int i, float[] position, int p, float j) {
    FloatVector x = load(a, i);
    x.blend(Float.NEGATIVE_INFINITY, load(position, p).compare(VectorOperators.LT, j))
        .intoArray(a, i);
  }

  /** a = −∞ in the lanes whose position is j or later. */
  static void hideFrom(float[] a, int i, float[] position, int p, float j) {
    FloatVector x = load(a, i);
    x.blend(Float.NEGATIVE_INFINITY, load(position, p).compare(VectorOperators.GE, j))
        .intoArray(a, i);
  }

  /**
   * More scores for the rows of one vector: their largest logits.
   *
   * @param scores [keys, NR]
   * @param begin the vector of the first key
   * @param end the vector after that of the last key
   * @param scale factor of the scores
   * @param max the rows' largest logits so far, from {@code row} on; updated
   * @param factor from {@code row} on: what earlier results of the rows are to be multiplied by
   */
  static void largest(
      float[] scores, int begin, int end, float scale, float[] max, float[] factor, int row) {
    // Four maxima, because one after the other would wait for each other. The API's own maximum
    // also orders zeros and NaN, which takes five times as long.
    FloatVector m0 = all(Float.NEGATIVE_INFINITY);
    FloatVector m1 = m0;
    FloatVector m2 = m0;
    FloatVector m3 = m0;
    int i = begin;
    for (; i + 3 * NR < end; i += 4 * NR) {
      FloatVector s0 = load(scores, i);
      FloatVector s1 = load(scores, i + NR);
      FloatVector s2 = load(scores, i + 2 * NR);
      FloatVector s3 = load(scores, i + 3 * NR);
      m0 = m0.blend(s0, s0.compare(VectorOperators.GT, m0));
      m1 = m1.blend(s1, s1.compare(VectorOperators.GT, m1));
      m2 = m2.blend(s2, s2.compare(VectorOperators.GT, m2));
      m3 = m3.blend(s3, s3.compare(VectorOperators.GT, m3));
    }
    for (; i < end; i += NR) m0 = m0.max(load(scores, i));
    FloatVector before = load(max, row);
    FloatVector now = m0.max(m1).max(m2.max(m3)).mul(scale).max(before);
    now.intoArray(max, row);
    VectorMath.exp(before.sub(now)).intoArray(factor, row);
  }

  /**
   * More scores for the rows of one vector: their exponentials, relative to the largest logit.
   *
   * @param scores [keys, NR], replaced by exponentials
   * @param begin the vector of the first key
   * @param end the vector after that of the last key
   * @param scale factor of the scores
   * @param max of {@link #largest}, from {@code row} on
   * @param factor of {@link #largest}
   * @param sum the rows' sums, from {@code row} on; updated
   */
  static void exponentials(
      float[] scores,
      int begin,
      int end,
      float scale,
      float[] max,
      float[] factor,
      float[] sum,
      int row) {
    FloatVector f = all(scale);
    FloatVector shift = load(max, row).neg();
    FloatVector s = load(sum, row).mul(load(factor, row));
    for (int i = begin; i < end; i += NR) {
      FloatVector e = VectorMath.exp(load(scores, i).fma(f, shift));
      e.intoArray(scores, i);
      s = s.add(e);
    }
    s.intoArray(sum, row);
  }

  /** scores[j] = ⟨q, k[j]⟩ for n keys [n, dim]. */
  static void dots(float[] q, int qAt, float[] k, int kAt, int n, int dim, float[] scores, int at) {
    int j = 0;
    int i = kAt;
    for (; j + 4 <= n; j += 4, i += 4 * dim) fourDots(q, qAt, k, i, dim, scores, at + j);
    for (; j < n; j++, i += dim) scores[at + j] = dot(q, qAt, k, i, dim);
  }

  private static void fourDots(
      float[] q, int qAt, float[] k, int kAt, int dim, float[] scores, int at) {
    FloatVector s0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector s1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector s2 = FloatVector.zero(Lanes.SPECIES);
    FloatVector s3 = FloatVector.zero(Lanes.SPECIES);
    int c = 0;
    for (int i = kAt; c + COUNT <= dim; c += COUNT, i += COUNT) {
      FloatVector x = load(q, qAt + c);
      s0 = load(k, i).fma(x, s0);
      s1 = load(k, i + dim).fma(x, s1);
      s2 = load(k, i + 2 * dim).fma(x, s2);
      s3 = load(k, i + 3 * dim).fma(x, s3);
    }
    if (c < dim) {
      VectorMask<Float> m = below(c, dim);
      FloatVector x = load(q, qAt + c, m);
      s0 = load(k, kAt + c, m).fma(x, s0);
      s1 = load(k, kAt + c + dim, m).fma(x, s1);
      s2 = load(k, kAt + c + 2 * dim, m).fma(x, s2);
      s3 = load(k, kAt + c + 3 * dim, m).fma(x, s3);
    }
    scores[at] = VectorMath.sum(s0);
    scores[at + 1] = VectorMath.sum(s1);
    scores[at + 2] = VectorMath.sum(s2);
    scores[at + 3] = VectorMath.sum(s3);
  }

  private static float dot(float[] q, int qAt, float[] k, int kAt, int dim) {
    FloatVector s = FloatVector.zero(Lanes.SPECIES);
    int c = 0;
    for (; c + COUNT <= dim; c += COUNT) s = load(k, kAt + c).fma(load(q, qAt + c), s);
    if (c < dim) {
      VectorMask<Float> m = below(c, dim);
      s = load(k, kAt + c, m).fma(load(q, qAt + c, m), s);
    }
    return VectorMath.sum(s);
  }

  /**
   * One step of the softmax for one row.
   *
   * @param scores n of them from {@code at} on, replaced by exponentials
   * @param max element {@code row}: the largest logit so far, updated
   * @param sum element {@code row}: the sum, updated
   * @return what earlier results of the row are to be multiplied by
   */
  static float row(float[] scores, int at, int n, float scale, float[] max, float[] sum, int row) {
    float before = max[row];
    float now = Math.max(before, Lanes.max(scores, at, n) * scale);
    float f = (float) Math.exp(before - now);
    FloatVector shift = all(-now);
    FloatVector factor = all(scale);
    FloatVector s = FloatVector.zero(Lanes.SPECIES);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      FloatVector e = VectorMath.exp(load(scores, at + j).fma(factor, shift));
      e.intoArray(scores, at + j);
      s = s.add(e);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector e = VectorMath.exp(load(scores, at + j, m).fma(factor, shift));
      e.intoArray(scores, at + j, m);
      s = s.add(e, m);
    }
    max[row] = now;
    sum[row] = sum[row] * f + VectorMath.sum(s);
    return f;
  }

  /** out = f·out + Σ_j p[j]·v[j] over n values [n, dim]. */
  static void weightedSum(
      float[] p, int at, int n, float[] v, int vAt, int dim, float f, float[] out, int o) {
    int c = 0;
    for (; c + 4 * COUNT <= dim; c += 4 * COUNT) {
      fourColumns(p, at, n, v, vAt + c, dim, f, out, o + c);
    }
    for (; c < dim; c += COUNT) column(p, at, n, v, vAt + c, dim, f, out, o + c, below(c, dim));
  }

  private static void fourColumns(
      float[] p, int at, int n, float[] v, int vAt, int ld, float f, float[] out, int o) {
    FloatVector s0 = load(out, o).mul(f);
    FloatVector s1 = load(out, o + COUNT).mul(f);
    FloatVector s2 = load(out, o + 2 * COUNT).mul(f);
    FloatVector s3 = load(out, o + 3 * COUNT).mul(f);
    for (int j = 0, i = vAt; j < n; j++, i += ld) {
      FloatVector x = all(p[at + j]);
      s0 = load(v, i).fma(x, s0);
      s1 = load(v, i + COUNT).fma(x, s1);
      s2 = load(v, i + 2 * COUNT).fma(x, s2);
      s3 = load(v, i + 3 * COUNT).fma(x, s3);
    }
    s0.intoArray(out, o);
    s1.intoArray(out, o + COUNT);
    s2.intoArray(out, o + 2 * COUNT);
    s3.intoArray(out, o + 3 * COUNT);
  }

  private static void column(
      float[] p,
      int at,
      int n,
      float[] v,
      int vAt,
      int ld,
      float f,
      float[] out,
      int o,
      VectorMask<Float> m) {
    FloatVector s = load(out, o).mul(f);
    for (int j = 0, i = vAt; j < n; j++, i += ld) {
      s = load(v, i, m).fma(all(p[at + j]), s);
    }
    s.intoArray(out, o);
  }

  /**
   * From scores and their value products to probabilities and gradients of the scores, for one row:
   * p = e^(scale·s − lse) and ds = scale·p·(dp − delta) for the keys seen, both 0 for the others.
   *
   * @param s scores from {@code at} on, replaced by p
   * @param dp from {@code at} on, replaced by ds
   * @param from first of the keys, relative to {@code at}; a multiple of the vector length
   * @param to after the last one; a multiple of the vector length
   * @param seenFrom first key that the row sees
   * @param seenTo key after the last that it sees
   */
  static void gradientRow(
      float[] s,
      float[] dp,
      int at,
      int from,
      int to,
      int seenFrom,
      int seenTo,
      float scale,
      float lse,
      float delta) {
    FloatVector factor = all(scale);
    FloatVector shift = all(-lse);
    for (int j = from; j < to; j += COUNT) {
      FloatVector p = VectorMath.exp(load(s, at + j).fma(factor, shift));
      FloatVector ds = load(dp, at + j).sub(delta).mul(p).mul(factor);
      if (j < seenFrom || j + COUNT > seenTo) {
        VectorMask<Float> hidden = below(j, seenFrom).or(below(j, seenTo).not());
        p = p.blend(0f, hidden);
        ds = ds.blend(0f, hidden);
      }
      p.intoArray(s, at + j);
      ds.intoArray(dp, at + j);
    }
  }
}
