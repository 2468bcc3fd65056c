package io.github.tornadosse.nn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.KernelTask;
import io.github.tornadosse.graph.KernelTasks;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.runtime.Tiers;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What models put into graphs does not depend on how many layers they have. */
class GraphSizeTest {
  private static final TrainingModel.Settings SETTINGS =
      new TrainingModel.Settings(64, 2, new AdamSettings(0.9, 0.95, 1e-8, 0.1), true);

  private record Size(List<String> tasks, int arrays) {}

  private static ModelConfig config(int layers) {
    ObjectNode json = Variants.json("hybrid");
    json.put("num_hidden_layers", layers);
    return ModelConfig.fromJson(json, "test");
  }

  private static Size training(Operations tier, int layers) {
    List<String> tasks = new ArrayList<>();
    Buffers buffers =
        TrainingModel.plan(config(layers), SETTINGS, KernelTasks.of(tier, t -> tasks.add(name(t))));
    return new Size(tasks, buffers.arrays().size());
  }

  private static String name(KernelTask task) {
    return task.id() + " " + task.kernel();
  }

  @ParameterizedTest
  @ValueSource(strings = {"portable", "gpu", "cuda", "vector"})
  void tasksAndArraysAreTheSameForAnyDepth(String tier) {
    Operations ops = Tiers.choose(tier).operations();

    assertThat(training(ops, 100)).isEqualTo(training(ops, 3));
  }
}
