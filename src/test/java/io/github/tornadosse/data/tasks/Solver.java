package io.github.tornadosse.data.tasks;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Answers questions from the tokens up to the question alone, by the definition of the task. */
final class Solver {
  private static final List<int[]> OF_THREE = list(3);
  private static final List<int[]> OF_FIVE = list(5);

  private Solver() {}

  /** The tokens of a query's answer. */
  static int[] answer(Task task, Example e, Example.Query q) {
    int[] read = Arrays.copyOf(e.ids(), q.from() + 1);
    return switch (task.name()) {
      case "mqar" -> new int[] {valueOfKey(read)};
      case "copy" -> new int[] {copied(read)};
      case "selective-copy" -> new int[] {selected(read)};
      case "permutations-3" -> new int[] {product(read, 3)};
      case "permutations-5" -> new int[] {product(read, 5)};
      case "phone-book" -> bytes(number(text(read)));
      case "needle-values" -> bytes(nextValue(text(read)));
      default -> bytes(needle(text(read)));
    };
  }

  private static int valueOfKey(int[] read) {
    int key = read[read.length - 1];
    for (int t = 0; t < read.length - 1; t++) {
      if (read[t] == key) {
        return read[t + 1];
      }
    }
    throw new IllegalStateException("nobody has told the value of " + key);
  }

  private static int copied(int[] read) {
    int marker = 0;
    while (read[marker] != 1) {
      marker++;
    }
    return read[read.length - 1 - marker];
  }

  private static int selected(int[] read) {
    int[] symbols = Arrays.stream(read).filter(id -> id > 2).toArray();
    int markers = (int) Arrays.stream(read).filter(id -> id == 1).count();
    return symbols[markers - 1];
  }

  /** Applies each permutation to the things themselves. */
  private static int product(int[] read, int things) {
    List<int[]> all = permutations(things);
    int[] state = all.get(0).clone();
    for (int id : read) {
      for (int x = 0; x < things; x++) {
        state[x] = all.get(id - 1)[state[x]];
      }
    }
    for (int i = 0; i < all.size(); i++) {
      if (Arrays.equals(all.get(i), state)) {
        return i + 1;
      }
    }
    throw new IllegalStateException("not a permutation: " + Arrays.toString(state));
  }

  /** All of them, by counting in base n and leaving out what is none: in lexicographic order. */
  private static List<int[]> permutations(int n) {
    return n == 3 ? OF_THREE : OF_FIVE;
  }

  private static List<int[]> list(int n) {
    List<int[]> all = new ArrayList<>();
    for (int code = 0; code < Math.pow(n, n); code++) {
      int[] p = new int[n];
      for (int i = n - 1, rest = code; i >= 0; i--, rest /= n) {
        p[i] = rest % n;
      }
      if (Arrays.stream(p).distinct().count() == n) {
        all.add(p);
      }
    }
    return all;
  }

  private static String number(String text) {
    String name = text.substring(text.lastIndexOf('\n') + 1);
    int at = text.indexOf(name) + name.length();
    return text.substring(at, text.indexOf('\n', at) + 1);
  }

  private static String needle(String text) {
    String cue = text.substring(text.lastIndexOf("The magic number of "));
    int at = text.indexOf(cue) + cue.length();
    return text.substring(at, text.indexOf('.', at) + 1);
  }

  private static String nextValue(String text) {
    int listing = text.lastIndexOf("The magic numbers of ");
    String key = text.substring(listing).split(" ")[4];
    String[] told = text.substring(0, listing).split("The magic number of " + key + " is ");
    int given = text.substring(listing).split(", ", -1).length - 1;
    String value = told[given + 1].substring(0, told[given + 1].indexOf('.'));
    return value + (given == told.length - 2 ? "." : ",");
  }

  static String text(int[] ids) {
    byte[] bytes = new byte[ids.length];
    for (int i = 0; i < ids.length; i++) {
      bytes[i] = (byte) ids[i];
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static int[] bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xff;
    }
    return ids;
  }
}
