package io.github.tornadosse.eval;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.Trainable.Outcome;
import io.github.tornadosse.tensor.UserError;
import java.util.function.LongConsumer;

/** How well a model predicts text that it was not trained on. */
public final class Perplexity {
  private Perplexity() {}

  /**
   * What was measured.
   *
   * @param nats mean cross-entropy of a predicted token
   * @param targets number of predicted tokens
   */
  public record Result(double nats, long targets) {
    /**
     * Bits of a token; of a byte where tokens are bytes.
     *
     * @return the mean cross-entropy in bits
     */
    public double bits() {
      return nats / Math.log(2);
    }

    /**
     * The perplexity of a token.
     *
     * @return the exponential of the mean cross-entropy
     */
    public double perplexity() {
      return Math.exp(nats);
    }
  }

  /**
   * Scores batches.
   *
   * @param model the model; each sequence begins with an empty state
   * @param batches at most the model's capacity each
   * @param progress told of the number of tokens after each batch
   * @return the figures
   * @throws UserError if there is nothing to predict
   */
  public static Result evaluate(
      LanguageModel model, Iterable<PackedBatch> batches, LongConsumer progress) {
    double nats = 0;
    long targets = 0;
    long tokens = 0;
    for (PackedBatch batch : batches) {
      Outcome outcome = model.score(batch);
      nats += outcome.crossEntropy();
      targets += outcome.targets();
      tokens += batch.tokens();
      progress.accept(tokens);
    }
    if (targets == 0) {
      throw new UserError("the held-out text is too short to predict anything; give more of it");
    }
    return new Result(nats / targets, targets);
  }
}
