package io.github.tornadosse.eval.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.MixerConfig;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.nn.StateSize;
import io.github.tornadosse.nn.Variants;
import io.github.tornadosse.runtime.Tiers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InspectionTest {
  private static final int TOKENS = 50;

  @TempDir Path folder;

  private static List<LayerReport> reports(String variant, int seed) {
    ModelConfig config =
        ModelConfig.fromJson(Variants.json(variant).put("initializer_range", 0.25), variant);
    int[] text = new SplittableRandom(seed).ints(TOKENS, 0, 29).toArray();
    try (LanguageModel model =
        LanguageModel.create(
            ModelWeights.initial(config, 1),
            Tiers.choose("vector").operations(),
            Inspection.capacity(TOKENS))) {
      return Inspection.of(model, text);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gla n4k1",
        "plain gla",
        "more writers, grouped values, narrow, q softmax",
        "more readers, wide, row top-k",
        "masked form, W > R",
        "convolution",
        "without partition 0",
        "gdn n4k1",
        "plain gdn",
        "gdn, convolution, negative eigenvalues, grouped values",
        "gdn hybrid, softmax first and last",
        "transformer"
      })
  void figuresAreWithinTheirBounds(String variant) {
    ModelConfig config = Variants.config(variant);
    MixerConfig m = config.mixer();
    List<LayerReport> reports = reports(variant, 3);
    assertThat(reports).hasSize(config.layers());
    for (LayerReport report : reports) {
      boolean mixer = config.kind(report.layer()) == ModelConfig.Kind.MIXER;
      LayerReport.State s = report.state();
      assertThat(s != null).isEqualTo(mixer);
      if (s == null) {
        continue;
      }
      assertThat(s.partitions()).hasSize(m.partitions() + (m.always() ? 1 : 0));
      int rank = Math.min(m.headDim(), m.valueSize() / m.heads());
      for (LayerReport.Partition p : s.partitions()) {
        assertThat(p.effectiveRank()).isBetween(p.norm() > 0 ? 1.0 - 1e-9 : 0, rank + 1e-9);
      }
      assertThat(s.rowsWritten()).isBetween(0.0, 1.0);
      assertThat(s.rowSimilarity()).isBetween(0.0, 1.0 + 1e-9);
      for (LayerReport.Decay d : s.decay()) {
        assertThat(d.median()).isPositive().isLessThanOrEqualTo(d.longest());
        assertThat(d.text()).isGreaterThanOrEqualTo(d.median() * (1 - 1e-9));
      }
      if (m.sparse()) {
        double load = Arrays.stream(s.routing().load()).sum();
        assertThat(load).isCloseTo(m.writers(), within(1e-9));
        assertThat(s.routing().loadEntropy()).isBetween(0.0, 1 + 1e-9);
        assertThat(s.routing().gateEntropy()).isBetween(0.0, 1 + 1e-9);
      }
    }
  }

  @Test
  void rowTopkWritesSoManyRowsAtMost() {
    MixerConfig m = Variants.config("more readers, wide, row top-k").mixer();
    for (LayerReport report : reports("more readers, wide, row top-k", 1)) {
      double rows = (m.partitions() + 1.0) * m.headDim();
      assertThat(report.state().rowsWritten() * rows).isBetween(1.0, 2.0 * m.rowTopk());
    }
  }

  @Test
  void theMaskedFormShowsTheSame() {
    ModelConfig masked =
        ModelConfig.fromJson(Variants.json("gla n4k1").put("sse_implementation", "mask"), "mask");
    ModelConfig varlen = Variants.config("gla n4k1");
    int[] text = new SplittableRandom(1).ints(TOKENS, 0, 29).toArray();
    LayerReport.State[] states = new LayerReport.State[2];
    for (int i = 0; i < 2; i++) {
      try (LanguageModel model =
          LanguageModel.create(
              ModelWeights.initial(i == 0 ? masked : varlen, 1),
              Tiers.choose("vector").operations(),
              Inspection.capacity(TOKENS))) {
        states[i] = Inspection.of(model, text).get(1).state();
      }
    }
    assertThat(states[0].routing().first()).isEqualTo(states[1].routing().first());
    assertThat(states[0].wholeRank()).isCloseTo(states[1].wholeRank(), within(1e-3));
    assertThat(states[0].rowsWritten()).isCloseTo(states[1].rowsWritten(), within(1e-5));
  }

  @Test
  void measuresOfKnownMatrices() {
    double[][] identity = {{2, 0, 0}, {0, 2, 0}, {0, 0, 2}};
    double[][] one = {{1, 2, 3}, {-2, -4, -6}, {0, 0, 0}};
    assertThat(StateMeasures.effectiveRank(identity)).isCloseTo(3, within(1e-9));
    assertThat(StateMeasures.effectiveRank(one)).isCloseTo(1, within(1e-6));
    assertThat(StateMeasures.effectiveRank(new double[2][2])).isZero();
    assertThat(StateMeasures.similarity(identity)).isZero();
    assertThat(StateMeasures.similarity(one)).isCloseTo(1, within(1e-12));
    assertThat(StateMeasures.similarity(new double[][] {{1, 2}})).isNaN();
    assertThat(StateMeasures.entropy(new double[] {1, 1, 0, 2}))
        .isCloseTo(1.5 * Math.log(2), within(1e-12));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"gla n4k1", "convolution", "hybrid", "transformer", "plain gdn", "odd sizes"})
  void theStateHasAsManyBytesAsASessionKeeps(String variant) {
    ModelConfig config = Variants.config(variant);
    try (LanguageModel model =
        LanguageModel.create(
            ModelWeights.initial(config, 1),
            Tiers.choose("vector").operations(),
            LanguageModel.Capacity.reading(8, 1, 64))) {
      assertThat(StateSize.bytes(config, 64)).isEqualTo(model.sessionBytes());
    }
  }

  @Test
  void aPageShowsTheTextInColours() throws IOException {
    Path page = folder.resolve("states.html");
    Inspected hybrid =
        new Inspected("hybrid", "SSE", Collections.nCopies(TOKENS, "<a>"), reports("hybrid", 1));
    InspectionPage.write(page, List.of(hybrid), Map.of("Text", "some"));
    assertThat(Files.readString(page))
        .contains("softmax attention: no state")
        .contains("hybrid, layer 0", "hybrid, layer 2", "“&lt;a&gt;”")
        .doesNotContain("hybrid, layer 1:");
    assertThat(hybrid.collected(0, hybrid.layers().get(0).state().routing().first()[0], 3))
        .hasSize(1);
  }
}
