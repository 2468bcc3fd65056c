package io.github.tornadosse.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.JsonFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes the weights of a model: {@code model.safetensors}, or, where they are more than the format
 * allows in one file, {@code model-00001-of-00003.safetensors} and so on with {@code
 * model.safetensors.index.json}, in the split and under the names of the transformers library.
 */
final class Shards {
  private Shards() {}

  /** Writes the files into an existing directory. */
  static void write(Path directory, List<TensorSource> tensors, WeightsFormat format) {
    List<List<TensorSource>> shards = split(tensors, format);
    if (shards.size() == 1) {
      write(directory.resolve(HuggingFaceDirectory.WEIGHTS), shards.get(0), format.dtype());
      return;
    }
    Map<String, String> places = new TreeMap<>();
    long bytes = 0;
    for (int i = 0; i < shards.size(); i++) {
      String name = "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
      write(directory.resolve(name), shards.get(i), format.dtype());
      for (TensorSource tensor : shards.get(i)) {
        places.put(tensor.spec().name(), name);
        bytes += bytes(tensor, format);
      }
    }
    ObjectNode index = JsonNodeFactory.instance.objectNode();
    index.putObject("metadata").put("total_size", bytes);
    ObjectNode map = index.putObject("weight_map");
    places.forEach(map::put);
    AtomicFiles.write(directory.resolve(HuggingFaceDirectory.INDEX), JsonFiles.text(index));
  }

  private static void write(Path file, List<TensorSource> tensors, DType dtype) {
    // Readers of the transformers library refuse weights that do not say whose layout theirs is.
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (TensorSource tensor : tensors) {
      writer.floats(tensor.spec(), dtype, tensor.values());
    }
    writer.write(file);
  }

  /** In the order given; what is too large for any file stands alone and closes none. */
  private static List<List<TensorSource>> split(List<TensorSource> tensors, WeightsFormat format) {
    List<List<TensorSource>> shards = new ArrayList<>();
    List<TensorSource> current = new ArrayList<>();
    long size = 0;
    for (TensorSource tensor : tensors) {
      long bytes = bytes(tensor, format);
      if (bytes > format.maxShardBytes()) {
        shards.add(List.of(tensor));
        continue;
      }
      if (bytes > format.maxShardBytes() - size) {
        shards.add(current);
        current = new ArrayList<>();
        size = 0;
      }
      current.add(tensor);
      size += bytes;
    }
    if (!current.isEmpty() || shards.isEmpty()) {
      shards.add(current);
    }
    return shards;
  }

  private static long bytes(TensorSource tensor, WeightsFormat format) {
    return (long) tensor.spec().size() * format.dtype().bytes();
  }
}
