package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.load;

import io.github.tornadosse.embedded.Workers;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Activations of queries, keys and values, head-major, and their gradients. */
public final class HeadActivations {
  /** Tokens whose rows are taken at a time. */
  private static final int TOKENS = RowReductions.ROWS;

  /** Tokens of one item of the gradient's work; it goes over all heads. */
  private static final int ITEM = 4 * TOKENS;

  private HeadActivations() {}

  /**
   * out[0] = f(first), out[1] = f(base + delta).
   *
   * @param control see {@code Control}
   * @param first [H, capacity, K]
   * @param firstAt base index of first
   * @param base [H, capacity, K]; like delta unused with one source
   * @param baseAt base index of base
   * @param delta [H, capacity, K]
   * @param deltaAt base index of delta
   * @param out [sources, H, capacity, K]
   * @param outAt base index of out
   * @param rowTopk softmax over that many logits; 0 for SiLU
   * @param heads H
   * @param dim K
   * @param capacity stride of a head, in tokens
   * @param sources 1 or 2
   */
  public static void activate(
      IntArray control,
      FloatArray first,
      int firstAt,
      FloatArray base,
      int baseAt,
      FloatArray delta,
      int deltaAt,
      FloatArray out,
      int outAt,
      int rowTopk,
      int heads,
      int dim,
      int capacity,
      int sources) {
    float[] fs = HeapAccess.floats(first);
    float[] bs = HeapAccess.floats(base);
    float[] ds = HeapAccess.floats(delta);
    float[] os = HeapAccess.floats(out);
    int f0 = control.get(firstAt);
    int b0 = control.get(baseAt);
    int d0 = control.get(deltaAt);
    int o0 = control.get(outAt);
    int second = heads * capacity * dim;
    forEach(
        heads,
        Blocks.tokens(control),
        dim,
        (head, from, to) -> {
          int at = (head * capacity + from) * dim;
          int n = (to - from) * dim;
          rows(fs, f0 + at, os, o0 + at, n, rowTopk, dim);
          if (sources == 2) {
            int o = o0 + second + at;
            Lanes.add(bs, b0 + at, ds, d0 + at, os, o, n);
            rows(os, o, os, o, n, rowTopk, dim);
          }
        });
  }

  /** Work on tokens {@code from} to {@code to} − 1 of a head. */
  @FunctionalInterface
  interface Tokens {
    /** Does the work. */
    void run(int head, int from, int to);
  }

  /** Runs the body over blocks of the tokens of each head. */
  static void forEach(int heads, int tokens, int dim, Tokens body) {
    int block = Blocks.rows(dim, Blocks.COSTLY);
    int blocks = Blocks.count(tokens, block);
    Workers.forEach(
        heads * blocks,
        (item, worker) -> {
          int from = item % blocks * block;
          body.run(item / blocks, from, Math.min(tokens, from + block));
        });
  }

  /** b = f(a) for n elements of contiguous rows. */
  private static void rows(float[] a, int i, float[] b, int o, int n, int rowTopk, int dim) {
    if (rowTopk == 0) {
      VectorMath.silu(a, i, b, o, n);
    } else if (rowTopk >= dim) {
      Softmax.rows(a, i, b, o, n / dim, dim);
    } else {
      float[] keep = Scratch.floats(Scratch.KEEP, dim);
      for (int j = 0; j < n; j += dim) {
        RowTopk.keep(a, i + j, keep, 0, dim, rowTopk);
        RowTopk.leaveOut(a, i + j, keep, b, o + j, dim);
      }
      Softmax.rows(b, o, b, o, n / dim, dim);
    }
  }

  /**
   * Gradient of source 0 of {@link #activate}: dFirst = f'(first)·row t.
   *
   * @param control see {@code Control}
   * @param first [H, capacity, K]
   * @param firstAt base index of first
   * @param dRows [.., H, capacity·(1 + width), K]
   * @param rowsPart which [H, ..] of dRows
   * @param dFirst [H, capacity, K]
   * @param dFirstAt base index of dFirst
   * @param rowTopk softmax over that many logits; 0 for SiLU
   * @param heads H
   * @param dim K
   * @param capacity stride of a head, in tokens
   * @param width sparse rows of a token
   */
  public static void firstGradient(
      IntArray control,
      FloatArray first,
      int firstAt,
      FloatArray dRows,
      int rowsPart,
      FloatArray dFirst,
      int dFirstAt,
      int rowTopk,
      int heads,
      int dim,
      int capacity,
      int width) {
    float[] fs = HeapAccess.floats(first);
    float[] rows = HeapAccess.floats(dRows);
    float[] ds = HeapAccess.floats(dFirst);
    int f0 = control.get(firstAt);
    int d0 = control.get(dFirstAt);
    int rowCount = capacity * (1 + width);
    forEach(
        heads,
        Blocks.tokens(control),
        dim,
        (head, from, to) -> {
          int row0 = (rowsPart * heads + head) * rowCount * dim;
          for (int t = from; t < to; t += TOKENS) {
            int at = (head * capacity + t) * dim;
            int n = Math.min(TOKENS, to - t) * dim;
            back(fs, f0 + at, rows, row0 + t * dim, ds, d0 + at, n, rowTopk, dim);
          }
        });
  }

  /**
   * Gradient of source 1 of {@link #activate} through the expanded rows, and that of source 0 if
   * its logits are base; see {@code Operations.headActivationGradient}.
   *
   * @param control see {@code Control}
   * @param base [H, capacity, K]
   * @param baseAt base index of base
   * @param delta [H, capacity, K]
   * @param deltaAt base index of delta
   * @param dRows [.., H, capacity·(1 + width), K]
   * @param rowsPart which [H, ..] of dRows, and which of the weights
   * @param tokenRow [capacity·width]
   * @param weight [2, capacity·(1 + width)]
   * @param dTop [L, width], accumulates; unused if dTopAt is −1
   * @param dTopAt base index of dTop; −1 if rows are not multiplied by their weights
   * @param dBase [H, capacity, K], the gradient of both sources; unused if dBaseAt is −1
   * @param dBaseAt base index of dBase; −1 for source 1 alone
   * @param dDelta [H, capacity, K]
   * @param dDeltaAt base index of dDelta
   * @param rowTopk softmax over that many logits; 0 for SiLU
   * @param heads H
   * @param dim K
   * @param capacity stride of a head, in tokens
   * @param width sparse rows of a token, at least 1
   */
  public static void gradient(
      IntArray control,
      FloatArray base,
      int baseAt,
      FloatArray delta,
      int deltaAt,
      FloatArray dRows,
      int rowsPart,
      IntArray tokenRow,
      FloatArray weight,
      FloatArray dTop,
      int dTopAt,
      FloatArray dBase,
      int dBaseAt,
      FloatArray dDelta,
      int dDeltaAt,
      int rowTopk,
      int heads,
      int dim,
      int capacity,
      int width) {
    int rowCount = capacity * (1 + width);
    Gradient g =
        new Gradient(
            HeapAccess.floats(base),
            control.get(baseAt),
            HeapAccess.floats(delta),
            control.get(deltaAt),
            HeapAccess.floats(dRows),
            rowsPart * heads * rowCount * dim,
            HeapAccess.ints(tokenRow),
            HeapAccess.floats(weight),
            rowsPart * rowCount,
            dTopAt < 0 ? null : HeapAccess.floats(dTop),
            dTopAt < 0 ? 0 : control.get(dTopAt),
            dBaseAt < 0 ? null : HeapAccess.floats(dBase),
            dBaseAt < 0 ? 0 : control.get(dBaseAt),
            HeapAccess.floats(dDelta),
            control.get(dDeltaAt),
            rowTopk,
            dim,
            capacity,
            width);
    Blocks.forEach(
        Blocks.tokens(control),
        ITEM,
        (from, to) -> {
          for (int head = 0; head < heads; head++) {
            for (int t = from; t < to; t += TOKENS) g.tokens(head, t, Math.min(TOKENS, to - t));
          }
        });
  }

  /** The arrays of the gradient and their base indices; dTop and dBase may be null. */
  private record Gradient(
      float[] base,
      int base0,
      float[] delta,
      int delta0,
      float[] dRows,
      int rows0,
      int[] tokenRow,
      float[] weight,
      int weight0,
      float[] dTop,
      int dTop0,
      float[] dBase,
      int dBase0,
      float[] dDelta,
      int dDelta0,
      int rowTopk,
      int dim,
      int capacity,
      int width) {

    /** Up to {@link #TOKENS} tokens of a head. */
    void tokens(int head, int t, int count) {
      int n = count * dim;
      int at = (head * capacity + t) * dim;
      int row0 = rows0 + head * capacity * (1 + width) * dim;
      if (rowTopk == 0 && width == 1 && dTop != null && dBase != null) {
        silu(at, row0, t, count);
        return;
      }
      float[] x = Scratch.floats(Scratch.INPUT, n);
      Lanes.add(base, base0 + at, delta, delta0 + at, x, 0, n);
      float[] d = Scratch.floats(Scratch.GRADIENT, n);
      float[] p = Scratch.floats(Scratch.OUTPUT, n);
      int dd = dDelta0 + at;
      if (dTop == null) {
        for (int r = 0; r < count; r++) {
          sparseRows(dRows, row0, t + r, tokenRow, width, d, r * dim, dim);
        }
        back(x, 0, d, 0, dDelta, dd, n, rowTopk, dim);
      } else {
        HeadActivations.rows(x, 0, p, 0, n, rowTopk, dim);
        gather(row0, t, count, p, d);
        if (rowTopk == 0) {
          Silu.slopeRow(x, 0, d, 0, dDelta, dd, n);
        } else {
          Softmax.gradient(p, 0, d, 0, dDelta, dd, count, dim);
        }
      }
      if (dBase != null) {
        int db = dBase0 + at;
        back(base, base0 + at, dRows, row0 + t * dim, dBase, db, n, rowTopk, dim);
        Lanes.add(dBase, db, dDelta, dd, dBase, db, n);
      }
    }

    /** What most models have, SiLU and one sparse row a token: a row at a time, from the cache. */
    private void silu(int at, int row0, int t, int count) {
      float[] lanes = RowReductions.lanes();
      for (int r = 0; r < count; r++) {
        int i = at + r * dim;
        int from = tokenRow[t + r];
        int d = row0 + from * dim;
        float f = weight[weight0 + from];
        int to = dDelta0 + i;
        int b = base0 + i;
        deltaRow(base, b, delta, delta0 + i, dRows, d, f, dDelta, to, dim, lanes, r * Lanes.COUNT);
        baseRow(base, b, dRows, row0 + (t + r) * dim, dDelta, to, dBase, dBase0 + i, dim);
      }
      float[] dots = Scratch.floats(Scratch.NUMBERS, TOKENS);
      RowReductions.sums(lanes, dots);
      for (int r = 0; r < count; r++) dTop[dTop0 + t + r] += dots[r];
    }

    /** d = Σ_j weight_j·row_j, and dTop from the activated p. */
    private void gather(int row0, int t, int count, float[] p, float[] d) {
      float[] dots = Scratch.floats(Scratch.NUMBERS, RowReductions.ROWS);
      for (int j = 0; j < width; j++) {
        for (int r = 0; r < count; r++) {
          int from = tokenRow[(t + r) * width + j];
          if (j == 0) {
            Lanes.scale(dRows, row0 + from * dim, weight[weight0 + from], d, r * dim, dim);
          } else {
            Lanes.addScaled(dRows, row0 + from * dim, weight[weight0 + from], d, r * dim, dim);
          }
        }
        RowReductions.gatheredDots(
            dRows, row0, tokenRow, t * width + j, width, p, 0, count, dim, dots);
        for (int r = 0; r < count; r++) dTop[dTop0 + (t + r) * width + j] += dots[r];
      }
    }
  }

  /**
   * dDelta = SiLU'(base + delta)·f·row, and the vector whose lanes' sum is SiLU(base + delta)·row.
   */
  private static void deltaRow(
      float[] base,
      int b,
      float[] delta,
      int e,
      float[] row,
      int d,
      float f,
      float[] dDelta,
      int to,
      int n,
      float[] lanes,
      int at) {
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector x = load(base, b + j).add(load(delta, e + j));
      FloatVector s = VectorMath.sigmoid(x);
      FloatVector y = load(row, d + j);
      sum = x.mul(s).fma(y, sum);
      Silu.slope(x, s).mul(y.mul(f)).intoArray(dDelta, to + j);
    }
    if (j < n) {
      VectorMask<Float> m = Lanes.below(j, n);
      FloatVector x = load(base, b + j, m).add(load(delta, e + j, m));
      FloatVector s = VectorMath.sigmoid(x);
      FloatVector y = load(row, d + j, m);
      sum = x.mul(s).fma(y, sum);
      Silu.slope(x, s).mul(y.mul(f)).intoArray(dDelta, to + j, m);
    }
    sum.intoArray(lanes, at);
  }

  /** dBase = SiLU'(base)·row + dDelta. */
  private static void baseRow(
      float[] base,
      int b,
      float[] row,
      int d,
      float[] dDelta,
      int e,
      float[] dBase,
      int to,
      int n) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector x = load(base, b + j);
      Silu.slope(x, VectorMath.sigmoid(x))
          .mul(load(row, d + j))
          .add(load(dDelta, e + j))
          .intoArray(dBase, to + j);
    }
    if (j < n) {
      VectorMask<Float> m = Lanes.below(j, n);
      FloatVector x = load(base, b + j, m);
      Silu.slope(x, VectorMath.sigmoid(x))
          .mul(load(row, d + j, m))
          .add(load(dDelta, e + j, m))
          .intoArray(dBase, to + j, m);
    }
  }

  /** out = f'(x)·d for n elements of at most {@link #TOKENS} contiguous rows. */
  private static void back(
      float[] x, int i, float[] d, int k, float[] out, int o, int n, int rowTopk, int dim) {
    if (rowTopk == 0) {
      Silu.slopeRow(x, i, d, k, out, o, n);
      return;
    }
    float[] p = Scratch.floats(Scratch.OUTPUT, n);
    rows(x, i, p, 0, n, rowTopk, dim);
    Softmax.gradient(p, 0, d, k, out, o, n / dim, dim);
  }

  /** to = Σ_j row_j of the token's sparse rows. */
  static void sparseRows(
      float[] rows, int first, int t, int[] tokenRow, int width, float[] to, int o, int dim) {
    int j = t * width;
    System.arraycopy(rows, first + tokenRow[j] * dim, to, o, dim);
    for (int k = j + 1; k < j + width; k++) {
      Lanes.add(to, o, rows, first + tokenRow[k] * dim, to, o, dim);
    }
  }

  /**
   * out = SiLU(raw), [H, capacity, V].
   *
   * @param control see {@code Control}
   * @param raw [H, capacity, dim]
   * @param rawAt base index of raw
   * @param out [H, capacity, dim]
   * @param outAt base index of out
   * @param heads H
   * @param dim size of a head
   * @param capacity stride of a head, in tokens
   */
  public static void value(
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray out,
      int outAt,
      int heads,
      int dim,
      int capacity) {
    float[] rs = HeapAccess.floats(raw);
    float[] os = HeapAccess.floats(out);
    int r0 = control.get(rawAt);
    int o0 = control.get(outAt);
    forEach(
        heads,
        Blocks.tokens(control),
        dim,
        (head, from, to) -> {
          int at = (head * capacity + from) * dim;
          VectorMath.silu(rs, r0 + at, os, o0 + at, (to - from) * dim);
        });
  }

  /**
   * dRaw = SiLU'(raw)·(row t + Σ_j row_j); dRows [H, capacity·(1 + width), V].
   *
   * @param control see {@code Control}
   * @param raw [H, capacity, dim]
   * @param rawAt base index of raw
   * @param dRows [H, capacity·(1 + width), dim]
   * @param tokenRow [capacity·width]
   * @param dRaw [H, capacity, dim]
   * @param dRawAt base index of dRaw
   * @param heads H
   * @param dim size of a head
   * @param capacity stride of a head, in tokens
   * @param width sparse rows of a token
   */
  public static void valueGradient(
      IntArray control,
      FloatArray raw,
      int rawAt,
      FloatArray dRows,
      IntArray tokenRow,
      FloatArray dRaw,
      int dRawAt,
      int heads,
      int dim,
      int capacity,
      int width) {
    float[] rs = HeapAccess.floats(raw);
    float[] rows = HeapAccess.floats(dRows);
    float[] ds = HeapAccess.floats(dRaw);
    int[] places = HeapAccess.ints(tokenRow);
    int r0 = control.get(rawAt);
    int d0 = control.get(dRawAt);
    forEach(
        heads,
        Blocks.tokens(control),
        dim,
        (head, from, to) -> {
          int first = head * capacity * (1 + width) * dim;
          for (int t = from; t < to; t += TOKENS) {
            int count = Math.min(TOKENS, to - t);
            int at = (head * capacity + t) * dim;
            for (int r = 0; r < count; r++) {
              sumRows(rows, first, t + r, places, width, ds, d0 + at + r * dim, dim);
            }
            Silu.slopeRow(rs, r0 + at, ds, d0 + at, ds, d0 + at, count * dim);
          }
        });
  }

  /**
   * Reads a part of each line of the sparse rows of tokens {@code from} to {@code to} − 1, one read
   * after the other without waiting: they lie here and there, and work on each row would begin with
   * a wait for memory.
   */
  static void touchRows(
      float[] rows, int first, int from, int to, int[] tokenRow, int width, int dim) {
    float touched = 0;
    for (int j = from * width; j < to * width; j++) {
      touched += GlaRows.touch(rows, first + tokenRow[j] * dim, dim);
    }
    Scratch.floats(Scratch.NUMBERS, 1)[0] = touched; // keeps the reads
  }

  /** to = row t + Σ_j row_j of the token's sparse rows. */
  static void sumRows(
      float[] rows, int first, int t, int[] tokenRow, int width, float[] to, int o, int dim) {
    if (width == 0) {
      System.arraycopy(rows, first + t * dim, to, o, dim);
      return;
    }
    int j = t * width;
    Lanes.add(rows, first + t * dim, rows, first + tokenRow[j] * dim, to, o, dim);
    for (int k = j + 1; k < j + width; k++) {
      Lanes.add(to, o, rows, first + tokenRow[k] * dim, to, o, dim);
    }
  }
}
