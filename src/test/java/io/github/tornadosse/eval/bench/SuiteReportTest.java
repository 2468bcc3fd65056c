package io.github.tornadosse.eval.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.UserError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SuiteReportTest {
  @TempDir private Path directory;

  private static List<ObjectNode> results() {
    List<ObjectNode> all = new ArrayList<>();
    for (int tokens : new int[] {1000, 2000, 4000, 8000}) {
      all.add(Results.mixer("gla", tokens, 0, tokens * 0.01));
      all.add(Results.mixer("softmax", tokens, 0, 1e-6 * tokens * tokens));
    }
    for (int n : new int[] {4, 16, 64}) {
      all.add(Results.mixer("sse-gla", 1000, n, 20, 21));
    }
    ObjectNode elsewhere = Results.mixer("gla", 1000, 0, 0.5);
    elsewhere.put("device", "cuda:0").put("tier", "gpu").put("threads", 0);
    elsewhere.put("name", elsewhere.get("name").textValue().replace("/t2", ""));
    all.add(elsewhere);
    all.get(0).putObject("peer").put("command", "torch").put("min_ms", 19).put("median_ms", 20);
    all.add(Results.failed(Results.mixer("gdn", 1000, 0, 1), "y is <off> & wrong"));
    return all;
  }

  @Test
  void thePageHoldsItsPicturesAndFigures() throws IOException {
    Path page = directory.resolve("report.html");
    List<Path> pictures = SuiteReport.write(page, "A <title>", results());
    // Length, partitions, roofline of two places, devices, peer.
    assertThat(pictures).hasSize(6);
    String html = Files.readString(page);
    Matcher embedded =
        Pattern.compile("<img [^>]*src=\"data:image/png;base64,([^\"]+)\"").matcher(html);
    for (Path picture : pictures) {
      assertThat(picture.getFileName().toString()).startsWith("report-").endsWith(".png");
      byte[] bytes = Files.readAllBytes(picture);
      assertThat(ImageIO.read(new ByteArrayInputStream(bytes)).getWidth()).isGreaterThan(500);
      assertThat(embedded.find()).isTrue();
      assertThat(Base64.getDecoder().decode(embedded.group(1))).isEqualTo(bytes);
    }
    assertThat(embedded.find()).isFalse();
    assertThat(html)
        .contains("A &lt;title&gt;", "y is &lt;off&gt; &amp; wrong", "a processor", "torch")
        // 1 linear, 2 quadratic; the peer takes twice as long
        .contains("<td>1.000 ± 0.000</td>", "<td>2.000 ± 0.000</td>", "<td>2.00</td>")
        .doesNotContain("<title>A <title>", "http://", "https://", "<script");
    assertWellFormed(html);
  }

  /** Every element that is opened is closed, in its order. */
  private static void assertWellFormed(String html) {
    List<String> open = new ArrayList<>();
    Matcher tags = Pattern.compile("<(/?)([a-z][a-z0-9]*)[^>]*>").matcher(html);
    while (tags.find()) {
      if (List.of("meta", "img", "br").contains(tags.group(2))) {
        continue;
      }
      if (tags.group(1).isEmpty()) {
        open.add(tags.group(2));
      } else {
        assertThat(open.remove(open.size() - 1)).isEqualTo(tags.group(2));
      }
    }
    assertThat(open).isEmpty();
  }

  @Test
  void oneResultIsAReport() {
    Path page = directory.resolve("runs/one.html");
    List<Path> pictures = SuiteReport.write(page, "One", List.of(Results.mixer("gla", 1000, 0, 1)));
    assertThat(pictures).singleElement().asString().endsWith("one-roofline-1.png");
    assertThat(page).content().contains("No peer was timed.", "All results are of one device.");
  }

  @Test
  void withoutTimesThereIsNothingToReport() {
    List<ObjectNode> failed = List.of(Results.failed(Results.mixer("gla", 9, 0, 1), "off"));
    assertThatThrownBy(() -> SuiteReport.write(directory.resolve("r.html"), "None", failed))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no result has times");
  }
}
