package io.github.tornadosse.eval.bench;

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

/** What a device can do: a matrix product and a copy, run in turns with what is measured. */
public final class Yardsticks implements AutoCloseable {
  private static final int PRODUCT = 1024;
  private static final int GRAPHICS_PRODUCT = 4096;

  /** Floats of the copy: 256 MiB. */
  private static final int COPIED = 1 << 26;

  private final int n = productSize();
  private final Program product = new Program(n, 1, Buffers.allocating());
  private final Program copy = new Program(1, 1, Buffers.allocating());

  /**
   * Makes both.
   *
   * @param ops the tier
   */
  public Yardsticks(Operations ops) {
    FloatArray a = product.buffers().floats("a", (long) n * n);
    FloatArray b = product.buffers().floats("b", (long) n * n);
    View x = product.control().whole(a);
    View w = product.control().whole(b);
    View y = product.control().whole(product.buffers().floats("c", (long) n * n));
    product.graph("product", s -> ops.linear(s, "product", new Linear(x, n, w, y, n, 0, n, n)));
    MixerProgram.normal(a, new SplittableRandom(2));
    MixerProgram.normal(b, new SplittableRandom(3));
    product.control().set(Control.TOKENS, n);
    product.control().select(ControlTable.Position.ORIGIN);

    FloatArray from = copy.buffers().floats("from", COPIED);
    View source = copy.control().whole(from);
    View target = copy.control().whole(copy.buffers().floats("to", COPIED));
    copy.graph("copy", s -> ops.copy(s, "copy", source, target, COPIED));
    MixerProgram.normal(from, new SplittableRandom(4));
    copy.control().set(Control.TOKENS, 1);
    copy.control().select(ControlTable.Position.ORIGIN);
  }

  /** Rows, columns and terms of the product: larger where 1024 does not fill the device. */
  public static int productSize() {
    return Devices.graphics() ? GRAPHICS_PRODUCT : PRODUCT;
  }

  /** Operations of the product. */
  public static double productFlop() {
    return 2 * Math.pow(productSize(), 3);
  }

  /** Bytes that the copy reads and writes. */
  public static double copiedBytes() {
    return 2.0 * COPIED * Float.BYTES;
  }

  /** Runs the product. */
  public void product() {
    product.execute("product");
  }

  /** Runs the copy. */
  public void copy() {
    copy.execute("copy");
  }

  @Override
  public void close() {
    product.close();
    copy.close();
  }
}
