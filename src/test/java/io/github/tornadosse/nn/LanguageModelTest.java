package io.github.tornadosse.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.runtime.Tiers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LanguageModelTest {
  private static final int VOCABULARY = 30;

  private static ModelConfig config(int partitions) {
    return ModelConfig.fromJson(
        ModelConfigTest.small()
            .put("vocab_size", VOCABULARY)
            .put("num_sparse_partition", partitions)
            .put("tie_word_embeddings", true),
        "test");
  }

  private static LanguageModel model(String tier, int partitions, int tokens) {
    Operations ops = Tiers.choose(tier).operations();
    ModelConfig c = config(partitions);
    ParameterLayout layout = new ParameterLayout(c);
    float[] drawn = Initializer.draw(c, layout, 1);
    List<float[]> weights = new ArrayList<>();
    for (int i = 0; i < layout.tensors().size(); i++) {
      int from = layout.offset(i);
      weights.add(Arrays.copyOfRange(drawn, from, from + layout.tensors().get(i).size()));
    }
    return LanguageModel.create(c, ops, tokens, 3, weights);
  }

  private static int[] text(int n) {
    SplittableRandom r = new SplittableRandom(4);
    return r.ints(n, 0, VOCABULARY).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"portable", "vector"})
  void howATextIsSplitDoesNotMatter(String tier) {
    int[] text = text(150);
    for (int partitions : new int[] {0, 4}) {
      float[] expected = null;
      for (int block : new int[] {200, 64, 7, 1}) {
        try (LanguageModel m = model(tier, partitions, block)) {
          m.reset();
          m.read(5, 6, 7);
          m.reset();
          float[] logits = m.read(text);
          if (expected == null) {
            expected = logits;
          }
          for (int i = 0; i < VOCABULARY; i++) {
            assertThat(logits[i]).isCloseTo(expected[i], within(1e-5f));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"portable", "vector"})
  void packedSequencesAreScoredAsIfAlone(String tier) {
    int[] text = text(90);
    int[] bounds = {0, 20, 21, 90};
    try (LanguageModel m = model(tier, 4, 90)) {
      float[] together = m.logits(new PackedBatch(text, new int[90], bounds));
      for (int s = 0; s < 3; s++) {
        int[] part = Arrays.copyOfRange(text, bounds[s], bounds[s + 1]);
        float[] alone =
            m.logits(new PackedBatch(part, new int[part.length], new int[] {0, part.length}));
        for (int i = 0; i < alone.length; i++) {
          assertThat(together[bounds[s] * VOCABULARY + i]).isCloseTo(alone[i], within(1e-5f));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"portable", "vector"})
  void readingAndScoringAgree(String tier) {
    int[] text = text(33);
    try (LanguageModel m = model(tier, 4, 40)) {
      float[] scored = m.logits(new PackedBatch(text, new int[33], new int[] {0, 33}));
      m.reset();
      float[] read = m.read(text);
      for (int i = 0; i < VOCABULARY; i++) {
        assertThat(read[i]).isCloseTo(scored[32 * VOCABULARY + i], within(1e-5f));
      }
    }
  }
}
