package io.github.tornadosse.eval.bench;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.runtime.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * How fast a device reads what no cache holds, with all that it has: a sum of squares of 256 MiB,
 * run in turns with what is measured.
 */
final class ReadYardstick implements AutoCloseable {
  private static final int FLOATS = 1 << 26;
  private static final int BLOCK = 4096;
  private static final int WARM_UPS = 20;

  private final Program program = new Program(1, 1, Buffers.allocating());
  private final List<Double> nanos = new ArrayList<>();

  ReadYardstick(Operations ops) {
    FloatArray read = program.buffers().floats("read", FLOATS);
    FloatArray partial = program.buffers().floats("partial", FLOATS / BLOCK);
    program.graph("read", s -> ops.squaredNorm(s, "read", read, FLOATS, partial));
    MixerProgram.normal(read, new SplittableRandom(5));
    program.control().set(Control.TOKENS, 1);
    program.control().select(ControlTable.Position.ORIGIN);
    for (int i = 0; i < WARM_UPS; i++) {
      program.execute("read");
    }
  }

  /** Reads once. */
  void measure() {
    long start = System.nanoTime();
    program.execute("read");
    nanos.add((double) (System.nanoTime() - start));
  }

  /**
   * 10⁹ bytes a second that the median reading read: steps are medians too, and where the speed of
   * memory changes from one minute to the next, both see the same minutes.
   */
  double gbs() {
    double[] sorted = nanos.stream().mapToDouble(n -> n).sorted().toArray();
    return (double) FLOATS * Float.BYTES / sorted[sorted.length / 2];
  }

  @Override
  public void close() {
    program.close();
  }
}
