package io.github.tornadosse.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.graph.ControlTable.Axis;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class ControlTableTest {
  private final ControlTable table = new ControlTable();
  private final FloatArray array = new FloatArray(1);

  @Test
  void basesFollowTheirAxis() {
    View layer = table.view(array, 7, 100, Axis.LAYER);
    View slot = table.view(array, 0, 10, Axis.SLOT);
    View in = table.view(array, 1, 3, Axis.INPUT);
    View out = table.view(array, 1, 3, Axis.OUTPUT);
    View fixed = table.view(array, 5, 100, Axis.FIXED);
    table.select(3, 2, 4, 5);
    assertThat(base(layer)).isEqualTo(307);
    assertThat(base(slot)).isEqualTo(20);
    assertThat(base(in)).isEqualTo(13);
    assertThat(base(out)).isEqualTo(16);
    assertThat(base(fixed)).isEqualTo(5);
  }

  @Test
  void equalViewsShareAnEntry() {
    assertThat(table.view(array, 0, 1, Axis.SLOT).at())
        .isEqualTo(table.view(new FloatArray(1), 0, 1, Axis.SLOT).at());
  }

  @Test
  void aBaseBeyondTheIndexRangeIsAnError() {
    table.view(array, 0, Integer.MAX_VALUE, Axis.LAYER);
    assertThatThrownBy(() -> table.select(2, 0, 0, 0)).isInstanceOf(ArithmeticException.class);
  }

  private int base(View v) {
    return table.array().get(v.at());
  }
}
