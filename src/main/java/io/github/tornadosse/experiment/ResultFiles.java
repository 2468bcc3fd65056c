package io.github.tornadosse.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.eval.tasks.HtmlPage;
import io.github.tornadosse.tensor.JsonFiles;
import io.github.tornadosse.tensor.Pictures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The results of an experiment: one table as {@code results.csv}, {@code results.md} and {@code
 * results.json}, one plot {@code recall.png}, and a page {@code report.html} with all of it.
 */
public final class ResultFiles {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Summary summary;

  private ResultFiles(Summary summary) {
    this.summary = summary;
  }

  /**
   * Writes all files, in place of older ones.
   *
   * @param directory where they go
   * @param summary with at least one model
   * @param facts names and values, in order
   * @throws io.github.tornadosse.tensor.UserError if the disk refuses, or this machine has no font
   *     to draw with
   */
  public static void write(Path directory, Summary summary, Map<String, String> facts) {
    ResultFiles files = new ResultFiles(summary);
    AtomicFiles.write(directory.resolve("results.csv"), files.csv());
    AtomicFiles.write(directory.resolve("results.md"), files.markdown());
    AtomicFiles.write(directory.resolve("results.json"), JsonFiles.text(json(summary)));
    Path page = directory.resolve("report.html");
    Pictures.require(page);
    byte[] plot = Plots.againstState(summary);
    AtomicFiles.write(directory.resolve("recall.png"), plot);
    HtmlPage html = new HtmlPage(summary.title(), "tornado-sse, experiment");
    html.picture(files.value() + " against state bytes", plot);
    if (summary.models().get(0).scores().size() > 1) {
      html.picture(files.value() + " by load", Plots.byLoad(summary));
    }
    html.section("Results");
    List<List<String>> rows = files.rows();
    html.table(rows.get(0), rows.subList(1, rows.size()));
    html.section("Facts");
    html.facts(facts);
    AtomicFiles.write(page, html.text());
  }

  private String value() {
    return summary.text() ? "bits per byte" : "accuracy";
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static String number(double x) {
    return Double.isNaN(x) ? "" : text("%.5f", x);
  }

  /** A row a model, length and number of pairs. */
  private String csv() {
    StringBuilder csv =
        new StringBuilder("model,parameters,state_bytes,learning_rate,length,pairs,");
    csv.append(value().replace(' ', '_')).append(",ci95,nats,seeds\n");
    for (Summary.Model m : summary.models()) {
      for (Summary.Score s : m.scores()) {
        csv.append(
            String.join(
                ",",
                m.name(),
                Long.toString(m.parameters()),
                Long.toString(m.stateBytes()),
                Double.toString(m.learningRate()),
                Integer.toString(s.length()),
                s.pairs() == 0 ? "" : Integer.toString(s.pairs()),
                number(s.value().mean()),
                number(s.value().half()),
                number(s.nats()),
                Integer.toString(s.value().count())));
        csv.append('\n');
      }
    }
    return csv.toString();
  }

  /** A row a model, a column for each length and number of pairs; the header first. */
  private List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    List<String> header =
        new ArrayList<>(Arrays.asList("model", "parameters", "state bytes", "learning rate"));
    for (Summary.Score s : summary.models().get(0).scores()) {
      header.add(column(s));
    }
    header.add("mean");
    header.add("seeds");
    rows.add(header);
    for (Summary.Model m : summary.models()) {
      List<String> row = new ArrayList<>();
      row.add(m.name());
      row.add(text("%,d", m.parameters()));
      row.add(text("%,d", m.stateBytes()));
      row.add(Double.toString(m.learningRate()));
      m.scores().forEach(s -> row.add(s.value().text()));
      row.add(m.overall().text());
      row.add(Integer.toString(m.overall().count()));
      rows.add(row);
    }
    return rows;
  }

  private String column(Summary.Score s) {
    List<Summary.Score> all = summary.models().get(0).scores();
    boolean oneLength = all.stream().map(Summary.Score::length).distinct().count() == 1;
    boolean onePairs = all.stream().map(Summary.Score::pairs).distinct().count() == 1;
    if (s.pairs() == 0) {
      return value();
    }
    return oneLength && !onePairs
        ? s.pairs() + " pairs"
        : onePairs ? s.length() + " tokens" : s.length() + " tokens, " + s.pairs() + " pairs";
  }

  private String markdown() {
    StringBuilder md = new StringBuilder();
    List<List<String>> rows = rows();
    for (int i = 0; i < rows.size(); i++) {
      md.append("| ").append(String.join(" | ", rows.get(i))).append(" |\n");
      if (i == 0) {
        md.append("|").append(" --- |".repeat(rows.get(0).size())).append('\n');
      }
    }
    return md.toString();
  }

  /** The table and all finished runs. */
  public static ObjectNode json(Summary summary) {
    ObjectNode json = JSON.createObjectNode();
    json.put("title", summary.title());
    json.put("value", summary.text() ? "bits_per_byte" : "accuracy");
    ArrayNode models = json.putArray("models");
    for (Summary.Model m : summary.models()) {
      ObjectNode o = models.addObject();
      o.put("model", m.name());
      o.put("kind", m.describe());
      o.put("parameters", m.parameters());
      o.put("state_bytes", m.stateBytes());
      o.put("learning_rate", m.learningRate());
      o.put("validation", m.validation());
      put(o, m.overall());
      ArrayNode scores = o.putArray("scores");
      for (Summary.Score s : m.scores()) {
        ObjectNode score = scores.addObject().put("length", s.length());
        if (s.pairs() > 0) {
          score.put("pairs", s.pairs());
        }
        put(score, s.value());
        score.put("nats", s.nats());
      }
    }
    ArrayNode runs = json.putArray("runs");
    summary.cells().entrySet().stream()
        .sorted((a, b) -> a.getKey().describe().compareTo(b.getKey().describe()))
        .forEach(
            e ->
                runs.addObject()
                    .put("model", e.getKey().model())
                    .put("learning_rate", e.getKey().learningRate())
                    .put("seed", e.getKey().seed())
                    .put("validation", e.getValue().validationValue())
                    .put("seconds", e.getValue().seconds())
                    .put("directory", e.getKey().directory().toString()));
    return json;
  }

  private static void put(ObjectNode o, Spread s) {
    o.put("mean", s.mean());
    if (!Double.isNaN(s.half())) {
      o.put("ci95", s.half());
    }
    o.put("seeds", s.count());
  }
}
