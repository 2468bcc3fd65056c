package io.github.tornadosse.graph;

import org.junit.jupiter.api.Nested;

/** The vector tier keeps the contract. */
class VectorOperationsTest {
  private static final Operations TIER = new VectorOperations();

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

  /** As of many tokens: in place. */
  @Nested
  class LongTokenOutput extends TokenOutputContract {
    @Override
    protected Operations operations() {
      return new VectorOperations(0);
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
