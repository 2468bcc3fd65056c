package io.github.tornadosse.kernels;

/**
 * Layout of the {@code control} array that every kernel receives: what changes from one execution
 * of a graph to the next. Entries from {@link #FIRST_BASE} on are base indices of views (see {@code
 * graph.View}), so that one layer's graph serves all layers.
 */
public final class Control {
  /** Number of tokens L in this execution (at most the graph's capacity). */
  public static final int TOKENS = 0;

  /** Number of packed sequences S in this execution. */
  public static final int SEQUENCES = 1;

  /** 1 if segments start from (and, forward, end in) the state array, 0 if from zero states. */
  public static final int USE_STATE = 2;

  /** AdamW's step number, from 1. */
  public static final int STEP = 3;

  /** Always 0: the base index of a view of a whole array, such as scratch that is only one. */
  public static final int ZERO = 4;

  /** First entry that holds a view's base index. */
  public static final int FIRST_BASE = 8;

  private Control() {}
}
