package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.View;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class MixerOutputTest {
  private static final float EPS = 1e-5f;
  private static final int HEADS = 2;

  /** y [L, H·V] of o [H, capacity, V]. */
  private static double[] output(
      double[] o, double[] gate, double[] w, int tokens, int capacity, int value) {
    int dim = w.length;
    double[] y = new double[tokens * HEADS * value];
    for (int from = 0; from < y.length; from += dim) {
      int t = from / (HEADS * value);
      int h = from / value % HEADS;
      int at = (h * capacity + t) * value + from % value;
      double squares = 0;
      for (int c = 0; c < dim; c++) {
        squares += o[at + c] * o[at + c];
      }
      for (int c = 0; c < dim; c++) {
        double norm = o[at + c] / Math.sqrt(squares / dim + EPS) * w[c];
        y[from + c] = gate == null ? norm : norm * Arena.silu(gate[from + c]);
      }
    }
    return y;
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 3, 3, true", "17, 3, 6, 3, true", "70, 2, 4, 4, false", "65, 4, 8, 2, true"})
  void readsBackNormalisesAndGates(
      int tokens, int partitions, int value, int valueDim, boolean gated) {
    Routed r = new Routed(new int[] {0, tokens}, partitions, 2, 2);
    Arena a = r.arena;
    HeadSizes sizes = new HeadSizes(HEADS, 5, value);
    int size = HEADS * a.capacity * value;
    int n = tokens * HEADS * value;
    FloatArray rows = r.rowGradients(HEADS, value, Routing.READ);
    double[] gate = gated ? a.normal(n) : null;
    double[] w = a.normal(valueDim);
    double[] dy = a.normal(n);
    View vGate = gated ? a.view(gate) : null;
    View vw = a.view(w);
    View o = a.output(size);
    View y = a.output(n);
    View vdy = a.view(dy);
    FloatArray dO = Arena.nan(size);
    View dGate = gated ? a.output(n) : null;
    View dw = a.view(w);
    a.run(
        (ops, s) -> {
          ops.mixerOutput(s, "out", rows, r.rows, vGate, vw, o, y, sizes, valueDim, EPS);
          ops.mixerOutputGradient(
              s, "gradient", vdy, o, vGate, vw, dO, dGate, dw, sizes, valueDim, EPS);
        });
    double[] expectedO = new double[size];
    double[] all = r.rows(Arena.get(rows), value);
    for (int i = 0; i < all.length; i++) {
      int row = i / value % r.rowCount;
      if (r.used(row)) {
        int h = i / value / r.rowCount;
        expectedO[(h * a.capacity + r.rows.token().get(row)) * value + i % value] += all[i];
      }
    }
    Arena.assertClose(r.tokens(a.get(o, size), value), expectedO, Arena.FORWARD);
    Arena.assertClose(
        a.get(y, n), output(expectedO, gate, w, tokens, a.capacity, value), Arena.FORWARD);

    double[] wantO =
        Arena.differences(
            expectedO, z -> Arena.dot(output(z, gate, w, tokens, a.capacity, value), dy));
    Arena.assertClose(r.tokens(Arena.get(dO), value), wantO, Arena.GRADIENT);
    if (gated) {
      double[] wantGate =
          Arena.differences(
              gate, z -> Arena.dot(output(expectedO, z, w, tokens, a.capacity, value), dy));
      Arena.assertClose(a.get(dGate, n), wantGate, Arena.GRADIENT);
    }
    double[] wantW =
        Arena.differences(
            w, z -> Arena.dot(output(expectedO, gate, z, tokens, a.capacity, value), dy));
    for (int i = 0; i < valueDim; i++) {
      wantW[i] += w[i];
    }
    Arena.assertClose(a.get(dw, valueDim), wantW, Arena.GRADIENT);
  }
}
