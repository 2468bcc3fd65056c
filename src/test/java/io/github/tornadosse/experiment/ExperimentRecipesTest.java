package io.github.tornadosse.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.tornadosse.runtime.Tiers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExperimentRecipesTest {
  static List<Path> recipes() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("tornado-config/experiments"))) {
      return files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void theRecipesThatComeWithTheProjectFit(Path file) {
    ExperimentRecipe recipe = ExperimentRecipe.load(file, null);
    assertThat(recipe.models()).hasSizeGreaterThan(1);
    assertThatCode(
            () ->
                new Experiment(
                    recipe,
                    List.of(),
                    Tiers.choose("vector").operations(),
                    1,
                    new ExperimentProgress() {}))
        .doesNotThrowAnyException();
  }
}
