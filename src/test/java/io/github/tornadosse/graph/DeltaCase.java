package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.flat;

import io.github.tornadosse.graph.DeltaRuleOperations.Sizes;
import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.reference.GatedDeltaRule;
import io.github.tornadosse.kernels.reference.Recurrence;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Inputs of the gated delta rule over expanded rows, what a tier makes of them and what is right.
 * Arrays have no gaps here: [.., L, ..] and [.., rows, ..].
 *
 * @param rows the expanded rows
 * @param sizes H, HV, K, V
 * @param gateValues whether weights apply to outputs and values
 * @param useState whether segments start from and end in states
 * @param q [sources, H, L, K]
 * @param k [sources, H, L, K]
 * @param v [HV, L, V]
 * @param gates [2, sources, HV, L]
 * @param states [segments, HV, K, V], zeros without states
 */
record DeltaCase(
    DeltaRows rows,
    Sizes sizes,
    boolean gateValues,
    boolean useState,
    double[] q,
    double[] k,
    double[] v,
    double[] gates,
    double[] states) {
  private static final String FORWARD = "delta";

  /** out [HV, rows, V]; states are null without states. */
  record Forward(double[] out, double[] states) {}

  /**
   * dq, dk [H, rows, K], dv [HV, rows, V], the weights' [H, rows] or with gateValues [HV, rows],
   * the others [HV, rows]; dStates null without states.
   */
  record Gradient(
      double[] dq,
      double[] dk,
      double[] dv,
      double[] dDecay,
      double[] dStrength,
      double[] dReadWeight,
      double[] dWriteWeight,
      double[] dStates) {}

  /** The same with another way of gating, and with other initial states; null for none. */
  DeltaCase with(boolean newGateValues, double[] newStates) {
    return new DeltaCase(
        rows,
        sizes,
        newGateValues,
        newStates != null,
        q,
        k,
        v,
        gates,
        newStates == null ? new double[states.length] : newStates);
  }

  /** Tokens from..to of the only sequence, going on from states. */
  DeltaCase slice(int from, int to, double[] newStates) {
    return part(rows.slice(from, to), from, to, newStates);
  }

  /** Sequence s alone; without sparse partitions. */
  DeltaCase sequence(int s) {
    int size = states.length / (rows.cu.length - 1);
    DeltaRows alone =
        new DeltaRows(
            new int[] {0, rows.cu[s + 1] - rows.cu[s]}, rows.routing, new double[0], new double[0]);
    return part(
        alone, rows.cu[s], rows.cu[s + 1], Arrays.copyOfRange(states, s * size, (s + 1) * size));
  }

  private DeltaCase part(DeltaRows partRows, int from, int to, double[] newStates) {
    return new DeltaCase(
        partRows,
        sizes,
        gateValues,
        true,
        tokens(q, from, to, sizes.key()),
        tokens(k, from, to, sizes.key()),
        tokens(v, from, to, sizes.value()),
        tokens(gates, from, to, 1),
        newStates);
  }

  /** Tokens from..to of [blocks, L, dim]. */
  double[] tokens(double[] x, int from, int to, int dim) {
    int all = rows.tokens;
    double[] part = new double[x.length / all * (to - from)];
    for (int b = 0; b < x.length / (all * dim); b++) {
      System.arraycopy(x, (b * all + from) * dim, part, b * (to - from) * dim, (to - from) * dim);
    }
    return part;
  }

  /** Sums over the rows of each token: [blocks, rows, dim] to [blocks, L, dim]. */
  double[] tokenSums(double[] x, int dim) {
    int count = rows.count();
    double[] sums = new double[x.length / count * rows.tokens];
    for (int i = 0; i < x.length; i++) {
      int block = i / (count * dim);
      int token = rows.token[i / dim % count];
      sums[(block * rows.tokens + token) * dim + i % dim] += x[i];
    }
    return sums;
  }

  int stateSize() {
    return sizes.key() * sizes.value();
  }

  // ---------------------------------------------------------------- what a tier makes of it

  /** The inputs of both passes on a bench. */
  final class Inputs {
    final OperationBench bench = bench(rows.cu);
    final Rows arrays = rows.arrays(bench);
    final Region rq = keys("q", q);
    final Region rk = keys("k", k);
    final Region rv =
        bench.inputArray(
            "v",
            sizes.valueHeads() * bench.capacity * sizes.value(),
            bench.heads(sizes.valueHeads(), sizes.value()),
            v);
    final Region rGates = gates();

    private Region keys(String name, double[] x) {
      int blocks = rows.routing.sources() * sizes.heads();
      return bench.inputArray(
          name, blocks * bench.capacity * sizes.key(), bench.heads(blocks, sizes.key()), x);
    }

    private Region gates() {
      int blocks = 2 * rows.routing.sources() * sizes.valueHeads();
      return bench.inputArray("gates", blocks * bench.capacity, bench.heads(blocks, 1), gates);
    }

    Region rowsOutput(String name, int blocks, int dim, boolean promised) {
      int n = blocks * bench.capacity * (1 + rows.routing.width()) * dim;
      return bench.outputArray(
          name, n, promised ? bench.rows(blocks, rows.routing.width(), dim) : new int[0]);
    }

    /** Without states an array that nobody may touch. */
    Region untouched(String name) {
      return bench.output(name, states.length, new int[0]);
    }
  }

  static OperationBench bench(int... cu) {
    int tokens = cu[cu.length - 1];
    return new OperationBench(tokens + tokens % 4, cu);
  }

  /** Something that appends a forward pass. */
  interface Pass {
    /** Appends it, with those states. */
    void append(Stage s, Inputs in, Region state);
  }

  /** Runs a forward pass on inputs; the final states. */
  double[] run(Inputs in, Pass pass) {
    Region rState =
        useState
            ? in.bench.update("state", states.length, flat(states.length), states)
            : in.untouched("state");
    if (useState) {
      in.bench.useState();
    }
    in.bench.run(s -> pass.append(s, in, rState));
    return useState ? rState.get() : null;
  }

  /** Runs the forward pass. */
  Forward forward(DeltaRuleOperations operations) {
    Inputs inputs = new Inputs();
    Region rOut = inputs.rowsOutput("out", sizes.valueHeads(), sizes.value(), true);
    double[] last =
        run(inputs, (s, in, state) -> append(operations, s, in, state.view, rOut.array));
    return new Forward(rOut.get(), last);
  }

  private void append(
      DeltaRuleOperations operations, Stage s, Inputs in, View state, FloatArray out) {
    operations.forward(
        s,
        FORWARD,
        in.rq.array,
        in.rk.array,
        in.rv.array,
        in.rGates.array,
        in.arrays,
        gateValues,
        state,
        out,
        sizes);
  }

  /**
   * Runs the backward pass.
   *
   * @param dOut [HV, L, V]
   * @param dLast gradient of the final states; not used without states
   */
  Gradient gradient(DeltaRuleOperations operations, double[] dOut, double[] dLast) {
    return gradient(operations, dOut, dLast, false);
  }

  /**
   * Runs the backward pass.
   *
   * @param dOut [HV, L, V]
   * @param dLast gradient of the final states; not used without states
   * @param following whether it follows a forward pass, whose final states replace the initial ones
   *     elsewhere
   */
  Gradient gradient(
      DeltaRuleOperations operations, double[] dOut, double[] dLast, boolean following) {
    Inputs in = new Inputs();
    Region rState =
        useState
            ? in.bench.input("state", states.length, flat(states.length), states)
            : in.untouched("state");
    Region rdOut =
        in.bench.inputArray(
            "dOut",
            sizes.valueHeads() * in.bench.capacity * sizes.value(),
            in.bench.heads(sizes.valueHeads(), sizes.value()),
            dOut);
    Region rdState =
        useState
            ? in.bench.update("dState", dLast.length, flat(dLast.length), dLast)
            : in.untouched("dState");
    Region rdRows = in.rowsOutput("dRows", 2 * sizes.heads(), sizes.key(), true);
    Region rdv = in.rowsOutput("dvRows", sizes.valueHeads(), sizes.value(), true);
    Region rdGates = in.rowsOutput("dGateRows", 2 * sizes.valueHeads(), 1, true);
    Region rdWeights = in.rowsOutput("dWeightRows", 2 * weightHeads(), 1, true);
    if (useState) {
      in.bench.useState();
    }
    Region rOut = following ? in.rowsOutput("out", sizes.valueHeads(), sizes.value(), true) : null;
    View last =
        following && useState
            ? in.bench.update("last", states.length, flat(states.length), states).view
            : rState.view;
    in.bench.run(
        s -> {
          if (following) {
            append(operations, s, in, last, rOut.array);
          }
          operations.gradient(
              following ? s.after(FORWARD) : s,
              "gradient",
              in.rq.array,
              in.rk.array,
              in.rv.array,
              in.rGates.array,
              in.arrays,
              gateValues,
              rState.view,
              rdOut.array,
              rdState.view,
              rdRows.array,
              rdv.array,
              rdGates.array,
              rdWeights.array,
              sizes);
        });
    double[] dRows = rdRows.get();
    double[] dGates = rdGates.get();
    double[] dWeights = rdWeights.get();
    return new Gradient(
        half(dRows, 0),
        half(dRows, 1),
        rdv.get(),
        half(dGates, 0),
        half(dGates, 1),
        half(dWeights, 0),
        half(dWeights, 1),
        useState ? rdState.get() : null);
  }

  private int weightHeads() {
    return gateValues ? sizes.valueHeads() : sizes.heads();
  }

  private static double[] half(double[] x, int which) {
    return Arrays.copyOfRange(x, which * (x.length / 2), (which + 1) * (x.length / 2));
  }

  // ---------------------------------------------------------------- what is right

  Forward expected() {
    double[] out = new double[sizes.valueHeads() * rows.count() * sizes.value()];
    double[] last = new double[states.length];
    for (int i = 0; i < rows.segments(); i++) {
      for (int h = 0; h < sizes.valueHeads(); h++) {
        Recurrence.Outputs o = scan(i, h);
        int place = h * rows.count() + rows.begin[i];
        for (int n = 0; n < rows.end[i] - rows.begin[i]; n++) {
          int row = rows.begin[i] + n;
          double factor = readFactor(row);
          for (int x = 0; x < sizes.value(); x++) {
            out[(place + n) * sizes.value() + x] = factor * o.o()[n * sizes.value() + x];
          }
        }
        System.arraycopy(
            o.state(), 0, last, (i * sizes.valueHeads() + h) * stateSize(), stateSize());
      }
    }
    return new Forward(out, useState ? last : null);
  }

  /** What a row's outputs are multiplied by. */
  private double readFactor(int row) {
    return rows.read(row) ? (gateValues ? rows.weight[0][row] : 1) : 0;
  }

  /** What a row's values are multiplied by. */
  private double writeFactor(int row) {
    return rows.written(row) ? (gateValues ? rows.weight[1][row] : 1) : 0;
  }

  private Recurrence.Outputs scan(int segment, int head) {
    return new GatedDeltaRule().forward(inputs(segment, head), sizes.key(), sizes.value());
  }

  private Recurrence.Inputs inputs(int segment, int head) {
    int key = sizes.key();
    int value = sizes.value();
    int length = rows.end[segment] - rows.begin[segment];
    Recurrence.Inputs in =
        new Recurrence.Inputs(
            new double[length * key],
            new double[length * key],
            new double[length * value],
            new double[length],
            new double[length],
            new double[stateSize()]);
    int keyHead = head * sizes.heads() / sizes.valueHeads();
    int sources = rows.routing.sources();
    for (int n = 0; n < length; n++) {
      int row = rows.begin[segment] + n;
      int source = rows.source(row);
      int token = rows.token[row];
      int at = ((source * sizes.heads() + keyHead) * rows.tokens + token) * key;
      for (int c = 0; c < key; c++) {
        in.q()[n * key + c] = (gateValues ? 1 : rows.weight[0][row]) * q[at + c];
        in.k()[n * key + c] =
            rows.written(row) ? (gateValues ? 1 : rows.weight[1][row]) * k[at + c] : 0;
      }
      for (int x = 0; x < value; x++) {
        in.v()[n * value + x] = writeFactor(row) * v[(head * rows.tokens + token) * value + x];
      }
      if (rows.read(row)) {
        int gate = (source * sizes.valueHeads() + head) * rows.tokens + token;
        in.g()[n] = gates[gate];
        in.beta()[n] = gates[sources * sizes.valueHeads() * rows.tokens + gate];
      }
    }
    System.arraycopy(
        states, (segment * sizes.valueHeads() + head) * stateSize(), in.state(), 0, stateSize());
    return in;
  }

  Gradient expectedGradient(double[] dOut, double[] dLast) {
    int count = rows.count();
    int key = sizes.key();
    int value = sizes.value();
    int heads = sizes.valueHeads();
    Gradient d =
        new Gradient(
            new double[sizes.heads() * count * key],
            new double[sizes.heads() * count * key],
            new double[heads * count * value],
            new double[heads * count],
            new double[heads * count],
            new double[weightHeads() * count],
            new double[weightHeads() * count],
            useState ? new double[states.length] : null);
    for (int i = 0; i < rows.segments(); i++) {
      for (int h = 0; h < heads; h++) {
        int length = rows.end[i] - rows.begin[i];
        double[] dRows = new double[length * value];
        for (int n = 0; n < length; n++) {
          int row = rows.begin[i] + n;
          for (int x = 0; x < value; x++) {
            dRows[n * value + x] =
                readFactor(row) * dOut[(h * rows.tokens + rows.token[row]) * value + x];
          }
        }
        int at = (i * heads + h) * stateSize();
        double[] dAfter =
            useState ? Arrays.copyOfRange(dLast, at, at + stateSize()) : new double[stateSize()];
        Recurrence.Inputs g =
            new GatedDeltaRule()
                .backward(inputs(i, h), new Recurrence.Outputs(dRows, dAfter), key, value);
        for (int n = 0; n < length; n++) {
          addRow(d, g, rows.begin[i] + n, n, h);
        }
        if (gateValues) {
          addWeights(d, scan(i, h), g, dOut, i, h);
        }
        if (useState) {
          System.arraycopy(g.state(), 0, d.dStates, at, stateSize());
        }
      }
    }
    return d;
  }

  private void addRow(Gradient d, Recurrence.Inputs g, int row, int n, int head) {
    int key = sizes.key();
    int value = sizes.value();
    int keyHead = head * sizes.heads() / sizes.valueHeads();
    int keyRow = keyHead * rows.count() + row;
    int sourceHead = rows.source(row) * sizes.heads() + keyHead;
    int from = (sourceHead * rows.tokens + rows.token[row]) * key;
    int place = head * rows.count() + row;
    for (int c = 0; c < key; c++) {
      double dQuery = rows.read(row) ? g.q()[n * key + c] : 0;
      double dKey = rows.written(row) ? g.k()[n * key + c] : 0;
      d.dq[keyRow * key + c] += (gateValues ? 1 : rows.weight[0][row]) * dQuery;
      d.dk[keyRow * key + c] += (gateValues ? 1 : rows.weight[1][row]) * dKey;
      if (!gateValues) {
        d.dReadWeight[keyRow] += dQuery * q[from + c];
        d.dWriteWeight[keyRow] += dKey * k[from + c];
      }
    }
    for (int x = 0; x < value; x++) {
      d.dv[place * value + x] = writeFactor(row) * g.v()[n * value + x];
    }
    d.dDecay[place] = rows.read(row) ? g.g()[n] : 0;
    d.dStrength[place] = rows.read(row) ? g.beta()[n] : 0;
  }

  private void addWeights(
      Gradient d, Recurrence.Outputs o, Recurrence.Inputs g, double[] dOut, int segment, int head) {
    int value = sizes.value();
    for (int n = 0; n < rows.end[segment] - rows.begin[segment]; n++) {
      int row = rows.begin[segment] + n;
      int from = (head * rows.tokens + rows.token[row]) * value;
      for (int x = 0; x < value; x++) {
        if (rows.read(row)) {
          d.dReadWeight[head * rows.count() + row] += dOut[from + x] * o.o()[n * value + x];
        }
        if (rows.written(row)) {
          d.dWriteWeight[head * rows.count() + row] += g.v()[n * value + x] * v[from + x];
        }
      }
    }
  }
}
