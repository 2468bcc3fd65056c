package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.flat;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Dense layers by a library keep the contract; results that are whole arrays are its own. */
abstract class LibraryDenseContract extends DenseContract {
  /** Capacity, tokens, in, out, head dim. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 16, 24, 0",
    "4, 3, 64, 48, 0",
    "17, 17, 24, 64, 16",
    "68, 65, 104, 136, 0",
    "68, 65, 104, 136, 8",
    "100, 97, 200, 72, 24"
  })
  void wholeResults(int capacity, int tokens, int in, int out, int headDim) {
    OperationBench bench = new OperationBench(capacity, 0, tokens);
    double[] x = bench.normal(tokens * in, 1);
    double[] w = bench.normal(out * in, 1);
    Region rx = bench.input("x", capacity * in, bench.columns(in, 0, in), x);
    Region rw = bench.input("w", out * in, flat(out * in), w);
    Region ry = bench.outputArray("y", capacity * out, flat(capacity * out));
    bench.run(
        s ->
            operations()
                .linear(s, "y", new Linear(rx.view, in, rw.view, ry.view, out, headDim, in, out)));
    double[] y = new Tape().linear(new Variable(x), new Variable(w), in, out).data();
    double[] expected = new double[capacity * out];
    int dim = headDim == 0 ? out : headDim;
    for (int i = 0; i < y.length; i++) {
      int column = i % out;
      expected[column / dim * capacity * dim + i / out * dim + column % dim] = y[i];
    }
    assertForward(ry, expected);
  }

  /** Capacity, tokens, in, out, head dim, whether a gradient is added. */
  @ParameterizedTest
  @CsvSource({"4, 3, 64, 48, 0, false", "68, 65, 104, 136, 8, true", "100, 97, 200, 72, 0, true"})
  void wholeGradients(int capacity, int tokens, int in, int out, int headDim, boolean accumulate) {
    OperationBench bench = new OperationBench(capacity, 0, tokens);
    double[] dy = bench.normal(tokens * out, 1);
    double[] w = bench.normal(out * in, 1);
    double[] before = bench.normal(capacity * in, 1);
    int dim = headDim == 0 ? out : headDim;
    int[] places = headDim == 0 ? bench.columns(out, 0, out) : bench.heads(out / dim, dim);
    double[] arranged = new double[dy.length];
    for (int i = 0; i < dy.length; i++) {
      int column = i % out;
      arranged[headDim == 0 ? i : column / dim * tokens * dim + i / out * dim + column % dim] =
          dy[i];
    }
    Region rdy = bench.input("dy", capacity * out, places, arranged);
    Region rw = bench.input("w", out * in, flat(out * in), w);
    Region rdx = bench.updateArray("dx", capacity * in, flat(capacity * in), before);
    Linear l = new Linear(rdx.view, in, rw.view, rdy.view, out, headDim, in, out);
    bench.run(s -> operations().linearInputGradient(s, "dx", l, accumulate));
    Variable x = new Variable(new double[tokens * in]);
    linearBackward(x, new Variable(w), dy, in, out);
    double[] gradient = Arrays.copyOf(x.grad(), capacity * in);
    assertGradient(rdx, accumulate ? sum(before, gradient) : gradient);
  }

  @Test
  void wholeResultsNeedNoScratch() {
    OperationBench bench = new OperationBench(64, 0, 64);
    Region x = bench.input("x", 64 * 64, flat(64 * 64), new double[64 * 64]);
    Region w = bench.input("w", 64 * 64, flat(64 * 64), new double[64 * 64]);
    Region whole = bench.outputArray("y", 64 * 64, flat(64 * 64));
    Region part = bench.output("part", 64 * 64, flat(64 * 64));
    assertThat(scratch(bench, new Linear(x.view, 64, w.view, whole.view, 64, 16, 64, 64)))
        .containsExactlyInAnyOrder("y.left", "y.right", "products.workspace");
    assertThat(scratch(bench, new Linear(x.view, 64, w.view, part.view, 64, 16, 64, 64)))
        .contains("product.4096");
  }

  @Test
  void layersThatTakeTheSameMatrixPackItOnce() {
    GraphParts graph = new GraphParts("graph", 0);
    Stage s = new Stage(graph, new IntArray(64), 64, 1, Buffers.measuring(), new GridScheduler());
    View x = array();
    View y = array();
    View other = array();
    View gradient = array();
    Linear first = new Linear(x, 64, array(), y, 64, 0, 64, 64);
    Linear second = new Linear(x, 64, array(), other, 64, 0, 64, 64);
    operations().linear(s, "first", first);
    assertThat(ids(graph)).containsExactly("first.left", "first.right", "first");
    operations().linear(s, "second", second);
    assertThat(ids(graph)).endsWith("second.right", "second").doesNotContain("second.left");
    // Packed as the left factor of the one, the right factor of the other.
    operations().linearWeightGradient(s, "dw", new Linear(x, 64, gradient, other, 64, 0, 64, 64));
    assertThat(ids(graph)).endsWith("second", "dw.left", "dw");
    // A part of the array with another stride is another matrix.
    operations().linear(s, "narrow", new Linear(x, 64, array(), y, 64, 0, 32, 64));
    assertThat(ids(graph)).contains("narrow.left");
    // What a task had since may have changed.
    operations().zeroTokens(s, "zero", x, 64);
    operations().linear(s, "third", new Linear(x, 64, array(), y, 64, 0, 64, 64));
    assertThat(ids(graph)).endsWith("third.left", "third.right", "third");
  }

  private static View array() {
    return new View(new FloatArray(1), Control.ZERO);
  }

  private static List<String> ids(GraphParts graph) {
    return graph.parts().stream().flatMap(p -> p.ids().stream()).toList();
  }

  private Set<String> scratch(OperationBench bench, Linear l) {
    Buffers buffers = Buffers.measuring();
    GridScheduler grids = new GridScheduler();
    Stage s = new Stage(new ArrayRecorder("graph"), new IntArray(64), 64, 1, buffers, grids);
    operations().linear(s, "y", l);
    return buffers.byName().keySet();
  }
}
