package io.github.tornadosse.infer;

import io.github.tornadosse.tensor.UserError;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * Draws tokens from logits. A draw depends on the options, the logits, the tokens that the text has
 * and the position, and on nothing that was drawn before, so that a text that was put aside goes on
 * as if it had not been. For one thread at a time.
 */
public final class Sampler {
  /** The step of SplittableRandom: seeds that many apart are later draws of the same sequence. */
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  /** Ranges of likelihood that tokens are sorted into for top-p, and how many are a factor of e. */
  private static final int RANGES = 2048;

  private static final int RANGES_PER_FACTOR = 64;

  private final SamplingOptions options;
  private final long stream;
  private float[] penalised = new float[0];
  private long[] keys = new long[0];
  private double[] weights = new double[0];

  /**
   * A sampler.
   *
   * @param options how to draw
   */
  public Sampler(SamplingOptions options) {
    this.options = options;
    stream = new SplittableRandom(options.seed()).nextLong();
  }

  /**
   * Draws a token.
   *
   * @param logits [vocabulary], left as they are
   * @param seen the tokens that the text has, for the repetition penalty
   * @param position number of tokens before the one that is drawn
   * @return its id; equal logits: the lower id is the more likely one
   * @throws UserError if the logits are not finite numbers
   */
  public int next(float[] logits, BitSet seen, int position) {
    float[] values = options.repetitionPenalty() == 1 ? logits : penalise(logits, seen);
    int best = largest(values);
    if (options.temperature() == 0) {
      return best;
    }
    double draw = new SplittableRandom(stream + position * GOLDEN_GAMMA).nextDouble();
    if (weights.length < values.length) {
      weights = new double[values.length];
    }
    return options.topK() == 0
        ? fromAll(values, values[best], draw)
        : fromLikeliest(values, values[best], draw);
  }

  private float[] penalise(float[] logits, BitSet seen) {
    if (penalised.length != logits.length) {
      penalised = new float[logits.length];
    }
    System.arraycopy(logits, 0, penalised, 0, logits.length);
    double penalty = options.repetitionPenalty();
    for (int i = seen.nextSetBit(0); i >= 0; i = seen.nextSetBit(i + 1)) {
      penalised[i] = (float) (logits[i] > 0 ? logits[i] / penalty : logits[i] * penalty);
    }
    return penalised;
  }

  private static int largest(float[] logits) {
    int best = -1;
    float value = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < logits.length; i++) {
      float x = logits[i];
      if (!(x <= value)) {
        best = i;
        value = x;
        if (!Float.isFinite(x)) {
          break;
        }
      }
    }
    if (!Float.isFinite(value)) {
      throw new UserError(
          "the model's logits are not finite numbers, so no token can be drawn; its weights or the"
              + " session are damaged");
    }
    return best;
  }

  private double weight(float logit, float largest) {
    return Math.exp((logit - (double) largest) / options.temperature());
  }

  /** In the order of ids: without top-k it is not needed which tokens are the likeliest. */
  private int fromAll(float[] logits, float largest, double draw) {
    double sum = 0;
    for (int i = 0; i < logits.length; i++) {
      weights[i] = weight(logits[i], largest);
      sum += weights[i];
    }
    if (options.topP() < 1) {
      keepNucleus(logits, largest, options.topP() * sum);
    }
    double kept = 0;
    for (int i = 0; i < logits.length; i++) {
      if (weights[i] < options.minP()) {
        weights[i] = 0;
      }
      kept += weights[i];
    }
    return drawn(logits.length, draw * kept);
  }

  /**
   * Sets the weights to 0 of all but the likeliest tokens whose weights add up to what is wanted.
   * Only those of the range in which the sum gets there need to be sorted.
   */
  private void keepNucleus(float[] logits, float largest, double wanted) {
    double[] mass = new double[RANGES];
    int[] count = new int[RANGES];
    for (int i = 0; i < logits.length; i++) {
      int range = range(logits[i], largest);
      mass[range] += weights[i];
      count[range]++;
    }
    int last = 0;
    double sum = 0;
    while (last < RANGES - 1 && sum + mass[last] < wanted) {
      sum += mass[last++];
    }
    if (keys.length < count[last]) {
      keys = new long[count[last]];
    }
    int n = 0;
    for (int i = 0; i < logits.length; i++) {
      int range = range(logits[i], largest);
      if (range == last) {
        keys[n++] = key(logits[i], i);
      } else if (range > last) {
        weights[i] = 0;
      }
    }
    Arrays.sort(keys, 0, n);
    for (int j = 0; j < n; j++) {
      int id = (int) keys[j];
      double weight = weights[id];
      if (sum >= wanted) {
        weights[id] = 0;
      }
      sum += weight;
    }
  }

  private int range(float logit, float largest) {
    double factors = (largest - (double) logit) / options.temperature();
    return (int) Math.min(RANGES - 1, factors * RANGES_PER_FACTOR);
  }

  private int fromLikeliest(float[] logits, float largest, double draw) {
    int n = select(logits, Math.min(options.topK(), logits.length));
    double sum = 0;
    for (int j = 0; j < n; j++) {
      weights[j] = weight(logits[(int) keys[j]], largest);
      sum += weights[j];
    }
    double wanted = options.topP() * sum;
    double kept = 0;
    int m = 0;
    while (m < n && kept < wanted && weights[m] >= options.minP()) {
      kept += weights[m++];
    }
    return (int) keys[drawn(m, draw * kept)];
  }

  /** The first index at which the running sum of weights exceeds a value. */
  private int drawn(int n, double value) {
    double left = value;
    int last = 0;
    for (int i = 0; i < n; i++) {
      if (weights[i] > 0) {
        left -= weights[i];
        last = i;
        if (left < 0) {
          return i;
        }
      }
    }
    return last;
  }

  /**
   * Sorts the n largest logits: fills the keys with their ids in the low half, in descending order,
   * and returns how many there are; impossible tokens are left out.
   */
  private int select(float[] logits, int n) {
    int room = (int) Math.min(logits.length, 2L * n + 64);
    if (keys.length < room) {
      keys = new long[room];
    }
    int size = 0;
    float threshold = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < logits.length; i++) {
      if (logits[i] > threshold) {
        if (size == room) {
          Arrays.sort(keys, 0, size);
          size = n;
          threshold = logits[(int) keys[n - 1]];
          if (logits[i] <= threshold) {
            continue;
          }
        }
        keys[size++] = key(logits[i], i);
      }
    }
    Arrays.sort(keys, 0, size);
    return Math.min(size, n);
  }

  /** A number that is the smaller, the larger the logit, then the smaller the id. */
  private static long key(float logit, int id) {
    int bits = Float.floatToIntBits(logit + 0f);
    int ordered = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    return ((long) ~ordered << Integer.SIZE) | id;
  }
}
