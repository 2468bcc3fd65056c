package io.github.tornadosse.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingCheckpointTest {
  private static final int ELEMENTS = 200_000;
  private static final TensorSpec W = new TensorSpec("w", new int[] {ELEMENTS});

  @TempDir Path directory;

  private static TrainingCheckpoint.Content content(long step) {
    float[] values = new float[ELEMENTS];
    Arrays.fill(values, step);
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    SafetensorsWriter optimizer = new SafetensorsWriter();
    for (int moment = 0; moment < 2; moment++) {
      String name = TrainingCheckpoint.momentName(moment, W.name());
      optimizer.floats(new TensorSpec(name, W.shape()), DType.F32, values, 0);
    }
    return new TrainingCheckpoint.Content(
        nodes.objectNode().put("hidden_size", 8),
        List.of(new TensorSource(W, () -> values)),
        optimizer,
        nodes.objectNode().put("step", step).put("seed", Long.MIN_VALUE).put("x", 0.1),
        notes("step " + step));
  }

  private static Map<String, byte[]> notes(String text) {
    return Map.of("notes.txt", text.getBytes(StandardCharsets.UTF_8));
  }

  private static void checkWhole(Path path, long step) {
    try (TrainingCheckpoint checkpoint = TrainingCheckpoint.open(path)) {
      assertThat(checkpoint.trainer()).hasToString(content(step).trainer().toString());
      float[] expected = new float[ELEMENTS];
      Arrays.fill(expected, step);
      float[] values = new float[ELEMENTS];
      checkpoint.model().check(List.of(W));
      checkpoint.model().readInto(W, values, 0);
      assertThat(values).isEqualTo(expected);
      assertThat(checkpoint.optimizer().floats("m.w")).isEqualTo(expected);
      assertThat(checkpoint.optimizer().floats("v.w")).isEqualTo(expected);
    }
    assertThat(path.resolve("notes.txt")).hasContent("step " + step);
  }

  private static Map<String, byte[]> bytes(Path path) throws IOException {
    Map<String, byte[]> bytes = new TreeMap<>();
    for (Path file : AtomicFiles.list(path)) {
      bytes.put(file.getFileName().toString(), Files.readAllBytes(file));
    }
    return bytes;
  }

  @Test
  void savingWhatWasLoadedGivesTheSameBytes() throws IOException {
    Path first = TrainingCheckpoint.save(directory.resolve("a"), 12, content(12));
    assertThat(first).hasFileName("step-00000012");
    checkWhole(first, 12);
    Path second;
    try (TrainingCheckpoint checkpoint = TrainingCheckpoint.open(first)) {
      float[] values = new float[ELEMENTS];
      checkpoint.model().readInto(W, values, 0);
      SafetensorsWriter optimizer = new SafetensorsWriter();
      for (String name : checkpoint.optimizer().names()) {
        optimizer.floats(
            new TensorSpec(name, checkpoint.optimizer().shape(name)),
            DType.F32,
            () -> checkpoint.optimizer().floats(name));
      }
      second =
          TrainingCheckpoint.save(
              directory.resolve("b"),
              12,
              new TrainingCheckpoint.Content(
                  checkpoint.model().config(),
                  List.of(new TensorSource(W, () -> values)),
                  optimizer,
                  checkpoint.trainer(),
                  notes("step 12")));
    }
    Map<String, byte[]> expected = bytes(first);
    assertThat(expected).hasSize(5);
    bytes(second).forEach((name, actual) -> assertThat(actual).isEqualTo(expected.get(name)));
  }

  @Test
  void theLatestCompleteOneIsFoundAndOldOnesGo() throws IOException {
    assertThat(TrainingCheckpoint.latest(directory.resolve("absent"))).isEmpty();
    assertThat(TrainingCheckpoint.latest(directory)).isEmpty();
    for (long step : new long[] {5, 40, 300, 123_456_789}) {
      TrainingCheckpoint.save(directory, step, content(step));
    }
    Path torn = TrainingCheckpoint.save(directory, 1_000_000_000L, content(1));
    Files.delete(torn.resolve("trainer.json"));
    Files.createDirectory(directory.resolve("step-final"));
    Files.createDirectory(directory.resolve(".trash-step-00000001"));
    assertThat(TrainingCheckpoint.latest(directory)).contains(directory.resolve("step-123456789"));
    TrainingCheckpoint.keepLast(directory, 2);
    assertThat(directory.toFile().list())
        .containsExactlyInAnyOrder(
            "step-00000300", "step-123456789", "step-1000000000", "step-final");
    checkWhole(directory.resolve("step-00000300"), 300);
    assertThatThrownBy(() -> TrainingCheckpoint.keepLast(directory, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> TrainingCheckpoint.open(torn))
        .isInstanceOf(UserError.class)
        .hasMessageEndingWith("trainer.json: no such file or directory");
    assertThatThrownBy(() -> HuggingFaceDirectory.open(directory))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("such as " + directory.resolve("step-123456789"));
  }

  @Test
  void aStepThatIsPassedAgainIsReplaced() {
    TrainingCheckpoint.save(directory, 7, content(1));
    Path path = TrainingCheckpoint.save(directory, 7, content(7));
    checkWhole(path, 7);
    assertThat(AtomicFiles.list(directory)).containsExactly(path);
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "model.safetensors", "optimizer.safetensors"})
  void aTruncatedFileIsNamed(String name) throws IOException {
    Path path = TrainingCheckpoint.save(directory, 7, content(7));
    try (FileChannel channel = FileChannel.open(path.resolve(name), StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - 3);
    }
    assertThatThrownBy(() -> TrainingCheckpoint.open(path))
        .isInstanceOf(UserError.class)
        .message()
        .startsWith(path.resolve(name).toString())
        .hasLineCount(1);
  }

  @Test
  void aSaveThatFailsLeavesNothingBehind() throws IOException {
    Path first = TrainingCheckpoint.save(directory, 1, content(1));
    TrainingCheckpoint.Content failing =
        new TrainingCheckpoint.Content(
            content(2).config(),
            content(2).model(),
            new SafetensorsWriter()
                .floats(
                    W,
                    DType.F32,
                    () -> {
                      throw new IllegalStateException("device lost");
                    }),
            content(2).trainer(),
            Map.of());
    assertThatThrownBy(() -> TrainingCheckpoint.save(directory, 2, failing))
        .hasMessage("device lost");
    assertThat(AtomicFiles.list(directory)).containsExactly(first);
    Path file = Files.writeString(directory.resolve("file"), "x");
    assertThatThrownBy(() -> TrainingCheckpoint.save(file, 2, content(2)))
        .isInstanceOf(UserError.class)
        .message()
        .contains(file.toString(), "not a directory")
        .hasLineCount(1);
  }

  /** Saves one checkpoint after another until it is killed. */
  static final class Saver {
    public static void main(String[] arguments) {
      Path directory = Path.of(arguments[0]);
      for (long step = Long.parseLong(arguments[1]); ; step++) {
        TrainingCheckpoint.save(directory, step, content(step));
        TrainingCheckpoint.keepLast(directory, 2);
      }
    }
  }

  private static ProcessBuilder child(String... command) {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD);
  }

  @Test
  void aKillAtAnyMomentLeavesWholeCheckpointsOnly() throws Exception {
    long step = 1;
    int before = 0;
    for (int round = 0; round < 4; round++) {
      Process saver =
          child(
                  AtomicFilesTest.javaCommand(),
                  "-Xshare:auto",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Saver.class.getName(),
                  directory.toString(),
                  Long.toString(step))
              .start();
      Path awaited = directory.resolve("step-%08d".formatted(step));
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (!Files.exists(awaited) && saver.isAlive() && System.nanoTime() < deadline) {
        Thread.sleep(1);
      }
      // A few milliseconds further on every round, so that the kill meets other moments.
      Thread.sleep(3L * round);
      assertThat(saver.isAlive()).as("the saver runs until it is killed").isTrue();
      saver.destroyForcibly().waitFor();
      int found = 0;
      for (Path path : AtomicFiles.list(directory)) {
        if (path.getFileName().toString().startsWith("step-")) {
          checkWhole(path, Long.parseLong(path.getFileName().toString().substring(5)));
          found++;
        }
      }
      // A saver that is killed between saving and clearing up leaves one more than it found.
      assertThat(found).isBetween(1, Math.max(3, before + 1));
      before = found;
      Path latest = TrainingCheckpoint.latest(directory).orElseThrow();
      step = Long.parseLong(latest.getFileName().toString().substring(5)) + 1;
    }
    TrainingCheckpoint.keepLast(directory, 1);
    assertThat(AtomicFiles.list(directory))
        .containsExactly(TrainingCheckpoint.latest(directory).orElseThrow());
  }

  /** Saves one checkpoint and prints what the user would see. */
  static final class SaveOnce {
    public static void main(String[] arguments) {
      try {
        TrainingCheckpoint.save(Path.of(arguments[0]), 1, content(1));
      } catch (UserError e) {
        System.out.println(e.getMessage());
        System.exit(2);
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFileThatTheSystemDoesNotLetGrowIsAUserError() throws Exception {
    Path target = directory.resolve("run");
    String java =
        "ulimit -f 512; exec \"%s\" -XX:-UsePerfData -cp \"%s\" '%s' \"%s\""
            .formatted(
                AtomicFilesTest.javaCommand(),
                System.getProperty("java.class.path"),
                SaveOnce.class.getName(),
                target);
    Process process = new ProcessBuilder("sh", "-c", java).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(output).isEqualTo(2);
    assertThat(output.strip())
        .startsWith("cannot write " + target)
        .endsWith("File too large")
        .hasLineCount(1);
    assertThat(AtomicFiles.list(target)).isEmpty();
  }

  @Test
  void theTrainersFileMustBeAnObject() throws IOException {
    Path path = TrainingCheckpoint.save(directory, 7, content(7));
    Files.writeString(path.resolve("trainer.json"), "3");
    assertThatThrownBy(() -> TrainingCheckpoint.open(path))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("trainer.json: has to hold a JSON object");
    ObjectNode copy = content(7).trainer();
    Files.writeString(path.resolve("trainer.json"), copy.toString());
    try (TrainingCheckpoint checkpoint = TrainingCheckpoint.open(path)) {
      checkpoint.trainer().removeAll();
      assertThat(checkpoint.trainer()).hasToString(copy.toString());
    }
  }
}
