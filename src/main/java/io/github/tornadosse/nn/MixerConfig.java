package io.github.tornadosse.nn;

import io.github.tornadosse.kernels.Activation;

/**
 * The Sparse State Expansion layers of a model (docs/mathematics.md section 1).
 *
 * @param rule how the state is updated
 * @param heads H, query and key heads
 * @param valueHeads HV, a multiple of H
 * @param headDim K
 * @param expandV value head dim as a multiple of K
 * @param partitions N sparse partitions; 0 for the plain rule
 * @param writers W partitions written per token
 * @param readers R partitions read per token
 * @param form whether partitions run over their own tokens or, masked, over all
 * @param queryActivation {@link Activation} of queries
 * @param keyActivation {@link Activation} of keys
 * @param rowTopk rows of the state that a key writes; K for all
 * @param outputGate whether the mixer's output is gated
 * @param gateRank inner width of the decay gate's low-rank pair (gated linear attention)
 * @param convolution taps of the short convolutions of queries and keys; 0 for none
 * @param negativeEigenvalues gated delta rule: write strengths up to 2 instead of 1
 * @param gates the write-read gate
 * @param always whether partition 0 takes part in every token; else only the sparse ones do
 */
public record MixerConfig(
    Rule rule,
    int heads,
    int valueHeads,
    int headDim,
    double expandV,
    int partitions,
    int writers,
    int readers,
    Form form,
    int queryActivation,
    int keyActivation,
    int rowTopk,
    boolean outputGate,
    int gateRank,
    int convolution,
    boolean negativeEigenvalues,
    Gates gates,
    boolean always) {

  /** How the state is updated. */
  public enum Rule {
    /** Gated linear attention: a decay for each row of the state. */
    GLA,
    /** Gated delta rule: a decay and a write strength for each token and value head. */
    GDN
  }

  /** Which rows the kernels run over (docs/mathematics.md section 4). */
  public enum Form {
    /** Each partition runs over the tokens that chose it. */
    VARLEN,
    /** Each partition runs over all tokens, with zeros where it was not chosen. */
    MASK
  }

  /**
   * The write-read gate e of the sparse partitions.
   *
   * @param write whether what is written is multiplied by it
   * @param read whether what is read is multiplied by it
   * @param values gated delta rule: whether it multiplies values and the read-out, instead of keys
   *     and queries, whose normalisation takes it out again
   */
  public record Gates(boolean write, boolean read, boolean values) {
    /** As the authors have it. */
    public static final Gates DEFAULT = new Gates(true, true, false);
  }

  /**
   * Checks that the sizes fit each other.
   *
   * @throws io.github.tornadosse.tensor.UserError naming the rule that is broken
   */
  public MixerConfig {
    ModelConfig.require(heads > 0, "num_heads must be positive, not " + heads);
    ModelConfig.require(headDim > 0, "head_dim must be positive, not " + headDim);
    ModelConfig.require(
        valueHeads > 0 && valueHeads % heads == 0,
        "num_v_heads (" + valueHeads + ") must be a multiple of num_heads (" + heads + ")");
    ModelConfig.require(
        expandV > 0 && expandV * headDim == Math.rint(expandV * headDim),
        "expand_v (" + expandV + ") times head_dim (" + headDim + ") must be a whole number");
    ModelConfig.require(
        partitions >= 0, "num_sparse_partition must not be negative, not " + partitions);
    if (partitions > 0) {
      requireSelection("num_writer", writers, partitions);
      requireSelection("num_reader", readers, partitions);
    } else {
      ModelConfig.require(
          always, "always_selected must be true where there are no sparse partitions");
      ModelConfig.require(
          gates.equals(Gates.DEFAULT),
          "write_gate, read_gate and gate_values need sparse partitions (num_sparse_partition)");
      writers = 0;
      readers = 0;
    }
    ModelConfig.require(
        rowTopk >= 1 && rowTopk <= headDim,
        "row_topk (" + rowTopk + ") must be from 1 to head_dim (" + headDim + ")");
    ModelConfig.require(
        rowTopk == headDim || keyActivation == Activation.SOFTMAX,
        "row_topk needs use_k_softmax, because it chooses among the softmax's rows");
    ModelConfig.require(
        rowTopk == headDim || rule == Rule.GLA,
        "row_topk needs linear_attn_type gla: gdn has one decay for all rows of a state");
    ModelConfig.require(gateRank > 0, "gate_low_rank_dim must be positive, not " + gateRank);
    ModelConfig.require(
        convolution >= 0 && convolution <= 64,
        "conv_size must be from 1 to 64, not " + convolution);
    ModelConfig.require(
        !negativeEigenvalues || rule == Rule.GDN, "allow_neg_eigval needs linear_attn_type gdn");
    ModelConfig.require(
        !gates.values() || rule == Rule.GDN, "gate_values needs linear_attn_type gdn");
  }

  private static void requireSelection(String name, int count, int partitions) {
    ModelConfig.require(
        count >= 1 && count <= partitions,
        name + " (" + count + ") must be from 1 to num_sparse_partition (" + partitions + ")");
  }

  /** V, the dim of one value head. */
  public int valueDim() {
    return (int) Math.rint(expandV * headDim);
  }

  /** H·K. */
  public int keySize() {
    return heads * headDim;
  }

  /** HV·V. */
  public int valueSize() {
    return valueHeads * valueDim();
  }

  /** Whether there are sparse partitions. */
  public boolean sparse() {
    return partitions > 0;
  }

  /** 2 with sparse partitions, whose queries, keys and gates differ from partition 0's; else 1. */
  public int sources() {
    return sparse() ? 2 : 1;
  }

  /**
   * M, the sparse partitions that have a row for each token: those that it writes or reads, or all
   * in the masked form.
   */
  public int width() {
    return form == Form.MASK ? partitions : Math.max(writers, readers);
  }

  /** Elements of all states of one sequence. */
  public long stateSize() {
    return (partitions + 1L) * headDim * valueSize();
  }
}
