package io.github.tornadosse.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.data.TokenizerFiles;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusDataTest {
  @TempDir Path folder;

  private Recipe recipe(String... overrides) {
    List<String> all = new ArrayList<>(List.of("data.path=" + folder.resolve("text")));
    all.addAll(List.of(overrides));
    all.add("checkpoint.directory=" + folder.resolve("run"));
    return Recipe.parse(TrainingRunTest.YAML, "test.yaml", all);
  }

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void writeSome(int documents) throws IOException {
    for (int i = 0; i < documents; i++) {
      write("text/" + i + ".txt", "document " + i + ": some words. ".repeat(10 + i));
    }
  }

  @Test
  void givesBatchesOfTheRecipesSizes() throws IOException {
    writeSome(30);
    try (CorpusData data = CorpusData.open(recipe("data.held_out=0.3"))) {
      for (int i = 0; i < 50; i++) {
        PackedBatch batch = data.next();
        assertThat(batch.tokens()).isEqualTo(64);
        assertThat(batch.sequences()).isLessThanOrEqualTo(data.maxSequences());
        int separators = 0;
        for (int target : batch.targets()) {
          separators += target == data.separator() ? 1 : 0;
        }
        assertThat(data.targetBytes(batch)).isEqualTo(batch.targetCount() - separators);
        for (int s = 0; s < batch.sequences(); s++) {
          assertThat(batch.cuSeqlens()[s + 1] - batch.cuSeqlens()[s]).isBetween(1, 16);
        }
      }
      List<PackedBatch> heldOut = data.heldOut(128);
      assertThat(heldOut.stream().mapToInt(PackedBatch::tokens).sum()).isBetween(2, 128);
      assertThat(data.vocabSize()).isGreaterThanOrEqualTo(256);
      assertThat(data.files()).containsOnlyKeys("tokenizer.json", "tokenizer_config.json");
      List<Baseline> baselines = data.baselines(100_000, 1000);
      assertThat(baselines.get(0).bitsPerByte()).isGreaterThan(baselines.get(1).bitsPerByte());
    }
  }

  @Test
  void readsTheTokenizerOfAPath() throws IOException {
    write("text/0.txt", "the he said the end. ".repeat(40));
    Path file = folder.resolve("vocabulary/tokenizer.json");
    write("vocabulary/tokenizer.json", TokenizerFiles.sentencePiece().toString());
    write("vocabulary/tokenizer_config.json", "{\"eos_token\": \"</s>\"}");
    try (CorpusData data = CorpusData.open(recipe("data.tokenizer=" + file))) {
      assertThat(data.separator()).isEqualTo(2);
      assertThat(data.vocabSize()).isBetween(290, 310);
      assertThat(data.files()).containsOnlyKeys("tokenizer.json", "tokenizer_config.json");
      PackedBatch held = data.heldOut(64).get(0);
      assertThat(held.ids()).startsWith(1);
      assertThat(data.targetBytes(held)).isGreaterThan(held.targetCount());
    }
  }

  @Test
  void goesOnWhereItStood() throws IOException {
    writeSome(12);
    List<int[]> expected = new ArrayList<>();
    JsonNode position;
    try (CorpusData data = CorpusData.open(recipe())) {
      for (int i = 0; i < 7; i++) {
        data.next();
      }
      position = data.position();
      for (int i = 0; i < 200; i++) {
        expected.add(data.next().ids());
      }
    }
    try (CorpusData data = CorpusData.open(recipe())) {
      data.seek(position);
      for (int[] ids : expected) {
        assertThat(data.next().ids()).isEqualTo(ids);
      }
    }
  }

  @Test
  void trainsOnFilesAndRefusesOthersOnResuming() throws IOException {
    writeSome(12);
    Recipe recipe = recipe();
    TrainingSummary summary =
        new TrainingRun(recipe, TrainingRun.Options.fresh(), BigramModel::new, Progress.NONE).run();
    assertThat(summary.step()).isEqualTo(12);
    assertThat(summary.heldOutBitsPerByte()).isPresent();
    assertThat(summary.report().orElseThrow()).exists();
    writeSome(13);
    assertThatThrownBy(
            () ->
                new TrainingRun(
                        recipe, TrainingRun.Options.latest(), BigramModel::new, Progress.NONE)
                    .run())
        .isInstanceOf(UserError.class)
        .hasMessageContaining("texts");
  }

  @Test
  void evaluatesOnAPathOfItsOwn() throws IOException {
    writeSome(3);
    write("other/held.txt", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
    String path = "data.held_out=" + folder.resolve("other");
    try (CorpusData data = CorpusData.open(recipe(path))) {
      assertThat(data.heldOut(64).get(0).ids()).startsWith('z', 'z', 'z');
    }
    assertThatThrownBy(() -> CorpusData.open(recipe("data.held_out=" + folder.resolve("none"))))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("none");
  }

  @Test
  void saysThatThereIsNoText() throws IOException {
    assertThatThrownBy(() -> CorpusData.open(recipe()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(folder.resolve("text").toString());
    write("text/empty.txt", "");
    assertThatThrownBy(() -> CorpusData.open(recipe()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("there is no text");
    writeSome(3);
    assertThatThrownBy(() -> CorpusData.open(recipe("data.include=*.java")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("there is no text");
    assertThatThrownBy(() -> CorpusData.open(recipe("data.tokenizer=words")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("data.tokenizer: \"words\" is neither 'bytes' nor the path");
  }
}
