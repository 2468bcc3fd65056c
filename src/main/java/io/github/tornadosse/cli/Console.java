package io.github.tornadosse.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/** What commands print: results on standard output, everything else on standard error. */
final class Console {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Console() {}

  static void out(String format, Object... arguments) {
    System.out.println(
        arguments.length == 0 ? format : String.format(Locale.ROOT, format, arguments));
  }

  static void err(String format, Object... arguments) {
    System.err.println(
        arguments.length == 0 ? format : String.format(Locale.ROOT, format, arguments));
  }

  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  static void json(JsonNode node) {
    try {
      System.out.println(JSON.writeValueAsString(node));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A figure with a sensible number of digits, as a JSON number. */
  static double rounded(double x, int digits) {
    double scale = Math.pow(10, digits);
    return Double.isFinite(x) ? Math.rint(x * scale) / scale : x;
  }
}
