package io.github.tornadosse.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.ControlTable.Position;
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
    View kind = table.view(array, 0, 1000, Axis.KIND);
    View kindSlot = table.view(array, 0, 1000, Axis.KIND_SLOT);
    View session = table.view(array, 1000, Axis.KIND, 10, Axis.SESSION);
    table.select(new Position(3, 6, 2, 7, 4, 5, 8));
    assertThat(base(kind)).isEqualTo(6000);
    assertThat(base(kindSlot)).isEqualTo(7000);
    assertThat(base(session)).isEqualTo(6080);
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
    assertThatThrownBy(() -> table.select(new Position(2, 0, 0, 0, 0, 0, 0)))
        .isInstanceOf(ArithmeticException.class);
  }

  private int base(View v) {
    return table.array().get(v.at());
  }
}
