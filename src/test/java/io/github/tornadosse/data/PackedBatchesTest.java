package io.github.tornadosse.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.PackedBatches.Settings;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackedBatchesTest {
  private static final Tokenizer BYTES = new ByteTokenizer();

  /** Documents of the given lengths; their bytes name the document and the place. */
  private static List<Document> documents(int... lengths) {
    List<Document> documents = new ArrayList<>();
    for (int d = 0; d < lengths.length; d++) {
      byte[] bytes = new byte[lengths[d]];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (1 + (31 * d + i) % 251);
      }
      documents.add(Texts.of("document " + d, bytes));
    }
    return documents;
  }

  private static PackedBatches batches(
      List<Document> documents, int tokens, int length, int window, long seed) {
    return new PackedBatches(documents, BYTES, new Settings(tokens, length, window, seed));
  }

  private static void checkForm(PackedBatch batch, int length, int maxSequences) {
    int[] bounds = batch.cuSeqlens();
    assertThat(batch.targets()).hasSameSizeAs(batch.ids());
    assertThat(bounds[0]).isZero();
    assertThat(bounds[batch.sequences()]).isEqualTo(batch.tokens());
    assertThat(batch.sequences()).isLessThanOrEqualTo(maxSequences);
    for (int s = 0; s < batch.sequences(); s++) {
      assertThat(bounds[s + 1] - bounds[s]).isBetween(1, length);
      for (int t = bounds[s]; t < bounds[s + 1]; t++) {
        int target = t + 1 < bounds[s + 1] ? batch.ids()[t + 1] : -1;
        assertThat(batch.targets()[t]).isEqualTo(target);
      }
    }
  }

  private static void assertSame(PackedBatch actual, PackedBatch expected) {
    assertThat(actual.ids()).isEqualTo(expected.ids());
    assertThat(actual.targets()).isEqualTo(expected.targets());
    assertThat(actual.cuSeqlens()).isEqualTo(expected.cuSeqlens());
  }

  @Property(tries = 150)
  void everyBatchIsWellFormed(
      @ForAll @Size(min = 1, max = 6) List<@IntRange(min = 1, max = 300) Integer> lengths,
      @ForAll @IntRange(min = 2, max = 200) int tokens,
      @ForAll @IntRange(min = 2, max = 80) int length,
      @ForAll @IntRange(min = 1, max = 5) int window,
      @ForAll long seed) {
    int[] sizes = lengths.stream().mapToInt(Integer::intValue).toArray();
    try (PackedBatches batches = batches(documents(sizes), tokens, length, window, seed)) {
      for (int i = 0; i < 8; i++) {
        PackedBatch batch = batches.next();
        assertThat(batch.tokens()).isEqualTo(tokens);
        checkForm(batch, length, batches.maxSequences());
      }
      Settings settings = new Settings(tokens, length, window, seed);
      List<PackedBatch> heldOut = PackedBatches.heldOut(documents(sizes), BYTES, settings, 333);
      long total = 0;
      for (PackedBatch batch : heldOut) {
        assertThat(batch.tokens()).isBetween(1, tokens);
        checkForm(batch, length, batches.maxSequences());
        total += batch.tokens();
      }
      assertThat(total).isEqualTo(Math.min(333, Arrays.stream(sizes).sum() + sizes.length));
    }
  }

  @Property(tries = 100)
  void anEpochHasEveryTokenOnce(
      @ForAll @Size(min = 1, max = 6) List<@IntRange(min = 1, max = 300) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 5) int window,
      @ForAll long seed) {
    int[] sizes = lengths.stream().mapToInt(Integer::intValue).toArray();
    List<Document> documents = documents(sizes);
    int total = Arrays.stream(sizes).sum() + sizes.length;
    // One batch that is a whole epoch: its pieces are shuffled, and none is of another epoch.
    int length = 2;
    while (total % length != 0) {
      length++;
    }
    Map<Integer, Integer> expected = new TreeMap<>();
    for (Document document : documents) {
      expected.merge(256, 1, Integer::sum);
      byte[] bytes = new byte[(int) document.bytes()];
      try (Document.Reader reader = document.open(0)) {
        reader.read(bytes);
      }
      for (byte b : bytes) {
        expected.merge(b & 0xff, 1, Integer::sum);
      }
    }
    try (PackedBatches batches = batches(documents, total, length, window, seed)) {
      for (int epoch = 0; epoch < 2; epoch++) {
        Map<Integer, Integer> counts = new TreeMap<>();
        for (int id : batches.next().ids()) {
          counts.merge(id, 1, Integer::sum);
        }
        assertThat(counts).isEqualTo(expected);
        assertThat(batches.epoch()).isEqualTo(epoch);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"64, 32, 4", "50, 32, 3", "30, 32, 1", "1000, 10, 100"})
  void aStreamTakenUpAgainGivesTheSameBatches(int tokens, int length, int window)
      throws IOException {
    List<Document> documents = documents(500, 3, 1, 90, TokenStream.SEGMENT_BYTES + 17, 40);
    try (PackedBatches batches = batches(documents, tokens, length, window, 5);
        PackedBatches again = batches(documents, tokens, length, window, 5)) {
      for (int i = 0; i < 40; i++) {
        for (int skipped = 0; skipped < 61 * i % 150; skipped++) {
          batches.next();
        }
        String position = batches.position().toString();
        again.seek(new ObjectMapper().readTree(position));
        assertThat(again.position()).hasToString(position);
        for (int next = 0; next < 3; next++) {
          assertSame(again.next(), batches.next());
        }
      }
      assertThat(batches.epoch()).isPositive();
    }
  }

  @Test
  void theSeedDecidesTheOrder() {
    List<Document> documents = documents(400, 300, 200, 100);
    try (PackedBatches one = batches(documents, 64, 16, 8, 1);
        PackedBatches same = batches(documents, 64, 16, 8, 1);
        PackedBatches other = batches(documents, 64, 16, 8, 2)) {
      PackedBatch first = one.next();
      assertSame(same.next(), first);
      assertThat(other.next().ids()).isNotEqualTo(first.ids());
    }
  }

  @Test
  void epochsHaveOrdersOfTheirOwn() {
    // 63 bytes and the end: four pieces of 16, all in one window.
    try (PackedBatches batches = batches(documents(63), 64, 16, 100, 1)) {
      List<String> epochs = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        epochs.add(Arrays.toString(batches.next().ids()));
      }
      assertThat(epochs.stream().distinct().count()).isGreaterThan(2);
    }
  }

  @Test
  void piecesOfOneDocumentAreWholeSequences() {
    try (PackedBatches batches = batches(documents(4 * 16 - 1), 32, 16, 4, 9)) {
      for (int i = 0; i < 6; i++) {
        assertThat(batches.next().cuSeqlens()).containsExactly(0, 16, 32);
      }
      assertThat(batches.maxSequences()).isEqualTo(32 / 4 + 2);
    }
  }

  @Test
  void documentsAreSequencesUnlessTheyAreShort() {
    List<Document> documents = documents(5, 9, 2, 2, 2, 30);
    List<PackedBatch> heldOut =
        PackedBatches.heldOut(documents, BYTES, new Settings(100, 20, 1, 1), 1000);
    assertThat(heldOut).hasSize(1);
    PackedBatch batch = heldOut.get(0);
    // Ends after 6, 16, 22 (two short ones together), then the third short one with the beginning
    // of the long one; pieces end at 20 and 40.
    assertThat(batch.cuSeqlens()).containsExactly(0, 6, 16, 20, 25, 40, 56);
    assertThat(Arrays.copyOf(batch.ids(), 7)).containsExactly(1, 2, 3, 4, 5, 256, 32);
    assertThat(Arrays.copyOf(batch.targets(), 7)).containsExactly(2, 3, 4, 5, 256, -1, 33);
  }

  @Test
  void theHeldOutPartBeginsAtTheBeginning() {
    List<Document> documents = documents(1000, 1000);
    Settings settings = new Settings(64, 32, 7, 3);
    List<PackedBatch> heldOut = PackedBatches.heldOut(documents, BYTES, settings, 150);
    assertThat(heldOut.stream().map(PackedBatch::tokens)).containsExactly(64, 64, 22);
    assertThat(heldOut.get(0).ids()).startsWith(1, 2, 3);
    List<PackedBatch> again = PackedBatches.heldOut(documents, BYTES, settings, 150);
    for (int i = 0; i < 3; i++) {
      assertSame(again.get(i), heldOut.get(i));
    }
    assertThatThrownBy(() -> PackedBatches.heldOut(documents, BYTES, settings, 1))
        .isInstanceOf(UserError.class);
  }

  @Test
  void aSampleIsAnOrderOfTheSameDocuments() {
    List<Document> documents = documents(1, 2, 3, 4, 5, 6, 7, 8);
    List<Document> sample = Document.sample(documents, 1);
    assertThat(sample).containsExactlyInAnyOrderElementsOf(documents).isNotEqualTo(documents);
    assertThat(Document.sample(documents, 1)).isEqualTo(sample);
    assertThat(Document.sample(documents, 2)).isNotEqualTo(sample);
  }

  @Test
  void positionsOfOtherDataAreRefused() {
    List<Document> documents = documents(300, 200);
    try (PackedBatches batches = batches(documents, 64, 16, 8, 1)) {
      batches.next();
      ObjectNode position = batches.position();
      for (PackedBatches other :
          List.of(
              batches(documents(300, 201), 64, 16, 8, 1),
              batches(documents, 64, 15, 8, 1),
              batches(documents, 64, 16, 9, 1),
              batches(documents, 64, 16, 8, 2))) {
        try (other) {
          assertThatThrownBy(() -> other.seek(position))
              .isInstanceOf(UserError.class)
              .hasMessageContaining("other texts or settings");
        }
      }
      for (String key : List.of("epoch", "document", "byte", "token", "piece", "offset")) {
        for (String value : List.of("-1", "1.5", "\"x\"", "null", "99999999999999999999")) {
          ObjectNode damaged = position.deepCopy();
          damaged.set(key, parse(value));
          assertThatThrownBy(() -> batches.seek(damaged))
              .isInstanceOf(UserError.class)
              .hasMessageContaining("needs a whole number " + key);
        }
        ObjectNode far = position.deepCopy();
        far.put(key, 1L << 40);
        if (!key.equals("epoch")) {
          assertThatThrownBy(() -> batches.seek(far))
              .isInstanceOf(UserError.class)
              .hasMessageContaining("not in the texts");
        }
      }
    }
  }

  private static JsonNode parse(String json) {
    try {
      return new ObjectMapper().readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    for (int[] wrong : new int[][] {{1, 2, 1}, {2, 1, 1}, {2, 2, 0}, {1 << 20, 1 << 20, 1 << 9}}) {
      assertThatThrownBy(() -> new Settings(wrong[0], wrong[1], wrong[2], 0))
          .isInstanceOf(UserError.class)
          .message()
          .hasLineCount(1);
    }
    assertThatThrownBy(() -> batches(List.of(), 4, 4, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
