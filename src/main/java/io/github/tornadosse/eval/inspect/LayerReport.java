package io.github.tornadosse.eval.inspect;

import java.util.List;

/**
 * What a layer does with a text, and what its states look like at the end of it. Means are over
 * heads, tokens and partitions; what there is none of is not a number.
 *
 * @param layer its index
 * @param state null for softmax attention, which has no state
 */
public record LayerReport(int layer, State state) {

  /**
   * Of a layer with a state.
   *
   * @param routing of a layer with sparse partitions, else null
   * @param rowsWritten share of all rows of the state that a token writes: exp of the entropy of
   *     its keys' absolute values, in the partitions that it writes, over all rows
   * @param rowSimilarity mean absolute cosine of two rows of a partition
   * @param partitionSimilarity mean absolute cosine of two partitions of a head; not a number for a
   *     single one
   * @param partitions one for each, partition 0 first where it takes part
   * @param wholeRank effective rank of all partitions of a head, rows one below the other
   * @param decay of partition 0, where it takes part, then of the sparse ones
   */
  public record State(
      Routing routing,
      double rowsWritten,
      double rowSimilarity,
      double partitionSimilarity,
      List<Partition> partitions,
      double wholeRank,
      List<Decay> decay) {}

  /**
   * How tokens choose sparse partitions.
   *
   * @param load [N] share of tokens that write each
   * @param loadEntropy entropy of the load over that of an even one: 1 if all are used alike
   * @param gateEntropy mean entropy of a token's gate e over that of an even one: 0 if a token is
   *     sure of its partition
   * @param first [L] the partition of the largest gate of each token
   */
  public record Routing(double[] load, double loadEntropy, double gateEntropy, int[] first) {}

  /**
   * The state of a partition.
   *
   * @param index 0 for the one that is always on
   * @param norm mean Frobenius norm of a head
   * @param effectiveRank mean over heads of exp of the entropy of the singular values
   */
  public record Partition(int index, double norm, double effectiveRank) {}

  /**
   * How long a state remembers: 1 / (mean decay of a token), the number of tokens after which a
   * factor of e has gone.
   *
   * @param of which partitions
   * @param median over heads and rows, in tokens that write the partition
   * @param longest of heads and rows
   * @param text the median in tokens of the text, of which a sparse partition takes its share
   */
  public record Decay(String of, double median, double longest, double text) {}
}
