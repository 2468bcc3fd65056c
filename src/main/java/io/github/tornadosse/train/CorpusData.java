package io.github.tornadosse.train;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.tornadosse.data.Document;
import io.github.tornadosse.data.NGramModel;
import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.data.PackedBatches;
import io.github.tornadosse.data.Split;
import io.github.tornadosse.data.TextSource;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.data.Tokenizers;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Text in files as the data of a run: split, tokenized and packed as the recipe says. */
public final class CorpusData implements TrainingData {
  private final TextSource training;
  private final TextSource heldOutSource;
  private final Split split;
  private final Tokenizer tokenizer;
  private final PackedBatches.Settings settings;
  private final PackedBatches stream;
  private final List<Document> heldOut;

  private CorpusData(
      Recipe recipe, Tokenizer tokenizer, TextSource training, TextSource heldOutSource) {
    Recipe.Data d = recipe.data();
    this.tokenizer = tokenizer;
    this.training = training;
    this.heldOutSource = heldOutSource;
    split =
        heldOutSource == training
            ? Split.byShare(training.documents(), d.heldOutShare(), d.seed())
            : Split.byDocuments(training.documents(), heldOutSource.documents());
    settings =
        new PackedBatches.Settings(
            recipe.train().batchTokens(), d.sequenceLength(), d.shuffleWindow(), d.seed());
    stream = new PackedBatches(split.training(), tokenizer, settings);
    heldOut = Document.sample(split.heldOut(), d.seed());
  }

  /**
   * Opens the data of a recipe.
   *
   * @param recipe where the text is, how it is split and packed
   * @return the data, to be closed by the caller
   * @throws UserError if it cannot be read or holds no text, or there is no such tokenizer
   */
  public static CorpusData open(Recipe recipe) {
    Recipe.Data d = recipe.data();
    Tokenizer tokenizer;
    try {
      tokenizer = Tokenizers.named(d.tokenizer());
    } catch (UserError e) {
      throw new UserError("data.tokenizer: " + e.getMessage(), e);
    }
    TextSource training = TextSource.open(Path.of(d.path()), d.include());
    TextSource heldOut = training;
    CorpusData opened = null;
    try {
      if (d.heldOutPath() != null) {
        heldOut = TextSource.open(Path.of(d.heldOutPath()), d.include());
      }
      opened = new CorpusData(recipe, tokenizer, training, heldOut);
      return opened;
    } finally {
      if (opened == null) {
        training.close();
        heldOut.close();
      }
    }
  }

  @Override
  public int vocabSize() {
    return tokenizer.vocabSize();
  }

  @Override
  public int separator() {
    return tokenizer.separator();
  }

  @Override
  public Map<String, byte[]> files() {
    return tokenizer.files();
  }

  @Override
  public int maxSequences() {
    return stream.maxSequences();
  }

  @Override
  public PackedBatch next() {
    return stream.next();
  }

  @Override
  public JsonNode position() {
    return stream.position();
  }

  @Override
  public void seek(JsonNode position) {
    stream.seek(position);
  }

  @Override
  public long targetBytes(PackedBatch batch) {
    return batch.targetBytes(tokenizer);
  }

  @Override
  public List<PackedBatch> heldOut(int tokens) {
    List<PackedBatch> batches = PackedBatches.heldOut(heldOut, tokenizer, settings, tokens);
    if (batches.stream().mapToLong(this::targetBytes).sum() == 0) {
      throw new UserError(
          "the held-out text is too short to predict anything; hold out more of it");
    }
    return batches;
  }

  /**
   * What a model that only counts bytes makes of the same text.
   *
   * @param trainingBytes how much of the training text it counts, at most
   * @param heldOutBytes how much of the held-out text it predicts, at most
   * @return an order-0 and an order-3 model's bits per byte
   */
  public List<Baseline> baselines(long trainingBytes, long heldOutBytes) {
    NGramModel model =
        NGramModel.count(Document.sample(split.training(), settings.seed()), trainingBytes);
    return List.of(
        new Baseline("order-0", model.bitsPerByte(0, heldOut, heldOutBytes)),
        new Baseline("order-3", model.bitsPerByte(3, heldOut, heldOutBytes)));
  }

  @Override
  public void close() {
    stream.close();
    training.close();
    heldOutSource.close();
  }
}
