package io.github.tornadosse.infer;

import io.github.tornadosse.tensor.UserError;
import java.util.List;
import java.util.function.Consumer;

/**
 * Hands text on until one of several stop strings is complete, without that string. What may be the
 * beginning of one is held back until that is decided, so how the text is cut into parts does not
 * matter. Of stop strings that end at the same place the longest counts.
 */
public final class StopStrings implements Consumer<String> {
  private final List<String> stops;
  private final Consumer<String> out;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  /**
   * At the beginning of a text.
   *
   * @param stops may be none
   * @param out receives the text
   * @throws UserError if a stop string is empty
   */
  public StopStrings(List<String> stops, Consumer<String> out) {
    if (stops.contains("")) {
      throw new UserError("a stop string must have at least one character");
    }
    this.stops = List.copyOf(stops);
    this.out = out;
  }

  /**
   * Takes a part of the text; nothing after a stop string.
   *
   * @param part whole characters
   */
  @Override
  public void accept(String part) {
    for (int i = 0; i < part.length() && !stopped; i++) {
      held.append(part.charAt(i));
      int stop = ending();
      if (stop > 0) {
        stopped = true;
        handOn(held.length() - stop);
      }
    }
    if (!stopped) {
      handOn(held.length() - undecided());
    }
  }

  /** Ends the text: what is held back cannot become a stop string any more. */
  public void finish() {
    if (!stopped) {
      handOn(held.length());
    }
  }

  /** Whether a stop string was complete. */
  public boolean stopped() {
    return stopped;
  }

  private void handOn(int n) {
    if (n > 0) {
      out.accept(held.substring(0, n));
      held.delete(0, n);
    }
  }

  /** Length of the longest stop string that the text ends with; 0 for none. */
  private int ending() {
    int longest = 0;
    for (String stop : stops) {
      if (stop.length() > longest && endsWith(stop, stop.length())) {
        longest = stop.length();
      }
    }
    return longest;
  }

  /** Length of the longest end of the text that a stop string begins with. */
  private int undecided() {
    int longest = 0;
    for (String stop : stops) {
      for (int n = Math.min(stop.length() - 1, held.length()); n > longest; n--) {
        if (endsWith(stop, n)) {
          longest = n;
        }
      }
    }
    return longest;
  }

  private boolean endsWith(String text, int n) {
    int start = held.length() - n;
    boolean same = start >= 0;
    for (int i = 0; i < n && same; i++) {
      same = held.charAt(start + i) == text.charAt(i);
    }
    return same;
  }
}
