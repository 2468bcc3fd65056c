package io.github.tornadosse.eval.tune;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.eval.tune.Tuner.Finding;
import io.github.tornadosse.graph.GpuSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TunerTest {
  @Test
  void everySettingMattersForSomething() {
    assertThat(Tuner.MATTERS.keySet()).isEqualTo(GpuSettings.CANDIDATES.keySet());
  }

  @Test
  void timesEveryCandidateAndTakesOneOfThem() {
    List<Finding> findings = new ArrayList<>();
    Map<String, Integer> tuned = new Tuner(4, 16, 32, 1).run(GpuSettings.SMALLEST, findings::add);
    assertThat(findings).hasSameSizeAs(GpuSettings.CANDIDATES.keySet());
    for (Finding f : findings) {
      List<Integer> candidates = GpuSettings.CANDIDATES.get(f.name());
      assertThat(f.seconds().keySet()).isSubsetOf(candidates).contains(f.chosen());
      assertThat(f.seconds().values()).allMatch(s -> s > 0);
      assertThat(tuned.getOrDefault(f.name(), candidates.getFirst())).isEqualTo(f.chosen());
    }
  }

  @Test
  void theUsualBestStaysUnlessAnotherIsClearlyFaster() {
    List<Integer> candidates = List.of(128, 64, 256);
    assertThat(Tuner.choose(candidates, Map.of(128, 1.0, 64, 0.99, 256, 2.0))).isEqualTo(128);
    assertThat(Tuner.choose(candidates, Map.of(128, 1.0, 64, 0.9, 256, 2.0))).isEqualTo(64);
    assertThat(Tuner.choose(candidates, Map.of(64, 0.99, 256, 2.0))).isEqualTo(64);
  }
}
