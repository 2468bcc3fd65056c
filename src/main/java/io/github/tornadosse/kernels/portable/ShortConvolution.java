package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Depthwise causal convolutions of head-major arrays, see docs/mathematics.md section 1. Taps are
 * numbered from the oldest token on; the last one is the token itself.
 */
public final class ShortConvolution {
  private ShortConvolution() {}

  /**
   * The sequence of each token.
   *
   * @param control see {@link Control}
   * @param cu [S + 1] bounds of the sequences
   * @param sequence output [L]
   * @param capacity largest number of tokens
   */
  public static void sequences(IntArray control, IntArray cu, IntArray sequence, int capacity) {
    for (@Parallel int t = 0; t < (capacity & LoopBound.MASK); t++) {
      if (t < control.get(Control.TOKENS)) {
        int first = 0;
        int after = control.get(Control.SEQUENCES);
        // cu[first] <= t < cu[after], so that no empty sequence is found.
        while (after - first > 1) {
          int middle = (first + after) / 2;
          if (cu.get(middle) <= t) {
            first = middle;
          } else {
            after = middle;
          }
        }
        sequence.set(t, first);
      }
    }
  }

  /**
   * y[h, t, c] = Σ_j w[h·K + c, j]·x[h, t − width + 1 + j, c] within each sequence. The sum runs
   * from the oldest token on wherever it lies, so that splitting a sequence changes no bit.
   *
   * @param control see {@link Control}; with USE_STATE 1, tokens before a sequence come from state,
   *     else they are zeros
   * @param cu [S + 1] bounds of the sequences
   * @param sequence [L] of {@link #sequences}
   * @param x [H, capacity, K]
   * @param xAt base of x
   * @param w [H·K, width]
   * @param wAt base of w
   * @param state [S, width − 1, H, K], oldest first
   * @param stateAt base of state
   * @param y output [H, capacity, K]
   * @param yAt base of y
   * @param heads H
   * @param dim K
   * @param width number of taps
   * @param capacity largest number of tokens
   * @param units H·capacity
   */
  public static void forward(
      IntArray control,
      IntArray cu,
      IntArray sequence,
      FloatArray x,
      int xAt,
      FloatArray w,
      int wAt,
      FloatArray state,
      int stateAt,
      FloatArray y,
      int yAt,
      int heads,
      int dim,
      int width,
      int capacity,
      int units) {
    for (@Parallel int u = 0; u < units; u++) {
      for (@Parallel int c = 0; c < dim; c++) {
        int t = u % capacity;
        if (t < control.get(Control.TOKENS)) {
          int channel = u / capacity * dim + c;
          int s = sequence.get(t);
          int begin = cu.get(s);
          int wi = control.get(wAt) + channel * width;
          int xi = control.get(xAt) + (u - width + 1) * dim + c;
          int si = control.get(stateAt) + (s * (width - 1) + t - begin) * heads * dim + channel;
          int before = TornadoMath.max(width - 1 - (t - begin), 0);
          float sum = 0f;
          if (control.get(Control.USE_STATE) == 1) {
            for (int j = 0; j < before; j++) {
              sum += w.get(wi + j) * state.get(si + j * heads * dim);
            }
          }
          for (int j = before; j < width; j++) {
            sum += w.get(wi + j) * x.get(xi + j * dim);
          }
          y.set(control.get(yAt) + u * dim + c, sum);
        }
      }
    }
  }

  /**
   * Leaves the last width − 1 tokens of each sequence in state; tokens that a shorter sequence
   * lacks come from the state itself. Nothing is done unless USE_STATE is 1.
   *
   * @param control see {@link Control}
   * @param cu [S + 1] bounds of the sequences
   * @param x [H, capacity, K]
   * @param xAt base of x
   * @param state [S, width − 1, H, K], replaced
   * @param stateAt base of state
   * @param dim K
   * @param width number of taps
   * @param capacity largest number of tokens
   * @param channels H·K
   * @param sequences largest number of sequences
   */
  public static void keep(
      IntArray control,
      IntArray cu,
      FloatArray x,
      int xAt,
      FloatArray state,
      int stateAt,
      int dim,
      int width,
      int capacity,
      int channels,
      int sequences) {
    for (@Parallel int s = 0; s < sequences; s++) {
      for (@Parallel int i = 0; i < channels; i++) {
        int count = control.get(Control.USE_STATE) == 1 ? control.get(Control.SEQUENCES) : 0;
        if (s < count) {
          int begin = cu.get(s);
          int end = cu.get(s + 1);
          int to = control.get(stateAt) + s * (width - 1) * channels + i;
          int xi = control.get(xAt) + i / dim * capacity * dim + i % dim;
          // Ascending: what is read of the state is never behind what was written.
          for (int j = 0; j < width - 1; j++) {
            int t = end - width + 1 + j;
            if (t >= begin) {
              state.set(to + j * channels, x.get(xi + t * dim));
            } else {
              state.set(to + j * channels, state.get(to + (j + end - begin) * channels));
            }
          }
        }
      }
    }
  }

  /**
   * dx[h, t, c] += Σ_j w[h·K + c, j]·dy[h, t + width − 1 − j, c] within each sequence.
   *
   * @param control see {@link Control}
   * @param cu [S + 1] bounds of the sequences
   * @param sequence [L] of {@link #sequences}
   * @param w [H·K, width]
   * @param wAt base of w
   * @param dy [H, capacity, K]
   * @param dyAt base of dy
   * @param dx [H, capacity, K], added to
   * @param dxAt base of dx
   * @param dim K
   * @param width number of taps
   * @param capacity largest number of tokens
   * @param units H·capacity
   */
  public static void inputGradient(
      IntArray control,
      IntArray cu,
      IntArray sequence,
      FloatArray w,
      int wAt,
      FloatArray dy,
      int dyAt,
      FloatArray dx,
      int dxAt,
      int dim,
      int width,
      int capacity,
      int units) {
    for (@Parallel int u = 0; u < units; u++) {
      for (@Parallel int c = 0; c < dim; c++) {
        int t = u % capacity;
        if (t < control.get(Control.TOKENS)) {
          int end = cu.get(sequence.get(t) + 1);
          int last = control.get(wAt) + (u / capacity * dim + c + 1) * width - 1;
          int yi = control.get(dyAt) + u * dim + c;
          int lags = TornadoMath.min(width, end - t);
          float sum = 0f;
          for (int lag = 0; lag < lags; lag++) {
            sum += w.get(last - lag) * dy.get(yi + lag * dim);
          }
          int at = control.get(dxAt) + u * dim + c;
          dx.set(at, dx.get(at) + sum);
        }
      }
    }
  }

  /**
   * Partial sums of the weight's gradient: partial[b, h·K + c, j] = Σ dy[h, t, c]·x[h, t − width +
   * 1 + j, c] over the tokens t of block b, within each sequence.
   *
   * @param control see {@link Control}
   * @param cu [S + 1] bounds of the sequences
   * @param sequence [L] of {@link #sequences}
   * @param x [H, capacity, K]
   * @param xAt base of x
   * @param dy [H, capacity, K]
   * @param dyAt base of dy
   * @param partial output [blocks, H·K, width]
   * @param dim K
   * @param width number of taps
   * @param capacity largest number of tokens
   * @param channels H·K
   * @param blocks ⌈capacity/64⌉
   */
  public static void weightGradient(
      IntArray control,
      IntArray cu,
      IntArray sequence,
      FloatArray x,
      int xAt,
      FloatArray dy,
      int dyAt,
      FloatArray partial,
      int dim,
      int width,
      int capacity,
      int channels,
      int blocks) {
    for (@Parallel int b = 0; b < blocks; b++) {
      for (@Parallel int i = 0; i < channels; i++) {
        int first = b * Sums.TOKENS_PER_BLOCK;
        int end = TornadoMath.min(first + Sums.TOKENS_PER_BLOCK, control.get(Control.TOKENS));
        int head = i / dim * capacity * dim + i % dim;
        int xi = control.get(xAt) + head;
        int yi = control.get(dyAt) + head;
        for (int j = 0; j < width; j++) {
          int lag = width - 1 - j;
          float sum = 0f;
          for (int t = first; t < end; t++) {
            if (t - lag >= cu.get(sequence.get(t))) {
              sum += dy.get(yi + t * dim) * x.get(xi + (t - lag) * dim);
            }
          }
          partial.set((b * channels + i) * width + j, sum);
        }
      }
    }
  }
}
