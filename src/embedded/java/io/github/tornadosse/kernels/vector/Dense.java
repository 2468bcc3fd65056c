package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Dense layers x [L, in], y [L, out] or head-major, w [out, in], and their gradients. */
public final class Dense {
  /** What y starts from: nothing. */
  public static final int SET = 0;

  /** What y starts from: another array. */
  public static final int ADD = 1;

  /** Up to that many tokens, w is streamed instead of packed. */
  private static final int FEW = 8;

  /** Tokens that share what is loaded of w. */
  private static final int TOGETHER = 4;

  private Dense() {}

  /**
   * y = x·wᵀ or y = addend + x·wᵀ.
   *
   * @param control see {@code Control}
   * @param x [L, ldx]
   * @param xAt base index of x
   * @param w [out, in]
   * @param wAt base index of w
   * @param y [L, ldy], or [out/headDim, capacity, headDim]
   * @param yAt base index of y
   * @param addend [L, ldy]; unused if mode is SET; may be y
   * @param addendAt base index of addend
   * @param mode {@link #SET} or {@link #ADD}
   * @param ldx row stride of x
   * @param ldy row stride of y and addend
   * @param headDim 0 for token-major y
   * @param in input size
   * @param out output size
   * @param capacity stride of a head, in tokens
   */
  public static void linear(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray w,
      int wAt,
      FloatArray y,
      int yAt,
      FloatArray addend,
      int addendAt,
      int mode,
      int ldx,
      int ldy,
      int headDim,
      int in,
      int out,
      int capacity) {
    int tokens = Blocks.tokens(control);
    Matrix xs = Matrix.plain(HeapAccess.floats(x), control.get(xAt), ldx);
    Matrix ws = Matrix.plain(HeapAccess.floats(w), control.get(wAt), in);
    Matrix ys = Matrix.tokens(HeapAccess.floats(y), control.get(yAt), ldy, headDim, capacity);
    if (mode == ADD) {
      Matrix start = Matrix.plain(HeapAccess.floats(addend), control.get(addendAt), ldy);
      if (start.array() != ys.array() || start.at() != ys.at() || headDim != 0) {
        copy(start, ys, tokens, out);
      }
    }
    if (tokens <= FEW) {
      stream(xs, ws, ys, mode == ADD, tokens, in, out);
    } else {
      new Product(xs, ws.transpose(), ys, mode == ADD, tokens, out, in).run();
    }
  }

  private static void copy(Matrix from, Matrix to, int rows, int columns) {
    Blocks.forEach(
        rows,
        Blocks.rows(columns, Blocks.CHEAP),
        (begin, end) -> {
          for (int t = begin; t < end; t++) {
            for (int c = 0; c < columns; ) {
              int n = Math.min(columns - c, to.run(c));
              System.arraycopy(from.array(), from.index(t, c), to.array(), to.index(t, c), n);
              c += n;
            }
          }
        });
  }

  /**
   * Few tokens: w is read once and in the order of memory, which is as fast as it can be read. Each
   * sum is formed alike whatever the number of tokens.
   */
  private static void stream(
      Matrix x, Matrix w, Matrix y, boolean add, int tokens, int in, int out) {
    Blocks.forEach(
        out,
        Blocks.rows(in, Blocks.CHEAP),
        (from, to) -> {
          float[] sums = Scratch.floats(Scratch.TILE, TOGETHER);
          for (int o = from; o < to; o++) {
            int wi = w.index(o, 0);
            int t = 0;
            for (; t + TOGETHER <= tokens; t += TOGETHER) {
              four(w.array(), wi, x.array(), x.index(t, 0), x.ld(), in, sums);
              for (int r = 0; r < TOGETHER; r++) put(y, t + r, o, sums[r], add);
            }
            for (; t < tokens; t++) {
              put(y, t, o, Lanes.dot(w.array(), wi, x.array(), x.index(t, 0), in), add);
            }
          }
        });
  }

  private static void put(Matrix y, int t, int o, float sum, boolean add) {
    int i = y.index(t, o);
    y.array()[i] = add ? y.array()[i] + sum : sum;
  }

  /** {@link Lanes#dot} of a row of w with four rows of x. */
  private static void four(float[] w, int k, float[] x, int i, int ldx, int n, float[] sums) {
    int i1 = i + ldx;
    int i2 = i1 + ldx;
    int i3 = i2 + ldx;
    FloatVector s0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector u0 = s0;
    FloatVector u1 = s0;
    FloatVector u2 = s0;
    FloatVector u3 = s0;
    int j = 0;
    for (; j + 2 * COUNT <= n; j += 2 * COUNT) {
      FloatVector v = load(w, k + j);
      FloatVector z = load(w, k + j + COUNT);
      s0 = v.fma(load(x, i + j), s0);
      u0 = z.fma(load(x, i + j + COUNT), u0);
      s1 = v.fma(load(x, i1 + j), s1);
      u1 = z.fma(load(x, i1 + j + COUNT), u1);
      s2 = v.fma(load(x, i2 + j), s2);
      u2 = z.fma(load(x, i2 + j + COUNT), u2);
      s3 = v.fma(load(x, i3 + j), s3);
      u3 = z.fma(load(x, i3 + j + COUNT), u3);
    }
    for (; j < n; j += COUNT) {
      VectorMask<Float> m = below(j, n);
      FloatVector v = load(w, k + j, m);
      s0 = v.fma(load(x, i + j, m), s0);
      s1 = v.fma(load(x, i1 + j, m), s1);
      s2 = v.fma(load(x, i2 + j, m), s2);
      s3 = v.fma(load(x, i3 + j, m), s3);
    }
    sums[0] = VectorMath.sum(s0.add(u0));
    sums[1] = VectorMath.sum(s1.add(u1));
    sums[2] = VectorMath.sum(s2.add(u2));
    sums[3] = VectorMath.sum(s3.add(u3));
  }

  /**
   * dx = dy·w or dx += dy·w.
   *
   * @param control see {@code Control}
   * @param dx [L, ldx]
   * @param dxAt base index of dx
   * @param w [out, in]
   * @param wAt base index of w
   * @param dy [L, ldy], or [out/headDim, capacity, headDim]
   * @param dyAt base index of dy
   * @param accumulate 1 to add to dx
   * @param ldx row stride of dx
   * @param ldy row stride of dy
   * @param headDim 0 for token-major dy
   * @param in input size
   * @param out output size
   * @param capacity stride of a head, in tokens
   */
  public static void inputGradient(
      IntArray control,
      FloatArray dx,
      int dxAt,
      FloatArray w,
      int wAt,
      FloatArray dy,
      int dyAt,
      int accumulate,
      int ldx,
      int ldy,
      int headDim,
      int in,
      int out,
      int capacity) {
    new Product(
            Matrix.tokens(HeapAccess.floats(dy), control.get(dyAt), ldy, headDim, capacity),
            Matrix.plain(HeapAccess.floats(w), control.get(wAt), in),
            Matrix.plain(HeapAccess.floats(dx), control.get(dxAt), ldx),
            accumulate == 1,
            Blocks.tokens(control),
            in,
            out)
        .run();
  }

  /**
   * dw += dyᵀ·x.
   *
   * @param control see {@code Control}
   * @param x [L, ldx]
   * @param xAt base index of x
   * @param dw [out, in]
   * @param dwAt base index of dw
   * @param dy [L, ldy], or [out/headDim, capacity, headDim]
   * @param dyAt base index of dy
   * @param ldx row stride of x
   * @param ldy row stride of dy
   * @param headDim 0 for token-major dy
   * @param in input size
   * @param out output size
   * @param capacity stride of a head, in tokens
   */
  public static void weightGradient(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray dw,
      int dwAt,
      FloatArray dy,
      int dyAt,
      int ldx,
      int ldy,
      int headDim,
      int in,
      int out,
      int capacity) {
    int tokens = Blocks.tokens(control);
    if (tokens == 0) return;
    Matrix a =
        Matrix.tokens(HeapAccess.floats(dy), control.get(dyAt), ldy, headDim, capacity).transpose();
    Matrix b = Matrix.plain(HeapAccess.floats(x), control.get(xAt), ldx);
    float[] to = HeapAccess.floats(dw);
    int at = control.get(dwAt);
    if (Product.splits(out, in, tokens)) {
      Product.addSplit(a, b, to, at, out, in, tokens);
    } else {
      new Product(a, b, Matrix.plain(to, at, in), true, out, in, tokens).run();
    }
  }
}
