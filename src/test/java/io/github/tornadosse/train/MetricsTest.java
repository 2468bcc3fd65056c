package io.github.tornadosse.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("metrics.jsonl");
  }

  private static StepMetrics step(int step) {
    float[][] load = {{0.1f * step, 0.25f}, {0.5f, 0f}};
    return new StepMetrics(
        step, 2.5 / step, 3.6 / step, 2, 1e-3, 0.1 + step, 1234.5, step / 3.0, step == 2, load);
  }

  private static EvaluationMetrics evaluation(int step) {
    return new EvaluationMetrics(step, 1.0 / step, 1.4, Math.E, 77, step / 3.0 + 0.1);
  }

  private void write(int resumed, int from, int to) {
    try (MetricsWriter writer = new MetricsWriter(file, resumed)) {
      for (int s = from; s <= to; s++) {
        writer.write(step(s));
        if (s % 2 == 0) {
          writer.write(evaluation(s));
        }
      }
    }
  }

  @Test
  void readsWhatWasWritten() {
    write(0, 1, 4);
    MetricsReader read = MetricsReader.read(file);
    assertThat(read.steps())
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactly(step(1), step(2), step(3), step(4));
    assertThat(read.evaluations()).containsExactly(evaluation(2), evaluation(4));
    assertThat(read.seconds()).isEqualTo(evaluation(4).seconds());
  }

  @Test
  void isEmptyWithoutAFile() {
    MetricsReader read = MetricsReader.read(file);
    assertThat(read.steps()).isEmpty();
    assertThat(read.evaluations()).isEmpty();
    assertThat(read.seconds()).isZero();
  }

  @Test
  void keepsWhatIsNotFinite() throws IOException {
    try (MetricsWriter writer = new MetricsWriter(file, 0)) {
      writer.write(
          new StepMetrics(
              1,
              Double.NaN,
              Double.NaN,
              2,
              1,
              Double.POSITIVE_INFINITY,
              3,
              4,
              true,
              new float[][] {{Float.NaN}}));
    }
    assertThat(Files.readString(file)).contains("\"loss\":null").doesNotContain("NaN");
    StepMetrics read = MetricsReader.read(file).steps().get(0);
    assertThat(read.loss()).isNaN();
    assertThat(read.gradientNorm()).isNaN();
    assertThat(read.load()[0][0]).isNaN();
    assertThat(read.skipped()).isTrue();
  }

  @Test
  void everyLineIsInTheFileAtOnce() throws IOException {
    try (MetricsWriter writer = new MetricsWriter(file, 0)) {
      writer.write(step(1));
      assertThat(Files.readAllLines(file)).hasSize(1);
      writer.write(step(2));
      assertThat(Files.readAllLines(file)).hasSize(2);
    }
  }

  @Test
  void goesOnBehindTheCheckpointsStep() throws IOException {
    write(0, 1, 6);
    byte[] whole = Files.readAllBytes(file);
    write(3, 4, 6);
    assertThat(Files.readAllBytes(file)).isEqualTo(whole);
    write(0, 1, 6);
    assertThat(Files.readAllBytes(file)).isEqualTo(whole);
  }

  @Test
  void leavesOutALastLineThatIsCutOffAnywhere() throws IOException {
    write(0, 1, 3);
    byte[] whole = Files.readAllBytes(file);
    int third = new String(whole).lastIndexOf("{\"step\":3");
    for (int length = third; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThat(MetricsReader.read(file).steps()).hasSize(2);
      write(2, 3, 3);
      assertThat(Files.readAllBytes(file)).isEqualTo(whole);
    }
  }

  @Test
  void leavesOutALastLineThatAPowerCutDamaged() throws IOException {
    write(0, 1, 3);
    Files.write(file, new byte[] {0, 0, 0, '\n'}, StandardOpenOption.APPEND);
    assertThat(MetricsReader.read(file).steps()).hasSize(3);
  }

  @Test
  void saysWhichLineIsDamaged() throws IOException {
    write(0, 1, 3);
    String text = Files.readString(file);
    for (String damage :
        new String[] {"{", "{}", "{\"step\":2}", "{\"step\":2,\"held_out_loss\":1}"}) {
      Files.writeString(
          file, text.replaceFirst("(?m)^\\{\"step\":2,\"loss.*$", "LINE").replace("LINE", damage));
      assertThatThrownBy(() -> MetricsReader.read(file))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("metrics.jsonl line 2 is damaged");
    }
  }

  @Test
  void saysThatItCannotBeWritten() throws IOException {
    Files.createDirectory(file);
    assertThatThrownBy(() -> new MetricsWriter(file, 0))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("metrics.jsonl");
  }
}
