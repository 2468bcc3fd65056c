package io.github.tornadosse.eval.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.NearestName;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/** Keys and values of a part of a plan, each value a single one or a list. */
final class PlanGroup {
  private final JsonNode node;
  private final String what;

  PlanGroup(JsonNode node, String what, List<String> known) {
    this.node = node;
    this.what = what;
    if (!node.isObject()) {
      throw new UserError(what + " must be lines of key: value");
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (!known.contains(field.getKey())) {
        throw new UserError(
            "unknown key "
                + FileErrors.quote(field.getKey())
                + " in "
                + what
                + NearestName.of(field.getKey(), known)
                    .map(k -> "; did you mean '" + k + "'?")
                    .orElse("; known are " + String.join(", ", known)));
      }
    }
  }

  /** Runs what reads the group, so that its errors say which group it is. */
  void check(Runnable reading) {
    try {
      reading.run();
    } catch (UserError e) {
      throw new UserError(what + ": " + e.getMessage(), e);
    }
  }

  static void limit(int count, int most) {
    if (count > most) {
      throw new UserError("it stands for more than " + most + " entries");
    }
  }

  private JsonNode get(String key) {
    JsonNode n = node.get(key);
    return n == null || n.isNull() ? null : n;
  }

  private static UserError wrong(String key, JsonNode n, String expected) {
    String shown = n == null ? "" : n.isTextual() ? n.textValue() : n.toString();
    String found = n == null ? " is missing" : " is " + FileErrors.quote(shown);
    return new UserError(key + found + "; it must be " + expected);
  }

  /** The groups of a list; none if it is left out. */
  List<PlanGroup> groups(String key, List<String> known) {
    JsonNode list = get(key);
    List<PlanGroup> all = new ArrayList<>();
    if (list == null) {
      return all;
    }
    if (!list.isArray()) {
      throw wrong(key, list, "a list of groups");
    }
    for (JsonNode n : list) {
      all.add(new PlanGroup(n, key + " " + (all.size() + 1), known));
    }
    return all;
  }

  private List<JsonNode> values(String key) {
    JsonNode n = get(key);
    List<JsonNode> all = new ArrayList<>();
    if (n == null) {
      return null;
    }
    if (n.isArray()) {
      n.forEach(all::add);
    } else {
      all.add(n);
    }
    if (all.isEmpty()) {
      throw wrong(key, n, "a value, or a list with at least one");
    }
    if (new HashSet<>(all).size() < all.size()) {
      throw wrong(key, n, "a list that names nothing twice");
    }
    return all;
  }

  /** Whole numbers from 1 on; fallback null: they must be there. */
  List<Integer> numbers(String key, List<Integer> fallback) {
    List<JsonNode> values = values(key);
    String expected = "a whole number from 1 on, or a list of them";
    if (values == null) {
      if (fallback == null) {
        throw wrong(key, null, expected);
      }
      return fallback;
    }
    List<Integer> all = new ArrayList<>();
    for (JsonNode n : values) {
      if (!n.isIntegralNumber() || !n.canConvertToInt() || n.intValue() < 1) {
        throw wrong(key, n, expected);
      }
      all.add(n.intValue());
    }
    return all;
  }

  /** Texts; allowed null: any. */
  List<String> texts(String key, List<String> fallback, List<String> allowed) {
    List<JsonNode> values = values(key);
    String expected =
        allowed == null
            ? "a text, or a list of texts"
            : "one or more of " + String.join(", ", allowed);
    if (values == null) {
      if (fallback == null) {
        throw wrong(key, null, expected);
      }
      return fallback;
    }
    List<String> all = new ArrayList<>();
    for (JsonNode n : values) {
      if (!n.isTextual() || allowed != null && !allowed.contains(n.textValue())) {
        throw wrong(key, n, expected);
      }
      all.add(n.textValue());
    }
    return all;
  }

  int one(String key, int fallback, int most) {
    List<Integer> all = numbers(key, List.of(fallback));
    if (all.size() > 1 || all.get(0) > most) {
      throw wrong(key, get(key), "a whole number from 1 to " + most);
    }
    return all.get(0);
  }

  String text(String key, String fallback) {
    List<String> all = texts(key, fallback == null ? null : List.of(fallback), null);
    if (all.size() > 1 || all.get(0).isBlank()) {
      throw wrong(key, get(key), "a text");
    }
    return all.get(0);
  }

  boolean truth(String key, boolean fallback) {
    JsonNode n = get(key);
    if (n != null && !n.isBoolean()) {
      throw wrong(key, n, "true or false");
    }
    return n == null ? fallback : n.booleanValue();
  }
}
