package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Activation;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.Elementary;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What a mixer of few tokens makes of its projections, head by head: the second halves of the
 * low-rank pairs, convolutions, activations and decays, and the partitions of each token. See
 * docs/mathematics.md section 1.
 */
public final class StepInputs {
  /** Items of a group. */
  public static final int ITEMS = 256;

  /** Items that share a row of a second half. */
  private static final int LANES = 16;

  /** Rows of second halves that are computed at a time. */
  private static final int ROWS = 4 * ITEMS / LANES;

  /** Items of one of the four vectors that are activated: both sources' queries, then keys. */
  private static final int VECTOR_ITEMS = ITEMS / 4;

  private static final float NORMALIZER = 16f;

  private StepInputs() {}

  /** Which second half row n of a head's is of: queries, keys, decays of 0 and 1, output gate. */
  private static int section(IntArray shape, int n) {
    int pairs = shape.get(StepShape.PAIR_ROWS);
    int decays = shape.get(StepShape.DECAY_ROWS);
    int key = shape.get(StepShape.KEY);
    int section = 4;
    if (n < pairs) {
      section = n / key;
    } else if (n < pairs + decays) {
      section = 2 + (n - pairs) / key;
    }
    return section;
  }

  /** Where row n of head h begins among the parameters. */
  private static int weightRow(IntArray control, IntArray shape, int section, int n, int h) {
    int key = shape.get(StepShape.KEY);
    int before = shape.get(StepShape.PAIR_ROWS) + shape.get(StepShape.DECAY_ROWS);
    int row = section < 4 ? h * key + n % key : h * shape.get(StepShape.VALUES) + n - before;
    int rank = shape.get(StepShape.SECTION_RANK + section);
    return control.get(shape.get(StepShape.SECTION_AT + section)) + row * rank;
  }

  /** The sequence of a token. */
  private static int sequenceOf(IntArray cu, int sequences, int t) {
    int first = 0;
    int after = sequences;
    // cu[first] <= t < cu[after], so that no empty sequence is found.
    while (after - first > 1) {
      int middle = (first + after) / 2;
      if (cu.get(middle) <= t) {
        first = middle;
      } else {
        after = middle;
      }
    }
    return first;
  }

  /** A channel's convolution at one token, as in {@code portable.ShortConvolution.forward}. */
  private static float convolved(
      FloatArray w,
      int wi,
      FloatArray state,
      int si,
      int channels,
      FloatArray x,
      int xi,
      int columns,
      int before,
      int taps) {
    float sum = 0f;
    for (int j = 0; j < before; j++) {
      sum += w.get(wi + j) * state.get(si + j * channels);
    }
    for (int j = before; j < taps; j++) {
      sum += w.get(wi + j) * x.get(xi + j * columns);
    }
    return sum;
  }

  /**
   * The inputs of {@link StepStates}. Groups: one for each token of the capacity and head, of
   * {@link #ITEMS}.
   *
   * <p>Of each head of a token come {@link StepShape#cells} elements: queries of both sources [2,
   * K], keys [2, K], exp of the decays [2, K] with gated linear attention, values [VALUES] and,
   * with an output gate, its factors [VALUES].
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param shape see {@link StepShape}
   * @param cu [S + 1] bounds of the sequences
   * @param parameters all parameters
   * @param projected [L, COLUMNS]
   * @param queryTaps [S, TAPS − 1, H, K]; any array without convolutions
   * @param keyTaps like it
   * @param inputs output [L, H, cells]
   * @param top output [L, M]: partitions of a token, the largest gate first
   * @param gates output [L, M]: their write-read gates
   */
  public static void prepare(
      KernelContext context,
      IntArray control,
      IntArray shape,
      IntArray cu,
      FloatArray parameters,
      FloatArray projected,
      FloatArray queryTaps,
      FloatArray keyTaps,
      FloatArray inputs,
      IntArray top,
      FloatArray gates) {
    float[] second =
        context.allocateFloatLocalArray(4 * StepShape.MOST_KEY + StepShape.MOST_VALUES);
    float[] sums = context.allocateFloatLocalArray(4 * ITEMS);
    float[] logits = context.allocateFloatLocalArray(4 * StepShape.MOST_KEY);
    float[] values = context.allocateFloatLocalArray(4 * StepShape.MOST_KEY);
    float[] e = context.allocateFloatLocalArray(StepShape.MOST_PARTITIONS);
    int item = context.localIdx;
    int heads = shape.get(StepShape.HEADS);
    int h = context.groupIdx % heads;
    int t = context.groupIdx / heads;
    if (t < control.get(Control.TOKENS)) {
      int key = shape.get(StepShape.KEY);
      int width = shape.get(StepShape.VALUES);
      int columns = shape.get(StepShape.COLUMNS);
      int row = control.get(shape.get(StepShape.PROJECTED_AT)) + t * columns;
      int pairs = shape.get(StepShape.PAIR_ROWS);
      int decays = shape.get(StepShape.DECAY_ROWS);
      int rows = pairs + decays + shape.get(StepShape.OUTPUT_ROWS);
      int lane = item % LANES;
      for (int first = 0; first < rows; first += ROWS) {
        for (int j = 0; j < 4; j++) {
          int n = first + j * (ITEMS / LANES) + item / LANES;
          float sum = 0f;
          if (n < rows) {
            int section = section(shape, n);
            int wi = weightRow(control, shape, section, n, h);
            int xi = row + shape.get(StepShape.SECTION_COLUMN + section);
            int rank = shape.get(StepShape.SECTION_RANK + section);
            for (int r = lane; r < rank; r += LANES) {
              sum += parameters.get(wi + r) * projected.get(xi + r);
            }
          }
          sums[j * ITEMS + item] = sum;
        }
        context.localBarrier();
        if (item < ROWS && first + item < rows) {
          float sum = 0f;
          for (int l = 0; l < LANES; l++) {
            sum += sums[item * LANES + l];
          }
          second[first + item] = sum;
        }
        context.localBarrier();
      }

      int taps = shape.get(StepShape.TAPS);
      int sequence = sequenceOf(cu, control.get(Control.SEQUENCES), t);
      int since = t - cu.get(sequence);
      int before = TornadoMath.max(taps - 1 - since, 0);
      for (int i = item; i < 2 * key; i += ITEMS) {
        int ofKeys = i / key;
        int channel = h * key + i % key;
        int xi = row + ofKeys * shape.get(StepShape.KEY_COLUMN) + channel;
        float base = projected.get(xi);
        float first = base;
        if (taps > 0) {
          int wi = control.get(shape.get(StepShape.TAPS_AT + ofKeys)) + channel * taps;
          int si = control.get(shape.get(StepShape.TAPS_STATE_AT + ofKeys));
          si += (sequence * (taps - 1) + since) * heads * key + channel;
          int from = xi - (taps - 1) * columns;
          if (ofKeys == 1) {
            first =
                convolved(
                    parameters,
                    wi,
                    keyTaps,
                    si,
                    heads * key,
                    projected,
                    from,
                    columns,
                    before,
                    taps);
          } else {
            first =
                convolved(
                    parameters,
                    wi,
                    queryTaps,
                    si,
                    heads * key,
                    projected,
                    from,
                    columns,
                    before,
                    taps);
          }
        }
        logits[2 * ofKeys * key + i % key] = first;
        float delta = pairs > 0 ? second[i] : 0f;
        logits[(2 * ofKeys + 1) * key + i % key] = base + delta;
      }
      context.localBarrier();

      int vector = item / VECTOR_ITEMS;
      int part = item % VECTOR_ITEMS;
      int at = vector * key;
      int kind = vector < 2 ? shape.get(StepShape.QUERY_KIND) : shape.get(StepShape.KEY_KIND);
      int topk = vector < 2 ? key : shape.get(StepShape.ROW_TOPK);
      float max = logits[at];
      for (int c = part; c < key; c += VECTOR_ITEMS) {
        max = TornadoMath.max(max, logits[at + c]);
      }
      sums[item] = max;
      for (int half = VECTOR_ITEMS / 2; half > 0; half = half / 2) {
        context.localBarrier();
        if (part < half) {
          sums[item] = TornadoMath.max(sums[item], sums[item + half]);
        }
      }
      context.localBarrier();
      max = sums[item - part];
      context.localBarrier();
      int cells = StepShape.cells(key, width);
      int to = (t * heads + h) * cells;
      int source = vector % 2;
      float sum = 0f;
      for (int c = part; c < key; c += VECTOR_ITEMS) {
        float x = logits[at + c];
        int larger = 0;
        if (topk < key) {
          for (int i = 0; i < key; i++) {
            float other = logits[at + i];
            int equal = other == x ? 1 : 0;
            int lower = i < c ? 1 : 0;
            larger += (other > x ? 1 : 0) + equal * lower;
          }
        }
        float value = larger < topk ? TornadoMath.exp(x - max) : 0f;
        values[at + c] = value;
        sum += value;
        int decayed = vector < 2 ? 0 : 1;
        if (decayed * (decays - source * key) > 0) {
          int bi = control.get(shape.get(StepShape.BIAS_AT + source)) + h * key + c;
          float raw = second[pairs + source * key + c] + parameters.get(bi);
          float decay = TornadoMath.exp(Elementary.logSigmoid(raw) / NORMALIZER);
          inputs.set(to + (4 + source) * key + c, larger < topk ? decay : 1f);
        }
      }
      sums[item] = sum;
      for (int half = VECTOR_ITEMS / 2; half > 0; half = half / 2) {
        context.localBarrier();
        if (part < half) {
          sums[item] += sums[item + half];
        }
      }
      context.localBarrier();
      float total = sums[item - part];
      for (int c = part; c < key; c += VECTOR_ITEMS) {
        float silu = Elementary.silu(logits[at + c]);
        inputs.set(to + at + c, kind == Activation.SOFTMAX ? values[at + c] / total : silu);
      }
      int vi = row + shape.get(StepShape.VALUE_COLUMN) + h * width;
      for (int x = item; x < width; x += ITEMS) {
        inputs.set(to + 6 * key + x, Elementary.silu(projected.get(vi + x)));
      }
      if (shape.get(StepShape.GATED) == 1) {
        for (int x = item; x < width; x += ITEMS) {
          float factor = Elementary.silu(second[pairs + decays + x]);
          inputs.set(to + 6 * key + width + x, factor);
        }
      }

      int partitions = shape.get(StepShape.PARTITIONS);
      if (h == 0) {
        int ei = row + shape.get(StepShape.ROUTER_COLUMN);
        context.localBarrier();
        float largest = partitions > 0 ? projected.get(ei) : 0f;
        for (int i = item; i < partitions; i += ITEMS) {
          largest = TornadoMath.max(largest, projected.get(ei + i));
        }
        sums[item] = largest;
        for (int half = ITEMS / 2; half > 0; half = half / 2) {
          context.localBarrier();
          if (item < half) {
            sums[item] = TornadoMath.max(sums[item], sums[item + half]);
          }
        }
        context.localBarrier();
        largest = sums[0];
        context.localBarrier();
        float exponentials = 0f;
        for (int i = item; i < partitions; i += ITEMS) {
          exponentials += TornadoMath.exp(projected.get(ei + i) - largest);
        }
        sums[item] = exponentials;
        for (int half = ITEMS / 2; half > 0; half = half / 2) {
          context.localBarrier();
          if (item < half) {
            sums[item] += sums[item + half];
          }
        }
        context.localBarrier();
        for (int i = item; i < partitions; i += ITEMS) {
          e[i] = TornadoMath.exp(projected.get(ei + i) - largest) / sums[0];
        }
        context.localBarrier();
        int most = shape.get(StepShape.WIDTH);
        for (int i = item; i < partitions; i += ITEMS) {
          float x = e[i];
          int rank = 0;
          for (int other = 0; other < partitions; other++) {
            // Neither is larger if they are equal, or NaN as all of them are then.
            int less = x > e[other] ? 1 : 0;
            int lower = other < i ? 1 : 0;
            rank += e[other] > x ? 1 : (1 - less) * lower;
          }
          if (rank < most) {
            top.set(t * most + rank, i);
            gates.set(t * most + rank, x);
          }
        }
      }
    }
  }
}
