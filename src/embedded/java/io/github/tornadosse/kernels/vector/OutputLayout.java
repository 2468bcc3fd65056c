package io.github.tornadosse.kernels.vector;

/**
 * Sizes and bases of a recurrence that ends in the mixer's output, as entries of an array: there
 * are more of them than a task takes arguments. Sizes are those of {@code Operations.Output} and
 * {@code Operations.HeadSizes}.
 */
public final class OutputLayout {
  /** Entry of control that holds the base index of the states. */
  public static final int STATE_AT = 0;

  /** The same of the output gate. */
  public static final int GATE_AT = 1;

  /** The same of the norm's weight. */
  public static final int W_AT = 2;

  /** The same of the output. */
  public static final int Y_AT = 3;

  /** 1 with an output gate. */
  public static final int GATED = 4;

  /** N. */
  public static final int PARTITIONS = 5;

  /** M. */
  public static final int WIDTH = 6;

  /** Ranks of a token's sparse rows that are read. */
  public static final int READS = 7;

  /** Key heads. */
  public static final int KEY_HEADS = 8;

  /** Heads that values are arranged by. */
  public static final int HEADS = 9;

  /** K. */
  public static final int KEY = 10;

  /** V. */
  public static final int VALUE = 11;

  /** Width of a value head. */
  public static final int VALUE_DIM = 12;

  /** Stride of the token arrays. */
  public static final int CAPACITY = 13;

  /** Of the gated delta rule: 1 if weights belong to outputs and values. */
  public static final int GATE_VALUES = 14;

  /** 1 if the sums have an array of their own, where they stay. */
  public static final int SUMMED = 15;

  /** Entry of control that holds its base index. */
  public static final int SUMS_AT = 16;

  /** Of gated linear attention: 1 to keep states for the gradient. */
  public static final int KEEPS = 17;

  /** The same: 1 to take the segments of a sequence together. */
  public static final int TOGETHER = 18;

  /** Number of entries. */
  public static final int SIZE = 19;

  private OutputLayout() {}
}
