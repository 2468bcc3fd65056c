package io.github.tornadosse.eval.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class PowerFitTest {
  private static final double[] LENGTHS = {2048, 4096, 8192, 16384, 32768};

  private static double[] powers(double factor, double exponent) {
    double[] y = new double[LENGTHS.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = factor * Math.pow(LENGTHS[i], exponent);
    }
    return y;
  }

  @Property(tries = 50)
  void aPowerIsFoundExactly(
      @ForAll @DoubleRange(min = 0.01, max = 100) double factor,
      @ForAll @DoubleRange(min = 0.1, max = 3) double exponent) {
    PowerFit fit = PowerFit.of(LENGTHS, powers(factor, exponent));
    assertThat(fit.exponent()).isCloseTo(exponent, within(1e-9));
    assertThat(fit.half()).isLessThan(1e-6);
    assertThat(fit.at(1000))
        .isCloseTo(factor * Math.pow(1000, exponent), within(1e-6 * fit.at(1000)));
  }

  @Test
  void theIntervalHoldsTheTrueExponentAboutAsOftenAsItSays() {
    int held = 0;
    Random random = new Random(1);
    for (int run = 0; run < 500; run++) {
      double[] y = powers(0.01, 1);
      for (int i = 0; i < y.length; i++) {
        y[i] *= Math.exp(0.1 * random.nextGaussian());
      }
      PowerFit fit = PowerFit.of(LENGTHS, y);
      held += Math.abs(fit.exponent() - 1) <= fit.half() ? 1 : 0;
    }
    assertThat(held / 500.0).isBetween(0.92, 0.98);
  }

  @Test
  void twoPointsHaveNoIntervalAndOneHasNoFit() {
    PowerFit fit = PowerFit.of(new double[] {1, 10}, new double[] {1, 100});
    assertThat(fit.exponent()).isCloseTo(2, within(1e-12));
    assertThat(fit.half()).isNaN();
    assertThat(PowerFit.of(new double[] {5, 5}, new double[] {1, 2})).isNull();
  }
}
