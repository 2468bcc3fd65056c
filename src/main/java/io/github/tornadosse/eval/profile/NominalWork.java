package io.github.tornadosse.eval.profile;

import io.github.tornadosse.graph.AttentionOperations;
import io.github.tornadosse.graph.ConvolutionOperations;
import io.github.tornadosse.graph.DeltaRuleOperations;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Operations.Rows;
import java.util.Arrays;

/**
 * Counts what an operation does from its arguments, at the graph's capacity of tokens
 * (docs/profiling.md has the formulas).
 */
final class NominalWork {
  /** Rows of a chunk in the counts, whatever a kernel takes. */
  private static final double CHUNK = 64;

  private final Object[] arguments;
  private final int[] ints;
  private final double tokens;
  private final double sequenceLength;

  /**
   * The work of one call.
   *
   * @param tokens L
   * @param sequenceLength tokens of a packed sequence, for softmax attention
   * @param arguments of the operation, after its stage and id
   */
  NominalWork(int tokens, int sequenceLength, Object... arguments) {
    this.arguments = arguments;
    this.tokens = tokens;
    this.sequenceLength = Math.min(tokens, sequenceLength);
    ints =
        Arrays.stream(arguments)
            .filter(Integer.class::isInstance)
            .mapToInt(Integer.class::cast)
            .toArray();
  }

  /**
   * Counts.
   *
   * @param operation the operation's name, with that of its group before it, if it has one
   */
  Work of(String operation) {
    return switch (operation) {
      case "linear" -> linear(0, 0);
      case "linearAdd" -> linear(0, one(Linear.class).out());
      case "linearInputGradient" -> linear(0, one(Boolean.class) ? one(Linear.class).in() : 0);
      case "linearWeightGradient" -> linear(1, 0);
      case "rmsNorm" -> perToken(4, 2, ints[0]);
      case "rmsNormGradient" -> perToken(8, 4, ints[0]);
      case "swiglu" -> perToken(5, 3, ints[0]);
      case "swigluGradient" -> perToken(10, 5, ints[0]);
      case "embedding" -> perToken(0, 2, ints[0]);
      case "embeddingGradient" ->
          Work.of(tokens * ints[1], (tokens + 2 * Math.min(tokens, ints[0])) * ints[1]);
      case "crossEntropy" -> perToken(5, arguments[3] == null ? 1 : 2, ints[0]);
      case "headActivation" -> heads(arguments[2] == null ? 1 : 2, 5, 2);
      case "headActivationGradient" ->
          heads(1, 10 + width(), 3 + width() + (arguments[2] == null ? 0 : 2));
      case "decayGate" -> heads(arguments[2] == null ? 1 : 2, 5, 2);
      case "decayGateGradient" ->
          heads(1, 10 + width(), 1 + width() + (arguments[2] == null ? 2 : 4));
      case "valueActivation" -> heads(1, 4, 2);
      case "valueActivationGradient" -> heads(1, 8 + width(), 3 + width());
      case "router" -> perToken(6, 2, ints[2]);
      case "routeRows" -> perToken(0, 5, 1 + width());
      case "balance" -> perToken(2, 1, ints[0]);
      case "routerGradient" -> perToken(6, 2, ints[2]);
      case "gla" -> gla(1, 3, 2);
      case "glaOutput" -> gla(1, 3, 1).plus(tokenOutput(one(HeadSizes.class)));
      case "glaGradient" -> gla(2, 6, 3);
      case "mixerOutput" -> output(9 + width(), 3 + width() + (arguments[2] == null ? 0 : 1));
      case "mixerOutputGradient" -> output(16, 3 + (arguments[2] == null ? 0 : 2));
      case "copy" -> elements(0, 2);
      case "clear", "zero" -> elements(0, 1);
      case "zeroTokens" -> perToken(0, 1, ints[0]);
      case "squaredNorm" -> elements(2, 1);
      case "adamw" -> elements(14, 7);
      case "convolutions.forward" -> convolution(2, 2);
      case "convolutions.gradient" -> convolution(4, 4);
      case "deltaRule.gates" -> Work.of(10 * tokens * gates(), 4 * tokens * gates());
      case "deltaRule.gatesGradient" ->
          Work.of((20 + width()) * tokens * gates(), (6 + width()) * tokens * gates());
      case "deltaRule.forward" -> deltaRule(1, 2, 2, 2);
      case "deltaRuleOutput" -> {
        DeltaRuleOperations.Sizes h = one(DeltaRuleOperations.Sizes.class);
        HeadSizes values = new HeadSizes(h.valueHeads(), h.key(), h.value());
        yield deltaRule(1, 2, 1, 2).plus(tokenOutput(values));
      }
      case "deltaRule.gradient" -> deltaRule(2, 4, 3, 6);
      case "deltaRule.weightGradient" -> perToken(2, 2, width() * ints[0]);
      case "attention.rotary" -> heads(1, 3, 2);
      case "attention.rotaryGradient" -> heads(1, 4, 2);
      case "attention.attention" -> attention(4, 2, 2);
      case "attention.attentionGradient" -> attention(10, 4, 4);
      default -> throw new IllegalArgumentException("no count for operation " + operation);
    };
  }

  private <T> T one(Class<T> type) {
    return Arrays.stream(arguments)
        .filter(type::isInstance)
        .map(type::cast)
        .findFirst()
        .orElseThrow();
  }

  /** M. */
  private int width() {
    return one(Rows.class).width();
  }

  private Work perToken(double flop, double floats, double size) {
    return Work.of(flop * tokens * size, floats * tokens * size);
  }

  private Work elements(double flop, double floats) {
    return Work.of(flop * ints[0], floats * ints[0]);
  }

  /** Elements of head-major arrays, whose sizes are an operation's last arguments. */
  private Work heads(int sources, double flop, double floats) {
    return perToken(flop, floats, (double) sources * ints[ints.length - 2] * ints[ints.length - 1]);
  }

  private Work linear(int weightTwice, double more) {
    Linear l = one(Linear.class);
    double in = l.in();
    double out = l.out();
    return Work.of(
        2 * tokens * in * out, tokens * (in + out + more) + (1 + weightTwice) * in * out);
  }

  private Work gla(double passes, double keys, double values) {
    HeadSizes h = one(HeadSizes.class);
    double rows = tokens * (1 + width()) * h.heads();
    double k = h.key();
    double v = h.value();
    return Work.of(
        passes * rows * (2 * CHUNK * (k + v) + 4 * k * v), rows * (keys * k + values * v));
  }

  private Work deltaRule(double passes, double keys, double values, double gates) {
    DeltaRuleOperations.Sizes h = one(DeltaRuleOperations.Sizes.class);
    double rows = tokens * (1 + width());
    double k = h.key();
    double v = h.value();
    double flop = 2 * CHUNK * (3 * k + 2 * v) + 6 * k * v;
    return Work.of(
        passes * rows * h.valueHeads() * flop,
        rows * (h.heads() * keys * k + h.valueHeads() * (values * v + gates)));
  }

  /** Decays and write strengths of a token: sources and value heads. */
  private double gates() {
    return (double) ints[1] * ints[2];
  }

  private Work output(double flop, double floats) {
    HeadSizes h = one(HeadSizes.class);
    return perToken(flop, floats, (double) h.heads() * h.value());
  }

  /**
   * Sum, norm and gate of each token, of which the result is written, and the sum if it is needed.
   */
  private Work tokenOutput(HeadSizes h) {
    Operations.Output to = one(Operations.Output.class);
    int floats = 1 + (to.gate() == null ? 0 : 1) + (to.o() == null ? 0 : 1);
    return perToken(9 + width(), floats, (double) h.heads() * h.value());
  }

  private Work convolution(double flopPerTap, double floats) {
    ConvolutionOperations.Sizes c = one(ConvolutionOperations.Sizes.class);
    return perToken(flopPerTap * c.width(), floats, (double) c.heads() * c.dim());
  }

  private Work attention(double flopPerPair, double queries, double keys) {
    AttentionOperations.Sizes a = one(AttentionOperations.Sizes.class);
    double n = sequenceLength;
    double w = a.window() == 0 ? n : Math.min(n, a.window());
    double pairs = tokens * (w * (w + 1) / 2 + (n - w) * w) / n;
    return Work.of(
        flopPerPair * a.dim() * pairs * a.heads(),
        tokens * a.dim() * (queries * a.heads() + keys * a.keyHeads()));
  }
}
