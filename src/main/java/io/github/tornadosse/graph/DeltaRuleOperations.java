package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Rows;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The gated delta rule (docs/mathematics.md sections 1 and 3). Value heads HV are a multiple of the
 * key heads H; value head i belongs to key head i·H/HV. The rules of {@link Operations} hold.
 */
public interface DeltaRuleOperations {
  /**
   * The mixer's shapes.
   *
   * @param heads H
   * @param valueHeads HV
   * @param key K
   * @param value V of one value head
   */
  record Sizes(int heads, int valueHeads, int key, int value) {}

  /**
   * The decay and the write strength of each token: for source src and value head h, column j =
   * src·HV + h,
   *
   * <p>gates[0, src, h, t] = −exp(aLog[j])·softplus(a[t·ld + j] + dtBias[j]), gates[1, src, h, t] =
   * betaScale·sigmoid(b[t·ld + j]).
   *
   * @param a from its base on [L, ..] with row stride ld
   * @param b like a
   * @param aLog [sources·HV]
   * @param dtBias [sources·HV]
   * @param gates output [2, sources, HV, capacity]
   * @param sources 1 without sparse partitions, else 2
   */
  void gates(
      Stage s,
      String id,
      View a,
      View b,
      int ld,
      View aLog,
      View dtBias,
      FloatArray gates,
      int sources,
      int valueHeads,
      float betaScale);

  /**
   * Gradient of {@link #gates} through the expanded rows: dGateRows [2, HV, R] holds the gradient
   * of each row's decay, then of its write strength (zeros where a row takes no part); a token's is
   * row t for source 0 and the sum of its M sparse rows for source 1. da and db are overwritten
   * (from their bases on [L, ..] with row stride ld), dALog and dDtBias [sources·HV] are added to.
   */
  void gatesGradient(
      Stage s,
      String id,
      View a,
      View b,
      int ld,
      View aLog,
      View dtBias,
      FloatArray dGateRows,
      Rows rows,
      View da,
      View db,
      View dALog,
      View dDtBias,
      int sources,
      int valueHeads,
      float betaScale);

  /**
   * The gated delta rule over every segment, chunkwise (SPEC section 3). For row r of source src (0
   * for r &lt; capacity, else 1), token t, value head h and its key head kh, with n(x) = x/√(Σx² +
   * 1e-6):
   *
   * <p>q̂ = n(weight[0, r]·q[src, kh, t]); k̂ = n(weight[1, r]·k[src, kh, t]) if written, else 0;
   * v̂ = v[h, t] if written, else 0; decay g = gates[0, src, h, t] and write strength β = gates[1,
   * src, h, t] if the row is read, else both 0 (as in the authors' masked form, a row that is not
   * read leaves the state as it is). S ← exp(g)·S; u = β·(v̂ − k̂·S); S ← S + k̂ᵀ·u; out [HV, R, V]
   * gets K^(-1/2)·q̂·S, 0 for rows that are not read.
   *
   * <p>With gateValues the weights move from queries and keys to outputs and values: q̂ = n(q), k̂
   * = n(k), v̂ = weight[1, r]·v, and the output is multiplied by weight[0, r].
   *
   * <p>If control[USE_STATE] is 1, segment i starts from and is written back to state[(i·HV +
   * h)·K·V] of the view; else it starts from zero and state is not touched.
   *
   * @param q [sources, H, capacity, K]
   * @param k [sources, H, capacity, K]
   * @param v [HV, capacity, V]
   * @param gates [2, sources, HV, capacity]
   */
  void forward(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      Rows rows,
      boolean gateValues,
      View state,
      FloatArray out,
      Sizes sizes);

  /**
   * Gradients of {@link #forward}; after it ({@link Stage#after}), a tier may take what it left
   * instead of computing that again. dOut [HV, capacity, V] is the gradient at each token (the same
   * for all its rows). If control[USE_STATE] is 1, state holds the initial states, and dState
   * arrives with the gradient of the final states and leaves with that of the initial ones; else
   * both are left alone.
   *
   * @param dRows [2, H, R, K]: of q and k through the row, summed over the key head's value heads;
   *     zeros where a row takes no part
   * @param dvRows [HV, R, V]: of v through the row (with gateValues its weight included)
   * @param dGateRows [2, HV, R]: of the row's decay, then of its write strength
   * @param dWeightRows of the row's weights: [2, H, R] of its query's and key's, or with gateValues
   *     [2, HV, R] of its output's and value's; zeros where a row takes no part
   */
  void gradient(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      Rows rows,
      boolean gateValues,
      View state,
      FloatArray dOut,
      View dState,
      FloatArray dRows,
      FloatArray dvRows,
      FloatArray dGateRows,
      FloatArray dWeightRows,
      Sizes sizes);

  /**
   * dTop[t·M + j] += Σ_h dWeightRows[0, h, r] (if readGate) + dWeightRows[1, h, r] (if writeGate),
   * with r the token's row of rank j.
   *
   * @param heads H, or HV with gateValues
   */
  void weightGradient(
      Stage s,
      String id,
      FloatArray dWeightRows,
      Rows rows,
      View dTop,
      boolean readGate,
      boolean writeGate,
      int heads);
}
