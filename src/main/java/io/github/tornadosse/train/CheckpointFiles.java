package io.github.tornadosse.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.DType;
import io.github.tornadosse.checkpoint.Safetensors;
import io.github.tornadosse.checkpoint.SafetensorsWriter;
import io.github.tornadosse.checkpoint.TensorSource;
import io.github.tornadosse.checkpoint.TrainingCheckpoint;
import io.github.tornadosse.data.Tokenizers;
import io.github.tornadosse.nn.Trainable;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Moves a model, its optimiser and the trainer's state to and from checkpoints. */
final class CheckpointFiles {
  private CheckpointFiles() {}

  /**
   * Saves a checkpoint.
   *
   * @param directory the run's directory
   * @param model parameters and moments are read from it, a tensor at a time
   * @param state saved beside
   * @param data gives the tokenizer's files and the end-of-text token
   * @return the checkpoint's directory
   */
  static Path save(Path directory, Trainable model, TrainerState state, TrainingData data) {
    List<TensorSource> weights = new ArrayList<>();
    SafetensorsWriter moments = new SafetensorsWriter();
    List<TensorSpec> tensors = model.tensors();
    for (int i = 0; i < tensors.size(); i++) {
      int t = i;
      TensorSpec spec = tensors.get(i);
      weights.add(new TensorSource(spec, () -> read(spec, to -> model.readParameter(t, to, 0))));
      for (int m = 0; m < 2; m++) {
        int moment = m;
        moments.floats(
            momentSpec(m, spec),
            DType.F32,
            () -> read(spec, to -> model.readMoment(moment, t, to, 0)));
      }
    }
    return TrainingCheckpoint.save(
        directory,
        state.step(),
        new TrainingCheckpoint.Content(
            model.config().toJson().put("eos_token_id", data.separator()),
            weights,
            moments,
            state.toJson(),
            data.files()));
  }

  private static TensorSpec momentSpec(int moment, TensorSpec spec) {
    return new TensorSpec(TrainingCheckpoint.momentName(moment, spec.name()), spec.shape());
  }

  private static float[] read(TensorSpec spec, Consumer<float[]> reader) {
    float[] values = new float[spec.size()];
    reader.accept(values);
    return values;
  }

  /**
   * Reads what the trainer saved, without the tensors.
   *
   * @param checkpoint the checkpoint's directory
   * @return the state
   * @throws UserError if a file is missing or damaged
   */
  static TrainerState state(Path checkpoint) {
    try (TrainingCheckpoint files = TrainingCheckpoint.open(checkpoint)) {
      return TrainerState.of(files.trainer(), checkpoint.resolve("trainer.json").toString());
    }
  }

  /**
   * Sets a model's parameters and moments.
   *
   * @param checkpoint the checkpoint's directory
   * @param model a model of the same configuration
   * @param data made with the same tokenizer
   * @throws UserError if a file is missing or damaged, or of another model or tokenizer
   */
  static void load(Path checkpoint, Trainable model, TrainingData data) {
    try (TrainingCheckpoint files = TrainingCheckpoint.open(checkpoint)) {
      checkTokenizer(checkpoint, data.files());
      ObjectNode saved = files.model().config();
      ObjectNode config = model.config().toJson();
      if (!saved.get("vocab_size").equals(config.get("vocab_size"))) {
        throw new UserError(
            checkpoint
                + " has a vocabulary of "
                + saved.get("vocab_size")
                + ", the tokenizer of "
                + config.get("vocab_size")
                + "; use the tokenizer that it was trained with");
      }
      List<TensorSpec> tensors = model.tensors();
      files.model().check(tensors);
      for (int t = 0; t < tensors.size(); t++) {
        TensorSpec spec = tensors.get(t);
        float[] values = new float[spec.size()];
        files.model().readInto(spec, values, 0);
        model.writeParameter(t, values, 0);
        for (int m = 0; m < 2; m++) {
          model.writeMoment(m, t, moment(files.optimizer(), momentSpec(m, spec)), 0);
        }
      }
    }
  }

  private static void checkTokenizer(Path checkpoint, Map<String, byte[]> files) {
    Path saved = checkpoint.resolve(Tokenizers.TOKENIZER);
    byte[] now = files.get(Tokenizers.TOKENIZER);
    try {
      if (now != null && Files.exists(saved) && !Arrays.equals(Files.readAllBytes(saved), now)) {
        throw new UserError(
            saved
                + " is not the tokenizer of the recipe; resume with the one that the run began with");
      }
    } catch (IOException e) {
      throw FileErrors.of("cannot read", saved, e);
    }
  }

  private static float[] moment(Safetensors file, TensorSpec spec) {
    int[] shape = file.shape(spec.name());
    if (!Arrays.equals(shape, spec.shape())) {
      throw new UserError(
          "%s: %s has shape %s, the model needs %s"
              .formatted(file.file(), spec.name(), Arrays.toString(shape), spec));
    }
    return file.floats(spec.name());
  }
}
