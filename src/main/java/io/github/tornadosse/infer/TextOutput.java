package io.github.tornadosse.infer;

import io.github.tornadosse.data.Tokenizer;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/** The text of tokens as they are drawn, until the document ends or a stop string is complete. */
public final class TextOutput implements IntPredicate {
  private final Tokenizer tokenizer;
  private final StopStrings stops;
  private final Tokenizer.Decoder decoder;

  /**
   * After a text.
   *
   * @param tokenizer the model's
   * @param before the text's tokens, which say how it goes on; may be none
   * @param stops strings that end the text and are no part of it; may be none
   * @param out receives the text as soon as it is certain
   * @throws io.github.tornadosse.tensor.UserError if a stop string is empty
   */
  public TextOutput(Tokenizer tokenizer, int[] before, List<String> stops, Consumer<String> out) {
    this.tokenizer = tokenizer;
    this.stops = new StopStrings(stops, out);
    decoder = tokenizer.decoder(before, this.stops);
  }

  /**
   * Takes a token.
   *
   * @param token the token
   * @return whether the text goes on
   */
  @Override
  public boolean test(int token) {
    decoder.accept(token);
    return token != tokenizer.separator() && !stops.stopped();
  }

  /** Hands out what was held back. */
  public void finish() {
    decoder.finish();
    stops.finish();
  }
}
