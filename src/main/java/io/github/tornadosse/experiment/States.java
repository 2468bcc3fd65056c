package io.github.tornadosse.experiment;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.checkpoint.TrainingCheckpoint;
import io.github.tornadosse.data.Document;
import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.data.PackedBatches;
import io.github.tornadosse.data.TextSource;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.data.Tokenizers;
import io.github.tornadosse.data.tasks.Part;
import io.github.tornadosse.data.tasks.Task;
import io.github.tornadosse.data.tasks.TaskExamples;
import io.github.tornadosse.data.tasks.Tasks;
import io.github.tornadosse.eval.inspect.Inspected;
import io.github.tornadosse.eval.inspect.Inspection;
import io.github.tornadosse.eval.inspect.InspectionPage;
import io.github.tornadosse.eval.inspect.LayerReport;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.infer.ModelLoader;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.JsonFiles;
import io.github.tornadosse.tensor.UserError;
import io.github.tornadosse.train.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The states of an experiment's models after the same text, of the runs with each model's best
 * learning rate: {@code states.md} and {@code states.json} with all seeds, {@code states.html} with
 * the first.
 */
public final class States {
  private States() {}

  /**
   * Writes the files.
   *
   * @param recipe says how much of the text is read
   * @param summary the finished experiment
   * @param ops the tier of kernels
   * @param facts names and values, in order
   * @throws UserError if a checkpoint is missing or the disk refuses
   */
  public static void write(
      ExperimentRecipe recipe, Summary summary, Operations ops, Map<String, String> facts) {
    Map<Cell, Inspected> all = new LinkedHashMap<>();
    Map<String, List<Inspected>> models = new LinkedHashMap<>();
    for (Summary.Model m : summary.models()) {
      summary.cells().keySet().stream()
          .filter(c -> c.model().equals(m.name()) && c.learningRate() == m.learningRate())
          .sorted(Comparator.comparingInt(c -> recipe.seeds().indexOf(c.seed())))
          .forEach(
              cell -> {
                Inspected inspected = inspect(recipe, cell, ops);
                all.put(cell, inspected);
                models.computeIfAbsent(m.name(), name -> new ArrayList<>()).add(inspected);
              });
    }
    List<Inspected> first = models.values().stream().map(runs -> runs.get(0)).toList();
    InspectionPage.write(recipe.directory().resolve("states.html"), first, facts);
    AtomicFiles.write(recipe.directory().resolve("states.json"), JsonFiles.text(json(all)));
    AtomicFiles.write(recipe.directory().resolve("states.md"), table(models));
  }

  /** A row a model and layer with a state: means over seeds with their intervals. */
  private static String table(Map<String, List<Inspected>> models) {
    StringBuilder md = new StringBuilder("| model | layer | ");
    md.append(String.join(" | ", Inspected.FIGURES)).append(" | seeds |\n|");
    md.append(" --- |".repeat(Inspected.FIGURES.size() + 3)).append('\n');
    models.forEach(
        (model, runs) -> {
          for (LayerReport layer : runs.get(0).layers()) {
            if (layer.state() == null) {
              continue;
            }
            md.append("| ").append(model).append(" | ").append(layer.layer());
            for (int i = 0; i < Inspected.FIGURES.size(); i++) {
              int figure = i;
              md.append(" | ")
                  .append(
                      Spread.of(
                              runs.stream()
                                  .mapToDouble(r -> r.values(layer.layer()).get(figure))
                                  .toArray())
                          .text());
            }
            md.append(" | ").append(runs.size()).append(" |\n");
          }
        });
    return md.toString();
  }

  private static Inspected inspect(ExperimentRecipe recipe, Cell cell, Operations ops) {
    Path checkpoint =
        TrainingCheckpoint.latest(cell.directory())
            .orElseThrow(() -> new UserError(cell.directory() + ": there is no checkpoint"));
    ModelWeights weights = ModelLoader.weights(checkpoint);
    Recipe.Data data = cell.recipe().data();
    int[] ids =
        data.task() == null ? text(recipe, data, checkpoint) : example(data, recipe.statesTokens());
    try (LanguageModel model =
        LanguageModel.create(weights, ops, Inspection.capacity(ids.length))) {
      return new Inspected(
          cell.model(),
          weights.config().describe(),
          pieces(data, checkpoint, ids),
          Inspection.of(model, ids));
    }
  }

  private static int[] text(ExperimentRecipe recipe, Recipe.Data data, Path checkpoint) {
    Tokenizer tokenizer = Tokenizers.of(checkpoint);
    int tokens = recipe.statesTokens();
    try (TextSource source = TextSource.open(Path.of(recipe.test().data()), data.include())) {
      List<PackedBatch> batches =
          PackedBatches.heldOut(
              Document.sample(source.documents(), data.seed()),
              tokenizer,
              new PackedBatches.Settings(Math.max(2, tokens), Math.max(2, tokens), 1, 1),
              Math.max(2, tokens));
      return batches.get(0).ids();
    }
  }

  private static int[] example(Recipe.Data data, int tokens) {
    Task task = Tasks.of(data.task());
    int[] ids =
        new TaskExamples(
                task, Part.TEST, data.sequenceLength(), data.task().pairs(), CellRun.TEST_SEED)
            .example(0)
            .ids();
    return Arrays.copyOf(ids, Math.min(ids.length, tokens));
  }

  private static List<String> pieces(Recipe.Data data, Path checkpoint, int[] ids) {
    if (data.task() != null && !Tasks.of(data.task()).text()) {
      return Arrays.stream(ids).mapToObj(id -> id + " ").toList();
    }
    return Inspected.pieces(Tokenizers.of(checkpoint), ids);
  }

  private static ObjectNode json(Map<Cell, Inspected> all) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode models = json.putArray("models");
    all.forEach((cell, run) -> models.add(run.json().put("seed", cell.seed())));
    return json;
  }
}
