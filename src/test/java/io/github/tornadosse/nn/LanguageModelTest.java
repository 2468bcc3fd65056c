package io.github.tornadosse.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.runtime.Tiers;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
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

  private static LanguageModel model(String tier, ModelConfig c, int tokens) {
    return model(tier, ModelWeights.initial(c, 1), tokens);
  }

  private static LanguageModel model(String tier, ModelWeights w, int tokens) {
    return LanguageModel.create(
        w, Tiers.choose(tier).operations(), new LanguageModel.Capacity(tokens, 3, 3, 200));
  }

  private static float[] read(LanguageModel m, int session, int... text) {
    return m.read(new int[] {session}, new int[][] {text})[0];
  }

  private static int[] text(int n) {
    return text(n, 4);
  }

  /** Tokens of every variant's vocabulary. */
  private static int[] text(int n, int seed) {
    return new SplittableRandom(seed).ints(n, 0, 29).toArray();
  }

  private static Stream<Arguments> tiersAndVariants() {
    return Stream.of("portable", "vector")
        .flatMap(tier -> Variants.names().stream().map(variant -> Arguments.of(tier, variant)));
  }

  private static void assertClose(float[] actual, float[] expected, String what) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(actual[i] - (double) expected[i], 2);
      size += Math.pow(expected[i], 2);
    }
    assertThat(Math.sqrt(difference / size)).as(what).isLessThan(1e-5);
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("tiersAndVariants")
  void howATextIsSplitDoesNotMatter(String tier, String variant) {
    int[] text = text(90);
    ModelWeights w = ModelWeights.initial(Variants.config(variant), 1);
    float[] expected = null;
    for (int block : new int[] {100, 64, 7, 1}) {
      try (LanguageModel m = model(tier, w, block)) {
        int session = m.openSession();
        read(m, session, 5, 6, 7);
        m.closeSession(session);
        assertThat(m.openSession()).isEqualTo(session);
        float[] logits = read(m, session, text);
        assertThat(m.position(session)).isEqualTo(90);
        expected = expected == null ? logits : expected;
        assertClose(logits, expected, "blocks of " + block);
      }
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("tiersAndVariants")
  void sessionsSideBySideEqualThoseAlone(String tier, String variant) {
    int[][] texts = {text(31, 1), text(4, 2), text(17, 3)};
    ModelWeights w = ModelWeights.initial(Variants.config(variant), 1);
    try (LanguageModel together = model(tier, w, 20)) {
      int[] slots = new int[3];
      Arrays.setAll(slots, i -> together.openSession());
      together.read(slots, texts);
      int[] some = {slots[2], slots[0]};
      float[][] logits = together.read(some, new int[][] {{1, 2, 3}, {4}});
      for (int i : new int[] {0, 2}) {
        try (LanguageModel alone = model(tier, w, 20)) {
          int session = alone.openSession();
          read(alone, session, texts[i]);
          float[] expected = i == 0 ? read(alone, session, 4) : read(alone, session, 1, 2, 3);
          assertClose(logits[i == 0 ? 1 : 0], expected, "session " + i);
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("tiersAndVariants")
  void whatIsSavedGoesOnInAnotherModel(String tier, String variant) {
    int[] before = text(37, 5);
    int[] after = text(9, 6);
    ModelWeights w = ModelWeights.initial(Variants.config(variant), 1);
    try (LanguageModel from = model(tier, w, 16);
        LanguageModel to = model(tier, w, 40)) {
      int session = from.openSession();
      read(from, session, before);
      SessionState state = from.save(session);
      float[] expected = read(from, session, after);

      read(to, to.openSession(), 1, 2, 3, 4, 5);
      int slot = to.openSession();
      read(to, slot, 9, 8, 7);
      to.load(slot, state);
      assertThat(to.position(slot)).isEqualTo(37);
      assertSameParts(to.save(slot), state, to.sessionParts(37));
      assertClose(read(to, slot, after), expected, "after the saved session");
    }
  }

  private static void assertSameParts(
      SessionState actual, SessionState expected, List<TensorSpec> parts) {
    assertThat(parts)
        .extracting(TensorSpec::name)
        .containsExactlyElementsOf(actual.parts().keySet());
    for (TensorSpec part : parts) {
      assertThat(actual.parts().get(part.name()))
          .as(part.name())
          .hasSize(part.size())
          .isEqualTo(expected.parts().get(part.name()));
    }
  }

  @Test
  void aStateThatDoesNotFitIsRefused() {
    try (LanguageModel m = model("portable", config(4), 20);
        LanguageModel other = model("portable", config(0), 20)) {
      int session = other.openSession();
      read(other, session, text(5));
      SessionState state = other.save(session);
      int slot = m.openSession();
      assertThatThrownBy(() -> m.load(slot, state))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("'layers.0.state' has 2048 numbers");
      assertThatThrownBy(() -> m.load(slot, new SessionState(5, Map.of())))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("'layers.0.state' is missing");
      assertThatThrownBy(() -> m.load(slot, new SessionState(-5, m.save(slot).parts())))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("position is -5");
      assertThatThrownBy(() -> m.load(2, m.save(slot))).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void whatCannotBeReadIsRefusedAndNothingIsRead() {
    try (LanguageModel m =
        model("portable", ModelWeights.initial(Variants.config("transformer"), 1), 20)) {
      int session = m.openSession();
      float[] expected = read(m, session, text(190));
      assertThatThrownBy(() -> read(m, session, text(11)))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("201 tokens")
          .hasMessageContaining("room for 200");
      assertThatThrownBy(() -> read(m, session, 3, 29))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("token 29");
      assertThat(m.position(session)).isEqualTo(190);
      int again = m.openSession();
      assertThat(read(m, again, text(190))).isEqualTo(expected);
      m.openSession();
      assertThatThrownBy(m::openSession)
          .isInstanceOf(UserError.class)
          .hasMessageContaining("all 3 sessions");
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
