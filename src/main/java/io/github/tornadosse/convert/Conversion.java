package io.github.tornadosse.convert;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.checkpoint.DType;
import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.checkpoint.TensorSource;
import io.github.tornadosse.checkpoint.WeightsFormat;
import io.github.tornadosse.data.Tokenizers;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Writes a model's directory anew: configuration, weights in another type or in other files, and
 * the tokenizer; a Transformer of the Llama family becomes a hybrid on the way
 * (docs/conversion.md). What belongs to a training run, such as the optimiser's moments, stays
 * behind. One tensor at a time is in memory.
 */
public final class Conversion {
  static final String GENERATION = "generation_config.json";

  private Conversion() {}

  /**
   * How the model is written.
   *
   * @param dtype F32, F16 or BF16; null for the type that the weights have, or F32 if they have
   *     several or another one
   * @param maxShardBytes the most bytes of tensors in one file
   * @param hybrid what a Transformer becomes; null for a model of ours, which stays as it is
   */
  public record Options(DType dtype, long maxShardBytes, HybridOptions hybrid) {
    /** For a model of ours, which stays as it is. */
    public Options(DType dtype, long maxShardBytes) {
      this(dtype, maxShardBytes, null);
    }
  }

  /** Hears how far it is. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Called when a tensor has been read.
     *
     * @param done parameters read
     * @param all parameters of the model
     */
    void read(long done, long all);
  }

  /**
   * What was written.
   *
   * @param modelType the model's {@code model_type}
   * @param format how its weights were written
   * @param tensors number of tensors
   * @param parameters number of their elements
   * @param bytes of the files of weights
   * @param files names of all files, in their order
   * @param hybrid what was taken over from a Transformer and what is new; null if none was
   *     converted
   */
  public record Result(
      String modelType,
      WeightsFormat format,
      int tensors,
      long parameters,
      long bytes,
      List<String> files,
      HybridReport hybrid) {}

  /** A model to be written. */
  private record Model(ObjectNode config, List<TensorSource> tensors, HybridReport hybrid) {
    long parameters() {
      return tensors.stream().mapToLong(tensor -> tensor.spec().size()).sum();
    }
  }

  /**
   * Converts a model.
   *
   * @param from its directory
   * @param to a directory that is not there yet or is empty; it is there whole or not at all
   * @param options how it is written
   * @param progress hears how far it is
   * @return what was written
   * @throws UserError if the model is missing, damaged or of a type that is not converted, a number
   *     does not fit in the type, or the target holds files or cannot be written
   */
  public static Result run(Path from, Path to, Options options, Progress progress) {
    try (HuggingFaceDirectory source = HuggingFaceDirectory.open(from)) {
      Model model = model(source, options.hybrid());
      WeightsFormat format =
          new WeightsFormat(
              options.dtype() == null ? type(source) : options.dtype(), options.maxShardBytes());
      cleanBeside(to);
      HuggingFaceDirectory.save(
          to, model.config(), observed(model, progress), format, furtherFiles(from));
      return new Result(
          modelType(model.config()),
          format,
          model.tensors().size(),
          model.parameters(),
          weightBytes(to),
          names(to),
          model.hybrid());
    }
  }

  /** Removes what a conversion that was killed left where this one writes. */
  private static void cleanBeside(Path to) {
    Path parent = to.toAbsolutePath().normalize().getParent();
    if (parent != null) {
      AtomicFiles.cleanStale(parent);
    }
  }

  private static Model model(HuggingFaceDirectory source, HybridOptions hybrid) {
    ObjectNode config = source.config();
    String type = modelType(config);
    if (type.equals("sse")) {
      if (hybrid != null) {
        throw new UserError(
            source.directory()
                + ": the model is of model_type sse already; --attention-layers and --set are for"
                + " Transformers");
      }
      return sse(source, config);
    }
    LlamaCheckpoint transformer = LlamaCheckpoint.of(source);
    if (hybrid == null) {
      throw new UserError(
          "%s: a Transformer (model_type %s) becomes a hybrid; say which layers keep their softmax attention (--attention-layers)"
              .formatted(source.directory(), type));
    }
    HybridConversion conversion = new HybridConversion(transformer, hybrid);
    return new Model(conversion.json(), conversion.tensors(), conversion.report());
  }

  private static String modelType(ObjectNode config) {
    return config.path("model_type").asText("sse");
  }

  private static Model sse(HuggingFaceDirectory source, ObjectNode config) {
    Path file = source.directory().resolve(HuggingFaceDirectory.CONFIG);
    List<TensorSpec> specs = ModelWeights.tensors(ModelConfig.fromJson(config, file.toString()));
    source.check(specs);
    List<TensorSource> tensors = new ArrayList<>();
    for (TensorSpec spec : specs) {
      tensors.add(
          new TensorSource(
              spec,
              () -> {
                float[] values = new float[spec.size()];
                source.readInto(spec, values, 0);
                return values;
              }));
    }
    return new Model(config, tensors, null);
  }

  private static DType type(HuggingFaceDirectory source) {
    Set<DType> types = new LinkedHashSet<>();
    source.names().forEach(name -> types.add(source.dtype(name)));
    DType first = types.iterator().next();
    boolean kept = types.size() == 1 && (first == DType.F16 || first == DType.BF16);
    return kept ? first : DType.F32;
  }

  private static List<TensorSource> observed(Model model, Progress progress) {
    long all = model.parameters();
    long[] done = new long[1];
    List<TensorSource> observed = new ArrayList<>();
    for (TensorSource tensor : model.tensors()) {
      observed.add(
          new TensorSource(
              tensor.spec(),
              () -> {
                float[] values = tensor.values().get();
                done[0] += values.length;
                progress.read(done[0], all);
                return values;
              }));
    }
    return observed;
  }

  private static Map<String, byte[]> furtherFiles(Path from) {
    List<String> names = new ArrayList<>(Tokenizers.FILES);
    names.add(GENERATION);
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String name : names) {
      Path file = from.resolve(name);
      if (Files.exists(file)) {
        try {
          files.put(name, Files.readAllBytes(file));
        } catch (IOException e) {
          throw FileErrors.of("cannot read", file, e);
        }
      }
    }
    return files;
  }

  private static long weightBytes(Path directory) {
    long bytes = 0;
    for (String name : names(directory)) {
      if (name.endsWith(".safetensors")) {
        try {
          bytes += Files.size(directory.resolve(name));
        } catch (IOException e) {
          throw FileErrors.of("cannot read", directory.resolve(name), e);
        }
      }
    }
    return bytes;
  }

  private static List<String> names(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw FileErrors.of("cannot list", directory, e);
    } catch (UncheckedIOException e) {
      throw FileErrors.of("cannot list", directory, e.getCause());
    }
  }
}
