package io.github.tornadosse.data.tasks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.random.RandomGenerator;

/**
 * State tracking: permutations of n things, one after the other; at each the permutation is to be
 * named that all so far make together (Merrill et al., arXiv 2404.08819). Nothing is to be looked
 * up, so a larger state alone does not help. Id 1 + i is the permutation of index i in
 * lexicographic order; 1 is the identity.
 */
final class Permutations implements Task {
  static final String THREE = "permutations-3";
  static final String FIVE = "permutations-5";

  private final int things;
  private final List<int[]> all = new ArrayList<>();
  private final int[][] product;

  Permutations(int things) {
    this.things = things;
    list(new int[things], 0);
    int n = all.size();
    product = new int[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        product[i][j] = index(after(all.get(i), all.get(j)));
      }
    }
  }

  private void list(int[] chosen, int count) {
    if (count == things) {
      all.add(chosen.clone());
      return;
    }
    for (int x = 0; x < things; x++) {
      boolean free = true;
      for (int i = 0; i < count; i++) {
        free &= chosen[i] != x;
      }
      if (free) {
        chosen[count] = x;
        list(chosen, count + 1);
      }
    }
  }

  /** First one, then the other: x goes to second[first[x]]. */
  private int[] after(int[] first, int[] second) {
    int[] both = new int[things];
    for (int x = 0; x < things; x++) {
      both[x] = second[first[x]];
    }
    return both;
  }

  private int index(int[] permutation) {
    for (int i = 0; i < all.size(); i++) {
      if (Arrays.equals(all.get(i), permutation)) {
        return i;
      }
    }
    throw new IllegalStateException("no permutation of " + things);
  }

  @Override
  public String name() {
    return things == 3 ? THREE : FIVE;
  }

  @Override
  public int vocabSize() {
    return 1 + all.size();
  }

  @Override
  public boolean text() {
    return false;
  }

  @Override
  public int usualPairs(int length) {
    return 1;
  }

  @Override
  public long shortest(int pairs) {
    return pairs == 1 ? 1 : Long.MAX_VALUE;
  }

  @Override
  public double chance() {
    return 1.0 / all.size();
  }

  @Override
  public Example draw(RandomGenerator random, Part part, int length, int pairs) {
    int[] ids = new int[length];
    int[] targets = new int[length];
    List<Example.Query> queries = new ArrayList<>();
    int state = 0;
    for (int t = 0; t < length; t++) {
      int next = random.nextInt(all.size());
      state = product[state][next];
      ids[t] = 1 + next;
      targets[t] = 1 + state;
      queries.add(new Example.Query(t, t + 1, -1, (double) t / length));
    }
    return new Example(ids, targets, queries, 1);
  }
}
