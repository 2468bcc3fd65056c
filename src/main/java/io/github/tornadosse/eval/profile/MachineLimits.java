package io.github.tornadosse.eval.profile;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.runtime.Devices;
import io.github.tornadosse.runtime.Program;
import java.util.SplittableRandom;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * What the machine can do at most: a square matrix product and a copy on the same tier, measured
 * again and again beside what is profiled, so that other work on the machine meets both alike.
 */
final class MachineLimits implements AutoCloseable {
  /** Floats of the copy: 64 MiB, more than caches hold. */
  private static final int COPIED = 1 << 24;

  private static final int TIMES = 3;

  private final int size = Devices.graphics() ? 4096 : 1024;
  private final Program product;
  private final Program copy;
  private final FloatArray a;
  private final FloatArray b;
  private final FloatArray from;
  private double productNanos = Double.POSITIVE_INFINITY;
  private double copyNanos = Double.POSITIVE_INFINITY;

  /**
   * Declares the arrays and fills them.
   *
   * @param ops the tier
   */
  MachineLimits(Operations ops) {
    product = new Program(size, 1, Buffers.allocating());
    int n = size;
    a = product.buffers().floats("a", (long) n * n);
    b = product.buffers().floats("b", (long) n * n);
    ControlTable table = product.control();
    View x = table.whole(a);
    View w = table.whole(b);
    View y = table.whole(product.buffers().floats("c", (long) n * n));
    product.graph("product", s -> ops.linear(s, "product", new Linear(x, n, w, y, n, 0, n, n)));
    copy = new Program(1, 1, Buffers.allocating());
    from = copy.buffers().floats("from", COPIED);
    View source = copy.control().whole(from);
    View to = copy.control().whole(copy.buffers().floats("to", COPIED));
    copy.graph("copy", s -> ops.copy(s, "copy", source, to, COPIED));
    SplittableRandom r = new SplittableRandom(1);
    fill(a, r);
    fill(b, r);
    fill(from, r);
    start(product, n);
    start(copy, 1);
  }

  private static void fill(FloatArray array, SplittableRandom r) {
    for (int i = 0; i < array.getSize(); i++) {
      array.set(i, (float) r.nextDouble(-1, 1));
    }
  }

  private static void start(Program program, int tokens) {
    program.control().set(Control.TOKENS, tokens);
    program.control().set(Control.SEQUENCES, 1);
    program.control().select(ControlTable.Position.ORIGIN);
  }

  /** Runs both a few times; the fastest ever counts. */
  void measure() {
    for (int i = 0; i < TIMES; i++) {
      productNanos = Math.min(productNanos, time(product, "product"));
      copyNanos = Math.min(copyNanos, time(copy, "copy"));
    }
  }

  private static double time(Program program, String graph) {
    long start = System.nanoTime();
    program.execute(graph);
    return System.nanoTime() - start;
  }

  /** Rows, columns and terms of the product. */
  int productSize() {
    return size;
  }

  /** 10⁹ operations a second of the fastest product. */
  double gflops() {
    return 2.0 * size * size * size / productNanos;
  }

  /** 10⁹ bytes a second that the fastest copy read and wrote. */
  double gbs() {
    return 2.0 * COPIED * Float.BYTES / copyNanos;
  }

  @Override
  public void close() {
    product.close();
    copy.close();
  }
}
