package io.github.tornadosse.eval.emit;

import io.github.tornadosse.graph.KernelTask;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.runtime.KernelCompiler;
import io.github.tornadosse.tensor.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Lets TornadoVM emit all kernels of a tier, and device compilers look at them. */
public final class Emission {
  /** Private and local arrays, in every backend's notation, with their sizes. */
  private static final Pattern ARRAY =
      Pattern.compile(
          "[\\w ]+\\[\\d+\\](?:\\[\\d+\\])*;|^\\s*\\.(?:local|shared).*", Pattern.MULTILINE);

  private static final Pattern DIGITS_OF_NAMES = Pattern.compile("_\\d+");

  private final Backend backend;
  private final Path directory;
  private final KernelCompiler compiler = new KernelCompiler();

  /** By kernel, and by the arrays in its code: the longest code so far, or why there is none. */
  private final Map<String, Map<String, KernelCompiler.Result>> found = new TreeMap<>();

  /**
   * An emission for the backend that this JVM was started for.
   *
   * @param backend the backend
   * @param directory where files go, made if it is not there
   */
  public Emission(Backend backend, Path directory) {
    this.backend = backend;
    this.directory = directory;
  }

  /**
   * Emits the kernels of a tier that models use.
   *
   * @param models the models
   * @param headDim of all of them
   * @param tier the tier, in each form that has kernels of its own
   * @param progress is told how many tasks are done, and of how many
   * @return the kernels by name: of each the longest code, of those with arrays of different sizes
   *     one each
   */
  public List<EmittedKernel> run(
      Collection<ModelConfig> models,
      int headDim,
      List<Operations> tier,
      BiConsumer<Integer, Integer> progress) {
    List<ModelConfig> wide = models.stream().map(m -> EmittedModels.wider(m, headDim)).toList();
    List<EmittedKernel> all = new ArrayList<>();
    try {
      Files.createDirectories(directory);
      List<KernelTask> tasks =
          tier.stream().flatMap(form -> EmittedModels.tasks(wide, form).stream()).toList();
      int done = 0;
      for (KernelTask task : tasks) {
        add(task);
        progress.accept(++done, tasks.size());
      }
      for (Map.Entry<String, Map<String, KernelCompiler.Result>> e : found.entrySet()) {
        all.addAll(written(e.getKey(), e.getValue().values()));
      }
    } catch (IOException e) {
      throw FileErrors.of("cannot write to", directory, e);
    }
    return all;
  }

  private void add(KernelTask task) {
    KernelCompiler.Result result = compiler.compile(task);
    Map<String, KernelCompiler.Result> codes =
        found.computeIfAbsent(task.kernel(), k -> new LinkedHashMap<>());
    if (result.code() == null) {
      codes.put(result.failure(), result);
    } else {
      codes.merge(arrays(result.code()), result, Emission::longer);
    }
  }

  private static KernelCompiler.Result longer(KernelCompiler.Result a, KernelCompiler.Result b) {
    return b.code().length() > a.code().length() ? b : a;
  }

  /** What stands for all codes of a kernel that have the same arrays. */
  private static String arrays(String code) {
    return ARRAY
        .matcher(code)
        .results()
        .map(m -> DIGITS_OF_NAMES.matcher(m.group().strip()).replaceAll(""))
        .sorted()
        .collect(Collectors.joining("\n"));
  }

  /** Files of a kernel's codes. */
  private List<EmittedKernel> written(String kernel, Collection<KernelCompiler.Result> codes)
      throws IOException {
    List<EmittedKernel> files = new ArrayList<>();
    int n = 0;
    for (KernelCompiler.Result r : codes) {
      Path file = null;
      if (r.code() != null) {
        n++;
        String number = n == 1 ? "" : "." + n;
        file = directory.resolve(kernel + number + "." + backend.suffix());
        Files.writeString(file, r.code());
      }
      files.add(new EmittedKernel(kernel, file, r.failure(), null));
    }
    return files;
  }
}
