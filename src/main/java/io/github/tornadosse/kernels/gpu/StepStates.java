package io.github.tornadosse.kernels.gpu;

import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.portable.DeltaGates;
import io.github.tornadosse.kernels.portable.Elementary;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The states of a mixer of few tokens: each is decayed, written and read token by token, as in the
 * recurrences of docs/mathematics.md sections 1 and 3.
 */
public final class StepStates {
  /** Items of a group. */
  public static final int ITEMS = 256;

  /** Rows of a state that an item has under way at a time. */
  private static final int ROWS = 8;

  /** Vectors whose squares are summed: both sources' queries, then keys. */
  private static final int VECTORS = 4;

  private static final float NORM_EPS = 1e-6f;

  private StepStates() {}

  /** Row n of those that an item loads from k on; the last row of the state behind it. */
  private static int rowAt(int base, int k, int n, int key, int value) {
    return base + TornadoMath.min(k + n, key - 1) * value;
  }

  /** 1/√(Σ (weight·x)² + 1e-6) from Σ x². */
  private static float inverseNorm(float squares, float weight) {
    return 1f / TornadoMath.sqrt(weight * weight * squares + NORM_EPS);
  }

  /** Leaves the last tokens of a sequence for the convolutions of a channel. */
  private static void keepTaps(
      FloatArray projected,
      int xi,
      int columns,
      int begin,
      int end,
      int taps,
      int channels,
      int to,
      FloatArray state) {
    // Ascending: what is read of the state is never behind what was written.
    for (int j = 0; j < taps - 1; j++) {
      int t = end - taps + 1 + j;
      if (t >= begin) {
        state.set(to + j * channels, projected.get(xi + t * columns));
      } else {
        state.set(to + j * channels, state.get(to + (j + end - begin) * channels));
      }
    }
  }

  /**
   * y = RMSNorm(o) over each value head, times the output gate's factors, with o what the tokens
   * read from the states; the states, and what convolutions reach back to, are left as they are
   * after the last token. Groups: one for each sequence and head, of {@link #ITEMS}.
   *
   * <p>The items of a group stand side by side along the columns of a state, and share its rows
   * where columns are fewer; an item has the same elements of every state all along.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param shape see {@link StepShape}
   * @param cu [S + 1] bounds of the sequences
   * @param parameters all parameters
   * @param projected [L, COLUMNS]
   * @param inputs [L, H, cells] of {@link StepInputs#prepare}
   * @param top [L, M] of it
   * @param gates [L, M] of it
   * @param queryTaps [S, TAPS − 1, H, K], replaced; left alone without convolutions
   * @param keyTaps like it
   * @param states [S, N + 1, H·STATE_HEADS, K, STATE_VALUE], replaced
   * @param y output [L, H·VALUES]
   * @param eps added to the mean square
   */
  public static void run(
      KernelContext context,
      IntArray control,
      IntArray shape,
      IntArray cu,
      FloatArray parameters,
      FloatArray projected,
      FloatArray inputs,
      IntArray top,
      FloatArray gates,
      FloatArray queryTaps,
      FloatArray keyTaps,
      FloatArray states,
      FloatArray y,
      float eps) {
    float[] q = context.allocateFloatLocalArray(StepShape.MOST_KEY);
    float[] k = context.allocateFloatLocalArray(StepShape.MOST_KEY);
    float[] decay = context.allocateFloatLocalArray(StepShape.MOST_KEY);
    float[] read = context.allocateFloatLocalArray(StepShape.MOST_VALUES);
    float[] predicted = context.allocateFloatLocalArray(StepShape.MOST_VALUES);
    float[] out = context.allocateFloatLocalArray(StepShape.MOST_VALUES);
    float[] sums = context.allocateFloatLocalArray(VECTORS * ITEMS);
    int item = context.localIdx;
    int heads = shape.get(StepShape.HEADS);
    int h = context.groupIdx % heads;
    int s = context.groupIdx / heads;
    if (s < control.get(Control.SEQUENCES)) {
      int key = shape.get(StepShape.KEY);
      int padded = (key + ROWS - 1) / ROWS * ROWS;
      int values = shape.get(StepShape.VALUES);
      int value = shape.get(StepShape.VALUE);
      int stateValue = shape.get(StepShape.STATE_VALUE);
      int stateHeads = shape.get(StepShape.STATE_HEADS);
      int partitions = shape.get(StepShape.PARTITIONS);
      int width = shape.get(StepShape.WIDTH);
      int delta = shape.get(StepShape.DELTA);
      int columns = shape.get(StepShape.COLUMNS);
      int lanes = shape.get(StepShape.LANES);
      int slices = ITEMS / lanes;
      int slice = item / lanes;
      int cells = StepShape.cells(key, values);
      int begin = cu.get(s);
      int end = cu.get(s + 1);
      for (int t = begin; t < end; t++) {
        int from = (t * heads + h) * cells;
        int row = control.get(shape.get(StepShape.PROJECTED_AT)) + t * columns;
        if (delta == 1) {
          for (int n = 0; n < VECTORS; n++) {
            float squares = 0f;
            for (int c = item; c < key; c += ITEMS) {
              float x = inputs.get(from + n * key + c);
              squares += x * x;
            }
            sums[n * ITEMS + item] = squares;
          }
          for (int half = ITEMS / 2; half > 0; half = half / 2) {
            context.localBarrier();
            if (item < half) {
              for (int n = 0; n < VECTORS; n++) {
                sums[n * ITEMS + item] += sums[n * ITEMS + item + half];
              }
            }
          }
          context.localBarrier();
        }
        for (int head = 0; head < stateHeads; head++) {
          for (int x = item % lanes; x < stateValue; x += lanes) {
            read[slice * lanes + x] = 0f;
          }
          for (int j = -1; j < width; j++) {
            // Partition 0 comes first, then those of the token by rank.
            int first = j < 0 ? 1 : 0;
            int source = 1 - first;
            int always = shape.get(StepShape.ALWAYS);
            int written = j < shape.get(StepShape.WRITERS) ? 1 : 0;
            int seen = j < shape.get(StepShape.READERS) ? 1 : 0;
            int on = first == 1 ? always : 1;
            written = first == 1 ? always : written;
            seen = first == 1 ? always : seen;
            // With the delta rule a row that is not read leaves the state as it is.
            on = delta == 1 ? seen : on;
            int changed = delta == 1 ? seen : written;
            if (on == 1) {
              int partition = 0;
              float gate = 1f;
              if (source == 1) {
                partition = 1 + top.get(t * width + j);
                gate = gates.get(t * width + j);
              }
              float writeGate = shape.get(StepShape.WRITE_GATE) == 1 ? gate : 1f;
              float readGate = shape.get(StepShape.READ_GATE) == 1 ? gate : 1f;
              int valued = shape.get(StepShape.GATE_VALUES);
              float queryScale = readGate / TornadoMath.sqrt(key);
              float keyScale = writeGate;
              float scalar = 1f;
              float strength = 1f;
              float factor = 1f;
              if (delta == 1) {
                int valueHeads = heads * stateHeads;
                int column = source * valueHeads + h * stateHeads + head;
                int sources = partitions > 0 ? 2 : 1;
                int gi = row + shape.get(StepShape.GATE_COLUMN) + column;
                float rate = parameters.get(control.get(shape.get(StepShape.A_LOG_AT)) + column);
                float bias = parameters.get(control.get(shape.get(StepShape.DT_BIAS_AT)) + column);
                float g = DeltaGates.softplus(projected.get(gi) + bias);
                float beta = Elementary.sigmoid(projected.get(gi + sources * valueHeads));
                scalar = TornadoMath.exp(-TornadoMath.exp(rate) * g);
                strength = shape.get(StepShape.STRENGTH) * beta;
                float queryWeight = valued == 1 ? 1f : readGate;
                float keyWeight = valued == 1 ? 1f : writeGate;
                queryScale = queryScale * inverseNorm(sums[source * ITEMS], queryWeight);
                keyScale = keyWeight * inverseNorm(sums[(2 + source) * ITEMS], keyWeight);
                factor = valued == 1 ? writeGate : 1f;
              }
              for (int c = item; c < padded; c += ITEMS) {
                int own = TornadoMath.min(c, key - 1);
                float query = inputs.get(from + source * key + own);
                float keyed = inputs.get(from + (2 + source) * key + own);
                float decayed = scalar;
                if (delta == 0) {
                  decayed = inputs.get(from + (4 + source) * key + own);
                }
                int inside = c < key ? 1 : 0;
                q[c] = inside * seen == 1 ? queryScale * query : 0f;
                k[c] = inside * written == 1 ? keyScale * keyed : 0f;
                decay[c] = decayed;
              }
              context.localBarrier();
              int stateHead = (s * (partitions + 1) + partition) * heads * stateHeads;
              stateHead += h * stateHeads + head;
              int base = control.get(shape.get(StepShape.STATE_AT)) + stateHead * key * stateValue;
              int vi = from + 6 * key + head * stateValue;
              if (delta == 1) {
                for (int x = item % lanes; x < stateValue; x += lanes) {
                  float sum = 0f;
                  for (int c = ROWS * slice; c < key; c += ROWS * slices) {
                    float s0 = states.get(rowAt(base, c, 0, key, stateValue) + x);
                    float s1 = states.get(rowAt(base, c, 1, key, stateValue) + x);
                    float s2 = states.get(rowAt(base, c, 2, key, stateValue) + x);
                    float s3 = states.get(rowAt(base, c, 3, key, stateValue) + x);
                    float s4 = states.get(rowAt(base, c, 4, key, stateValue) + x);
                    float s5 = states.get(rowAt(base, c, 5, key, stateValue) + x);
                    float s6 = states.get(rowAt(base, c, 6, key, stateValue) + x);
                    float s7 = states.get(rowAt(base, c, 7, key, stateValue) + x);
                    sum += k[c] * s0 + k[c + 1] * s1 + k[c + 2] * s2 + k[c + 3] * s3;
                    sum += k[c + 4] * s4 + k[c + 5] * s5 + k[c + 6] * s6 + k[c + 7] * s7;
                  }
                  predicted[slice * lanes + x] = sum;
                }
                context.localBarrier();
              }
              for (int x = item % lanes; x < stateValue; x += lanes) {
                float added = 0f;
                if (written == 1) {
                  added = factor * inputs.get(vi + x);
                }
                if (delta == 1) {
                  float sum = 0f;
                  for (int i = 0; i < slices; i++) {
                    sum += predicted[i * lanes + x];
                  }
                  added = strength * (added - scalar * sum);
                }
                float sum = 0f;
                for (int c = ROWS * slice; c < key; c += ROWS * slices) {
                  int r0 = rowAt(base, c, 0, key, stateValue) + x;
                  int r1 = rowAt(base, c, 1, key, stateValue) + x;
                  int r2 = rowAt(base, c, 2, key, stateValue) + x;
                  int r3 = rowAt(base, c, 3, key, stateValue) + x;
                  int r4 = rowAt(base, c, 4, key, stateValue) + x;
                  int r5 = rowAt(base, c, 5, key, stateValue) + x;
                  int r6 = rowAt(base, c, 6, key, stateValue) + x;
                  int r7 = rowAt(base, c, 7, key, stateValue) + x;
                  float s0 = states.get(r0);
                  float s1 = states.get(r1);
                  float s2 = states.get(r2);
                  float s3 = states.get(r3);
                  float s4 = states.get(r4);
                  float s5 = states.get(r5);
                  float s6 = states.get(r6);
                  float s7 = states.get(r7);
                  if (changed == 1) {
                    s0 = decay[c] * s0 + k[c] * added;
                    s1 = decay[c + 1] * s1 + k[c + 1] * added;
                    s2 = decay[c + 2] * s2 + k[c + 2] * added;
                    s3 = decay[c + 3] * s3 + k[c + 3] * added;
                    s4 = decay[c + 4] * s4 + k[c + 4] * added;
                    s5 = decay[c + 5] * s5 + k[c + 5] * added;
                    s6 = decay[c + 6] * s6 + k[c + 6] * added;
                    s7 = decay[c + 7] * s7 + k[c + 7] * added;
                    int left = key - c;
                    states.set(r0, s0);
                    if (left > 1) {
                      states.set(r1, s1);
                    }
                    if (left > 2) {
                      states.set(r2, s2);
                    }
                    if (left > 3) {
                      states.set(r3, s3);
                    }
                    if (left > 4) {
                      states.set(r4, s4);
                    }
                    if (left > 5) {
                      states.set(r5, s5);
                    }
                    if (left > 6) {
                      states.set(r6, s6);
                    }
                    if (left > 7) {
                      states.set(r7, s7);
                    }
                  }
                  sum += q[c] * s0 + q[c + 1] * s1 + q[c + 2] * s2 + q[c + 3] * s3;
                  sum += q[c + 4] * s4 + q[c + 5] * s5 + q[c + 6] * s6 + q[c + 7] * s7;
                }
                read[slice * lanes + x] += sum;
              }
              context.localBarrier();
            }
          }
          context.localBarrier();
          for (int x = item; x < stateValue; x += ITEMS) {
            float sum = 0f;
            for (int i = 0; i < slices; i++) {
              sum += read[i * lanes + x];
            }
            out[head * stateValue + x] = sum;
          }
          context.localBarrier();
        }
        int gated = shape.get(StepShape.GATED);
        int ni = control.get(shape.get(StepShape.NORM_AT));
        int yi = control.get(shape.get(StepShape.OUTPUT_AT)) + (t * heads + h) * values;
        for (int v = 0; v < values; v += value) {
          float squares = 0f;
          for (int x = item; x < value; x += ITEMS) {
            squares += out[v + x] * out[v + x];
          }
          sums[item] = squares;
          for (int half = ITEMS / 2; half > 0; half = half / 2) {
            context.localBarrier();
            if (item < half) {
              sums[item] += sums[item + half];
            }
          }
          context.localBarrier();
          float scale = 1f / TornadoMath.sqrt(sums[0] / value + eps);
          for (int x = item; x < value; x += ITEMS) {
            float norm = out[v + x] * scale * parameters.get(ni + x);
            if (gated == 1) {
              norm = norm * inputs.get(from + 6 * key + values + v + x);
            }
            y.set(yi + v + x, norm);
          }
          context.localBarrier();
        }
      }
      int taps = shape.get(StepShape.TAPS);
      if (taps > 1) {
        int projectedAt = control.get(shape.get(StepShape.PROJECTED_AT));
        for (int c = item; c < key; c += ITEMS) {
          int channel = h * key + c;
          int to = s * (taps - 1) * heads * key + channel;
          keepTaps(
              projected,
              projectedAt + channel,
              columns,
              begin,
              end,
              taps,
              heads * key,
              control.get(shape.get(StepShape.TAPS_STATE_AT)) + to,
              queryTaps);
          keepTaps(
              projected,
              projectedAt + shape.get(StepShape.KEY_COLUMN) + channel,
              columns,
              begin,
              end,
              taps,
              heads * key,
              control.get(shape.get(StepShape.TAPS_STATE_AT + 1)) + to,
              keyTaps);
        }
      }
    }
  }
}
