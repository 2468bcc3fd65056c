package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.bench.MixerCase;
import io.github.tornadosse.eval.bench.ResultFile;
import io.github.tornadosse.eval.bench.Results;
import io.github.tornadosse.eval.bench.SuiteEntry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandsTest {
  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private final InputStream in = System.in;
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
    System.setIn(in);
  }

  private String output() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  private String complaint() {
    return complained.toString(StandardCharsets.UTF_8);
  }

  private void assertOneLine(int code, String... parts) {
    assertThat(code).isEqualTo(2);
    assertThat(complaint().lines().toList()).hasSize(1);
    assertThat(complaint()).startsWith("sse: ").contains(parts).doesNotContain("Exception");
    complained.reset();
  }

  private String results(String name, ObjectNode... all) {
    Path path = directory.resolve(name);
    ResultFile file = ResultFile.open(path);
    for (ObjectNode j : all) {
      file.put(j);
    }
    return path.toString();
  }

  private static ObjectNode run(double median, long seed) {
    return Results.mixer("gla", 100, 0, Results.times(median, 0.02, 9, seed));
  }

  @Test
  void compareSaysWhatIsSlowerAndExitsSo() {
    String base = results("base.jsonl", run(10, 1));
    assertThat(Main.run("bench", "compare", base, results("same.jsonl", run(10, 2)))).isZero();
    assertThat(output()).contains("mixer/gla/forward/L100/H2/K64/float32/t2", "jvm");
    assertThat(output()).doesNotContain("slower");
    printed.reset();
    String slow = results("slow.jsonl", run(13, 3));
    assertThat(Main.run("bench", "compare", base, slow)).isEqualTo(1);
    assertThat(output()).contains("slower");
    assertThat(Main.run("bench", "compare", base, slow, "--tolerance", "0.6")).isZero();
    printed.reset();
    assertThat(Main.run("bench", "compare", slow, base, "--json")).isZero();
    assertThat(output()).contains("\"verdict\":\"faster\"", "\"low\":", "\"high\":");
  }

  @Test
  void compareRefusesOtherMachinesInOneLine() {
    String base = results("base.jsonl", run(10, 1));
    String other = results("other.jsonl", run(10, 2).put("cpu", "another"));
    assertOneLine(Main.run("bench", "compare", base, other), "cannot be compared: cpu", "--anyway");
    assertThat(Main.run("bench", "compare", base, other, "--anyway")).isZero();
    String nothing = results("nothing.jsonl", Results.mixer("gdn", 100, 0, 1));
    assertOneLine(Main.run("bench", "compare", base, nothing), "no entry in common");
    assertOneLine(Main.run("bench", "compare", base, "none.jsonl"), "none.jsonl");
    assertOneLine(Main.run("bench", "compare", base, base, "--tolerance", "-1"), "--tolerance");
    assertOneLine(Main.run("bench", "compare", base), "NEW");
  }

  @Test
  void reportWritesThePageAndItsPictures() throws IOException {
    String file = results("r.jsonl", run(10, 1), Results.mixer("gla", 200, 0, 20));
    Path page = directory.resolve("page.html");
    assertThat(Main.run("bench", "report", file, "--out", page.toString()))
        .as(complaint())
        .isZero();
    assertThat(page).content().contains("Benchmark suite", "data:image/png");
    assertThat(directory.resolve("page-length-1.png")).exists();
    assertThat(output()).contains("page.html", "page-roofline-1.png");
    assertOneLine(Main.run("bench", "report"), "RESULTS");
    Files.writeString(directory.resolve("bad.jsonl"), "{");
    String bad = directory.resolve("bad.jsonl").toString();
    assertOneLine(Main.run("bench", "report", bad), "bad.jsonl, line 1: not right JSON");
  }

  @Test
  void suiteListsItsPlanAndRefusesWhatIsWrong() throws IOException {
    Path plan = directory.resolve("plan.yaml");
    Files.writeString(plan, "mixers: [{mixers: [gla, gdn], tokens: 9, threads: 1}]");
    String[] list = {"bench", "suite", "--plan", plan.toString(), "--list", "--only", "g[l]a/"};
    assertThat(Main.run(list)).isZero();
    assertThat(output().strip()).isEqualTo("mixer/gla/forward/L9/H4/K128/float32/t1");
    list[6] = "mamba";
    assertOneLine(Main.run(list), "no entry of", "--list");
    list[6] = "[";
    assertOneLine(Main.run(list), "--only '[' is no regular expression");
    assertOneLine(Main.run("bench", "suite", "--quick", "--plan", "x"), "--quick is a plan");
    assertOneLine(Main.run("bench", "suite", "--plan", plan.toString()), "for the launcher");
    Files.writeString(plan, "mixers: [{mixers: gla, token: 9}]");
    assertOneLine(Main.run("bench", "suite", "--plan", plan.toString()), "unknown key", "tokens");
    Files.writeString(plan, "models: [{name: a, recipe: none.yaml, tokens: 9}]");
    assertOneLine(Main.run("bench", "suite", "--plan", plan.toString()), "none.yaml");
  }

  @Test
  void aWorkerRunsAnEntryForEachLine() throws IOException {
    MixerCase c = new MixerCase("sse-gdn", "varlen", false, 70, 1, 16, 4, 1);
    List<SuiteEntry> entries =
        List.of(
            new SuiteEntry(c, null, "float32", 1, 1, false),
            new SuiteEntry(c, null, "bf16", 1, 1, false));
    StringBuilder lines = new StringBuilder();
    entries.forEach(e -> lines.append(e.toJson()).append('\n'));
    System.setIn(new ByteArrayInputStream(lines.toString().getBytes(StandardCharsets.UTF_8)));
    assertThat(Main.run("bench", "suite", "--worker")).as(complaint()).isZero();
    List<String> answers = output().lines().toList();
    assertThat(answers).hasSize(3);
    JsonNode ready = new ObjectMapper().readTree(answers.get(0));
    assertThat(ready.get("ready").booleanValue()).isTrue();
    for (String fact : List.of("cpu", "os", "jdk", "device", "device_name", "commit", "tier")) {
      assertThat(ready.get(fact).textValue()).as(fact).isNotBlank();
    }
    JsonNode measured = new ObjectMapper().readTree(answers.get(1));
    assertThat(measured.get("outcome").textValue()).as(answers.get(1)).isEqualTo("measured");
    assertThat(measured.get("tier").textValue()).isEqualTo("vector");
    JsonNode skipped = new ObjectMapper().readTree(answers.get(2));
    assertThat(skipped.get("outcome").textValue()).isEqualTo("skipped");
    assertThat(skipped.get("reason").textValue()).contains("bf16 needs a device cuda:N");
    System.setIn(new ByteArrayInputStream("nonsense\n".getBytes(StandardCharsets.UTF_8)));
    assertOneLine(Main.run("bench", "suite", "--worker"), "an entry of JSON a line");
  }
}
