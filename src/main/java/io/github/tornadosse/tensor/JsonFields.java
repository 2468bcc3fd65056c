package io.github.tornadosse.tensor;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * The fields of a configuration. One that is null counts as left out; one of the wrong type is a
 * {@link UserError} that names it, its value and what it must be.
 *
 * @param json the object
 * @param where names its source in messages
 * @param prefix precedes the fields' names in messages, such as {@code attn.}
 */
public record JsonFields(JsonNode json, String where, String prefix) {
  /**
   * A field's value.
   *
   * @param name the field
   * @return null if it is left out
   */
  public JsonNode get(String name) {
    JsonNode n = json.get(name);
    return n == null || n.isNull() ? null : n;
  }

  /**
   * The error of a field's value.
   *
   * @param name the field
   * @param expected what it must be, such as "a number"
   * @return the error to throw
   */
  public UserError wrong(String name, String expected) {
    JsonNode n = get(name);
    return new UserError(
        where
            + ": "
            + prefix
            + name
            + (n == null ? " is missing" : " is " + n)
            + "; it must be "
            + expected);
  }

  /**
   * A whole number.
   *
   * @param name the field
   * @param fallback its value if it is left out
   * @return the number
   */
  public int integer(String name, int fallback) {
    return get(name) == null ? fallback : integer(name);
  }

  /**
   * A whole number that must be there.
   *
   * @param name the field
   * @return the number
   */
  public int integer(String name) {
    JsonNode n = get(name);
    if (n == null || !n.canConvertToInt() || !n.isIntegralNumber()) {
      throw wrong(name, "a whole number");
    }
    return n.intValue();
  }

  /**
   * A number.
   *
   * @param name the field
   * @param fallback its value if it is left out
   * @return the number
   */
  public double number(String name, double fallback) {
    JsonNode n = get(name);
    if (n == null) {
      return fallback;
    }
    if (!n.isNumber()) {
      throw wrong(name, "a number");
    }
    return n.doubleValue();
  }

  /**
   * A truth value.
   *
   * @param name the field
   * @param fallback its value if it is left out
   * @return the value
   */
  public boolean bool(String name, boolean fallback) {
    JsonNode n = get(name);
    if (n == null) {
      return fallback;
    }
    if (!n.isBoolean()) {
      throw wrong(name, "true or false");
    }
    return n.booleanValue();
  }

  /**
   * One of some texts.
   *
   * @param name the field
   * @param fallback its value if it is left out; null if it must be there
   * @param allowed the texts
   * @return the text
   */
  public String oneOf(String name, String fallback, String... allowed) {
    JsonNode n = get(name);
    if (n == null && fallback != null) {
      return fallback;
    }
    if (n == null || !n.isTextual() || !List.of(allowed).contains(n.textValue())) {
      throw wrong(name, "one of " + String.join(", ", allowed));
    }
    return n.textValue();
  }

  /**
   * A list of whole numbers that must be there.
   *
   * @param name the field
   * @return the numbers
   */
  public List<Integer> integers(String name) {
    JsonNode n = get(name);
    if (n == null || !n.isArray()) {
      throw wrong(name, "a list of whole numbers");
    }
    List<Integer> all = new ArrayList<>();
    for (JsonNode e : n) {
      if (!e.isIntegralNumber() || !e.canConvertToInt()) {
        throw wrong(name, "a list of whole numbers");
      }
      all.add(e.intValue());
    }
    return all;
  }
}
