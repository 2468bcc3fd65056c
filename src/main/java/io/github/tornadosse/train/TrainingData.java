package io.github.tornadosse.train;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.tornadosse.data.PackedBatch;
import java.util.List;
import java.util.Map;

/**
 * What a run reads: an endless stream of training batches that can be continued, and a held-out
 * part.
 */
public interface TrainingData extends AutoCloseable {
  /** Size of the vocabulary. */
  int vocabSize();

  /** The token that ends a text. */
  int separator();

  /** Files that belong beside the model's weights, by name: those of the tokenizer. */
  Map<String, byte[]> files();

  /** Most sequences of a batch. */
  int maxSequences();

  /** The next training batch; begins anew, in another order, when all has been read. */
  PackedBatch next();

  /** Where the stream stands, for {@link #seek}. */
  JsonNode position();

  /**
   * Puts the stream where it stood.
   *
   * @param position what {@link #position} gave, on the same data with the same settings
   * @throws io.github.tornadosse.tensor.UserError if it is of other data
   */
  void seek(JsonNode position);

  /**
   * Bytes of text that the targets of a batch stand for.
   *
   * @param batch one of these data
   */
  long targetBytes(PackedBatch batch);

  /**
   * The beginning of the held-out part, the same at every call.
   *
   * @param tokens how much of it, at most
   * @return at least one batch with a target
   */
  List<PackedBatch> heldOut(int tokens);

  /** Closes what it reads from. */
  @Override
  void close();
}
