package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What golden cases came to on each device and tier, from the lines of {@code verify --json}. */
final class DeviceTable {
  private static final String ROW = "%-10s %-9s %6s %6s %7s  %-8s  %-8s  %s";

  private final Map<List<String>, Row> rows = new LinkedHashMap<>();

  private static final class Row {
    private final Map<String, Integer> outcomes = new LinkedHashMap<>();
    private double forward = Double.NaN;
    private double gradient = Double.NaN;
    private final List<String> reasons = new ArrayList<>();

    int count(String outcome) {
      return outcomes.getOrDefault(outcome, 0);
    }
  }

  /** A case's result, a line of {@code verify --json}. */
  void add(String device, JsonNode result) {
    Row row = row(device, result.path("tier").asText());
    String outcome = result.path("outcome").asText();
    row.outcomes.merge(outcome, 1, Integer::sum);
    row.forward = larger(row.forward, result.path("forward"));
    row.gradient = larger(row.gradient, result.path("gradient"));
    if (outcome.equals("failed")) {
      row.reasons.add(result.path("case").asText() + ": " + result.path("reason").asText());
    }
  }

  /** A device that did not start, or whose process did not come to its end. */
  void broken(String device, String tier, String reason) {
    row(device, tier).reasons.add(reason);
  }

  /** The rows of another table, none of which this one has yet. */
  void addAll(DeviceTable other) {
    rows.putAll(other.rows);
  }

  private Row row(String device, String tier) {
    return rows.computeIfAbsent(List.of(device, tier), key -> new Row());
  }

  /** An error that is not a number in JSON is infinite: something was not finite. */
  private static double larger(double before, JsonNode worst) {
    if (!worst.isObject()) {
      return before;
    }
    double error =
        worst.path("error").isNumber()
            ? worst.path("error").doubleValue()
            : Double.POSITIVE_INFINITY;
    return Double.isNaN(before) ? error : Math.max(before, error);
  }

  /** Whether every device came to its end, no case failed, and on each tier one passed. */
  boolean good() {
    return rows.values().stream().allMatch(r -> r.reasons.isEmpty() && r.count("passed") > 0);
  }

  /** A head and a line for each row. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(line("device", "tier", "passed", "failed", "skipped", "forward", "gradient", ""));
    lines.addAll(rows());
    return lines;
  }

  /** A line for each row. */
  List<String> rows() {
    List<String> lines = new ArrayList<>();
    rows.forEach(
        (key, row) ->
            lines.add(
                line(
                    key.get(0),
                    key.get(1),
                    row.count("passed"),
                    row.count("failed"),
                    row.count("skipped"),
                    error(row.forward),
                    error(row.gradient),
                    String.join("; ", row.reasons))));
    return lines;
  }

  private static String line(Object... fields) {
    return String.format(Locale.ROOT, ROW, fields).stripTrailing();
  }

  private static String error(double x) {
    return Double.isNaN(x) ? "-" : String.format(Locale.ROOT, "%.1e", x);
  }

  /** The rows as {@code devices}, and whether all is {@code good}. */
  ObjectNode json() {
    ObjectNode all = Console.object();
    ArrayNode devices = all.putArray("devices");
    rows.forEach(
        (key, row) -> {
          ObjectNode j = devices.addObject();
          j.put("device", key.get(0));
          j.put("tier", key.get(1));
          for (String outcome : List.of("passed", "failed", "skipped")) {
            j.put(outcome, row.count(outcome));
          }
          put(j, "forward", row.forward);
          put(j, "gradient", row.gradient);
          row.reasons.forEach(j.putArray("reasons")::add);
        });
    all.put("good", good());
    return all;
  }

  private static void put(ObjectNode j, String name, double error) {
    if (!Double.isNaN(error)) {
      j.put(name, error);
    }
  }
}
