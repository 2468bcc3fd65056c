package io.github.tornadosse.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.data.PackedBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs in processes of their own that are killed at random moments. */
@Timeout(120)
class KilledRunTest {
  private static final int STEPS = 200;
  private static final int KILLS = 4;

  @TempDir Path folder;

  private static Recipe recipe(Path directory) {
    return Recipe.parse(
        TrainingRunTest.YAML,
        "test.yaml",
        List.of(
            "train.steps=" + STEPS,
            "evaluate.every=7",
            "checkpoint.every=5",
            "checkpoint.directory=" + directory));
  }

  /** The process that is killed. */
  public static final class Child {
    private Child() {}

    /**
     * Resumes a run and brings it to its end.
     *
     * @param args the run's directory
     */
    public static void main(String[] args) {
      new TrainingRun(
              recipe(Path.of(args[0])),
              TrainingRun.Options.latest(),
              BigramModel::new,
              Progress.NONE,
              SlowData::new,
              TrainingRunTest::report,
              System::nanoTime)
          .run();
    }
  }

  /** Takes its time, so that there is something to kill. */
  private static final class SlowData extends LetterData {
    SlowData(Recipe recipe) {
      super(recipe);
    }

    @Override
    public PackedBatch next() {
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return super.next();
    }
  }

  private static Process start(Path directory) throws IOException {
    String java = ProcessHandle.current().info().command().orElseThrow();
    return new ProcessBuilder(
            java,
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Child.class.getName(),
            directory.toString())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolveSibling("output.txt").toFile())
        .start();
  }

  private static long written(Path metrics) throws IOException {
    return Files.exists(metrics) ? Files.size(metrics) : 0;
  }

  @Test
  void endsWithTheSameBytes() throws Exception {
    Path whole = folder.resolve("whole");
    new TrainingRun(
            recipe(whole),
            TrainingRun.Options.fresh(),
            BigramModel::new,
            Progress.NONE,
            LetterData::new,
            TrainingRunTest::report,
            System::nanoTime)
        .run();
    Path killed = folder.resolve("killed");
    Files.createDirectories(killed);
    Path metrics = killed.resolve("metrics.jsonl");
    Random random = new Random(20);
    int caught = 0;
    for (int i = 0; i < KILLS; i++) {
      Process child = start(killed);
      long before = written(metrics);
      // It is at work once its metrics change; then any moment may come.
      while (child.isAlive() && written(metrics) == before) {
        Thread.sleep(1);
      }
      Thread.sleep(random.nextInt(150));
      caught += child.isAlive() ? 1 : 0;
      child.destroyForcibly().waitFor();
    }
    assertThat(caught).isPositive();
    Process last = start(killed);
    assertThat(last.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(last.exitValue()).as(Files.readString(killed.resolveSibling("output.txt"))).isZero();

    String name = "step-%08d".formatted(STEPS);
    assertThat(TrainingRunTest.content(killed.resolve(name)))
        .isEqualTo(TrainingRunTest.content(whole.resolve(name)));
    MetricsReader a = MetricsReader.read(whole.resolve("metrics.jsonl"));
    MetricsReader b = MetricsReader.read(metrics);
    assertThat(b.steps().stream().map(s -> s.step() + " " + s.loss()))
        .containsExactlyElementsOf(a.steps().stream().map(s -> s.step() + " " + s.loss()).toList());
    assertThat(b.evaluations().stream().map(e -> e.step() + " " + e.loss()))
        .containsExactlyElementsOf(
            a.evaluations().stream().map(e -> e.step() + " " + e.loss()).toList());
    // What the killed processes left half written is gone.
    try (var files = Files.list(killed)) {
      assertThat(files.map(p -> p.getFileName().toString()).sorted())
          .containsExactly(
              ".lock",
              "loss.png",
              "metrics.jsonl",
              "recipe.yaml",
              "report.html",
              "step-%08d".formatted(STEPS - 5),
              name);
    }
  }
}
