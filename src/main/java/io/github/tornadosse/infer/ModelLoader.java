package io.github.tornadosse.infer;

import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import java.nio.file.Path;

/** Makes language models from checkpoint directories. */
public final class ModelLoader {
  private ModelLoader() {}

  /**
   * Loads a model.
   *
   * @param checkpoint a directory with {@code config.json} and {@code model.safetensors}
   * @param ops the tier of kernels
   * @param capacity what it has room for
   * @return the model, to be closed by the caller
   * @throws io.github.tornadosse.tensor.UserError if the checkpoint is missing, damaged or of
   *     another model, or does not fit into memory
   */
  public static LanguageModel load(
      Path checkpoint, Operations ops, LanguageModel.Capacity capacity) {
    return LanguageModel.create(weights(checkpoint), ops, capacity);
  }

  /**
   * Loads a model's weights, which any number of models can share.
   *
   * @param checkpoint a directory with {@code config.json} and {@code model.safetensors}
   * @return the weights
   * @throws io.github.tornadosse.tensor.UserError if the checkpoint is missing, damaged or of
   *     another model, or does not fit into memory
   */
  public static ModelWeights weights(Path checkpoint) {
    try (HuggingFaceDirectory directory = HuggingFaceDirectory.open(checkpoint)) {
      ModelConfig config =
          ModelConfig.fromJson(
              directory.config(), checkpoint.resolve(HuggingFaceDirectory.CONFIG).toString());
      directory.check(ModelWeights.tensors(config));
      return ModelWeights.read(config, (tensor, to) -> directory.readInto(tensor, to, 0));
    }
  }
}
