package io.github.tornadosse.nn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.graph.GpuOperations;
import io.github.tornadosse.graph.GpuSettings;
import io.github.tornadosse.graph.KernelTasks;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.StepOperations;
import io.github.tornadosse.runtime.Tiers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Layers of few tokens in few tasks say what the same operations say one by one, and what the
 * vector tier says that reads whole texts.
 */
class FewTokensTest {
  private static final double TOLERANCE = 1e-5;
  private static final int VOCABULARY = 29;

  /** Dense layers with their norms for any number of tokens, or for none. */
  private static GpuSettings settings(int few) {
    return new GpuSettings(256, 32 << 10, Map.of(GpuSettings.DENSE_FEW, few));
  }

  private static final Operations FUSED = new GpuOperations(settings(16));
  private static final Operations TILED = new GpuOperations(settings(0));
  private static final Operations VECTOR = Tiers.choose("vector").operations();

  /** The GPU tier's operations one by one. */
  private static final Operations SEPARATE =
      new GpuOperations(settings(16)) {
        @Override
        public StepOperations steps() {
          return StepOperations.NONE;
        }
      };

  static List<String> variants() {
    return Variants.names();
  }

  private static ModelWeights weights(ObjectNode json) {
    return ModelWeights.initial(
        ModelConfig.fromJson(json.put("initializer_range", 0.25), "test"), 1);
  }

  private static int[] text(int n, int seed) {
    return new SplittableRandom(seed).ints(n, 0, VOCABULARY).toArray();
  }

  private static LanguageModel model(ModelWeights w, Operations ops, int tokens, int sessions) {
    return LanguageModel.create(w, ops, LanguageModel.Capacity.reading(tokens, sessions, 64));
  }

  /** What a model says and keeps while sessions of different ages read on, alone and together. */
  private static List<float[]> story(ModelWeights w, Operations ops, int tokens) {
    List<float[]> said = new ArrayList<>();
    try (LanguageModel m = model(w, ops, tokens, 3)) {
      int[] slots = {m.openSession(), m.openSession(), m.openSession()};
      said.addAll(List.of(m.read(new int[] {slots[0]}, new int[][] {text(19, 1)})));
      said.addAll(List.of(m.read(new int[] {slots[2]}, new int[][] {text(5, 2)})));
      for (int i = 0; i < 2; i++) {
        int[][] next = {text(1, 10 + i), text(1, 20 + i), text(1, 30 + i)};
        said.addAll(List.of(m.read(slots, next)));
      }
      // two tokens of one session, and one of another that comes behind one without any
      said.addAll(
          List.of(m.read(new int[] {slots[2], slots[0]}, new int[][] {text(1, 3), text(2, 4)})));
      // a state that is given to another session
      m.load(slots[1], m.save(slots[0]));
      said.addAll(List.of(m.read(new int[] {slots[1]}, new int[][] {text(1, 5)})));
      for (int slot : slots) {
        said.addAll(m.save(slot).parts().values());
      }
    }
    return said;
  }

  private static void requireSame(List<float[]> expected, List<float[]> actual) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(difference(expected.get(i), actual.get(i)))
          .as("result %d", i)
          .isLessThan(TOLERANCE);
    }
  }

  private static double difference(float[] expected, float[] actual) {
    assertThat(actual).hasSameSizeAs(expected);
    double squares = 0;
    double error = 0;
    for (int i = 0; i < expected.length; i++) {
      double d = (double) actual[i] - expected[i];
      squares += (double) expected[i] * expected[i];
      error += d * d;
    }
    return squares == 0 ? Math.sqrt(error) : Math.sqrt(error / squares);
  }

  @ParameterizedTest
  @MethodSource("variants")
  void theySayTheSame(String variant) {
    ModelWeights w = weights(Variants.json(variant));
    assertThat(StepBlock.takes(w.config(), FUSED)).isTrue();
    requireSame(story(w, VECTOR, 32), story(w, FUSED, 32));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gla n4k1", "odd sizes", "hybrid, window, bias, tied"})
  void theySayWhatTheOperationsSayOneByOne(String variant) {
    ModelWeights w = weights(Variants.json(variant));
    requireSame(story(w, SEPARATE, 32), story(w, FUSED, 32));
  }

  /** More columns of a state, and more partitions, than a group has items. */
  @ParameterizedTest
  @ValueSource(strings = {"gla", "gdn"})
  void sizesBeyondAGroup(String rule) {
    ObjectNode json = Variants.json("gla n4k1").put("num_hidden_layers", 1);
    json.put("linear_attn_type", rule).put("num_heads", 1).put("num_v_heads", 2);
    json.put("head_dim", 9).put("expand_v", 33).put("num_sparse_partition", 260);
    json.put("num_writer", 2).put("num_reader", 3);
    ModelWeights w = weights(json);
    assertThat(StepBlock.takes(w.config(), FUSED)).isTrue();
    requireSame(story(w, VECTOR, 32), story(w, FUSED, 32));
  }

  @ParameterizedTest
  @ValueSource(strings = {"odd sizes", "hybrid, window, bias, tied"})
  void denseLayersOfManyTokensAreTasksOfTheirOwn(String variant) {
    ModelWeights w = weights(Variants.json(variant));
    assertThat(StepBlock.takes(w.config(), TILED)).isTrue();
    requireSame(story(w, VECTOR, 32), story(w, TILED, 32));
  }

  @Test
  void blocksOfOneTokenGoThroughThemToo() {
    ModelWeights w = weights(Variants.json("convolution"));
    requireSame(story(w, VECTOR, 32), story(w, FUSED, 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"head_dim", "num_sparse_partition", "expand_v"})
  void sizesThatTheyDoNotHoldAreForTheOthers(String name) {
    ObjectNode json = Variants.json("gla n4k1").put("num_hidden_layers", 1).put("num_heads", 1);
    json.put(name, Map.of("head_dim", 257, "num_sparse_partition", 513, "expand_v", 65).get(name));
    ModelWeights w = weights(json);
    assertThat(StepBlock.takes(w.config(), FUSED)).isFalse();
    try (LanguageModel m = model(w, FUSED, 4, 1);
        LanguageModel n = model(w, VECTOR, 4, 1)) {
      int[] slots = {m.openSession()};
      n.openSession();
      int[][] texts = {text(1, 1)};
      requireSame(List.of(n.read(slots, texts)), List.of(m.read(slots, texts)));
    }
  }

  @Test
  void aLayerHasFewTasks() {
    assertThat(stepTasks("gla n4k1"))
        .isEqualTo(stepTasks("gdn, convolution, negative eigenvalues, grouped values"))
        .containsExactly(
            "embed.rows",
            "mixer.project",
            "mixer.step.inputs",
            "mixer.step.states",
            "mixer.o_proj",
            "mlp.gate_up",
            "mlp.down",
            "head.logits");
    assertThat(stepTasks("transformer"))
        .containsExactly(
            "embed.rows",
            "attention.project",
            "attention.step.turn",
            "attention.step.parts",
            "attention.step.merge",
            "attention.o_proj",
            "mlp.gate_up",
            "mlp.down",
            "head.logits");
  }

  /** Tasks of the graphs of single tokens, between those that score and those that copy states. */
  private static List<String> stepTasks(String variant) {
    List<String> ids = new ArrayList<>();
    Operations recorded = KernelTasks.of(FUSED, task -> ids.add(task.id()));
    LanguageModel.Capacity capacity = LanguageModel.Capacity.reading(32, 1, 64);
    LanguageModel.plan(Variants.config(variant), recorded, capacity);
    List<String> rest = ids.subList(ids.indexOf("head.loss") + 1, ids.size());
    return rest.stream().takeWhile(id -> !id.startsWith("take.")).toList();
  }
}
