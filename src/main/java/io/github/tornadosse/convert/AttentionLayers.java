package io.github.tornadosse.convert;

import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** The list of layers that keep their softmax attention. */
final class AttentionLayers {
  private AttentionLayers() {}

  /**
   * Reads a list.
   *
   * @param text numbers from 0 with commas between, such as {@code 5,11,17}, in any order; {@code
   *     all}; or nothing for none
   * @param layers how many layers there are
   * @return ascending
   * @throws UserError if it is no such list, or names a layer twice or one that there is not
   */
  static List<Integer> parse(String text, int layers) {
    if (text.strip().equals("all")) {
      return IntStream.range(0, layers).boxed().toList();
    }
    TreeSet<Integer> chosen = new TreeSet<>();
    if (text.isBlank()) {
      return List.of();
    }
    for (String part : text.split(",", -1)) {
      String number = part.strip();
      if (!number.matches("\\d{1,9}")) {
        throw wrong(text, "it must be numbers of layers, such as 5,11,17, or 'all'");
      }
      int layer = Integer.parseInt(number);
      if (layer >= layers) {
        throw wrong(text, "layer " + layer + " must be from 0 to " + (layers - 1));
      }
      if (!chosen.add(layer)) {
        throw wrong(text, "layer " + layer + " is there twice");
      }
    }
    return List.copyOf(chosen);
  }

  private static UserError wrong(String text, String reason) {
    return new UserError("attention layers " + FileErrors.quote(text) + ": " + reason);
  }
}
