package io.github.tornadosse.data.tasks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.math3.random.RandomGenerator;

/**
 * Multi-query associative recall (Arora et al., Zoology, arXiv 2312.04927): pairs of a key and a
 * value, then each key once more, whose value is to be named. How far behind the pairs a key comes
 * again follows a power law: slot x of the places behind the pairs, two tokens each, has a weight
 * of x^(power − 1), and slots are drawn without replacement. What stands between is drawn from the
 * tokens that are not keys of the example, so that each key has one value.
 */
final class AssociativeRecall implements Task {
  static final String NAME = "mqar";

  private final int vocabulary;
  private final double power;

  AssociativeRecall(int vocabulary, double power) {
    TaskSettings.require(
        vocabulary >= 8 && vocabulary % 2 == 0,
        "vocabulary of mqar must be even and at least 8, not " + vocabulary);
    this.vocabulary = vocabulary;
    this.power = power;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int vocabSize() {
    return vocabulary;
  }

  @Override
  public boolean text() {
    return false;
  }

  /** Keys are ids 1 to this. */
  private int keys() {
    return vocabulary / 2 - 1;
  }

  @Override
  public int usualPairs(int length) {
    return Math.max(1, Math.min(keys(), length / 8));
  }

  @Override
  public long shortest(int pairs) {
    return pairs > keys() ? Long.MAX_VALUE : 4L * pairs;
  }

  @Override
  public double chance() {
    return 2.0 / vocabulary;
  }

  @Override
  public Example draw(RandomGenerator random, Part part, int length, int pairs) {
    int[] keys = Draws.distinct(random, keys(), pairs);
    int[] ids = new int[length];
    int[] targets = new int[length];
    Arrays.fill(targets, -1);
    int[] values = new int[pairs];
    boolean[] taken = new boolean[vocabulary];
    for (int i = 0; i < pairs; i++) {
      keys[i]++;
      taken[keys[i]] = true;
      values[i] = vocabulary / 2 + random.nextInt(vocabulary / 2);
      ids[2 * i] = keys[i];
      ids[2 * i + 1] = values[i];
    }
    int[] slots = slots(random, (length - 2 * pairs) / 2, pairs);
    List<Example.Query> queries = new ArrayList<>();
    for (int i = 0; i < pairs; i++) {
      int at = 2 * pairs + 2 * slots[i];
      ids[at] = keys[i];
      targets[at] = values[i];
      queries.add(new Example.Query(at, at + 1, 2 * i + 1, 1 - (at - 2.0 * i) / length));
    }
    int[] others = IntStream.range(1, vocabulary).filter(id -> !taken[id]).toArray();
    for (int t = 2 * pairs; t < length; t++) {
      if (ids[t] == 0) {
        ids[t] = others[random.nextInt(others.length)];
      }
    }
    queries.sort(Comparator.comparingInt(Example.Query::from));
    return new Example(ids, targets, queries, pairs);
  }

  /** Slots from 0, drawn without replacement: those of an exponential race with these weights. */
  private int[] slots(RandomGenerator random, int count, int wanted) {
    double[] arrival = new double[count];
    for (int x = 0; x < count; x++) {
      arrival[x] = -Math.log(1 - random.nextDouble()) / Math.pow(x + 1, power - 1);
    }
    return IntStream.range(0, count)
        .boxed()
        .sorted(Comparator.comparingDouble(x -> arrival[x]))
        .limit(wanted)
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
