package io.github.tornadosse.data.tasks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.data.PackedBatch;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class TaskPropertiesTest {
  @Provide
  Arbitrary<String> task() {
    return Arbitraries.of(Tasks.names());
  }

  private static TaskExamples examples(String name, Part part, int length, long seed) {
    return new TaskExamples(Tasks.of(TaskSettings.of(name)), part, length, List.of(), seed);
  }

  @Property(tries = 300)
  void eachQueryHasOneAnswerWhichTheTextTells(
      @ForAll("task") String name,
      @ForAll long seed,
      @ForAll @IntRange(min = 256, max = 400) int l) {
    TaskExamples examples = examples(name, Part.TRAINING, l, seed);
    Task task = examples.task();
    Example e = examples.example(Math.floorMod(seed, 7));
    assertThat(e.length()).isBetween(1, l);
    assertThat(e.queries()).isNotEmpty();
    Set<Integer> asked = new TreeSet<>();
    for (Example.Query q : e.queries()) {
      int[] right = Arrays.copyOfRange(e.targets(), q.from(), q.to());
      assertThat(Solver.answer(task, e, q)).as(name).isEqualTo(right);
      assertThat(q.depth()).isBetween(0.0, 1.0);
      if (q.told() >= 0) {
        assertThat(q.told()).isLessThan(q.from());
        assertThat(e.ids()[q.told()]).isEqualTo(right[0]);
      }
      for (int t = q.from(); t < q.to(); t++) {
        assertThat(asked.add(t)).as("no target belongs to two answers").isTrue();
        // What was answered is read afterwards, so that an answer is right as a whole or not.
        if (t + 1 < q.to()) {
          assertThat(e.ids()[t + 1]).isEqualTo(e.targets()[t]);
        }
      }
    }
    for (int t = 0; t < e.length(); t++) {
      assertThat(e.targets()[t] >= 0).isEqualTo(asked.contains(t));
      assertThat(e.targets()[t]).isLessThan(task.vocabSize());
      assertThat(e.ids()[t]).isBetween(task.text() ? 0 : 1, task.vocabSize() - 1);
    }
  }

  @Property(tries = 100)
  void seedsDecideEverything(@ForAll("task") String name, @ForAll long seed) {
    TaskExamples one = examples(name, Part.TEST, 300, seed);
    TaskExamples same = examples(name, Part.TEST, 300, seed);
    assertThat(one.example(5).ids()).isEqualTo(same.examples(3, 3).get(2).ids());
    assertThat(one.example(5).ids()).isNotEqualTo(one.example(6).ids());
    assertThat(one.example(5).ids())
        .isNotEqualTo(examples(name, Part.VALIDATION, 300, seed).example(5).ids());
    assertThat(one.example(5).ids())
        .isNotEqualTo(examples(name, Part.TEST, 300, seed + 1).example(5).ids());
  }

  @Property(tries = 100)
  void everyKeyOfMqarComesOnceAndIsAskedForOnce(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 31) int pairs,
      @ForAll @IntRange(max = 90) int more) {
    Task task = Tasks.of(TaskSettings.of("mqar").withVocabulary(64));
    int length = 4 * pairs + more;
    Example e = new TaskExamples(task, Part.TEST, length, List.of(pairs), seed).example(0);
    Set<Integer> keys = new HashSet<>();
    for (int i = 0; i < pairs; i++) {
      assertThat(keys.add(e.ids()[2 * i])).isTrue();
      assertThat(e.ids()[2 * i]).isBetween(1, 31);
      assertThat(e.ids()[2 * i + 1]).isBetween(32, 63);
    }
    assertThat(e.queries()).hasSize(pairs);
    for (int t = 2 * pairs; t < length; t++) {
      assertThat(keys.remove(e.ids()[t])).isEqualTo(e.targets()[t] >= 0);
    }
    assertThat(keys).isEmpty();
  }

  @Property(tries = 60)
  void needlesFillTheLengthExactlyAndStandBehindSentences(
      @ForAll long seed, @ForAll @IntRange(min = 300, max = 600) int length) {
    for (String name : Tasks.names()) {
      if (name.startsWith("needle-")) {
        Example e = examples(name, Part.TRAINING, length, seed).example(1);
        assertThat(e.length()).as(name).isEqualTo(length);
        String text = Solver.text(e.ids());
        // A haystack of a single byte has no sentence.
        for (int at = 0; (at = text.indexOf("The magic number of ", at)) >= 0; at++) {
          assertThat(text.substring(Math.max(0, at - 2), at)).matches("[.?] | ?");
        }
      }
    }
  }

  @Property(tries = 60)
  void packingKeepsExamplesApart(@ForAll("task") String name, @ForAll long seed) {
    TaskExamples examples = examples(name, Part.TRAINING, 260, seed);
    List<Example> three = examples.examples(0, 3);
    PackedBatch batch = TaskExamples.pack(three);
    assertThat(batch.sequences()).isEqualTo(3);
    for (int i = 0; i < 3; i++) {
      int from = batch.cuSeqlens()[i];
      int to = batch.cuSeqlens()[i + 1];
      assertThat(Arrays.copyOfRange(batch.ids(), from, to)).isEqualTo(three.get(i).ids());
      assertThat(Arrays.copyOfRange(batch.targets(), from, to)).isEqualTo(three.get(i).targets());
    }
  }
}
