package io.github.tornadosse.graph;

import io.github.tornadosse.eval.verify.Tolerances;
import org.junit.jupiter.api.Nested;

/** The CUDA tier keeps the contract of what it has kernels of its own for. */
class CudaOperationsTest {
  private static final Operations TIER = new CudaOperations(GpuSettings.SMALLEST, false, 0);

  @Nested
  class Dense extends DenseContract {
    @Override
    protected Operations operations() {
      return TIER;
    }

    @Override
    protected Tolerances tolerances() {
      return Tolerances.BFLOAT16;
    }
  }

  @Nested
  class Gla extends GlaContract {
    @Override
    protected Operations operations() {
      return TIER;
    }

    @Override
    protected Tolerances tolerances() {
      return Tolerances.BFLOAT16;
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

    @Override
    protected Tolerances tolerances() {
      return Tolerances.BFLOAT16;
    }
  }
}
