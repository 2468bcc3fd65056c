package io.github.tornadosse.experiment;

import io.github.tornadosse.train.Recipe;
import java.nio.file.Path;

/**
 * One training run of an experiment.
 *
 * @param model the model's name
 * @param learningRate the highest
 * @param seed of the run
 * @param recipe all of the run
 */
public record Cell(String model, double learningRate, int seed, Recipe recipe) {
  /** Where the run is. */
  public Path directory() {
    return Path.of(recipe.checkpoint().directory());
  }

  /** Its name for people. */
  public String describe() {
    return model + ", learning rate " + learningRate + ", seed " + seed;
  }
}
