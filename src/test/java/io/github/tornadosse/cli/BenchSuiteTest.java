package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.bench.MixerCase;
import io.github.tornadosse.eval.bench.ResultFile;
import io.github.tornadosse.eval.bench.SuiteEntry;
import io.github.tornadosse.eval.bench.SuiteRunner.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With scripts in place of the launcher and of a peer. */
class BenchSuiteTest {
  private static final String READY =
      "echo a driver says hello\n"
          + "echo '{\"ready\":true,\"device\":\"jvm\",\"tier\":\"vector\",\"commit\":\"abc\",\"cpu\":\"x\"}'\n";

  /** Answers every entry with its own fields and times. */
  private static final String ANSWER =
      "while read -r line; do\n"
          + "  echo \"$line\" >>\"$0.entries\"\n"
          + "  echo \"${line%?},\\\"outcome\\\":\\\"measured\\\",\\\"tier\\\":\\\"vector\\\",\\\"times_ms\\\":[2,2],"
          + "\\\"median_ms\\\":2,\\\"gflops\\\":1,\\\"of_product\\\":0.5}\"\n"
          + "done\n";

  private final PrintStream err = System.err;
  private final ByteArrayOutputStream complained = new ByteArrayOutputStream();

  @TempDir private Path directory;

  @BeforeEach
  void capture() {
    System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void release() {
    System.setErr(err);
  }

  private String complaint() {
    return complained.toString(StandardCharsets.UTF_8);
  }

  private Path script(String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.writeString(file, "#!/bin/sh\necho \"$@\" >>\"$0.arguments\"\n" + text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return file;
  }

  private List<String> logged(String name) throws IOException {
    Path log = directory.resolve(name);
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  private static List<SuiteEntry> entries(int... threads) {
    List<SuiteEntry> all = new ArrayList<>();
    for (int t : threads) {
      for (String mixer : List.of("gla", "gdn")) {
        MixerCase c = new MixerCase(mixer, "varlen", false, 9, 1, 8, 0, 0);
        all.add(new SuiteEntry(c, null, "float32", t, 3, true));
      }
    }
    return all;
  }

  private ResultFile file() {
    return ResultFile.open(directory.resolve("results.jsonl"));
  }

  private BenchSuite run(String launcher, String peer, boolean again, List<SuiteEntry> entries)
      throws IOException {
    BenchSuite suite =
        new BenchSuite(
            new BenchSuite.Settings(script("sse", launcher), "auto", 0, 5, again),
            file(),
            new BenchPeer(peer));
    suite.add("jvm", null, entries);
    suite.run();
    return suite;
  }

  @Test
  void everyNumberOfThreadsIsAProcessAndEveryEntryALine() throws IOException {
    BenchSuite suite = run(READY + ANSWER, null, false, entries(1, 2));
    assertThat(logged("sse.arguments"))
        .containsExactly(
            "--device jvm bench suite --worker --tier auto --threads 1",
            "--device jvm bench suite --worker --tier auto --threads 2");
    assertThat(logged("sse.entries")).hasSize(4);
    assertThat(suite.count(Outcome.MEASURED)).isEqualTo(4);
    List<ObjectNode> results = file().results();
    assertThat(results).hasSize(4);
    for (JsonNode r : results) {
      assertThat(r.get("cpu").textValue()).isEqualTo("x");
      assertThat(r.get("commit").textValue()).isEqualTo("abc");
      assertThat(r.get("date").textValue()).startsWith("20");
      assertThat(r.has("ready")).isFalse();
    }
    assertThat(complaint())
        .contains("1 of 4: mixer/gla/forward/L9/H1/K8/float32/t1 on jvm", "min left");
    assertThat(complaint().lines().toList()).hasSize(4);
  }

  @Test
  void whatHasAResultOfTheCommitIsNotRunAgain() throws IOException {
    run(READY + ANSWER, null, false, entries(1));
    BenchSuite more = run(READY + ANSWER, null, false, entries(1, 2));
    assertThat(more.before()).isEqualTo(2);
    assertThat(more.count(Outcome.MEASURED)).isEqualTo(2);
    assertThat(logged("sse.entries")).hasSize(4);
    BenchSuite all = run(READY + ANSWER, null, true, entries(1));
    assertThat(all.count(Outcome.MEASURED)).isEqualTo(2);
    assertThat(file().results()).hasSize(4);
    String later = READY.replace("abc", "def");
    assertThat(run(later + ANSWER, null, false, entries(1)).before()).isZero();
    assertThat(file().results()).hasSize(6);
  }

  @Test
  void aDeviceThatDoesNotStartIsOneBrokenResultAnEntry() throws IOException {
    String broken = "echo 'sse: no driver' >&2; echo WARNING >&2; exit 2";
    BenchSuite suite = run(broken, null, false, entries(1));
    assertThat(logged("sse.arguments")).hasSize(1);
    assertThat(suite.count(Outcome.BROKEN)).isEqualTo(2);
    for (JsonNode r : file().results()) {
      assertThat(r.get("outcome").textValue()).isEqualTo("broken");
      assertThat(r.get("reason").textValue()).isEqualTo("exit code 2: no driver");
      assertThat(r.get("device").textValue()).isEqualTo("jvm");
    }
  }

  @Test
  void aProcessThatEndsIsOneBrokenEntryAndTheNextGetsAnother() throws IOException {
    String ends = "read -r line; case $line in *gla*) echo trap >&2; exit 134;; esac\n";
    String answers =
        "echo \"${line%?},\\\"outcome\\\":\\\"measured\\\",\\\"tier\\\":\\\"vector\\\",\\\"times_ms\\\":[2]}\"\n";
    BenchSuite suite = run(READY + ends + answers, null, false, entries(1));
    assertThat(logged("sse.arguments")).hasSize(2);
    assertThat(suite.count(Outcome.BROKEN)).isOne();
    assertThat(suite.count(Outcome.MEASURED)).isOne();
    assertThat(file().results().get(0).get("reason").textValue()).isEqualTo("exit code 134: trap");
  }

  @Test
  void anEntryThatTakesTooLongIsEnded() throws IOException {
    BenchSuite suite =
        run(READY + "read -r line; exec sleep 60", null, false, entries(1).subList(0, 1));
    assertThat(suite.count(Outcome.BROKEN)).isOne();
    assertThat(file().results().get(0).get("reason").textValue())
        .isEqualTo("it took more than 5 s");
  }

  @Test
  void aPeerIsTimedBesideWhatItHas() throws IOException {
    Path peer =
        script(
            "peer",
            "echo warming up\necho '{\"mixer\": \"gla\", \"min_ms\": 3.5, \"median_ms\": 4}'\n");
    run(READY + ANSWER, peer.toString() + " -q", false, entries(2));
    assertThat(logged("peer.arguments"))
        .containsExactly(
            "-q --tokens 9 --heads 1 --dim 8 --partitions 1 --topk 1 --threads 2 --runs 3 --only gla");
    List<ObjectNode> results = file().results();
    assertThat(results.get(0).get("peer").get("median_ms").doubleValue()).isEqualTo(4);
    assertThat(results.get(1).has("peer")).isFalse();
    assertThat(complaint()).contains("the peer 2.00 times as long");
  }

  @Test
  void aPeerThatDoesNotRunIsOneLineAndNoFailure() throws IOException {
    Path peer = script("peer", "echo \"No module named 'torch'\" >&2; exit 1");
    BenchSuite suite = run(READY + ANSWER, peer.toString(), false, entries(1, 2));
    assertThat(logged("peer.arguments")).hasSize(1);
    assertThat(suite.count(Outcome.MEASURED)).isEqualTo(4);
    assertThat(complaint().lines().filter(l -> l.startsWith("no peer: ")).toList())
        .singleElement()
        .asString()
        .endsWith("does not run: No module named 'torch'");
    complained.reset();
    run(READY + ANSWER, directory.resolve("nothing").toString(), true, entries(1));
    assertThat(complaint()).contains("no peer: ", "Cannot run program").doesNotContain("Exception");
  }
}
