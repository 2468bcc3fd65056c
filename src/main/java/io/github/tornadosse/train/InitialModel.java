package io.github.tornadosse.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.Trainable;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The model that a run starts from, where it does not start from drawn weights. */
final class InitialModel {
  /** Keys that say how a model is trained or computed, not what its weights mean. */
  private static final Set<String> FREE =
      Set.of(
          "aux_loss_coef", "initializer_range", "router_initializer_range", "sse_implementation");

  private InitialModel() {}

  /**
   * The model keys of a run.
   *
   * @param asked those of its recipe
   * @param directory the model's directory
   * @return every key: the model's, but for those of training where the recipe has them
   * @throws UserError if the model is missing, damaged or of another type, or the recipe
   *     contradicts it
   */
  static ObjectNode keys(ObjectNode asked, Path directory) {
    ObjectNode keys;
    try (HuggingFaceDirectory files = HuggingFaceDirectory.open(directory)) {
      String where = directory.resolve(HuggingFaceDirectory.CONFIG).toString();
      keys = ModelConfig.fromJson(files.config(), where).toJson();
    }
    RecipeKeys.retainModelKeys(keys, "");
    ModelConfig config = ModelConfig.fromJson(keys, directory.toString());
    ObjectNode result = keys.deepCopy();
    check(asked, "", keys, config, directory);
    for (String name : FREE) {
      if (asked.has(name)) {
        result.set(name, asked.get(name));
      }
    }
    return result;
  }

  private static void check(
      ObjectNode asked, String prefix, ObjectNode keys, ModelConfig config, Path directory) {
    for (Map.Entry<String, JsonNode> key : asked.properties()) {
      String name = prefix + key.getKey();
      if (key.getValue() instanceof ObjectNode section) {
        check(section, name + ".", keys, config, directory);
      } else if (!FREE.contains(name) && !agrees(keys, name, key.getValue(), config)) {
        JsonNode there = keys.at("/" + name.replace('.', '/'));
        throw new UserError(
            "model.%s is %s, which is not that of the model in %s%s; leave it out"
                .formatted(
                    name,
                    key.getValue(),
                    directory,
                    there.isMissingNode() ? "" : " (" + there + ")"));
      }
    }
  }

  /** Whether the model stays the same when the key is set. */
  private static boolean agrees(ObjectNode keys, String name, JsonNode value, ModelConfig config) {
    ObjectNode changed = keys.deepCopy();
    if (name.equals("hidden_ratio")) {
      changed.remove("intermediate_size");
    }
    int dot = name.indexOf('.');
    ObjectNode section = dot < 0 ? changed : changed.withObjectProperty(name.substring(0, dot));
    section.set(name.substring(dot + 1), value);
    try {
      return ModelConfig.fromJson(changed, name).equals(config);
    } catch (UserError e) {
      return false;
    }
  }

  /**
   * Sets a model's parameters.
   *
   * @param directory a directory of a model of the same configuration
   * @param model a model that has not run yet
   * @throws UserError if a tensor is missing or damaged, or of another model
   */
  static void load(Path directory, Trainable model) {
    try (HuggingFaceDirectory files = HuggingFaceDirectory.open(directory)) {
      List<TensorSpec> tensors = model.tensors();
      files.check(tensors);
      for (int t = 0; t < tensors.size(); t++) {
        float[] values = new float[tensors.get(t).size()];
        files.readInto(tensors.get(t), values, 0);
        model.writeParameter(t, values, 0);
      }
    }
  }
}
