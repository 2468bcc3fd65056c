package io.github.tornadosse.graph;

import io.github.tornadosse.eval.verify.Tolerances;
import org.junit.jupiter.api.Nested;

/** Dense layers by a library, of bfloat16 factors and of floats. */
class CudaLibraryDenseTest {
  @Nested
  class Half extends LibraryDenseContract {
    @Override
    protected Operations operations() {
      return LibraryTier.operations();
    }

    @Override
    protected Tolerances tolerances() {
      return Tolerances.BFLOAT16;
    }
  }

  @Nested
  class Floats extends LibraryDenseContract {
    @Override
    protected Operations operations() {
      return new GpuOperations(GpuSettings.SMALLEST, true, 0);
    }
  }
}
