package io.github.tornadosse.graph;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class GraphPartsTest {
  private static final FloatArray A = new FloatArray(1);
  private static final FloatArray B = new FloatArray(1);

  private static void copy(FloatArray from, FloatArray to) {
    to.set(0, from.get(0));
  }

  private static void copyOf(
      FloatArray from, FloatArray to, int a, int b, int c, int d, int e, int f, int g, int h) {
    to.set(0, from.get(a + b + c + d + e + f + g + h));
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
    assertThat(copies(256).parts())
        .singleElement()
        .satisfies(
            p -> {
              assertThat(p.name()).isEqualTo("graph");
              assertThat(p.size()).isEqualTo(256);
              assertThat(p.arrays()).containsExactlyInAnyOrder(A, B);
            });
  }

  @Test
  void moreIsSharedOutInOrder() {
    GraphParts graph = copies(700);

    assertThat(graph.parts())
        .extracting(GraphParts.Part::name)
        .containsExactly("graph", "graph-2", "graph-3");
    assertThat(graph.parts()).extracting(GraphParts.Part::size).containsExactly(256, 256, 188);
    GraphParts again = new GraphParts("again", 0);
    graph.parts().forEach(p -> p.appendTo(again));
    assertThat(again.parts()).extracting(GraphParts.Part::size).containsExactly(256, 256, 188);
  }

  @Test
  void argumentsTakeBytes() {
    GraphParts graph = new GraphParts("graph", 0);
    for (int i = 0; i < 130; i++) {
      graph.task("copy" + i, GraphPartsTest::copyOf, A, B, 1, 2, 3, 4, 5, 6, 7, 8);
    }

    // 65 bytes each.
    assertThat(graph.parts()).extracting(GraphParts.Part::size).containsExactly(126, 4);
    assertThat(graph.parts().getFirst().bytes()).isEqualTo(8190);
  }

  @Test
  void arraysTakeNodesWhetherOrNotTasksHaveThem() {
    assertThat(separateCopies(0).parts()).extracting(GraphParts.Part::size).startsWith(113);
    assertThat(separateCopies(100).parts()).extracting(GraphParts.Part::size).startsWith(102);
    assertThat(separateCopies(100).parts())
        .allSatisfy(p -> assertThat(p.nodes() + 100).isLessThanOrEqualTo(1022));
  }

  private static GraphParts separateCopies(int others) {
    GraphParts graph = new GraphParts("graph", others);
    for (int i = 0; i < 200; i++) {
      graph.task("copy" + i, GraphPartsTest::copy, new FloatArray(1), new FloatArray(1));
    }
    return graph;
  }

  @Test
  void gridsFollowTheirTasks() {
    GridScheduler grids = new GridScheduler();
    WorkerGrid1D first = new WorkerGrid1D(1);
    WorkerGrid1D second = new WorkerGrid1D(2);
    grids.addWorkerGrid("graph.copy255", first);
    grids.addWorkerGrid("graph.copy256", second);
    GridScheduler moved = new GridScheduler();

    copies(260).grids(grids, moved);

    assertThat(moved.keySet()).containsExactlyInAnyOrder("graph.copy255", "graph-2.copy256");
    assertThat(moved.get("graph.copy255")).isSameAs(first);
    assertThat(moved.get("graph-2.copy256")).isSameAs(second);
  }
}
