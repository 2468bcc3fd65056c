package io.github.tornadosse.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.tornadosse.tensor.UserError;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final float[] LOGITS = {0.5f, 2f, -1f, 2f, 1f};

  private static int[] counts(SamplingOptions options, int draws) {
    Sampler s = new Sampler(options);
    int[] n = new int[LOGITS.length];
    for (int i = 0; i < draws; i++) {
      n[s.next(LOGITS, new BitSet(), i)]++;
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
    int[] n = counts(new SamplingOptions(0.7, 0, 1, 3), draws);
    double z = 0;
    for (float l : LOGITS) {
      z += Math.exp(l / 0.7);
    }
    for (int i = 0; i < n.length; i++) {
      assertThat(n[i] / (double) draws).isCloseTo(Math.exp(LOGITS[i] / 0.7) / z, within(0.01));
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
  }

  @Test
  void theSeedDecides() {
    SamplingOptions o = new SamplingOptions(1, 0, 1, 9);
    Sampler a = new Sampler(o);
    Sampler b = new Sampler(o);
    for (int i = 0; i < 100; i++) {
      assertThat(a.next(LOGITS, new BitSet(), i)).isEqualTo(b.next(LOGITS, new BitSet(), i));
    }
  }

  @Test
  void optionsOutOfRangeAreNamed() {
    assertThatThrownBy(() -> new SamplingOptions(-1, 0, 1, 0))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("temperature");
    assertThatThrownBy(() -> new SamplingOptions(1, -1, 1, 0)).hasMessageContaining("top-k");
    assertThatThrownBy(() -> new SamplingOptions(1, 0, 0, 0)).hasMessageContaining("top-p");
  }
}
