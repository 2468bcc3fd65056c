package io.github.tornadosse.graph;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Causal softmax attention with rotary embedding (docs/mathematics.md section 5). Query heads H are
 * a multiple of the key heads HK; query head i reads key head i·HK/H. The rules of {@link
 * Operations} hold.
 */
public interface AttentionOperations {
  /**
   * The shapes.
   *
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head
   * @param window number of tokens that a token sees, itself included; 0 for all before it
   */
  record Sizes(int heads, int keyHeads, int dim, int window) {}

  /**
   * Number of low positions in a table of angles. Element p·dim + 2i of the table is the cosine and
   * the next the sine of p·theta^(−2i/dim), for low positions p from 0 to LOW − 1; then, from
   * element LOW·dim on, row j holds the same for position LOW·j, j from 0 on. Position p is turned
   * by its low and its high part, so that a small table reaches far without losing digits. {@link
   * RotaryAngles} makes it.
   */
  int LOW = 256;

  /**
   * y = x + bias, its pairs (i, i + dim/2) of each head turned by the token's position: (a, b) to
   * (a·cos − b·sin, b·cos + a·sin).
   *
   * @param x [H, capacity, dim]
   * @param bias [H·dim]; null for none
   * @param positions [L], each at least 0 and below what the table serves; unread without angles
   * @param angles see {@link #LOW}; null for no turning
   * @param y [H, capacity, dim]; may be x itself
   * @param heads H, or HK for keys and values
   * @param dim size of a head; even, if there are angles
   */
  void rotary(
      Stage s,
      String id,
      View x,
      View bias,
      IntArray positions,
      FloatArray angles,
      View y,
      int heads,
      int dim);

  /**
   * Gradient of {@link #rotary}: dx = dy turned back; dBias += Σ_t dx.
   *
   * @param dy [H, capacity, dim]
   * @param angles null if nothing was turned
   * @param dx [H, capacity, dim]; may be dy itself
   * @param dBias [H·dim]; null for none
   */
  void rotaryGradient(
      Stage s,
      String id,
      View dy,
      IntArray positions,
      FloatArray angles,
      View dx,
      View dBias,
      int heads,
      int dim);

  /**
   * Attention within packed sequences: out[t, h·dim..] = Σ_j p_j·v[kh, j] with p = softmax over j
   * of ⟨q[h, t], k[kh, j]⟩/√dim, j from the sequence's (or the window's) beginning to t. Any dim,
   * and logits of any size that floats hold. Blockwise; no array of tokens² size.
   *
   * @param q [H, capacity, dim]
   * @param k [HK, capacity, dim]
   * @param v [HK, capacity, dim]
   * @param cu [S + 1]
   * @param out token-major [L, H·dim]
   * @param lse [H, capacity]: logarithm of the softmax's denominator, kept for the gradient
   */
  void attention(
      Stage s, String id, View q, View k, View v, IntArray cu, View out, View lse, Sizes sizes);

  /**
   * Gradients of {@link #attention}: dq, dk and dv (shapes of q, k, v) are overwritten. The
   * relative error of the recomputed softmax is half a unit in the last place of lse: below 1e-5
   * for logits up to 256, 5e-4 for 10,000.
   *
   * @param out of the forward pass, [L, H·dim]
   * @param lse of the forward pass, [H, capacity]
   * @param dOut [L, H·dim]
   */
  void attentionGradient(
      Stage s,
      String id,
      View q,
      View k,
      View v,
      IntArray cu,
      View out,
      View lse,
      View dOut,
      View dq,
      View dk,
      View dv,
      Sizes sizes);

  /**
   * Attention over what each sequence has read before and this execution's tokens. The token t of
   * sequence s has position p = past[s] + t − cu[s]; its k and v are first put into the caches at
   * index p mod cache, and then it sees the positions from 0 (or p − window + 1) to p. The caller
   * sees to it that none of these has been overwritten: cache is at least past + the new tokens, or
   * at least window − 1 + the new tokens. Nothing else of the caches is read or written; a sequence
   * may have no new tokens. How tokens are spread over executions changes results by rounding only.
   *
   * @param q [H, capacity, dim], turned like k
   * @param k [HK, capacity, dim]
   * @param v [HK, capacity, dim]
   * @param cu [S + 1], bounds of the new tokens
   * @param past [S], tokens that each sequence has read before
   * @param keyCache [S, HK, cache, dim]
   * @param valueCache [S, HK, cache, dim]
   * @param out token-major [L, H·dim]
   * @param cache positions that a cache holds
   */
  void cachedAttention(
      Stage s,
      String id,
      View q,
      View k,
      View v,
      IntArray cu,
      IntArray past,
      View keyCache,
      View valueCache,
      View out,
      Sizes sizes,
      int cache);
}
