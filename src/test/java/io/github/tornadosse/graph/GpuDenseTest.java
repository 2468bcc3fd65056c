package io.github.tornadosse.graph;

import java.util.Map;
import org.junit.jupiter.api.Nested;

/** Every way in which the GPU tier computes dense products keeps the contract. */
class GpuDenseTest {
  private static Operations tier(int tile, int groups, int few) {
    Map<String, Integer> tuned =
        Map.of(
            GpuSettings.DENSE_TILE, tile,
            GpuSettings.DENSE_GROUPS, groups,
            GpuSettings.DENSE_PART, 32,
            GpuSettings.DENSE_FEW, few);
    return new GpuOperations(new GpuSettings(256, 32 << 10, tuned));
  }

  @Nested
  class LargeTiles extends DenseContract {
    @Override
    protected Operations operations() {
      return tier(128, 1, 0);
    }
  }

  @Nested
  class SmallTiles extends DenseContract {
    @Override
    protected Operations operations() {
      return tier(64, 1, 0);
    }
  }

  @Nested
  class Parts extends DenseContract {
    @Override
    protected Operations operations() {
      return tier(128, 16, 0);
    }
  }

  @Nested
  class FewTokens extends DenseContract {
    @Override
    protected Operations operations() {
      return tier(64, 264, 16);
    }
  }
}
