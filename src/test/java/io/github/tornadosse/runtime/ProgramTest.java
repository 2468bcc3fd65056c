package io.github.tornadosse.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.tensor.UserError;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class ProgramTest {
  private static final int MANY = 700;

  private final Buffers buffers = Buffers.allocating();
  private final Program program = new Program(1, 1, buffers);
  private final FloatArray step = program.floatInput("step", 1);
  private final FloatArray sum = buffers.floats("sum", 1);
  private final FloatArray first = buffers.floats("first", 1);

  private static void add(FloatArray step, FloatArray sum) {
    for (@Parallel int i = 0; i < 1; i++) {
      sum.set(i, sum.get(i) + step.get(i));
    }
  }

  private static void copy(FloatArray from, FloatArray to) {
    for (@Parallel int i = 0; i < 1; i++) {
      to.set(i, from.get(i));
    }
  }

  private void many(Stage s) {
    s.graph().task("first", ProgramTest::copy, sum, first);
    for (int i = 0; i < MANY; i++) {
      s.graph().task("add" + i, ProgramTest::add, step, sum);
    }
  }

  @AfterEach
  void close() {
    program.close();
    System.clearProperty("sse.cuda.graphs");
  }

  @Test
  void aGraphOfManyTasksIsExecutedWholeAndInOrder() {
    program.graph("many", this::many);
    program.graph("one", s -> s.graph().task("add", ProgramTest::add, step, sum));
    assertThat(program.tasks("many")).hasSizeGreaterThan(1);
    assertThat(program.tasks("many").stream().mapToInt(n -> n).sum()).isEqualTo(MANY + 1);
    sum.set(0, 5);
    step.set(0, 1);

    program.execute("one");
    program.execute("many");
    step.set(0, 2);
    program.execute("one");
    program.execute("many");

    program.fetch("many", first, sum);
    assertThat(first.get(0)).isEqualTo(5 + 1 + MANY + 2);
    assertThat(sum.get(0)).isEqualTo(5 + 1 + MANY + 2 + 2 * MANY);
  }

  @Test
  void graphsThatHaveNoArrayInCommonRunInAnyOrder() {
    FloatArray other = buffers.floats("other", 1);
    program.graph("sum", s -> s.graph().task("add", ProgramTest::add, step, sum));
    program.graph("other", s -> s.graph().task("add", ProgramTest::add, step, other));
    sum.set(0, 10);
    other.set(0, 20);
    step.set(0, 1);

    for (String graph : new String[] {"other", "sum", "sum", "other", "other"}) {
      program.execute(graph);
    }

    program.fetch("sum", sum);
    program.fetch("other", other);
    assertThat(sum.get(0)).isEqualTo(12);
    assertThat(other.get(0)).isEqualTo(23);
  }

  @Test
  void onlyWhatAnExecutedGraphUsesIsFetched() {
    program.graph("sum", s -> s.graph().task("add", ProgramTest::add, step, sum));
    program.graph("copy", s -> s.graph().task("copy", ProgramTest::copy, sum, first));
    assertThatThrownBy(() -> program.fetch("sum", sum)).hasMessageContaining("was not executed");

    program.execute("sum");

    assertThatThrownBy(() -> program.fetch("sum", first)).hasMessageContaining("does not use");
    assertThatThrownBy(() -> program.fetch("copy", sum)).hasMessageContaining("was not executed");
  }

  @Test
  void capturingIsForTheCudaBackend() {
    System.setProperty("sse.cuda.graphs", "true");
    program.graph("sum", s -> s.graph().task("add", ProgramTest::add, step, sum));

    assertThatThrownBy(() -> program.execute("sum"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("is for devices cuda:N; this is jvm");
  }
}
