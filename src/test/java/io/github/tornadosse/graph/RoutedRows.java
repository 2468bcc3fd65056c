package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.Operations.Selection;
import io.github.tornadosse.kernels.reference.GatedLinearAttention;
import io.github.tornadosse.kernels.reference.Recurrence;
import io.github.tornadosse.kernels.reference.Scalars;
import java.util.Arrays;

/**
 * The expanded rows as {@link Operations#routeRows} should make them, and gated linear attention
 * over them. Rows are counted here without the gap between tokens and capacity: row r &lt; L is
 * token r, the sparse rows follow.
 */
final class RoutedRows {
  final int tokens;
  final int capacity;
  final int[] cu;
  final int partitions;
  final int width;
  final double[] e; // [L, N]
  final int[] top; // [L, M]
  final int[] token; // [L·(1 + M)]
  final int[] mode;
  final double[][] weight; // [2, L·(1 + M)]: of queries, of keys
  final int[] tokenRow; // [L, M], without the gap
  final int[] begin; // [S·(N + 1)], without the gap
  final int[] end;

  /** Routes random gates to as many partitions as are written or read. */
  static RoutedRows random(OperationBench bench, int partitions, int writers, int readers) {
    return new RoutedRows(bench, gates(bench, partitions), partitions, writers, readers);
  }

  /** Random gates e [L, N]. */
  static double[] gates(OperationBench bench, int partitions) {
    double[] e = new double[bench.tokens * partitions];
    for (int t = 0; t < bench.tokens; t++) {
      double[] logits = bench.normal(partitions, 1);
      double sum = Arrays.stream(logits).map(Math::exp).sum();
      for (int p = 0; p < partitions; p++) {
        e[t * partitions + p] = (float) (Math.exp(logits[p]) / sum);
      }
    }
    return e;
  }

  RoutedRows(OperationBench bench, double[] e, int partitions, int writers, int readers) {
    this(
        bench,
        e,
        partitions,
        partitions == 0 ? 0 : Math.max(writers, readers),
        new Selection(writers, readers, true, true, true));
  }

  /** Routes to the {@code width} partitions of largest e. */
  RoutedRows(OperationBench bench, double[] e, int partitions, int width, Selection selection) {
    tokens = bench.tokens;
    capacity = bench.capacity;
    cu = bench.cu;
    this.e = e;
    this.partitions = partitions;
    this.width = width;
    top = new int[tokens * width];
    for (int t = 0; t < tokens; t++) {
      int[] ranked = Scalars.ranked(e, t * partitions, partitions, width);
      System.arraycopy(ranked, 0, top, t * width, width);
    }
    token = new int[tokens * (1 + width)];
    mode = new int[token.length];
    weight = new double[2][token.length];
    tokenRow = new int[tokens * width];
    begin = new int[(cu.length - 1) * (partitions + 1)];
    end = new int[begin.length];
    int row = tokens;
    for (int s = 0; s + 1 < cu.length; s++) {
      begin[s * (partitions + 1)] = cu[s];
      end[s * (partitions + 1)] = cu[s + 1];
      for (int t = cu[s]; t < cu[s + 1]; t++) {
        token[t] = t;
        mode[t] = selection.always() ? 3 : 0;
        weight[0][t] = 1;
        weight[1][t] = 1;
      }
      for (int p = 0; p < partitions; p++) {
        begin[s * (partitions + 1) + p + 1] = row;
        for (int t = cu[s]; t < cu[s + 1]; t++) {
          for (int j = 0; j < width; j++) {
            if (top[t * width + j] == p) {
              token[row] = t;
              mode[row] = (j < selection.writers() ? 1 : 0) + (j < selection.readers() ? 2 : 0);
              weight[0][row] = selection.readGate() ? e[t * partitions + p] : 1;
              weight[1][row] = selection.writeGate() ? e[t * partitions + p] : 1;
              tokenRow[t * width + j] = row++;
            }
          }
        }
        end[s * (partitions + 1) + p + 1] = row;
      }
    }
  }

  int count() {
    return token.length;
  }

  /** 0 for the always-selected partition's rows, 1 for the sparse ones. */
  int source(int row) {
    return row < tokens ? 0 : 1;
  }

  boolean written(int row) {
    return (mode[row] & 1) != 0;
  }

  boolean read(int row) {
    return (mode[row] & 2) != 0;
  }

  /** A row's index with the gap. */
  int place(int row) {
    return row < tokens ? row : row + capacity - tokens;
  }

  /** Segment bounds with the gap, begin and end in turn. */
  int[] segments() {
    int[] bounds = new int[2 * begin.length];
    for (int i = 0; i < begin.length; i++) {
      boolean first = i % (partitions + 1) == 0;
      bounds[2 * i] = begin[i] + (first ? 0 : capacity - tokens);
      bounds[2 * i + 1] = end[i] + (first ? 0 : capacity - tokens);
    }
    return bounds;
  }

  /** As the arrays that operations read, poison where no row is. */
  Rows arrays(OperationBench bench) {
    int[] tokens = new int[capacity * (1 + width)];
    int[] modes = new int[tokens.length];
    Arrays.fill(tokens, OperationBench.POISON);
    Arrays.fill(modes, OperationBench.POISON);
    for (int r = 0; r < count(); r++) {
      tokens[place(r)] = token[r];
      modes[place(r)] = mode[r];
    }
    int[] places = Arrays.stream(tokenRow).map(this::place).toArray();
    return new Rows(
        bench.ints(tokens.length, tokens),
        bench.ints(modes.length, modes),
        bench.inputArray("weight", 2 * tokens.length, bench.rows(2, width, 1), weights()).array,
        bench.ints(Math.max(1, capacity * width), places),
        bench.ints(2 * (cu.length + 1) * (partitions + 1), segments()),
        partitions,
        width);
  }

  /** The weights of queries, then of keys. */
  double[] weights() {
    return Arrays.stream(weight).flatMapToDouble(Arrays::stream).toArray();
  }

  /** Random numbers for [blocks, rows, dim], zero where a row takes no part. */
  double[] gradients(OperationBench bench, int blocks, int dim, int bit) {
    double[] values = bench.normal(blocks * count() * dim, 1);
    for (int i = 0; i < values.length; i++) {
      if ((mode[i / dim % count()] & bit) == 0) {
        values[i] = 0;
      }
    }
    return values;
  }

  /** What {@link Operations#gla} gives: out [H, rows, V] and final states [segments, H, K, V]. */
  record Scan(double[] out, double[] states) {}

  /** What {@link Operations#glaGradient} gives. */
  record ScanGradient(double[] dq, double[] dk, double[] dg, double[] dv, double[] dStates) {}

  Scan scan(HeadSizes sizes, double[] q, double[] k, double[] v, double[] g, double[] states) {
    double[] out = new double[sizes.heads() * count() * sizes.value()];
    double[] last = new double[begin.length * sizes.heads() * sizes.key() * sizes.value()];
    for (int i = 0; i < begin.length; i++) {
      for (int h = 0; h < sizes.heads(); h++) {
        Recurrence.Outputs o =
            new GatedLinearAttention()
                .forward(inputs(sizes, q, k, v, g, states, i, h), sizes.key(), sizes.value());
        put(o.o(), out, i, h, sizes.value());
        System.arraycopy(
            o.state(), 0, last, (i * sizes.heads() + h) * o.state().length, o.state().length);
      }
    }
    return new Scan(out, last);
  }

  ScanGradient scanGradient(
      HeadSizes sizes,
      double[] q,
      double[] k,
      double[] v,
      double[] g,
      double[] states,
      double[] dOut,
      double[] dLast) {
    int keyRows = sizes.heads() * count() * sizes.key();
    ScanGradient all =
        new ScanGradient(
            new double[keyRows],
            new double[keyRows],
            new double[keyRows],
            new double[sizes.heads() * count() * sizes.value()],
            new double[dLast.length]);
    int stateSize = sizes.key() * sizes.value();
    for (int i = 0; i < begin.length; i++) {
      for (int h = 0; h < sizes.heads(); h++) {
        double[] dRows = new double[(end[i] - begin[i]) * sizes.value()];
        for (int r = begin[i]; r < end[i]; r++) {
          int from = (h * tokens + token[r]) * sizes.value();
          System.arraycopy(dOut, from, dRows, (r - begin[i]) * sizes.value(), sizes.value());
        }
        int at = (i * sizes.heads() + h) * stateSize;
        Recurrence.Inputs d =
            new GatedLinearAttention()
                .backward(
                    inputs(sizes, q, k, v, g, states, i, h),
                    new Recurrence.Outputs(dRows, Arrays.copyOfRange(dLast, at, at + stateSize)),
                    sizes.key(),
                    sizes.value());
        put(d.q(), all.dq, i, h, sizes.key());
        put(d.k(), all.dk, i, h, sizes.key());
        put(d.g(), all.dg, i, h, sizes.key());
        put(d.v(), all.dv, i, h, sizes.value());
        System.arraycopy(d.state(), 0, all.dStates, at, stateSize);
      }
    }
    clear(all.dq, sizes.key(), 2);
    clear(all.dk, sizes.key(), 1);
    clear(all.dg, sizes.key(), 1);
    return all;
  }

  /** Zero where a row takes no part. */
  private void clear(double[] x, int dim, int bit) {
    for (int i = 0; i < x.length; i++) {
      if ((mode[i / dim % count()] & bit) == 0) {
        x[i] = 0;
      }
    }
  }

  private Recurrence.Inputs inputs(
      HeadSizes sizes,
      double[] q,
      double[] k,
      double[] v,
      double[] g,
      double[] states,
      int segment,
      int head) {
    int key = sizes.key();
    int value = sizes.value();
    int length = end[segment] - begin[segment];
    Recurrence.Inputs in =
        new Recurrence.Inputs(
            new double[length * key],
            new double[length * key],
            new double[length * value],
            new double[length * key],
            new double[0],
            new double[key * value]);
    for (int n = 0; n < length; n++) {
      int r = begin[segment] + n;
      int at = ((source(r) * sizes.heads() + head) * tokens + token[r]) * key;
      for (int c = 0; c < key; c++) {
        in.q()[n * key + c] = read(r) ? weight[0][r] * q[at + c] : 0;
        in.k()[n * key + c] = written(r) ? weight[1][r] * k[at + c] : 0;
        in.g()[n * key + c] = written(r) ? g[at + c] : 0;
      }
      System.arraycopy(v, (head * tokens + token[r]) * value, in.v(), n * value, value);
    }
    int size = key * value;
    System.arraycopy(states, (segment * sizes.heads() + head) * size, in.state(), 0, size);
    return in;
  }

  private void put(double[] rows, double[] all, int segment, int head, int dim) {
    System.arraycopy(rows, 0, all, (head * count() + begin[segment]) * dim, rows.length);
  }
}
