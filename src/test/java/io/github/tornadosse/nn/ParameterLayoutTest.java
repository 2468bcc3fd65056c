package io.github.tornadosse.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.tensor.TensorSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParameterLayoutTest {
  private static ModelConfig config(int partitions, boolean tied, boolean gate) {
    return ModelConfig.fromJson(
        ModelConfigTest.small()
            .put("num_sparse_partition", partitions)
            .put("tie_word_embeddings", tied)
            .put("use_output_gate", gate),
        "test");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4})
  void everyElementBelongsToOneTensor(int partitions) {
    for (boolean tied : new boolean[] {false, true}) {
      for (boolean gate : new boolean[] {false, true}) {
        ParameterLayout layout = new ParameterLayout(config(partitions, tied, gate));
        int[] owners = new int[layout.size()];
        for (int i = 0; i < layout.tensors().size(); i++) {
          for (int j = 0; j < layout.tensors().get(i).size(); j++) {
            owners[layout.offset(i) + j]++;
          }
        }
        assertThat(owners).containsOnly(1);
      }
    }
  }

  @Test
  void biasesAndNormsTakeNoWeightDecay() {
    ParameterLayout layout = new ParameterLayout(config(4, false, true));
    for (int i = 0; i < layout.tensors().size(); i++) {
      TensorSpec t = layout.tensors().get(i);
      boolean plain = t.name().endsWith("norm.weight") || t.name().endsWith(".bias");
      assertThat(layout.offset(i) >= layout.decayed()).as(t.name()).isEqualTo(plain);
    }
  }

  @Test
  void aLayersTensorsAreAStrideApart() {
    ParameterLayout layout = new ParameterLayout(config(4, false, true));
    ParameterLayout.Place place = layout.place(ModelConfig.Kind.MIXER, "attn.e_proj.weight");
    int found = 0;
    for (int i = 0; i < layout.tensors().size(); i++) {
      for (int layer = 0; layer < 2; layer++) {
        if (layout
            .tensors()
            .get(i)
            .name()
            .equals("model.layers." + layer + ".attn.e_proj.weight")) {
          assertThat(layout.offset(i)).isEqualTo(place.offset() + layer * place.stride());
          found++;
        }
      }
    }
    assertThat(found).isEqualTo(2);
  }
}
