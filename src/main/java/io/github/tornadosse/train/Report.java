package io.github.tornadosse.train;

import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.tensor.Pictures;
import io.github.tornadosse.tensor.UserError;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** A run as one page that needs no other file, and its loss as a picture. */
public final class Report {
  /**
   * What a report shows.
   *
   * @param title the run's name
   * @param metrics what was measured
   * @param baselines horizontal lines of the loss chart
   * @param facts names and values about run, model and machine, in order
   * @param recipe the recipe in YAML
   */
  public record Content(
      String title,
      MetricsReader metrics,
      List<Baseline> baselines,
      Map<String, String> facts,
      String recipe) {}

  private static final String STYLE =
      """
      :root { color-scheme: light dark; --page: #f4f6f9; --card: #ffffff; --text: #1f2430;
        --soft: #6b7280; --line: #e4e7ec; --accent: #2f6fde; }
      @media (prefers-color-scheme: dark) { :root { --page: #0f1218; --card: #171b24;
        --text: #d7dce6; --soft: #9aa4b5; --line: #2a303c; --accent: #6ea1ff; } }
      * { box-sizing: border-box; }
      body { margin: 0; background: var(--page); color: var(--text); line-height: 1.5;
        font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
      main { max-width: 1216px; margin: 0 auto; padding: 32px 24px 64px; }
      h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 32px 0 12px; }
      .lead { color: var(--soft); margin: 4px 0 24px; }
      .tiles { display: grid; gap: 12px;
        grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); }
      .tile, .card { background: var(--card); border: 1px solid var(--line);
        border-radius: 12px; }
      .tile { padding: 14px 16px; } .tile b { display: block; font-size: 1.45rem;
        font-variant-numeric: tabular-nums; } .tile span { color: var(--soft);
        font-size: .85rem; }
      .charts { display: grid; gap: 16px; margin-top: 16px;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); }
      .card { overflow: hidden; } .wide { grid-column: 1 / -1; }
      .card img { display: block; width: 100%; height: auto; }
      table { border-collapse: collapse; width: 100%; }
      td { padding: 8px 16px; border-top: 1px solid var(--line); vertical-align: top;
        overflow-wrap: anywhere; }
      tr:first-child td { border-top: 0; } td:first-child { color: var(--soft);
        white-space: nowrap; width: 1%; }
      details { margin-top: 32px; } summary { cursor: pointer; color: var(--accent); }
      pre { overflow-x: auto; padding: 16px; margin: 12px 0 0; font-size: .85rem; }
      """;

  private final Content content;
  private final StringBuilder html = new StringBuilder();

  private Report(Content content) {
    this.content = content;
  }

  /**
   * Writes the page and the picture, in place of older ones.
   *
   * @param page the HTML file
   * @param picture the loss as PNG
   * @param content what to show, with at least one step
   * @throws UserError if the disk refuses, there is no step, or this machine has no font to draw
   *     with
   */
  public static void write(Path page, Path picture, Content content) {
    if (content.metrics().steps().isEmpty()) {
      throw new UserError("no report for " + page + ": no step has been done");
    }
    Pictures.require(page);
    Charts light = new Charts(content.metrics(), Charts.Theme.LIGHT);
    byte[] loss = Charts.png(light.loss(content.baselines()));
    String text = new Report(content).html();
    AtomicFiles.write(picture, loss);
    AtomicFiles.write(page, text);
  }

  private String html() {
    MetricsReader metrics = content.metrics();
    StepMetrics last = metrics.steps().get(metrics.steps().size() - 1);
    html.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.append("<title>").append(escape(content.title())).append("</title>\n<style>\n");
    html.append(STYLE).append("</style>\n</head>\n<body>\n<main>\n");
    html.append("<h1>").append(escape(content.title())).append("</h1>\n");
    html.append("<p class=\"lead\">tornado-sse training run</p>\n<div class=\"tiles\">\n");
    if (!metrics.evaluations().isEmpty()) {
      EvaluationMetrics held = metrics.evaluations().get(metrics.evaluations().size() - 1);
      tile(number("%.3f", held.bitsPerByte()), "held-out bits per byte");
      tile(number("%.2f", held.perplexity()), "held-out perplexity");
    }
    tile(number("%.3f", last.bitsPerByte()), "training bits per byte, last step");
    tile(number("%,.0f", (double) last.step()), "steps");
    tile(number("%,.0f", median(metrics)), "tokens per second, median");
    tile(duration(metrics.seconds()), "wall clock");
    long skipped = metrics.steps().stream().filter(StepMetrics::skipped).count();
    if (skipped > 0) {
      tile(Long.toString(skipped), "steps skipped, not finite");
    }
    html.append("</div>\n<div class=\"charts\">\n");
    chart("Loss over the steps", true, c -> c.loss(content.baselines()));
    chart("Learning rate over the steps", false, Charts::learningRate);
    chart("Gradient norm over the steps", false, Charts::gradientNorm);
    chart("Tokens per second over the steps", false, Charts::throughput);
    if (new Charts(metrics, Charts.Theme.LIGHT).hasLoad()) {
      chart("Balance loss over the steps", false, Charts::balance);
      chart("Load of each partition over the steps", true, Charts::load);
    }
    html.append("</div>\n<h2>Run</h2>\n<div class=\"card\"><table>\n");
    content
        .facts()
        .forEach(
            (name, value) ->
                html.append("<tr><td>")
                    .append(escape(name))
                    .append("</td><td>")
                    .append(escape(value))
                    .append("</td></tr>\n"));
    for (Baseline baseline : content.baselines()) {
      html.append("<tr><td>")
          .append(escape(baseline.name()))
          .append("</td><td>")
          .append(number("%.3f", baseline.bitsPerByte()))
          .append(" bits per byte</td></tr>\n");
    }
    html.append("</table></div>\n<details><summary>Recipe</summary><pre class=\"card\">");
    html.append(escape(content.recipe())).append("</pre></details>\n</main>\n</body>\n</html>\n");
    return html.toString();
  }

  private void tile(String value, String name) {
    html.append("<div class=\"tile\"><b>").append(value).append("</b><span>");
    html.append(name).append("</span></div>\n");
  }

  private void chart(String alt, boolean wide, Function<Charts, BufferedImage> draw) {
    String dark = data(draw.apply(new Charts(content.metrics(), Charts.Theme.DARK)));
    String light = data(draw.apply(new Charts(content.metrics(), Charts.Theme.LIGHT)));
    html.append(wide ? "<picture class=\"card wide\">" : "<picture class=\"card\">");
    html.append("<source media=\"(prefers-color-scheme: dark)\" srcset=\"").append(dark);
    html.append("\"><img alt=\"").append(alt).append("\" src=\"").append(light);
    html.append("\"></picture>\n");
  }

  private static String data(BufferedImage image) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(Charts.png(image));
  }

  private static double median(MetricsReader metrics) {
    double[] sorted =
        metrics.steps().stream().mapToDouble(StepMetrics::tokensPerSecond).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private static String number(String format, double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "not finite";
  }

  /** Seconds as hours, minutes and seconds. */
  static String duration(double seconds) {
    long s = Math.round(seconds);
    return s < 60
        ? s + " s"
        : s < 3600 ? s / 60 + " min " + s % 60 + " s" : s / 3600 + " h " + s % 3600 / 60 + " min";
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
