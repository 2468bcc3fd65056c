package io.github.tornadosse.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.UserError;
import java.util.Iterator;
import java.util.Set;
import java.util.TreeSet;

/**
 * What goes on beside the model's tensors: {@code trainer.json} of a checkpoint.
 *
 * @param step steps done
 * @param updates steps whose update was made
 * @param skipped steps whose update was left out
 * @param skippedInRow those of the last steps
 * @param seconds since the run began; kept only under a wall-clock limit, for without one the same
 *     run gives the same bytes
 * @param data where the training data stand
 * @param recipe what the run was started with
 */
record TrainerState(
    int step,
    int updates,
    int skipped,
    int skippedInRow,
    double seconds,
    JsonNode data,
    ObjectNode recipe) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A run that follows another recipe in these is another run. */
  private static final Set<String> FIXED =
      Set.of(
          "data.tokenizer",
          "data.held_out",
          "data.include",
          "data.sequence_length",
          "data.shuffle_window",
          "data.seed",
          "data.task",
          "train.batch_tokens",
          "train.accumulation",
          "train.seed",
          "train.init");

  ObjectNode toJson() {
    ObjectNode json = JSON.createObjectNode();
    json.put("step", step);
    json.put("updates", updates);
    json.put("skipped", skipped);
    json.put("skipped_in_row", skippedInRow);
    if (recipe.path("train").path("seconds").doubleValue() > 0) {
      json.put("seconds", seconds);
    }
    json.set("data", data);
    json.set("recipe", recipe);
    return json;
  }

  /**
   * Reads a state.
   *
   * @param json the content of {@code trainer.json}
   * @param where names the file in messages
   * @return the state
   * @throws UserError if something is missing
   */
  static TrainerState of(JsonNode json, String where) {
    for (String name : new String[] {"step", "updates", "skipped", "skipped_in_row"}) {
      if (!json.path(name).isInt() || json.get(name).intValue() < 0) {
        throw damaged(where, name);
      }
    }
    if (!json.path("recipe").isObject()) {
      throw damaged(where, "recipe");
    }
    if (!json.has("data")) {
      throw damaged(where, "data");
    }
    return new TrainerState(
        json.get("step").intValue(),
        json.get("updates").intValue(),
        json.get("skipped").intValue(),
        json.get("skipped_in_row").intValue(),
        json.path("seconds").doubleValue(),
        json.get("data"),
        (ObjectNode) json.get("recipe"));
  }

  private static UserError damaged(String where, String name) {
    return new UserError(
        where + " is damaged: '" + name + "' is missing or wrong; resume from another checkpoint");
  }

  /**
   * Checks that a recipe goes on with this run rather than beginning another.
   *
   * @param now the recipe to go on with
   * @param where names the checkpoint in messages
   * @throws UserError naming the key that differs
   */
  void requireSameRun(ObjectNode now, String where) {
    Set<String> names = new TreeSet<>(FIXED);
    for (JsonNode tree : new JsonNode[] {recipe, now}) {
      for (Iterator<String> it = tree.path("model").fieldNames(); it.hasNext(); ) {
        names.add("model." + it.next());
      }
    }
    for (String name : names) {
      String pointer = "/" + name.replace('.', '/');
      JsonNode before = recipe.at(pointer);
      JsonNode after = now.at(pointer);
      // Compared as text: 1 read from JSON is an int, and from a recipe a long.
      if (!before.toString().equals(after.toString())) {
        throw new UserError(
            where
                + " was trained with "
                + name
                + " "
                + shown(before)
                + ", the recipe says "
                + shown(after)
                + "; resume with the same, or start another run");
      }
    }
  }

  private static String shown(JsonNode value) {
    return value.isMissingNode() ? "left out" : value.toString();
  }
}
