package io.github.tornadosse.experiment;

import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.StateSize;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an experiment has given so far.
 *
 * @param title what it is about
 * @param text whether values are bits per byte, where less is better, rather than accuracies
 * @param wanted number of models
 * @param models those of which the learning rate is known, in the recipe's order
 * @param cells all finished runs
 */
public record Summary(
    String title, boolean text, int wanted, List<Model> models, Map<Cell, CellResult> cells) {

  /**
   * A model with its best learning rate.
   *
   * @param name its name
   * @param describe what kind of model it is
   * @param parameters their number
   * @param stateBytes bytes of the state (and caches) of one sequence of the first tested length
   * @param learningRate the one that was best in validation
   * @param validation the mean over seeds there
   * @param scores one for each tested length and number of pairs
   * @param overall the mean of all those
   */
  public record Model(
      String name,
      String describe,
      long parameters,
      long stateBytes,
      double learningRate,
      double validation,
      List<Score> scores,
      Spread overall) {}

  /**
   * A model's test value.
   *
   * @param length tokens of an example or a sequence
   * @param pairs how much an example asks to remember; 0 for text
   * @param value over the seeds
   * @param nats mean cross-entropy of a target, mean over the seeds
   */
  public record Score(int length, int pairs, Spread value, double nats) {}

  /** The model of a name. */
  Optional<Model> of(String name) {
    return models.stream().filter(m -> m.name.equals(name)).findFirst();
  }

  /** Whether all models have all their seeds. */
  public boolean complete(int seeds) {
    return models.size() == wanted && models.stream().allMatch(m -> m.overall.count() == seeds);
  }

  static Summary of(ExperimentRecipe recipe, Map<Cell, CellResult> cells) {
    List<Model> models = new ArrayList<>();
    boolean text = recipe.test().data() != null;
    for (String name : recipe.models().keySet()) {
      Map<Double, Map<Cell, CellResult>> byRate = new LinkedHashMap<>();
      cells.forEach(
          (cell, result) -> {
            if (cell.model().equals(name)) {
              byRate
                  .computeIfAbsent(cell.learningRate(), r -> new LinkedHashMap<>())
                  .put(cell, result);
            }
          });
      byRate.entrySet().stream()
          .max(Comparator.comparingDouble(e -> quality(e.getValue(), recipe, text)))
          .ifPresent(best -> models.add(model(name, best.getKey(), best.getValue(), recipe)));
    }
    return new Summary(
        recipe.title(), text, recipe.models().size(), List.copyOf(models), Map.copyOf(cells));
  }

  /** How good a learning rate is in validation, with the seeds that all of them have. */
  private static double quality(Map<Cell, CellResult> runs, ExperimentRecipe recipe, boolean text) {
    List<Integer> sweep = recipe.seeds().subList(0, recipe.sweepSeeds());
    List<CellResult> counted =
        runs.entrySet().stream()
            .filter(e -> sweep.contains(e.getKey().seed()))
            .map(Map.Entry::getValue)
            .toList();
    double value = counted.stream().mapToDouble(CellResult::validationValue).average().orElse(0);
    double nats = counted.stream().mapToDouble(CellResult::validationNats).average().orElse(0);
    // Of equal accuracies the lower loss wins; a loss that is not finite never does.
    double rank = text ? -value : value - 1e-6 * nats;
    return Double.isFinite(rank) ? rank : Double.NEGATIVE_INFINITY;
  }

  private static Model model(
      String name, double rate, Map<Cell, CellResult> runs, ExperimentRecipe recipe) {
    ModelConfig config = Cells.config(runs.keySet().iterator().next().recipe());
    List<CellResult> results = List.copyOf(runs.values());
    List<Score> scores = new ArrayList<>();
    List<Measure> measures = results.get(0).test();
    for (int i = 0; i < measures.size(); i++) {
      int at = i;
      Measure m = measures.get(i);
      scores.add(
          new Score(
              m.length(),
              m.pairs(),
              Spread.of(results.stream().mapToDouble(r -> r.test().get(at).value()).toArray()),
              results.stream().mapToDouble(r -> r.test().get(at).nats()).average().orElseThrow()));
    }
    double[] means =
        results.stream()
            .mapToDouble(r -> r.test().stream().mapToDouble(Measure::value).average().orElseThrow())
            .toArray();
    return new Model(
        name,
        config.describe(),
        Cells.parameters(config),
        StateSize.bytes(config, measures.get(0).length()),
        rate,
        results.stream().mapToDouble(CellResult::validationValue).average().orElseThrow(),
        List.copyOf(scores),
        Spread.of(means));
  }
}
