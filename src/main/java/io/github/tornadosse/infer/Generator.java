package io.github.tornadosse.infer;

import io.github.tornadosse.nn.LanguageModel;
import java.util.function.IntPredicate;

/** Continues a text token by token; the cost of a token does not depend on what came before. */
public final class Generator {
  private final LanguageModel model;

  /**
   * A generator on a model, whose states it uses.
   *
   * @param model stays the caller's to close
   */
  public Generator(LanguageModel model) {
    this.model = model;
  }

  /**
   * Reads a prompt from an empty state and continues it.
   *
   * @param prompt at least one token
   * @param tokens how many to generate at most
   * @param options how to draw them
   * @param each receives every token as it is drawn; false stops
   * @return number of tokens drawn
   */
  public int generate(int[] prompt, int tokens, SamplingOptions options, IntPredicate each) {
    Sampler sampler = new Sampler(options);
    int session = model.openSession();
    try {
      float[] logits = read(session, prompt);
      for (int i = 1; i <= tokens; i++) {
        int token = sampler.next(logits);
        if (!each.test(token)) {
          return i;
        }
        if (i < tokens) {
          logits = read(session, token);
        }
      }
      return tokens;
    } finally {
      model.closeSession(session);
    }
  }

  private float[] read(int session, int... text) {
    return model.read(new int[] {session}, new int[][] {text})[0];
  }
}
