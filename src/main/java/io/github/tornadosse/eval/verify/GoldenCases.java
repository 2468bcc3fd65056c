package io.github.tornadosse.eval.verify;

import io.github.tornadosse.eval.verify.GoldenCase.Kind;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The golden cases of a directory, laid out as {@code op/NAME.safetensors}, {@code
 * mixer/NAME.safetensors} and {@code model/NAME/case.safetensors} beside the model's {@code
 * config.json} and {@code model.safetensors}; or those that ship with the program.
 */
public final class GoldenCases implements AutoCloseable {
  private static final String SUFFIX = ".safetensors";
  private static final String RESOURCES = "/golden/";

  private final Path directory;
  private final boolean temporary;
  private final List<GoldenCase> cases;

  private GoldenCases(Path directory, boolean temporary, List<GoldenCase> cases) {
    this.directory = directory;
    this.temporary = temporary;
    this.cases = cases;
  }

  /**
   * The cases of a directory.
   *
   * @param directory holds op, mixer and model, or some of them
   * @return the cases, sorted by kind and name
   * @throws UserError if there is no case in it
   */
  public static GoldenCases in(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new UserError(directory + " is not a directory of golden cases");
    }
    List<GoldenCase> cases = find(directory);
    if (cases.isEmpty()) {
      throw new UserError(
          directory
              + " has no golden cases; they are op/NAME.safetensors, mixer/NAME.safetensors or"
              + " model/NAME/case.safetensors");
    }
    return new GoldenCases(directory, false, cases);
  }

  /**
   * The cases that ship with the program, unpacked into a temporary directory until {@link #close}.
   *
   * @return the cases, sorted by kind and name
   */
  public static GoldenCases shipped() {
    Path directory = null;
    try {
      directory = Files.createTempDirectory("sse-golden");
      for (String file : new String(resource("index.txt"), StandardCharsets.UTF_8).split("\n")) {
        Path to = directory.resolve(file);
        Files.createDirectories(to.getParent());
        Files.write(to, resource(file));
      }
      return new GoldenCases(directory, true, find(directory));
    } catch (IOException e) {
      if (directory != null) {
        delete(directory);
      }
      throw new UncheckedIOException("cannot unpack the golden cases", e);
    }
  }

  /**
   * All cases.
   *
   * @return sorted by kind and name
   */
  public List<GoldenCase> all() {
    return cases;
  }

  /** Deletes what {@link #shipped} unpacked. */
  @Override
  public void close() {
    if (temporary) {
      delete(directory);
    }
  }

  private static byte[] resource(String file) throws IOException {
    try (InputStream in = GoldenCases.class.getResourceAsStream(RESOURCES + file)) {
      if (in == null) {
        throw new IOException("the resource " + RESOURCES + file + " is missing");
      }
      return in.readAllBytes();
    }
  }

  private static List<GoldenCase> find(Path directory) {
    List<GoldenCase> cases = new ArrayList<>();
    for (Path file : entries(directory.resolve("op"))) {
      addFile(cases, "op/", Kind.OP, file);
    }
    for (Path file : entries(directory.resolve("mixer"))) {
      addFile(cases, "mixer/", Kind.MIXER, file);
    }
    for (Path model : entries(directory.resolve("model"))) {
      if (Files.isRegularFile(model.resolve("case" + SUFFIX))) {
        cases.add(new GoldenCase("model/" + model.getFileName(), Kind.MODEL, model));
      }
    }
    return List.copyOf(cases);
  }

  private static void addFile(List<GoldenCase> cases, String prefix, Kind kind, Path file) {
    String name = file.getFileName().toString();
    if (name.endsWith(SUFFIX)) {
      String stem = name.substring(0, name.length() - SUFFIX.length());
      cases.add(new GoldenCase(prefix + stem, kind, file));
    }
  }

  private static List<Path> entries(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UserError("cannot read " + directory + ": " + e.getMessage(), e);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete the unpacked golden cases", e);
    }
  }
}
