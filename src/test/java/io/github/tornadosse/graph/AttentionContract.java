package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertForward;
import static io.github.tornadosse.graph.OperationBench.assertGradient;
import static io.github.tornadosse.graph.OperationBench.assertPassed;
import static io.github.tornadosse.graph.OperationBench.flat;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.graph.AttentionOperations.Sizes;
import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.kernels.reference.AttentionShape;
import io.github.tornadosse.kernels.reference.SoftmaxAttention;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What {@link AttentionOperations} promises, held against the formulas in double precision. A
 * tier's test extends this class.
 */
abstract class AttentionContract {
  private static final double THETA = 10_000;

  /** The tier under test. */
  protected abstract Operations operations();

  private AttentionOperations attention() {
    return operations().attention();
  }

  private static OperationBench bench(int... cu) {
    int tokens = cu[cu.length - 1];
    return new OperationBench(tokens + tokens % 4 + 1, cu);
  }

  // ---------------------------------------------------------------- rotary embedding

  private static Region angles(OperationBench bench, int dim, int positions) {
    int size = Math.toIntExact(RotaryAngles.size(dim, positions));
    FloatArray table = RotaryAngles.fill(new FloatArray(size), dim, THETA);
    double[] values = new double[size];
    Arrays.setAll(values, table::get);
    return bench.inputArray("angles", size, flat(size), values);
  }

  /** Positions around where the table's low part ends, and far ones. */
  private static int[] positions(int tokens) {
    int[] known = {0, 1, 255, 256, 257, 511, 512, 99_999, 65_536, 3};
    return IntStream.range(0, tokens).map(t -> t < known.length ? known[t] : 37 * t).toArray();
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 16", "2, 3, 34", "17, 2, 80", "65, 4, 64", "100, 1, 32", "70, 2, 2"})
  void rotary(int tokens, int heads, int dim) {
    int[] positions = positions(tokens);
    for (boolean biased : new boolean[] {false, true}) {
      for (boolean turned : new boolean[] {false, true}) {
        for (boolean inPlace : new boolean[] {false, true}) {
          OperationBench b = bench(0, tokens);
          double[] x = b.normal(heads * tokens * dim, 1);
          double[] bias = b.normal(heads * dim, 1);
          int size = heads * b.capacity * dim;
          Region rx =
              inPlace
                  ? b.update("x", size, b.heads(heads, dim), x)
                  : b.input("x", size, b.heads(heads, dim), x);
          Region rb = b.input("bias", heads * dim, flat(heads * dim), bias);
          Region ry = inPlace ? rx : b.output("y", size, b.heads(heads, dim));
          Region table = angles(b, dim, 100_000);
          IntArray at = b.ints(b.capacity, positions);
          b.run(
              s ->
                  attention()
                      .rotary(
                          s,
                          "rotary",
                          rx.view,
                          biased ? rb.view : null,
                          at,
                          turned ? table.array : null,
                          ry.view,
                          heads,
                          dim));
          double[] y = biased ? addToHeads(x, bias, tokens, dim) : x;
          if (turned) {
            y = AttentionFormulas.turned(y, heads, dim, positions, THETA, 1);
          }
          assertForward(ry, y);
        }
      }
    }
  }

  private static double[] addToHeads(double[] x, double[] bias, int tokens, int dim) {
    double[] y = new double[x.length];
    Arrays.setAll(y, i -> x[i] + bias[i / dim / tokens * dim + i % dim]);
    return y;
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 16", "2, 3, 34", "17, 2, 80", "65, 4, 64", "200, 1, 32", "130, 2, 2"})
  void rotaryGradient(int tokens, int heads, int dim) {
    int[] positions = positions(tokens);
    for (boolean biased : new boolean[] {false, true}) {
      for (boolean turned : new boolean[] {false, true}) {
        for (boolean inPlace : new boolean[] {false, true}) {
          OperationBench b = bench(0, tokens);
          double[] dy = b.normal(heads * tokens * dim, 1);
          double[] before = b.normal(heads * dim, 1);
          int size = heads * b.capacity * dim;
          Region rdy =
              inPlace
                  ? b.update("dy", size, b.heads(heads, dim), dy)
                  : b.input("dy", size, b.heads(heads, dim), dy);
          Region rdx = inPlace ? rdy : b.output("dx", size, b.heads(heads, dim));
          Region rdb = b.update("dBias", heads * dim, flat(heads * dim), before);
          Region table = angles(b, dim, 100_000);
          IntArray at = b.ints(b.capacity, positions);
          b.run(
              s ->
                  attention()
                      .rotaryGradient(
                          s,
                          "back",
                          rdy.view,
                          at,
                          turned ? table.array : null,
                          rdx.view,
                          biased ? rdb.view : null,
                          heads,
                          dim));
          double[] dx =
              turned ? AttentionFormulas.turned(dy, heads, dim, positions, THETA, -1) : dy;
          double[] sums = before.clone();
          for (int i = 0; biased && i < dx.length; i++) {
            sums[i / dim / tokens * dim + i % dim] += dx[i];
          }
          assertGradient(rdx, dx);
          assertGradient(rdb, sums);
        }
      }
    }
  }

  // ---------------------------------------------------------------- packed sequences

  private static final int[] LENGTHS = {1, 2, 3, 17, 63, 64, 65, 100, 200};
  private static final int[] DIMS = {16, 17, 32, 34, 64, 80};
  private static final int[] WINDOWS = {0, 1, 2, 16, 64, 1000};

  /** Bounds and sizes: every length with every window, and every head size with every grouping. */
  static Stream<Arguments> packings() {
    List<Arguments> cases = new ArrayList<>();
    for (int l = 0; l < LENGTHS.length; l++) {
      for (int w = 0; w < WINDOWS.length; w++) {
        int group = 1 << (l + l / 3 + w) % 3;
        int keyHeads = 1 + (l + w / 2) % 2;
        int dim = DIMS[(l + w) % DIMS.length];
        Sizes sizes = new Sizes(group * keyHeads, keyHeads, dim, WINDOWS[w]);
        cases.add(Arguments.of(new int[] {0, LENGTHS[l]}, sizes));
      }
    }
    for (int dim : DIMS) {
      for (int group = 1; group <= 4; group++) {
        Sizes sizes = new Sizes(2 * group, 2, dim, 0);
        cases.add(Arguments.of(new int[] {0, 0, 5, 5, 22, 100, 100}, sizes));
      }
    }
    int[] packed = {0, 1, 3, 20, 83, 147, 212, 212, 312, 512};
    cases.add(Arguments.of(packed, new Sizes(2, 2, 34, 0)));
    cases.add(Arguments.of(packed, new Sizes(4, 1, 16, 16)));
    cases.add(Arguments.of(packed, new Sizes(3, 1, 80, 64)));
    cases.add(Arguments.of(new int[] {0, 700}, new Sizes(2, 1, 16, 300)));
    return cases.stream();
  }

  /** Arrays of one call. */
  private final class Call {
    final OperationBench bench;
    final Sizes sizes;
    final Region q;
    final Region k;
    final Region v;
    final Region out;
    final Region lse;
    final Region dOut;
    final Region dq;
    final Region dk;
    final Region dv;
    final IntArray cu;

    Call(OperationBench bench, Sizes sizes, double[] q, double[] k, double[] v, double[] dOut) {
      this.bench = bench;
      this.sizes = sizes;
      int dim = sizes.dim();
      int heads = sizes.heads();
      int[] queries = bench.heads(heads, dim);
      int[] keys = bench.heads(sizes.keyHeads(), dim);
      int[] row = bench.columns(heads * dim, 0, heads * dim);
      int size = heads * bench.capacity * dim;
      int keySize = sizes.keyHeads() * bench.capacity * dim;
      this.q = bench.input("q", size, queries, q);
      this.k = bench.input("k", keySize, keys, k);
      this.v = bench.input("v", keySize, keys, v);
      this.dOut = bench.input("dOut", size, row, dOut);
      out = bench.output("out", size, row);
      lse = bench.output("lse", heads * bench.capacity, bench.heads(heads, 1));
      dq = bench.output("dq", size, queries);
      dk = bench.output("dk", keySize, keys);
      dv = bench.output("dv", keySize, keys);
      cu = bench.ints(bench.cu.length + 2, bench.cu);
    }

    void run() {
      bench.run(
          s -> {
            attention()
                .attention(s, "attention", q.view, k.view, v.view, cu, out.view, lse.view, sizes);
            attention()
                .attentionGradient(
                    s, "back", q.view, k.view, v.view, cu, out.view, lse.view, dOut.view, dq.view,
                    dk.view, dv.view, sizes);
          });
    }

    void check(AttentionFormulas.Result forward, AttentionFormulas.Gradients gradients) {
      assertForward(out, forward.out());
      assertForward(lse, forward.lse());
      Comparison all = new Comparison(); // dq and dk vanish where a token sees itself alone
      all.gradient("dq", dq.get(), gradients.dq());
      all.gradient("dk", dk.get(), gradients.dk());
      all.gradient("dv", dv.get(), gradients.dv());
      assertPassed(all);
    }
  }

  private static double[] keys(OperationBench b, Sizes sizes) {
    return b.normal(sizes.keyHeads() * b.tokens * sizes.dim(), 1);
  }

  private static double[] queries(OperationBench b, Sizes sizes) {
    return b.normal(sizes.heads() * b.tokens * sizes.dim(), 1);
  }

  @ParameterizedTest
  @MethodSource("packings")
  void attentionAndGradient(int[] cu, Sizes sizes) {
    OperationBench b = bench(cu);
    double[] q = queries(b, sizes);
    double[] k = keys(b, sizes);
    double[] v = keys(b, sizes);
    double[] dOut = queries(b, sizes);
    Call call = new Call(b, sizes, q, k, v, dOut);
    call.run();
    AttentionFormulas formulas = new AttentionFormulas(sizes, cu);
    call.check(formulas.attention(q, k, v), formulas.gradients(q, k, v, dOut));
  }

  /** Logits of some thousands, as a rule far apart: p is 0 or 1 but for a few. */
  @ParameterizedTest
  @CsvSource({"0, 1", "16, 2"})
  void largeLogits(int window, int group) {
    Sizes sizes = new Sizes(2 * group, 2, 64, window);
    OperationBench b = bench(0, 7, 150);
    double[] q = integers(queries(b, sizes));
    double[] k = integers(keys(b, sizes));
    double[] v = keys(b, sizes);
    double[] dOut = queries(b, sizes);
    Call call = new Call(b, sizes, q, k, v, dOut);
    call.run();
    AttentionFormulas formulas = new AttentionFormulas(sizes, b.cu);
    AttentionFormulas.Result forward = formulas.attention(q, k, v);
    assertThat(Arrays.stream(forward.lse()).max().getAsDouble()).isGreaterThan(10_000);
    assertForward(call.out, forward.out());
    assertForward(call.lse, forward.lse());
    for (Region r : List.of(call.dq, call.dk, call.dv)) {
      assertThat(Arrays.stream(r.get()).allMatch(Double::isFinite)).as(r.name).isTrue();
    }
  }

  /** Logits around ±10,000 that differ by a few: no digit of the differences may be lost. */
  @ParameterizedTest
  @CsvSource({"10000, 1", "-10000, 1", "10000, 4"})
  void largeLogitsWithSmallDifferences(int offset, int group) {
    Sizes sizes = new Sizes(group, 1, 16, 0);
    OperationBench b = bench(0, 100);
    double[] q = coarse(queries(b, sizes));
    double[] k = coarse(keys(b, sizes));
    for (int t = 0; t < 100; t++) {
      for (int h = 0; h < group; h++) {
        q[(h * 100 + t) * 16] = 200;
      }
      k[t * 16] = offset / 50.0; // 200·offset/50/√16
    }
    double[] v = keys(b, sizes);
    Call call = new Call(b, sizes, q, k, v, queries(b, sizes));
    call.run();
    AttentionFormulas.Result forward = new AttentionFormulas(sizes, b.cu).attention(q, k, v);
    assertThat(forward.lse()[50]).isBetween(offset - 20.0, offset + 20.0);
    assertForward(call.out, forward.out());
    assertForward(call.lse, forward.lse());
  }

  /** Some tens, whose products float sums keep exactly. */
  private static double[] integers(double[] x) {
    return Arrays.stream(x).map(a -> Math.rint(a * 64)).toArray();
  }

  /** Multiples of 1/8 about 1, for the same reason. */
  private static double[] coarse(double[] x) {
    return Arrays.stream(x).map(a -> Math.rint(a * 8) / 8).toArray();
  }

  @Test
  void gradientAgreesWithFiniteDifferences() {
    Sizes sizes = new Sizes(2, 1, 4, 3);
    OperationBench b = bench(0, 2, 7);
    double[][] inputs = {queries(b, sizes), keys(b, sizes), keys(b, sizes)};
    double[] dOut = queries(b, sizes);
    Call call = new Call(b, sizes, inputs[0], inputs[1], inputs[2], dOut);
    call.run();
    AttentionFormulas formulas = new AttentionFormulas(sizes, b.cu);
    List<Region> actual = List.of(call.dq, call.dk, call.dv);
    for (int i = 0; i < 3; i++) {
      double[] differences = new double[inputs[i].length];
      for (int j = 0; j < differences.length; j++) {
        double x = inputs[i][j];
        double step = 1e-4;
        double[] sides = new double[2];
        for (int side = 0; side < 2; side++) {
          inputs[i][j] = x + (2 * side - 1) * step;
          double[] out = formulas.attention(inputs[0], inputs[1], inputs[2]).out();
          for (int o = 0; o < out.length; o++) {
            sides[side] += out[o] * dOut[o];
          }
        }
        inputs[i][j] = x;
        differences[j] = (sides[1] - sides[0]) / (2 * step);
      }
      assertGradient(actual.get(i), differences);
    }
  }

  // ---------------------------------------------------------------- caches

  private CachedSequences sequences(Sizes sizes, int cache, int[] lengths, int... past) {
    return new CachedSequences(attention(), sizes, cache, lengths, past);
  }

  /** How far apart splits are; more where a tier's kernels take long to run in tests. */
  protected int betweenSplits() {
    return 1;
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 16, 0", "2, 1, 34, 0", "4, 2, 17, 0", "4, 1, 64, 9", "8, 1, 32, 0"})
  void everySplitOfASequence(int heads, int keyHeads, int dim, int window) {
    Sizes sizes = new Sizes(heads, keyHeads, dim, window);
    for (int first = 1; first < 40; first += betweenSplits()) {
      CachedSequences one = sequences(sizes, 40, new int[] {40}, 0);
      one.step(first);
      one.step(40 - first);
    }
    CachedSequences all = sequences(sizes, 40, new int[] {40}, 0);
    all.step(40);
    CachedSequences single = sequences(sizes, 41, new int[] {40}, 0);
    for (int t = 0; t < 40; t++) {
      single.step(1);
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 2, 16", "4, 2, 80", "4, 1, 34"})
  void sequencesOfDifferentAges(int heads, int keyHeads, int dim) {
    Sizes sizes = new Sizes(heads, keyHeads, dim, 0);
    int[] lengths = {12, 20, 145, 320, 30};
    CachedSequences s = sequences(sizes, 330, lengths, 0, 5, 130, 299, 0);
    s.step(1, 1, 1, 1, 1);
    s.step(1, 1, 1, 1, 1);
    s.step(3, 0, 1, 9, 0);
    s.step(0, 0, 0, 0, 17);
    s.step(7, 13, 10, 9, 11);
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "2, 1, 1", "3, 4, 2", "16, 1, 1", "16, 7, 4", "16, 30, 2", "64, 16, 1"})
  void ringOfAWindow(int window, int step, int group) {
    Sizes sizes = new Sizes(2 * group, 2, 16, window);
    int steps = Math.max(4, 4 * (window + step) / step);
    int cache = window - 1 + step;
    CachedSequences s = sequences(sizes, cache, new int[] {steps * step, 11 + steps * step}, 0, 11);
    for (int i = 0; i < steps; i++) {
      s.step(step, step);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 64, 0", "4, 1, 32, 0", "4, 2, 80, 20"})
  void prefillInBlocks(int heads, int keyHeads, int dim, int window) {
    CachedSequences s = sequences(new Sizes(heads, keyHeads, dim, window), 50, new int[] {50}, 0);
    for (int t = 0; t < 49; t += 7) {
      s.step(7);
    }
    s.step(1);
  }

  /** Caches of several parts, read by one token, by a few and by blocks of them. */
  @ParameterizedTest
  @CsvSource({"1, 1, 64, 0", "2, 1, 17, 0", "4, 1, 32, 280", "6, 2, 16, 0"})
  void longCaches(int heads, int keyHeads, int dim, int window) {
    Sizes sizes = new Sizes(heads, keyHeads, dim, window);
    CachedSequences s = sequences(sizes, 1100, new int[] {400, 1065}, 299, 990);
    s.step(1, 1);
    s.step(2, 3);
    s.step(1, 70);
    s.step(97, 1);
  }

  // ---------------------------------------------------------------- a layer of the reference

  /** Rotary embedding with bias, attention and their gradients, against the reference's layer. */
  @ParameterizedTest
  @CsvSource({"4, 4, 16, 0", "4, 2, 32, 16", "4, 1, 64, 0"})
  void agreesWithTheReferenceLayer(int heads, int keyHeads, int dim, int window) {
    OperationBench b = bench(0, 17, 17, 80);
    Sizes sizes = new Sizes(heads, keyHeads, dim, window);
    int hidden = heads * dim;
    int width = keyHeads * dim;
    Map<String, Variable> p = new HashMap<>();
    for (String name : List.of("q", "k", "v")) {
      int out = name.equals("q") ? hidden : width;
      p.put(name + "_proj.weight", new Variable(b.normal(out * hidden, 1 / Math.sqrt(hidden))));
      p.put(name + "_proj.bias", new Variable(b.normal(out, 1)));
    }
    p.put("o_proj.weight", new Variable(identity(hidden)));
    Variable x = new Variable(b.normal(b.tokens * hidden, 1));
    double[] dOut = b.normal(b.tokens * hidden, 1);
    Tape tape = new Tape();
    Variable o =
        new SoftmaxAttention(new AttentionShape(hidden, heads, keyHeads, window, THETA, true))
            .forward(tape, x, b.cu, p::get);
    System.arraycopy(dOut, 0, o.grad(), 0, dOut.length);
    tape.backward();

    List<Region> raw = new ArrayList<>();
    List<Region> turned = new ArrayList<>();
    List<Region> bias = new ArrayList<>();
    List<Region> gradients = new ArrayList<>();
    List<Region> dBias = new ArrayList<>();
    int[] heads3 = {heads, keyHeads, keyHeads};
    String[] names = {"q", "k", "v"};
    for (int i = 0; i < 3; i++) {
      int n = heads3[i] * dim;
      Variable w = p.get(names[i] + "_proj.weight");
      double[] y = new Tape().linear(x, w, hidden, n).data();
      int[] places = b.heads(heads3[i], dim);
      int size = n * b.capacity;
      raw.add(b.input(names[i], size, places, toHeads(y, b.tokens, heads3[i], dim)));
      turned.add(b.output(names[i] + " turned", size, places));
      bias.add(b.input(names[i] + " bias", n, flat(n), p.get(names[i] + "_proj.bias").data()));
      gradients.add(b.output("d" + names[i], size, places));
      dBias.add(b.update("d" + names[i] + " bias", n, flat(n), new double[n]));
    }
    int[] row = b.columns(hidden, 0, hidden);
    Region out = b.output("out", b.capacity * hidden, row);
    Region dout = b.input("dOut", b.capacity * hidden, row, dOut);
    Region lse = b.output("lse", heads * b.capacity, b.heads(heads, 1));
    Region table = angles(b, dim, 100);
    IntArray cu = b.ints(b.cu.length + 2, b.cu);
    int[] ages = IntStream.range(0, b.tokens).map(t -> t < 17 ? t : t - 17).toArray();
    IntArray positions = b.ints(b.capacity, ages);
    b.run(
        s -> {
          AttentionOperations ops = attention();
          for (int i = 0; i < 3; i++) {
            ops.rotary(
                s,
                names[i] + "_turn",
                raw.get(i).view,
                bias.get(i).view,
                positions,
                i < 2 ? table.array : null,
                turned.get(i).view,
                heads3[i],
                dim);
          }
          View q = turned.get(0).view;
          View k = turned.get(1).view;
          View v = turned.get(2).view;
          ops.attention(s, "attention", q, k, v, cu, out.view, lse.view, sizes);
          View dq = gradients.get(0).view;
          View dk = gradients.get(1).view;
          View dv = gradients.get(2).view;
          ops.attentionGradient(
              s, "back", q, k, v, cu, out.view, lse.view, dout.view, dq, dk, dv, sizes);
          for (int i = 0; i < 3; i++) {
            View d = gradients.get(i).view;
            ops.rotaryGradient(
                s,
                names[i] + "_back",
                d,
                positions,
                i < 2 ? table.array : null,
                d,
                dBias.get(i).view,
                heads3[i],
                dim);
          }
        });
    assertForward(out, o.data());
    Comparison all = new Comparison();
    for (int i = 0; i < 3; i++) {
      double[] expected = p.get(names[i] + "_proj.bias").grad();
      all.gradient(dBias.get(i).name, dBias.get(i).get(), expected);
      // dW = dyᵀ·x holds every element of dy
      Variable w = new Variable(new double[heads3[i] * dim * hidden]);
      Tape linear = new Tape();
      Variable y = linear.linear(x, w, hidden, heads3[i] * dim);
      double[] d = toTokens(gradients.get(i).get(), b.tokens, heads3[i], dim);
      System.arraycopy(d, 0, y.grad(), 0, d.length);
      linear.backward();
      all.gradient("d" + names[i] + "_proj", w.grad(), p.get(names[i] + "_proj.weight").grad());
    }
    assertPassed(all);
  }

  private static double[] identity(int n) {
    double[] x = new double[n * n];
    for (int i = 0; i < n; i++) {
      x[i * n + i] = 1;
    }
    return x;
  }

  private static double[] toHeads(double[] x, int tokens, int heads, int dim) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int t = i / (heads * dim);
      int h = i / dim % heads;
      y[(h * tokens + t) * dim + i % dim] = x[i];
    }
    return y;
  }

  private static double[] toTokens(double[] x, int tokens, int heads, int dim) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int h = i / (tokens * dim);
      int t = i / dim % tokens;
      y[(t * heads + h) * dim + i % dim] = x[i];
    }
    return y;
  }
}
