package io.github.tornadosse.graph;

import io.github.tornadosse.graph.AttentionOperations.Sizes;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Operations.Selection;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The parts of a layer in few tasks, for executions of few tokens that go on from kept states, as
 * in decoding: there a task's launch takes longer than its kernel. The results are those of the
 * operations that stand in {@link Operations} one by one, but for rounding. Without gradients.
 * Notation as there; S sequences go on from their states, and sequences without tokens stay as they
 * are.
 */
public interface StepOperations {
  /** For tiers that have none. */
  StepOperations NONE = new NoSteps();

  /**
   * A mixer (docs/mathematics.md sections 1 and 3).
   *
   * @param delta the gated delta rule, else gated linear attention
   * @param heads H
   * @param valueHeads HV
   * @param key K
   * @param value V of one value head
   * @param partitions N
   * @param selection what a token writes and reads
   * @param queryActivation {@link io.github.tornadosse.kernels.Activation} of queries
   * @param keyActivation of keys
   * @param rowTopk rows of the state that a key writes; K for all
   * @param gateRank inner width of the decay gates' pairs; 0 with the delta rule
   * @param outputGate whether the output is gated
   * @param taps of the convolutions of queries and keys; 0 for none
   * @param strength the delta rule's largest write strength
   * @param gateValues the delta rule: whether the write-read gate multiplies values and outputs
   * @param eps added to the mean square of the output norm
   */
  record Mixer(
      boolean delta,
      int heads,
      int valueHeads,
      int key,
      int value,
      int partitions,
      Selection selection,
      int queryActivation,
      int keyActivation,
      int rowTopk,
      int gateRank,
      boolean outputGate,
      int taps,
      int strength,
      boolean gateValues,
      float eps) {
    /** Values of a key head: V·HV/H. */
    public int values() {
      return value * (valueHeads / heads);
    }

    /** M, the sparse partitions that a token writes or reads. */
    public int width() {
      return partitions == 0 ? 0 : Math.max(selection.writers(), selection.readers());
    }

    /** 2 with sparse partitions, else 1. */
    public int sources() {
      return partitions == 0 ? 1 : 2;
    }
  }

  /**
   * All projections of a mixer's input, token-major [L, size]: queries from column 0 on, and where
   * the others begin.
   *
   * @param view the array
   * @param size row stride
   * @param keys keys, [H·K]
   * @param values values, [HV·V]
   * @param queryPair first half of the queries' low-rank pair, [V]
   * @param keyPair of the keys', [V]
   * @param gates of the decay gates' pairs, [gateRank] each source; or the delta rule's decays and
   *     then its write strengths, [sources·HV] each
   * @param outputGate of the output gate's, [V]
   * @param router the write-read gate, [N]
   */
  record Projected(
      View view,
      int size,
      int keys,
      int values,
      int queryPair,
      int keyPair,
      int gates,
      int outputGate,
      int router) {}

  /**
   * Parameters of a mixer behind its projections; null where it has none.
   *
   * @param queryPair [H·K, V] second half of the queries' low-rank pair
   * @param keyPair [H·K, V] of the keys'
   * @param decay0 [H·K, gateRank] of the decay gates' of partition 0
   * @param decay1 [H·K, gateRank] of the sparse partitions'
   * @param bias0 [H·K] of the decay gates of partition 0
   * @param bias1 [H·K] of the sparse partitions'
   * @param aLog [sources·HV] the delta rule's
   * @param dtBias [sources·HV] the delta rule's
   * @param outputGate [HV·V, V] second half of the output gate's pair
   * @param queryTaps [H·K, taps]
   * @param keyTaps [H·K, taps]
   * @param norm [V]
   */
  record MixerWeights(
      View queryPair,
      View keyPair,
      View decay0,
      View decay1,
      View bias0,
      View bias1,
      View aLog,
      View dtBias,
      View outputGate,
      View queryTaps,
      View keyTaps,
      View norm) {}

  /**
   * What sequences go on from; replaced.
   *
   * @param states [S, N + 1, HV, K, V] with the delta rule, else [S, N + 1, H, K, V·HV/H]
   * @param queryTaps [S, taps − 1, H, K], oldest first; null without convolutions
   * @param keyTaps like it
   */
  record MixerStates(View states, View queryTaps, View keyTaps) {}

  /** Whether there are {@link #normedLinear} and {@link #normedSwiglu} for so many tokens. */
  boolean takes(int tokens);

  /** Whether there are kernels for a mixer. */
  boolean takes(Mixer m);

  /** Whether there are kernels for softmax attention. */
  boolean takes(Sizes sizes);

  /**
   * y = RMSNorm(x)·wᵀ.
   *
   * @param l the product; y is token-major
   * @param norm [in] weight of the norm
   * @param eps added to the mean square
   * @param rows [L] which row of x is a token's; null if it is its own
   */
  void normedLinear(Stage s, String id, Linear l, View norm, float eps, IntArray rows);

  /**
   * y = SiLU(n·gateᵀ)·(n·upᵀ) with n = RMSNorm(x).
   *
   * @param x [L, in]
   * @param norm [in] weight of the norm
   * @param eps added to the mean square
   * @param gateUp [2·inner, in], gate then up
   * @param y [L, inner]
   */
  void normedSwiglu(
      Stage s, String id, View x, View norm, float eps, View gateUp, View y, int in, int inner);

  /**
   * What stands between a mixer's projections and the last one of its output.
   *
   * @param cu [S + 1] bounds of the sequences
   * @param y output [L, HV·V]
   */
  void mixer(
      Stage s,
      String id,
      Mixer m,
      Projected x,
      MixerWeights w,
      IntArray cu,
      MixerStates states,
      View y);

  /**
   * What sequences go on from; see {@link AttentionOperations#cachedAttention}.
   *
   * @param cu [S + 1] bounds of the new tokens
   * @param past [S] tokens that each sequence has read before
   * @param keys [S, HK, cache, dim]
   * @param values [S, HK, cache, dim]
   * @param cache positions that a cache holds
   */
  record Cached(IntArray cu, IntArray past, View keys, View values, int cache) {}

  /**
   * Rotary embedding and cached attention.
   *
   * @param x [L, (H + 2·HK)·dim]: queries, keys, values
   * @param bias of x's columns; null for none
   * @param angles see {@link AttentionOperations#LOW}
   * @param y output [L, H·dim]
   */
  void attention(
      Stage s, String id, View x, View bias, FloatArray angles, Cached cached, View y, Sizes sizes);
}
