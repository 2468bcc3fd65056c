package io.github.tornadosse.eval.bench;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.runtime.Program;
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
  private double nanos = Double.POSITIVE_INFINITY;

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

  /** Reads once; the fastest ever counts. */
  void measure() {
    long start = System.nanoTime();
    program.execute("read");
    nanos = Math.min(nanos, System.nanoTime() - start);
  }

  /** 10⁹ bytes a second that the fastest reading read. */
  double gbs() {
    return (double) FLOATS * Float.BYTES / nanos;
  }

  @Override
  public void close() {
    program.close();
  }
}
