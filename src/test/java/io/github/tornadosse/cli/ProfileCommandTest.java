package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfileCommandTest {
  @TempDir private Path directory;

  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final ByteArrayOutputStream complained = new ByteArrayOutputStream();
  private Path recipe;

  @BeforeEach
  void prepare() throws IOException {
    Path text = directory.resolve("text.txt");
    Files.writeString(text, "to be or not to be, that is the question; ".repeat(200));
    recipe = directory.resolve("recipe.yaml");
    Files.writeString(
        recipe,
        """
        model: {hidden_size: 32, num_hidden_layers: 2, num_heads: 1, head_dim: 16, intermediate_size: 48}
        data: {path: %s, held_out: 0.1, sequence_length: 64, seed: 1}
        train: {steps: 2, batch_tokens: 256, accumulation: 2, warmup_steps: 1}
        checkpoint: {directory: %s}
        """
            .formatted(text, directory.resolve("run")));
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void restore() {
    System.setOut(out);
    System.setErr(err);
  }

  private static Stream<JsonNode> each(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  private static JsonNode operation(JsonNode j, String graph, String id) {
    return each(j.get("operations"))
        .filter(o -> o.get("graph").textValue().equals(graph) && o.get("id").textValue().equals(id))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theStepsTimeIsSharedOutAmongItsParts() throws IOException {
    assertThat(
            Main.run(
                "profile", "train", recipe.toString(), "--warmup", "1", "--steps", "3", "--json"))
        .isZero();
    JsonNode j = new ObjectMapper().readTree(printed.toString(StandardCharsets.UTF_8));
    double step = j.get("step_ms").doubleValue();
    assertThat(j.get("tokens").intValue()).isEqualTo(512);
    assertThat(step).isPositive().isLessThanOrEqualTo(j.get("median_ms").doubleValue());
    double parts = each(j.get("parts")).mapToDouble(p -> p.get("ms").doubleValue()).sum();
    assertThat(parts).isCloseTo(step, within(0.01 * step));

    // Two layers, two batches; a product's work is 2·tokens·in·out for each.
    JsonNode down = operation(j, "mixer-layer", "mlp.down");
    assertThat(down.get("operation").textValue()).isEqualTo("linearAdd");
    assertThat(down.get("part").textValue()).isEqualTo("dense_forward");
    assertThat(down.get("executions").intValue()).isEqualTo(4);
    assertThat(down.get("gflop").doubleValue() * 1e9)
        .isCloseTo(4 * 2.0 * 256 * 48 * 32, within(1e3));
    assertThat(operation(j, "mixer-layer-gradient", "mixer.d_gla").get("part").textValue())
        .isEqualTo("chunks_backward");
    assertThat(operation(j, "update", "adamw").get("executions").intValue()).isEqualTo(1);
    assertThat(operation(j, "mixer-layer", "mixer.rows").get("part").textValue())
        .isEqualTo("routing");

    double all = each(j.get("operations")).mapToDouble(o -> o.path("gflop").doubleValue()).sum();
    assertThat(j.get("gflop").doubleValue()).isCloseTo(all, within(1e-4));
    assertThat(j.get("of_sgemm").doubleValue())
        .isCloseTo(all / step * 1e3 / j.get("sgemm_gflops").doubleValue(), within(2e-3));
    assertThat(j.get("copy_gbs").doubleValue()).isPositive();
    assertThat(j.get("planned_bytes").longValue()).isPositive();
    assertThat(j.get("heap_bytes").longValue()).isPositive();
    assertThat(directory.resolve("run")).doesNotExist();
  }

  @Test
  void aPageAndAPictureAreWrittenWhereAskedFor() throws IOException {
    Path folder = directory.resolve("profiles");
    assertThat(
            Main.run(
                "profile",
                "train",
                recipe.toString(),
                "--warmup",
                "0",
                "--steps",
                "1",
                "--out",
                folder.toString()))
        .isZero();
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("dense products, forward", "mixers' chunks, backward", "optimiser")
        .contains("limits  a 1024³ product", "memory  planned");
    assertThat(ImageIO.read(folder.resolve("profile.png").toFile()).getWidth()).isEqualTo(2000);
    assertThat(folder.resolve("profile.html"))
        .content()
        .contains("<h1>Profile of recipe.yaml</h1>", "routing and sorting", "mixer.rows");
  }

  @Test
  void wrongUsageIsOneLine() {
    assertThat(Main.run("profile")).isEqualTo(2);
    assertThat(Main.run("profile", "train", recipe.toString(), "--steps", "0")).isEqualTo(2);
    assertThat(complained.toString(StandardCharsets.UTF_8).lines())
        .hasSize(2)
        .anySatisfy(line -> assertThat(line).contains("which profile?"))
        .anySatisfy(line -> assertThat(line).contains("--steps 1 or more"));
  }
}
