package io.github.tornadosse.eval.profile;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.AttentionOperations;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.nn.AdamSettings;
import io.github.tornadosse.nn.TrainingModel;
import io.github.tornadosse.nn.Variants;
import io.github.tornadosse.runtime.Tiers;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CountedOperationsTest {
  private static final AdamSettings ADAM = new AdamSettings(0.9, 0.95, 1e-8, 0.1);

  static List<String> variants() {
    return Variants.names();
  }

  private static CountedOperations counted(String variant) {
    CountedOperations counted = new CountedOperations(Tiers.choose("vector").operations(), 32);
    TrainingModel.plan(
        Variants.config(variant),
        new TrainingModel.Settings(64, 4, ADAM, false),
        counted.operations());
    return counted;
  }

  @ParameterizedTest
  @MethodSource("variants")
  void everyOperationOfATrainingStepIsCounted(String variant) {
    CountedOperations counted = counted(variant);
    CountedOperations.Counted head = counted.of("head", "head.logits").getValue();
    int d = Variants.config(variant).hiddenSize();
    int vocabulary = Variants.config(variant).vocabSize();
    assertThat(head.operation()).isEqualTo("linear");
    assertThat(head.part()).isEqualTo(Part.DENSE_FORWARD);
    assertThat(head.work().flop()).isEqualTo(2.0 * 64 * d * vocabulary);
    assertThat(head.work().bytes()).isEqualTo(4.0 * (64 * d + 64 * vocabulary + d * vocabulary));
  }

  @Test
  void aTaskBelongsToTheOperationThatItsNameBeginsWith() {
    CountedOperations counted = counted("gla n4k1");
    Map.Entry<String, CountedOperations.Counted> kernel =
        counted.of("mixer-layer", "mixer.rows.some.kernel");
    assertThat(kernel.getKey()).isEqualTo("mixer.rows");
    assertThat(kernel.getValue().part()).isEqualTo(Part.ROUTING);
    Map.Entry<String, CountedOperations.Counted> other = counted.of("upload", "touch");
    assertThat(other.getKey()).isEqualTo("touch");
    assertThat(other.getValue()).isEqualTo(CountedOperations.Counted.UNKNOWN);
  }

  @Test
  void productsAreCountedByTheirShapes() {
    Linear l = new Linear(null, 3, null, null, 5, 0, 3, 5);
    assertThat(new NominalWork(7, 7, l).of("linear")).isEqualTo(Work.of(210, 21 + 35 + 15));
    assertThat(new NominalWork(7, 7, l, null).of("linearAdd"))
        .isEqualTo(Work.of(210, 21 + 35 + 35 + 15));
    assertThat(new NominalWork(7, 7, l, false).of("linearInputGradient"))
        .isEqualTo(Work.of(210, 21 + 35 + 15));
    assertThat(new NominalWork(7, 7, l, true).of("linearInputGradient"))
        .isEqualTo(Work.of(210, 21 + 21 + 35 + 15));
    assertThat(new NominalWork(7, 7, l).of("linearWeightGradient"))
        .isEqualTo(Work.of(210, 21 + 35 + 15 + 15));
  }

  @Test
  void chunksAreCountedAsInTheBenchmark() {
    Rows rows = new Rows(null, null, null, null, null, 4, 1);
    HeadSizes sizes = new HeadSizes(2, 128, 128);
    double chunk = 4.0 * 64 * 64 * 128 + 4.0 * 64 * 128 * 128;
    Work forward = new NominalWork(640, 640, rows, sizes).of("gla");
    assertThat(forward.flop()).isEqualTo(10 * 2 * 2 * chunk);
    assertThat(forward.bytes()).isEqualTo(4.0 * 640 * 2 * 2 * 5 * 128);
    Work back = new NominalWork(640, 640, rows, sizes).of("glaGradient");
    assertThat(back.flop()).isEqualTo(2 * forward.flop());
  }

  @Test
  void attentionIsCountedByThePairsThatItSees() {
    AttentionOperations.Sizes all = new AttentionOperations.Sizes(2, 1, 16, 0);
    // Sequences of 4: tokens see 1, 2, 3 and 4; 12 tokens, so 30 pairs.
    assertThat(new NominalWork(12, 4, all).of("attention.attention").flop())
        .isEqualTo(4.0 * 16 * 30 * 2);
    AttentionOperations.Sizes window = new AttentionOperations.Sizes(2, 1, 16, 2);
    // A window of 2: 1, 2, 2 and 2.
    assertThat(new NominalWork(12, 4, window).of("attention.attention").flop())
        .isEqualTo(4.0 * 16 * 21 * 2);
  }
}
