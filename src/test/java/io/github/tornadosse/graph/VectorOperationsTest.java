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

  /** Rows apart from their sums: as of few heads and tokens. */
  @Nested
  class TokenOutputApart extends TokenOutputContract {
    @Override
    protected Operations operations() {
      return new VectorOperations(Integer.MAX_VALUE, () -> Integer.MAX_VALUE);
    }
  }

  /** In place, segment by segment: as of few heads and many tokens. */
  @Nested
  class TokenOutputInPlace extends TokenOutputContract {
    @Override
    protected Operations operations() {
      return new VectorOperations(0, () -> Integer.MAX_VALUE);
    }
  }

  /** In place, sequence by sequence: as of a head for each thread. */
  @Nested
  class TokenOutputTogether extends TokenOutputContract {
    @Override
    protected Operations operations() {
      return new VectorOperations(0, () -> 1);
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
