package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertForward;
import static io.github.tornadosse.graph.OperationBench.assertGradient;
import static io.github.tornadosse.graph.OperationBench.flat;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.ConvolutionOperations.Sizes;
import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What {@link ConvolutionOperations} promises, held against the formula in double precision. A
 * tier's test extends this class.
 */
abstract class ConvolutionContract {
  /** The tier under test. */
  protected abstract ConvolutionOperations operations();

  /** Bounds of packed sequences, then H, K and the number of taps. */
  static Stream<Arguments> cases() {
    int[][] packings = {
      {0, 1},
      {0, 2},
      {0, 3},
      {0, 17},
      {0, 1, 2, 4, 7, 17},
      {0, 63},
      {0, 0, 64},
      {0, 0, 30, 65},
      {0, 1, 65, 65, 65, 100, 100}
    };
    int[] dims = {16, 17, 33, 64};
    List<Arguments> all = new ArrayList<>();
    for (int[] cu : packings) {
      for (int width = 1; width <= 8; width++) {
        int dim = dims[all.size() % dims.length];
        all.add(Arguments.of(cu, 1 + all.size() % 3, dim, width));
      }
    }
    // more than one of the blocks that the tiers share out
    all.add(Arguments.of(new int[] {0, 510, 511, 513, 1100}, 2, 64, 4));
    all.add(Arguments.of(new int[] {0, 1100}, 1, 128, 8));
    return all.stream();
  }

  private static OperationBench bench(int... cu) {
    int tokens = cu[cu.length - 1];
    return new OperationBench(tokens + 1 + tokens % 4, cu);
  }

  /** A convolution and its arrays. */
  private static final class Convolution {
    final OperationBench bench;
    final Sizes sizes;
    final int channels;
    final double[] x; // [L, H·K]
    final double[] w;
    final IntArray cu;
    final Region rx;
    final Region rw;

    Convolution(OperationBench bench, Sizes sizes, double[] x, double[] w) {
      this.bench = bench;
      this.sizes = sizes;
      this.x = x;
      this.w = w;
      channels = sizes.heads() * sizes.dim();
      cu = bench.ints(bench.cu.length + 2, bench.cu);
      rx = bench.input("x", arraySize(), places(), toHeads(x));
      rw = bench.input("w", w.length, flat(w.length), w);
    }

    static Convolution random(OperationBench bench, int heads, int dim, int width) {
      int channels = heads * dim;
      return new Convolution(
          bench,
          new Sizes(heads, dim, width),
          bench.normal(bench.tokens * channels, 1),
          bench.normal(channels * width, 1));
    }

    int arraySize() {
      return bench.capacity * channels;
    }

    int[] places() {
      return bench.heads(sizes.heads(), sizes.dim());
    }

    /** Elements of one sequence's state. */
    int stateSize() {
      return (sizes.width() - 1) * channels;
    }

    /** The state of every sequence that there may be, NaN where there is none. */
    Region state(double[] values) {
      int size = stateSize() * (bench.cu.length + 1);
      return bench.update("state", size, flat(values.length), values);
    }

    /** A state that nobody may look at. */
    Region untouchedState() {
      return bench.input("state", stateSize() * bench.cu.length, new int[0], new double[0]);
    }

    Region forward(ConvolutionOperations operations, Region state) {
      Region ry = bench.output("y", arraySize(), places());
      bench.run(
          s -> operations.forward(s, "conv", rx.view, rw.view, cu, state.view, ry.view, sizes));
      return ry;
    }

    /** [L, H·K] as [H, L, K]. */
    double[] toHeads(double[] values) {
      int dim = sizes.dim();
      double[] heads = new double[values.length];
      for (int i = 0; i < heads.length; i++) {
        int head = i / (bench.tokens * dim);
        int token = i / dim % bench.tokens;
        heads[i] = values[token * channels + head * dim + i % dim];
      }
      return heads;
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void forward(int[] cu, int heads, int dim, int width) {
    Convolution c = Convolution.random(bench(cu), heads, dim, width);
    Region ry = c.forward(operations(), c.untouchedState());
    Variable y = new Tape().convolution(new Variable(c.x), new Variable(c.w), cu, c.channels);
    assertForward(ry, c.toHeads(y.data()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void forwardFromAState(int[] cu, int heads, int dim, int width) {
    OperationBench bench = bench(cu);
    bench.useState();
    Convolution c = Convolution.random(bench, heads, dim, width);
    int size = c.stateSize();
    double[] before = bench.normal((cu.length - 1) * size, 1);
    Region rState = c.state(before);
    Region ry = c.forward(operations(), rState);
    double[] expected = new double[c.x.length];
    double[] after = new double[before.length];
    for (int s = 0; s + 1 < cu.length; s++) {
      int n = (cu[s + 1] - cu[s]) * c.channels;
      double[] longer = new double[size + n];
      System.arraycopy(before, s * size, longer, 0, size);
      System.arraycopy(c.x, cu[s] * c.channels, longer, size, n);
      int[] all = {0, longer.length / c.channels};
      Variable y = new Tape().convolution(new Variable(longer), new Variable(c.w), all, c.channels);
      System.arraycopy(y.data(), size, expected, cu[s] * c.channels, n);
      System.arraycopy(longer, n, after, s * size, size);
    }
    assertForward(ry, c.toHeads(expected));
    assertThat(rState.get()).isEqualTo(after);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradient(int[] cu, int heads, int dim, int width) {
    for (boolean useState : new boolean[] {false, true}) {
      OperationBench bench = bench(cu);
      if (useState) {
        bench.useState();
      }
      Convolution c = Convolution.random(bench, heads, dim, width);
      double[] dy = bench.normal(c.x.length, 1);
      double[] dxBefore = bench.normal(c.x.length, 1);
      double[] dwBefore = bench.normal(c.w.length, 1);
      Region rdy = bench.input("dy", c.arraySize(), c.places(), c.toHeads(dy));
      Region rdx = bench.update("dx", c.arraySize(), c.places(), c.toHeads(dxBefore));
      Region rdw = bench.update("dw", c.w.length, flat(c.w.length), dwBefore);
      bench.run(
          s ->
              operations()
                  .gradient(
                      s, "back", c.rx.view, c.rw.view, c.cu, rdy.view, rdx.view, rdw.view,
                      c.sizes));
      Tape tape = new Tape();
      Variable x = new Variable(c.x);
      Variable w = new Variable(c.w);
      Variable y = tape.convolution(x, w, cu, c.channels);
      System.arraycopy(dy, 0, y.grad(), 0, dy.length);
      tape.backward();
      assertGradient(rdx, c.toHeads(sum(dxBefore, x.grad())));
      assertGradient(rdw, sum(dwBefore, w.grad()));
    }
  }

  /** Two parts, one of which may be empty. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 8})
  void splitAnywhereASequenceGivesTheSameBits(int width) {
    for (int split = 0; split <= 20; split++) {
      continues(width, 0, split, 20);
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 1", "3, 1", "4, 1", "4, 2", "8, 1", "8, 3", "8, 6", "8, 7"})
  void shortBlocksGiveTheSameBits(int width, int block) {
    continues(
        width,
        IntStream.rangeClosed(0, (20 + block - 1) / block)
            .map(i -> Math.min(20, i * block))
            .toArray());
  }

  private void continues(int width, int... cuts) {
    int heads = 2;
    int dim = 17;
    int channels = heads * dim;
    Convolution whole = Convolution.random(bench(0, 20), heads, dim, width);
    double[] expected = whole.forward(operations(), whole.untouchedState()).get();
    double[] state = new double[whole.stateSize()];
    for (int i = 0; i + 1 < cuts.length; i++) {
      int from = cuts[i];
      int to = cuts[i + 1];
      OperationBench bench = bench(0, to - from);
      bench.useState();
      double[] x = Arrays.copyOfRange(whole.x, from * channels, to * channels);
      Convolution part = new Convolution(bench, whole.sizes, x, whole.w);
      Region rState = part.state(state);
      double[] y = part.forward(operations(), rState).get();
      for (int head = 0; head < heads; head++) {
        assertThat(Arrays.copyOfRange(y, head * x.length / heads, (head + 1) * x.length / heads))
            .as("head %d, tokens %d to %d", head, from, to)
            .isEqualTo(
                Arrays.copyOfRange(expected, (head * 20 + from) * dim, (head * 20 + to) * dim));
      }
      state = rState.get();
    }
    assertThat(state)
        .isEqualTo(Arrays.copyOfRange(whole.x, (21 - width) * channels, 20 * channels));
  }

  private static double[] sum(double[] a, double[] b) {
    double[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }
}
