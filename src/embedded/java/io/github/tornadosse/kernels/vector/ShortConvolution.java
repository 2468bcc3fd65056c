package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.Lanes.COUNT;
import static io.github.tornadosse.kernels.vector.Lanes.below;
import static io.github.tornadosse.kernels.vector.Lanes.load;

import io.github.tornadosse.kernels.Control;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Depthwise causal convolutions of head-major arrays. The taps are transposed once, to [H, width,
 * K], so that rows of tokens and of taps are added up in whole vectors. Taps are numbered from the
 * oldest token on; the last one is the token itself.
 */
public final class ShortConvolution {
  /** Rows that are worked on together. */
  private static final int ROWS = 4;

  private ShortConvolution() {}

  /**
   * y[h, t, c] = Σ_j w[h·K + c, j]·x[h, t − width + 1 + j, c] within each sequence. A sum runs from
   * the oldest token on wherever it lies, so that splitting a sequence changes no bit.
   *
   * @param control see {@link Control}; with USE_STATE 1, tokens before a sequence come from state
   *     and its last ones are left there, else they are zeros
   * @param x [H, capacity, K]
   * @param xAt base index of x
   * @param w [H·K, width]
   * @param wAt base index of w
   * @param cu [S + 1] bounds of the sequences
   * @param state [S, width − 1, H, K], oldest first
   * @param stateAt base index of state
   * @param y [H, capacity, K]
   * @param yAt base index of y
   * @param heads H
   * @param dim K
   * @param width number of taps
   * @param capacity stride of a head, in tokens
   */
  public static void forward(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray w,
      int wAt,
      IntArray cu,
      FloatArray state,
      int stateAt,
      FloatArray y,
      int yAt,
      int heads,
      int dim,
      int width,
      int capacity) {
    float[] taps = Scratch.floats(Scratch.PACKED_B, heads * width * dim);
    transpose(HeapAccess.floats(w), control.get(wAt), taps, heads, dim, width);
    Sequences sequences =
        new Sequences(HeapAccess.ints(cu), control.get(Control.SEQUENCES), heads, dim, width);
    Forward job =
        new Forward(
            sequences,
            HeapAccess.floats(x),
            control.get(xAt),
            taps,
            HeapAccess.floats(state),
            control.get(stateAt),
            control.get(Control.USE_STATE) == 1,
            HeapAccess.floats(y),
            control.get(yAt),
            capacity);
    int tokens = Blocks.tokens(control);
    int block = Math.clamp(tokens, 1, Blocks.rows(dim, Blocks.CHEAP));
    int blocks = Blocks.count(tokens, block);
    Blocks.forEach(
        heads * blocks,
        Blocks.rows(block * dim, Blocks.CHEAP),
        (begin, end) -> {
          for (int i = begin; i < end; i++) {
            int from = i % blocks * block;
            job.run(i / blocks, from, Math.min(tokens, from + block));
          }
        });
    // Only now has every block read the state that it begins with.
    if (job.stateful && width > 1) {
      Blocks.forEach(
          sequences.count * heads, Blocks.rows((width - 1) * dim, Blocks.CHEAP), job::keep);
    }
  }

  /** taps [H, width, K] = w [H·K, width], each head transposed. */
  private static void transpose(float[] w, int w0, float[] taps, int heads, int dim, int width) {
    for (int i = 0; i < heads * dim; i++) {
      int to = i / dim * width * dim + i % dim;
      for (int j = 0; j < width; j++) taps[to + j * dim] = w[w0 + i * width + j];
    }
  }

  /** Where the packed sequences lie, and the sizes. */
  private record Sequences(int[] cu, int count, int heads, int dim, int width) {
    /** The sequence of a token: the last that begins at or before it. */
    int of(int t) {
      int first = 0;
      int after = count;
      while (after - first > 1) {
        int middle = (first + after) >>> 1;
        if (cu[middle] <= t) first = middle;
        else after = middle;
      }
      return first;
    }
  }

  private record Forward(
      Sequences sequences,
      float[] x,
      int x0,
      float[] taps,
      float[] state,
      int s0,
      boolean stateful,
      float[] y,
      int y0,
      int capacity) {
    /** Tokens from to to − 1 of a head. */
    void run(int head, int from, int to) {
      int dim = sequences.dim;
      int width = sequences.width;
      int[] cu = sequences.cu;
      int k = head * width * dim;
      int t = from;
      for (int s = sequences.of(t); t < to; s++) {
        int end = Math.min(cu[s + 1], to);
        int whole = Math.min(end, cu[s] + width - 1);
        if (t < whole) {
          float[] window = Scratch.floats(Scratch.INPUT, (width - 1 + whole - t) * dim);
          gather(head, s, t - width + 1, whole, window);
          rows(window, 0, taps, k, y, y0 + (head * capacity + t) * dim, whole - t, dim, width);
          t = whole;
        }
        if (t < end) {
          int row = head * capacity + t;
          rows(x, x0 + (row - width + 1) * dim, taps, k, y, y0 + row * dim, end - t, dim, width);
          t = end;
        }
      }
    }

    /** Tokens from to to − 1 of a sequence, of which the first lie before it. */
    private void gather(int head, int s, int from, int to, float[] window) {
      int dim = sequences.dim;
      int begin = sequences.cu[s];
      for (int t = from; t < to; t++) {
        int at = (t - from) * dim;
        if (t >= begin) {
          System.arraycopy(x, x0 + (head * capacity + t) * dim, window, at, dim);
        } else if (stateful) {
          System.arraycopy(state, stateRow(s, t - begin, head), window, at, dim);
        } else {
          Arrays.fill(window, at, at + dim, 0);
        }
      }
    }

    /** Where a head's row of the token {@code before} (negative) places off a sequence begins. */
    private int stateRow(int s, int before, int head) {
      int last = sequences.width - 1;
      return s0 + ((s * last + last + before) * sequences.heads + head) * sequences.dim;
    }

    /** Leaves the last tokens in the state; items are heads of sequences. */
    void keep(int from, int to) {
      int dim = sequences.dim;
      for (int i = from; i < to; i++) {
        int s = i / sequences.heads;
        int head = i % sequences.heads;
        int begin = sequences.cu[s];
        int end = sequences.cu[s + 1];
        // Ascending: what is read of the state is never behind what was written.
        for (int before = 1 - sequences.width; before < 0; before++) {
          int t = end + before;
          float[] source = t >= begin ? x : state;
          int at = t >= begin ? x0 + (head * capacity + t) * dim : stateRow(s, t - begin, head);
          System.arraycopy(source, at, state, stateRow(s, before, head), dim);
        }
      }
    }
  }

  /** n rows of y; the first is Σ_j of row j of x times row j of the taps. */
  private static void rows(
      float[] x, int i, float[] taps, int k, float[] y, int o, int n, int dim, int width) {
    int whole = dim / COUNT * COUNT;
    int r = 0;
    for (; r + ROWS <= n; r += ROWS) {
      fourRows(x, i + r * dim, taps, k, y, o + r * dim, whole, dim, width);
    }
    for (int t = r; t < n; t++) oneRow(x, i + t * dim, taps, k, y, o + t * dim, whole, dim, width);
    if (whole == dim) return;
    VectorMask<Float> m = below(whole, dim);
    for (int t = 0, c = whole; t < n; t++, c += dim) {
      rest(x, i + c, taps, k + whole, y, o + c, m, dim, width);
    }
  }

  /** Each row of x but the outermost is loaded once for the four rows of y that it is part of. */
  private static void fourRows(
      float[] x, int i, float[] taps, int k, float[] y, int o, int whole, int dim, int width) {
    for (int c = 0; c < whole; c += COUNT) {
      FloatVector x0 = load(x, i + c);
      FloatVector x1 = load(x, i + c + dim);
      FloatVector x2 = load(x, i + c + 2 * dim);
      FloatVector s0 = FloatVector.zero(Lanes.SPECIES);
      FloatVector s1 = FloatVector.zero(Lanes.SPECIES);
      FloatVector s2 = FloatVector.zero(Lanes.SPECIES);
      FloatVector s3 = FloatVector.zero(Lanes.SPECIES);
      for (int j = 0, at = c; j < width; j++, at += dim) {
        FloatVector tap = load(taps, k + at);
        FloatVector x3 = load(x, i + 3 * dim + at);
        s0 = x0.fma(tap, s0);
        s1 = x1.fma(tap, s1);
        s2 = x2.fma(tap, s2);
        s3 = x3.fma(tap, s3);
        x0 = x1;
        x1 = x2;
        x2 = x3;
      }
      s0.intoArray(y, o + c);
      s1.intoArray(y, o + c + dim);
      s2.intoArray(y, o + c + 2 * dim);
      s3.intoArray(y, o + c + 3 * dim);
    }
  }

  private static void oneRow(
      float[] x, int i, float[] taps, int k, float[] y, int o, int whole, int dim, int width) {
    for (int c = 0; c < whole; c += COUNT) {
      FloatVector sum = FloatVector.zero(Lanes.SPECIES);
      for (int j = 0, at = c; j < width; j++, at += dim) {
        sum = load(x, i + at).fma(load(taps, k + at), sum);
      }
      sum.intoArray(y, o + c);
    }
  }

  /** The last columns of a row. */
  private static void rest(
      float[] x,
      int i,
      float[] taps,
      int k,
      float[] y,
      int o,
      VectorMask<Float> m,
      int dim,
      int width) {
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    for (int j = 0, at = 0; j < width; j++, at += dim) {
      sum = load(x, i + at, m).fma(load(taps, k + at, m), sum);
    }
    sum.intoArray(y, o, m);
  }

  /**
   * Gradients of {@link #forward} from zeros before each sequence.
   *
   * @param control see {@link Control}
   * @param x [H, capacity, K]
   * @param xAt base index of x
   * @param w [H·K, width]
   * @param wAt base index of w
   * @param cu [S + 1] bounds of the sequences
   * @param dy [H, capacity, K]
   * @param dyAt base index of dy
   * @param dx [H, capacity, K], accumulates
   * @param dxAt base index of dx
   * @param dw [H·K, width], accumulates
   * @param dwAt base index of dw
   * @param heads H
   * @param dim K
   * @param width number of taps
   * @param capacity stride of a head, in tokens
   */
  public static void gradient(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray w,
      int wAt,
      IntArray cu,
      FloatArray dy,
      int dyAt,
      FloatArray dx,
      int dxAt,
      FloatArray dw,
      int dwAt,
      int heads,
      int dim,
      int width,
      int capacity) {
    int size = heads * width * dim;
    int tokens = Blocks.tokens(control);
    int blocks = Blocks.count(tokens, Blocks.SUMMED);
    float[] taps = Scratch.floats(Scratch.PACKED_B, size);
    transpose(HeapAccess.floats(w), control.get(wAt), taps, heads, dim, width);
    float[] partial = Scratch.floats(Scratch.PARTIAL, (blocks + 1) * size);
    Sequences sequences =
        new Sequences(HeapAccess.ints(cu), control.get(Control.SEQUENCES), heads, dim, width);
    Backward job =
        new Backward(
            sequences,
            HeapAccess.floats(x),
            control.get(xAt),
            taps,
            HeapAccess.floats(dy),
            control.get(dyAt),
            HeapAccess.floats(dx),
            control.get(dxAt),
            partial,
            capacity);
    Blocks.forEach(
        heads * blocks,
        Blocks.rows(Blocks.SUMMED * dim, Blocks.CHEAP),
        (begin, end) -> {
          for (int i = begin; i < end; i++) {
            int block = i % blocks;
            int from = block * Blocks.SUMMED;
            int to = Math.min(tokens, from + Blocks.SUMMED);
            job.run(i / blocks, from, to, block * size + i / blocks * width * dim);
          }
        });
    int total = blocks * size;
    Arrays.fill(partial, total, total + size, 0);
    Blocks.addPartial(partial, blocks, size, partial, total);
    addTransposed(partial, total, HeapAccess.floats(dw), control.get(dwAt), heads, dim, width);
  }

  /** dw [H·K, width] += sums [H, width, K], each head transposed. */
  private static void addTransposed(
      float[] sums, int s0, float[] dw, int w0, int heads, int dim, int width) {
    for (int i = 0; i < heads * dim; i++) {
      int from = s0 + i / dim * width * dim + i % dim;
      for (int j = 0; j < width; j++) dw[w0 + i * width + j] += sums[from + j * dim];
    }
  }

  private record Backward(
      Sequences sequences,
      float[] x,
      int x0,
      float[] taps,
      float[] dy,
      int dy0,
      float[] dx,
      int dx0,
      float[] partial,
      int capacity) {
    /** Tokens from to to − 1 of a head; the weight's sums [width, K] go to partial from p on. */
    void run(int head, int from, int to, int p) {
      int dim = sequences.dim;
      int width = sequences.width;
      int last = (width - 1) * dim;
      int whole = dim / COUNT * COUNT;
      int[] cu = sequences.cu;
      int k = head * width * dim + last;
      Arrays.fill(partial, p, p + width * dim, 0);
      int t = from;
      for (int s = sequences.of(t); t < to; s++) {
        int end = Math.min(cu[s + 1], to);
        while (t < end) {
          int row = (head * capacity + t) * dim;
          int after = Math.min(width, cu[s + 1] - t);
          int before = Math.min(width, t - cu[s] + 1);
          boolean inside = before == width && t + ROWS - 1 + width <= cu[s + 1];
          if (inside && t + ROWS <= end) {
            fourInputs(dy, dy0 + row, taps, k, dx, dx0 + row, whole, dim, width);
            fourWeights(dy, dy0 + row, x, x0 + row, partial, p + last, whole, dim, width);
            for (int i = 0; i < ROWS && whole < dim; i++, row += dim) {
              rest(row, k, p + last, whole, width, width);
            }
            t += ROWS;
          } else {
            input(dy, dy0 + row, taps, k, dx, dx0 + row, whole, dim, after);
            weight(dy, dy0 + row, x, x0 + row, partial, p + last, whole, dim, before);
            if (whole < dim) rest(row, k, p + last, whole, after, before);
            t++;
          }
        }
      }
    }

    /** The last columns of a row. */
    private void rest(int row, int k, int p, int whole, int after, int before) {
      int dim = sequences.dim;
      VectorMask<Float> m = below(whole, dim);
      int c = row + whole;
      FloatVector sum = load(dx, dx0 + c, m);
      for (int lag = 0, at = 0; lag < after; lag++, at += dim) {
        sum = load(dy, dy0 + c + at, m).fma(load(taps, k + whole - at, m), sum);
      }
      sum.intoArray(dx, dx0 + c, m);
      FloatVector d = load(dy, dy0 + c, m);
      for (int lag = 0, at = 0; lag < before; lag++, at -= dim) {
        int to = p + whole + at;
        d.fma(load(x, x0 + c + at, m), load(partial, to, m)).intoArray(partial, to, m);
      }
    }
  }

  /** {@link #input} for four rows, with every lag. */
  private static void fourInputs(
      float[] dy, int l, float[] taps, int k, float[] dx, int o, int whole, int dim, int width) {
    for (int c = 0; c < whole; c += COUNT) {
      FloatVector d0 = load(dy, l + c);
      FloatVector d1 = load(dy, l + c + dim);
      FloatVector d2 = load(dy, l + c + 2 * dim);
      FloatVector s0 = load(dx, o + c);
      FloatVector s1 = load(dx, o + c + dim);
      FloatVector s2 = load(dx, o + c + 2 * dim);
      FloatVector s3 = load(dx, o + c + 3 * dim);
      for (int lag = 0, at = 0; lag < width; lag++, at += dim) {
        FloatVector tap = load(taps, k + c - at);
        FloatVector d3 = load(dy, l + c + 3 * dim + at);
        s0 = d0.fma(tap, s0);
        s1 = d1.fma(tap, s1);
        s2 = d2.fma(tap, s2);
        s3 = d3.fma(tap, s3);
        d0 = d1;
        d1 = d2;
        d2 = d3;
      }
      s0.intoArray(dx, o + c);
      s1.intoArray(dx, o + c + dim);
      s2.intoArray(dx, o + c + 2 * dim);
      s3.intoArray(dx, o + c + 3 * dim);
    }
  }

  /** {@link #weight} for four rows, one after the other, with every lag. */
  private static void fourWeights(
      float[] dy, int l, float[] x, int i, float[] sums, int p, int whole, int dim, int width) {
    for (int c = 0; c < whole; c += COUNT) {
      FloatVector d0 = load(dy, l + c);
      FloatVector d1 = load(dy, l + c + dim);
      FloatVector d2 = load(dy, l + c + 2 * dim);
      FloatVector d3 = load(dy, l + c + 3 * dim);
      FloatVector x1 = load(x, i + c + dim);
      FloatVector x2 = load(x, i + c + 2 * dim);
      FloatVector x3 = load(x, i + c + 3 * dim);
      for (int lag = 0, at = c; lag < width; lag++, at -= dim) {
        FloatVector x0 = load(x, i + at);
        FloatVector sum = d1.fma(x1, d0.fma(x0, load(sums, p + at)));
        d3.fma(x3, d2.fma(x2, sum)).intoArray(sums, p + at);
        x3 = x2;
        x2 = x1;
        x1 = x0;
      }
    }
  }

  /** dx += Σ over lags of row lag of dy times the tap of that lag; the last tap begins at k. */
  private static void input(
      float[] dy, int l, float[] taps, int k, float[] dx, int o, int whole, int dim, int lags) {
    for (int c = 0; c < whole; c += COUNT) {
      FloatVector sum = load(dx, o + c);
      for (int lag = 0, at = 0; lag < lags; lag++, at += dim) {
        sum = load(dy, l + c + at).fma(load(taps, k + c - at), sum);
      }
      sum.intoArray(dx, o + c);
    }
  }

  /** Sums of lag += dy times the row of x that lies the lag before; the last tap's begin at p. */
  private static void weight(
      float[] dy, int l, float[] x, int i, float[] sums, int p, int whole, int dim, int lags) {
    for (int c = 0; c < whole; c += COUNT) {
      FloatVector d = load(dy, l + c);
      for (int lag = 0, at = c; lag < lags; lag++, at -= dim) {
        d.fma(load(x, i + at), load(sums, p + at)).intoArray(sums, p + at);
      }
    }
  }
}
