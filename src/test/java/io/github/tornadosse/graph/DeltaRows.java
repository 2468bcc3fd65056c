package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.reference.Scalars;
import java.util.Arrays;

/**
 * Expanded rows with weights of their own for queries and keys. Rows are counted here without the
 * gap between tokens and capacity: row r &lt; L is token r, the sparse rows follow.
 */
final class DeltaRows {
  /**
   * What tokens take part in.
   *
   * @param partitions N
   * @param width M, the sparse rows of a token
   * @param writers W
   * @param readers R
   * @param always whether partition 0 takes part
   */
  record Routing(int partitions, int width, int writers, int readers, boolean always) {
    /** As many rows as partitions are chosen. */
    static Routing chosen(int partitions, int writers, int readers) {
      return new Routing(partitions, Math.max(writers, readers), writers, readers, true);
    }

    /** A row for each partition, most of them of mode 0. */
    static Routing masked(int partitions, int writers, int readers) {
      return new Routing(partitions, partitions, writers, readers, true);
    }

    /** Plain: no sparse partitions. */
    static Routing none() {
      return new Routing(0, 0, 0, 0, true);
    }

    int sources() {
      return partitions == 0 ? 1 : 2;
    }
  }

  final Routing routing;
  final int tokens;
  final int[] cu;
  final double[] readWeight; // [L, N]; its order is the tokens' order of partitions
  final double[] writeWeight; // [L, N]
  final int[] token; // [L·(1 + M)]
  final int[] mode;
  final double[][] weight; // [2], queries then keys
  final int[] tokenRow; // [L, M], without the gap
  final int[] begin; // [S·(N + 1)], without the gap
  final int[] end;

  /** Random weights in (0, 1), those of keys unlike those of queries. */
  static DeltaRows random(OperationBench draws, Routing routing) {
    double[][] weights = new double[2][draws.tokens * routing.partitions()];
    for (double[] part : weights) {
      for (int i = 0; i < part.length; i++) {
        part[i] = (float) (0.05 + 0.95 * draws.random().nextDouble());
      }
    }
    return new DeltaRows(draws.cu, routing, weights[0], weights[1]);
  }

  DeltaRows(int[] cu, Routing routing, double[] readWeight, double[] writeWeight) {
    this.routing = routing;
    this.cu = cu;
    this.readWeight = readWeight;
    this.writeWeight = writeWeight;
    tokens = cu[cu.length - 1];
    int partitions = routing.partitions();
    int width = routing.width();
    token = new int[tokens * (1 + width)];
    mode = new int[token.length];
    weight = new double[2][token.length];
    tokenRow = new int[tokens * width];
    begin = new int[(cu.length - 1) * (partitions + 1)];
    end = new int[begin.length];
    for (int t = 0; t < tokens; t++) {
      token[t] = t;
      mode[t] = routing.always() ? 3 : 0;
      weight[0][t] = 1;
      weight[1][t] = 1;
    }
    int row = tokens;
    for (int s = 0; s + 1 < cu.length; s++) {
      begin[s * (partitions + 1)] = cu[s];
      end[s * (partitions + 1)] = cu[s + 1];
      for (int p = 0; p < partitions; p++) {
        begin[s * (partitions + 1) + p + 1] = row;
        for (int t = cu[s]; t < cu[s + 1]; t++) {
          int[] ranked = Scalars.ranked(readWeight, t * partitions, partitions, width);
          for (int j = 0; j < width; j++) {
            if (ranked[j] == p) {
              token[row] = t;
              mode[row] = (j < routing.writers() ? 1 : 0) + (j < routing.readers() ? 2 : 0);
              weight[0][row] = readWeight[t * partitions + p];
              weight[1][row] = writeWeight[t * partitions + p];
              tokenRow[t * width + j] = row++;
            }
          }
        }
        end[s * (partitions + 1) + p + 1] = row;
      }
    }
  }

  /** Tokens from..to of the only sequence. */
  DeltaRows slice(int from, int to) {
    int n = routing.partitions();
    return new DeltaRows(
        new int[] {0, to - from},
        routing,
        Arrays.copyOfRange(readWeight, from * n, to * n),
        Arrays.copyOfRange(writeWeight, from * n, to * n));
  }

  int count() {
    return token.length;
  }

  int segments() {
    return begin.length;
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

  /** As the arrays that operations read, poison where no row is. */
  Rows arrays(OperationBench bench) {
    int width = routing.width();
    int gap = bench.capacity - tokens;
    int[] tokenPlaces = new int[bench.capacity * (1 + width)];
    int[] modes = new int[tokenPlaces.length];
    Arrays.fill(tokenPlaces, OperationBench.POISON);
    Arrays.fill(modes, OperationBench.POISON);
    for (int r = 0; r < count(); r++) {
      int place = r < tokens ? r : r + gap;
      tokenPlaces[place] = token[r];
      modes[place] = mode[r];
    }
    int[] bounds = new int[2 * begin.length];
    for (int i = 0; i < begin.length; i++) {
      boolean first = i % (routing.partitions() + 1) == 0;
      bounds[2 * i] = begin[i] + (first ? 0 : gap);
      bounds[2 * i + 1] = end[i] + (first ? 0 : gap);
    }
    double[] weights = new double[2 * count()];
    System.arraycopy(weight[0], 0, weights, 0, count());
    System.arraycopy(weight[1], 0, weights, count(), count());
    return new Rows(
        bench.ints(tokenPlaces.length, tokenPlaces),
        bench.ints(modes.length, modes),
        bench.inputArray("weight", 2 * modes.length, bench.rows(2, width, 1), weights).array,
        bench.ints(
            Math.max(1, bench.capacity * width),
            Arrays.stream(tokenRow).map(r -> r + gap).toArray()),
        bench.ints(2 * (cu.length + 1) * (routing.partitions() + 1), bounds),
        routing.partitions(),
        width);
  }
}
