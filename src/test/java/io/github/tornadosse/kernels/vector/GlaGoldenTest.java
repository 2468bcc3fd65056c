package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.checkpoint.Safetensors;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GlaGoldenTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "gla_0_mild_T1_H2_K16_V16",
        "gla_1_strong_T5_H1_K16_V32",
        "gla_2_none_T63_H2_K32_V16",
        "gla_3_mixed_T64_H1_K64_V64",
        "gla_4_mild_T65_H2_K32_V32"
      })
  void bothPassesMatch(String name) {
    Path file = Path.of("src/test/resources/golden/op", name + ".safetensors");
    try (Safetensors t = Safetensors.open(file)) {
      int[] shape = t.shape("v");
      GlaCase c =
          new GlaCase(
              shape[1],
              shape[0],
              t.shape("q")[2],
              shape[2],
              headMajor(t, "q"),
              headMajor(t, "k"),
              headMajor(t, "v"),
              headMajor(t, "g"),
              t.floats("s0"),
              headMajor(t, "do"),
              t.floats("ds"));
      c.forward().gradient();
      close(c.out, headMajor(t, "o"), 1e-5, "o");
      close(c.finalState, t.floats("s"), 1e-5, "s");
      close(GlaCase.part(c.rowGradients, 0), headMajor(t, "dq"), 1e-4, "dq");
      close(GlaCase.part(c.rowGradients, 1), headMajor(t, "dk"), 1e-4, "dk");
      close(GlaCase.part(c.rowGradients, 2), headMajor(t, "dg"), 1e-4, "dg");
      close(c.valueGradients, headMajor(t, "dv"), 1e-4, "dv");
      close(c.initialGradient, t.floats("ds0"), 1e-4, "ds0");
    }
  }

  private static void close(float[] a, float[] e, double tolerance, String what) {
    Close.to(a, Close.doubles(e), tolerance, what);
  }

  /** [T, H, K] to [H, T, K]. */
  private static float[] headMajor(Safetensors t, String name) {
    int[] shape = t.shape(name);
    float[] x = t.floats(name);
    float[] y = new float[x.length];
    int n = shape[2];
    for (int i = 0; i < shape[0]; i++) {
      for (int h = 0; h < shape[1]; h++) {
        System.arraycopy(x, (i * shape[1] + h) * n, y, (h * shape[0] + i) * n, n);
      }
    }
    return y;
  }
}
