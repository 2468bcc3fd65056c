package io.github.tornadosse.kernels.gpu;

/**
 * What the kernels of a mixer of few tokens are told of it, in an array: more than a kernel has
 * arguments. Entries that end in AT are indices in the control array of a view's base.
 */
public final class StepShape {
  /** H. */
  public static final int HEADS = 0;

  /** K. */
  public static final int KEY = 1;

  /** Values of a key head, V·HV/H. */
  public static final int VALUES = 2;

  /** V of one value head. */
  public static final int VALUE = 3;

  /** Values of one state: those of a key head or, with the delta rule, V. */
  public static final int STATE_VALUE = 4;

  /** States of a key head and partition: 1 or, with the delta rule, HV/H. */
  public static final int STATE_HEADS = 5;

  /** N. */
  public static final int PARTITIONS = 6;

  /** M. */
  public static final int WIDTH = 7;

  /** W. */
  public static final int WRITERS = 8;

  /** R. */
  public static final int READERS = 9;

  /** 1 if keys are multiplied by the write-read gate. */
  public static final int WRITE_GATE = 10;

  /** 1 if queries are multiplied by the write-read gate. */
  public static final int READ_GATE = 11;

  /** 1 if partition 0 takes part. */
  public static final int ALWAYS = 12;

  /** 1 with the gated delta rule. */
  public static final int DELTA = 13;

  /** 1 if the gate multiplies values and outputs instead of keys and queries. */
  public static final int GATE_VALUES = 14;

  /** Largest write strength of the delta rule. */
  public static final int STRENGTH = 15;

  /** Activation of queries. */
  public static final int QUERY_KIND = 16;

  /** Activation of keys. */
  public static final int KEY_KIND = 17;

  /** Rows of a state that a key writes. */
  public static final int ROW_TOPK = 18;

  /** 1 with an output gate. */
  public static final int GATED = 19;

  /** Taps of the convolutions. */
  public static final int TAPS = 20;

  /** Row stride of the projections. */
  public static final int COLUMNS = 21;

  /** First column of keys. */
  public static final int KEY_COLUMN = 22;

  /** First column of values. */
  public static final int VALUE_COLUMN = 23;

  /** First column of the delta rule's gates. */
  public static final int GATE_COLUMN = 24;

  /** First column of the write-read gate. */
  public static final int ROUTER_COLUMN = 25;

  /** Rows of a head of the second halves of the queries' and keys' pairs: 2·K or 0. */
  public static final int PAIR_ROWS = 26;

  /** Rows of a head of the second halves of the decay gates' pairs: K a source, or 0. */
  public static final int DECAY_ROWS = 27;

  /** Rows of a head of the second half of the output gate's pair. */
  public static final int OUTPUT_ROWS = 28;

  /** Columns of a state that the items of a group take at a time. */
  public static final int LANES = 29;

  /** Base of the projections. */
  public static final int PROJECTED_AT = 30;

  /** Weights of the second halves, by section: queries, keys, decays of 0 and 1, output gate. */
  public static final int SECTION_AT = 31;

  /** Their inner widths. */
  public static final int SECTION_RANK = 36;

  /** The columns of their first halves. */
  public static final int SECTION_COLUMN = 41;

  /** Bias of the decay gates of partition 0, then that of the sparse partitions. */
  public static final int BIAS_AT = 46;

  /** aLog of the delta rule. */
  public static final int A_LOG_AT = 48;

  /** dtBias of the delta rule. */
  public static final int DT_BIAS_AT = 49;

  /** Weights of the convolutions of queries and keys. */
  public static final int TAPS_AT = 50;

  /** What the convolutions of queries and keys reach back to. */
  public static final int TAPS_STATE_AT = 52;

  /** The states. */
  public static final int STATE_AT = 54;

  /** Weight of the output norm. */
  public static final int NORM_AT = 55;

  /** Base of the output. */
  public static final int OUTPUT_AT = 56;

  /** Number of entries. */
  public static final int SIZE = 57;

  /** Most elements of a head's keys. */
  public static final int MOST_KEY = 256;

  /** Most values of a key head. */
  public static final int MOST_VALUES = 1024;

  /** Most sparse partitions. */
  public static final int MOST_PARTITIONS = 512;

  private StepShape() {}

  /** Elements that {@link StepInputs} makes of a head of a token. */
  public static int cells(int key, int values) {
    return 6 * key + 2 * values;
  }
}
