package io.github.tornadosse.infer;

import static io.github.tornadosse.infer.SmallModels.model;
import static io.github.tornadosse.infer.SmallModels.text;
import static io.github.tornadosse.infer.SmallModels.weights;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionTest {
  private static final ModelWeights WEIGHTS = weights("gla n4k1");

  @Test
  void itKnowsWhatItHasRead() {
    try (LanguageModel m = model(WEIGHTS, 16, 1);
        Session s = Session.open(m)) {
      assertThat(s.position()).isZero();
      assertThat(s.tokens()).isEmpty();
      assertThatThrownBy(s::logits).isInstanceOf(IllegalStateException.class);
      int[] text = text(100, 1);
      float[] logits = s.read(text);
      assertThat(logits).hasSize(SmallModels.VOCABULARY).isEqualTo(s.logits());
      assertThat(s.position()).isEqualTo(100);
      assertThat(s.tokens()).isEqualTo(text);
      s.tokens()[0] = -1;
      logits[0] = Float.NaN;
      s.logits()[0] = Float.NaN;
      assertThat(s.tokens()).isEqualTo(text);
      assertThat(s.logits()[0]).isNotNaN();
      s.read(3);
      assertThat(s.tokens()).startsWith(text).endsWith(3).hasSize(101);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gla n4k1", "convolution", "gdn n4k1", "hybrid, window, bias, tied"})
  void aForkGoesOnOnItsOwn(String variant) {
    try (LanguageModel m = model(weights(variant), 16, 3)) {
      Session s = Session.open(m);
      s.read(text(40, 1));
      Session fork = s.fork();
      assertThat(fork.tokens()).isEqualTo(s.tokens());
      assertThat(fork.logits()).isEqualTo(s.logits());
      float[] expected = s.read(5, 6, 7);
      fork.read(9, 9);
      assertThat(fork.position()).isEqualTo(42);
      Session other = Session.open(m);
      other.read(text(40, 1));
      assertThat(other.read(5, 6, 7)).isEqualTo(expected);
    }
  }

  @Test
  void anEmptySessionCanBeForked() {
    try (LanguageModel m = model(WEIGHTS, 16, 2);
        Session s = Session.open(m);
        Session fork = s.fork()) {
      assertThat(fork.read(1, 2, 3)).isEqualTo(s.read(1, 2, 3));
    }
  }

  @Test
  void sessionsOfDifferentAgesStepTogether() {
    try (LanguageModel m = model(WEIGHTS, 64, 6)) {
      List<Session> together = new ArrayList<>();
      List<Session> alone = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        together.add(Session.open(m));
        together.get(i).read(text(1 + 17 * i, i));
        alone.add(together.get(i).fork());
      }
      int[] next = {4, 8, 12};
      float[][] logits = Session.step(together, next);
      for (int i = 0; i < 3; i++) {
        assertThat(logits[i]).isEqualTo(alone.get(i).read(next[i]));
        assertThat(together.get(i).logits()).isEqualTo(logits[i]);
        assertThat(together.get(i).tokens()).isEqualTo(alone.get(i).tokens());
      }
    }
  }

  @Test
  void whatCannotBeReadLeavesTheSessionAsItWas() {
    try (LanguageModel m = model(weights("hybrid"), 16, 2, 50);
        Session s = Session.open(m);
        Session other = Session.open(m)) {
      float[] logits = s.read(text(45, 1));
      other.read(1);
      assertThatThrownBy(() -> s.read(text(6, 2)))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("51 tokens")
          .hasMessageContaining("room for 50");
      assertThatThrownBy(() -> Session.read(List.of(other, s), new int[][] {{1}, {29}}))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("token 29");
      assertThatThrownBy(s::read).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> Session.step(List.of(s, s), new int[] {1, 2}))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> Session.step(List.of(s), new int[] {1, 2}))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(s.logits()).isEqualTo(logits);
      assertThat(s.position()).isEqualTo(45);
      assertThat(other.position()).isEqualTo(1);
      s.read(text(5, 2));
      assertThatThrownBy(() -> s.read(0)).isInstanceOf(UserError.class);
    }
  }

  @Test
  void sessionsOfDifferentModelsDoNotReadTogether() {
    try (LanguageModel m = model(WEIGHTS, 16, 1);
        LanguageModel n = model(WEIGHTS, 16, 1)) {
      List<Session> both = List.of(Session.open(m), Session.open(n));
      assertThatThrownBy(() -> Session.step(both, new int[] {1, 2}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("one model");
    }
  }

  @Test
  void closingMakesRoom() {
    try (LanguageModel m = model(WEIGHTS, 16, 1)) {
      Session s = Session.open(m);
      s.read(1, 2);
      assertThatThrownBy(s::fork).isInstanceOf(UserError.class).hasMessageContaining("sessions");
      s.close();
      s.close();
      assertThatThrownBy(() -> s.read(1)).isInstanceOf(IllegalStateException.class);
      try (Session fresh = Session.open(m)) {
        assertThat(fresh.position()).isZero();
      }
    }
  }

  /** Tokens that a session draws, with a look at which is likeliest. */
  private static List<Integer> story(Session s, int seed) {
    Sampler sampler = new Sampler(new SamplingOptions(0.9, 0, 0.95, 0, 1.1, seed));
    s.read(text(20 + seed, seed));
    List<Integer> drawn = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      int token = sampler.next(s.logits(), s.seen(), s.position());
      drawn.add(token);
      s.read(token);
    }
    return drawn;
  }

  private static List<List<Integer>> inThreads(List<Callable<List<Integer>>> tasks)
      throws Exception {
    try (ExecutorService pool = Executors.newFixedThreadPool(tasks.size())) {
      List<List<Integer>> results = new ArrayList<>();
      for (Future<List<Integer>> f : pool.invokeAll(tasks)) {
        results.add(f.get());
      }
      return results;
    }
  }

  private static List<List<Integer>> expectedStories(int n) {
    List<List<Integer>> expected = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      try (LanguageModel m = model(WEIGHTS, 16, 1);
          Session s = Session.open(m)) {
        expected.add(story(s, i));
      }
    }
    assertThat(expected).doesNotHaveDuplicates();
    return expected;
  }

  @Test
  @Timeout(120)
  void sessionsOfOneModelAreUsedFromSeveralThreads() throws Exception {
    List<List<Integer>> expected = expectedStories(4);
    try (LanguageModel m = model(WEIGHTS, 16, 4)) {
      List<Callable<List<Integer>>> tasks = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int seed = i;
        tasks.add(
            () -> {
              List<Integer> drawn = List.of();
              for (int repeat = 0; repeat < 3; repeat++) {
                try (Session s = Session.open(m)) {
                  drawn = story(s, seed);
                }
              }
              return drawn;
            });
      }
      assertThat(inThreads(tasks)).isEqualTo(expected);
    }
  }

  @Test
  @Timeout(120)
  void modelsOfTheSameWeightsComputeSideBySide() throws Exception {
    List<List<Integer>> expected = expectedStories(3);
    List<Callable<List<Integer>>> tasks = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      int seed = i;
      tasks.add(
          () -> {
            try (LanguageModel m = model(WEIGHTS, 16, 1);
                Session s = Session.open(m)) {
              return story(s, seed);
            }
          });
    }
    for (int repeat = 0; repeat < 3; repeat++) {
      assertThat(inThreads(tasks)).isEqualTo(expected);
    }
  }
}
