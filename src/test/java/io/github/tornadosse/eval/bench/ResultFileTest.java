package io.github.tornadosse.eval.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResultFileTest {
  @TempDir private Path directory;

  @Test
  void resultsComeBackAsTheyWereWritten() throws IOException {
    Path path = directory.resolve("new").resolve("results.jsonl");
    ResultFile file = ResultFile.open(path);
    assertThat(file.results()).isEmpty();
    ObjectNode one = Results.mixer("gla", 100, 0, 1.5, 1.25, 3);
    ObjectNode two = Results.mixer("sse-gla", 100, 4, 2);
    file.put(one);
    file.put(two);
    assertThat(ResultFile.read(path))
        .map(ObjectNode::toString)
        .containsExactly(one.toString(), two.toString());
    assertThat(ResultFile.open(path).results())
        .map(ObjectNode::toString)
        .containsExactly(one.toString(), two.toString());
    assertThat(ResultFile.times(one)).containsExactly(1.5, 1.25, 3);
    // Nothing is left of how it was written.
    try (Stream<Path> all = Files.list(path.getParent())) {
      assertThat(all).containsExactly(path);
    }
  }

  @Test
  void aResultOfTheSameCommitReplacesTheEarlierOne() {
    Path path = directory.resolve("results.jsonl");
    ResultFile file = ResultFile.open(path);
    ObjectNode first = Results.mixer("gla", 100, 0, 2);
    file.put(first);
    ObjectNode other = Results.copy(first, "commit", "def");
    file.put(other);
    ObjectNode again = Results.mixer("gla", 100, 0, 1);
    file.put(again);
    assertThat(ResultFile.read(path))
        .map(ObjectNode::toString)
        .containsExactly(other.toString(), again.toString());
  }

  @Test
  void whatIsMeasuredOrWrongIsDoneAndWhatIsBrokenIsNot() {
    ResultFile file = ResultFile.open(directory.resolve("results.jsonl"));
    ObjectNode j = Results.mixer("gla", 100, 0, 2);
    String name = j.get("name").textValue();
    assertThat(file.done(name, "jvm", "vector", "abc")).isFalse();
    file.put(Results.failed(j, "o is off"));
    assertThat(file.done(name, "jvm", "vector", "abc")).isTrue();
    file.put(Results.failed(j, "trap").put("outcome", "broken"));
    assertThat(file.done(name, "jvm", "vector", "abc")).isFalse();
    file.put(j);
    assertThat(file.done(name, "jvm", "vector", "abc")).isTrue();
    assertThat(file.done(name, "jvm", "vector", "def")).isFalse();
    assertThat(file.done(name, "jvm", "portable", "abc")).isFalse();
    assertThat(file.done(name, "cuda:0", "vector", "abc")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "1",
        "{}",
        "nonsense",
        "{\"name\":\"a\"",
        "{\"name\":\"a\",\"name\":\"b\"}",
        "{\"name\":1,\"device\":\"jvm\",\"outcome\":\"measured\"}",
        "{\"name\":\"a\",\"device\":\"jvm\",\"outcome\":\"measured\"}",
        "{\"name\":\"a\",\"device\":\"jvm\",\"outcome\":\"measured\",\"times_ms\":[]}",
        "{\"name\":\"a\",\"device\":\"jvm\",\"outcome\":\"measured\",\"times_ms\":[1,0]}",
        "{\"name\":\"a\",\"device\":\"jvm\",\"outcome\":\"measured\",\"times_ms\":[\"1\"]}"
      })
  void anotherFileIsAUserErrorThatNamesTheLine(String line) throws IOException {
    Path path = directory.resolve("results.jsonl");
    Files.writeString(path, Results.mixer("gla", 9, 0, 1) + "\n\n" + line + "\n");
    assertThatThrownBy(() -> ResultFile.read(path))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("results.jsonl, line 3: ")
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
  }

  @Test
  void aFileThatIsNotThereIsAUserError() {
    assertThatThrownBy(() -> ResultFile.read(directory.resolve("none.jsonl")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no such file");
  }
}
