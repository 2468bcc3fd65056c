package io.github.tornadosse.eval.inspect;

import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.eval.tasks.HtmlPage;
import java.awt.Color;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** An inspection as one page: figures, and the text in the colours of its partitions. */
public final class InspectionPage {
  private static final int COLLECTED = 12;

  private InspectionPage() {}

  /**
   * Writes the page.
   *
   * @param page the HTML file
   * @param models one or two that have read the same text
   * @param facts names and values, in order
   * @throws io.github.tornadosse.tensor.UserError if the disk refuses
   */
  public static void write(Path page, List<Inspected> models, Map<String, String> facts) {
    HtmlPage html = new HtmlPage("State diagnostics", "tornado-sse, what states hold of a text");
    html.section("Layers");
    List<String> header = new ArrayList<>(List.of("model", "layer"));
    header.addAll(Inspected.FIGURES);
    List<List<String>> rows = new ArrayList<>();
    for (Inspected m : models) {
      for (LayerReport layer : m.layers()) {
        List<String> row = new ArrayList<>(List.of(m.name(), Integer.toString(layer.layer())));
        List<String> figures = m.figures(layer.layer());
        if (figures.isEmpty()) {
          row.add("softmax attention: no state");
        }
        row.addAll(figures);
        while (row.size() < header.size()) {
          row.add("");
        }
        rows.add(row);
      }
    }
    html.table(header, rows);
    for (Inspected m : models) {
      for (LayerReport layer : m.layers()) {
        if (layer.state() != null && layer.state().routing() != null) {
          layer(html, m, layer);
        }
      }
    }
    html.section("Facts");
    html.facts(facts);
    AtomicFiles.makeDirectoryOf(page);
    AtomicFiles.write(page, html.text());
  }

  private static void layer(HtmlPage html, Inspected m, LayerReport layer) {
    LayerReport.Routing routing = layer.state().routing();
    int n = routing.load().length;
    html.section(m.name() + ", layer " + layer.layer() + ": the partition of each token");
    List<HtmlPage.Piece> pieces = new ArrayList<>();
    for (int t = 0; t < routing.first().length; t++) {
      int p = routing.first()[t];
      pieces.add(new HtmlPage.Piece(m.pieces().get(t), colour(p, n), "partition " + (p + 1)));
    }
    html.coloured(pieces);
    List<List<String>> rows = new ArrayList<>();
    for (int p = 0; p < n; p++) {
      rows.add(
          List.of(
              Integer.toString(p + 1),
              String.format(Locale.ROOT, "%.3f", routing.load()[p]),
              m.collected(layer.layer(), p, COLLECTED).stream()
                  .map(
                      e ->
                          String.format(
                              Locale.ROOT, "“%s” %.0f %%", e.getKey(), 100 * e.getValue()))
                  .collect(Collectors.joining("  "))));
    }
    html.table(List.of("partition", "load", "collects most (share of all such tokens)"), rows);
  }

  private static String colour(int partition, int count) {
    Color c = Color.getHSBColor((float) partition / count, 0.35f, 0.97f);
    return String.format(Locale.ROOT, "#%06x", c.getRGB() & 0xffffff);
  }
}
