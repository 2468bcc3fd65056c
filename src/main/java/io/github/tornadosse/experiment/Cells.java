package io.github.tornadosse.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.tasks.Tasks;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import io.github.tornadosse.train.Recipe;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes the training recipes of an experiment's runs. */
final class Cells {
  /** Of text in bytes; a recipe with another tokenizer names the vocabulary in its model. */
  private static final int BYTES = 257;

  private final ExperimentRecipe recipe;
  private final List<String> overrides;
  private final Map<String, Integer> inner = new LinkedHashMap<>();

  /**
   * Checks the recipes of all models.
   *
   * @param overrides assignments to keys of the training recipes
   * @throws UserError if one does not fit, or cannot have the number of parameters
   */
  Cells(ExperimentRecipe recipe, List<String> overrides) {
    this.recipe = recipe;
    this.overrides = List.copyOf(overrides);
    for (String model : recipe.models().keySet()) {
      Recipe first =
          cell(model, recipe.learningRates().get(model).get(0), recipe.seeds().get(0)).recipe();
      boolean text = first.data().task() == null;
      if (text && recipe.test().data() == null) {
        throw new UserError("test.data is missing: text that bits per byte are measured on");
      }
      if (!text && recipe.test().data() != null) {
        throw new UserError("test.data is for experiments on text, not on a task");
      }
      if (recipe.parameters() > 0) {
        inner.put(model, innerWidth(model, first));
      }
    }
  }

  private int innerWidth(String model, Recipe first) {
    ObjectNode json = config(first).toJson();
    long one = parameters(json.put("intermediate_size", 1));
    long each = parameters(json.put("intermediate_size", 2)) - one;
    long width = 1 + Math.round((double) (recipe.parameters() - one) / each);
    if (width < 1) {
      throw new UserError(
          "model %s has %d parameters with the smallest MLP; parameters (%d) must be more"
              .formatted(model, one, recipe.parameters()));
    }
    return (int) width;
  }

  private static long parameters(ObjectNode config) {
    return parameters(ModelConfig.fromJson(config, "model"));
  }

  static long parameters(ModelConfig config) {
    return ModelWeights.tensors(config).stream().mapToLong(TensorSpec::size).sum();
  }

  /** The configuration of a cell's model. */
  static ModelConfig config(Recipe recipe) {
    return recipe.modelConfig(
        recipe.data().task() == null ? BYTES : Tasks.of(recipe.data().task()).vocabSize());
  }

  /** All runs of a model with some of the seeds and learning rates. */
  List<Cell> of(String model, List<Double> learningRates, List<Integer> seeds) {
    List<Cell> all = new ArrayList<>();
    for (int seed : seeds) {
      for (double rate : learningRates) {
        all.add(cell(model, rate, seed));
      }
    }
    return all;
  }

  private Cell cell(String model, double rate, int seed) {
    ObjectNode sections = recipe.base().deepCopy();
    merge(sections, recipe.models().get(model));
    List<String> all = new ArrayList<>(overrides);
    if (inner.containsKey(model)) {
      all.add("model.intermediate_size=" + inner.get(model));
    }
    all.add("train.learning_rate=" + rate);
    if (!sections.path("train").has("min_learning_rate")) {
      all.add("train.min_learning_rate=" + rate / 10);
    }
    all.add("train.seed=" + seed);
    if (sections.path("data").has("task")) {
      // Text would be split at another place.
      all.add("data.seed=" + seed);
    }
    all.add(
        "checkpoint.directory="
            + recipe.directory().resolve("cells").resolve(model + "-lr" + rate + "-seed" + seed));
    return new Cell(model, rate, seed, Recipe.parse(sections.toString(), "model " + model, all));
  }

  /** Sets what the second has in the first, section by section. */
  private static void merge(ObjectNode into, ObjectNode from) {
    for (Map.Entry<String, JsonNode> field : from.properties()) {
      if (field.getValue() instanceof ObjectNode section
          && into.get(field.getKey()) instanceof ObjectNode there) {
        merge(there, section);
      } else {
        into.set(field.getKey(), field.getValue());
      }
    }
  }
}
