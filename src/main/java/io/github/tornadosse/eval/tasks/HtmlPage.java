package io.github.tornadosse.eval.tasks;

import java.util.Base64;
import java.util.List;
import java.util.Map;

/** A page that needs no other file, built from top to bottom. */
public final class HtmlPage {
  private static final String STYLE =
      """
      :root { color-scheme: light dark; --page: #f4f6f9; --card: #ffffff; --text: #1f2430;
        --soft: #6b7280; --line: #e4e7ec; }
      @media (prefers-color-scheme: dark) { :root { --page: #0f1218; --card: #171b24;
        --text: #d7dce6; --soft: #9aa4b5; --line: #2a303c; } }
      body { margin: 0; background: var(--page); color: var(--text); line-height: 1.5;
        font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
      main { max-width: 1216px; margin: 0 auto; padding: 32px 24px 64px; }
      h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 32px 0 12px; }
      .lead { color: var(--soft); margin: 4px 0 24px; }
      .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
        overflow: auto; margin-bottom: 16px; }
      .card img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
      table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
      th, td { padding: 6px 14px; border-top: 1px solid var(--line); text-align: left;
        vertical-align: top; overflow-wrap: anywhere; }
      tr:first-child > * { border-top: 0; } th { color: var(--soft); font-weight: 600; }
      .text { padding: 14px 16px; white-space: pre-wrap; font-family: ui-monospace, monospace;
        font-size: .85rem; overflow-wrap: anywhere; } .text span { color: #1f2430; }
      """;

  private final StringBuilder html = new StringBuilder();

  /**
   * Begins a page.
   *
   * @param title its heading
   * @param lead what it is, below
   */
  public HtmlPage(String title, String lead) {
    html.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.append("<title>").append(escape(title)).append("</title>\n<style>\n").append(STYLE);
    html.append("</style>\n</head>\n<body>\n<main>\n<h1>").append(escape(title));
    html.append("</h1>\n<p class=\"lead\">").append(escape(lead)).append("</p>\n");
  }

  /** Begins a section with a heading. */
  public void section(String heading) {
    html.append("<h2>").append(escape(heading)).append("</h2>\n");
  }

  /** Adds a paragraph. */
  public void paragraph(String text) {
    html.append("<p>").append(escape(text)).append("</p>\n");
  }

  /**
   * Adds a picture.
   *
   * @param alt what it shows
   * @param png its bytes
   */
  public void picture(String alt, byte[] png) {
    html.append("<div class=\"card\"><img alt=\"").append(escape(alt));
    html.append("\" src=\"data:image/png;base64,");
    html.append(Base64.getEncoder().encodeToString(png)).append("\"></div>\n");
  }

  /**
   * Adds a table.
   *
   * @param header names of the columns
   * @param rows as many cells each
   */
  public void table(List<String> header, List<List<String>> rows) {
    html.append("<div class=\"card\"><table><tr>");
    header.forEach(name -> html.append("<th>").append(escape(name)).append("</th>"));
    html.append("</tr>\n");
    for (List<String> row : rows) {
      html.append("<tr>");
      row.forEach(cell -> html.append("<td>").append(escape(cell)).append("</td>"));
      html.append("</tr>\n");
    }
    html.append("</table></div>\n");
  }

  /** Adds names and values. */
  public void facts(Map<String, String> facts) {
    table(
        List.of("", ""),
        facts.entrySet().stream().map(e -> List.of(e.getKey(), e.getValue())).toList());
  }

  /** A piece of text with a colour behind it. */
  public record Piece(String text, String colour, String title) {}

  /** Adds coloured text. */
  public void coloured(List<Piece> pieces) {
    html.append("<div class=\"card text\">");
    for (Piece p : pieces) {
      html.append("<span style=\"background:").append(p.colour).append("\" title=\"");
      html.append(escape(p.title)).append("\">").append(escape(p.text)).append("</span>");
    }
    html.append("</div>\n");
  }

  /** The whole page. */
  public String text() {
    return html + "</main>\n</body>\n</html>\n";
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
