package io.github.tornadosse.eval.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.eval.tasks.HtmlPage;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.tensor.Pictures;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Results of suites as one page that needs no other file, and its plots as pictures beside it. */
public final class SuiteReport {
  private static final List<String> FACTS =
      List.of(
          "cpu",
          "cores",
          "memory_bytes",
          "os",
          "jdk",
          "device",
          "device_name",
          "driver",
          "tier",
          "commit",
          "date",
          "load");

  /** Bars that are still told apart. */
  private static final int MOST_BARS = 24;

  private final Path page;
  private final String stem;
  private final HtmlPage html;
  private final List<ObjectNode> results;
  private final List<Measured> measured;
  private final List<Measured> mixers;
  private final List<Path> pictures = new ArrayList<>();

  private SuiteReport(Path page, String title, List<ObjectNode> results) {
    this.page = page;
    stem = page.getFileName().toString().replaceFirst("\\.html?$", "");
    html = new HtmlPage(title, "tornado-sse, benchmark suite");
    this.results = results;
    measured = results.stream().filter(ResultFile::measured).map(Measured::new).toList();
    mixers = measured.stream().filter(Measured::mixer).toList();
  }

  /**
   * Writes the page, and its plots under its name with a number and {@code .png}.
   *
   * @param page the HTML file; its directory is made
   * @param title its heading
   * @param results of one or several machines and devices
   * @return the pictures
   * @throws UserError if nothing was measured, the disk refuses, or this machine has no font to
   *     draw with
   */
  public static List<Path> write(Path page, String title, List<ObjectNode> results) {
    SuiteReport report = new SuiteReport(page, title, results);
    if (report.measured.isEmpty()) {
      throw new UserError("no result has times, so there is nothing to report");
    }
    Pictures.require(page);
    AtomicFiles.makeDirectoryOf(page);
    report.write();
    return report.pictures;
  }

  private void write() {
    lengths();
    partitions();
    rooflines();
    devices();
    peers();
    threads();
    memory();
    models();
    all();
    facts();
    AtomicFiles.write(page, html.text());
  }

  private void picture(String name, String alt, Supplier<byte[]> draw) {
    byte[] png = draw.get();
    Path file = page.resolveSibling(stem + "-" + name + ".png");
    AtomicFiles.write(file, png);
    pictures.add(file);
    html.picture(alt, png);
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static String interval(PowerFit fit) {
    return Double.isNaN(fit.half())
        ? text("%.3f", fit.exponent())
        : text("%.3f ± %.3f", fit.exponent(), fit.half());
  }

  // ---------------------------------------------------------------- plots

  private void lengths() {
    List<SuitePlots.Lines> plots =
        SuitePlots.group(
            mixers, Measured::setting, Measured::whatAndPartitions, m -> m.number("tokens"));
    if (plots.isEmpty()) {
      return;
    }
    html.section("Time against length");
    html.paragraph(
        "Medians on logarithmic axes, with a power of the length fitted to each line by least"
            + " squares; 1 is linear, 2 quadratic. The interval is of 95 % confidence, from how far"
            + " the points lie off the line.");
    List<List<String>> rows = new ArrayList<>();
    int number = 0;
    for (SuitePlots.Lines plot : plots) {
      picture(
          "length-" + ++number,
          "Time against length: " + plot.title(),
          () -> SuitePlots.times(plot, "tokens", m -> m.number("tokens")));
      plot.lines().forEach((name, line) -> rows.add(fitted(plot, name, line, "tokens")));
    }
    html.table(List.of("setting", "mixer", "lengths", "exponent"), rows);
  }

  private static List<String> fitted(
      SuitePlots.Lines plot, String name, List<Measured> line, String field) {
    double[] x = SuitePlots.values(line, m -> m.number(field));
    PowerFit fit = PowerFit.of(x, SuitePlots.values(line, Measured::median));
    return List.of(
        plot.title(),
        name,
        text("%,.0f to %,.0f (%d)", x[0], x[x.length - 1], x.length),
        interval(fit));
  }

  private void partitions() {
    List<SuitePlots.Lines> plots =
        SuitePlots.group(
            mixers.stream().filter(m -> m.number("partitions") > 0).toList(),
            m -> text("%,d tokens, k = %d, %s", m.number("tokens"), m.number("topk"), m.setting()),
            Measured::what,
            m -> m.number("partitions"));
    if (plots.isEmpty()) {
      return;
    }
    html.section("Time against the number of partitions");
    html.paragraph(
        "At a fixed k. Sorted rows are L·(1 + k) whatever N is; the masked form runs every"
            + " partition over all tokens.");
    List<List<String>> rows = new ArrayList<>();
    int number = 0;
    for (SuitePlots.Lines plot : plots) {
      picture(
          "partitions-" + ++number,
          "Time against partitions: " + plot.title(),
          () -> SuitePlots.times(plot, "partitions N", m -> m.number("partitions")));
      plot.lines().forEach((name, line) -> rows.add(fitted(plot, name, line, "partitions")));
    }
    html.table(List.of("setting", "mixer", "N", "exponent"), rows);
  }

  private void rooflines() {
    Map<String, List<Measured>> by = new LinkedHashMap<>();
    for (Measured m : measured) {
      by.computeIfAbsent(m.where() + ", " + m.text("precision"), k -> new ArrayList<>()).add(m);
    }
    html.section("Roofline");
    html.paragraph(
        "Nominal operations per second against operations for each byte that has to be moved at"
            + " least. The roof is the fastest product and the fastest copy measured in turns with"
            + " the entries, in the same processes.");
    int number = 0;
    for (Map.Entry<String, List<Measured>> e : by.entrySet()) {
      picture(
          "roofline-" + ++number,
          "Roofline: " + e.getKey(),
          () -> SuitePlots.roofline(e.getKey(), e.getValue()));
    }
  }

  private static String entry(Measured m) {
    return m.text("name").replaceFirst("/t[0-9]+$", "");
  }

  /** Where results ran, by entry; a later result wins. */
  private Map<String, Map<String, Measured>> byEntry() {
    Map<String, Map<String, Measured>> all = new LinkedHashMap<>();
    for (Measured m : measured) {
      all.computeIfAbsent(entry(m), k -> new LinkedHashMap<>()).put(m.where(), m);
    }
    return all;
  }

  private void devices() {
    Map<String, Map<String, Measured>> several = byEntry();
    several
        .values()
        .removeIf(on -> on.values().stream().map(m -> m.text("device")).distinct().count() < 2);
    html.section("Device by device");
    if (several.isEmpty()) {
      html.paragraph("All results are of one device.");
      return;
    }
    Set<String> places = new LinkedHashSet<>();
    several.values().forEach(on -> places.addAll(on.keySet()));
    List<String> names = several.keySet().stream().limit(MOST_BARS).toList();
    Map<String, double[]> bars = new LinkedHashMap<>();
    for (String place : places) {
      bars.put(place, names.stream().mapToDouble(n -> speed(several.get(n).get(place))).toArray());
    }
    picture(
        "devices",
        "Speed by device",
        () -> SuitePlots.bars("Speed by device", "GFLOP/s (fastest run)", names, bars));
    List<String> header = new ArrayList<>(List.of("entry"));
    places.forEach(p -> header.add(p + ", ms"));
    List<List<String>> rows = new ArrayList<>();
    several.forEach(
        (name, on) -> {
          List<String> row = new ArrayList<>(List.of(name));
          places.forEach(p -> row.add(on.containsKey(p) ? text("%.3f", on.get(p).median()) : ""));
          rows.add(row);
        });
    html.table(header, rows);
  }

  private static double speed(Measured m) {
    return m == null ? Double.NaN : m.figure("gflops");
  }

  private void peers() {
    List<Measured> with =
        measured.stream().filter(m -> m.json().path("peer").path("median_ms").isNumber()).toList();
    html.section("Beside the peer");
    if (with.isEmpty()) {
      html.paragraph("No peer was timed.");
      return;
    }
    html.paragraph(
        "How many times as long the peer takes for the same sizes, run in the same sitting with as"
            + " many threads: above 1 this program is faster. Medians.");
    List<Measured> shown = with.stream().limit(MOST_BARS).toList();
    Map<String, double[]> bars = new LinkedHashMap<>();
    bars.put("peer / ours", shown.stream().mapToDouble(SuiteReport::peerRatio).toArray());
    picture(
        "peer",
        "Peer's time over ours",
        () ->
            SuitePlots.bars(
                "Peer's time over ours",
                "ratio of medians",
                shown.stream().map(m -> m.text("name")).toList(),
                bars));
    html.table(
        List.of("entry", "ours, ms", "peer, ms", "ratio", "peer"),
        with.stream()
            .map(
                m ->
                    List.of(
                        m.text("name"),
                        text("%.3f", m.median()),
                        text("%.3f", m.json().path("peer").path("median_ms").doubleValue()),
                        text("%.2f", peerRatio(m)),
                        m.json().path("peer").path("command").asText()))
            .toList());
  }

  private static double peerRatio(Measured m) {
    return m.json().path("peer").path("median_ms").doubleValue() / m.median();
  }

  // ---------------------------------------------------------------- tables

  private void threads() {
    List<List<String>> rows = new ArrayList<>();
    Map<String, Map<Integer, Measured>> by = new LinkedHashMap<>();
    for (Measured m : measured) {
      if (m.number("threads") > 0) {
        String key = entry(m) + " on " + m.text("device") + " " + m.text("tier");
        by.computeIfAbsent(key, k -> new LinkedHashMap<>()).put(m.number("threads"), m);
      }
    }
    by.forEach(
        (name, counts) -> {
          int least = counts.keySet().stream().mapToInt(i -> i).min().orElseThrow();
          counts.forEach(
              (threads, m) -> {
                if (threads > least) {
                  Measured one = counts.get(least);
                  rows.add(
                      List.of(
                          name,
                          Integer.toString(least),
                          text("%.3f", one.median()),
                          Integer.toString(threads),
                          text("%.3f", m.median()),
                          text("%.2f", one.median() / m.median())));
                }
              });
        });
    if (!rows.isEmpty()) {
      html.section("More threads");
      html.table(List.of("entry", "threads", "ms", "threads", "ms", "times as fast"), rows);
    }
  }

  private void memory() {
    html.section("Memory");
    html.paragraph(
        "Arrays as planned and the most that can be on the heap at once, over what goes in and"
            + " comes out; the yardsticks' arrays are not counted.");
    html.table(
        List.of("entry", "in and out", "planned", "ratio", "peak", "ratio"),
        mixers.stream()
            .map(
                m ->
                    List.of(
                        m.text("name") + " on " + m.text("device"),
                        bytes(m, "io_bytes"),
                        bytes(m, "planned_bytes"),
                        ratio(m, "planned_over_io"),
                        bytes(m, "peak_bytes"),
                        ratio(m, "peak_over_io")))
            .toList());
  }

  private static String bytes(Measured m, String field) {
    return m.json().path(field).isNumber()
        ? MemoryBudget.format(m.json().path(field).longValue())
        : "";
  }

  private static String ratio(Measured m, String field) {
    return Double.isNaN(m.figure(field)) ? "" : text("%.3f", m.figure(field));
  }

  private void models() {
    List<Measured> models = measured.stream().filter(m -> !m.mixer()).toList();
    if (models.isEmpty()) {
      return;
    }
    html.section("Models");
    html.table(
        List.of("model", "measure", "tokens", "where", "tokens/s", "GFLOP/s", "of a product"),
        models.stream()
            .map(
                m ->
                    List.of(
                        m.text("model"),
                        m.text("measure"),
                        text("%,d", m.number("tokens")),
                        m.where() + ", " + m.text("precision"),
                        text("%,.1f", m.figure("tokens_per_second")),
                        text("%.1f", m.figure("gflops")),
                        text("%.2f", m.figure("of_product"))))
            .toList());
  }

  private void all() {
    html.section("All entries");
    html.table(
        List.of(
            "entry",
            "device, tier",
            "outcome",
            "parity: forward",
            "gradient",
            "ms: fastest",
            "median",
            "runs",
            "GFLOP/s",
            "of a product",
            "copy, GB/s"),
        results.stream().map(SuiteReport::row).toList());
  }

  private static List<String> row(JsonNode r) {
    Measured m = new Measured(r);
    boolean has = ResultFile.measured(r);
    String reason = r.path("reason").asText("");
    return List.of(
        m.text("name"),
        m.text("device") + " " + m.text("tier"),
        m.text("outcome") + (reason.isEmpty() ? "" : ": " + reason),
        error(r.path("parity").path("forward")),
        error(r.path("parity").path("gradient")),
        has ? text("%.3f", Figures.fastest(ResultFile.times(r))) : "",
        has ? text("%.3f", m.median()) : "",
        has ? Integer.toString(ResultFile.times(r).length) : "",
        has ? text("%.1f", m.figure("gflops")) : "",
        has ? text("%.2f", m.figure("of_product")) : "",
        has ? text("%.1f", m.figure("copy_gbs")) : "");
  }

  private static String error(JsonNode worst) {
    JsonNode error = worst.path("error");
    return worst.isMissingNode() ? "" : error.isNumber() ? text("%.1e", error.doubleValue()) : "∞";
  }

  /** What each machine, device and build was. */
  private void facts() {
    Set<Map<String, String>> sets = new LinkedHashSet<>();
    Map<Map<String, String>, List<String>> dates = new LinkedHashMap<>();
    for (JsonNode r : results) {
      Map<String, String> facts = new LinkedHashMap<>();
      for (String name : FACTS) {
        if (r.has(name) && !List.of("date", "load").contains(name)) {
          facts.put(name, r.get(name).asText());
        }
      }
      sets.add(facts);
      dates
          .computeIfAbsent(facts, k -> new ArrayList<>())
          .add(r.path("date").asText("") + ", load " + r.path("load").asText("unknown"));
    }
    for (Map<String, String> facts : sets) {
      html.section("Facts");
      Map<String, String> shown = new LinkedHashMap<>(facts);
      List<String> when = dates.get(facts);
      shown.put("first result", when.get(0));
      shown.put("last result", when.get(when.size() - 1));
      html.facts(shown);
    }
    String commits =
        String.join(
            ", ",
            Stream.of(results)
                .flatMap(List::stream)
                .map(r -> r.path("commit").asText(""))
                .distinct()
                .toList());
    html.paragraph("Commits: " + commits);
  }
}
