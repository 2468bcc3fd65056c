package io.github.tornadosse.data.tasks;

import io.github.tornadosse.tensor.NearestName;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tasks by name. */
public final class Tasks {
  private static final Map<String, String> DESCRIPTIONS = new LinkedHashMap<>();

  static {
    DESCRIPTIONS.put(AssociativeRecall.NAME, "pairs of keys and values, each key asked for once");
    DESCRIPTIONS.put(Needles.NOISE, "a number in a repeated text");
    DESCRIPTIONS.put(Needles.TEXT, "a number in sentences");
    DESCRIPTIONS.put(Needles.UUID, "a UUID in sentences");
    DESCRIPTIONS.put(Needles.KEYS, "numbers of several keys, one asked for");
    DESCRIPTIONS.put(Needles.VALUES, "several numbers of one key, all asked for");
    DESCRIPTIONS.put(Needles.QUERIES, "numbers of several keys, all asked for");
    DESCRIPTIONS.put(PhoneBook.NAME, "lines of names and numbers, one asked for");
    DESCRIPTIONS.put(Copying.NAME, "symbols, to be repeated");
    DESCRIPTIONS.put(SelectiveCopying.NAME, "symbols among blanks, to be repeated");
    DESCRIPTIONS.put(Permutations.THREE, "the product of permutations of 3 things");
    DESCRIPTIONS.put(Permutations.FIVE, "the product of permutations of 5 things");
  }

  private Tasks() {}

  /** Names of all tasks. */
  public static List<String> names() {
    return List.copyOf(DESCRIPTIONS.keySet());
  }

  /**
   * A task in a few words.
   *
   * @param name one of {@link #names()}
   */
  public static String describe(String name) {
    return DESCRIPTIONS.get(name);
  }

  /**
   * Makes a task.
   *
   * @param s what describes it
   * @return the task
   * @throws UserError if there is no such task, or a setting is not for it
   */
  public static Task of(TaskSettings s) {
    requireKnown(s.name());
    boolean needle = s.name().startsWith("needle-");
    if (s.haystack() != null && (!needle || s.name().equals(Needles.NOISE))) {
      throw new UserError("task " + s.name() + " has no haystack of text; leave it out");
    }
    int vocabulary = s.vocabulary() > 0 ? s.vocabulary() : TaskSettings.VOCABULARY;
    Task task =
        switch (s.name()) {
          case AssociativeRecall.NAME -> new AssociativeRecall(vocabulary, s.power());
          case Copying.NAME -> new Copying(vocabulary);
          case SelectiveCopying.NAME -> new SelectiveCopying(vocabulary);
          case Permutations.THREE -> new Permutations(3);
          case Permutations.FIVE -> new Permutations(5);
          case PhoneBook.NAME -> new PhoneBook(s.digits());
          case Needles.NOISE -> needles(s, Needles.Kind.SINGLE, Haystack.noise());
          case Needles.TEXT -> needles(s, Needles.Kind.SINGLE, text(s));
          case Needles.UUID -> Needles.uuids(s.name(), Needles.Kind.SINGLE, text(s));
          case Needles.KEYS -> needles(s, Needles.Kind.KEYS, text(s));
          case Needles.VALUES -> needles(s, Needles.Kind.VALUES, text(s));
          default -> needles(s, Needles.Kind.QUERIES, text(s));
        };
    if (s.vocabulary() > 0 && s.vocabulary() != task.vocabSize()) {
      throw new UserError(
          "task "
              + s.name()
              + " has "
              + task.vocabSize()
              + " tokens; leave vocabulary ("
              + s.vocabulary()
              + ") out");
    }
    return task;
  }

  private static Needles needles(TaskSettings s, Needles.Kind kind, Haystack haystack) {
    return Needles.numbers(s.name(), kind, haystack, s.digits());
  }

  private static Haystack text(TaskSettings s) {
    return s.haystack() == null ? Haystack.prose() : Haystack.file(Path.of(s.haystack()));
  }

  /**
   * Whether the tokens of a task are integers, as many as one likes.
   *
   * @param name one of {@link #names()}
   */
  public static boolean ofIntegers(String name) {
    return List.of(AssociativeRecall.NAME, Copying.NAME, SelectiveCopying.NAME).contains(name);
  }

  /**
   * Checks a name.
   *
   * @param name perhaps that of a task
   * @throws UserError if it is not, naming the nearest one
   */
  public static void requireKnown(String name) {
    if (!DESCRIPTIONS.containsKey(name)) {
      throw new UserError(
          "unknown task '"
              + name
              + "'; "
              + NearestName.of(name, names())
                  .map(n -> "did you mean '" + n + "'?")
                  .orElse("known are " + String.join(", ", names())));
    }
  }
}
