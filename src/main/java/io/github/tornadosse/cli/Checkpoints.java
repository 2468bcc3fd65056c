package io.github.tornadosse.cli;

import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.checkpoint.TrainingCheckpoint;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.data.Tokenizers;
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

  /** The tokenizer of a model's directory. */
  static Tokenizer tokenizer(Path model) {
    // What is wrong with the directory itself is said first.
    HuggingFaceDirectory.open(model).close();
    return Tokenizers.of(model);
  }

  /** Refuses a model that lacks ids of its tokenizer. */
  static void requireTokenizer(Path model, int vocabSize, Tokenizer tokenizer) {
    if (vocabSize < tokenizer.vocabSize()) {
      throw new UserError(
          "%s: the model has %d token ids, its tokenizer %d; the files are not of one model"
              .formatted(model, vocabSize, tokenizer.vocabSize()));
    }
  }
}
