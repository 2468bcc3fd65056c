package io.github.tornadosse.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class TaskGraphTest {
  static void scale(FloatArray x, FloatArray y, int n, float factor) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, factor * x.get(i));
    }
  }

  static void addOne(FloatArray x, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      x.set(i, x.get(i) + 1);
    }
  }

  @Test
  void runsItsTasksInOrder() throws Exception {
    FloatArray x = FloatArray.fromElements(1, 2, 3);
    FloatArray y = new FloatArray(3);
    TaskGraph graph =
        new TaskGraph("g")
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
            .task("scale", TaskGraphTest::scale, x, y, 3, 2f)
            .task("add", TaskGraphTest::addOne, y, 3)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, y);
    try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
      plan.execute();
    }
    assertThat(y.toHeapArray()).containsExactly(3, 5, 7);
  }

  @Test
  void runsTheSelectedGraphOnly() throws Exception {
    FloatArray x = FloatArray.fromElements(1);
    FloatArray y = FloatArray.fromElements(10);
    TaskGraph first =
        new TaskGraph("first")
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
            .task("add", TaskGraphTest::addOne, x, 1)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, x);
    TaskGraph second =
        new TaskGraph("second")
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, y)
            .task("add", TaskGraphTest::addOne, y, 1)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, y);
    try (TornadoExecutionPlan plan =
        new TornadoExecutionPlan(first.snapshot(), second.snapshot())) {
      plan.withGraph(1).execute();
      assertThat(x.get(0)).isEqualTo(1);
      assertThat(y.get(0)).isEqualTo(11);
      plan.withAllGraphs().execute();
      assertThat(x.get(0)).isEqualTo(2);
      assertThat(y.get(0)).isEqualTo(12);
      assertThatThrownBy(() -> plan.withGraph(2))
          .isInstanceOf(TornadoRuntimeException.class)
          .hasMessageContaining("graph 2");
    }
  }
}
