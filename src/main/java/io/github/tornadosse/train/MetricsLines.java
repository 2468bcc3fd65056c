package io.github.tornadosse.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Set;

/** The lines of {@code metrics.jsonl}. JSON has no NaN: what is not finite is null. */
final class MetricsLines {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String HELD_OUT_LOSS = "held_out_loss";
  private static final Set<String> STEP_NUMBERS =
      Set.of("bits_per_byte", "balance", "lr", "grad_norm", "tokens_per_second", "seconds");
  private static final Set<String> EVALUATION_NUMBERS =
      Set.of("held_out_bits_per_byte", "held_out_perplexity", "held_out_tokens", "seconds");

  private MetricsLines() {}

  static String of(StepMetrics m) {
    ObjectNode line = JSON.createObjectNode();
    line.put("step", m.step());
    put(line, "loss", m.loss());
    put(line, "bits_per_byte", m.bitsPerByte());
    put(line, "balance", m.balance());
    put(line, "lr", m.learningRate());
    put(line, "grad_norm", m.gradientNorm());
    put(line, "tokens_per_second", m.tokensPerSecond());
    put(line, "seconds", m.seconds());
    line.put("skipped", m.skipped());
    ArrayNode load = line.putArray("load");
    for (float[] layer : m.load()) {
      ArrayNode shares = load.addArray();
      for (float share : layer) {
        if (Float.isFinite(share)) {
          shares.add(share);
        } else {
          shares.addNull();
        }
      }
    }
    return line.toString();
  }

  static String of(EvaluationMetrics m) {
    ObjectNode line = JSON.createObjectNode();
    line.put("step", m.step());
    put(line, HELD_OUT_LOSS, m.loss());
    put(line, "held_out_bits_per_byte", m.bitsPerByte());
    put(line, "held_out_perplexity", m.perplexity());
    line.put("held_out_tokens", m.tokens());
    put(line, "seconds", m.seconds());
    return line.toString();
  }

  private static void put(ObjectNode line, String name, double value) {
    if (Double.isFinite(value)) {
      line.put(name, value);
    } else {
      line.putNull(name);
    }
  }

  /**
   * Reads a line.
   *
   * @return a {@link StepMetrics} or an {@link EvaluationMetrics}
   * @throws IOException if it is neither
   */
  static Object parse(String text) throws IOException {
    JsonNode line;
    try {
      line = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IOException("not JSON", e);
    }
    if (!line.path("step").canConvertToInt()) {
      throw new IOException("no step");
    }
    int step = line.get("step").intValue();
    if (line.has(HELD_OUT_LOSS)) {
      check(line, EVALUATION_NUMBERS);
      return new EvaluationMetrics(
          step,
          number(line, HELD_OUT_LOSS),
          number(line, "held_out_bits_per_byte"),
          number(line, "held_out_perplexity"),
          line.get("held_out_tokens").longValue(),
          number(line, "seconds"));
    }
    check(line, STEP_NUMBERS);
    JsonNode rows = line.path("load");
    float[][] load = new float[rows.size()][];
    for (int i = 0; i < load.length; i++) {
      load[i] = new float[rows.get(i).size()];
      for (int j = 0; j < load[i].length; j++) {
        JsonNode share = rows.get(i).get(j);
        load[i][j] = share.isNumber() ? share.floatValue() : Float.NaN;
      }
    }
    return new StepMetrics(
        step,
        number(line, "loss"),
        number(line, "bits_per_byte"),
        number(line, "balance"),
        number(line, "lr"),
        number(line, "grad_norm"),
        number(line, "tokens_per_second"),
        number(line, "seconds"),
        line.path("skipped").booleanValue(),
        load);
  }

  private static void check(JsonNode line, Set<String> names) throws IOException {
    for (String name : names) {
      JsonNode value = line.get(name);
      if (value == null || !(value.isNumber() || value.isNull())) {
        throw new IOException("no " + name);
      }
    }
  }

  private static double number(JsonNode line, String name) {
    JsonNode value = line.get(name);
    return value.isNull() ? Double.NaN : value.doubleValue();
  }
}
