package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a machine whose library of fonts does not load, as on servers that have none. */
class WithoutFontsTest {
  private record Ended(int code, String err) {}

  @TempDir private Path directory;
  private Path recipe;

  @BeforeEach
  void prepare() throws IOException {
    assumeThat(System.getProperty("os.name").toLowerCase(Locale.ROOT)).contains("linux");
    Path text = directory.resolve("text.txt");
    Files.writeString(text, "to be or not to be, that is the question; ".repeat(200));
    recipe = directory.resolve("recipe.yaml");
    Files.writeString(
        recipe,
        """
        model: {hidden_size: 16, num_hidden_layers: 1, num_heads: 1, head_dim: 8, intermediate_size: 16}
        data: {path: %s, held_out: 0.1, sequence_length: 64, seed: 1}
        train: {steps: 2, batch_tokens: 64, warmup_steps: 1}
        checkpoint: {directory: %s}
        """
            .formatted(text, directory.resolve("run")));
  }

  private Ended sse(String... arguments) throws IOException, InterruptedException {
    // The loader takes these first, and they are no libraries.
    Path libraries = Files.createDirectories(directory.resolve("libraries"));
    Files.write(libraries.resolve("libfontconfig.so.1"), new byte[0]);
    Files.write(libraries.resolve("libfontconfig.so"), new byte[0]);
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                "io.github.tornadosse.cli.Main"));
    command.addAll(List.of(arguments));
    Path err = directory.resolve("err.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(err.toFile());
    builder.environment().put("LD_LIBRARY_PATH", libraries.toString());
    int code = builder.start().waitFor();
    return new Ended(code, Files.readString(err, StandardCharsets.UTF_8));
  }

  @Test
  void trainingGoesOnWithoutAReport() throws Exception {
    Ended ended = sse("train", recipe.toString());
    assertThat(ended.err()).contains("there will be no report: AWT does not work here");
    assertThat(ended.code()).isZero();
    assertThat(directory.resolve("run/step-00000002")).isDirectory();
    assertThat(directory.resolve("run/report.html")).doesNotExist();
  }

  @Test
  void whatIsAPictureIsRefusedBeforeTheWork() throws Exception {
    Path out = directory.resolve("profile");
    Ended ended = sse("profile", "train", recipe.toString(), "--out", out.toString());
    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.err().lines().filter(l -> l.contains("cannot draw")))
        .hasSize(1)
        .first()
        .asString()
        .contains("profile")
        .contains("install a font");
    assertThat(out).doesNotExist();
  }
}
