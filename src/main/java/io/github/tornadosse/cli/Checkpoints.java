package io.github.tornadosse.cli;

import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.checkpoint.TrainingCheckpoint;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the model that a path on the command line means. */
final class Checkpoints {
  private Checkpoints() {}

  /** The directory itself, or the latest checkpoint in it if it is that of a run. */
  static Path model(Path path) {
    if (!Files.isDirectory(path) || Files.exists(path.resolve(HuggingFaceDirectory.CONFIG))) {
      return path;
    }
    return TrainingCheckpoint.latest(path).orElse(path);
  }

  /** Refuses a model whose vocabulary is not the tokenizer's. */
  static void requireTokenizer(Path model, int vocabSize, Tokenizer tokenizer) {
    if (vocabSize != tokenizer.vocabSize()) {
      throw new UserError(
          model
              + ": the model has "
              + vocabSize
              + " token ids, and the byte-level tokenizer has "
              + tokenizer.vocabSize()
              + "; only byte-level models can be read as text");
    }
  }
}
