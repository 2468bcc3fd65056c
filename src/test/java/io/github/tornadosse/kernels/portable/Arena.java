package io.github.tornadosse.kernels.portable;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.ArrayRecorder;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.IntView;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.PortableOperations;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.kernels.Control;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.ToDoubleFunction;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Arrays of one test, each view at a base of its own, and a graph that runs operations on them. */
final class Arena {
  static final double FORWARD = 1e-5;
  static final double GRADIENT = 1e-4;

  final int tokens;
  final int capacity;
  final int sequences;
  private final IntArray control = new IntArray(64);
  private final Random random;
  private int entries = Control.FIRST_BASE;

  /** L = tokens in arrays of room for three more. */
  Arena(int tokens, int sequences) {
    this.tokens = tokens;
    this.capacity = tokens + 3;
    this.sequences = sequences;
    random = new Random(97L * tokens + sequences);
    control.set(Control.TOKENS, tokens);
    control.set(Control.SEQUENCES, sequences);
  }

  void useState() {
    control.set(Control.USE_STATE, 1);
  }

  /** Normal random numbers that floats hold exactly. */
  double[] normal(int n) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  /** A view on a copy of those values. */
  View view(double[] values) {
    int base = entries % 5;
    FloatArray array = nan(values.length + base);
    for (int i = 0; i < values.length; i++) {
      array.set(base + i, (float) values[i]);
    }
    control.set(entries, base);
    return new View(array, entries++);
  }

  /** A view to be written. */
  View output(int n) {
    double[] values = new double[n];
    java.util.Arrays.fill(values, Double.NaN);
    return view(values);
  }

  IntView intOutput(int n) {
    int base = entries % 5;
    control.set(entries, base);
    return new IntView(new IntArray(n + base), entries++);
  }

  static FloatArray nan(int n) {
    FloatArray array = new FloatArray(Math.max(n, 1));
    array.init(Float.NaN);
    return array;
  }

  static FloatArray array(double[] values) {
    FloatArray array = nan(values.length);
    for (int i = 0; i < values.length; i++) {
      array.set(i, (float) values[i]);
    }
    return array;
  }

  /** The first n elements of a view. */
  double[] get(View view, int n) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = view.array().get(control.get(view.at()) + i);
    }
    return values;
  }

  int[] get(IntView view, int n) {
    int[] values = new int[n];
    for (int i = 0; i < n; i++) {
      values[i] = view.array().get(control.get(view.at()) + i);
    }
    return values;
  }

  static double[] get(FloatArray array) {
    double[] values = new double[array.getSize()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i);
    }
    return values;
  }

  /**
   * Runs operations as one graph. They are asked for twice, first to see which arrays they use, so
   * these must be made outside. Scratch arrays stay on the device.
   */
  void run(BiConsumer<Operations, Stage> operations) {
    Buffers buffers = Buffers.allocating();
    Operations portable = new PortableOperations();
    GridScheduler grids = new GridScheduler();
    ArrayRecorder recorder = new ArrayRecorder("recorder");
    operations.accept(portable, new Stage(recorder, control, capacity, sequences, buffers, grids));
    Object[] arrays =
        recorder.arrays().stream().filter(a -> !buffers.arrays().contains(a)).toArray();
    TaskGraph graph = new TaskGraph("portable");
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, arrays);
    operations.accept(portable, new Stage(graph, control, capacity, sequences, buffers, grids));
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, arrays);
    try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
      plan.execute();
    } catch (TornadoExecutionPlanException e) {
      throw new AssertionError(e);
    }
  }

  /** The gradient of a function by central differences. */
  static double[] differences(double[] x, ToDoubleFunction<double[]> f) {
    double[] gradient = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double before = x[i];
      double step = 1e-5 * Math.max(1, Math.abs(before));
      x[i] = before + step;
      double above = f.applyAsDouble(x);
      x[i] = before - step;
      gradient[i] = (above - f.applyAsDouble(x)) / (2 * step);
      x[i] = before;
    }
    return gradient;
  }

  /** Requires ‖actual − expected‖ ≤ tolerance·‖expected‖. */
  static void assertClose(double[] actual, double[] expected, double tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < actual.length; i++) {
      difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    assertThat(Math.sqrt(difference)).isLessThanOrEqualTo(tolerance * Math.sqrt(norm));
  }

  static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  static double silu(double x) {
    return x * sigmoid(x);
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
