package io.github.tornadosse.graph;

import org.junit.jupiter.api.Nested;

/** The GPU tier keeps the contract. */
class GpuOperationsTest {
  private static final Operations TIER = new GpuOperations(GpuSettings.SMALLEST);

  @Nested
  class Dense extends DenseContract {
    @Override
    protected Operations operations() {
      return TIER;
    }
  }

  @Nested
  class Token extends TokenContract {
    @Override
    protected Operations operations() {
      return TIER;
    }
  }

  @Nested
  class MixerInputs extends MixerInputsContract {
    @Override
    protected Operations operations() {
      return TIER;
    }
  }

  @Nested
  class Routing extends RoutingContract {
    @Override
    protected Operations operations() {
      return TIER;
    }
  }

  @Nested
  class Gla extends GlaContract {
    @Override
    protected Operations operations() {
      return TIER;
    }
  }

  @Nested
  class MixerOutput extends MixerOutputContract {
    @Override
    protected Operations operations() {
      return TIER;
    }
  }

  @Nested
  class TokenOutput extends TokenOutputContract {
    @Override
    protected Operations operations() {
      return TIER;
    }
  }

  @Nested
  class Optimizer extends OptimizerContract {
    @Override
    protected Operations operations() {
      return TIER;
    }
  }
}
