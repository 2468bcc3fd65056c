package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.View;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DenseTest {
  /** y and its index for (t, o), token-major or head-major. */
  private static int index(Arena a, int headDim, int ld, int t, int o) {
    return headDim == 0 ? t * ld + o : (o / headDim * a.capacity + t) * headDim + o % headDim;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 3, 2, 0",
    "2, 17, 5, 0",
    "3, 1, 63, 0",
    "17, 64, 4, 0",
    "65, 5, 100, 0",
    "63, 2, 1, 0",
    "1, 3, 2, 1",
    "2, 17, 6, 3",
    "100, 63, 10, 5",
    "64, 65, 64, 16"
  })
  void agreesWithTheSums(int tokens, int in, int out, int headDim) {
    Arena a = new Arena(tokens, 1);
    int ldx = in + 2;
    int ldy = out + 1;
    int ySize = a.capacity * ldy;
    double[] x = a.normal(a.capacity * ldx);
    double[] w = a.normal(out * in);
    double[] dy = a.normal(ySize);
    double[] addend = a.normal(ySize);
    View vx = a.view(x);
    View vw = a.view(w);
    View y = a.output(ySize);
    View sum = a.view(addend);
    View vdy = a.view(dy);
    View dx = a.output(a.capacity * ldx);
    View dxMore = a.view(x);
    View dw = a.view(w);
    a.run(
        (ops, s) -> {
          ops.linear(s, "y", new Linear(vx, ldx, vw, y, ldy, headDim, in, out));
          ops.linearAdd(s, "sum", new Linear(vx, ldx, vw, sum, ldy, 0, in, out), sum);
          Linear l = new Linear(dx, ldx, vw, vdy, ldy, headDim, in, out);
          ops.linearInputGradient(s, "dx", l, false);
          Linear more = new Linear(dxMore, ldx, vw, vdy, ldy, headDim, in, out);
          ops.linearInputGradient(s, "dxMore", more, true);
          Linear weight = new Linear(vx, ldx, dw, vdy, ldy, headDim, in, out);
          ops.linearWeightGradient(s, "dw", weight);
        });

    double[] expectedY = a.get(y, ySize);
    double[] expectedSum = addend.clone();
    double[] expectedDx = a.get(dx, a.capacity * ldx);
    double[] expectedMore = x.clone();
    double[] expectedDw = w.clone();
    for (int t = 0; t < tokens; t++) {
      for (int o = 0; o < out; o++) {
        double value = 0;
        double d = dy[index(a, headDim, ldy, t, o)];
        for (int i = 0; i < in; i++) {
          value += x[t * ldx + i] * w[o * in + i];
          expectedMore[t * ldx + i] += d * w[o * in + i];
          expectedDw[o * in + i] += d * x[t * ldx + i];
        }
        expectedY[index(a, headDim, ldy, t, o)] = value;
        expectedSum[t * ldy + o] += value;
      }
      for (int i = 0; i < in; i++) {
        expectedDx[t * ldx + i] = expectedMore[t * ldx + i] - x[t * ldx + i];
      }
    }
    Arena.assertClose(finite(a.get(y, ySize)), finite(expectedY), Arena.FORWARD);
    Arena.assertClose(a.get(sum, ySize), expectedSum, Arena.FORWARD);
    Arena.assertClose(finite(a.get(dx, a.capacity * ldx)), finite(expectedDx), Arena.GRADIENT);
    Arena.assertClose(a.get(dxMore, a.capacity * ldx), expectedMore, Arena.GRADIENT);
    Arena.assertClose(a.get(dw, out * in), expectedDw, Arena.GRADIENT);
  }

  /** Without the elements that stay unwritten; those that should be written must not be NaN. */
  private static double[] finite(double[] values) {
    return java.util.Arrays.stream(values).filter(x -> !Double.isNaN(x)).toArray();
  }
}
