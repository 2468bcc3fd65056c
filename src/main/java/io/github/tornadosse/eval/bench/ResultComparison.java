package io.github.tornadosse.eval.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Results of two runs of a suite, entry by entry. Of several results of an entry in a file the last
 * one counts.
 *
 * @param rows the entries that both have
 * @param onlyBefore names of entries that only the earlier results have
 * @param onlyAfter names of entries that only the later results have
 */
public record ResultComparison(List<Row> rows, List<String> onlyBefore, List<String> onlyAfter) {
  /** What became of an entry. */
  public enum Verdict {
    /** Slower beyond its interval and the tolerance. */
    SLOWER,
    /** It has no times any more. */
    LOST,
    /** Faster beyond its interval and the tolerance. */
    FASTER,
    /** The same as far as the runs can tell. */
    SAME,
    /** Neither has times, or the earlier one has none. */
    NONE
  }

  /**
   * An entry.
   *
   * @param name its name
   * @param device what it ran on
   * @param before median milliseconds; not a number without times
   * @param after median milliseconds; not a number without times
   * @param ratio the comparison; null where one has no times
   * @param verdict what became of it
   * @param reason why the later one has no times; empty otherwise
   */
  public record Row(
      String name,
      String device,
      double before,
      double after,
      MedianRatio ratio,
      Verdict verdict,
      String reason) {}

  private static final List<String> MACHINE = List.of("cpu", "cores", "os", "device_name", "tier");

  /**
   * Compares.
   *
   * @param before earlier results
   * @param after later results
   * @param tolerance by how much a ratio may be above 1
   * @param anyway compares results of different machines, too
   * @return the comparison
   * @throws UserError if no entry is in both, or they are of different machines, devices or tiers
   */
  public static ResultComparison of(
      List<ObjectNode> before, List<ObjectNode> after, double tolerance, boolean anyway) {
    Map<String, ObjectNode> first = byEntry(before);
    Map<String, ObjectNode> second = byEntry(after);
    List<Row> rows = new ArrayList<>();
    for (Map.Entry<String, ObjectNode> e : second.entrySet()) {
      ObjectNode earlier = first.get(e.getKey());
      if (earlier != null) {
        if (!anyway) {
          checkMachine(earlier, e.getValue());
        }
        rows.add(row(earlier, e.getValue(), tolerance));
      }
    }
    if (rows.isEmpty()) {
      throw new UserError("the two files have no entry in common, so nothing can be compared");
    }
    return new ResultComparison(rows, missing(first, second), missing(second, first));
  }

  private static Map<String, ObjectNode> byEntry(List<ObjectNode> results) {
    Map<String, ObjectNode> all = new LinkedHashMap<>();
    for (ObjectNode r : results) {
      all.put(r.path("name").asText() + " on " + r.path("device").asText(), r);
    }
    return all;
  }

  private static List<String> missing(Map<String, ObjectNode> from, Map<String, ObjectNode> in) {
    return from.keySet().stream().filter(k -> !in.containsKey(k)).toList();
  }

  private static void checkMachine(JsonNode before, JsonNode after) {
    // A result without times may have ended before it had a tier.
    if (!ResultFile.measured(before) || !ResultFile.measured(after)) {
      return;
    }
    for (String key : MACHINE) {
      if (!before.path(key).equals(after.path(key))) {
        throw new UserError(
            "these cannot be compared: "
                + key
                + " of "
                + before.path("name").asText()
                + " is "
                + shown(before.path(key))
                + " before and "
                + shown(after.path(key))
                + " after; --anyway compares them");
      }
    }
  }

  private static String shown(JsonNode n) {
    return n.isMissingNode() ? "unknown" : n.toString();
  }

  private static Row row(JsonNode before, JsonNode after, double tolerance) {
    boolean had = ResultFile.measured(before);
    boolean has = ResultFile.measured(after);
    double first = had ? Figures.median(ResultFile.times(before)) : Double.NaN;
    double second = has ? Figures.median(ResultFile.times(after)) : Double.NaN;
    MedianRatio ratio =
        had && has ? MedianRatio.of(ResultFile.times(before), ResultFile.times(after)) : null;
    Verdict verdict;
    if (ratio == null) {
      verdict = had ? Verdict.LOST : Verdict.NONE;
    } else if (ratio.slower(tolerance)) {
      verdict = Verdict.SLOWER;
    } else {
      verdict = ratio.faster(tolerance) ? Verdict.FASTER : Verdict.SAME;
    }
    String reason =
        has ? "" : after.path("outcome").asText() + ": " + after.path("reason").asText();
    return new Row(
        after.path("name").asText(),
        after.path("device").asText(),
        first,
        second,
        ratio,
        verdict,
        reason);
  }

  /** Whether an entry is slower, or has no times any more. */
  public boolean worse() {
    return rows.stream().anyMatch(r -> r.verdict == Verdict.SLOWER || r.verdict == Verdict.LOST);
  }
}
