package io.github.tornadosse.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.checkpoint.DType;
import io.github.tornadosse.checkpoint.Safetensors;
import io.github.tornadosse.checkpoint.SafetensorsWriter;
import io.github.tornadosse.nn.Trainable;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Saves and loads a model, its optimiser and the trainer's state. */
final class CheckpointFiles {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> MOMENTS = List.of("exp_avg.", "exp_avg_sq.");

  private interface Reader {
    void read(int tensor, float[] destination);
  }

  private CheckpointFiles() {}

  static void save(Path directory, Trainable model, TrainerState state) {
    AtomicFiles.writeDirectory(
        directory,
        into -> {
          Files.writeString(into.resolve("config.json"), pretty(model.config().toJson()));
          SafetensorsWriter weights = new SafetensorsWriter();
          add(weights, model, "", (t, to) -> model.readParameter(t, to, 0));
          weights.write(into.resolve("model.safetensors"));
          SafetensorsWriter moments = new SafetensorsWriter();
          for (int m = 0; m < MOMENTS.size(); m++) {
            int moment = m;
            add(moments, model, MOMENTS.get(m), (t, to) -> model.readMoment(moment, t, to, 0));
          }
          moments.write(into.resolve("optimizer.safetensors"));
          Files.writeString(into.resolve("trainer.json"), pretty(state.toJson()));
        });
  }

  private static String pretty(Object json) throws IOException {
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
  }

  private static void add(
      SafetensorsWriter writer, Trainable model, String prefix, Reader reader) {
    List<TensorSpec> tensors = model.tensors();
    for (int t = 0; t < tensors.size(); t++) {
      int tensor = t;
      TensorSpec spec = tensors.get(t);
      float[][] held = new float[1][];
      writer.floats(
          new TensorSpec(prefix + spec.name(), spec.shape()),
          DType.F32,
          (from, destination, count) -> {
            if (from == 0) {
              held[0] = new float[spec.size()];
              reader.read(tensor, held[0]);
            }
            System.arraycopy(held[0], from, destination, 0, count);
            if (from + count == spec.size()) {
              held[0] = null;
            }
          });
    }
  }

  static TrainerState state(Path directory) {
    Path file = directory.resolve("trainer.json");
    try {
      return TrainerState.of(JSON.readTree(file.toFile()), file.toString());
    } catch (IOException e) {
      throw new UserError(
          "cannot read " + file + " (" + e.getClass().getSimpleName() + "); resume from another"
              + " checkpoint",
          e);
    }
  }

  static void load(Path directory, Trainable model) {
    try (Safetensors weights = Safetensors.open(directory.resolve("model.safetensors"));
        Safetensors moments = Safetensors.open(directory.resolve("optimizer.safetensors"))) {
      List<TensorSpec> tensors = model.tensors();
      for (int t = 0; t < tensors.size(); t++) {
        TensorSpec spec = tensors.get(t);
        model.writeParameter(t, values(weights, spec.name(), spec), 0);
        for (int m = 0; m < MOMENTS.size(); m++) {
          model.writeMoment(m, t, values(moments, MOMENTS.get(m) + spec.name(), spec), 0);
        }
      }
    }
  }

  private static float[] values(Safetensors file, String name, TensorSpec spec) {
    if (!Arrays.equals(file.shape(name), spec.shape())) {
      throw new UserError(
          file.file()
              + ": "
              + name
              + " has shape "
              + Arrays.toString(file.shape(name))
              + "; the model needs "
              + spec);
    }
    return file.floats(name);
  }
}
