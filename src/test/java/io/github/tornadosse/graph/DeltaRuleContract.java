package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertPassed;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.eval.verify.GoldenCase;
import io.github.tornadosse.eval.verify.GoldenCase.Kind;
import io.github.tornadosse.eval.verify.GoldenCases;
import io.github.tornadosse.graph.DeltaRows.Routing;
import io.github.tornadosse.graph.DeltaRuleOperations.Sizes;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What {@link DeltaRuleOperations#forward} and {@link DeltaRuleOperations#gradient} promise, held
 * against the recurrence in double precision. A tier's test extends this class.
 */
abstract class DeltaRuleContract {
  /** The tier under test. */
  protected abstract DeltaRuleOperations deltaRule();

  /** Decay of a step. */
  private enum Decay {
    NONE,
    MILD,
    STRONG,
    MIXED,
    CLIFFS;

    double draw(Random random) {
      double mild = -0.1 * Math.abs(random.nextGaussian());
      return switch (this) {
        case NONE -> 0;
        case MILD -> mild;
        case STRONG -> -50 * random.nextDouble();
        case MIXED ->
            switch (random.nextInt(8)) {
              case 0 -> 0;
              case 1 -> -5 * random.nextDouble();
              case 2 -> -50;
              default -> mild;
            };
        case CLIFFS -> random.nextInt(20) == 0 ? -1e6 : mild;
      };
    }
  }

  /** Write strength of a step. */
  enum Strength {
    NEAR_ZERO,
    NEAR_ONE,
    ANY,
    UP_TO_TWO;

    double draw(Random random) {
      double x = random.nextDouble();
      return switch (this) {
        case NEAR_ZERO -> 1e-3 * x;
        case NEAR_ONE -> 1 - 1e-3 * x;
        case ANY -> x;
        case UP_TO_TWO -> random.nextBoolean() ? 2 * x : 2 - 1e-3 * x;
      };
    }
  }

  /** Queries and keys before their normalisation, from normal random numbers. */
  private enum Keys {
    ANY(x -> x),
    POSITIVE(x -> 0.5 + Math.abs(x)),
    TINY(x -> 1e-4 * x);

    final DoubleUnaryOperator of;

    Keys(DoubleUnaryOperator of) {
      this.of = of;
    }
  }

  private static Sizes sizes(int heads, int valueHeads, int key, int value) {
    return new Sizes(heads, valueHeads, key, value);
  }

  private static int[] cu(int... bounds) {
    return bounds;
  }

  /** Bounds, routing, sizes, decays, write strengths, keys. */
  static Stream<Arguments> cases() {
    Routing n4 = Routing.chosen(4, 1, 1);
    Routing w2r1 = Routing.chosen(4, 2, 1);
    Routing w1r2 = Routing.chosen(4, 1, 2);
    Routing n8k2 = Routing.chosen(8, 2, 2);
    Routing plain = Routing.none();
    return Stream.of(
        Arguments.of(cu(0, 1), n4, sizes(1, 1, 16, 16), Decay.MILD, Strength.ANY, Keys.ANY),
        Arguments.of(
            cu(0, 1, 3), w2r1, sizes(2, 2, 17, 5), Decay.MIXED, Strength.UP_TO_TWO, Keys.ANY),
        Arguments.of(
            cu(0, 2), w1r2, sizes(1, 2, 16, 16), Decay.STRONG, Strength.NEAR_ONE, Keys.ANY),
        Arguments.of(cu(0, 3), plain, sizes(2, 2, 17, 5), Decay.STRONG, Strength.ANY, Keys.ANY),
        Arguments.of(
            cu(0, 17), n4, sizes(1, 2, 32, 48), Decay.NONE, Strength.NEAR_ZERO, Keys.POSITIVE),
        Arguments.of(cu(0, 63), w1r2, sizes(2, 2, 17, 5), Decay.MIXED, Strength.NEAR_ONE, Keys.ANY),
        Arguments.of(
            cu(0, 64), plain, sizes(1, 2, 64, 64), Decay.NONE, Strength.UP_TO_TWO, Keys.ANY),
        Arguments.of(
            cu(0, 65),
            Routing.masked(4, 1, 1),
            sizes(2, 2, 16, 16),
            Decay.MILD,
            Strength.ANY,
            Keys.ANY),
        Arguments.of(
            cu(0, 1, 3, 6, 23),
            n8k2,
            sizes(2, 4, 32, 48),
            Decay.MILD,
            Strength.UP_TO_TWO,
            Keys.POSITIVE),
        Arguments.of(cu(0, 0, 100), n4, sizes(1, 1, 128, 64), Decay.MIXED, Strength.ANY, Keys.ANY),
        Arguments.of(
            cu(0, 63, 63, 127), plain, sizes(2, 2, 32, 48), Decay.STRONG, Strength.ANY, Keys.ANY),
        Arguments.of(
            cu(0, 64, 129, 129, 229),
            n8k2,
            sizes(1, 2, 17, 5),
            Decay.CLIFFS,
            Strength.UP_TO_TWO,
            Keys.ANY),
        Arguments.of(
            cu(0, 30, 95),
            Routing.masked(4, 1, 2),
            sizes(1, 1, 17, 5),
            Decay.NONE,
            Strength.NEAR_ONE,
            Keys.POSITIVE),
        Arguments.of(
            cu(0, 100, 100),
            Routing.masked(3, 2, 1),
            sizes(1, 2, 16, 16),
            Decay.STRONG,
            Strength.UP_TO_TWO,
            Keys.ANY),
        Arguments.of(
            cu(0, 70),
            new Routing(4, 1, 1, 1, false),
            sizes(2, 2, 16, 16),
            Decay.MIXED,
            Strength.ANY,
            Keys.POSITIVE),
        Arguments.of(
            cu(0, 200), plain, sizes(1, 1, 64, 64), Decay.NONE, Strength.NEAR_ONE, Keys.POSITIVE),
        Arguments.of(
            cu(0, 200), plain, sizes(1, 1, 128, 64), Decay.MILD, Strength.UP_TO_TWO, Keys.POSITIVE),
        Arguments.of(cu(0, 2, 67), w2r1, sizes(2, 4, 17, 5), Decay.MILD, Strength.ANY, Keys.TINY),
        Arguments.of(
            cu(0, 100), w1r2, sizes(1, 1, 64, 64), Decay.NONE, Strength.UP_TO_TWO, Keys.TINY));
  }

  /** Random inputs, with random initial states. */
  private static DeltaCase random(
      OperationBench draws,
      Routing routing,
      Sizes sizes,
      Decay decay,
      Strength strength,
      Keys keys) {
    DeltaRows rows = DeltaRows.random(draws, routing);
    int blocks = routing.sources() * sizes.valueHeads();
    int keySize = routing.sources() * sizes.heads() * draws.tokens * sizes.key();
    double[] gates = new double[2 * blocks * draws.tokens];
    for (int i = 0; i < gates.length; i++) {
      boolean first = i < gates.length / 2;
      gates[i] = (float) (first ? decay.draw(draws.random()) : strength.draw(draws.random()));
    }
    int states = rows.segments() * sizes.valueHeads() * sizes.key() * sizes.value();
    return new DeltaCase(
        rows,
        sizes,
        false,
        true,
        keys(draws, keySize, keys),
        keys(draws, keySize, keys),
        draws.normal(sizes.valueHeads() * draws.tokens * sizes.value(), 1),
        gates,
        draws.normal(states, 1));
  }

  private static double[] keys(OperationBench draws, int n, Keys keys) {
    return Arrays.stream(draws.normal(n, 1)).map(keys.of).map(x -> (float) x).toArray();
  }

  // ---------------------------------------------------------------- both passes

  @ParameterizedTest
  @MethodSource("cases")
  void forward(int[] cu, Routing routing, Sizes sizes, Decay decay, Strength strength, Keys keys) {
    DeltaCase drawn = random(DeltaCase.bench(cu), routing, sizes, decay, strength, keys);
    for (DeltaCase c : variants(drawn)) {
      DeltaCase.Forward actual = c.forward(deltaRule());
      DeltaCase.Forward expected = c.expected();
      Comparison comparison = new Comparison();
      comparison.forward("out", actual.out(), expected.out());
      if (c.useState()) {
        comparison.forward("states", actual.states(), expected.states());
      }
      assertPassed(comparison);
      assertZeroUnless(c.rows()::read, actual.out(), c.rows().count(), sizes.value());
    }
  }

  /** With and without gated values, with and without initial states. */
  private static DeltaCase[] variants(DeltaCase c) {
    return new DeltaCase[] {
      c.with(false, c.states()), c.with(true, c.states()), c.with(false, null), c.with(true, null)
    };
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradient(int[] cu, Routing routing, Sizes sizes, Decay decay, Strength strength, Keys keys) {
    OperationBench draws = DeltaCase.bench(cu);
    DeltaCase drawn = random(draws, routing, sizes, decay, strength, keys);
    double[] dOut = draws.normal(drawn.v().length, 1);
    double[] dLast = draws.normal(drawn.states().length, 1);
    for (DeltaCase c : variants(drawn)) {
      DeltaCase.Gradient d = c.gradient(deltaRule(), dOut, dLast);
      assertPassed(compare(d, c.expectedGradient(dOut, dLast)));
      assertZeroWhereNoPart(c, d);
      assertThat(c.gradient(deltaRule(), dOut, dLast, true))
          .usingRecursiveComparison()
          .isEqualTo(d);
    }
  }

  private static Comparison compare(DeltaCase.Gradient actual, DeltaCase.Gradient expected) {
    Comparison comparison = new Comparison();
    comparison.gradient("dq", actual.dq(), expected.dq());
    comparison.gradient("dk", actual.dk(), expected.dk());
    comparison.gradient("dv", actual.dv(), expected.dv());
    comparison.gradient("decay", actual.dDecay(), expected.dDecay());
    comparison.gradient("write strength", actual.dStrength(), expected.dStrength());
    comparison.gradient("weight of what is read", actual.dReadWeight(), expected.dReadWeight());
    comparison.gradient(
        "weight of what is written", actual.dWriteWeight(), expected.dWriteWeight());
    if (expected.dStates() != null) {
      comparison.gradient("dStates", actual.dStates(), expected.dStates());
    }
    return comparison;
  }

  private static void assertZeroWhereNoPart(DeltaCase c, DeltaCase.Gradient d) {
    DeltaRows rows = c.rows();
    int count = rows.count();
    assertZeroUnless(rows::read, d.dq(), count, c.sizes().key());
    assertZeroUnless(rows::written, d.dk(), count, c.sizes().key());
    assertZeroUnless(rows::written, d.dv(), count, c.sizes().value());
    assertZeroUnless(rows::read, d.dDecay(), count, 1);
    assertZeroUnless(rows::read, d.dStrength(), count, 1);
    assertZeroUnless(rows::read, d.dReadWeight(), count, 1);
    assertZeroUnless(rows::written, d.dWriteWeight(), count, 1);
  }

  private static void assertZeroUnless(IntPredicate part, double[] x, int count, int dim) {
    for (int i = 0; i < x.length; i++) {
      int row = i / dim % count;
      if (!part.test(row) && x[i] != 0) {
        throw new AssertionError("row %d takes no part; it has %s".formatted(row, x[i]));
      }
    }
  }

  // ---------------------------------------------------------------- corners

  /** Keys, queries and values of zeros, between others: as padding before a convolution leaves. */
  @Test
  void rowsOfZeros() {
    OperationBench draws = DeltaCase.bench(0, 20);
    Sizes sizes = sizes(1, 1, 16, 16);
    DeltaCase c = random(draws, Routing.none(), sizes, Decay.MILD, Strength.ANY, Keys.ANY);
    for (double[] x : new double[][] {c.q(), c.k(), c.v()}) {
      Arrays.fill(x, 0, 16, 0);
      Arrays.fill(x, 5 * 16, 8 * 16, 0);
    }
    double[] dOut = draws.normal(c.v().length, 1);
    double[] dLast = draws.normal(c.states().length, 1);
    Comparison comparison =
        compare(c.gradient(deltaRule(), dOut, dLast), c.expectedGradient(dOut, dLast));
    comparison.forward("out", c.forward(deltaRule()).out(), c.expected().out());
    assertPassed(comparison);
  }

  /**
   * Keys that hardly differ: rows overwrite, or with strengths near 2 invert, what others wrote.
   */
  @ParameterizedTest
  @CsvSource({"0.3, NEAR_ONE", "0.03, NEAR_ONE", "0.3, UP_TO_TWO", "0.03, UP_TO_TWO"})
  void keysThatHardlyDiffer(double difference, Strength strength) {
    OperationBench draws = DeltaCase.bench(0, 129);
    Sizes sizes = sizes(1, 1, 16, 16);
    DeltaCase c = random(draws, Routing.none(), sizes, Decay.NONE, strength, Keys.ANY);
    for (int i = 0; i < c.k().length; i++) {
      c.k()[i] = (float) (1 + difference * c.k()[i]);
    }
    double[] dOut = draws.normal(c.v().length, 1);
    double[] dLast = draws.normal(c.states().length, 1);
    Comparison comparison =
        compare(c.gradient(deltaRule(), dOut, dLast), c.expectedGradient(dOut, dLast));
    comparison.forward("out", c.forward(deltaRule()).out(), c.expected().out());
    assertPassed(comparison);
  }

  // ---------------------------------------------------------------- parts and wholes

  static IntStream splits() {
    return IntStream.range(1, 70);
  }

  @ParameterizedTest
  @MethodSource("splits")
  void twoBlocksAreOne(int split) {
    Sizes sizes = sizes(1, 2, 17, 5);
    OperationBench draws = DeltaCase.bench(0, 70);
    DeltaCase whole =
        random(draws, Routing.chosen(3, 1, 2), sizes, Decay.MIXED, Strength.UP_TO_TWO, Keys.ANY);
    double[] dOut = draws.normal(whole.v().length, 1);
    double[] dLast = draws.normal(whole.states().length, 1);
    DeltaCase first = whole.slice(0, split, whole.states());
    DeltaCase.Forward begun = first.forward(deltaRule());
    DeltaCase second = whole.slice(split, 70, begun.states());
    DeltaCase.Forward done = second.forward(deltaRule());
    DeltaCase.Forward expected = whole.expected();
    Comparison comparison = new Comparison();
    comparison.forward("states", done.states(), expected.states());
    comparison.forward(
        "out",
        join(first.tokenSums(begun.out(), 5), second.tokenSums(done.out(), 5), split, 5),
        whole.tokenSums(expected.out(), 5));
    DeltaCase.Gradient later =
        second.gradient(deltaRule(), whole.tokens(dOut, split, 70, 5), dLast);
    DeltaCase.Gradient earlier =
        first.gradient(deltaRule(), whole.tokens(dOut, 0, split, 5), later.dStates());
    DeltaCase.Gradient d = whole.expectedGradient(dOut, dLast);
    comparison.gradient("dStates", earlier.dStates(), d.dStates());
    comparison.gradient(
        "dk",
        join(first.tokenSums(earlier.dk(), 17), second.tokenSums(later.dk(), 17), split, 17),
        whole.tokenSums(d.dk(), 17));
    comparison.gradient(
        "decay",
        join(first.tokenSums(earlier.dDecay(), 1), second.tokenSums(later.dDecay(), 1), split, 1),
        whole.tokenSums(d.dDecay(), 1));
    assertPassed(comparison);
  }

  /** [blocks, split, dim] and [blocks, 70 − split, dim] as [blocks, 70, dim]. */
  private static double[] join(double[] first, double[] second, int split, int dim) {
    double[] all = new double[first.length + second.length];
    int n = split * dim;
    int m = (70 - split) * dim;
    for (int b = 0; b < all.length / (n + m); b++) {
      System.arraycopy(first, b * n, all, b * (n + m), n);
      System.arraycopy(second, b * m, all, b * (n + m) + n, m);
    }
    return all;
  }

  @Test
  void packedSequencesAreThoseOfEachAlone() {
    int[] cu = {0, 20, 20, 85};
    Sizes sizes = sizes(2, 4, 16, 32);
    OperationBench draws = DeltaCase.bench(cu);
    DeltaCase packed = random(draws, Routing.none(), sizes, Decay.MIXED, Strength.ANY, Keys.ANY);
    double[] dOut = draws.normal(packed.v().length, 1);
    double[] dLast = draws.normal(packed.states().length, 1);
    DeltaCase.Forward all = packed.forward(deltaRule());
    DeltaCase.Gradient d = packed.gradient(deltaRule(), dOut, dLast);
    int size = packed.states().length / 3;
    for (int s : new int[] {0, 2}) {
      int from = cu[s];
      int to = cu[s + 1];
      DeltaCase alone = packed.sequence(s);
      DeltaCase.Forward one = alone.forward(deltaRule());
      assertThat(one.out()).isEqualTo(packed.tokens(all.out(), from, to, sizes.value()));
      assertThat(one.states())
          .isEqualTo(Arrays.copyOfRange(all.states(), s * size, (s + 1) * size));
      DeltaCase.Gradient own =
          alone.gradient(
              deltaRule(),
              packed.tokens(dOut, from, to, sizes.value()),
              Arrays.copyOfRange(dLast, s * size, (s + 1) * size));
      assertThat(own.dq()).isEqualTo(packed.tokens(d.dq(), from, to, sizes.key()));
      assertThat(own.dk()).isEqualTo(packed.tokens(d.dk(), from, to, sizes.key()));
      assertThat(own.dDecay()).isEqualTo(packed.tokens(d.dDecay(), from, to, 1));
      assertThat(own.dStates())
          .isEqualTo(Arrays.copyOfRange(d.dStates(), s * size, (s + 1) * size));
    }
  }

  // ---------------------------------------------------------------- golden cases

  @Test
  void goldenCases() {
    try (GoldenCases golden = GoldenCases.shipped()) {
      GoldenCase[] cases =
          golden.all().stream()
              .filter(c -> c.kind() == Kind.OP)
              .filter(c -> c.name().contains("gdn"))
              .toArray(GoldenCase[]::new);
      assertThat(cases).isNotEmpty();
      for (GoldenCase c : cases) {
        Comparison comparison = new DeltaRuleGolden(GoldenCase.read(c.path())).compare(deltaRule());
        assertThat(comparison.result(c.name(), "").reason()).as(c.name()).isEmpty();
      }
    }
  }
}
