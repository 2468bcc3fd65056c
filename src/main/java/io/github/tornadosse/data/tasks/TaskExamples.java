package io.github.tornadosse.data.tasks;

import io.github.tornadosse.data.Mix;
import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well1024a;

/**
 * The examples of a part of a task, by number: each is drawn from a seed of its own, so that any of
 * them can be made again without those before it.
 */
public final class TaskExamples {
  private final Task task;
  private final Part part;
  private final int length;
  private final List<Integer> pairs;
  private final long seed;

  /**
   * Says what is drawn.
   *
   * @param task makes the examples
   * @param part what they are for
   * @param length most tokens of an example
   * @param pairs how much an example asks to remember, one of these; empty for the task's own
   * @param seed the same seed gives the same examples
   * @throws UserError if that much does not fit into the length
   */
  public TaskExamples(Task task, Part part, int length, List<Integer> pairs, long seed) {
    this.task = task;
    this.part = part;
    this.length = length;
    this.pairs = pairs.isEmpty() ? List.of(task.usualPairs(length)) : List.copyOf(pairs);
    this.seed = Mix.mix(Mix.mix(seed, part.ordinal()), length);
    for (int p : this.pairs) {
      long shortest = task.shortest(p);
      if (shortest == Long.MAX_VALUE) {
        throw new UserError(
            "task %s with its %d tokens has no examples with %d pairs; take fewer"
                .formatted(task.name(), task.vocabSize(), p));
      }
      if (shortest > length) {
        throw new UserError(
            "task %s needs %d tokens for %d pairs, not %d; take a longer sequence or fewer pairs"
                .formatted(task.name(), shortest, p, length));
      }
    }
  }

  /** The task. */
  public Task task() {
    return task;
  }

  /** Most tokens of an example. */
  public int length() {
    return length;
  }

  /**
   * One example.
   *
   * @param index its number, from 0
   * @return the same at every call
   */
  public Example example(long index) {
    RandomGenerator random = new Well1024a(Mix.mix(seed, index));
    int chosen = pairs.get(random.nextInt(pairs.size()));
    return task.draw(random, part, length, chosen);
  }

  /**
   * Several examples.
   *
   * @param from the first one's number
   * @param count how many
   * @return in order
   */
  public List<Example> examples(long from, int count) {
    List<Example> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(example(from + i));
    }
    return all;
  }

  /**
   * Packs examples, each a sequence of its own.
   *
   * @param examples at least one
   * @return the batch
   */
  public static PackedBatch pack(List<Example> examples) {
    int tokens = examples.stream().mapToInt(Example::length).sum();
    int[] ids = new int[tokens];
    int[] targets = new int[tokens];
    int[] bounds = new int[examples.size() + 1];
    for (int i = 0; i < examples.size(); i++) {
      Example e = examples.get(i);
      System.arraycopy(e.ids(), 0, ids, bounds[i], e.length());
      System.arraycopy(e.targets(), 0, targets, bounds[i], e.length());
      bounds[i + 1] = bounds[i] + e.length();
    }
    return new PackedBatch(ids, targets, bounds);
  }
}
