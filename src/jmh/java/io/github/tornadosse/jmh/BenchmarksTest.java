package io.github.tornadosse.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs every benchmark once at a small size; says nothing about speed. */
class BenchmarksTest {
  private static final int BENCHMARKS = 21;
  private static final int TIERS = 2;

  @Test
  void everyBenchmarkRunsInEveryTier() throws RunnerException {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include("io\\.github\\.tornadosse\\.jmh\\..*")
                    .param("tokens", "70")
                    .param("in", "24")
                    .param("out", "20")
                    .param("heads", "1")
                    .param("dim", "16")
                    .param("partitions", "4")
                    .param("window", "16")
                    .param("hidden", "24")
                    .param("vocabulary", "30")
                    .param("parameters", "5000")
                    .mode(Mode.SingleShotTime)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .forks(0)
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    assertThat(results).hasSize(TIERS * BENCHMARKS);
    for (RunResult r : results) {
      assertThat(r.getPrimaryResult().getScore())
          .as(r.getParams().getBenchmark())
          .isGreaterThanOrEqualTo(0);
    }
  }
}
