package io.github.tornadosse.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final float[] LOGITS = {0.5f, 2f, -1f, 2f, 1f};
  private static final BitSet NONE = new BitSet();

  private static int[] counts(SamplingOptions options, int draws) {
    Sampler s = new Sampler(options);
    int[] n = new int[LOGITS.length];
    for (int i = 0; i < draws; i++) {
      n[s.next(LOGITS, NONE, i)]++;
    }
    return n;
  }

  @Test
  void temperatureZeroTakesTheFirstOfTheLargest() {
    assertThat(counts(SamplingOptions.greedy(), 10)).containsExactly(0, 10, 0, 0, 0);
  }

  @Test
  void drawsFollowTheSoftmax() {
    int draws = 40000;
    double z = 0;
    for (float l : LOGITS) {
      z += Math.exp(l / 0.7);
    }
    // One way draws in the order of ids, the other one in that of likelihood.
    for (int topK : new int[] {0, 5}) {
      int[] n = counts(new SamplingOptions(0.7, topK, 1, 3), draws);
      for (int i = 0; i < n.length; i++) {
        assertThat(n[i] / (double) draws).isCloseTo(Math.exp(LOGITS[i] / 0.7) / z, within(0.01));
      }
    }
  }

  @Test
  void topKAndTopPLeaveOutTheRest() {
    int[] k = counts(new SamplingOptions(1, 3, 1, 1), 2000);
    assertThat(k[0] + k[2]).isZero();
    assertThat(k[1]).isPositive();
    assertThat(k[4]).isPositive();
    int[] p = counts(new SamplingOptions(1, 0, 0.6, 1), 2000);
    assertThat(p[0] + p[2] + p[4]).isZero();
    assertThat(p[3]).isPositive();
    int[] first = counts(new SamplingOptions(1, 1, 1, 1), 100);
    assertThat(first[1]).isEqualTo(100);
  }

  @Test
  void topPIsOfWhatTopKHasLeft() {
    // Of 1 and 3 each has half of the probability, of all five tokens 0.36.
    int[] n = counts(new SamplingOptions(1, 2, 0.4, 1), 500);
    assertThat(n).containsExactly(0, 500, 0, 0, 0);
    n = counts(new SamplingOptions(1, 0, 0.4, 1), 500);
    assertThat(n[3]).isPositive();
  }

  @Provide
  Arbitrary<float[]> logits() {
    return Arbitraries.floats().between(-9, 9).array(float[].class).ofMinSize(1).ofMaxSize(40);
  }

  /** What the options leave in, by sorting everything. */
  private static List<Integer> kept(float[] logits, SamplingOptions o) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < logits.length; i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingDouble(i -> -logits[i]));
    order = order.subList(0, o.topK() == 0 ? logits.length : Math.min(o.topK(), logits.length));
    double[] p = new double[logits.length];
    double sum = 0;
    for (int i : order) {
      p[i] = Math.exp((logits[i] - (double) logits[order.get(0)]) / o.temperature());
      sum += p[i];
    }
    List<Integer> kept = new ArrayList<>();
    double before = 0;
    for (int i : order) {
      // A hair's breadth, because sums depend on their order.
      if (before < o.topP() * sum * (1 + 1e-9) && p[i] >= o.minP() * (1 - 1e-9)) {
        kept.add(i);
      }
      before += p[i];
    }
    return kept;
  }

  @Property(tries = 300)
  void onlyWhatTheOptionsLeaveInIsDrawn(
      @ForAll("logits") float[] logits,
      @ForAll @DoubleRange(min = 0.1, max = 3) double temperature,
      @ForAll @IntRange(max = 45) int topK,
      @ForAll @DoubleRange(min = 0.01, max = 1) double topP,
      @ForAll @DoubleRange(max = 1) double minP,
      @ForAll long seed) {
    SamplingOptions o = new SamplingOptions(temperature, topK, topP, minP, 1, seed);
    List<Integer> kept = kept(logits, o);
    Sampler s = new Sampler(o);
    float[] before = logits.clone();
    for (int position = 0; position < 50; position++) {
      assertThat(kept).contains(s.next(logits, NONE, position));
    }
    assertThat(logits).isEqualTo(before);
  }

  @Property(tries = 60)
  void selectionInALargeVocabularyEqualsThatBySorting(
      @ForAll @IntRange(max = 700) int topK,
      @ForAll @DoubleRange(min = 0.5, max = 1) double topP,
      @ForAll @IntRange(max = 3) int shape,
      @ForAll long seed) {
    SplittableRandom r = new SplittableRandom(seed);
    float[] logits = new float[3000];
    for (int i = 0; i < logits.length; i++) {
      double x =
          switch (shape) {
            case 0 -> r.nextGaussian();
            case 1 -> i * 1e-3;
            case 2 -> -i * 1e-3;
            default -> r.nextInt(4);
          };
      logits[i] = (float) x;
    }
    SamplingOptions o = new SamplingOptions(1, topK, topP, 0, 1, seed);
    List<Integer> kept = kept(logits, o);
    Sampler s = new Sampler(o);
    for (int position = 0; position < 100; position++) {
      assertThat(kept).contains(s.next(logits, NONE, position));
    }
  }

  @Property(tries = 200)
  void theRepetitionPenaltyChangesTheLogitsOfTokensThatAreThere(
      @ForAll("logits") float[] logits,
      @ForAll @DoubleRange(min = 0.5, max = 3) double penalty,
      @ForAll @DoubleRange(max = 2) double temperature,
      @ForAll long seed) {
    BitSet seen = BitSet.valueOf(new long[] {seed});
    seen.clear(logits.length, 64);
    float[] changed = logits.clone();
    seen.stream()
        .forEach(
            i -> changed[i] = (float) (logits[i] > 0 ? logits[i] / penalty : logits[i] * penalty));
    Sampler s = new Sampler(new SamplingOptions(temperature, 0, 1, 0, penalty, seed));
    Sampler plain = new Sampler(new SamplingOptions(temperature, 0, 1, 0, 1, seed));
    for (int position = 0; position < 20; position++) {
      assertThat(s.next(logits, seen, position)).isEqualTo(plain.next(changed, seen, position));
    }
  }

  @Property(tries = 100)
  void aDrawDependsOnSeedAndPositionOnly(@ForAll long seed, @ForAll @IntRange int position) {
    SamplingOptions o = new SamplingOptions(1, 0, 1, seed);
    Sampler used = new Sampler(o);
    for (int i = 0; i < 10; i++) {
      used.next(LOGITS, NONE, i);
    }
    assertThat(used.next(LOGITS, NONE, position))
        .isEqualTo(new Sampler(o).next(LOGITS, NONE, position));
  }

  @Test
  void neighbouringSeedsAndPositionsAreIndependent() {
    float[] equal = new float[2];
    int agree = 0;
    for (int i = 0; i < 4000; i++) {
      int a = new Sampler(new SamplingOptions(1, 0, 1, 7)).next(equal, NONE, i + 1);
      int b = new Sampler(new SamplingOptions(1, 0, 1, 8)).next(equal, NONE, i);
      agree += a == b ? 1 : 0;
    }
    assertThat(agree).isBetween(1850, 2150);
  }

  @Test
  void impossibleTokensAreNeverDrawn() {
    float[] logits = new float[300];
    Arrays.fill(logits, Float.NEGATIVE_INFINITY);
    logits[200] = 1;
    logits[201] = 0;
    for (SamplingOptions o :
        List.of(
            SamplingOptions.greedy(),
            new SamplingOptions(1, 0, 1, 0),
            new SamplingOptions(1, 50, 1, 0),
            new SamplingOptions(1, 0, 0.99, 0))) {
      Sampler s = new Sampler(o);
      for (int i = 0; i < 50; i++) {
        assertThat(s.next(logits, NONE, i)).isBetween(200, 201);
      }
    }
  }

  @Test
  void logitsThatAreNotNumbersAreRefused() {
    Sampler s = new Sampler(new SamplingOptions(1, 2, 1, 0));
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      for (int at = 0; at < 3; at++) {
        float[] logits = {1, 2, 3};
        logits[at] = bad;
        assertThatThrownBy(() -> s.next(logits, NONE, 0))
            .isInstanceOf(UserError.class)
            .hasMessageContaining("not finite");
      }
    }
    float[] none = {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY};
    assertThatThrownBy(() -> s.next(none, NONE, 0)).isInstanceOf(UserError.class);
  }

  @Test
  void optionsOutOfRangeAreNamed() {
    assertThatThrownBy(() -> new SamplingOptions(-1, 0, 1, 0))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("temperature");
    assertThatThrownBy(() -> new SamplingOptions(1, -1, 1, 0)).hasMessageContaining("top-k");
    assertThatThrownBy(() -> new SamplingOptions(1, 0, 0, 0)).hasMessageContaining("top-p");
    assertThatThrownBy(() -> new SamplingOptions(1, 0, 1, 1.5, 1, 0)).hasMessageContaining("min-p");
    assertThatThrownBy(() -> new SamplingOptions(1, 0, 1, 0, 0, 0))
        .hasMessageContaining("repetition penalty");
  }
}
