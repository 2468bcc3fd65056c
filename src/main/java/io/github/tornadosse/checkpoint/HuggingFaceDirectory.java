package io.github.tornadosse.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.JsonFiles;
import io.github.tornadosse.tensor.NearestName;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model as a directory in the layout that is usual on Hugging Face: {@code config.json} and the
 * weights in {@code model.safetensors}, or in several files listed by {@code
 * model.safetensors.index.json}.
 */
public final class HuggingFaceDirectory implements AutoCloseable {
  /** The name of the configuration's file. */
  public static final String CONFIG = "config.json";

  /** The name of the weights' file. */
  public static final String WEIGHTS = "model.safetensors";

  static final String INDEX = "model.safetensors.index.json";

  private final Path directory;
  private final ObjectNode config;
  private final List<Safetensors> files;
  private final Map<String, Safetensors> places;

  private HuggingFaceDirectory(
      Path directory, ObjectNode config, List<Safetensors> files, Map<String, Safetensors> places) {
    this.directory = directory;
    this.config = config;
    this.files = files;
    this.places = places;
  }

  /**
   * Writes a model, whole or not at all. One tensor at a time is in memory.
   *
   * @param directory a directory that is not there yet or is empty
   * @param config what goes to {@code config.json}, but for its {@code torch_dtype}, which is that
   *     of the format
   * @param tensors the weights
   * @param format their type, and how they are spread over files
   * @param files further files by name, such as the tokenizer's
   * @throws UserError if the directory is there with files in it, or cannot be written, or a number
   *     is too large for the type
   */
  public static void save(
      Path directory,
      ObjectNode config,
      List<TensorSource> tensors,
      WeightsFormat format,
      Map<String, byte[]> files) {
    AtomicFiles.writeDirectory(
        directory, temporary -> writeFiles(temporary, config, tensors, format, files));
  }

  static void writeFiles(
      Path directory,
      ObjectNode config,
      List<TensorSource> tensors,
      WeightsFormat format,
      Map<String, byte[]> files) {
    ObjectNode written = config.deepCopy().put("torch_dtype", format.typeName());
    if (written.has("dtype")) {
      // The name that later versions of the transformers library read first.
      written.put("dtype", format.typeName());
    }
    AtomicFiles.write(directory.resolve(CONFIG), JsonFiles.text(written));
    Shards.write(directory, tensors, format);
    files.forEach((name, bytes) -> AtomicFiles.write(directory.resolve(name), bytes));
  }

  /**
   * Opens a model.
   *
   * @param directory its directory
   * @return the open model, to be closed by the caller
   * @throws UserError if the directory, its configuration or its weights are missing or not right,
   *     or the weights are pickled
   */
  public static HuggingFaceDirectory open(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new UserError(
          Files.exists(directory)
              ? directory + ": a model is a directory with config.json and model.safetensors"
              : "cannot read " + directory + ": no such directory");
    }
    if (!Files.exists(directory.resolve(CONFIG))) {
      throw new UserError(
          directory
              + ": there is no config.json; a model is a directory with config.json and"
              + " model.safetensors"
              + TrainingCheckpoint.latest(directory).map(step -> ", such as " + step).orElse(""));
    }
    ObjectNode config = JsonFiles.readObject(directory.resolve(CONFIG));
    Map<String, Safetensors> opened = new LinkedHashMap<>();
    boolean complete = false;
    try {
      Map<String, Safetensors> places = openWeights(directory, opened);
      complete = true;
      return new HuggingFaceDirectory(directory, config, List.copyOf(opened.values()), places);
    } finally {
      if (!complete) {
        opened.values().forEach(Safetensors::close);
      }
    }
  }

  /**
   * The directory that was opened.
   *
   * @return its path, as given
   */
  public Path directory() {
    return directory;
  }

  /**
   * The configuration.
   *
   * @return a copy of what {@code config.json} holds
   */
  public ObjectNode config() {
    return config.deepCopy();
  }

  /**
   * The names of all tensors.
   *
   * @return the names
   */
  public List<String> names() {
    return List.copyOf(places.keySet());
  }

  /**
   * The element type of a tensor.
   *
   * @param name the tensor's name
   * @return its type
   * @throws UserError if there is no such tensor
   */
  public DType dtype(String name) {
    return place(name).dtype(name);
  }

  /**
   * Checks that the weights are those of a model: every tensor is there with its shape and a type
   * of floats, and no other.
   *
   * @param expected the model's tensors
   * @throws UserError naming the first tensor that is missing, unknown or of another shape
   */
  public void check(List<TensorSpec> expected) {
    Set<String> unknown = new LinkedHashSet<>(places.keySet());
    expected.forEach(spec -> unknown.remove(spec.name()));
    Set<String> missing = new LinkedHashSet<>();
    for (TensorSpec spec : expected) {
      if (!places.containsKey(spec.name())) {
        missing.add(spec.name());
      }
    }
    if (!missing.isEmpty()) {
      String first = missing.iterator().next();
      throw new UserError(
          "%s: tensor %s is missing%s%s"
              .formatted(
                  directory,
                  FileErrors.quote(first),
                  others(missing),
                  nearest(first, unknown, "the nearest one that is there")));
    }
    if (!unknown.isEmpty()) {
      String first = unknown.iterator().next();
      List<String> names = expected.stream().map(TensorSpec::name).toList();
      throw new UserError(
          "%s: tensor %s is not one of this model's%s%s"
              .formatted(
                  directory,
                  FileErrors.quote(first),
                  others(unknown),
                  nearest(first, names, "the nearest one")));
    }
    for (TensorSpec spec : expected) {
      checkShape(spec);
    }
  }

  /**
   * Reads a tensor into a part of an array, as floats.
   *
   * @param spec its name and expected shape
   * @param destination where its elements go, in row-major order
   * @param offset index of the first one in the destination
   * @throws UserError if the tensor is missing, of another shape or not of floats, or reading fails
   * @throws IndexOutOfBoundsException if the destination is too short
   */
  public void readInto(TensorSpec spec, float[] destination, int offset) {
    Safetensors file = place(spec.name());
    checkShape(spec);
    file.readInto(spec.name(), destination, offset);
  }

  /** Closes the files. */
  @Override
  public void close() {
    files.forEach(Safetensors::close);
  }

  private Safetensors place(String name) {
    Safetensors file = places.get(name);
    if (file == null) {
      throw new UserError(directory + ": tensor " + FileErrors.quote(name) + " is missing");
    }
    return file;
  }

  private void checkShape(TensorSpec spec) {
    Safetensors file = places.get(spec.name());
    int[] shape = file.shape(spec.name());
    if (!Arrays.equals(shape, spec.shape())) {
      throw new UserError(
          "%s, tensor %s: its shape is %s; by %s it has to be %s"
              .formatted(
                  file.file(),
                  FileErrors.quote(spec.name()),
                  Arrays.toString(shape),
                  CONFIG,
                  Arrays.toString(spec.shape())));
    }
  }

  private static String others(Set<String> names) {
    return names.size() == 1 ? "" : " (and " + (names.size() - 1) + " more)";
  }

  private static String nearest(String name, Collection<String> candidates, String what) {
    return NearestName.of(name, candidates)
        .map(found -> "; " + what + " is " + FileErrors.quote(found))
        .orElse("");
  }

  private static Map<String, Safetensors> openWeights(
      Path directory, Map<String, Safetensors> opened) {
    if (Files.exists(directory.resolve(WEIGHTS))) {
      Safetensors file = Safetensors.open(directory.resolve(WEIGHTS));
      opened.put(WEIGHTS, file);
      Map<String, Safetensors> places = new LinkedHashMap<>();
      file.names().forEach(name -> places.put(name, file));
      return places;
    }
    if (Files.exists(directory.resolve(INDEX))) {
      return openShards(directory, opened);
    }
    for (Path file : AtomicFiles.list(directory)) {
      String name = file.getFileName().toString();
      if (name.matches(".*\\.(bin|pt|pth|pkl|ckpt)")) {
        throw new UserError(
            file
                + ": pickled weights are not read, because reading them runs code from the file;"
                + " save the model as model.safetensors");
      }
    }
    throw new UserError(directory + ": there is no model.safetensors");
  }

  private static Map<String, Safetensors> openShards(
      Path directory, Map<String, Safetensors> opened) {
    Path index = directory.resolve(INDEX);
    if (!(JsonFiles.readObject(index).get("weight_map") instanceof ObjectNode map)) {
      throw new UserError(index + ": needs weight_map, an object from tensor names to file names");
    }
    Map<String, Safetensors> places = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      String tensor = FileErrors.quote(entry.getKey());
      String name = entry.getValue().isTextual() ? entry.getValue().textValue() : "";
      if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*\\.safetensors")) {
        throw new UserError(
            index
                + ", tensor "
                + tensor
                + ": its place has to be a file of this directory, such as"
                + " model-00001-of-00002.safetensors");
      }
      Safetensors file = opened.get(name);
      if (file == null) {
        file = Safetensors.open(directory.resolve(name));
        opened.put(name, file);
      }
      if (!file.contains(entry.getKey())) {
        throw new UserError(index + ": tensor " + tensor + " is not in " + file.file());
      }
      places.put(entry.getKey(), file);
    }
    for (Safetensors file : opened.values()) {
      for (String name : file.names()) {
        if (places.get(name) != file) {
          throw new UserError(
              file.file()
                  + ": tensor "
                  + FileErrors.quote(name)
                  + " is not listed for this file in "
                  + INDEX);
        }
      }
    }
    return places;
  }
}
