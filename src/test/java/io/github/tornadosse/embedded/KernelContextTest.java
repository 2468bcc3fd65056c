package io.github.tornadosse.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

@Timeout(120)
class KernelContextTest {
  private final int before = Workers.count();

  @AfterEach
  void restore() {
    Workers.setCount(before);
  }

  // ---------------------------------------------------------------- kernels

  static void positions(KernelContext c, IntArray out) {
    int index = c.globalIdx + c.globalGroupSizeX * (c.globalIdy + c.globalGroupSizeY * c.globalIdz);
    int group = c.groupIdx + 10 * c.groupIdy + 100 * c.groupIdz;
    int local = c.localIdx + 10 * c.localIdy + 100 * c.localIdz;
    int sizes = c.localGroupSizeX + 10 * c.localGroupSizeY + 100 * c.localGroupSizeZ;
    out.set(4 * index, c.globalIdx + 100 * c.globalIdy + 10000 * c.globalIdz);
    out.set(4 * index + 1, group);
    out.set(4 * index + 2, local);
    out.set(4 * index + 3, sizes);
  }

  /** Sums of groups by a tree in local memory. */
  static void treeSum(KernelContext c, FloatArray x, FloatArray sums) {
    float[] local = c.allocateFloatLocalArray(64);
    int i = c.localIdx;
    local[i] = x.get(c.globalIdx);
    for (int stride = c.localGroupSizeX / 2; stride > 0; stride /= 2) {
      c.localBarrier();
      if (i < stride) {
        local[i] += local[i + stride];
      }
    }
    if (i == 0) {
      sums.set(c.groupIdx, local[0]);
    }
  }

  private static final int TILE = 8;

  /** C = A·B, all [n, n], through tiles in local memory. */
  static void tiledProduct(KernelContext ctx, FloatArray a, FloatArray b, FloatArray c, int n) {
    float[] tileA = ctx.allocateFloatLocalArray(TILE * TILE);
    float[] tileB = ctx.allocateFloatLocalArray(TILE * TILE);
    int row = ctx.localIdy;
    int column = ctx.localIdx;
    float sum = 0;
    for (int k = 0; k < n; k += TILE) {
      tileA[row * TILE + column] = a.get(ctx.globalIdy * n + k + column);
      tileB[row * TILE + column] = b.get((k + row) * n + ctx.globalIdx);
      ctx.localBarrier();
      for (int l = 0; l < TILE; l++) {
        sum += tileA[row * TILE + l] * tileB[l * TILE + column];
      }
      wait(ctx);
    }
    c.set(ctx.globalIdy * n + ctx.globalIdx, sum);
  }

  private static void wait(KernelContext ctx) {
    ctx.globalBarrier();
  }

  static void histogram(KernelContext c, IntArray keys, IntArray counts, LongArray total) {
    int[] local = c.allocateIntLocalArray(4);
    if (c.localIdx < 4) {
      local[c.localIdx] = 0;
    }
    c.localBarrier();
    c.atomicAdd(local, keys.get(c.globalIdx), 1);
    c.localBarrier();
    if (c.localIdx < 4) {
      c.atomicAdd(counts, c.localIdx, local[c.localIdx]);
    }
    c.atomicAdd(total, 0, keys.get(c.globalIdx));
  }

  static void allTypes(KernelContext c, FloatArray out) {
    byte[] bytes = c.allocateByteLocalArray(2);
    long[] longs = c.allocateLongLocalArray(2);
    double[] doubles = c.allocateDoubleLocalArray(2);
    HalfFloat[] halves = c.allocateHalfFloatLocalArray(2);
    int other = 1 - c.localIdx;
    out.set(2 + c.localIdx, halves[other] == null ? 0 : halves[other].getFloat32());
    c.localBarrier();
    bytes[other] = (byte) (1 + c.localIdx);
    longs[other] = 10;
    doubles[other] = 100;
    halves[other] = new HalfFloat(1000f);
    c.localBarrier();
    int own = c.localIdx;
    out.set(own, bytes[own] + longs[own] + (float) doubles[own] + halves[own].getFloat32());
  }

  static void freshLocalMemory(KernelContext c, FloatArray out) {
    float[] floats = c.allocateFloatLocalArray(1);
    int[] ints = c.allocateIntLocalArray(1);
    out.set(0, floats[0]);
    out.set(1, ints[0]);
  }

  static void fails(KernelContext c, FloatArray out) {
    if (c.globalIdx == 5) {
      throw new IllegalStateException("item 5");
    }
    c.localBarrier();
    out.set(c.globalIdx, 1);
  }

  static void missesTheBarrier(KernelContext c, FloatArray out) {
    if (c.localIdx == 0) {
      return;
    }
    c.localBarrier();
    out.set(c.globalIdx, 1);
  }

  static void differInLocalArrays(KernelContext c, FloatArray out) {
    float[] local = c.allocateFloatLocalArray(c.localIdx + 1);
    out.set(c.globalIdx, local.length);
  }

  static void plain(KernelContext c, FloatArray out) {
    out.set(c.globalIdx, out.get(c.globalIdx) + c.globalIdx);
  }

  // ---------------------------------------------------------------- tests

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void workItemsKnowTheirPlace(int threads) throws Exception {
    Workers.setCount(threads);
    IntArray out = new IntArray(4 * 6 * 4 * 2);
    WorkerGrid grid = new WorkerGrid3D(6, 4, 2);
    grid.setLocalWork(3, 2, 1);
    run(
        grid,
        new TaskGraph("g")
            .task("t", KernelContextTest::positions, new KernelContext(), out)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, out));
    for (int z = 0; z < 2; z++) {
      for (int y = 0; y < 4; y++) {
        for (int x = 0; x < 6; x++) {
          int at = 4 * (x + 6 * (y + 4 * z));
          assertThat(out.slice(at, 4).toHeapArray())
              .containsExactly(
                  x + 100 * y + 10000 * z,
                  x / 3 + 10 * (y / 2) + 100 * z,
                  x % 3 + 10 * (y % 2),
                  3 + 10 * 2 + 100);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void treesOfSumsGoThroughLocalMemory(int threads) throws Exception {
    Workers.setCount(threads);
    FloatArray x = random(64 * 9, 1);
    FloatArray sums = new FloatArray(9);
    WorkerGrid grid = new WorkerGrid1D(64 * 9);
    grid.setLocalWork(64, 1, 1);
    run(
        grid,
        new TaskGraph("g")
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
            .task("t", KernelContextTest::treeSum, new KernelContext(), x, sums)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, sums));
    for (int g = 0; g < 9; g++) {
      double sum = 0;
      for (int i = 0; i < 64; i++) {
        sum += x.get(64 * g + i);
      }
      assertThat((double) sums.get(g)).isCloseTo(sum, within(1e-4));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void productsGoThroughTilesInLocalMemory(int threads) throws Exception {
    Workers.setCount(threads);
    int n = 3 * TILE;
    FloatArray a = random(n * n, 2);
    FloatArray b = random(n * n, 3);
    FloatArray c = new FloatArray(n * n);
    WorkerGrid grid = new WorkerGrid2D(n, n);
    grid.setLocalWork(TILE, TILE, 1);
    run(
        grid,
        new TaskGraph("g")
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, a, b)
            .task("t", KernelContextTest::tiledProduct, new KernelContext(), a, b, c, n)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, c));
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int k = 0; k < n; k++) {
          sum += (double) a.get(i * n + k) * b.get(k * n + j);
        }
        assertThat((double) c.get(i * n + j)).isCloseTo(sum, within(1e-5));
      }
    }
  }

  @Test
  void atomicSumsLoseNothing() throws Exception {
    Workers.setCount(2);
    Random random = new Random(4);
    IntArray keys = new IntArray(32 * 40);
    int[] expected = new int[4];
    long expectedTotal = 0;
    for (int i = 0; i < keys.getSize(); i++) {
      keys.set(i, random.nextInt(4));
      expected[keys.get(i)]++;
      expectedTotal += keys.get(i);
    }
    IntArray counts = new IntArray(4);
    LongArray total = new LongArray(1);
    WorkerGrid grid = new WorkerGrid1D(keys.getSize());
    grid.setLocalWork(32, 1, 1);
    run(
        grid,
        new TaskGraph("g")
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, keys, counts, total)
            .task("t", KernelContextTest::histogram, new KernelContext(), keys, counts, total)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, counts, total));
    assertThat(counts.toHeapArray()).isEqualTo(expected);
    assertThat(total.get(0)).isEqualTo(expectedTotal);
  }

  @Test
  void localArraysOfAllTypesAreShared() throws Exception {
    FloatArray out = new FloatArray(4);
    run(grid(2, 2), graphOf(KernelContextTest::allTypes, out));
    assertThat(out.get(0)).isEqualTo(2 + 10 + 100 + 1000);
    assertThat(out.get(1)).isEqualTo(1 + 10 + 100 + 1000);
    assertThat(out.get(2)).isNaN();
  }

  @Test
  void freshLocalMemoryIsGarbage() throws Exception {
    FloatArray out = new FloatArray(2);
    run(grid(1, 1), graphOf(KernelContextTest::freshLocalMemory, out));
    assertThat(out.get(0)).isNaN();
    assertThat(out.get(1)).isEqualTo(HeapAccess.UNDEFINED_INT);
  }

  @Test
  void aGridWithoutGroupsGetsSome() throws Exception {
    FloatArray out = new FloatArray(1000);
    WorkerGrid grid = new WorkerGrid1D(1000);
    run(grid, graphOf(KernelContextTest::plain, out));
    for (int i = 0; i < 1000; i++) {
      assertThat(out.get(i)).isEqualTo(i);
    }
  }

  @Test
  void aGridCanBeginElsewhere() throws Exception {
    FloatArray out = new FloatArray(12);
    WorkerGrid grid = grid(4, 2);
    grid.setGlobalOffset(5, 0, 0);
    run(grid, graphOf(KernelContextTest::plain, out));
    assertThat(out.toHeapArray()).containsExactly(0, 0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 0);
  }

  @Test
  void aFailureOfAWorkItemEndsItsGroup() {
    assertThatThrownBy(
            () -> run(grid(16, 8), graphOf(KernelContextTest::fails, new FloatArray(16))))
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("g.t, KernelContextTest.fails")
        .hasMessageContaining("item 5");
  }

  @Test
  void aBarrierThatSomeMissIsAnError() {
    for (int repeat = 0; repeat < 20; repeat++) {
      assertThatThrownBy(
              () ->
                  run(
                      grid(16, 8),
                      graphOf(KernelContextTest::missesTheBarrier, new FloatArray(16))))
          .isInstanceOf(TornadoRuntimeException.class)
          .hasMessageContaining("barrier that some work-items of a group do not reach");
    }
  }

  @Test
  void localArraysHaveToAgree() {
    assertThatThrownBy(
            () ->
                run(grid(4, 4), graphOf(KernelContextTest::differInLocalArrays, new FloatArray(4))))
        .hasMessageContaining("differ in their local arrays");
  }

  @Test
  void aTaskWithAContextNeedsAGrid() {
    TaskGraph graph = graphOf(KernelContextTest::plain, new FloatArray(4));
    assertThatThrownBy(() -> new TornadoExecutionPlan(graph.snapshot()).execute())
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("g.t, KernelContextTest.plain")
        .hasMessageContaining("no grid");
  }

  @Test
  void theLocalSizeHasToDivideTheGlobalOne() {
    assertThatThrownBy(
            () -> run(grid(10, 4), graphOf(KernelContextTest::plain, new FloatArray(10))))
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("does not divide")
        .hasMessageContaining("[10, 1, 1]");
  }

  @Test
  void gridsAreHeldToTheLimitsOfGpus() {
    assertThatThrownBy(
            () -> run(grid(4096, 2048), graphOf(KernelContextTest::plain, new FloatArray(4096))))
        .hasMessageContaining("more than 1024 work-items");
    WorkerGrid tall = new WorkerGrid2D(1, 70000);
    tall.setLocalWork(1, 1, 1);
    assertThatThrownBy(() -> run(tall, graphOf(KernelContextTest::plain, new FloatArray(1))))
        .hasMessageContaining("more than 65535 groups");
    assertThatThrownBy(
            () -> run(new WorkerGrid1D(0), graphOf(KernelContextTest::plain, new FloatArray(1))))
        .hasMessageContaining("grid is empty");
  }

  @Test
  void gridsForNoTaskAreAnError() {
    TaskGraph graph = graphOf(KernelContextTest::plain, new FloatArray(4));
    TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot());
    GridScheduler grids = new GridScheduler("t", grid(4, 4));
    assertThatThrownBy(() -> plan.withGridScheduler(grids))
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("[t]");
  }

  @Test
  void aContextOutsideOfATaskHasNoGroup() {
    KernelContext context = new KernelContext();
    assertThat(context.globalIdx).isZero();
    assertThatThrownBy(context::localBarrier).hasMessageContaining("belongs to no work-item");
  }

  @Test
  void gridSchedulersTellWhatTheyHold() {
    GridScheduler grids = new GridScheduler();
    WorkerGrid grid = grid(8, 4);
    grids.addWorkerGrid("g.t", grid);
    assertThat(grids.get("g.t")).isSameAs(grid);
    assertThat(grids.contains("g", "t")).isTrue();
    assertThat(grids.contains("g", "u")).isFalse();
    assertThat(grids.keySet()).containsExactly("g.t");
    assertThat(grids.toString()).contains("g.t", "[8, 1, 1]", "[4, 1, 1]");
    assertThat(grid.dimension()).isEqualTo(1);
    assertThat(grid.getNumberOfWorkgroups()).containsExactly(2, 1, 1);
    grid.setLocalWorkToNull();
    grid.setNumberOfWorkgroupsToNull();
    assertThat(grid.getLocalWork()).isNull();
    assertThat(grid.getNumberOfWorkgroups()).isNull();
  }

  private interface Body
      extends uk.ac.manchester.tornado.api.common.TornadoFunctions.Task2<
          KernelContext, FloatArray> {}

  private static TaskGraph graphOf(Body body, FloatArray out) {
    return new TaskGraph("g")
        .transferToDevice(DataTransferMode.EVERY_EXECUTION, out)
        .task("t", body, new KernelContext(), out)
        .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
  }

  private static WorkerGrid grid(int global, int local) {
    WorkerGrid grid = new WorkerGrid1D(global);
    grid.setLocalWork(local, 1, 1);
    return grid;
  }

  private static void run(WorkerGrid grid, TaskGraph graph) throws Exception {
    try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
      plan.withGridScheduler(new GridScheduler("g.t", grid)).execute();
    }
  }

  private static FloatArray random(int n, long seed) {
    Random random = new Random(seed);
    FloatArray array = new FloatArray(n);
    for (int i = 0; i < n; i++) {
      array.set(i, random.nextFloat() - 0.5f);
    }
    return array;
  }
}
