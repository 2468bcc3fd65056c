package io.github.tornadosse.eval.tasks;

import java.util.List;
import org.apache.commons.math3.stat.interval.ConfidenceInterval;
import org.apache.commons.math3.stat.interval.WilsonScoreInterval;

/**
 * How a model did on examples of one length and one number of pairs.
 *
 * @param length most tokens of an example
 * @param pairs how much each asked to remember
 * @param examples how many there were
 * @param queries answers that were asked for
 * @param correct those of them that were right as a whole
 * @param exact examples all of whose answers were right
 * @param nats mean cross-entropy of a token of an answer
 * @param depths the same by depth, from the beginning of the sequence to its end
 * @param routes one for each layer with sparse partitions, if the task's answers are told by single
 *     tokens
 */
public record TaskScore(
    int length,
    int pairs,
    int examples,
    long queries,
    long correct,
    int exact,
    double nats,
    Depth[] depths,
    List<Route> routes) {
  /** Depths are counted in so many equal parts of the sequence. */
  public static final int DEPTHS = 10;

  private static final double CONFIDENCE = 0.95;

  /**
   * Answers that stand in one part of the sequence.
   *
   * @param queries how many were asked for
   * @param correct how many were right
   */
  public record Depth(long queries, long correct) {
    /** Share that was right; not a number where nothing was asked for. */
    public double accuracy() {
      return queries == 0 ? Double.NaN : (double) correct / queries;
    }
  }

  /**
   * Whether a layer looks for answers where it put them. What was written to other sparse
   * partitions than those that the query reads can only come from partition 0.
   *
   * @param layer its index
   * @param queries how many answers were asked for
   * @param met queries that read a sparse partition to which the token that told the answer was
   *     written
   */
  public record Route(int layer, long queries, long met) {
    /** Share of the queries. */
    public double share() {
      return (double) met / queries;
    }
  }

  /**
   * A 95 % confidence interval.
   *
   * @param low lower bound
   * @param high upper bound
   */
  public record Interval(double low, double high) {}

  /** Share of answers that were right. */
  public double accuracy() {
    return (double) correct / queries;
  }

  /**
   * Wilson's score interval of the accuracy. It counts examples, not answers, as independent draws:
   * answers of one example are right or wrong together.
   */
  public Interval interval() {
    ConfidenceInterval i =
        new WilsonScoreInterval()
            .createInterval(examples, (int) Math.round(accuracy() * examples), CONFIDENCE);
    return new Interval(Math.max(0, i.getLowerBound()), Math.min(1, i.getUpperBound()));
  }
}
