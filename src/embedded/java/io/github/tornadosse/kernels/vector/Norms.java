package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.all;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Root mean square norm of token-major rows. */
public final class Norms {
  private Norms() {}

  /**
   * y = x·rstd·w with rstd = 1/√(mean x² + eps); x, y [L, size], w [size], rstd [L].
   *
   * @param control see {@code Control}
   * @param x [L, size]
   * @param xAt base index of x
   * @param w [size]
   * @param wAt base index of w
   * @param y [L, size]
   * @param yAt base index of y
   * @param rstd [L]
   * @param rstdAt base index of rstd
   * @param size size of a row
   * @param eps added to the mean square
   */
  public static void rmsNorm(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray w,
      int wAt,
      FloatArray y,
      int yAt,
      FloatArray rstd,
      int rstdAt,
      int size,
      float eps) {
    float[] xs = HeapAccess.floats(x);
    float[] ws = HeapAccess.floats(w);
    float[] ys = HeapAccess.floats(y);
    float[] rs = HeapAccess.floats(rstd);
    int x0 = control.get(xAt);
    int w0 = control.get(wAt);
    int y0 = control.get(yAt);
    int r0 = control.get(rstdAt);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.rows(size, Blocks.CHEAP),
        (from, to) -> {
          for (int t = from; t < to; t++) {
            int i = x0 + t * size;
            float r = reciprocal(Lanes.squares(xs, i, size), size, eps);
            rs[r0 + t] = r;
            normaliseRow(xs, i, ws, w0, r, ys, y0 + t * size, size);
          }
        });
  }

  /** 1/√(squares/n + eps). */
  static float reciprocal(float squares, int n, float eps) {
    return (float) (1 / Math.sqrt(squares / n + eps));
  }

  /** y = x·rstd·w. */
  static void normaliseRow(
      float[] x, int i, float[] w, int k, float rstd, float[] y, int o, int n) {
    FloatVector r = all(rstd);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      load(x, i + j).mul(r).mul(load(w, k + j)).intoArray(y, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      load(x, i + j, m).mul(r).mul(load(w, k + j, m)).intoArray(y, o + j, m);
    }
  }

  /**
   * dx += rstd·(dy·w − x·rstd²·mean(dy·w·x)), dw += Σ_t dy·x·rstd.
   *
   * @param control see {@code Control}
   * @param x [L, size]
   * @param xAt base index of x
   * @param w [size]
   * @param wAt base index of w
   * @param rstd [L]
   * @param rstdAt base index of rstd
   * @param dy [L, size]
   * @param dyAt base index of dy
   * @param dx [L, size], accumulates
   * @param dxAt base index of dx
   * @param dw [size], accumulates
   * @param dwAt base index of dw
   * @param size size of a row
   */
  public static void rmsNormGradient(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray w,
      int wAt,
      FloatArray rstd,
      int rstdAt,
      FloatArray dy,
      int dyAt,
      FloatArray dx,
      int dxAt,
      FloatArray dw,
      int dwAt,
      int size) {
    float[] xs = HeapAccess.floats(x);
    float[] ws = HeapAccess.floats(w);
    float[] rs = HeapAccess.floats(rstd);
    float[] dys = HeapAccess.floats(dy);
    float[] dxs = HeapAccess.floats(dx);
    int x0 = control.get(xAt);
    int w0 = control.get(wAt);
    int r0 = control.get(rstdAt);
    int dy0 = control.get(dyAt);
    int dx0 = control.get(dxAt);
    int tokens = Blocks.tokens(control);
    int blocks = Blocks.count(tokens, Blocks.SUMMED);
    float[] partial = Scratch.floats(Scratch.PARTIAL, blocks * size);
    Blocks.forEach(
        tokens,
        Blocks.SUMMED,
        (from, to) -> {
          int p = from / Blocks.SUMMED * size;
          Arrays.fill(partial, p, p + size, 0);
          for (int t = from; t < to; t++) {
            int row = t * size;
            float r = rs[r0 + t];
            float mean = productRow(dys, dy0 + row, ws, w0, xs, x0 + row, size) / size;
            gradientRow(
                xs, x0 + row, ws, w0, dys, dy0 + row, dxs, dx0 + row, r, r * r * r * mean, size);
            weightRow(xs, x0 + row, dys, dy0 + row, r, partial, p, size);
          }
        });
    Blocks.addPartial(partial, blocks, size, HeapAccess.floats(dw), control.get(dwAt));
  }

  private static float productRow(float[] a, int i, float[] b, int k, float[] c, int o, int n) {
    FloatVector s = FloatVector.zero(Lanes.SPECIES);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      s = load(a, i + j).mul(load(b, k + j)).fma(load(c, o + j), s);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      s = load(a, i + j, m).mul(load(b, k + j, m)).fma(load(c, o + j, m), s);
    }
    return VectorMath.sum(s);
  }

  private static void gradientRow(
      float[] x,
      int i,
      float[] w,
      int k,
      float[] dy,
      int l,
      float[] dx,
      int o,
      float rstd,
      float back,
      int n) {
    FloatVector r = all(rstd);
    FloatVector b = all(-back);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      FloatVector d = load(x, i + j).fma(b, load(dx, o + j));
      load(dy, l + j).mul(load(w, k + j)).fma(r, d).intoArray(dx, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      FloatVector d = load(x, i + j, m).fma(b, load(dx, o + j, m));
      load(dy, l + j, m).mul(load(w, k + j, m)).fma(r, d).intoArray(dx, o + j, m);
    }
  }

  private static void weightRow(
      float[] x, int i, float[] dy, int l, float rstd, float[] dw, int o, int n) {
    FloatVector r = all(rstd);
    int j = 0;
    for (; j + COUNT <= n; j += COUNT) {
      load(x, i + j).mul(r).fma(load(dy, l + j), load(dw, o + j)).intoArray(dw, o + j);
    }
    if (j < n) {
      VectorMask<Float> m = below(j, n);
      load(x, i + j, m).mul(r).fma(load(dy, l + j, m), load(dw, o + j, m)).intoArray(dw, o + j, m);
    }
  }
}
