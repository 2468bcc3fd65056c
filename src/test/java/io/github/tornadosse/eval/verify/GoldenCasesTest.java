package io.github.tornadosse.eval.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.eval.verify.GoldenCase.Kind;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoldenCasesTest {
  @Test
  void findsCasesByTheirPlace(@TempDir Path directory) throws IOException {
    for (String file :
        List.of(
            "op/b.safetensors",
            "op/a.safetensors",
            "op/notes.txt",
            "mixer/m.safetensors",
            "model/full/case.safetensors",
            "model/empty/config.json")) {
      Files.createDirectories(directory.resolve(file).getParent());
      Files.createFile(directory.resolve(file));
    }
    try (GoldenCases cases = GoldenCases.in(directory)) {
      assertThat(cases.all())
          .containsExactly(
              new GoldenCase("op/a", Kind.OP, directory.resolve("op/a.safetensors")),
              new GoldenCase("op/b", Kind.OP, directory.resolve("op/b.safetensors")),
              new GoldenCase("mixer/m", Kind.MIXER, directory.resolve("mixer/m.safetensors")),
              new GoldenCase("model/full", Kind.MODEL, directory.resolve("model/full")));
    }
    assertThat(directory.resolve("op/a.safetensors")).exists();
  }

  @Test
  void saysWhatACaseDirectoryLooksLike(@TempDir Path directory) {
    assertThatThrownBy(() -> GoldenCases.in(directory))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("mixer/NAME.safetensors");
    assertThatThrownBy(() -> GoldenCases.in(directory.resolve("none")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("is not a directory");
  }

  @Test
  void shipsCasesOfEveryKindAndDeletesItsCopy() {
    GoldenCases cases = GoldenCases.shipped();
    assertThat(cases.all()).extracting(GoldenCase::kind).contains(Kind.values());
    Path first = cases.all().get(0).path();
    assertThat(first).exists();
    cases.close();
    assertThat(first).doesNotExist();
  }
}
