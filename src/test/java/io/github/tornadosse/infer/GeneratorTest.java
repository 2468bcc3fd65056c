package io.github.tornadosse.infer;

import static io.github.tornadosse.infer.SmallModels.model;
import static io.github.tornadosse.infer.SmallModels.text;
import static io.github.tornadosse.infer.SmallModels.weights;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.infer.Generator.End;
import io.github.tornadosse.infer.Generator.Request;
import io.github.tornadosse.infer.Generator.Result;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class GeneratorTest {
  private static final ModelWeights WEIGHTS = weights("gla n4k1");

  private static SamplingOptions options(int seed) {
    return new SamplingOptions(0.9, 10, 0.98, 0.01, 1.1, seed);
  }

  private static List<Integer> alone(int[] prompt, int tokens, SamplingOptions options) {
    List<Integer> drawn = new ArrayList<>();
    try (LanguageModel m = model(WEIGHTS, 16, 1)) {
      Result r = new Generator(m).generate(prompt, tokens, options, drawn::add);
      assertThat(r).isEqualTo(new Result(tokens, End.LENGTH));
    }
    assertThat(drawn).hasSize(tokens);
    return drawn;
  }

  @Test
  void aBatchGivesEachWhatItWouldGetAlone() {
    int[] lengths = {30, 3, 12, 30};
    List<List<Integer>> drawn = new ArrayList<>();
    List<Session> sessions = new ArrayList<>();
    try (LanguageModel m = model(WEIGHTS, 16, 4)) {
      List<Request> requests = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        List<Integer> mine = new ArrayList<>();
        drawn.add(mine);
        Session s = Session.open(m);
        sessions.add(s);
        requests.add(new Request(s, text(9 * i + 1, i), lengths[i], options(i), mine::add));
      }
      List<Result> results = new Generator(m).generate(requests);
      for (int i = 0; i < 4; i++) {
        assertThat(results.get(i)).isEqualTo(new Result(lengths[i], End.LENGTH));
        assertThat(sessions.get(i).position()).isEqualTo(9 * i + 1 + lengths[i]);
      }
    }
    for (int i = 0; i < 4; i++) {
      assertThat(drawn.get(i)).isEqualTo(alone(text(9 * i + 1, i), lengths[i], options(i)));
    }
  }

  @Test
  void aTextEndsWhereItsReceiverSaysSo() {
    List<Integer> all = alone(text(5, 1), 20, options(1));
    List<Integer> some = new ArrayList<>();
    List<Integer> others = new ArrayList<>();
    try (LanguageModel m = model(WEIGHTS, 16, 2)) {
      Session s = Session.open(m);
      Session t = Session.open(m);
      List<Result> results =
          new Generator(m)
              .generate(
                  List.of(
                      new Request(
                          s, text(5, 1), 20, options(1), x -> some.add(x) && some.size() < 7),
                      new Request(t, text(6, 2), 20, options(2), others::add)));
      assertThat(results).containsExactly(new Result(7, End.STOPPED), new Result(20, End.LENGTH));
      assertThat(some).isEqualTo(all.subList(0, 7));
      // The session has read what was drawn, so it goes on as the text would have.
      assertThat(s.position()).isEqualTo(12);
      new Generator(m).generate(List.of(new Request(s, new int[0], 13, options(1), some::add)));
      assertThat(some).isEqualTo(all);
    }
    assertThat(others).isEqualTo(alone(text(6, 2), 20, options(2)));
  }

  @Test
  void aSavedSessionGoesOnAsIfItHadNotBeenInterrupted(@TempDir Path directory) {
    List<Integer> all = alone(text(33, 4), 24, options(4));
    Path file = directory.resolve("s.safetensors");
    List<Integer> drawn = new ArrayList<>();
    try (LanguageModel m = model(WEIGHTS, 16, 1);
        Session s = Session.open(m)) {
      new Generator(m).generate(List.of(new Request(s, text(33, 4), 10, options(4), drawn::add)));
      s.save(file);
    }
    try (LanguageModel m = model(WEIGHTS, 4, 2);
        Session s = Session.restore(m, file)) {
      new Generator(m).generate(List.of(new Request(s, new int[0], 14, options(4), drawn::add)));
    }
    assertThat(drawn).isEqualTo(all);
  }

  @Test
  void aFullContextEndsTheText() {
    try (LanguageModel m = model(weights("hybrid"), 16, 1, 40)) {
      List<Integer> drawn = new ArrayList<>();
      Generator g = new Generator(m);
      assertThat(g.generate(text(30, 1), 100, options(1), drawn::add))
          .isEqualTo(new Result(10, End.CONTEXT));
      assertThat(drawn).hasSize(10);
      assertThatThrownBy(() -> g.generate(text(41, 1), 1, options(1), drawn::add))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("room for 40");
      // The failed one has given its place back.
      assertThat(g.generate(text(40, 1), 5, options(1), drawn::add))
          .isEqualTo(new Result(0, End.CONTEXT));
    }
  }

  @Test
  @Timeout(60)
  void anotherThreadCancels() throws InterruptedException {
    try (LanguageModel m = model(WEIGHTS, 16, 1)) {
      Generator g = new Generator(m);
      CountDownLatch begun = new CountDownLatch(1);
      List<Result> result = new ArrayList<>();
      Thread thread =
          new Thread(
              () ->
                  result.add(
                      g.generate(
                          text(3, 1),
                          Integer.MAX_VALUE,
                          options(1),
                          x -> {
                            begun.countDown();
                            return true;
                          })));
      thread.start();
      assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
      g.cancel();
      thread.join();
      assertThat(result.get(0).end()).isEqualTo(End.CANCELLED);
      assertThat(g.generate(text(3, 1), 5, options(1), x -> true))
          .isEqualTo(new Result(0, End.CANCELLED));
    }
  }

  @Test
  void anInterruptCancelsAndRemains() {
    try (LanguageModel m = model(WEIGHTS, 16, 1);
        Session s = Session.open(m)) {
      List<Integer> drawn = new ArrayList<>();
      Result r =
          new Generator(m)
              .generate(
                  List.of(
                      new Request(
                          s,
                          text(3, 1),
                          100,
                          options(1),
                          x -> {
                            drawn.add(x);
                            if (drawn.size() == 4) {
                              Thread.currentThread().interrupt();
                            }
                            return true;
                          })))
              .get(0);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(r).isEqualTo(new Result(4, End.CANCELLED));
      assertThat(s.position()).isEqualTo(7);
    }
  }

  @Test
  void aLongPromptIsReadInBlocksThatLookAtTheCancellation() {
    try (LanguageModel m = model(WEIGHTS, 16, 1);
        Session s = Session.open(m)) {
      Generator g = new Generator(m);
      g.cancel();
      Result r = g.generate(List.of(new Request(s, text(100, 1), 9, options(1), x -> true))).get(0);
      assertThat(r).isEqualTo(new Result(0, End.CANCELLED));
      assertThat(s.position()).isZero();
    }
  }

  @Test
  void whatHasNoBeginningIsRefused() {
    try (LanguageModel m = model(WEIGHTS, 16, 1);
        LanguageModel n = model(WEIGHTS, 16, 1);
        Session s = Session.open(n)) {
      assertThatThrownBy(() -> new Generator(m).generate(new int[0], 5, options(1), x -> true))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(
              () ->
                  new Generator(m)
                      .generate(List.of(new Request(s, text(2, 1), 5, options(1), x -> true))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("another model");
    }
  }
}
