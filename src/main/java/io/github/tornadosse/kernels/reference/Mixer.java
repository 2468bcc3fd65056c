package io.github.tornadosse.kernels.reference;

import java.util.Arrays;
import java.util.function.Function;

/**
 * One Sparse State Expansion layer (docs/mathematics.md section 1), in the masked form: every
 * partition runs over all tokens, with zeros where it was not selected.
 */
public final class Mixer {
  /** The authors' scale of the logarithm of the decay. */
  private static final double GATE_SCALE = 1.0 / 16;

  private final MixerShape shape;
  private final Recurrence recurrence;

  /**
   * A layer of that shape.
   *
   * @param shape see there
   */
  public Mixer(MixerShape shape) {
    this.shape = shape;
    this.recurrence = shape.deltaRule() ? new GatedDeltaRule() : new GatedLinearAttention();
  }

  /**
   * What a layer gives.
   *
   * @param y [L, D]
   * @param balance the balance loss, one element
   * @param states final states, [S, N + 1, HV, K, V]
   */
  public record Result(Variable y, Variable balance, double[] states) {}

  /** A token's decay and, for the delta rule, its write strength. */
  private record Gate(Variable g, Variable beta) {}

  /**
   * Runs the layer.
   *
   * @param tape notes what the gradients need
   * @param x input, [L, D]
   * @param cu bounds of the packed sequences, [S + 1]
   * @param parameter gives the layer's parameter of a name (docs/mathematics.md section 6)
   * @return see there
   */
  public Result forward(Tape tape, Variable x, int[] cu, Function<String, Variable> parameter) {
    int tokens = x.size() / shape.hidden();
    int sequences = cu.length - 1;
    int partitions = shape.partitions();
    int keySize = shape.keySize();
    int valueSize = shape.valueSize();

    Variable qBase = tape.linear(x, parameter.apply("q_proj.weight"), shape.hidden(), keySize);
    Variable kBase = tape.linear(x, parameter.apply("k_proj.weight"), shape.hidden(), keySize);
    Variable v =
        tape.silu(tape.linear(x, parameter.apply("v_proj.weight"), shape.hidden(), valueSize));
    Variable q1 = qBase;
    Variable k1 = kBase;
    if (shape.shortConvolution()) {
      q1 = tape.convolution(qBase, parameter.apply("q_conv1d_shared.weight"), cu, keySize);
      k1 = tape.convolution(kBase, parameter.apply("k_conv1d_shared.weight"), cu, keySize);
    }

    int stateSize = shape.valueHeads() * shape.key() * shape.value();
    double[] states = new double[sequences * (partitions + 1) * stateSize];
    States at = new States(states, stateSize, cu);
    Variable o = new Variable(new double[v.size()]);
    if (shape.always()) {
      o = scan(tape, query(tape, q1), key(tape, k1), v, gate(tape, x, parameter, 0, k1), at, 0);
    }
    Variable balance = new Variable(new double[1]);
    if (partitions > 0) {
      Variable q2 = tape.add(qBase, lowRank(tape, x, parameter, "lora_q_proj"));
      Variable k2 = tape.add(kBase, lowRank(tape, x, parameter, "lora_k_proj"));
      Gate gate = gate(tape, x, parameter, 1, k2);
      Variable query = query(tape, q2);
      Variable key = key(tape, k2);
      Variable logits =
          tape.linear(x, parameter.apply("e_proj.weight"), shape.hidden(), partitions);
      Variable e = tape.softmax(logits, partitions, partitions);
      double[][] written = selected(e, tokens, shape.writers());
      double[][] read = selected(e, tokens, shape.readers());
      for (int p = 0; p < partitions; p++) {
        Variable share = tape.columns(e, partitions, p, 1);
        Variable writeGate = factor(tape, share, written[p], shape.writeGate());
        Variable readGate = factor(tape, share, read[p], shape.readGate());
        boolean onValues = shape.gateValues();
        Variable writeMask = new Variable(written[p].clone());
        Variable readMask = new Variable(read[p].clone());
        // as in the authors' masked form, the delta rule's gates follow the read set
        double[] active = shape.deltaRule() ? read[p] : written[p];
        Gate masked =
            new Gate(
                mask(tape, gate.g, active),
                gate.beta == null ? null : mask(tape, gate.beta, active));
        Variable part =
            scan(
                tape,
                tape.scaleRows(query, keySize, onValues ? readMask : readGate),
                tape.scaleRows(key, keySize, onValues ? writeMask : writeGate),
                tape.scaleRows(v, valueSize, onValues ? writeGate : writeMask),
                masked,
                at,
                p + 1);
        o = tape.add(o, onValues ? tape.scaleRows(part, valueSize, readGate) : part);
      }
      balance = balance(tape, e, written, tokens);
    }

    Variable y = tape.rmsNorm(o, parameter.apply("o_norm.weight"), shape.normEps());
    if (shape.outputGate()) {
      y = tape.multiply(y, tape.silu(lowRank(tape, x, parameter, "g_proj")));
    }
    y = tape.linear(y, parameter.apply("o_proj.weight"), valueSize, shape.hidden());
    return new Result(y, balance, states);
  }

  /** What selected tokens are multiplied by: e, or 1 where its gate is off; others by 0. */
  private static Variable factor(Tape tape, Variable share, double[] selected, boolean gated) {
    return gated ? tape.multiplyConstant(share, selected) : new Variable(selected.clone());
  }

  private Variable query(Tape tape, Variable logits) {
    return shape.querySoftmax()
        ? tape.softmax(logits, shape.key(), shape.key())
        : tape.silu(logits);
  }

  private Variable key(Tape tape, Variable logits) {
    return shape.keySoftmax()
        ? tape.softmax(logits, shape.key(), shape.rowTopk())
        : tape.silu(logits);
  }

  private Variable lowRank(
      Tape tape, Variable x, Function<String, Variable> parameter, String name) {
    Variable down = parameter.apply(name + ".0.weight");
    Variable up = parameter.apply(name + ".1.weight");
    int rank = down.size() / shape.hidden();
    return tape.linear(tape.linear(x, down, shape.hidden(), rank), up, rank, up.size() / rank);
  }

  /** The gate of the always-selected (0) or the sparse partitions (1). */
  private Gate gate(
      Tape tape, Variable x, Function<String, Variable> parameter, int source, Variable keyLogits) {
    if (shape.deltaRule()) {
      int heads = shape.valueHeads();
      int all = shape.partitions() > 0 ? 2 * heads : heads;
      Variable a = tape.linear(x, parameter.apply("a_proj.weight"), shape.hidden(), all);
      Variable b = tape.linear(x, parameter.apply("b_proj.weight"), shape.hidden(), all);
      Variable step = tape.softplus(tape.addToRows(a, parameter.apply("dt_bias")));
      Variable rate = tape.map(parameter.apply("A_log"), u -> -Math.exp(u), u -> -Math.exp(u));
      Variable beta = tape.sigmoid(b, shape.negativeEigenvalues() ? 2 : 1);
      return new Gate(
          tape.columns(tape.multiplyRows(step, rate), all, source * heads, heads),
          tape.columns(beta, all, source * heads, heads));
    }
    String name = "gk_proj." + source;
    Variable raw = lowRank(tape, x, parameter, name);
    Variable g =
        tape.logSigmoid(tape.addToRows(raw, parameter.apply(name + ".1.bias")), GATE_SCALE);
    // a row of the state that the token does not write does not decay either
    double[] rows = new double[g.size()];
    for (int head = 0; head < rows.length; head += shape.key()) {
      boolean[] chosen = Scalars.largest(keyLogits.data(), head, shape.key(), shape.rowTopk());
      for (int c = 0; c < shape.key(); c++) {
        rows[head + c] = chosen[c] ? 1 : 0;
      }
    }
    return new Gate(tape.multiplyConstant(g, rows), null);
  }

  /** For each partition and token 1 if the partition is among the token's largest, else 0. */
  private double[][] selected(Variable e, int tokens, int count) {
    double[][] mask = new double[shape.partitions()][tokens];
    for (int t = 0; t < tokens; t++) {
      for (int p : Scalars.ranked(e.data(), t * mask.length, mask.length, count)) {
        mask[p][t] = 1;
      }
    }
    return mask;
  }

  private static Variable mask(Tape tape, Variable x, double[] tokens) {
    int width = x.size() / tokens.length;
    double[] factor = new double[x.size()];
    for (int i = 0; i < factor.length; i++) {
      factor[i] = tokens[i / width];
    }
    return tape.multiplyConstant(x, factor);
  }

  /** (N/W)·Σ_i mean_t(e_i)·(share of tokens that write i); the share carries no gradient. */
  private Variable balance(Tape tape, Variable e, double[][] written, int tokens) {
    int partitions = written.length;
    double[] weight = new double[tokens * partitions];
    for (int i = 0; i < weight.length; i++) {
      double load = Arrays.stream(written[i % partitions]).sum() / tokens;
      weight[i] = load / tokens * partitions / shape.writers();
    }
    return tape.weightedSum(e, weight);
  }

  /** Where final states go: [S, N + 1, HV, K, V], of which size is that of [HV, K, V]. */
  private record States(double[] values, int size, int[] cu) {}

  /** Which head of an array [L, count, width] is meant, and of which sequence. */
  private record Head(int from, int to, int count, int width, int head) {
    double[] read(double[] x) {
      double[] rows = new double[(to - from) * width];
      for (int t = from; t < to; t++) {
        System.arraycopy(x, (t * count + head) * width, rows, (t - from) * width, width);
      }
      return rows;
    }

    void add(double[] rows, double[] x) {
      for (int t = from; t < to; t++) {
        for (int i = 0; i < width; i++) {
          x[(t * count + head) * width + i] += rows[(t - from) * width + i];
        }
      }
    }
  }

  /** The recurrence of one partition over every sequence and value head. */
  private Variable scan(
      Tape tape, Variable q, Variable k, Variable v, Gate gate, States states, int partition) {
    Variable o = new Variable(new double[v.size()]);
    for (int s = 0; s + 1 < states.cu.length; s++) {
      int stateAt = (s * (shape.partitions() + 1) + partition) * states.size;
      for (int h = 0; h < shape.valueHeads(); h++) {
        scanHead(tape, q, k, v, gate, o, states, s, h, stateAt + h * shape.key() * shape.value());
      }
    }
    return o;
  }

  private void scanHead(
      Tape tape,
      Variable q,
      Variable k,
      Variable v,
      Gate gate,
      Variable o,
      States states,
      int sequence,
      int valueHead,
      int stateAt) {
    int from = states.cu[sequence];
    int to = states.cu[sequence + 1];
    int keyHead = valueHead * shape.heads() / shape.valueHeads();
    Head keys = new Head(from, to, shape.heads(), shape.key(), keyHead);
    Head values = new Head(from, to, shape.valueHeads(), shape.value(), valueHead);
    Head decays = shape.deltaRule() ? new Head(from, to, shape.valueHeads(), 1, valueHead) : keys;
    double[] zeroState = new double[shape.key() * shape.value()];
    Recurrence.Inputs in =
        new Recurrence.Inputs(
            keys.read(q.data()),
            keys.read(k.data()),
            values.read(v.data()),
            decays.read(gate.g.data()),
            shape.deltaRule() ? decays.read(gate.beta.data()) : new double[0],
            zeroState);
    Recurrence.Outputs out = recurrence.forward(in, shape.key(), shape.value());
    values.add(out.o(), o.data());
    System.arraycopy(out.state(), 0, states.values, stateAt, out.state().length);
    tape.note(
        () -> {
          Recurrence.Outputs gradient = new Recurrence.Outputs(values.read(o.grad()), zeroState);
          Recurrence.Inputs d = recurrence.backward(in, gradient, shape.key(), shape.value());
          keys.add(d.q(), q.grad());
          keys.add(d.k(), k.grad());
          values.add(d.v(), v.grad());
          decays.add(d.g(), gate.g.grad());
          if (shape.deltaRule()) {
            decays.add(d.beta(), gate.beta.grad());
          }
        });
  }
}
