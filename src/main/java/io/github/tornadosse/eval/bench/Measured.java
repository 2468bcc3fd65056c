package io.github.tornadosse.eval.bench;

import com.fasterxml.jackson.databind.JsonNode;

/** A result with times, as a report takes it. */
record Measured(JsonNode json) {
  String text(String field) {
    return json.path(field).asText("");
  }

  int number(String field) {
    return json.path(field).asInt();
  }

  double figure(String field) {
    return json.path(field).isNumber() ? json.path(field).doubleValue() : Double.NaN;
  }

  double median() {
    return Figures.median(ResultFile.times(json));
  }

  boolean mixer() {
    return text("kind").equals("mixer");
  }

  /** Device and tier, and the threads if it has any. */
  String where() {
    int threads = number("threads");
    String on = text("device") + " " + text("tier");
    return threads == 0 ? on : on + ", " + threads + (threads == 1 ? " thread" : " threads");
  }

  /** The mixer with its form. */
  String what() {
    return number("partitions") > 0 ? text("mixer") + " " + text("form") : text("mixer");
  }

  /** The mixer with its form, N and k. */
  String whatAndPartitions() {
    return number("partitions") > 0
        ? what() + ", N = " + number("partitions") + ", k = " + number("topk")
        : what();
  }

  /** All that a plot has one value of: what is left are mixer, form, tokens, N and k. */
  String setting() {
    return text("pass")
        + ", "
        + number("heads")
        + " heads of "
        + number("dim")
        + ", "
        + text("precision")
        + ", "
        + where();
  }
}
