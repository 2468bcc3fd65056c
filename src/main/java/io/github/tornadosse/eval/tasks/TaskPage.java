package io.github.tornadosse.eval.tasks;

import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.tensor.Pictures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** Scores of a task as one page with heat maps, and the map over depth as a picture. */
public final class TaskPage {
  private TaskPage() {}

  /**
   * Writes the page, and beside it the heat map over length and depth under the same name with
   * {@code .png}.
   *
   * @param page the HTML file
   * @param title what was measured
   * @param scores one for each length and number of pairs
   * @param facts names and values, in order
   * @return the picture
   * @throws io.github.tornadosse.tensor.UserError if the disk refuses, or this machine has no font
   *     to draw with
   */
  public static Path write(
      Path page, String title, List<TaskScore> scores, Map<String, String> facts) {
    Pictures.require(page);
    HtmlPage html = new HtmlPage(title, "tornado-sse, accuracy on a generated task");
    byte[] picture = HeatMap.png(depths(scores, title + ": accuracy by depth"));
    html.picture("Accuracy by length and depth", picture);
    if (scores.stream().map(TaskScore::pairs).distinct().count() > 1) {
      html.picture(
          "Accuracy by length and number of pairs",
          HeatMap.png(pairs(scores, title + ": accuracy by pairs")));
    }
    html.section("Scores");
    html.table(
        List.of("length", "pairs", "accuracy", "95 % interval", "all right", "nats", "answers"),
        scores.stream().map(TaskPage::row).toList());
    html.section("Facts");
    html.facts(facts);
    AtomicFiles.makeDirectoryOf(page);
    AtomicFiles.write(page, html.text());
    String name = page.getFileName().toString().replaceFirst("\\.html?$", "") + ".png";
    Path file = page.resolveSibling(name);
    AtomicFiles.write(file, picture);
    return file;
  }

  private static List<String> row(TaskScore s) {
    TaskScore.Interval i = s.interval();
    return List.of(
        Integer.toString(s.length()),
        Integer.toString(s.pairs()),
        text("%.4f", s.accuracy()),
        text("%.4f to %.4f", i.low(), i.high()),
        text("%.4f", (double) s.exact() / s.examples()),
        text("%.4f", s.nats()),
        Long.toString(s.queries()));
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static HeatMap depths(List<TaskScore> scores, String title) {
    List<Integer> lengths = distinct(scores.stream().map(TaskScore::length).toList());
    double[][] values = new double[lengths.size()][TaskScore.DEPTHS];
    for (int x = 0; x < values.length; x++) {
      int length = lengths.get(x);
      List<TaskScore> column = scores.stream().filter(s -> s.length() == length).toList();
      for (int d = 0; d < TaskScore.DEPTHS; d++) {
        int depth = d;
        long asked = column.stream().mapToLong(s -> s.depths()[depth].queries()).sum();
        long right = column.stream().mapToLong(s -> s.depths()[depth].correct()).sum();
        values[x][d] = asked == 0 ? Double.NaN : (double) right / asked;
      }
    }
    List<String> parts = new ArrayList<>();
    for (int d = 0; d < TaskScore.DEPTHS; d++) {
      parts.add(100 * d / TaskScore.DEPTHS + " %");
    }
    return new HeatMap(
        title, "tokens", lengths.stream().map(String::valueOf).toList(), "depth", parts, values);
  }

  private static HeatMap pairs(List<TaskScore> scores, String title) {
    List<Integer> lengths = distinct(scores.stream().map(TaskScore::length).toList());
    List<Integer> pairs = distinct(scores.stream().map(TaskScore::pairs).toList());
    double[][] values = new double[lengths.size()][pairs.size()];
    for (int x = 0; x < values.length; x++) {
      for (int y = 0; y < pairs.size(); y++) {
        int length = lengths.get(x);
        int count = pairs.get(y);
        values[x][y] =
            scores.stream()
                .filter(s -> s.length() == length && s.pairs() == count)
                .mapToDouble(TaskScore::accuracy)
                .findFirst()
                .orElse(Double.NaN);
      }
    }
    return new HeatMap(
        title,
        "tokens",
        lengths.stream().map(String::valueOf).toList(),
        "pairs",
        pairs.stream().map(String::valueOf).toList(),
        values);
  }

  private static List<Integer> distinct(List<Integer> values) {
    return List.copyOf(new TreeSet<>(values));
  }
}
