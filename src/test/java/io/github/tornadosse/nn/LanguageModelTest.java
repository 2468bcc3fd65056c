package io.github.tornadosse.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.runtime.Tiers;
import java.util.Arrays;
import java.util.Iterator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
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

  /** Weights of a configuration, drawn. */
  static ModelWeights weights(ModelConfig c) {
    ParameterLayout layout = new ParameterLayout(c);
    float[] drawn = Initializer.draw(c, layout, 1);
    Iterator<Integer> next = IntStream.range(0, layout.tensors().size()).iterator();
    return ModelWeights.read(
        c, (t, to) -> System.arraycopy(drawn, layout.offset(next.next()), to, 0, to.length));
  }

  private static LanguageModel model(String tier, ModelConfig c, int tokens) {
    return LanguageModel.create(
        weights(c), Tiers.choose(tier).operations(), new LanguageModel.Capacity(tokens, 3, 3, 200));
  }

  private static float[] read(LanguageModel m, int session, int... text) {
    return m.read(new int[] {session}, new int[][] {text})[0];
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
        try (LanguageModel m = model(tier, config(partitions), block)) {
          int session = m.openSession();
          read(m, session, 5, 6, 7);
          m.closeSession(session);
          assertThat(m.openSession()).isEqualTo(session);
          float[] logits = read(m, session, text);
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
    try (LanguageModel m = model(tier, config(4), 90)) {
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
    try (LanguageModel m = model(tier, config(4), 40)) {
      float[] scored = m.logits(new PackedBatch(text, new int[33], new int[] {0, 33}));
      float[] read = read(m, m.openSession(), text);
      for (int i = 0; i < VOCABULARY; i++) {
        assertThat(read[i]).isCloseTo(scored[32 * VOCABULARY + i], within(1e-5f));
      }
    }
  }
}
