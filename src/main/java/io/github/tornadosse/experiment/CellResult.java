package io.github.tornadosse.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.tensor.JsonFiles;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a finished run gave; kept in its directory as {@code result.json}.
 *
 * @param validation one for each length and number of pairs of the training
 * @param test one for each that is reported
 * @param seconds of training
 */
public record CellResult(List<Measure> validation, List<Measure> test, double seconds) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The mean over all that it was validated on. */
  public double validationValue() {
    return validation.stream().mapToDouble(Measure::value).average().orElse(Double.NaN);
  }

  /** The mean cross-entropy over all that it was validated on. */
  public double validationNats() {
    return validation.stream().mapToDouble(Measure::nats).average().orElse(Double.NaN);
  }

  private static Path file(Cell cell) {
    return cell.directory().resolve("result.json");
  }

  /** What says that a result is of the same run and the same measurement. */
  private static ObjectNode identity(Cell cell, ExperimentRecipe recipe) {
    ObjectNode identity = JSON.createObjectNode();
    identity.set("recipe", cell.recipe().toJson());
    identity.put("validation_examples", recipe.validation());
    identity.put("test", recipe.test().toString());
    return identity;
  }

  /** Keeps the result. */
  void write(Cell cell, ExperimentRecipe recipe) {
    ObjectNode json = JSON.createObjectNode();
    put(json.putArray("validation"), validation);
    put(json.putArray("test"), test);
    json.put("seconds", seconds);
    json.set("of", identity(cell, recipe));
    AtomicFiles.write(file(cell), JsonFiles.text(json));
  }

  private static void put(ArrayNode list, List<Measure> measures) {
    for (Measure m : measures) {
      list.addObject()
          .put("length", m.length())
          .put("pairs", m.pairs())
          .put("value", m.value())
          .put("nats", m.nats());
    }
  }

  /**
   * The result that is kept of a run.
   *
   * @return empty if it is not finished
   * @throws UserError if it is the result of another recipe, or damaged
   */
  static Optional<CellResult> read(Cell cell, ExperimentRecipe recipe) {
    Path file = file(cell);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    ObjectNode json = JsonFiles.readObject(file);
    if (!run(json.path("of")).equals(run(identity(cell, recipe)))) {
      throw new UserError(
          file
              + " is of another recipe; go on with the one that it was made with, or choose another"
              + " directory (--out)");
    }
    return Optional.of(
        new CellResult(
            measures(json.path("validation")),
            measures(json.path("test")),
            json.path("seconds").doubleValue()));
  }

  /**
   * What a result is of, wherever its run's checkpoints lie, so that results can be copied. As
   * text: what was read has other number types than what was made.
   */
  private static String run(JsonNode of) {
    JsonNode run = of.deepCopy();
    if (run.path("recipe").path("checkpoint") instanceof ObjectNode checkpoint) {
      checkpoint.remove("directory");
    }
    return run.toString();
  }

  private static List<Measure> measures(JsonNode list) {
    List<Measure> all = new ArrayList<>();
    for (JsonNode m : list) {
      all.add(
          new Measure(
              m.path("length").intValue(),
              m.path("pairs").intValue(),
              m.path("value").doubleValue(),
              m.path("nats").doubleValue()));
    }
    return all;
  }
}
