package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.tornadosse.checkpoint.DType;
import io.github.tornadosse.convert.LlamaFiles;
import io.github.tornadosse.data.ByteTokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code sse convert} of Transformers, and what comes after it. */
class ConvertTransformerTest {
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

  private String path(String name) {
    return directory.resolve(name).toString();
  }

  private JsonNode json() throws IOException {
    return new ObjectMapper().readTree(printed.toString(StandardCharsets.UTF_8));
  }

  private String llama(String changes) {
    Path path = directory.resolve("llama");
    new LlamaFiles(changes).draw(DType.BF16, 1).write(path, 2);
    return path.toString();
  }

  @Test
  void printsWhatWasMappedAndWhatIsNew() {
    String llama = llama("'model_type': 'qwen2'");
    int code =
        Main.run("convert", "--from", llama, "--to", path("hybrid"), "--attention-layers", "1");
    assertThat(code).as(complained.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(printed.toString(StandardCharsets.UTF_8).lines())
        .contains(
            "SSE-n4k1, gated linear attention; softmax in layers [1]",
            "  model.embed_tokens.weight -> model.embeddings.weight",
            "  model.layers.*.mlp.up_proj.weight -> model.layers.*.mlp.up_proj.weight, layers 0-2",
            "  model.layers.*.self_attn.v_proj.weight -> model.layers.*.attn.v_proj.weight,"
                + " layers 0, 2, each head for 2 heads of the mixer",
            "  model.layers.*.attn.e_proj.weight, layers 0, 2: normal(0, 0.02)",
            "  model.layers.*.self_attn.q_proj.bias, layers 0, 2: the mixer's projections have no"
                + " biases")
        .anyMatch(line -> line.startsWith("taken over: "))
        .anyMatch(line -> line.startsWith("new: "));
  }

  @Test
  void theSameSeedGivesTheSameFiles() throws IOException {
    String llama = llama("");
    for (String to : List.of("a", "b", "c")) {
      String seed = to.equals("c") ? "2" : "1";
      assertThat(
              Main.run(
                  "convert",
                  "--from",
                  llama,
                  "--to",
                  path(to),
                  "--attention-layers",
                  "",
                  "--set",
                  "num_sparse_partition=8",
                  "--seed",
                  seed,
                  "--json"))
          .isZero();
    }
    printed.reset();
    Main.run("convert", "--from", path("a"), "--to", path("again"), "--json");
    assertThat(json().get("dtype").textValue()).isEqualTo("bfloat16");
    assertThat(json().has("hybrid")).isFalse();
    byte[] a = Files.readAllBytes(directory.resolve("a/model.safetensors"));
    assertThat(directory.resolve("b/model.safetensors")).hasBinaryContent(a);
    assertThat(directory.resolve("again/model.safetensors")).hasBinaryContent(a);
    assertThat(Files.readAllBytes(directory.resolve("c/model.safetensors"))).isNotEqualTo(a);
  }

  @Test
  void aConversionIsTrainedOnAndContinuesText() throws IOException {
    String llama = llama("'vocab_size': 257, 'eos_token_id': 256");
    for (Map.Entry<String, byte[]> file : new ByteTokenizer().files().entrySet()) {
      Files.write(Path.of(llama).resolve(file.getKey()), file.getValue());
    }
    String hybrid = path("hybrid");
    int code =
        Main.run("convert", "--from", llama, "--to", hybrid, "--attention-layers", "1", "--json");
    assertThat(code).as(complained.toString(StandardCharsets.UTF_8)).isZero();
    JsonNode report = json().get("hybrid");
    assertThat(report.get("attention_layers").toString()).isEqualTo("[1]");
    assertThat(
            report.get("mapped_parameters").longValue() + report.get("new_parameters").longValue())
        .isEqualTo(json().get("parameters").longValue());

    Path text = directory.resolve("text.txt");
    Files.writeString(text, "to be or not to be, that is the question; ".repeat(200));
    Path recipe = directory.resolve("recipe.yaml");
    Files.writeString(
        recipe,
        """
        data: {path: %s, held_out: 0.1, sequence_length: 64}
        train: {steps: 8, batch_tokens: 256, warmup_steps: 2}
        checkpoint: {directory: %s}
        """
            .formatted(text, path("run")));
    printed.reset();
    code = Main.run("train", recipe.toString(), "--from", hybrid, "--json");
    assertThat(code).as(complained.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(json().get("step").intValue()).isEqualTo(8);
    List<String> metrics = Files.readAllLines(directory.resolve("run/metrics.jsonl"));
    ObjectMapper mapper = new ObjectMapper();
    assertThat(mapper.readTree(metrics.get(7)).get("loss").doubleValue())
        .isLessThan(0.9 * mapper.readTree(metrics.get(0)).get("loss").doubleValue());

    // one more run, from the weights that the first one ended with
    complained.reset();
    code =
        Main.run(
            "train", recipe.toString(), "--from", path("run"), "--out", path("more"), "--json");
    assertThat(code).as(complained.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(Files.readString(directory.resolve("more/recipe.yaml"))).contains("step-00000008");

    printed.reset();
    code = Main.run("generate", path("run"), "--prompt", "to be", "--tokens", "5", "--json");
    assertThat(code).as(complained.toString(StandardCharsets.UTF_8)).isZero();
  }

  private void refused(String message, String... arguments) throws IOException {
    complained.reset();
    assertThat(Main.run(arguments)).as(String.join(" ", arguments)).isEqualTo(2);
    String complaint = complained.toString(StandardCharsets.UTF_8);
    assertThat(complaint.lines().toList()).hasSize(1);
    assertThat(complaint).startsWith("sse: ").contains(message).doesNotContain("Exception");
    assertThat(directory.resolve("hybrid")).doesNotExist();
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(f -> f.getFileName().toString())).noneMatch(f -> f.contains(".tmp-"));
    }
  }

  @Test
  void whatCannotBeConvertedIsOneLineAndLeavesNothing() throws IOException {
    String llama = llama("");
    String hybrid = path("hybrid");
    String[] plain = {"convert", "--from", llama, "--to", hybrid};
    refused("say which layers keep their softmax attention (--attention-layers)", plain);
    refused("--set needs --attention-layers", with(plain, "--set", "num_writer=2"));
    refused("layer 3 must be from 0 to 2", with(plain, "--attention-layers", "3"));
    refused("layer 1 is there twice", with(plain, "--attention-layers", "1,1"));
    refused("it must be numbers of layers", with(plain, "--attention-layers", "first"));
    refused(
        "unknown key 'num_writers'",
        with(plain, "--attention-layers", "1", "--set", "num_writers=2"));
    refused("8GBs", with(plain, "--attention-layers", "1", "--max-shard-size", "8GBs"));
    Files.writeString(directory.resolve("file"), "in the way");
    refused(
        "it is there already",
        "convert",
        "--from",
        llama,
        "--to",
        path("file"),
        "--attention-layers",
        "1");

    Path weights = Path.of(llama, "model-00001-of-00002.safetensors");
    byte[] whole = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(whole, whole.length - 8));
    refused("model-00001-of-00002.safetensors", with(plain, "--attention-layers", "1"));
    Files.write(weights, whole);
    Path config = Path.of(llama, "config.json");
    Files.writeString(config, Files.readString(config).replace("\"llama\"", "\"gpt2\""));
    refused(
        "model_type is \"gpt2\"; it must be one of llama, mistral, qwen2",
        with(plain, "--attention-layers", "1"));
    Files.delete(config);
    refused("there is no config.json", with(plain, "--attention-layers", "1"));
  }

  @Test
  void aModelOfOursHasNoLayersToChoose() throws IOException {
    String llama = llama("");
    String ours = path("ours");
    Main.run("convert", "--from", llama, "--to", ours, "--attention-layers", "1");
    refused(
        "the model is of model_type sse already",
        "convert",
        "--from",
        ours,
        "--to",
        path("hybrid"),
        "--attention-layers",
        "1");
  }

  private static String[] with(String[] arguments, String... more) {
    return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
  }
}
