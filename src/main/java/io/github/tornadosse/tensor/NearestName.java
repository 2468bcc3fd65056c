package io.github.tornadosse.tensor;

import java.util.Collection;
import java.util.Optional;

/** Finds the name that somebody probably meant. */
public final class NearestName {
  private static final int LONGEST = 200;

  private NearestName() {}

  /**
   * The candidate with the fewest inserted, removed or replaced characters, the first of equals;
   * none if even that one shares less than half of its characters with the name.
   *
   * @param name what was written
   * @param candidates what there is
   * @return the nearest of them
   */
  public static Optional<String> of(String name, Collection<String> candidates) {
    String best = null;
    int bestDistance = Integer.MAX_VALUE;
    for (String candidate : candidates) {
      if (candidate.length() <= LONGEST
          && name.length() <= LONGEST
          && Math.abs(candidate.length() - name.length()) < bestDistance) {
        int distance = distance(name, candidate);
        if (distance < bestDistance) {
          best = candidate;
          bestDistance = distance;
        }
      }
    }
    boolean near = best != null && 2 * bestDistance < Math.max(name.length(), 2);
    return near ? Optional.of(best) : Optional.empty();
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
