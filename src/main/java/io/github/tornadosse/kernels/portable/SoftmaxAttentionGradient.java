package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gradients of {@link SoftmaxAttention#forward}, as gathers: one work-item for each head of a token
 * and each of dq, dk and dv. With p = exp(logit − lse) and dp = ⟨dO, v⟩, the gradient of a logit is
 * ds = p·(dp − ⟨dO, out⟩).
 */
public final class SoftmaxAttentionGradient {
  private SoftmaxAttentionGradient() {}

  /**
   * delta = ⟨dO, out⟩ of each head.
   *
   * @param control see {@link Control}
   * @param out [L, H·dim]
   * @param outAt base of out
   * @param dOut [L, H·dim]
   * @param dOutAt base of dOut
   * @param delta output [H, capacity]
   * @param heads H
   * @param dim size of a head
   * @param capacity largest number of tokens
   */
  public static void delta(
      IntArray control,
      FloatArray out,
      int outAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray delta,
      int heads,
      int dim,
      int capacity) {
    for (@Parallel int h = 0; h < heads; h++) {
      for (@Parallel int t = 0; t < capacity; t++) {
        if (t < control.get(Control.TOKENS)) {
          int oi = control.get(outAt) + (t * heads + h) * dim;
          int di = control.get(dOutAt) + (t * heads + h) * dim;
          float sum = 0f;
          for (int c = 0; c < dim; c++) {
            sum += out.get(oi + c) * dOut.get(di + c);
          }
          delta.set(h * capacity + t, sum);
        }
      }
    }
  }

  /**
   * dq of a token and head, over the keys that it sees.
   *
   * @param control see {@link Control}
   * @param q [H, capacity, dim]
   * @param qAt base of q
   * @param k [HK, capacity, dim]
   * @param kAt base of k
   * @param v [HK, capacity, dim]
   * @param vAt base of v
   * @param cu [S + 1]
   * @param lse [H, capacity]
   * @param lseAt base of lse
   * @param delta [H, capacity] of {@link #delta}
   * @param dOut [L, H·dim]
   * @param dOutAt base of dOut
   * @param dq output [H, capacity, dim]
   * @param dqAt base of dq
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head
   * @param window tokens that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   */
  public static void queries(
      IntArray control,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray cu,
      FloatArray lse,
      int lseAt,
      FloatArray delta,
      FloatArray dOut,
      int dOutAt,
      FloatArray dq,
      int dqAt,
      int heads,
      int keyHeads,
      int dim,
      int window,
      int capacity) {
    for (@Parallel int h = 0; h < heads; h++) {
      for (@Parallel int t = 0; t < capacity; t++) {
        if (t < control.get(Control.TOKENS)) {
          int s = SoftmaxAttention.sequenceOf(cu, control.get(Control.SEQUENCES), t);
          int begin = cu.get(s);
          int first = window > 0 ? TornadoMath.max(begin, t - window + 1) : begin;
          int head = h / (heads / keyHeads) * capacity;
          int row = h * capacity + t;
          int qi = control.get(qAt) + row * dim;
          int di = control.get(dOutAt) + (t * heads + h) * dim;
          float scale = 1f / TornadoMath.sqrt(dim);
          float[] sums = new float[dim];
          for (int c = 0; c < dim; c++) {
            sums[c] = 0f;
          }
          for (int j = first; j <= t; j++) {
            int ki = control.get(kAt) + (head + j) * dim;
            int vi = control.get(vAt) + (head + j) * dim;
            float score = 0f;
            float dp = 0f;
            for (int c = 0; c < dim; c++) {
              score += q.get(qi + c) * k.get(ki + c);
              dp += dOut.get(di + c) * v.get(vi + c);
            }
            float p = TornadoMath.exp(scale * score - lse.get(control.get(lseAt) + row));
            float ds = scale * p * (dp - delta.get(row));
            for (int c = 0; c < dim; c++) {
              sums[c] += ds * k.get(ki + c);
            }
          }
          for (int c = 0; c < dim; c++) {
            dq.set(control.get(dqAt) + row * dim + c, sums[c]);
          }
        }
      }
    }
  }

  /**
   * dk of a token and key head, over the tokens that see it and the heads that read it.
   *
   * @param control see {@link Control}
   * @param q [H, capacity, dim]
   * @param qAt base of q
   * @param k [HK, capacity, dim]
   * @param kAt base of k
   * @param v [HK, capacity, dim]
   * @param vAt base of v
   * @param cu [S + 1]
   * @param lse [H, capacity]
   * @param lseAt base of lse
   * @param delta [H, capacity] of {@link #delta}
   * @param dOut [L, H·dim]
   * @param dOutAt base of dOut
   * @param dk output [HK, capacity, dim]
   * @param dkAt base of dk
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head
   * @param window tokens that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   */
  public static void keys(
      IntArray control,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray cu,
      FloatArray lse,
      int lseAt,
      FloatArray delta,
      FloatArray dOut,
      int dOutAt,
      FloatArray dk,
      int dkAt,
      int heads,
      int keyHeads,
      int dim,
      int window,
      int capacity) {
    for (@Parallel int h = 0; h < keyHeads; h++) {
      for (@Parallel int j = 0; j < capacity; j++) {
        if (j < control.get(Control.TOKENS)) {
          int s = SoftmaxAttention.sequenceOf(cu, control.get(Control.SEQUENCES), j);
          int end = cu.get(s + 1);
          int stop = window > 0 ? TornadoMath.min(end - j, window) + j : end;
          int group = heads / keyHeads;
          int row = h * capacity + j;
          int ki = control.get(kAt) + row * dim;
          int vi = control.get(vAt) + row * dim;
          float scale = 1f / TornadoMath.sqrt(dim);
          float[] sums = new float[dim];
          for (int c = 0; c < dim; c++) {
            sums[c] = 0f;
          }
          for (int head = h * group; head < (h + 1) * group; head++) {
            for (int t = j; t < stop; t++) {
              int reader = head * capacity + t;
              int qi = control.get(qAt) + reader * dim;
              int di = control.get(dOutAt) + (t * heads + head) * dim;
              float score = 0f;
              float dp = 0f;
              for (int c = 0; c < dim; c++) {
                score += q.get(qi + c) * k.get(ki + c);
                dp += dOut.get(di + c) * v.get(vi + c);
              }
              float p = TornadoMath.exp(scale * score - lse.get(control.get(lseAt) + reader));
              float ds = scale * p * (dp - delta.get(reader));
              for (int c = 0; c < dim; c++) {
                sums[c] += ds * q.get(qi + c);
              }
            }
          }
          for (int c = 0; c < dim; c++) {
            dk.set(control.get(dkAt) + row * dim + c, sums[c]);
          }
        }
      }
    }
  }

  /**
   * dv of a token and key head, over the tokens that see it and the heads that read it.
   *
   * @param control see {@link Control}
   * @param q [H, capacity, dim]
   * @param qAt base of q
   * @param k [HK, capacity, dim]
   * @param kAt base of k
   * @param cu [S + 1]
   * @param lse [H, capacity]
   * @param lseAt base of lse
   * @param dOut [L, H·dim]
   * @param dOutAt base of dOut
   * @param dv output [HK, capacity, dim]
   * @param dvAt base of dv
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head
   * @param window tokens that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   */
  public static void values(
      IntArray control,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      IntArray cu,
      FloatArray lse,
      int lseAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray dv,
      int dvAt,
      int heads,
      int keyHeads,
      int dim,
      int window,
      int capacity) {
    for (@Parallel int h = 0; h < keyHeads; h++) {
      for (@Parallel int j = 0; j < capacity; j++) {
        if (j < control.get(Control.TOKENS)) {
          int s = SoftmaxAttention.sequenceOf(cu, control.get(Control.SEQUENCES), j);
          int end = cu.get(s + 1);
          int stop = window > 0 ? TornadoMath.min(end - j, window) + j : end;
          int group = heads / keyHeads;
          int row = h * capacity + j;
          int ki = control.get(kAt) + row * dim;
          float scale = 1f / TornadoMath.sqrt(dim);
          float[] sums = new float[dim];
          for (int c = 0; c < dim; c++) {
            sums[c] = 0f;
          }
          for (int head = h * group; head < (h + 1) * group; head++) {
            for (int t = j; t < stop; t++) {
              int reader = head * capacity + t;
              int qi = control.get(qAt) + reader * dim;
              int di = control.get(dOutAt) + (t * heads + head) * dim;
              float score = 0f;
              for (int c = 0; c < dim; c++) {
                score += q.get(qi + c) * k.get(ki + c);
              }
              float p = TornadoMath.exp(scale * score - lse.get(control.get(lseAt) + reader));
              for (int c = 0; c < dim; c++) {
                sums[c] += p * dOut.get(di + c);
              }
            }
          }
          for (int c = 0; c < dim; c++) {
            dv.set(control.get(dvAt) + row * dim + c, sums[c]);
          }
        }
      }
    }
  }
}
