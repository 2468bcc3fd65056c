package io.github.tornadosse.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.embedded.Workers;
import io.github.tornadosse.graph.LibraryTier;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.runtime.Tiers;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingModelTest {
  private static final AdamSettings ADAM = new AdamSettings(0.9, 0.95, 1e-8, 0.1);
  private static final int TOKENS = 150;

  /** Not one of Tiers' names: the CUDA tier where a library computes the products. */
  private static final String LIBRARY = "library";

  private final int threads = Workers.count();

  @AfterEach
  void restoreThreads() {
    Workers.setCount(threads);
  }

  private static ModelConfig config(int partitions) {
    return ModelConfig.fromJson(
        ModelConfigTest.small()
            .put("vocab_size", 20)
            .put("hidden_size", 32)
            .put("head_dim", 16)
            .put("intermediate_size", 48)
            .put("num_sparse_partition", partitions),
        "test");
  }

  /** Sequences of 40, 1, 65 and 44 tokens of a pattern that can be learned. */
  private static PackedBatch batch(long seed) {
    int[] cu = {0, 40, 41, 106, TOKENS};
    int[] ids = new int[TOKENS];
    int[] targets = new int[TOKENS];
    SplittableRandom random = new SplittableRandom(seed);
    for (int s = 0; s + 1 < cu.length; s++) {
      int step = 1 + random.nextInt(3);
      int at = random.nextInt(20);
      for (int t = cu[s]; t < cu[s + 1]; t++) {
        ids[t] = at;
        at = (at + step) % 20;
        targets[t] = t + 1 < cu[s + 1] ? at : -1;
      }
    }
    return new PackedBatch(ids, targets, cu);
  }

  private static TrainingModel model(String tier, int partitions, boolean recompute) {
    Operations ops =
        tier.equals(LIBRARY) ? LibraryTier.operations() : Tiers.choose(tier).operations();
    return TrainingModel.create(
        config(partitions), new TrainingModel.Settings(TOKENS, 4, ADAM, recompute), ops, 5);
  }

  /** Mean cross-entropy of each step. */
  private static List<Double> train(TrainingModel m, int steps) {
    List<Double> losses = new ArrayList<>();
    for (int i = 1; i <= steps; i++) {
      PackedBatch b = batch(i);
      m.zeroGradients();
      Trainable.Outcome o = m.accumulate(b, 1.0 / b.targetCount(), 0.01);
      losses.add(o.crossEntropy() / o.targets());
      m.update(i, 3e-3, Math.min(1, 1 / m.gradientNorm()));
    }
    return losses;
  }

  private static List<float[]> parameters(TrainingModel m) {
    List<float[]> all = new ArrayList<>();
    for (int i = 0; i < m.tensors().size(); i++) {
      float[] w = new float[m.tensors().get(i).size()];
      m.readParameter(i, w, 0);
      all.add(w);
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(strings = {"portable", "vector"})
  void aPatternIsLearned(String tier) {
    for (int partitions : new int[] {0, 4}) {
      try (TrainingModel m = model(tier, partitions, false)) {
        List<Double> losses = train(m, 60);
        assertThat(losses.get(0)).isGreaterThan(2.8);
        assertThat(losses.get(59)).isLessThan(1.0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"portable", "vector"})
  void theNumberOfThreadsDoesNotChangeABit(String tier) {
    List<List<float[]>> results = new ArrayList<>();
    for (int n : new int[] {1, 2, 7}) {
      Workers.setCount(n);
      try (TrainingModel m = model(tier, 4, false)) {
        train(m, 3);
        results.add(parameters(m));
      }
    }
    for (List<float[]> other : results) {
      assertSameBits(other, results.get(0));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"portable", "vector", "gpu", "cuda", LIBRARY})
  void computingActivationsAgainGivesTheSameBits(String tier) {
    try (TrainingModel kept = model(tier, 4, false);
        TrainingModel again = model(tier, 4, true)) {
      assertThat(train(again, 3)).isEqualTo(train(kept, 3));
      assertSameBits(parameters(again), parameters(kept));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void productsOfALibraryTrainLikeOthers(boolean recompute) {
    try (TrainingModel library = model(LIBRARY, 4, recompute);
        TrainingModel portable = model("portable", 4, recompute)) {
      List<Double> expected = train(portable, 3);
      List<Double> losses = train(library, 3);
      for (int i = 0; i < losses.size(); i++) {
        assertThat(losses.get(i)).isCloseTo(expected.get(i), Percentage.withPercentage(1));
      }
      assertThat(library.gradientNorm())
          .isCloseTo(portable.gradientNorm(), Percentage.withPercentage(5));
    }
  }

  @Test
  void accumulatedBatchesAddUp() {
    try (TrainingModel one = model("portable", 4, false);
        TrainingModel two = model("portable", 4, false)) {
      PackedBatch b = batch(1);
      one.zeroGradients();
      one.accumulate(b, 1.0, 0.02);
      two.zeroGradients();
      two.accumulate(b, 0.5, 0.01);
      two.accumulate(b, 0.5, 0.01);
      assertThat(two.gradientNorm() / one.gradientNorm()).isBetween(1 - 1e-5, 1 + 1e-5);
    }
  }

  @Test
  void evaluationLeavesGradientsAlone() {
    try (TrainingModel m = model("portable", 4, false)) {
      PackedBatch b = batch(2);
      m.zeroGradients();
      Trainable.Outcome trained = m.accumulate(b, 1, 0);
      double norm = m.gradientNorm();
      Trainable.Outcome evaluated = m.evaluate(b);
      assertThat(evaluated.crossEntropy()).isEqualTo(trained.crossEntropy());
      assertThat(m.gradientNorm()).isEqualTo(norm);
    }
  }

  @Test
  void batchesSmallerThanTheCapacityAreTaken() {
    PackedBatch whole = batch(3);
    PackedBatch part =
        new PackedBatch(
            java.util.Arrays.copyOf(whole.ids(), 40),
            java.util.Arrays.copyOf(whole.targets(), 40),
            new int[] {0, 40});
    try (TrainingModel roomy = model("portable", 4, false);
        TrainingModel exact =
            TrainingModel.create(
                config(4),
                new TrainingModel.Settings(40, 1, ADAM, false),
                Tiers.choose("portable").operations(),
                5)) {
      roomy.zeroGradients();
      roomy.accumulate(whole, 1, 0.01);
      roomy.zeroGradients();
      exact.zeroGradients();
      assertThat(roomy.accumulate(part, 1, 0.01).crossEntropy())
          .isEqualTo(exact.accumulate(part, 1, 0.01).crossEntropy());
      assertThat(roomy.gradientNorm()).isEqualTo(exact.gradientNorm());
    }
  }

  @Test
  void aModelThatDoesNotFitSaysSo() {
    ModelConfig large =
        ModelConfig.fromJson(
            ModelConfigTest.small().put("hidden_size", 8192).put("num_hidden_layers", 1), "test");
    assertThatThrownBy(
            () ->
                TrainingModel.create(
                    large,
                    new TrainingModel.Settings(100_000, 4, ADAM, false),
                    Tiers.choose("portable").operations(),
                    0))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("training needs")
        .hasMessageContaining("are available");
  }

  private static void assertSameBits(List<float[]> actual, List<float[]> expected) {
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i)).isEqualTo(expected.get(i));
    }
  }
}
