package io.github.tornadosse.experiment;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.NearestName;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What an experiment trains and measures. Read from YAML; unknown keys are errors.
 *
 * @param title what it is about
 * @param directory where runs and results go
 * @param base sections of a training recipe that all models share
 * @param models by name, sections that win over the base
 * @param learningRates those that are tried, by the name of the model
 * @param seeds of initial weights, and of a task's training examples
 * @param sweepSeeds how many of the seeds, the first ones, the learning rate is chosen with
 * @param parameters number of parameters that each model gets by the inner width of its MLPs; 0 to
 *     leave them as they are
 * @param validation examples for choosing a learning rate, of each length and number of pairs
 * @param test what is reported
 * @param statesTokens tokens of a text after which states are looked into; 0 to leave that out
 */
public record ExperimentRecipe(
    String title,
    Path directory,
    ObjectNode base,
    Map<String, ObjectNode> models,
    Map<String, List<Double>> learningRates,
    List<Integer> seeds,
    int sweepSeeds,
    int parameters,
    int validation,
    Test test,
    int statesTokens) {
  private static final ObjectMapper YAML =
      YAMLMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();
  private static final List<String> KEYS =
      List.of(
          "title",
          "directory",
          "parameters",
          "learning_rates",
          "seeds",
          "sweep_seeds",
          "validation_examples",
          "test",
          "states_tokens",
          "base",
          "models");
  private static final List<String> TEST_KEYS = List.of("examples", "lengths", "pairs", "data");

  /**
   * What is measured at the end.
   *
   * @param examples of each length and number of pairs
   * @param lengths of a task's examples; empty for that of the training
   * @param pairs of a task's examples; empty for those of the training
   * @param data text that bits per byte are measured on, for experiments on text; else null
   */
  public record Test(int examples, List<Integer> lengths, List<Integer> pairs, String data) {}

  /**
   * Reads a recipe.
   *
   * @param file YAML
   * @param directory where runs and results go instead; null for the recipe's
   * @return the recipe
   * @throws UserError if the file cannot be read, a key is unknown or a value does not fit
   */
  public static ExperimentRecipe load(Path file, Path directory) {
    JsonNode root;
    try {
      root = YAML.readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new UserError(
          file + ": this is not YAML: " + FileErrors.firstLine(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw FileErrors.of("cannot read the recipe", file, e);
    }
    try {
      return read(root, directory);
    } catch (UserError e) {
      throw new UserError(file + ": " + e.getMessage(), e);
    }
  }

  private static ExperimentRecipe read(JsonNode root, Path directory) {
    requireKeys(root, "an experiment", KEYS);
    JsonNode test = root.path("test");
    requireKeys(test, "test", TEST_KEYS);
    JsonNode base = root.path("base");
    require(base.isObject(), "base is missing: the sections that all models share");
    require(
        root.path("models").isObject() && !root.get("models").isEmpty(),
        "models is missing: the name of each model, and what sets it apart");
    List<Double> rates = rates(root);
    Map<String, ObjectNode> models = new LinkedHashMap<>();
    Map<String, List<Double>> ratesOf = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> model : root.get("models").properties()) {
      require(
          model.getKey().matches("[A-Za-z0-9][A-Za-z0-9._-]*"),
          "model '" + model.getKey() + "': take letters, digits, '-', '.' and '_' for its name");
      require(
          model.getValue().isObject() || model.getValue().isNull(),
          "models." + model.getKey() + " must be sections of a recipe, such as model: {…}");
      ObjectNode sections =
          model.getValue() instanceof ObjectNode given ? given : YAML.createObjectNode();
      List<Double> own = rates(sections);
      sections.remove("learning_rates");
      models.put(model.getKey(), sections);
      ratesOf.put(model.getKey(), own.isEmpty() ? rates : own);
      require(
          !ratesOf.get(model.getKey()).isEmpty(),
          "learning_rates is missing: a list of those to try");
    }
    List<Integer> seeds = list(root, "seeds", n -> whole("seeds", n));
    require(!seeds.isEmpty(), "seeds is missing: a list such as [1, 2, 3]");
    int sweep =
        root.has("sweep_seeds") ? whole("sweep_seeds", root.get("sweep_seeds")) : seeds.size();
    require(
        sweep >= 1 && sweep <= seeds.size(),
        "sweep_seeds (" + sweep + ") must be from 1 to the number of seeds");
    String where = root.path("directory").asText("");
    require(directory != null || !where.isBlank(), "directory is missing: where results go");
    return new ExperimentRecipe(
        root.path("title").asText("Experiment"),
        directory == null ? Path.of(where) : directory,
        (ObjectNode) base,
        models,
        ratesOf,
        distinct("seeds", seeds),
        sweep,
        root.has("parameters") ? positive("parameters", root.get("parameters")) : 0,
        root.has("validation_examples")
            ? positive("validation_examples", root.get("validation_examples"))
            : 200,
        new Test(
            test.has("examples") ? positive("test.examples", test.get("examples")) : 500,
            list(test, "lengths", n -> positive("test.lengths", n)),
            list(test, "pairs", n -> positive("test.pairs", n)),
            test.has("data") ? test.get("data").asText() : null),
        root.has("states_tokens") ? positive("states_tokens", root.get("states_tokens")) : 0);
  }

  private static List<Double> rates(JsonNode node) {
    return distinct(
        "learning_rates", list(node, "learning_rates", n -> decimal("learning_rates", n)));
  }

  private static void requireKeys(JsonNode node, String what, List<String> known) {
    if (node.isMissingNode() || node.isNull()) {
      return;
    }
    require(node.isObject(), what + " must be lines of key: value");
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (!known.contains(field.getKey())) {
        throw new UserError(
            "unknown key '"
                + field.getKey()
                + "' in "
                + what
                + NearestName.of(field.getKey(), known)
                    .map(k -> "; did you mean '" + k + "'?")
                    .orElse("; known are " + String.join(", ", known)));
      }
    }
  }

  private static <T> List<T> list(JsonNode node, String name, Function<JsonNode, T> read) {
    JsonNode value = node.path(name);
    List<T> all = new ArrayList<>();
    if (value.isArray()) {
      value.forEach(n -> all.add(read.apply(n)));
    } else if (!value.isMissingNode() && !value.isNull()) {
      all.add(read.apply(value));
    }
    return all;
  }

  private static <T> List<T> distinct(String name, List<T> values) {
    Collection<T> set = new HashSet<>(values);
    require(set.size() == values.size(), name + " names one twice: " + values);
    return List.copyOf(values);
  }

  private static int whole(String name, JsonNode n) {
    require(n.isIntegralNumber() && n.canConvertToInt(), name + " is " + n + "; it must be whole");
    return n.intValue();
  }

  private static int positive(String name, JsonNode n) {
    int value = whole(name, n);
    require(value >= 1, name + " (" + value + ") must be 1 or more");
    return value;
  }

  /** YAML 1.1 takes 1e-3 for a text. */
  private static double decimal(String name, JsonNode n) {
    double value = Double.NaN;
    try {
      value = Double.parseDouble(n.asText());
    } catch (NumberFormatException e) {
      require(false, name + " is " + n + "; it must be a number");
    }
    require(value > 0 && Double.isFinite(value), name + " (" + n.asText() + ") must be positive");
    return value;
  }

  static void require(boolean holds, String rule) {
    if (!holds) {
      throw new UserError(rule);
    }
  }
}
