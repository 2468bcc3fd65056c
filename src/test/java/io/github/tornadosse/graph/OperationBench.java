package io.github.tornadosse.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.embedded.Workers;
import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.runtime.Devices;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Runs operations through a task graph on arrays that are hostile where nobody may look: NaN around
 * and between the elements that count, in outputs and in scratch arrays. Every execution is
 * repeated with other numbers of threads, and must give the same bits.
 */
final class OperationBench {
  /** What int arrays hold where nobody may look. */
  static final int POISON = -7_777_777;

  private static final int[] THREADS = {1, 2, 7};

  final int tokens;
  final int capacity;
  final int[] cu;

  private final ControlTable control = new ControlTable();
  private final List<Region> regions = new ArrayList<>();
  private final List<IntArray> ints = new ArrayList<>();
  private final Random random;

  /** The elements of an array that count; {@code positions} are relative to the base. */
  final class Region {
    final String name;
    final FloatArray array;
    final View view;
    private final int base;
    private final int[] positions;
    private final boolean constant;
    private final float[] initial;

    private Region(
        String name, int base, int size, int[] positions, double[] values, boolean constant) {
      this.name = name;
      this.base = base;
      this.positions = positions;
      this.constant = constant;
      initial = new float[base + size + (base > 0 ? 5 : 0)];
      Arrays.fill(initial, Float.NaN);
      if (values != null) {
        assertThat(values).as(name).hasSameSizeAs(positions);
        for (int i = 0; i < positions.length; i++) {
          initial[base + positions[i]] = (float) values[i];
        }
      }
      array = HostArrays.floats(initial.length);
      reset();
      view =
          base == 0 ? control.whole(array) : control.view(array, base, 0, ControlTable.Axis.FIXED);
      regions.add(this);
    }

    /** The elements that count, as they are now. */
    double[] get() {
      double[] values = new double[positions.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = array.get(base + positions[i]);
      }
      return values;
    }

    private void reset() {
      for (int i = 0; i < initial.length; i++) {
        array.set(i, initial[i]);
      }
    }

    private void checkUntouched() {
      boolean[] counts = new boolean[initial.length];
      for (int i = 0; !constant && i < positions.length; i++) {
        counts[base + positions[i]] = true;
      }
      for (int i = 0; i < initial.length; i++) {
        if (!counts[i] && bits(array.get(i)) != bits(initial[i])) {
          throw new AssertionError(
              "%s[%d] (base %d) was %s and must not be touched; it is %s"
                  .formatted(name, i, base, initial[i], array.get(i)));
        }
      }
    }
  }

  OperationBench(int capacity, int... cu) {
    this.capacity = capacity;
    this.cu = cu;
    tokens = cu[cu.length - 1];
    random = new Random(31L * capacity + Arrays.hashCode(cu));
    control.set(Control.TOKENS, tokens);
    control.set(Control.SEQUENCES, cu.length - 1);
  }

  void useState() {
    control.set(Control.USE_STATE, 1);
  }

  // ---------------------------------------------------------------- numbers

  /** Normal random numbers that a float holds. */
  double[] normal(int n, double deviation) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  Random random() {
    return random;
  }

  // ---------------------------------------------------------------- places

  /** [n]. */
  static int[] flat(int n) {
    return run(new int[] {0}, n);
  }

  /** Columns from..from + n − 1 of [L, ld]. */
  int[] columns(int ld, int from, int n) {
    int[] starts = new int[tokens];
    for (int t = 0; t < tokens; t++) {
      starts[t] = t * ld + from;
    }
    return run(starts, n);
  }

  /** The tokens of [blocks, capacity, dim]. */
  int[] heads(int blocks, int dim) {
    int[] starts = new int[blocks * tokens];
    for (int b = 0; b < blocks; b++) {
      for (int t = 0; t < tokens; t++) {
        starts[b * tokens + t] = (b * capacity + t) * dim;
      }
    }
    return run(starts, dim);
  }

  /** The rows in use of [blocks, capacity·(1 + width), dim]. */
  int[] rows(int blocks, int width, int dim) {
    int used = tokens * (1 + width);
    int[] starts = new int[blocks * used];
    for (int b = 0; b < blocks; b++) {
      for (int r = 0; r < used; r++) {
        int row = r < tokens ? r : capacity + r - tokens;
        starts[b * used + r] = (b * capacity * (1 + width) + row) * dim;
      }
    }
    return run(starts, dim);
  }

  private static int[] run(int[] starts, int n) {
    int[] positions = new int[starts.length * n];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = starts[i / n] + i % n;
    }
    return positions;
  }

  // ---------------------------------------------------------------- arrays

  /** A view that must stay as it is. */
  Region input(String name, int size, int[] positions, double[] values) {
    return new Region(name, nextBase(), size, positions, values, true);
  }

  /** A view that is read and written. */
  Region update(String name, int size, int[] positions, double[] values) {
    return new Region(name, nextBase(), size, positions, values, false);
  }

  /** A view that is written; NaN before. */
  Region output(String name, int size, int[] positions) {
    return new Region(name, nextBase(), size, positions, null, false);
  }

  /** Odd, so that nothing is aligned by chance. */
  private int nextBase() {
    return 3 + 4 * regions.size();
  }

  /**
   * A view of the same array that begins {@code offset} elements after the region's; to be made
   * before {@link #run}.
   */
  View part(Region region, int offset) {
    return control.view(region.array, region.base + offset, 0, ControlTable.Axis.FIXED);
  }

  /** A whole array that must stay as it is. */
  Region inputArray(String name, int size, int[] positions, double[] values) {
    return new Region(name, 0, size, positions, values, true);
  }

  /** A whole array that is read and written. */
  Region updateArray(String name, int size, int[] positions, double[] values) {
    return new Region(name, 0, size, positions, values, false);
  }

  /** A whole array that is written; NaN before. */
  Region outputArray(String name, int size, int[] positions) {
    return new Region(name, 0, size, positions, null, false);
  }

  /** Ints, poison behind them. */
  IntArray ints(int size, int... values) {
    IntArray array = HostArrays.ints(size);
    for (int i = 0; i < size; i++) {
      array.set(i, i < values.length ? values[i] : POISON);
    }
    ints.add(array);
    return array;
  }

  /** A view of ints, poison around them. */
  IntView intView(int size, int... values) {
    int base = 3 + 4 * ints.size();
    int[] all = new int[base + size];
    Arrays.fill(all, POISON);
    System.arraycopy(values, 0, all, base, values.length);
    return control.view(ints(all.length, all), base, 0, ControlTable.Axis.FIXED);
  }

  /** The first elements of a view of ints, as they are now. */
  int[] get(IntView view, int n) {
    int[] values = new int[n];
    for (int i = 0; i < n; i++) {
      values[i] = view.array().get(control.array().get(view.at()) + i);
    }
    return values;
  }

  static int[] get(IntArray array, int n) {
    return Arrays.copyOf(array.toHeapArray(), n);
  }

  // ---------------------------------------------------------------- execution

  /** Runs what is appended to the stage's graph, with every number of threads. */
  void run(Consumer<Stage> operations) {
    control.select(ControlTable.Position.ORIGIN);
    Buffers buffers = Buffers.allocating();
    int[][] initialInts = ints.stream().map(IntArray::toHeapArray).toArray(int[][]::new);
    ArrayRecorder recorder = new ArrayRecorder("recorder");
    operations.accept(stage(recorder, buffers, new GridScheduler()));
    Object[] arrays = recorder.arrays().toArray();
    if (arrays.length == 0) {
      // No task, as there is nothing to do; TornadoVM has no plan without one.
      regions.forEach(Region::checkUntouched);
      return;
    }
    TaskGraph graph = new TaskGraph("contract");
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, arrays);
    useAll(graph, arrays);
    GridScheduler grids = new GridScheduler();
    operations.accept(stage(graph, buffers, grids));
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, arrays);

    int threadsBefore = Workers.count();
    List<int[]> first = null;
    try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
      GridScheduler needed = LoopGrid.of(grids, Devices.graphics());
      if (!needed.keySet().isEmpty()) {
        plan.withGridScheduler(needed);
      }
      for (int threads : THREADS) {
        Workers.setCount(threads);
        reset(buffers, initialInts);
        plan.execute();
        List<int[]> result = bits();
        if (first == null) {
          first = result;
          regions.forEach(Region::checkUntouched);
        }
        for (int i = 0; i < result.size(); i++) {
          assertThat(Arrays.mismatch(result.get(i), first.get(i)))
              .as("first difference of array %d, %d threads instead of 1", i, threads)
              .isEqualTo(-1);
        }
      }
    } catch (uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException e) {
      throw new AssertionError(e);
    } finally {
      Workers.setCount(threadsBefore);
    }
  }

  /**
   * Makes a graph read and write all arrays. TornadoVM copies in only what a task reads, and what
   * must not be touched has to be there. What tasks only write its CUDA backend clears, and that
   * beside the stream of the copies and tasks: at any time, when others use the device.
   */
  private static void useAll(TaskGraph graph, Object[] arrays) {
    IntArray never = HostArrays.ints(1);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, never);
    for (int i = 0; i < arrays.length; i++) {
      if (arrays[i] instanceof FloatArray a) {
        graph.task("use" + i, OperationBench::use, a, never);
      } else if (arrays[i] instanceof IntArray a) {
        graph.task("use" + i, OperationBench::use, a, never);
      }
    }
  }

  private static void use(FloatArray a, IntArray never) {
    if (never.get(0) != 0) {
      a.set(0, a.get(0) + 1);
    }
  }

  private static void use(IntArray a, IntArray never) {
    if (never.get(0) != 0) {
      a.set(0, a.get(0) + 1);
    }
  }

  private Stage stage(TaskGraph graph, Buffers buffers, GridScheduler grids) {
    return new Stage(graph, control.array(), capacity, cu.length + 1, buffers, grids);
  }

  private void reset(Buffers buffers, int[][] initialInts) {
    regions.forEach(Region::reset);
    for (int i = 0; i < initialInts.length; i++) {
      for (int j = 0; j < initialInts[i].length; j++) {
        ints.get(i).set(j, initialInts[i][j]);
      }
    }
    for (Object scratch : buffers.arrays()) {
      if (scratch instanceof FloatArray floats) {
        floats.init(Float.NaN);
      }
    }
  }

  private List<int[]> bits() {
    List<int[]> all = new ArrayList<>();
    for (Region region : regions) {
      int[] bits = new int[region.array.getSize()];
      for (int i = 0; i < bits.length; i++) {
        bits[i] = bits(region.array.get(i));
      }
      all.add(bits);
    }
    ints.forEach(array -> all.add(array.toHeapArray()));
    return all;
  }

  private static int bits(float value) {
    return Float.floatToIntBits(value);
  }

  // ---------------------------------------------------------------- verdicts

  /** A forward result must be within tolerance. */
  static void assertForward(Region actual, double[] expected) {
    Comparison comparison = new Comparison();
    comparison.forward(actual.name, actual.get(), expected);
    assertPassed(comparison);
  }

  /** A gradient must be within tolerance. */
  static void assertGradient(Region actual, double[] expected) {
    Comparison comparison = new Comparison();
    comparison.gradient(actual.name, actual.get(), expected);
    assertPassed(comparison);
  }

  static void assertPassed(Comparison comparison) {
    assertThat(comparison.result("", "").reason()).isEmpty();
  }
}
