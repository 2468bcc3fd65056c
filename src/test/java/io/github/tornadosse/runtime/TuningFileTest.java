package io.github.tornadosse.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.graph.GpuSettings;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TuningFileTest {
  private static final Map<String, Integer> TUNED = Map.of(GpuSettings.REDUCTION_ITEMS, 64);

  @TempDir private Path cache;

  @Test
  void whatIsWrittenIsReadAndNothingElseIsLeft() throws IOException {
    TuningFile file = TuningFile.in(cache, "cuda 0, GPU (X/Y), driver 1");
    assertThat(file.read()).isEmpty();
    file.write(Map.of());
    file.write(TUNED);
    assertThat(file.read()).isEqualTo(TUNED);
    try (Stream<Path> files = Files.list(cache.resolve("tornado-sse/tuning"))) {
      assertThat(files).containsExactly(file.file());
    }
  }

  @Test
  void anotherDeviceHasAnotherFileAndDoesNotTakeThisOne() throws IOException {
    TuningFile one = TuningFile.in(cache, "cuda 0, driver 1");
    TuningFile two = TuningFile.in(cache, "cuda 0, driver 2");
    one.write(TUNED);
    assertThat(two.read()).isEmpty();
    Files.copy(one.file(), two.file());
    assertThat(two.read()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{\"device\": \"d\", \"tuned\": {\"reduction.items\": 63}}",
        "{\"device\": \"d\", \"tuned\": {\"reduction.items\": \"64\"}}",
        "{\"device\": \"d\", \"tuned\": {\"unknown\": 64}}"
      })
  void aDefectiveFileIsNotTaken(String text) throws IOException {
    TuningFile file = TuningFile.in(cache, "d");
    Files.createDirectories(file.file().getParent());
    Files.writeString(file.file(), text);
    assertThat(file.read()).isEmpty();
  }

  @Test
  void whereNothingCanBeWrittenIsSaid() throws IOException {
    Path blocked = Files.writeString(cache.resolve("file"), "");
    assertThatThrownBy(() -> TuningFile.in(blocked, "d").write(TUNED))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("cannot write");
  }

  @Test
  void theCacheIsWhereTheUserHasIt() {
    assertThat(TuningFile.cache(Map.of("XDG_CACHE_HOME", "/x"))).isEqualTo(Path.of("/x"));
    assertThat(TuningFile.cache(Map.of()))
        .isEqualTo(Path.of(System.getProperty("user.home"), ".cache"));
  }
}
