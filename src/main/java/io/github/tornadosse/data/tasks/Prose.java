package io.github.tornadosse.data.tasks;

import java.util.List;
import org.apache.commons.math3.random.RandomGenerator;

/** Plain sentences of a small grammar. */
final class Prose {
  private static final List<String> DETERMINERS = List.of("the", "a", "this", "every", "that");
  private static final List<String> ADJECTIVES =
      List.of(
          "old", "quiet", "green", "narrow", "bright", "heavy", "early", "distant", "careful",
          "broken", "warm", "simple", "long", "empty", "grey", "sudden");
  private static final List<String> NOUNS =
      List.of(
          "river", "window", "teacher", "engine", "garden", "letter", "winter", "bridge", "child",
          "market", "forest", "station", "table", "island", "painter", "clock", "harbour", "road",
          "village", "kitchen", "storm", "library", "farmer", "train");
  private static final List<String> VERBS =
      List.of(
          "follows",
          "finds",
          "leaves",
          "crosses",
          "keeps",
          "hears",
          "builds",
          "watches",
          "moves",
          "needs",
          "covers",
          "opens",
          "remembers",
          "passes",
          "changes",
          "brings");
  private static final List<String> LINKS =
      List.of("near", "behind", "before", "without", "beside", "under", "after", "towards");

  private Prose() {}

  /** A sentence with its full stop. */
  static String sentence(RandomGenerator random) {
    String text = noun(random) + " " + one(random, VERBS) + " " + noun(random);
    if (random.nextBoolean()) {
      text += " " + one(random, LINKS) + " " + noun(random);
    }
    return Character.toUpperCase(text.charAt(0)) + text.substring(1) + ".";
  }

  private static String noun(RandomGenerator random) {
    String adjective = random.nextInt(3) == 0 ? one(random, ADJECTIVES) + " " : "";
    return one(random, DETERMINERS) + " " + adjective + one(random, NOUNS);
  }

  private static String one(RandomGenerator random, List<String> words) {
    return words.get(random.nextInt(words.size()));
  }
}
