package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.infer.TextOutput;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** What is drawn after one prompt, as text or, without a tokenizer, as tokens between commas. */
final class GeneratedText implements IntPredicate {
  private final List<Integer> ids = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private final TextOutput output;
  private final boolean shown;

  /**
   * Nothing yet.
   *
   * @param tokenizer the model's; null for tokens instead of text
   * @param before tokens of the session and the prompt, which say how the text goes on
   * @param stops strings that end the text
   * @param shown whether it is printed as it comes
   */
  GeneratedText(Tokenizer tokenizer, int[] before, List<String> stops, boolean shown) {
    this.shown = shown;
    output = tokenizer == null ? null : new TextOutput(tokenizer, before, stops, this::add);
  }

  private void add(String part) {
    text.append(part);
    if (shown) {
      System.out.print(part);
      System.out.flush();
    }
  }

  @Override
  public boolean test(int id) {
    ids.add(id);
    if (output != null) {
      return output.test(id);
    }
    add((ids.size() == 1 ? "" : ",") + id);
    return true;
  }

  /** Ends the text. */
  void finish() {
    if (output != null) {
      output.finish();
    }
  }

  /** All of it. */
  String text() {
    return text.toString();
  }

  /** Adds {@code text}, if there is a tokenizer, and {@code ids}. */
  void putInto(ObjectNode json) {
    if (output != null) {
      json.put("text", text());
    }
    ArrayNode array = json.putArray("ids");
    ids.forEach(array::add);
  }
}
