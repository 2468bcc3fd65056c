package io.github.tornadosse.graph;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class GraphPartsTest {
  private static final FloatArray A = new FloatArray(1);
  private static final FloatArray B = new FloatArray(1);

  /** Of two arguments, which TornadoVM notes in 25 bytes. */
  private static void copy(FloatArray from, FloatArray to) {
    to.set(0, from.get(0));
  }

  private static GraphParts copies(int tasks) {
    GraphParts graph = new GraphParts("graph", 0);
    for (int i = 0; i < tasks; i++) {
      graph.task("copy" + i, GraphPartsTest::copy, A, B);
    }
    return graph;
  }

  @Test
  void whatFitsStaysOneGraph() {
    assertThat(copies(327).parts())
        .singleElement()
        .satisfies(
            p -> {
              assertThat(p.name()).isEqualTo("graph");
              assertThat(p.size()).isEqualTo(327);
              assertThat(p.arrays()).containsExactlyInAnyOrder(A, B);
            });
  }

  @Test
  void moreIsSharedOutInOrder() {
    GraphParts graph = copies(700);

    assertThat(graph.parts())
        .extracting(GraphParts.Part::name)
        .containsExactly("graph", "graph-2", "graph-3");
    assertThat(graph.parts()).extracting(GraphParts.Part::size).containsExactly(327, 327, 46);
    assertThat(graph.parts()).allSatisfy(p -> assertThat(p.bytes()).isLessThanOrEqualTo(8192));
    GraphParts again = new GraphParts("again", 0);
    graph.parts().forEach(p -> p.appendTo(again));
    assertThat(again.parts()).extracting(GraphParts.Part::size).containsExactly(327, 327, 46);
  }

  @Test
  void gridsFollowTheirTasks() {
    GridScheduler grids = new GridScheduler();
    WorkerGrid1D first = new WorkerGrid1D(1);
    WorkerGrid1D second = new WorkerGrid1D(2);
    grids.addWorkerGrid("graph.copy326", first);
    grids.addWorkerGrid("graph.copy327", second);
    GridScheduler moved = new GridScheduler();

    copies(330).grids(grids, moved);

    assertThat(moved.keySet()).containsExactlyInAnyOrder("graph.copy326", "graph-2.copy327");
    assertThat(moved.get("graph.copy326")).isSameAs(first);
    assertThat(moved.get("graph-2.copy327")).isSameAs(second);
  }
}
