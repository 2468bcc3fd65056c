package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.kernels.Control;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Random inputs of gated linear attention over routed rows, both passes of {@link Gla} on them, and
 * the same in double precision token by token.
 */
class GlaCase {
  /** How strong the decay is: none, mild, strong (down to −50 a step), mixed. */
  enum Gate {
    NONE,
    MILD,
    MIDDLE,
    STRONG,
    MIXED
  }

  static final int STATE_AT = Control.FIRST_BASE;
  static final int STATE_GRADIENT_AT = Control.FIRST_BASE + 1;
  static final int STATE_BASE = 5;
  static final int STATE_GRADIENT_BASE = 3;

  final int heads;
  final int capacity;
  final int key;
  final int value;
  final int partitions;
  final int width;
  final int[] bounds; // [S + 1]
  final float[] q;
  final float[] k;
  final float[] v;
  final float[] g;
  final int[] token;
  final int[] mode;
  final float[] weight; // [2, R]
  final int[] segments;
  float[] state; // null to start from zero
  float[] stateGradient;
  final float[] outGradient; // [H, capacity, V]

  // results of run
  float[] out;
  float[] finalState;
  float[] rowGradients; // [3, H, R, K]
  float[] valueGradients; // [H, R, V]
  float[] initialGradient;

  /**
   * @param bounds where the packed sequences begin and end; the capacity is larger than the last
   * @param partitions N; 0 for plain gated linear attention
   * @param width sparse rows of each token
   */
  GlaCase(
      long seed,
      int[] bounds,
      int heads,
      int key,
      int value,
      int partitions,
      int width,
      Gate gate,
      boolean withState) {
    this.heads = heads;
    this.key = key;
    this.value = value;
    this.partitions = partitions;
    this.width = width;
    this.bounds = bounds;
    int tokens = bounds[bounds.length - 1];
    capacity = tokens + 3;
    Random r = new Random(seed);
    int sources = partitions > 0 ? 2 : 1;
    q = gaussian(r, sources * heads * capacity * key);
    k = gaussian(r, sources * heads * capacity * key);
    v = gaussian(r, heads * capacity * value);
    g = new float[q.length];
    for (int i = 0; i < g.length; i++) g[i] = gate(r, gate);
    outGradient = gaussian(r, heads * capacity * value);
    int rows = capacity * (1 + width);
    token = new int[rows];
    mode = new int[rows];
    weight = new float[2 * rows];
    int sequences = bounds.length - 1;
    segments = new int[2 * sequences * (partitions + 1)];
    route(r);
    if (withState) {
      int n = sequences * (partitions + 1) * heads * key * value;
      state = gaussian(r, n);
      stateGradient = gaussian(r, n);
    }
  }

  /** One sequence of given inputs, head-major, without sparse partitions. */
  GlaCase(
      int heads,
      int length,
      int key,
      int value,
      float[] q,
      float[] k,
      float[] v,
      float[] g,
      float[] state,
      float[] outGradient,
      float[] stateGradient) {
    this.heads = heads;
    this.key = key;
    this.value = value;
    this.q = q;
    this.k = k;
    this.v = v;
    this.g = g;
    this.state = state;
    this.outGradient = outGradient;
    this.stateGradient = stateGradient;
    partitions = 0;
    width = 0;
    bounds = new int[] {0, length};
    capacity = length;
    token = new int[length];
    mode = new int[length];
    weight = new float[2 * length];
    segments = new int[2];
    route(new Random(0));
  }

  private static float[] gaussian(Random r, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) x[i] = (float) r.nextGaussian();
    return x;
  }

  private static float gate(Random r, Gate gate) {
    double logSigmoid = -Math.log1p(Math.exp(-r.nextGaussian() * 2));
    return (float)
        switch (gate) {
          case NONE -> 0;
          case MILD -> logSigmoid / 16;
          case MIDDLE -> -1 - 4 * r.nextDouble();
          case STRONG -> -10 - 40 * r.nextDouble();
          case MIXED -> r.nextInt(4) == 0 ? -50 * r.nextDouble() : logSigmoid / 16;
        };
  }

  private void route(Random r) {
    Arrays.fill(token, -1);
    for (int s = 0; s + 1 < bounds.length; s++) {
      List<List<Integer>> chosen = new ArrayList<>();
      for (int p = 0; p < partitions; p++) chosen.add(new ArrayList<>());
      for (int t = bounds[s]; t < bounds[s + 1]; t++) {
        token[t] = t;
        mode[t] = 3;
        weight[t] = 1;
        weight[rows() + t] = 1;
        List<Integer> left = new ArrayList<>();
        for (int p = 0; p < partitions; p++) left.add(p);
        for (int j = 0; j < width; j++) chosen.get(left.remove(r.nextInt(left.size()))).add(t);
      }
      int segment = s * (partitions + 1);
      segments[2 * segment] = bounds[s];
      segments[2 * segment + 1] = bounds[s + 1];
      int row = capacity + bounds[s] * width;
      for (int p = 0; p < partitions; p++) {
        segments[2 * (segment + 1 + p)] = row;
        for (int t : chosen.get(p)) {
          token[row] = t;
          mode[row] = 1 + r.nextInt(3);
          weight[row] = r.nextFloat();
          weight[rows() + row] = r.nextFloat();
          row++;
        }
        segments[2 * (segment + 1 + p) + 1] = row;
      }
    }
  }

  int rows() {
    return token.length;
  }

  private IntArray control() {
    int[] c = new int[Control.FIRST_BASE + 2];
    c[Control.TOKENS] = bounds[bounds.length - 1];
    c[Control.SEQUENCES] = bounds.length - 1;
    c[Control.USE_STATE] = state == null ? 0 : 1;
    c[STATE_AT] = STATE_BASE;
    c[STATE_GRADIENT_AT] = STATE_GRADIENT_BASE;
    return IntArray.fromArray(c);
  }

  private static FloatArray behind(float[] x, int base, int end) {
    float[] y = new float[base + (x == null ? 0 : x.length) + end];
    Arrays.fill(y, Float.NaN);
    if (x != null) System.arraycopy(x, 0, y, base, x.length);
    return FloatArray.fromArray(y);
  }

  private static FloatArray unset(int n) {
    FloatArray a = new FloatArray(n);
    a.init(Float.NaN);
    return a;
  }

  private float[] cut(FloatArray a, int base) {
    return Arrays.copyOfRange(a.toHeapArray(), base, base + state.length);
  }

  private FloatArray kept(boolean keeps) {
    return keeps ? unset((int) (heads * Gla.kept(rows(), key, value))) : new FloatArray(1);
  }

  /** The forward pass into out and finalState. */
  GlaCase forward() {
    return forward(kept(false), 0);
  }

  private GlaCase forward(FloatArray kept, int keeps) {
    FloatArray s = behind(state, STATE_BASE, 2);
    FloatArray o = unset(heads * rows() * value);
    Gla.forward(
        control(),
        FloatArray.fromArray(q),
        FloatArray.fromArray(k),
        FloatArray.fromArray(v),
        FloatArray.fromArray(g),
        IntArray.fromArray(token),
        IntArray.fromArray(mode),
        FloatArray.fromArray(weight),
        IntArray.fromArray(segments),
        s,
        o,
        kept,
        keeps,
        STATE_AT,
        partitions,
        heads,
        capacity,
        rows(),
        key,
        value);
    out = o.toHeapArray();
    if (state != null) finalState = cut(s, STATE_BASE);
    return this;
  }

  /** What {@link Gla#output} writes: the mixer's output, sums, final states and kept states. */
  List<float[]> output(boolean together) {
    int[] tokenRow = new int[capacity * width];
    int[] found = new int[capacity];
    for (int s = 0; s < segments.length / 2; s++) {
      for (int row = segments[2 * s]; row < segments[2 * s + 1]; row++) {
        if (row >= capacity) tokenRow[token[row] * width + found[token[row]]++] = row;
      }
    }
    int[] layout = new int[OutputLayout.SIZE];
    layout[OutputLayout.STATE_AT] = STATE_AT;
    layout[OutputLayout.W_AT] = Control.ZERO;
    layout[OutputLayout.GATE_AT] = Control.ZERO;
    layout[OutputLayout.SUMS_AT] = Control.ZERO;
    layout[OutputLayout.Y_AT] = Control.ZERO;
    layout[OutputLayout.SUMMED] = 1;
    layout[OutputLayout.KEEPS] = Gla.kept(rows(), key, value) > 0 ? 1 : 0;
    layout[OutputLayout.TOGETHER] = together ? 1 : 0;
    layout[OutputLayout.PARTITIONS] = partitions;
    layout[OutputLayout.WIDTH] = width;
    layout[OutputLayout.READS] = width;
    layout[OutputLayout.HEADS] = heads;
    layout[OutputLayout.KEY] = key;
    layout[OutputLayout.VALUE] = value;
    layout[OutputLayout.VALUE_DIM] = value;
    layout[OutputLayout.CAPACITY] = capacity;
    FloatArray s = behind(state, STATE_BASE, 2);
    FloatArray sums = unset(heads * capacity * value);
    FloatArray kept = kept(true);
    FloatArray y = unset(heads * capacity * value);
    FloatArray w = new FloatArray(value);
    w.init(1);
    Gla.output(
        control(),
        FloatArray.fromArray(q),
        FloatArray.fromArray(k),
        FloatArray.fromArray(v),
        FloatArray.fromArray(g),
        IntArray.fromArray(token),
        IntArray.fromArray(mode),
        FloatArray.fromArray(weight),
        IntArray.fromArray(tokenRow),
        IntArray.fromArray(segments),
        w,
        w,
        IntArray.fromArray(layout),
        1e-5f,
        s,
        unset(Math.max(0, width - 1) * heads * capacity * value),
        new IntArray((int) TokenSums.marks(heads, capacity)),
        sums,
        kept,
        y);
    List<float[]> all = new ArrayList<>();
    for (FloatArray a : List.of(y, sums, s, kept)) all.add(a.toHeapArray());
    return all;
  }

  /** The backward pass into rowGradients, valueGradients and initialGradient. */
  GlaCase gradient() {
    return gradient(kept(false), 0);
  }

  /** The same after a forward pass that keeps its states for it. */
  GlaCase gradientAfterForward() {
    FloatArray kept = kept(true);
    return forward(kept, 1).gradient(kept, 1);
  }

  /** The same with that in place of what a forward pass keeps. */
  GlaCase gradient(FloatArray kept, int keeps) {
    FloatArray ds = behind(stateGradient, STATE_GRADIENT_BASE, 1);
    FloatArray dRows = unset(gradientElements());
    FloatArray dv = unset(heads * rows() * value);
    Gla.gradient(
        control(),
        FloatArray.fromArray(q),
        FloatArray.fromArray(k),
        FloatArray.fromArray(v),
        FloatArray.fromArray(g),
        IntArray.fromArray(token),
        IntArray.fromArray(mode),
        FloatArray.fromArray(weight),
        IntArray.fromArray(segments),
        behind(state, STATE_BASE, 2),
        FloatArray.fromArray(outGradient),
        ds,
        dRows,
        dv,
        kept,
        keeps,
        STATE_AT,
        STATE_GRADIENT_AT,
        partitions,
        value);
    rowGradients = dRows.toHeapArray();
    valueGradients = dv.toHeapArray();
    if (state != null) initialGradient = cut(ds, STATE_GRADIENT_BASE);
    return this;
  }

  int gradientElements() {
    return 3 * heads * rows() * key;
  }

  /** Gradients of q (0), k (1) or g (2) out of rowGradients. */
  static float[] part(float[] rows, int part) {
    int n = rows.length / 3;
    return Arrays.copyOfRange(rows, part * n, (part + 1) * n);
  }

  static double[] part(double[] rows, int part) {
    int n = rows.length / 3;
    return Arrays.copyOfRange(rows, part * n, (part + 1) * n);
  }

  /** What the double-precision recurrence gives. */
  static final class Expected {
    double[] out;
    double[] finalState;
    double[] rowGradients;
    double[] valueGradients;
    double[] initialGradient;
  }

  /** Both passes in double precision; NaN where nothing is to be written. */
  Expected expected() {
    Expected e = new Expected();
    e.out = new double[heads * rows() * value];
    e.rowGradients = new double[3 * heads * rows() * key];
    e.valueGradients = new double[heads * rows() * value];
    Arrays.fill(e.out, Double.NaN);
    Arrays.fill(e.rowGradients, Double.NaN);
    Arrays.fill(e.valueGradients, Double.NaN);
    int n = (bounds.length - 1) * (partitions + 1) * heads * key * value;
    e.finalState = new double[n];
    e.initialGradient = new double[n];
    for (int i = 0; i < segments.length / 2; i++) {
      for (int h = 0; h < heads; h++) segment(e, i, h);
    }
    return e;
  }

  private void segment(Expected e, int index, int h) {
    int begin = segments[2 * index];
    int end = segments[2 * index + 1];
    int at = (index * heads + h) * key * value;
    double[][] states = new double[end - begin + 1][key * value];
    for (int i = 0; i < key * value; i++) states[0][i] = state == null ? 0 : state[at + i];
    double scale = 1 / Math.sqrt(key);
    for (int row = begin; row < end; row++) {
      double[] before = states[row - begin];
      double[] after = states[row - begin + 1];
      int kAt = keyAt(row, h);
      int vAt = (h * capacity + token[row]) * value;
      int oAt = (h * rows() + row) * value;
      boolean written = (mode[row] & 1) != 0;
      boolean read = (mode[row] & 2) != 0;
      for (int j = 0; j < value; j++) e.out[oAt + j] = 0;
      for (int c = 0; c < key; c++) {
        double d = written ? Math.exp(g[kAt + c]) : 1;
        double w = written ? (double) weight[rows() + row] * k[kAt + c] : 0;
        double r = read ? scale * weight[row] * q[kAt + c] : 0;
        for (int j = 0; j < value; j++) {
          after[c * value + j] = d * before[c * value + j] + w * v[vAt + j];
          e.out[oAt + j] += r * after[c * value + j];
        }
      }
    }
    System.arraycopy(states[end - begin], 0, e.finalState, at, key * value);
    gradients(e, states, begin, end, h, at);
  }

  private int keyAt(int row, int h) {
    return (((row < capacity ? 0 : 1) * heads + h) * capacity + token[row]) * key;
  }

  private void gradients(Expected e, double[][] states, int begin, int end, int h, int at) {
    double[] ds = new double[key * value];
    for (int i = 0; i < key * value; i++) ds[i] = state == null ? 0 : stateGradient[at + i];
    double scale = 1 / Math.sqrt(key);
    int part = heads * rows() * key;
    for (int row = end - 1; row >= begin; row--) {
      double[] before = states[row - begin];
      double[] after = states[row - begin + 1];
      int kAt = keyAt(row, h);
      int vAt = (h * capacity + token[row]) * value;
      int rAt = (h * rows() + row) * key;
      int dvAt = (h * rows() + row) * value;
      boolean written = (mode[row] & 1) != 0;
      boolean read = (mode[row] & 2) != 0;
      for (int j = 0; j < value; j++) e.valueGradients[dvAt + j] = 0;
      for (int c = 0; c < key; c++) {
        double r = read ? scale * weight[row] * q[kAt + c] : 0;
        double w = written ? (double) weight[rows() + row] * k[kAt + c] : 0;
        double d = written ? Math.exp(g[kAt + c]) : 1;
        double dq = 0;
        double dk = 0;
        double dg = 0;
        for (int j = 0; j < value; j++) {
          int i = c * value + j;
          dq += scale * outGradient[vAt + j] * after[i];
          ds[i] += r * outGradient[vAt + j];
          dk += ds[i] * v[vAt + j];
          e.valueGradients[dvAt + j] += w * ds[i];
          dg += ds[i] * before[i] * d;
          ds[i] *= d;
        }
        e.rowGradients[rAt + c] = read ? dq : 0;
        e.rowGradients[part + rAt + c] = written ? dk : 0;
        e.rowGradients[2 * part + rAt + c] = written ? dg : 0;
      }
    }
    System.arraycopy(ds, 0, e.initialGradient, at, key * value);
  }
}
