package io.github.tornadosse.infer;

import static io.github.tornadosse.infer.SmallModels.model;
import static io.github.tornadosse.infer.SmallModels.text;
import static io.github.tornadosse.infer.SmallModels.weights;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionFileTest {
  private static final ModelWeights WEIGHTS = weights("gla n4k1");
  private static final int TOKENS = 20;

  @TempDir private Path directory;

  private Path saved(ModelWeights weights) {
    Path file = directory.resolve("session.safetensors");
    try (LanguageModel m = model(weights, 16, 1);
        Session s = Session.open(m)) {
      s.read(text(TOKENS, 1));
      s.save(file);
    }
    return file;
  }

  private static void assertRefused(Path file, ModelWeights weights, String... parts) {
    try (LanguageModel m = model(weights, 16, 1)) {
      assertThatThrownBy(() -> Session.restore(m, file))
          .isInstanceOf(UserError.class)
          .satisfies(
              e ->
                  assertThat(e.getMessage())
                      .contains(parts)
                      .contains(file.getFileName().toString())
                      .doesNotContain("\n"));
      // The place in the model is free again.
      Session.open(m).close();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gla n4k1",
        "convolution",
        "gdn n4k1",
        "hybrid",
        "hybrid, window, bias, tied",
        "transformer"
      })
  void savingRestoringAndSavingGivesTheSameBytesAndTheSameText(String variant) throws IOException {
    ModelWeights weights = weights(variant);
    Path again = directory.resolve("again.safetensors");
    SamplingOptions options = new SamplingOptions(0.8, 0, 1, 0, 1.2, 3);
    int[] expected = new int[20];
    Path file = directory.resolve("session.safetensors");
    try (LanguageModel m = model(weights, 16, 1);
        Session s = Session.open(m)) {
      s.read(text(37, 1));
      s.save(file);
      draw(s, options, expected);
    }
    int[] drawn = new int[20];
    try (LanguageModel m = model(weights, 7, 3)) {
      Session other = Session.open(m);
      other.read(text(11, 2));
      Session s = Session.restore(m, file);
      assertThat(s.position()).isEqualTo(37).isEqualTo(Session.savedPosition(file));
      assertThat(s.tokens()).isEqualTo(text(37, 1));
      s.save(again);
      draw(s, options, drawn);
    }
    assertThat(drawn).isEqualTo(expected);
    assertThat(again).hasSameBinaryContentAs(file);
  }

  private static void draw(Session s, SamplingOptions options, int[] drawn) {
    Sampler sampler = new Sampler(options);
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = sampler.next(s.logits(), s.seen(), s.position());
      s.read(drawn[i]);
    }
  }

  @Test
  void aSessionThatHasReadNothingIsSavedToo() {
    Path file = directory.resolve("empty.safetensors");
    try (LanguageModel m = model(weights("hybrid"), 16, 2)) {
      Session.open(m).save(file);
      try (Session s = Session.restore(m, file)) {
        assertThat(s.position()).isZero();
        s.read(1, 2);
      }
    }
  }

  @Test
  void anotherModelIsNamedByItsFingerprint() {
    ModelWeights other = weights("no gates");
    assertRefused(
        saved(WEIGHTS),
        other,
        WEIGHTS.fingerprint().substring(0, 12),
        other.fingerprint().substring(0, 12),
        "take the checkpoint that it was saved with");
  }

  @Test
  void aContextThatIsTooSmallIsRefused() {
    ModelWeights weights = weights("transformer");
    Path file = saved(weights);
    try (LanguageModel m = model(weights, 16, 1, TOKENS - 1)) {
      assertThatThrownBy(() -> Session.restore(m, file))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("20 tokens")
          .hasMessageContaining("larger context");
    }
  }

  @Test
  void aFileThatCannotBeWrittenLeavesTheSessionAndTheDirectory() throws IOException {
    try (LanguageModel m = model(WEIGHTS, 16, 1);
        Session s = Session.open(m)) {
      s.read(1, 2, 3);
      assertThatThrownBy(() -> s.save(directory.resolve("nowhere").resolve("x")))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("nowhere");
      assertThatThrownBy(() -> s.save(directory)).isInstanceOf(UserError.class);
      s.read(4);
    }
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void missingAndForeignFilesAreRefused() throws IOException {
    assertRefused(directory.resolve("missing"), WEIGHTS, "no such file");
    Path text = directory.resolve("text");
    Files.writeString(text, "once upon a time there was a model");
    assertRefused(text, WEIGHTS, "not a safetensors file");
    Path weights = directory.resolve("weights");
    rewrite(saved(WEIGHTS), weights, "tornado-sse session", "tornado-sse wessions");
    assertRefused(weights, WEIGHTS, "not a saved session");
    assertThatThrownBy(() -> Session.savedPosition(weights)).isInstanceOf(UserError.class);
  }

  @Test
  void aFileCutAnywhereIsRefused() throws IOException {
    byte[] bytes = Files.readAllBytes(saved(WEIGHTS));
    Path cut = directory.resolve("cut");
    SplittableRandom r = new SplittableRandom(1);
    try (LanguageModel m = model(WEIGHTS, 16, 1)) {
      for (int i = 0; i < 60; i++) {
        int length = i < 20 ? i : i == 20 ? bytes.length - 1 : r.nextInt(bytes.length);
        Files.write(cut, Arrays.copyOf(bytes, length));
        assertThatThrownBy(() -> Session.restore(m, cut))
            .as("%d bytes", length)
            .isInstanceOf(UserError.class);
      }
      Files.write(cut, Arrays.copyOf(bytes, bytes.length + 1));
      assertThatThrownBy(() -> Session.restore(m, cut)).isInstanceOf(UserError.class);
    }
  }

  @Test
  void aBitThatFlipsAnywhereIsNoticedOrDoesNotMatter() throws IOException {
    Path file = saved(WEIGHTS);
    byte[] bytes = Files.readAllBytes(file);
    int data = 8 + (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    SplittableRandom r = new SplittableRandom(2);
    try (LanguageModel m = model(WEIGHTS, 16, 1)) {
      for (int i = 0; i < 150; i++) {
        int at = i % 2 == 0 ? r.nextInt(data) : data + r.nextInt(bytes.length - data);
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) (1 << r.nextInt(8));
        Files.write(file, flipped);
        try (Session s = Session.restore(m, file)) {
          // Spaces of the header's end may change, data may not.
          assertThat(at).isLessThan(data);
          assertThat(s.tokens()).isEqualTo(text(TOKENS, 1));
        } catch (UserError e) {
          assertThat(e.getMessage()).isNotBlank();
        }
      }
    }
  }

  private static void rewrite(Path from, Path to, String old, String replacement)
      throws IOException {
    byte[] bytes = Files.readAllBytes(from);
    int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    String header = new String(bytes, 8, length, StandardCharsets.UTF_8);
    assertThat(header).contains(old);
    byte[] changed = header.replace(old, replacement).getBytes(StandardCharsets.UTF_8);
    ByteBuffer out =
        ByteBuffer.allocate(8 + changed.length + bytes.length - 8 - length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(changed.length)
            .put(changed)
            .put(bytes, 8 + length, bytes.length - 8 - length);
    Files.write(to, out.array());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"version\":\"1\"|\"version\":\"2\"|format version \"2\"; this program reads version 1",
        "\"version\":\"1\"|\"x\":\"1\"|format version missing",
        "\"position\":\"20\"|\"position\":\"-20\"|the position is \"-20\"",
        "\"position\":\"20\"|\"position\":\"21\"|the position is \"21\"",
        "\"position\":\"20\"|\"position\":\"many\"|the position is \"many\"",
        "\"position\":\"20\"|\"place\":\"20\"|the position is missing",
        "\"fingerprint\":\"|\"fingerprint\":\"x|must be 64 hexadecimal digits",
        "\"crc32c\":\"|\"crc32c\":\"0|does not fit its checksum",
        "\"tokens\":{|\"token\":{|it must be the number of tokens",
        "\"logits\":{|\"logit\":{|there is no tensor \"logits\"",
        "\"layers.1.state\":{|\"layers.7.state\":{|there is no tensor \"layers.1.state\"",
        "[20],\"data|[4,5],\"data|the position is \"20\"",
        "[29],\"data|[1,29],\"data|F32 [1, 29]; in a session of this model it is F32 [29]",
        "[5,2,16,16]|[5,2,8,32]|it is F32 [5, 2, 8, 32]",
        "\"I64\"|\"U64\"|it is U64 [20]",
        "\"shape\":[20]|\"shape\":[9007199254740993]|too large",
      })
  void aHeaderThatLiesIsRefused(String old, String replacement, String message) throws IOException {
    Path changed = directory.resolve("changed");
    rewrite(saved(WEIGHTS), changed, old, replacement);
    assertRefused(changed, WEIGHTS, message);
  }

  @Test
  void tensorsThatDoNotBelongThereAreRefused() throws IOException {
    Path changed = directory.resolve("changed");
    rewrite(
        saved(WEIGHTS),
        changed,
        "\"logits\":{",
        "\"more\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},\"logits\":{");
    assertRefused(changed, WEIGHTS, "there is a tensor \"more\"");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 29, 1L << 40, Long.MIN_VALUE})
  void tokensOutsideTheVocabularyAreRefused(long token) throws IOException {
    Path file = saved(WEIGHTS);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int data = 8 + (int) bytes.getLong(0);
    bytes.putLong(data + 8 * 3, token);
    Files.write(file, bytes.array());
    assertRefused(file, WEIGHTS, "token 3 is " + token, "ids 0 to 28");
  }

  @Test
  void aSessionThatHasNoRoomIsRefusedBeforeItIsRead() {
    Path file = saved(WEIGHTS);
    try (LanguageModel m = model(WEIGHTS, 16, 1);
        Session s = Session.open(m)) {
      assertThatThrownBy(() -> Session.restore(m, file))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("all 1 sessions of the model are open");
      assertThat(s.read(1)).hasSize(29);
    }
  }
}
