package io.github.tornadosse.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.tensor.UserError;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReportTest {
  @TempDir Path folder;

  private static MetricsReader metrics(int steps, int layers, int partitions) {
    List<StepMetrics> list = new ArrayList<>();
    for (int s = 1; s <= steps; s++) {
      float[][] load = new float[layers][partitions];
      for (float[] layer : load) {
        Arrays.fill(layer, 1f / Math.max(1, partitions));
      }
      double loss = s == 3 ? Double.NaN : 1 + 4.0 / s;
      list.add(
          new StepMetrics(s, loss, loss * 1.44, layers, 1e-3, loss, 5000 + s, s, s == 3, load));
    }
    List<EvaluationMetrics> held = new ArrayList<>();
    for (int s = 10; s <= steps; s += 10) {
      held.add(new EvaluationMetrics(s, 1.2, 1.734567, 3.3201, 100, s));
    }
    return new MetricsReader(list, held);
  }

  private String write(MetricsReader metrics, Map<String, String> facts) throws IOException {
    Path page = folder.resolve("report.html");
    Report.write(
        page,
        folder.resolve("loss.png"),
        new Report.Content(
            "a <run> & more",
            metrics,
            List.of(new Baseline("order-3 counts", 2.125)),
            facts,
            "data:\n  path: a<b\n"));
    return Files.readString(page);
  }

  private static BufferedImage image(byte[] png) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(png));
  }

  @Test
  void isOnePageWithAllItsPictures() throws IOException {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("Device", "CPU \"x\"");
    String html = write(metrics(40, 3, 4), facts);
    assertThat(html)
        .startsWith("<!doctype html>")
        .contains("a &lt;run&gt; &amp; more", "CPU &quot;x&quot;", "path: a&lt;b")
        .contains("<b>1.735</b><span>held-out bits per byte", "<b>3.32</b>", "<b>40</b>")
        .contains("order-3 counts</td><td>2.125 bits per byte", "<b>1</b><span>steps skipped")
        .contains("prefers-color-scheme: dark")
        .doesNotContain("http:", "https:", "<script", "<link");
    Matcher data = Pattern.compile("data:image/png;base64,([A-Za-z0-9+/=]+)\"").matcher(html);
    Set<String> pictures = new HashSet<>();
    while (data.find()) {
      pictures.add(data.group(1));
      assertThat(image(Base64.getDecoder().decode(data.group(1)))).isNotNull();
    }
    // Loss, learning rate, gradient norm, throughput, balance and load, light and dark.
    assertThat(pictures).hasSize(12);
    BufferedImage loss = image(Files.readAllBytes(folder.resolve("loss.png")));
    assertThat(loss.getWidth()).isGreaterThan(1000);
    assertThat(coloured(loss, 0x2f6fde)).as("smoothed training loss").isPositive();
    assertThat(coloured(loss, 0xd9482b)).as("held-out loss").isPositive();
  }

  private static int coloured(BufferedImage image, int rgb) {
    int count = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        count += (image.getRGB(x, y) & 0xffffff) == rgb ? 1 : 0;
      }
    }
    return count;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 700})
  void drawsShortAndLongRuns(int steps) throws IOException {
    assertThat(write(metrics(steps, 2, 2), Map.of())).contains("Load of each partition");
  }

  @Test
  void leavesOutTheLoadOfAModelWithoutPartitions() throws IOException {
    assertThat(write(metrics(20, 2, 0), Map.of())).doesNotContain("partition over the steps");
  }

  @Test
  void drawsARunThatWasNeverFinite() throws IOException {
    MetricsReader one = metrics(3, 1, 2);
    String html = write(new MetricsReader(one.steps().subList(2, 3), List.of()), Map.of());
    assertThat(html).contains("<b>not finite</b>");
  }

  @Test
  void needsAStep() {
    assertThatThrownBy(() -> write(new MetricsReader(List.of(), List.of()), Map.of()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no step has been done");
  }

  @ParameterizedTest
  @EnumSource(Charts.Theme.class)
  void drawsOneChartForEachOfManyLayers(Charts.Theme theme) {
    BufferedImage few = new Charts(metrics(5, 4, 4), theme).load();
    BufferedImage many = new Charts(metrics(5, 17, 64), theme).load();
    assertThat(many.getHeight()).isEqualTo(5 * few.getHeight());
  }

  @Test
  void saysDurationsInWords() {
    assertThat(Report.duration(7.4)).isEqualTo("7 s");
    assertThat(Report.duration(119.7)).isEqualTo("2 min 0 s");
    assertThat(Report.duration(7265)).isEqualTo("2 h 1 min");
  }
}
