package io.github.tornadosse.infer;

import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.tensor.TensorSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Makes language models from checkpoint directories. */
public final class ModelLoader {
  private ModelLoader() {}

  /**
   * Loads a model.
   *
   * @param checkpoint a directory with {@code config.json} and {@code model.safetensors}
   * @param ops the tier of kernels
   * @param tokens largest number of tokens of one execution
   * @param sequences largest number of packed sequences that are scored at a time
   * @return the model, to be closed by the caller
   * @throws io.github.tornadosse.tensor.UserError if the checkpoint is missing, damaged or of
   *     another model, or does not fit into memory
   */
  public static LanguageModel load(Path checkpoint, Operations ops, int tokens, int sequences) {
    try (HuggingFaceDirectory directory = HuggingFaceDirectory.open(checkpoint)) {
      ModelConfig config =
          ModelConfig.fromJson(
              directory.config(), checkpoint.resolve(HuggingFaceDirectory.CONFIG).toString());
      List<TensorSpec> tensors = LanguageModel.tensors(config);
      directory.check(tensors);
      List<float[]> weights = new ArrayList<>();
      for (TensorSpec t : tensors) {
        float[] w = new float[t.size()];
        directory.readInto(t, w, 0);
        weights.add(w);
      }
      return LanguageModel.create(config, ops, tokens, sequences, weights);
    }
  }
}
