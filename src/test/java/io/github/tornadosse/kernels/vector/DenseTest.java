package io.github.tornadosse.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.embedded.Workers;
import io.github.tornadosse.kernels.Control;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class DenseTest {
  private static final int X_AT = 8;
  private static final int W_AT = 9;
  private static final int Y_AT = 10;
  private static final int ADDEND_AT = 11;
  private static final int BASE = 5;
  private static final int THREADS = Workers.count();

  @AfterEach
  void restoreThreads() {
    Workers.setCount(THREADS);
  }

  /** L, in, out, head dim (0 for token-major). */
  static Stream<Arguments> shapes() {
    Stream.Builder<Arguments> shapes = Stream.builder();
    int[] sizes = {1, 2, 3, 17, 63, 64, 65, 100};
    int[] dims = {16, 17, 48, 64, 257};
    for (int i = 0; i < sizes.length; i++) {
      for (int j = 0; j < dims.length; j++) {
        int out = dims[(i + j + 1) % dims.length];
        shapes.add(Arguments.of(sizes[i], dims[j], out, 0));
        shapes.add(Arguments.of(sizes[i], dims[j], 3 * out, out));
      }
    }
    return Stream.concat(
        shapes.build(),
        Stream.of(
            Arguments.of(9, 17, 4, 0),
            Arguments.of(8, 1, 1, 0),
            Arguments.of(300, 520, 40, 20),
            Arguments.of(65, 1100, 257, 0),
            Arguments.of(100, 160, 1300, 100),
            Arguments.of(1100, 130, 200, 0),
            Arguments.of(2100, 16, 24, 12),
            Arguments.of(5000, 9, 7, 0)));
  }

  /** Random factors in arrays that have gaps and bases, with NaN wherever nothing belongs. */
  private static final class Case {
    final Random random = new Random(7);
    final int tokens;
    final int capacity;
    final int in;
    final int out;
    final int headDim;
    final int ldx;
    final int ldy;
    final IntArray control = new IntArray(16);

    Case(int tokens, int in, int out, int headDim) {
      this.tokens = tokens;
      this.capacity = tokens + 3;
      this.in = in;
      this.out = out;
      this.headDim = headDim;
      ldx = in + 2;
      ldy = out + 1;
      control.set(Control.TOKENS, tokens);
      for (int at = X_AT; at <= ADDEND_AT; at++) control.set(at, BASE + at);
    }

    int x(int t, int i) {
      return BASE + X_AT + t * ldx + i;
    }

    int w(int o, int i) {
      return BASE + W_AT + o * in + i;
    }

    int y(int t, int o) {
      return BASE
          + Y_AT
          + (headDim == 0 ? t * ldy + o : (o / headDim * capacity + t) * headDim + o % headDim);
    }

    int addend(int t, int o) {
      return BASE + ADDEND_AT + t * ldy + o;
    }

    /** NaN but where a place function points to. */
    float[] fill(int rows, int columns, Place place, boolean values) {
      float[] a = new float[BASE + 16 + capacity * (ldx + ldy) + in * out];
      Arrays.fill(a, Float.NaN);
      if (values) {
        for (int r = 0; r < rows; r++) {
          for (int c = 0; c < columns; c++) a[place.of(r, c)] = random.nextFloat() - 0.5f;
        }
      }
      return a;
    }

    void linear(
        FloatArray x, FloatArray w, FloatArray y, FloatArray addend, int addendAt, int mode) {
      Dense.linear(
          control, x, X_AT, w, W_AT, y, Y_AT, addend, addendAt, mode, ldx, ldy, headDim, in, out,
          capacity);
    }

    void inputGradient(FloatArray dx, FloatArray w, FloatArray dy, int accumulate) {
      Dense.inputGradient(
          control, dx, X_AT, w, W_AT, dy, Y_AT, accumulate, ldx, ldy, headDim, in, out, capacity);
    }

    void weightGradient(FloatArray x, FloatArray dw, FloatArray dy) {
      Dense.weightGradient(
          control, x, X_AT, dw, W_AT, dy, Y_AT, ldx, ldy, headDim, in, out, capacity);
    }
  }

  /** Where an element is. */
  private interface Place {
    int of(int row, int column);
  }

  private static double[] nan(float[] a) {
    double[] e = new double[a.length];
    Arrays.fill(e, Double.NaN);
    return e;
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void forward(int tokens, int in, int out, int headDim) {
    Case c = new Case(tokens, in, out, headDim);
    float[] x = c.fill(tokens, in, c::x, true);
    float[] w = c.fill(out, in, c::w, true);
    float[] a = c.fill(tokens, out, c::addend, true);
    float[] y = c.fill(tokens, out, c::y, false);
    double[] product = nan(y);
    double[] sum = nan(y);
    for (int t = 0; t < tokens; t++) {
      for (int o = 0; o < out; o++) {
        double s = 0;
        for (int i = 0; i < in; i++) s += (double) x[c.x(t, i)] * w[c.w(o, i)];
        product[c.y(t, o)] = s;
        sum[c.y(t, o)] = s + a[c.addend(t, o)];
      }
    }
    FloatArray xs = FloatArray.fromArray(x);
    FloatArray ws = FloatArray.fromArray(w);
    FloatArray ys = FloatArray.fromArray(y);
    c.linear(xs, ws, ys, ys, Y_AT, Dense.SET);
    Close.to(ys.toHeapArray(), product, 1e-6, "product");

    FloatArray zs = FloatArray.fromArray(y);
    c.linear(xs, ws, zs, FloatArray.fromArray(a), ADDEND_AT, Dense.ADD);
    Close.to(zs.toHeapArray(), sum, 1e-6, "sum");

    if (headDim == 0) {
      c.linear(xs, ws, ys, ys, Y_AT, Dense.ADD);
      double[] twice = nan(y);
      for (int i = 0; i < twice.length; i++) twice[i] = 2 * product[i];
      Close.to(ys.toHeapArray(), twice, 1e-6, "sum in place");
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void gradients(int tokens, int in, int out, int headDim) {
    Case c = new Case(tokens, in, out, headDim);
    float[] x = c.fill(tokens, in, c::x, true);
    float[] w = c.fill(out, in, c::w, true);
    float[] dy = c.fill(tokens, out, c::y, true);
    float[] dx = c.fill(tokens, in, c::x, false);
    float[] first = c.fill(tokens, in, c::x, true);
    float[] dw = c.fill(out, in, c::w, true);
    double[] input = nan(dx);
    double[] added = nan(dx);
    double[] weight = nan(dw);
    for (int i = 0; i < in; i++) {
      for (int t = 0; t < tokens; t++) {
        double s = 0;
        for (int o = 0; o < out; o++) s += (double) dy[c.y(t, o)] * w[c.w(o, i)];
        input[c.x(t, i)] = s;
        added[c.x(t, i)] = s + first[c.x(t, i)];
      }
      for (int o = 0; o < out; o++) {
        double s = 0;
        for (int t = 0; t < tokens; t++) s += (double) dy[c.y(t, o)] * x[c.x(t, i)];
        weight[c.w(o, i)] = s + dw[c.w(o, i)];
      }
    }
    FloatArray ws = FloatArray.fromArray(w);
    FloatArray dys = FloatArray.fromArray(dy);
    FloatArray dxs = FloatArray.fromArray(dx);
    c.inputGradient(dxs, ws, dys, 0);
    Close.to(dxs.toHeapArray(), input, 1e-6, "dx");
    dxs = FloatArray.fromArray(first);
    c.inputGradient(dxs, ws, dys, 1);
    Close.to(dxs.toHeapArray(), added, 1e-6, "dx, accumulated");
    FloatArray dws = FloatArray.fromArray(dw);
    c.weightGradient(FloatArray.fromArray(x), dws, dys);
    Close.to(dws.toHeapArray(), weight, 2e-6, "dw");
  }

  @ParameterizedTest
  @CsvSource({"3,300,700,0", "150,520,96,48", "1100,40,33,0", "2500,64,64,16"})
  void threadsDoNotChangeABit(int tokens, int in, int out, int headDim) {
    Case c = new Case(tokens, in, out, headDim);
    FloatArray x = FloatArray.fromArray(c.fill(tokens, in, c::x, true));
    FloatArray w = FloatArray.fromArray(c.fill(out, in, c::w, true));
    FloatArray dy = FloatArray.fromArray(c.fill(tokens, out, c::y, true));
    float[] dw0 = c.fill(out, in, c::w, true);
    float[][] expected = null;
    for (int threads : new int[] {1, 2, 7}) {
      Workers.setCount(threads);
      FloatArray y = FloatArray.fromArray(c.fill(tokens, out, c::y, false));
      FloatArray dx = FloatArray.fromArray(c.fill(tokens, in, c::x, false));
      FloatArray dw = FloatArray.fromArray(dw0);
      c.linear(x, w, y, y, Y_AT, Dense.SET);
      c.inputGradient(dx, w, dy, 0);
      c.weightGradient(x, dw, dy);
      float[][] results = {y.toHeapArray(), dx.toHeapArray(), dw.toHeapArray()};
      if (expected == null) expected = results;
      assertThat(Arrays.deepEquals(results, expected)).as("%d threads", threads).isTrue();
    }
  }

  @Test
  void nothingHappensWithoutTokens() {
    Case c = new Case(0, 17, 20, 0);
    float[] y = c.fill(0, 20, c::y, false);
    FloatArray ys = FloatArray.fromArray(y);
    FloatArray x = FloatArray.fromArray(c.fill(0, 17, c::x, false));
    float[] w = c.fill(20, 17, c::w, true);
    FloatArray ws = FloatArray.fromArray(w);
    c.linear(x, ws, ys, ys, Y_AT, Dense.SET);
    c.inputGradient(x, ws, ys, 0);
    c.weightGradient(x, ws, ys);
    assertThat(ys.toHeapArray()).containsOnly(Float.NaN);
    assertThat(x.toHeapArray()).containsOnly(Float.NaN);
    assertThat(ws.toHeapArray()).isEqualTo(w);
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "64,64,64", "100,257,300", "37,4200,33", "65,700,9000"})
  void plainProducts(int m, int k, int n) {
    Random random = new Random(3);
    float[] a = new float[m * k];
    float[] b = new float[k * n];
    for (int i = 0; i < a.length; i++) a[i] = random.nextFloat() - 0.5f;
    for (int i = 0; i < b.length; i++) b[i] = random.nextFloat() - 0.5f;
    float[] c = new float[m * n];
    Arrays.fill(c, Float.NaN);
    Sgemm.multiply(a, b, c, m, n, k);
    double[] e = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int x = 0; x < k; x++) {
        for (int j = 0; j < n; j++) e[i * n + j] += (double) a[i * k + x] * b[x * n + j];
      }
    }
    Close.to(c, e, 1e-6, "C");
  }
}
