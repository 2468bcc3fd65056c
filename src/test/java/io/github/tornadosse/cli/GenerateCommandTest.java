package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import sun.misc.Signal;
import sun.misc.SignalHandler;

class GenerateCommandTest {
  @TempDir private static Path shared;

  @TempDir private Path directory;

  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private final InputStream in = System.in;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final ByteArrayOutputStream complained = new ByteArrayOutputStream();

  @BeforeAll
  static void trainAModel() throws IOException {
    Path text = shared.resolve("text.txt");
    Files.writeString(text, "to be or not to be, that is the question; ".repeat(200));
    Path recipe = shared.resolve("recipe.yaml");
    Files.writeString(
        recipe,
        """
        model: {hidden_size: 32, num_hidden_layers: 1, num_heads: 1, head_dim: 16, intermediate_size: 32}
        data: {path: %s, held_out: 0.1, sequence_length: 64, seed: 1}
        train: {steps: 4, batch_tokens: 256, warmup_steps: 1}
        evaluate: {every: 0, tokens: 512}
        checkpoint: {every: 0, directory: %s}
        """
            .formatted(text, shared.resolve("run")));
    PrintStream out = System.out;
    try {
      System.setOut(new PrintStream(OutputStream.nullOutputStream()));
      assertThat(Main.run("train", recipe.toString(), "--json")).isZero();
    } finally {
      System.setOut(out);
    }
  }

  @BeforeEach
  void capture() {
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void release() {
    System.setOut(out);
    System.setErr(err);
    System.setIn(in);
  }

  private int run(String... options) {
    printed.reset();
    complained.reset();
    List<String> args = new ArrayList<>(List.of("generate", shared.resolve("run").toString()));
    args.addAll(List.of(options));
    return Main.run(args.toArray(new String[0]));
  }

  private JsonNode json(String... options) throws IOException {
    List<String> args = new ArrayList<>(List.of(options));
    args.add("--json");
    assertThat(run(args.toArray(new String[0])))
        .as(complained.toString(StandardCharsets.UTF_8))
        .isZero();
    return new ObjectMapper().readTree(output());
  }

  private String output() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  private static List<Integer> ids(JsonNode j) {
    return StreamSupport.stream(j.get("ids").spliterator(), false).map(JsonNode::intValue).toList();
  }

  private void assertOneLine(int code, String... parts) {
    String complaint = complained.toString(StandardCharsets.UTF_8);
    assertThat(code).isEqualTo(2);
    assertThat(complaint.lines().toList()).hasSize(1);
    assertThat(complaint).startsWith("sse: ").contains(parts).doesNotContain("Exception");
  }

  @Test
  void severalPromptsGetWhatEachWouldGetAlone() throws IOException {
    JsonNode first = json("--prompt", "to be", "--tokens", "15");
    JsonNode second = json("--prompt", "question", "--tokens", "15");
    assertThat(ids(first)).hasSize(first.get("tokens").intValue()).isNotEqualTo(ids(second));
    JsonNode both = json("--prompt", "to be", "--prompt", "question", "--tokens", "15");
    assertThat(both.isArray()).isTrue();
    assertThat(both).hasSize(2);
    assertThat(ids(both.get(0))).isEqualTo(ids(first));
    assertThat(ids(both.get(1))).isEqualTo(ids(second));
    assertThat(both.get(1).get("text")).isEqualTo(second.get("text"));

    assertThat(run("--prompt", "to be", "--prompt", "question", "--tokens", "15")).isZero();
    assertThat(output())
        .contains("--- 1 of 2: \"to be\"")
        .contains("--- 2 of 2: \"question\"")
        .contains(second.get("text").textValue());
  }

  @Test
  void promptsOfTokensGiveTokens() throws IOException {
    JsonNode text = json("--prompt", "to be", "--tokens", "9", "--top-k", "20");
    JsonNode tokens = json("--prompt-ids", "116,111, 32,98,101", "--tokens", "9", "--top-k", "20");
    assertThat(ids(tokens)).isEqualTo(ids(text));
    assertThat(tokens.has("text")).isFalse();
    assertThat(run("--prompt-ids", "116,111,32,98,101", "--tokens", "9", "--top-k", "20")).isZero();
    assertThat(output().strip())
        .isEqualTo(String.join(",", ids(text).stream().map(String::valueOf).toList()));
  }

  @Test
  void theSizeOfABlockDoesNotMatter() throws IOException {
    String prompt = "to be or not to be, that is";
    System.setIn(new ByteArrayInputStream(prompt.getBytes(StandardCharsets.UTF_8)));
    JsonNode expected = json("--prompt-file", "-", "--tokens", "10", "--temperature", "0");
    JsonNode small =
        json("--prompt", prompt, "--tokens", "10", "--temperature", "0", "--block", "3");
    assertThat(ids(small)).isEqualTo(ids(expected));
  }

  @Test
  void aStopStringEndsTheTextAndIsNoPartOfIt() throws IOException {
    String[] options = {"--prompt", "to be", "--tokens", "40", "--top-k", "12", "--seed", "5"};
    JsonNode whole = json(options);
    assertThat(whole.get("end").textValue()).isEqualTo("length");
    String text = whole.get("text").textValue();
    String stop = text.substring(text.length() / 2, text.length() / 2 + 3);
    List<String> args = new ArrayList<>(List.of(options));
    args.addAll(List.of("--stop", "§", "--stop", stop));
    JsonNode stopped = json(args.toArray(new String[0]));
    assertThat(stopped.get("text").textValue()).isEqualTo(text.substring(0, text.indexOf(stop)));
    assertThat(stopped.get("end").textValue()).isEqualTo("stopped");
    run(args.toArray(new String[0]));
    assertThat(output()).isEqualTo(text.substring(0, text.indexOf(stop)) + System.lineSeparator());
  }

  @Test
  void aSavedSessionGoesOnAsIfItHadNotBeenInterrupted() throws IOException {
    String[] options = {"--prompt-ids", "116,111", "--seed", "2", "--repetition-penalty", "1.1"};
    List<String> args = new ArrayList<>(List.of(options));
    args.addAll(List.of("--tokens", "20"));
    List<Integer> all = ids(json(args.toArray(new String[0])));
    String file = directory.resolve("session.safetensors").toString();
    args.set(args.size() - 1, "8");
    args.addAll(List.of("--save-session", file));
    JsonNode begun = json(args.toArray(new String[0]));
    assertThat(begun.get("session").textValue()).isEqualTo(file);
    assertThat(ids(begun)).isEqualTo(all.subList(0, 8));
    String[] rest = {
      "--session",
      file,
      "--prompt-ids",
      "",
      "--tokens",
      "12",
      "--seed",
      "2",
      "--repetition-penalty",
      "1.1",
      "--save-session",
      file
    };
    assertThat(ids(json(rest))).isEqualTo(all.subList(8, 20));
    // Without a prompt, or with several that all go on from the same session.
    assertThat(ids(json("--session", file, "--tokens", "3"))).isNotEmpty();
    JsonNode forks =
        json("--session", file, "--prompt", "a", "--prompt", "b", "--prompt", "a", "--tokens", "6");
    assertThat(forks).hasSize(3);
    assertThat(ids(forks.get(2))).isEqualTo(ids(forks.get(0))).isNotEqualTo(ids(forks.get(1)));
  }

  @Test
  void minPAndTopKLeaveOutUnlikelyTokens() throws IOException {
    JsonNode greedy = json("--prompt", "to", "--tokens", "10", "--temperature", "0");
    JsonNode minP = json("--prompt", "to", "--tokens", "10", "--min-p", "1");
    assertThat(ids(minP)).isEqualTo(ids(greedy));
  }

  @Test
  void wrongOptionsAreOneLine() {
    assertOneLine(run(), "nothing to continue", "--prompt", "--session");
    assertOneLine(run("--prompt", "x", "--tokens", "0"), "--tokens must be 1 or more");
    assertOneLine(run("--prompt", "x", "--block", "0"), "--block must be 1 or more");
    assertOneLine(run("--prompt", "x", "--context", "-1"), "--context must be 1 or more");
    assertOneLine(run("--prompt", "x", "--min-p", "2"), "min-p must be from 0");
    assertOneLine(run("--prompt", "x", "--repetition-penalty", "0"), "repetition penalty");
    assertOneLine(run("--prompt", "x", "--prompt-ids", "1"), "--prompt-ids cannot stand beside");
    assertOneLine(run("--prompt-ids", "1,x"), "--prompt-ids is \"1,x\"", "such as 1,5,7");
    assertOneLine(run("--prompt-ids", "1,,2"), "--prompt-ids is \"1,,2\"");
    assertOneLine(run("--prompt-ids", "1,257"), "token 257", "0 to 256");
    assertOneLine(run("--prompt-ids", ""), "the prompt is empty");
    assertOneLine(run("--prompt", ""), "the prompt is empty");
    assertOneLine(run("--prompt-ids", "1", "--stop", "x"), "--stop needs text");
    assertOneLine(run("--prompt", "x", "--stop", ""), "a stop string must have");
    assertOneLine(
        run("--prompt", "x", "--prompt", "y", "--save-session", "s"), "saves one session");
    assertOneLine(run("--prompt", "x", "--save-session", "nowhere/s"), "there is no directory");
    assertOneLine(run("--prompt", "x", "--session", "nowhere"), "nowhere", "no such file");
    String weights = shared.resolve("text.txt").toString();
    assertOneLine(run("--session", weights), "not a safetensors file");
  }

  @Test
  @Timeout(60)
  void anInterruptEndsTheTextAndSavesTheSession() throws InterruptedException {
    Signal signal = new Signal("INT");
    SignalHandler inherited = Signal.handle(signal, s -> {});
    Signal.handle(signal, inherited);
    assumeTrue(
        inherited != SignalHandler.SIG_IGN,
        "this process was started with the signal ignored, as shells start background jobs");
    Path file = directory.resolve("session.safetensors");
    Thread interrupting =
        new Thread(
            () -> {
              while (printed.size() < 40) {
                Thread.onSpinWait();
              }
              Signal.raise(signal);
            });
    interrupting.start();
    int code = run("--prompt-ids", "1", "--tokens", "100000000", "--save-session", file.toString());
    interrupting.join();
    assertThat(code).isZero();
    assertThat(output()).matches("[0-9,]+\\R");
    assertThat(file).exists();
  }
}
