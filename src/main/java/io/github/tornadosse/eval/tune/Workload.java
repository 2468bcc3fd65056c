package io.github.tornadosse.eval.tune;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.runtime.Program;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Operations of one kind at the sizes of a model, to be timed with different settings. */
final class Workload implements AutoCloseable {
  /** What can be timed. */
  enum Kind {
    /** RMSNorm and its gradient. */
    NORM,
    /** Cross-entropy with its gradient. */
    LOSS,
    /** A wide and a narrow dense layer with their gradients. */
    DENSE,
    /** A dense layer for as few tokens as are decoded at a time. */
    FEW
  }

  /**
   * Sizes of the model.
   *
   * @param tokens of a training step
   * @param hidden D
   * @param vocabulary number of tokens
   */
  record Sizes(int tokens, int hidden, int vocabulary) {}

  private static final String GRAPH = "tune";
  private static final int NARROW = 64;
  private static final int WIDE = 4;
  private static final int FEW_TOKENS = 8;
  private static final float EPS = 1e-6f;

  private final Program program;
  private final ControlTable table;

  /** The last that is written, to be fetched. */
  private final FloatArray sink;

  Workload(Kind kind, Sizes sizes, Operations ops) {
    int tokens = kind == Kind.FEW ? FEW_TOKENS : sizes.tokens;
    Buffers buffers = Buffers.allocating();
    program = new Program(tokens, 1, buffers);
    table = program.control();
    sink = buffers.floats("row", tokens);
    program.graph(GRAPH, body(kind, sizes, tokens, ops, buffers));
    table.set(Control.TOKENS, tokens);
    table.set(Control.SEQUENCES, 1);
    table.select(ControlTable.Position.ORIGIN);
  }

  private Consumer<Stage> body(
      Kind kind, Sizes sizes, int tokens, Operations ops, Buffers buffers) {
    int d = sizes.hidden;
    View x = filled(buffers, "x", (long) tokens * d);
    View dx = filled(buffers, "dx", (long) tokens * d);
    View row = table.whole(sink);
    return switch (kind) {
      case NORM -> {
        View w = filled(buffers, "w", d);
        View dw = filled(buffers, "dw", d);
        View y = filled(buffers, "y", (long) tokens * d);
        yield s -> {
          ops.rmsNorm(s, "norm", x, w, y, row, d, EPS);
          ops.rmsNormGradient(s, "gradient", x, w, row, y, dx, dw, d);
        };
      }
      case LOSS -> {
        View logits = filled(buffers, "logits", (long) tokens * sizes.vocabulary);
        IntArray targets = program.intInput("targets", tokens);
        FloatArray scale = buffers.floats("scale", 2);
        yield s -> ops.crossEntropy(s, "loss", logits, targets, row, scale, sizes.vocabulary);
      }
      case DENSE -> {
        Linear wide = linear(buffers, "wide", x, tokens, d, WIDE * d);
        Linear narrow = linear(buffers, "narrow", x, tokens, d, NARROW);
        yield s -> {
          dense(s, "wide", ops, wide, dx);
          dense(s, "narrow", ops, narrow, dx);
          ops.zeroTokens(s, "end", row, 1);
        };
      }
      case FEW -> {
        Linear wide = linear(buffers, "wide", x, tokens, d, WIDE * d);
        yield s -> {
          ops.linear(s, "wide", wide);
          ops.zeroTokens(s, "end", row, 1);
        };
      }
    };
  }

  private static void dense(Stage s, String id, Operations ops, Linear l, View dx) {
    ops.linear(s, id, l);
    ops.linearInputGradient(
        s,
        id + ".dx",
        new Linear(dx, l.ldx(), l.w(), l.y(), l.ldy(), l.headDim(), l.in(), l.out()),
        false);
    ops.linearWeightGradient(s, id + ".dw", l);
  }

  private Linear linear(Buffers buffers, String name, View x, int tokens, int in, int out) {
    View w = filled(buffers, name + ".w", (long) in * out);
    View y = filled(buffers, name + ".y", (long) tokens * out);
    return new Linear(x, in, w, y, out, 0, in, out);
  }

  private View filled(Buffers buffers, String name, long n) {
    FloatArray a = buffers.floats(name, n);
    for (int i = 0; i < a.getSize(); i++) {
      a.set(i, (i % 7 - 3) * 0.01f);
    }
    return table.whole(a);
  }

  /**
   * Executes the operations.
   *
   * @param times how often
   * @return seconds of one execution
   */
  double run(int times) {
    long start = System.nanoTime();
    for (int i = 0; i < times; i++) {
      program.execute(GRAPH);
    }
    // What is fetched has been computed.
    program.fetch(GRAPH, sink);
    return (System.nanoTime() - start) * 1e-9 / times;
  }

  @Override
  public void close() {
    program.close();
  }
}
