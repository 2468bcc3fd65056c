package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskCommandsTest {
  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final ByteArrayOutputStream complained = new ByteArrayOutputStream();

  @TempDir private Path directory;

  @BeforeEach
  void capture() {
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void release() {
    System.setOut(out);
    System.setErr(err);
  }

  private String complaint() {
    return complained.toString(StandardCharsets.UTF_8);
  }

  private JsonNode json(String... args) throws IOException {
    printed.reset();
    assertThat(Main.run(args)).as(complaint()).isZero();
    List<String> lines = printed.toString(StandardCharsets.UTF_8).lines().toList();
    return new ObjectMapper().readTree(lines.get(lines.size() - 1));
  }

  private void refused(String message, String... args) {
    complained.reset();
    assertThat(Main.run(args)).as(complaint()).isEqualTo(2);
    assertThat(complaint().lines().toList()).hasSize(1);
    assertThat(complaint()).startsWith("sse: ").contains(message);
  }

  private String train(String name, String model, String task) throws IOException {
    Path recipe = directory.resolve(name + ".yaml");
    Files.writeString(
        recipe,
        """
        model: {hidden_size: 16, num_hidden_layers: 2, num_heads: 1, head_dim: 8,
          intermediate_size: 16, %s}
        data: {sequence_length: 128, task: {%s}}
        train: {steps: 3, batch_tokens: 256, warmup_steps: 1}
        evaluate: {every: 0, tokens: 256}
        checkpoint: {every: 0, directory: %s}
        """
            .formatted(model, task, directory.resolve(name)));
    JsonNode trained = json("train", recipe.toString(), "--json");
    assertThat(trained.get("step").intValue()).isEqualTo(3);
    return directory.resolve(name).toString();
  }

  @Test
  void aModelOfATaskIsMeasuredAndInspected() throws IOException {
    String run =
        train(
            "hybrid",
            "num_sparse_partition: 2, attn: {layers: [1], num_heads: 2}",
            "name: mqar, vocabulary: 32, pairs: [2, 4]");
    Path report = directory.resolve("scores.html");
    String[] eval = {
      "eval", "mqar", run, "--json", "--examples", "9", "--report", report.toString()
    };
    JsonNode scores = json(eval);
    assertThat(scores.get("task").textValue()).isEqualTo("mqar");
    assertThat(scores.get("vocabulary").intValue()).isEqualTo(32);
    // Length and pairs of the training, and two and four times as long.
    assertThat(scores.get("scores")).hasSize(6);
    JsonNode last = scores.get("scores").get(5);
    assertThat(last.get("length").intValue()).isEqualTo(512);
    assertThat(last.get("pairs").intValue()).isEqualTo(4);
    assertThat(last.get("answers").intValue()).isEqualTo(36);
    assertThat(last.get("low").doubleValue()).isLessThanOrEqualTo(last.get("high").doubleValue());
    assertThat(report).isNotEmptyFile();
    assertThat(directory.resolve("scores.png")).isNotEmptyFile();
    assertThat(json(eval)).isEqualTo(scores);

    JsonNode other = json("eval", "copy", run, "--json", "--lengths", "20", "--examples", "2");
    assertThat(other.get("scores").get(0).get("pairs").intValue()).isEqualTo(10);

    JsonNode states = json("inspect", run, "--json");
    assertThat(states.get("tokens").intValue()).isEqualTo(128);
    assertThat(states.get("layers").get(0).get("load")).hasSize(2);
    assertThat(states.get("layers").get(1).get("state").booleanValue()).isFalse();

    refused("token ids, task phone-book needs 257", "eval", "phone-book", run);
    refused("needs 16 tokens for 4 pairs, not 12", "eval", "mqar", run, "--lengths", "12");
    refused("unknown task 'mqarr'; did you mean 'mqar'?", "eval", "mqarr", run);
    refused("of which model?", "eval", "mqar");
    refused("--data=PATH", "eval", run);
    refused("--data is for text", "eval", "mqar", run, "--data", "x");

    Path ids = directory.resolve("ids.txt");
    Files.writeString(ids, "3 17\n4\t18\n\n3 31 0\n");
    JsonNode read = json("inspect", run, "--text", ids.toString(), "--json");
    assertThat(read.get("tokens").intValue()).isEqualTo(7);
    assertThat(read.get("layers").get(0).get("load")).hasSize(2);
    refused(
        "line 1: \"<!doctype\" is no token id; without a tokenizer.json, a model's text is ids from 0"
            + " to 31",
        "inspect",
        run,
        "--text",
        report.toString());
    refused("--examples must be", "eval", "mqar", run, "--examples", "0");
    refused("needs 64", "eval", "mqar", run, "--vocabulary", "64");
  }

  @Test
  void aModelOfTextIsInspectedBesideAnother() throws IOException {
    String sse = train("sse", "num_sparse_partition: 3", "name: needle-noise, digits: 1");
    String gla = train("gla", "num_sparse_partition: 0", "name: phone-book");
    Path text = directory.resolve("text.txt");
    Files.writeString(text, "to be, or not to be: that is the <question>".repeat(2));
    Path report = directory.resolve("states.html");
    JsonNode states =
        json(
            "inspect",
            sse,
            "--text",
            text.toString(),
            "--against",
            gla,
            "--report",
            report.toString(),
            "--tokens",
            "80",
            "--json");
    assertThat(states.get("tokens").intValue()).isEqualTo(80);
    assertThat(states.get("layers").get(1).get("partitions")).hasSize(4);
    assertThat(states.get("against").get("layers").get(1).get("partitions")).hasSize(1);
    assertThat(Files.readString(report)).contains("&lt;", "partition 3");

    JsonNode needles =
        json("eval", "needle-keys", sse, "--lengths", "200,300", "--examples", "2", "--json");
    assertThat(needles.get("scores")).hasSize(2);
    refused("name a text", "inspect", Files.createDirectories(empty(sse)).toString());
  }

  /** The model without what belongs to its training. */
  private Path empty(String run) throws IOException {
    Path copy = directory.resolve("copy");
    Path checkpoint = Path.of(run, "step-00000003");
    Files.createDirectories(copy);
    for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      Files.copy(checkpoint.resolve(name), copy.resolve(name));
    }
    return copy;
  }

  @Test
  void experimentsSayWhatIsWrongInOneLine() throws IOException {
    Path recipe = directory.resolve("experiment.yaml");
    Files.writeString(recipe, "title: x\nmodles: {}\n");
    refused("did you mean 'models'?", "experiment", recipe.toString());
    refused("nowhere.yaml", "experiment", "nowhere.yaml");
    refused("--jobs must be", "experiment", recipe.toString(), "--jobs", "0");
    Files.writeString(recipe, "title: [\n");
    refused("this is not YAML", "experiment", recipe.toString());
  }
}
