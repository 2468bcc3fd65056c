package io.github.tornadosse.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitTest {
  private static List<Document> documents(int n) {
    List<Document> documents = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      documents.add(Texts.of("file" + i, "text " + i));
    }
    return documents;
  }

  private static Set<String> names(List<Document> documents) {
    Set<String> names = new HashSet<>();
    documents.forEach(document -> names.add(document.name()));
    return names;
  }

  @Test
  void documentsGoToOneSideByTheirNames() {
    Split split = Split.byShare(documents(2000), 0.1, 1);
    assertThat(split.training()).hasSize(2000 - split.heldOut().size());
    // Four standard deviations of the binomial distribution.
    assertThat(split.heldOut().size()).isBetween(147, 253);
    assertThat(names(split.training())).doesNotContainAnyElementsOf(names(split.heldOut()));
    Split half = Split.byShare(documents(1000), 0.1, 1);
    assertThat(names(split.heldOut())).containsAll(names(half.heldOut()));
    assertThat(names(Split.byShare(documents(2000), 0.1, 1).heldOut()))
        .isEqualTo(names(split.heldOut()));
    assertThat(names(Split.byShare(documents(2000), 0.1, 2).heldOut()))
        .isNotEqualTo(names(split.heldOut()));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-9, 0.5, 1 - 1e-9})
  void bothSidesGetADocument(double share) {
    for (long seed = 0; seed < 20; seed++) {
      Split split = Split.byShare(documents(3), share, seed);
      assertThat(split.training()).isNotEmpty();
      assertThat(split.heldOut()).isNotEmpty();
      assertThat(split.training().size() + split.heldOut().size()).isEqualTo(3);
    }
  }

  @Test
  void aSingleDocumentIsCutBetweenCharacters() {
    Split split = Split.byShare(List.of(Texts.of("a", "0123456789")), 0.2, 1);
    assertThat(Texts.read(split.training().get(0))).isEqualTo("01234567");
    assertThat(Texts.read(split.heldOut().get(0))).isEqualTo("89");
    Split umlauts = Split.byShare(List.of(Texts.of("a", "€€€€")), 0.4, 1);
    assertThat(Texts.read(umlauts.training().get(0))).isEqualTo("€€€");
    assertThat(Texts.read(umlauts.heldOut().get(0))).isEqualTo("€");
  }

  @Test
  void sharesThatLeaveNothingAreRefused() {
    for (double share : new double[] {0, 1, -0.1, 2, Double.NaN}) {
      assertThatThrownBy(() -> Split.byShare(documents(3), share, 1))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("above 0 and below 1");
    }
    assertThatThrownBy(() -> Split.byShare(List.of(Texts.of("tiny", "ab")), 0.02, 1))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("tiny: a share of 0.02 cannot be held out of 2 bytes");
  }

  @Test
  void givenTextsAreNotTrainedOn() {
    List<Document> all = documents(4);
    Split split = Split.byDocuments(all, all.subList(1, 2));
    assertThat(names(split.training())).containsExactlyInAnyOrder("file0", "file2", "file3");
    assertThat(names(split.heldOut())).containsExactly("file1");
    assertThatThrownBy(() -> Split.byDocuments(all, all))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("all training text is held out");
  }
}
