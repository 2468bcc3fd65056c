package io.github.tornadosse.data.tasks;

import java.util.List;

/**
 * One sequence with its questions.
 *
 * @param ids [L] the tokens
 * @param targets [L] the right next token where an answer is asked for, −1 elsewhere
 * @param queries the answers, in the order of the sequence; together they cover the targets
 * @param pairs how much there is to remember: pairs, needles, entries or symbols
 */
public record Example(int[] ids, int[] targets, List<Query> queries, int pairs) {
  /**
   * An answer: the targets of neighbouring tokens, all of which have to be right. As the tokens of
   * the answer are read after they were predicted, all are right exactly if greedy decoding would
   * give the answer.
   *
   * @param from the first token with a target of it
   * @param to after the last one
   * @param told the token with which the sequence has told what is asked for; −1 if no single one
   *     does
   * @param depth where in the sequence that stands which is asked for, from 0 to 1; of {@code
   *     mqar}, where all of it stands at the beginning, one less the distance as a share of the
   *     length
   */
  public record Query(int from, int to, int told, double depth) {}

  /** L. */
  public int length() {
    return ids.length;
  }
}
