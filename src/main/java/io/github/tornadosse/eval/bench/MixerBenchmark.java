package io.github.tornadosse.eval.bench;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.IntView;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.runtime.Devices;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.runtime.Program;
import io.github.tornadosse.tensor.UserError;
import java.util.Arrays;
import java.util.SplittableRandom;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Times the token mixer from activated q, k, v, gates and routing logits to its output: softmax and
 * top-k, sorting, gathering, chunkwise gated linear attention and the sum over a token's rows; and
 * beside it, in the same process, a matrix product and a copy.
 */
public final class MixerBenchmark {
  private static final int CHUNK = 64;
  private static final int PRODUCT = 1024;
  private static final int GRAPHICS_PRODUCT = 4096;

  /** Floats of the copy: 256 MiB. */
  private static final int COPIED = 1 << 26;

  /** Random numbers that fill large arrays, again and again; a prime. */
  private static final int DRAWS = 1_000_003;

  private MixerBenchmark() {}

  /**
   * What to time.
   *
   * @param sse whether there are sparse partitions beside the always-selected one
   * @param backward forward and backward instead of forward alone
   * @param tokens length of the one sequence
   * @param heads number of heads
   * @param dim head dim of queries, keys and values
   * @param partitions N; unused without sse
   * @param topk partitions a token writes and reads; unused without sse
   * @param runs timed runs after warm-up
   */
  public record Options(
      boolean sse,
      boolean backward,
      int tokens,
      int heads,
      int dim,
      int partitions,
      int topk,
      int runs) {
    /**
     * Checks the sizes.
     *
     * @throws UserError naming the option that is out of range
     */
    public Options {
      if (tokens < 1 || heads < 1 || dim < 1 || runs < 1) {
        throw new UserError("tokens, heads, dim and runs must be 1 or more");
      }
      if (sse && (partitions < 1 || topk < 1 || topk > partitions)) {
        throw new UserError(
            "topk ("
                + topk
                + ") must be from 1 to partitions ("
                + partitions
                + "), which must be 1 or more");
      }
    }
  }

  /**
   * What was measured.
   *
   * @param minMs fastest run in milliseconds
   * @param medianMs median run in milliseconds
   * @param gflops nominal chunkwise operations per second of the fastest run, in 10⁹
   * @param sgemmGflops the same of the matrix product
   * @param ofSgemm ratio of the two
   * @param copyGbs 10⁹ bytes per second that the fastest copy read and wrote
   */
  public record Result(
      double minMs,
      double medianMs,
      double gflops,
      double sgemmGflops,
      double ofSgemm,
      double copyGbs) {}

  /**
   * Rows, columns and terms of the matrix product.
   *
   * @return larger on graphics processors, which 1024 does not fill
   */
  public static int productSize() {
    return Devices.graphics() ? GRAPHICS_PRODUCT : PRODUCT;
  }

  /**
   * Runs the benchmark.
   *
   * @param o what to time
   * @param ops the tier of kernels
   * @return the figures
   * @throws UserError if it does not fit into memory
   */
  public static Result run(Options o, Operations ops) {
    Buffers plan = Buffers.measuring();
    new Bench(o, ops, plan);
    MemoryBudget.check(plan, "the benchmark");
    Bench bench = new Bench(o, ops, Buffers.allocating());
    Product product = new Product(ops);
    Copy copy = new Copy(ops);
    double[] mixer = new double[o.runs];
    double fastest = Double.POSITIVE_INFINITY;
    double fastestCopy = Double.POSITIVE_INFINITY;
    try (bench.program;
        product.program;
        copy.program) {
      bench.fill();
      product.fill();
      copy.fill();
      for (int i = 0; i < warmUps(o); i++) {
        bench.once();
        product.once();
        copy.once();
      }
      // In turns, so that a change in the machine's speed meets both.
      for (int i = 0; i < o.runs; i++) {
        mixer[i] = milliseconds(bench::once);
        for (int j = 0; j < 5; j++) {
          fastest = Math.min(fastest, milliseconds(product::once));
          fastestCopy = Math.min(fastestCopy, milliseconds(copy::once));
        }
      }
    }
    Arrays.sort(mixer);
    double flop = flop(o);
    double gflops = flop / mixer[0] / 1e6;
    double sgemm = 2 * Math.pow(productSize(), 3) / fastest / 1e6;
    double copied = 2.0 * COPIED * Float.BYTES / fastestCopy / 1e6;
    return new Result(mixer[0], mixer[o.runs / 2], gflops, sgemm, gflops / sgemm, copied);
  }

  /** Enough executions for the JIT to have settled, without waiting long where one is slow. */
  private static int warmUps(Options o) {
    return (int) Math.max(3, Math.min(40, 2e11 / flop(o)));
  }

  /** Nominal count: per chunk and head 4·C²·K + 4·C·K², three times that with backward. */
  private static double flop(Options o) {
    double chunk = 4.0 * CHUNK * CHUNK * o.dim + 4.0 * CHUNK * o.dim * o.dim;
    return chunk * o.tokens / CHUNK * o.heads * (o.sse ? 1 + o.topk : 1) * (o.backward ? 3 : 1);
  }

  private static double milliseconds(Runnable r) {
    long start = System.nanoTime();
    r.run();
    return (System.nanoTime() - start) / 1e6;
  }

  private static final class Bench {
    private final Options o;
    private final Program program;
    private final FloatArray q;
    private final FloatArray k;
    private final FloatArray v;
    private final FloatArray g;
    private final FloatArray logits;
    private final FloatArray dO;
    private final IntArray cu;

    Bench(Options o, Operations ops, Buffers buffers) {
      this.o = o;
      program = new Program(o.tokens, 1, buffers);
      ControlTable table = program.control();
      int n = o.sse ? o.partitions : 0;
      int m = o.sse ? o.topk : 0;
      long l = o.tokens;
      long size = l * o.heads * o.dim;
      int sources = o.sse ? 2 : 1;
      q = buffers.floats("q", sources * size);
      k = buffers.floats("k", sources * size);
      g = buffers.floats("g", sources * size);
      v = buffers.floats("v", size);
      logits = buffers.floats("eta", l * Math.max(n, 1));
      dO = buffers.floats("dO", size);
      cu = program.intInput("cu", 2);
      Rows rows =
          new Rows(
              buffers.ints("rows.token", l * (1 + m)),
              buffers.ints("rows.mode", l * (1 + m)),
              buffers.floats("rows.weight", 2 * l * (1 + m)),
              buffers.ints("rows.of_token", l * m),
              buffers.ints("rows.segments", 2L * (n + 1)),
              n,
              m);
      FloatArray out = buffers.floats("out", size * (1 + m));
      View state = table.whole(buffers.floats("state", 1));
      HeadSizes sizes = new HeadSizes(o.heads, o.dim, o.dim);
      View e = o.sse ? table.whole(buffers.floats("e", l * n)) : null;
      IntView top =
          o.sse ? table.view(buffers.ints("top", l * m), 0, 0, ControlTable.Axis.FIXED) : null;
      View sum = table.whole(buffers.floats("o", size));
      View y = table.whole(buffers.floats("y", size));
      View norm = table.whole(buffers.floats("norm", o.dim));
      program.graph(
          "forward",
          s -> {
            if (o.sse) {
              ops.router(s, "router", table.whole(logits), n, 0, e, top, n, m);
            }
            ops.routeRows(
                s, "rows", e, top, cu, rows, new Operations.Selection(m, m, true, true, true));
            ops.gla(s, "gla", q, k, v, g, rows, state, out, sizes);
            ops.mixerOutput(s, "output", out, rows, null, norm, sum, y, sizes, o.dim, 1e-5f);
          });
      if (o.backward) {
        backward(ops, buffers, rows, state, sizes, e, top);
      }
    }

    private void backward(
        Operations ops,
        Buffers buffers,
        Rows rows,
        View state,
        HeadSizes sizes,
        View e,
        IntView top) {
      ControlTable table = program.control();
      long l = o.tokens;
      long size = l * o.heads * o.dim;
      int n = rows.partitions();
      int m = rows.width();
      FloatArray dRows = buffers.floats("dRows", 3 * size * (1 + m));
      FloatArray dvRows = buffers.floats("dvRows", size * (1 + m));
      View base = table.whole(q);
      View delta = o.sse ? table.view(q, 0, 0, ControlTable.Axis.FIXED) : null;
      View dTop = o.sse ? table.whole(buffers.floats("dTop", l * m)) : null;
      View dq = table.whole(buffers.floats("dq", size));
      View dqDelta = o.sse ? table.whole(buffers.floats("dq2", size)) : null;
      View dk = table.whole(buffers.floats("dk", size));
      View dkDelta = o.sse ? table.whole(buffers.floats("dk2", size)) : null;
      View dv = table.whole(buffers.floats("dv", size));
      View load = o.sse ? table.whole(buffers.floats("load", 2L * n)) : null;
      View dEta = o.sse ? table.whole(buffers.floats("dEta", l * n)) : null;
      FloatArray scale = buffers.floats("scale", 2);
      int silu = io.github.tornadosse.kernels.Activation.SILU;
      program.graph(
          "backward",
          s -> {
            ops.glaGradient(s, "d_gla", q, k, v, g, rows, state, dO, state, dRows, dvRows, sizes);
            if (o.sse) {
              ops.zeroTokens(s, "d_top", dTop, m);
            }
            ops.headActivationGradient(
                s, "d_q", base, base, delta, dRows, 0, rows, dTop, dq, dqDelta, silu, o.dim,
                o.heads, o.dim);
            ops.headActivationGradient(
                s, "d_k", base, base, delta, dRows, 1, rows, dTop, dk, dkDelta, silu, o.dim,
                o.heads, o.dim);
            ops.valueActivationGradient(s, "d_v", table.whole(v), dvRows, rows, dv, o.heads, o.dim);
            if (o.sse) {
              ops.routerGradient(s, "d_router", e, top, dTop, load, scale, dEta, n, 0, n, m, m);
            }
          });
    }

    void fill() {
      SplittableRandom r = new SplittableRandom(1);
      normal(q, r);
      softmax(k, r, o.dim);
      normal(v, r);
      normal(dO, r);
      normal(logits, r);
      normal(g, r);
      for (int i = 0; i < g.getSize(); i++) {
        g.set(i, (float) (-Math.log1p(Math.exp(-g.get(i))) / 16));
      }
      cu.set(0, 0);
      cu.set(1, o.tokens);
      program.control().set(Control.TOKENS, o.tokens);
      program.control().set(Control.SEQUENCES, 1);
      program.control().set(Control.USE_STATE, 0);
      program.control().select(ControlTable.Position.ORIGIN);
    }

    void once() {
      program.execute("forward");
      if (o.backward) {
        program.execute("backward");
      }
    }
  }

  private static void normal(FloatArray a, SplittableRandom r) {
    for (int i = 0; i < a.getSize(); i++) {
      a.set(i, i < DRAWS ? (float) r.nextGaussian() : a.get(i - DRAWS));
    }
  }

  private static void softmax(FloatArray a, SplittableRandom r, int dim) {
    normal(a, r);
    for (int row = 0; row < a.getSize(); row += dim) {
      double sum = 0;
      for (int i = row; i < row + dim; i++) {
        a.set(i, (float) Math.exp(a.get(i)));
        sum += a.get(i);
      }
      for (int i = row; i < row + dim; i++) {
        a.set(i, (float) (a.get(i) / sum));
      }
    }
  }

  private static final class Product {
    private final int n = productSize();
    private final Program program = new Program(n, 1, Buffers.allocating());
    private final FloatArray a = program.buffers().floats("a", n * n);
    private final FloatArray b = program.buffers().floats("b", n * n);

    Product(Operations ops) {
      View x = program.control().whole(a);
      View w = program.control().whole(b);
      View y = program.control().whole(program.buffers().floats("c", n * n));
      program.graph("product", s -> ops.linear(s, "product", new Linear(x, n, w, y, n, 0, n, n)));
    }

    void fill() {
      SplittableRandom r = new SplittableRandom(2);
      normal(a, r);
      normal(b, r);
      program.control().set(Control.TOKENS, n);
      program.control().select(ControlTable.Position.ORIGIN);
    }

    void once() {
      program.execute("product");
    }
  }

  private static final class Copy {
    private final Program program = new Program(1, 1, Buffers.allocating());
    private final FloatArray from = program.buffers().floats("from", COPIED);

    Copy(Operations ops) {
      View x = program.control().whole(from);
      View y = program.control().whole(program.buffers().floats("to", COPIED));
      program.graph("copy", s -> ops.copy(s, "copy", x, y, COPIED));
    }

    void fill() {
      normal(from, new SplittableRandom(3));
      program.control().set(Control.TOKENS, 1);
      program.control().select(ControlTable.Position.ORIGIN);
    }

    void once() {
      program.execute("copy");
    }
  }
}
