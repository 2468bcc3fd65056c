package io.github.tornadosse.jmh;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.IntView;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.runtime.Program;
import io.github.tornadosse.runtime.Tiers;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Operations of one kind on arrays of their own, a task graph for each. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public abstract class OperationBenchmark {
  /** Tier of kernels. */
  @Param({"vector", "portable"})
  public String tier;

  /** Tokens of an execution, one sequence. */
  @Param("2048")
  public int tokens;

  private final SplittableRandom random = new SplittableRandom(1);
  private Program program;
  private Operations ops;

  /** Makes arrays and graphs. */
  @Setup(Level.Trial)
  public void open() {
    ops = Tiers.choose(tier).operations();
    program = new Program(tokens, 1, Buffers.allocating());
    declare();
    control().set(Control.TOKENS, tokens);
    control().set(Control.SEQUENCES, 1);
    control().set(Control.USE_STATE, 0);
    control().select(ControlTable.Position.ORIGIN);
    prepare();
  }

  /** Frees the arrays. */
  @TearDown(Level.Trial)
  public void close() {
    program.close();
  }

  /** Declares arrays and graphs. */
  abstract void declare();

  /** Runs what the measured graphs need to have run before. */
  void prepare() {}

  final Operations ops() {
    return ops;
  }

  final ControlTable control() {
    return program.control();
  }

  final void graph(String name, Consumer<Stage> body) {
    program.graph(name, body);
  }

  final void run(String name) {
    program.execute(name);
  }

  /** An array of normal numbers. */
  final FloatArray floats(String name, long n) {
    FloatArray a = program.buffers().floats(name, n);
    for (int i = 0; i < a.getSize(); i++) {
      a.set(i, (float) random.nextGaussian());
    }
    return a;
  }

  final View view(String name, long n) {
    return control().whole(floats(name, n));
  }

  final IntArray ints(String name, long n) {
    return program.buffers().ints(name, n);
  }

  final IntView intView(String name, long n) {
    return control().view(ints(name, n), 0, 0, ControlTable.Axis.FIXED);
  }

  /** Ints below a bound that are sent before each execution. */
  final IntArray drawn(String name, int n, int bound) {
    IntArray a = program.intInput(name, n);
    for (int i = 0; i < n; i++) {
      a.set(i, random.nextInt(bound));
    }
    return a;
  }

  /** Bounds of the one sequence. */
  final IntArray bounds() {
    IntArray cu = program.intInput("cu", 2);
    cu.set(1, tokens);
    return cu;
  }

  /** Expanded rows of N partitions, M of them a token. */
  final Rows rows(int partitions, int width) {
    long all = (long) tokens * (1 + width);
    return new Rows(
        ints("rows.token", all),
        ints("rows.mode", all),
        floats("rows.weight", 2 * all),
        ints("rows.of_token", (long) tokens * width),
        ints("rows.segments", 2L * (partitions + 1)),
        partitions,
        width);
  }
}
