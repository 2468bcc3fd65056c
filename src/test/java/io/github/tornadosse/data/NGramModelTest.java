package io.github.tornadosse.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NGramModelTest {
  private static final double LOG2 = Math.log(2);

  @Test
  void probabilitiesAreThoseOfWittenAndBell() {
    NGramModel model = NGramModel.count(List.of(Texts.of("a", "abab")), 100);
    double a = (2 + 2 / 256.0) / 6;
    double other = (2 / 256.0) / 6;
    assertThat(model.probability(0, 0, 'a')).isCloseTo(a, within(1e-15));
    assertThat(model.probability(0, 0, 'x')).isCloseTo(other, within(1e-15));
    // After b: once a. After ab: once a. After bab and xab: not seen.
    double afterB = (1 + a) / 2;
    assertThat(model.probability(1, 'b', 'a')).isCloseTo(afterB, within(1e-15));
    double afterAb = (1 + afterB) / 2;
    assertThat(model.probability(2, 'a' << 8 | 'b', 'a')).isCloseTo(afterAb, within(1e-15));
    int xab = 'x' << 16 | 'a' << 8 | 'b';
    assertThat(model.probability(3, xab, 'a')).isCloseTo(afterAb, within(1e-15));
    // After aba: once b.
    int aba = 'a' << 16 | 'b' << 8 | 'a';
    double b = a;
    double afterA = (2 + b) / 3;
    double afterBa = (1 + afterA) / 2;
    assertThat(model.probability(3, aba, 'b')).isCloseTo((1 + afterBa) / 2, within(1e-15));
  }

  @Test
  void bitsAreThoseOfTheProbabilities() {
    NGramModel model = NGramModel.count(List.of(Texts.of("a", "abab")), 100);
    List<Document> heldOut = List.of(Texts.of("h", "ba"), Texts.of("i", "a"));
    double b = model.probability(0, 0, 'b');
    double a = model.probability(0, 0, 'a');
    double ba = model.probability(1, 'b', 'a');
    // The second document begins without a context.
    assertThat(model.bitsPerByte(3, heldOut, 100))
        .isCloseTo(-(Math.log(b) + Math.log(ba) + Math.log(a)) / 3 / LOG2, within(1e-12));
    assertThat(model.bitsPerByte(0, heldOut, 2))
        .isCloseTo(-(Math.log(b) + Math.log(a)) / 2 / LOG2, within(1e-12));
    assertThatThrownBy(() -> model.bitsPerByte(4, heldOut, 2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> model.bitsPerByte(3, heldOut, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static byte[] random(int length, int symbols) {
    Random random = new Random(7);
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) random.nextInt(symbols);
    }
    return bytes;
  }

  @Test
  void probabilitiesAddUpToOneEvenWhenTheTableIsFull() {
    List<Document> text = List.of(Texts.of("r", random(200_000, 256)));
    for (int largest : new int[] {1 << 16, 1 << 20}) {
      NGramModel model = NGramModel.count(text, 1 << 20, largest);
      byte[] start = random(10_003, 256);
      for (int i = 3; i < start.length; i += 100) {
        int history =
            (start[i - 3] & 0xff) << 16 | (start[i - 2] & 0xff) << 8 | (start[i - 1] & 0xff);
        for (int order = 0; order <= NGramModel.MAX_ORDER; order++) {
          double sum = 0;
          for (int symbol = 0; symbol < 256; symbol++) {
            sum += model.probability(order, history, symbol);
          }
          assertThat(sum).isCloseTo(1, within(1e-12));
        }
      }
    }
  }

  @Test
  void uniformBytesTakeTheirLogarithm() {
    NGramModel model = NGramModel.count(List.of(Texts.of("r", random(500_000, 16))), 1 << 20);
    assertThat(model.bitsPerByte(0, List.of(Texts.of("r", random(100_000, 16))), 1 << 20))
        .isCloseTo(4, within(1e-3));
  }

  @Test
  void contextHelpsWhereThereIsStructure() {
    String text = "the quick brown fox jumps over the lazy dog; ".repeat(200);
    NGramModel model = NGramModel.count(List.of(Texts.of("t", text)), 1 << 20);
    List<Document> heldOut = List.of(Texts.of("h", text.substring(0, 900)));
    double before = Double.POSITIVE_INFINITY;
    for (int order = 0; order <= NGramModel.MAX_ORDER; order++) {
      double bits = model.bitsPerByte(order, heldOut, 1 << 20);
      assertThat(bits).isLessThan(before);
      before = bits;
    }
    assertThat(before).isLessThan(0.5);
  }

  @Test
  void onlyTheBeginningIsCounted() {
    List<Document> texts = List.of(Texts.of("a", "aaaa"), Texts.of("b", "bbbb"));
    NGramModel model = NGramModel.count(texts, 5);
    assertThat(model.probability(0, 0, 'b')).isCloseTo((1 + 2 / 256.0) / 7, within(1e-15));
  }
}
