package io.github.tornadosse.kernels.portable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.tornadosse.graph.View;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Norm, MLP, embedding, loss and optimiser. */
class TokenKernelsTest {
  private static final float EPS = 1e-5f;

  private static double[] norm(double[] x, double[] w, int tokens, int size) {
    double[] y = new double[tokens * size];
    for (int t = 0; t < tokens; t++) {
      double squares = 0;
      for (int i = 0; i < size; i++) {
        squares += x[t * size + i] * x[t * size + i];
      }
      for (int i = 0; i < size; i++) {
        y[t * size + i] = x[t * size + i] / Math.sqrt(squares / size + EPS) * w[i];
      }
    }
    return y;
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 3", "17, 2", "65, 17", "130, 3"})
  void rmsNorm(int tokens, int size) {
    Arena a = new Arena(tokens, 1);
    int n = tokens * size;
    double[] x = a.normal(n);
    double[] w = a.normal(size);
    double[] dy = a.normal(n);
    double[] before = a.normal(n);
    View vx = a.view(x);
    View vw = a.view(w);
    View y = a.output(n);
    View rstd = a.output(tokens);
    View vdy = a.view(dy);
    View dx = a.view(before);
    View dw = a.view(w);
    a.run(
        (ops, s) -> {
          ops.rmsNorm(s, "norm", vx, vw, y, rstd, size, EPS);
          ops.rmsNormGradient(s, "gradient", vx, vw, rstd, vdy, dx, dw, size);
        });
    Arena.assertClose(a.get(y, n), norm(x, w, tokens, size), Arena.FORWARD);
    double[] expectedDx = Arena.differences(x, z -> Arena.dot(norm(z, w, tokens, size), dy));
    double[] expectedDw = Arena.differences(w, z -> Arena.dot(norm(x, z, tokens, size), dy));
    Arena.assertClose(a.get(dx, n), plus(expectedDx, before), Arena.GRADIENT);
    Arena.assertClose(a.get(dw, size), plus(expectedDw, w), Arena.GRADIENT);
  }

  private static double[] plus(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] + b[i]).toArray();
  }

  private static double[] gated(double[] gateUp, int tokens, int size) {
    double[] y = new double[tokens * size];
    for (int i = 0; i < y.length; i++) {
      int at = i / size * 2 * size + i % size;
      y[i] = Arena.silu(gateUp[at]) * gateUp[at + size];
    }
    return y;
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 17", "64, 5"})
  void swiglu(int tokens, int size) {
    Arena a = new Arena(tokens, 1);
    double[] gateUp = a.normal(2 * tokens * size);
    double[] dy = a.normal(tokens * size);
    View in = a.view(gateUp);
    View y = a.output(tokens * size);
    View vdy = a.view(dy);
    View d = a.output(gateUp.length);
    a.run(
        (ops, s) -> {
          ops.swiglu(s, "forward", in, y, size);
          ops.swigluGradient(s, "gradient", in, vdy, d, size);
        });
    Arena.assertClose(a.get(y, dy.length), gated(gateUp, tokens, size), Arena.FORWARD);
    double[] expected = Arena.differences(gateUp, z -> Arena.dot(gated(z, tokens, size), dy));
    Arena.assertClose(a.get(d, gateUp.length), expected, Arena.GRADIENT);
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 2", "63, 5, 33", "100, 200, 64"})
  void embedding(int tokens, int vocabulary, int size) {
    Arena a = new Arena(tokens, 1);
    int[] ids = IntStream.range(0, tokens).map(t -> a.below(vocabulary)).toArray();
    int[] order =
        IntStream.range(0, tokens)
            .boxed()
            .sorted(Comparator.comparingInt(t -> ids[t]))
            .mapToInt(t -> t)
            .toArray();
    int[] starts = new int[vocabulary + 1];
    Arrays.stream(ids).forEach(v -> starts[v + 1]++);
    Arrays.parallelPrefix(starts, Integer::sum);
    IntArray idArray = IntArray.fromArray(ids);
    IntArray orderArray = IntArray.fromArray(order);
    IntArray startArray = IntArray.fromArray(starts);
    double[] weight = a.normal(vocabulary * size);
    double[] dx = a.normal(tokens * size);
    View vw = a.view(weight);
    View x = a.output(tokens * size);
    View vdx = a.view(dx);
    View dw = a.view(weight);
    a.run(
        (ops, s) -> {
          ops.embedding(s, "forward", idArray, vw, x, size);
          ops.embeddingGradient(s, "gradient", orderArray, startArray, vdx, dw, vocabulary, size);
        });
    double[] expectedX = new double[tokens * size];
    double[] expectedDw = weight.clone();
    for (int i = 0; i < expectedX.length; i++) {
      int at = ids[i / size] * size + i % size;
      expectedX[i] = weight[at];
      expectedDw[at] += dx[i];
    }
    assertThat(a.get(x, expectedX.length)).isEqualTo(expectedX);
    Arena.assertClose(a.get(dw, weight.length), expectedDw, Arena.GRADIENT);
  }

  private static double loss(double[] logits, int row, int vocabulary, int target) {
    if (target < 0) {
      return 0;
    }
    double sum = 0;
    for (int i = 0; i < vocabulary; i++) {
      sum += Math.exp(logits[row * vocabulary + i]);
    }
    return Math.log(sum) - logits[row * vocabulary + target];
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "3, 2", "17, 65", "65, 100"})
  void crossEntropy(int tokens, int vocabulary) {
    Arena a = new Arena(tokens, 1);
    double[] logits = a.normal(tokens * vocabulary);
    int[] targets =
        IntStream.range(0, tokens).map(t -> t % 3 == 1 ? -1 : a.below(vocabulary)).toArray();
    IntArray t = IntArray.fromArray(targets);
    FloatArray scale = FloatArray.fromElements(0.5f, 7f);
    View kept = a.view(logits);
    View replaced = a.view(logits);
    View loss = a.output(tokens);
    View again = a.output(tokens);
    a.run(
        (ops, s) -> {
          ops.crossEntropy(s, "loss", kept, t, loss, null, vocabulary);
          ops.crossEntropy(s, "gradient", replaced, t, again, scale, vocabulary);
        });
    double[] expected =
        IntStream.range(0, tokens)
            .mapToDouble(row -> loss(logits, row, vocabulary, targets[row]))
            .toArray();
    double[] gradient =
        Arena.differences(
            logits,
            z ->
                IntStream.range(0, tokens)
                    .mapToDouble(row -> 0.5 * loss(z, row, vocabulary, targets[row]))
                    .sum());
    Arena.assertClose(a.get(loss, tokens), expected, Arena.FORWARD);
    assertThat(a.get(again, tokens)).isEqualTo(a.get(loss, tokens));
    assertThat(a.get(kept, logits.length)).isEqualTo(logits);
    Arena.assertClose(a.get(replaced, logits.length), gradient, Arena.GRADIENT);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4096, 4097, 10000})
  void squaredNormInBlocks(int n) {
    Arena a = new Arena(1, 1);
    double[] x = a.normal(n);
    FloatArray partial = Arena.nan((n + 4095) / 4096);
    FloatArray array = Arena.array(x);
    a.run((ops, s) -> ops.squaredNorm(s, "norm", array, n, partial));
    double total = Arrays.stream(Arena.get(partial)).sum();
    assertThat(total).isCloseTo(Arena.dot(x, x), within(1e-5 * total));
  }

  @Test
  void adamwDecaysTheFirstElementsOnly() {
    Arena a = new Arena(1, 1);
    double[] w = a.normal(5);
    double[] g = a.normal(5);
    double[] m = a.normal(5);
    double[] v = Arrays.stream(a.normal(5)).map(x -> x * x).toArray();
    float[] hyper = {0.1f, 0.4f, 0.2f, 0.5f, 0.3f};
    FloatArray settings = FloatArray.fromArray(hyper);
    FloatArray gradient = Arena.array(g);
    FloatArray weights = Arena.array(w);
    FloatArray first = Arena.array(m);
    FloatArray second = Arena.array(v);
    a.run(
        (ops, s) ->
            ops.adamw(
                s, "step", weights, gradient, first, second, settings, 5, 2, 0.9f, 0.95f, 1e-3f));
    for (int i = 0; i < 5; i++) {
      double d = 0.5 * g[i];
      m[i] = 0.9 * m[i] + 0.1 * d;
      v[i] = 0.95 * v[i] + 0.05 * d * d;
      w[i] -= (i < 2 ? 0.1 * 0.3 * w[i] : 0) + 0.1 * (m[i] / 0.4) / (Math.sqrt(v[i] / 0.2) + 1e-3);
    }
    Arena.assertClose(Arena.get(weights), w, Arena.FORWARD);
    Arena.assertClose(Arena.get(first), m, Arena.FORWARD);
    Arena.assertClose(Arena.get(second), v, Arena.FORWARD);
  }

  @Test
  void zeroesWhatItIsTold() {
    Arena a = new Arena(2, 1);
    double[] x = a.normal(15);
    FloatArray whole = Arena.array(x);
    View view = a.view(x);
    a.run(
        (ops, s) -> {
          ops.zero(s, "whole", whole, 4);
          ops.zeroTokens(s, "tokens", view, 3);
        });
    for (int i = 0; i < x.length; i++) {
      assertThat(whole.get(i)).isEqualTo(i < 4 ? 0f : (float) x[i]);
      assertThat(a.get(view, 15)[i]).isEqualTo(i < 6 ? 0 : x[i]);
    }
  }
}
