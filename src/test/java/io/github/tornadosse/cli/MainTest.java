package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.tornadosse.data.TokenizerFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
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

  private String output() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  private String complaint() {
    return complained.toString(StandardCharsets.UTF_8);
  }

  private JsonNode lastLine() throws IOException {
    List<String> lines = output().lines().toList();
    return new ObjectMapper().readTree(lines.get(lines.size() - 1));
  }

  private void assertOneLine(int code, String... parts) {
    assertThat(code).isEqualTo(2);
    assertThat(complaint().lines().toList()).hasSize(1);
    assertThat(complaint()).startsWith("sse: ").contains(parts).doesNotContain("Exception");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "devices",
        "train",
        "generate",
        "eval",
        "experiment",
        "inspect",
        "convert",
        "verify",
        "emit",
        "tune",
        "bench",
        "bench mixer",
        "bench decode",
        "bench suite",
        "bench report",
        "bench compare",
        "profile",
        "profile train",
        "demo",
        "completion"
      })
  void everyCommandHasHelpWithExamples(String command) {
    List<String> args =
        new ArrayList<>(command.isEmpty() ? List.of() : List.of(command.split(" ")));
    args.add("--help");
    assertThat(Main.run(args.toArray(new String[0]))).isZero();
    assertThat(output()).contains("Usage: sse").contains("Examples:").contains("  s");
  }

  @Test
  void theVersionSaysWhatItWasBuiltFrom() {
    assertThat(Main.run("--version")).isZero();
    assertThat(output()).contains("sse 0.").contains("commit").contains("JDK");
  }

  @Test
  void wrongUsageIsOneLine() {
    assertOneLine(Main.run("verify", "--tiers", "vector"), "--tiers", "--tier");
    complained.reset();
    assertOneLine(Main.run(new String[0]), "which command?");
    complained.reset();
    assertOneLine(Main.run("verify", "--tier", "tensor"), "unknown tier 'tensor'");
    complained.reset();
    assertOneLine(
        Main.run("verify", "--all-devices", "--tier", "portable"), "--all-devices", "--tier");
    complained.reset();
    assertOneLine(Main.run("verify", "--all-devices"), "--all-devices is for the launcher");
    complained.reset();
    assertOneLine(Main.run("bench", "mixer", "--pass", "sideways"), "--pass must be");
    complained.reset();
    assertOneLine(Main.run("bench", "mixer", "--topk", "9"), "topk (9)");
    complained.reset();
    assertOneLine(Main.run("bench", "decode", "--mixer", "rwkv"), "mixer must be one of sse-gla");
    complained.reset();
    assertOneLine(Main.run("bench", "decode", "--context", "0"), "each context must be 1 or more");
    complained.reset();
    assertOneLine(Main.run("bench"), "which benchmark?", "decode");
    complained.reset();
    assertOneLine(Main.run("devices", "--threads", "0"), "--threads must be 1 or more");
  }

  @Test
  void missingFilesAreOneLine() {
    assertOneLine(Main.run("train", "nowhere.yaml"), "nowhere.yaml");
    complained.reset();
    assertOneLine(Main.run("generate", "nowhere", "--prompt", "x"), "nowhere");
    complained.reset();
    assertOneLine(Main.run("verify", "--cases", "nowhere"), "nowhere");
  }

  @Test
  void devicesNamesTheTierAndWhy() throws IOException {
    assertThat(Main.run("devices", "--json")).isZero();
    JsonNode device = lastLine().get("devices").get(0);
    assertThat(device.get("device").textValue()).isEqualTo("jvm");
    assertThat(device.get("tier").textValue()).isEqualTo("vector");
    assertThat(device.get("reason").textValue()).isNotBlank();
  }

  @Test
  void theBenchmarkPrintsItsFigures() throws IOException {
    int code =
        Main.run(
            "bench",
            "mixer",
            "--tokens",
            "200",
            "--heads",
            "1",
            "--dim",
            "16",
            "--runs",
            "1",
            "--json");
    assertThat(code).isZero();
    JsonNode j = lastLine();
    for (String name :
        List.of("tokens", "heads", "dim", "partitions", "topk", "threads", "min_ms", "median_ms")) {
      assertThat(j.get(name).doubleValue()).as(name).isPositive();
    }
    for (String name : List.of("gflops", "sgemm_gflops", "of_sgemm")) {
      assertThat(j.get(name).isNumber()).as(name).isTrue();
    }
    assertThat(j.get("mixer").textValue()).isEqualTo("sse");
    assertThat(j.get("pass").textValue()).isEqualTo("forward");
  }

  @Test
  void theDecodingBenchmarkPrintsALineForEachContext() throws IOException {
    String[] args = {
      "bench", "decode", "--context", "40,9", "--layers", "1", "--hidden", "16", "--heads", "1",
      "--dim", "8", "--vocabulary", "20", "--block", "16", "--sessions", "2", "--steps", "5"
    };
    assertThat(Main.run(args)).as(complaint()).isZero();
    assertThat(output().lines().toList()).hasSize(2);
    assertThat(output()).contains("after 40 tokens", "after 9 tokens", "unchanged by the steps");
    printed.reset();
    List<String> json = new ArrayList<>(List.of(args));
    json.addAll(List.of("--json", "--mixer", "gla"));
    assertThat(Main.run(json.toArray(new String[0]))).as(complaint()).isZero();
    JsonNode last = lastLine();
    assertThat(last.get("context").intValue()).isEqualTo(9);
    assertThat(last.get("state_bytes").longValue()).isEqualTo(4 * 8 * 8);
    assertThat(last.get("state_bytes_after").longValue()).isEqualTo(4 * 8 * 8);
    assertThat(last.get("ms_per_token").doubleValue()).isPositive();
    assertThat(last.get("ms_per_step").doubleValue())
        .isGreaterThan(last.get("ms_per_token").doubleValue());
    printed.reset();
    json.set(json.size() - 1, "softmax");
    assertThat(Main.run(json.toArray(new String[0]))).as(complaint()).isZero();
    assertThat(lastLine().get("state_bytes").longValue()).isEqualTo(9 * 2 * 4 * 16);
    assertThat(lastLine().get("state_bytes_after").longValue()).isGreaterThan(9 * 2 * 4 * 16);
  }

  @Test
  void completionIsAScript() {
    assertThat(Main.run("completion")).isZero();
    assertThat(output()).contains("complete -F").contains("generate");
  }

  private String recipe() throws IOException {
    Path text = directory.resolve("text.txt");
    Files.writeString(text, "to be or not to be, that is the question; ".repeat(400));
    Path recipe = directory.resolve("recipe.yaml");
    Files.writeString(
        recipe,
        """
        model: {hidden_size: 32, num_hidden_layers: 1, num_heads: 1, head_dim: 16, intermediate_size: 32}
        data: {path: %s, held_out: 0.1, sequence_length: 64, seed: 1}
        train: {steps: 6, batch_tokens: 256, warmup_steps: 2}
        evaluate: {every: 3, tokens: 512}
        checkpoint: {every: 3, directory: %s}
        """
            .formatted(text, directory.resolve("run")));
    return recipe.toString();
  }

  @Test
  void aModelIsTrainedMeasuredAndContinuesText() throws IOException {
    assertThat(Main.run("train", recipe(), "--json")).as(complaint()).isZero();
    JsonNode trained = lastLine();
    assertThat(trained.get("step").intValue()).isEqualTo(6);
    assertThat(Path.of(trained.get("report").textValue())).exists();
    String run = directory.resolve("run").toString();

    printed.reset();
    int code =
        Main.run(
            "eval",
            run,
            "--data",
            directory.resolve("text.txt").toString(),
            "--held-out",
            "0.1",
            "--sequence-length",
            "64",
            "--tokens",
            "512",
            "--json");
    assertThat(code).as(complaint()).isZero();
    assertThat(lastLine().get("bits_per_byte").doubleValue())
        .isCloseTo(
            trained.get("bits_per_byte").doubleValue(),
            org.assertj.core.api.Assertions.within(1e-4));

    printed.reset();
    String[] generate = {"generate", run, "--prompt", "to be", "--tokens", "12", "--json"};
    assertThat(Main.run(generate)).as(complaint()).isZero();
    String first = lastLine().get("text").textValue();
    printed.reset();
    assertThat(Main.run(generate)).isZero();
    assertThat(lastLine().get("text").textValue()).isEqualTo(first);
  }

  @Test
  void aModelOfAnotherTokenizerIsTrainedMeasuredAndContinuesText() throws IOException {
    String recipe = recipe();
    Path tokenizer = Files.createDirectory(directory.resolve("tokenizer"));
    byte[] json = TokenizerFiles.sentencePiece().toPrettyString().getBytes(StandardCharsets.UTF_8);
    Files.write(tokenizer.resolve("tokenizer.json"), json);
    String[] train = {
      "train", recipe, "--set", "data.tokenizer=" + tokenizer, "--set", "model.vocab_size=300"
    };
    assertOneLine(Main.run(train), "data.tokenizer: ", "tokenizer.json", "eos_token");
    complained.reset();
    Files.writeString(tokenizer.resolve("config.json"), "{\"eos_token_id\": 2}");
    String[] narrow = train.clone();
    narrow[5] = "model.vocab_size=200";
    assertOneLine(Main.run(narrow), "model.vocab_size (200) must be at least the tokenizer's");
    complained.reset();
    assertThat(Main.run(train)).as(complaint()).isZero();
    Path checkpoint = directory.resolve("run/step-00000006");
    assertThat(Files.readAllBytes(checkpoint.resolve("tokenizer.json"))).isEqualTo(json);
    JsonNode config = new ObjectMapper().readTree(checkpoint.resolve("config.json").toFile());
    assertThat(config.get("vocab_size").intValue()).isEqualTo(300);
    assertThat(config.get("eos_token_id").intValue()).isEqualTo(2);

    // The tokenizer that it was trained with may be gone.
    Files.delete(tokenizer.resolve("config.json"));
    printed.reset();
    String run = directory.resolve("run").toString();
    String text = directory.resolve("text.txt").toString();
    String[] eval = {"eval", run, "--data", text, "--held-out", "0.1", "--tokens", "512", "--json"};
    assertThat(Main.run(eval)).as(complaint()).isZero();
    double bits = lastLine().get("bits_per_byte").doubleValue();
    double loss = lastLine().get("loss").doubleValue();
    // Every character is a token here, but for some of two or three.
    assertThat(bits).isBetween(loss / Math.log(2) / 1.4, loss / Math.log(2));
    printed.reset();
    String[] generate = {"generate", run, "--prompt", "to be", "--tokens", "8", "--json"};
    assertThat(Main.run(generate)).as(complaint()).isZero();
    assertThat(lastLine().get("tokens").intValue()).isBetween(1, 8);

    Path other = checkpoint.resolve("tokenizer.json");
    Files.write(other, TokenizerFiles.byteLevel().toString().getBytes(StandardCharsets.UTF_8));
    complained.reset();
    assertOneLine(Main.run(generate), "special_tokens_map.json", "eos_token", "is not a token of");
    complained.reset();
    Files.writeString(tokenizer.resolve("config.json"), "{\"eos_token_id\": 2}");
    Files.writeString(other, new String(json, StandardCharsets.UTF_8) + "\n");
    String saved = directory.resolve("run/recipe.yaml").toString();
    assertThat(Main.run("train", saved, "--resume", "--set", "train.steps=7")).isEqualTo(2);
    assertThat(complaint()).contains(other + " is not the tokenizer of the recipe");
  }

  @Test
  void aModelWithoutEnoughIdsForItsTokenizerIsRefused() throws IOException {
    assertThat(Main.run("train", recipe(), "--json")).as(complaint()).isZero();
    Path checkpoint = directory.resolve("run/step-00000006");
    Files.writeString(checkpoint.resolve("tokenizer.json"), TokenizerFiles.byteLevel().toString());
    Files.writeString(checkpoint.resolve("tokenizer_config.json"), "{\"eos_token\": \"<|end|>\"}");
    complained.reset();
    assertOneLine(
        Main.run("generate", checkpoint.toString(), "--prompt", "x"),
        "the model has 257 token ids, its tokenizer 264");
    complained.reset();
    Files.delete(checkpoint.resolve("tokenizer.json"));
    assertOneLine(
        Main.run("generate", checkpoint.toString(), "--prompt", "x"), "there is no tokenizer.json");
  }

  private static Map<String, byte[]> files(Path directory) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> list = Files.list(directory)) {
      for (Path file : list.toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private JsonNode convert(Path from, Path to, String... options) throws IOException {
    List<String> args =
        new ArrayList<>(List.of("convert", "--from", "" + from, "--to", "" + to, "--json"));
    args.addAll(List.of(options));
    printed.reset();
    assertThat(Main.run(args.toArray(new String[0]))).as(complaint()).isZero();
    return lastLine();
  }

  @Test
  void aModelIsWrittenInOtherTypesAndFiles() throws IOException {
    assertThat(Main.run("train", recipe(), "--json")).as(complaint()).isZero();
    Path run = directory.resolve("run");
    Map<String, byte[]> original = files(run.resolve("step-00000006"));
    original.keySet().removeAll(List.of("optimizer.safetensors", "trainer.json"));

    Path same = directory.resolve("same");
    JsonNode written = convert(run, same);
    assertThat(written.get("dtype").textValue()).isEqualTo("float32");
    assertThat(written.get("files")).hasSize(original.size());
    assertThat(files(same).keySet()).isEqualTo(original.keySet());
    files(same).forEach((name, bytes) -> assertThat(bytes).isEqualTo(original.get(name)));

    Path half = directory.resolve("deep/half");
    written = convert(run, half, "--dtype", "bfloat16", "--max-shard-size", "20KB");
    assertThat(written.get("dtype").textValue()).isEqualTo("bfloat16");
    assertThat(written.get("bytes").longValue())
        .isBetween(
            2 * written.get("parameters").longValue(),
            (long) original.get("model.safetensors").length);
    assertThat(files(half).keySet())
        .anyMatch(name -> name.matches("model-00001-of-0000[2-9]\\.safetensors"))
        .contains("model.safetensors.index.json", "tokenizer.json")
        .doesNotContain("model.safetensors");
    // Halves stay halves, and widened ones come back.
    Path again = directory.resolve("again");
    assertThat(convert(half, again, "--max-shard-size", "20KB").get("dtype").textValue())
        .isEqualTo("bfloat16");
    Path wide = directory.resolve("wide");
    convert(half, wide, "--dtype", "float32");
    Path narrow = directory.resolve("narrow");
    convert(wide, narrow, "--dtype", "bfloat16", "--max-shard-size", "20KB");
    Map<String, byte[]> expected = files(half);
    for (Path copy : List.of(again, narrow)) {
      assertThat(files(copy).keySet()).isEqualTo(expected.keySet());
      files(copy).forEach((name, bytes) -> assertThat(bytes).isEqualTo(expected.get(name)));
    }

    printed.reset();
    assertThat(Main.run("generate", half.toString(), "--prompt", "to be", "--tokens", "5"))
        .as(complaint())
        .isZero();
    printed.reset();
    Path text = directory.resolve("float16");
    assertThat(Main.run("convert", "--from", "" + run, "--to", "" + text, "--dtype", "float16"))
        .isZero();
    assertThat(output()).contains("parameters in", "float16", "  model.safetensors");
  }

  @Test
  void whatCannotBeConvertedIsOneLine() throws IOException {
    assertThat(Main.run("train", recipe(), "--json")).as(complaint()).isZero();
    String run = directory.resolve("run").toString();
    String to = directory.resolve("to").toString();
    complained.reset();
    assertOneLine(Main.run("convert", "--from", run, "--to", run), run + ": it is there already");
    complained.reset();
    assertOneLine(
        Main.run("convert", "--from", run, "--to", to, "--dtype", "int8"),
        "\"int8\"; there are float32, float16, bfloat16");
    complained.reset();
    assertOneLine(
        Main.run("convert", "--from", run, "--to", to, "--max-shard-size", "2G"),
        "\"2G\" is not a size");
    complained.reset();
    assertOneLine(Main.run("convert", "--from", "nowhere", "--to", to), "nowhere");
    complained.reset();
    Path config = directory.resolve("run/step-00000006/config.json");
    String sse = Files.readString(config);
    Files.writeString(config, sse.replace("\"sse\"", "\"bert\""));
    assertOneLine(
        Main.run("convert", "--from", run, "--to", to), "config.json: model_type is \"bert\"");
    complained.reset();
    Files.writeString(config, sse.replace("\"hidden_size\" : 32", "\"hidden_size\" : 48"));
    assertOneLine(Main.run("convert", "--from", run, "--to", to), "its shape is", "has to be");
    assertThat(directory.resolve("to")).doesNotExist();
  }

  @Test
  void aRunIsNotOverwritten() throws IOException {
    String recipe = recipe();
    assertThat(Main.run("train", recipe, "--json")).isZero();
    complained.reset();
    assertThat(Main.run("train", recipe)).isEqualTo(2);
    assertThat(complaint()).contains("--resume");
  }

  @Test
  void anUnknownRecipeKeyNamesTheNearest() throws IOException {
    assertOneLine(
        Main.run("train", recipe(), "--set", "train.learning_rat=1"),
        "learning_rat",
        "learning_rate");
  }

  @Test
  void tuneIsForDevicesOfAnSdk() {
    assertOneLine(Main.run("tune"), "tune is for devices of a TornadoVM SDK");
  }

  @Test
  void emitNeedsTheLauncher() {
    assertOneLine(Main.run("emit"), "emit starts from bin/sse");
  }
}
