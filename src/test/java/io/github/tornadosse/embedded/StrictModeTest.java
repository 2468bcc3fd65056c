package io.github.tornadosse.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

class StrictModeTest {
  private static final int FIRST = DataTransferMode.FIRST_EXECUTION;
  private static final int EVERY = DataTransferMode.EVERY_EXECUTION;
  private static final int DEMAND = DataTransferMode.UNDER_DEMAND;

  static void add(FloatArray x, FloatArray y) {
    for (@Parallel int i = 0; i < x.getSize(); i++) {
      y.set(i, y.get(i) + x.get(i));
    }
  }

  static void copy(FloatArray x, FloatArray y) {
    for (@Parallel int i = 0; i < x.getSize(); i++) {
      y.set(i, x.get(i));
    }
  }

  static void increment(FloatArray x) {
    for (@Parallel int i = 0; i < x.getSize(); i++) {
      x.set(i, x.get(i) + 1);
    }
  }

  static void touch(FloatArray x) {
    x.set(0, x.get(0));
  }

  static void writeFirst(FloatArray x) {
    x.set(0, 1);
  }

  static void takes(FloatArray x, Object other) {
    x.set(0, 1);
  }

  static void readAll(
      IntArray a, LongArray b, DoubleArray c, ByteArray d, HalfFloatArray e, FloatArray out) {
    out.set(0, a.get(0) == HeapAccess.UNDEFINED_INT ? 1 : 0);
    out.set(1, b.get(0) == Long.MIN_VALUE ? 1 : 0);
    out.set(2, Double.isNaN(c.get(0)) ? 1 : 0);
    out.set(3, d.get(0) == Byte.MIN_VALUE ? 1 : 0);
    out.set(4, Float.isNaN(e.get(0).getFloat32()) ? 1 : 0);
  }

  private static TornadoExecutionPlan strict(TaskGraph... graphs) {
    ImmutableTaskGraph[] snapshots = new ImmutableTaskGraph[graphs.length];
    for (int i = 0; i < graphs.length; i++) {
      snapshots[i] = graphs[i].snapshot();
    }
    return StrictMode.on(() -> new TornadoExecutionPlan(snapshots));
  }

  // ---------------------------------------------------------------- transfers

  @Test
  void whatIsSentOnceIsNotRefreshed() {
    FloatArray x = FloatArray.fromElements(1);
    FloatArray y = new FloatArray(1);
    TornadoExecutionPlan plan =
        strict(
            new TaskGraph("g")
                .transferToDevice(FIRST, x)
                .task("t", StrictModeTest::copy, x, y)
                .transferToHost(EVERY, y));
    plan.execute();
    assertThat(y.get(0)).isEqualTo(1);
    x.set(0, 2);
    plan.execute();
    assertThat(y.get(0)).isEqualTo(1);
  }

  @Test
  void whatIsSentAlwaysIsRefreshed() {
    FloatArray x = FloatArray.fromElements(1);
    FloatArray y = new FloatArray(1);
    TornadoExecutionPlan plan =
        strict(
            new TaskGraph("g")
                .transferToDevice(EVERY, x)
                .task("t", StrictModeTest::copy, x, y)
                .transferToHost(EVERY, y));
    plan.execute();
    x.set(0, 2);
    plan.execute();
    assertThat(y.get(0)).isEqualTo(2);
  }

  @Test
  void changesStayOnTheDeviceAndTheHostKeepsItsOwn() {
    FloatArray x = FloatArray.fromElements(1);
    TornadoExecutionPlan plan =
        strict(
            new TaskGraph("g")
                .transferToDevice(FIRST, x)
                .task("t", StrictModeTest::increment, x)
                .transferToHost(DEMAND, x));
    plan.execute();
    plan.execute();
    TornadoExecutionResult result = plan.execute();
    assertThat(x.get(0)).isEqualTo(1);
    result.transferToHost(x);
    assertThat(x.get(0)).isEqualTo(4);
  }

  @Test
  void whatNobodySendsIsGarbage() {
    FloatArray x = FloatArray.fromElements(1);
    FloatArray y = FloatArray.fromElements(5);
    TornadoExecutionPlan plan =
        strict(
            new TaskGraph("g")
                .transferToDevice(EVERY, x)
                .task("t", StrictModeTest::add, x, y)
                .transferToHost(EVERY, y));
    plan.execute();
    assertThat(y.get(0)).isNaN();
  }

  @Test
  void whatNobodyWritesIsGarbage() {
    FloatArray x = new FloatArray(3);
    TornadoExecutionPlan plan =
        strict(
            new TaskGraph("g").task("t", StrictModeTest::writeFirst, x).transferToHost(EVERY, x));
    plan.execute();
    assertThat(x.toHeapArray()).containsExactly(1, Float.NaN, Float.NaN);
  }

  @Test
  void garbageOfAllTypes() {
    FloatArray out = new FloatArray(5);
    TornadoExecutionPlan plan =
        strict(
            new TaskGraph("g")
                .task(
                    "t",
                    StrictModeTest::readAll,
                    new IntArray(1),
                    new LongArray(1),
                    new DoubleArray(1),
                    new ByteArray(1),
                    new HalfFloatArray(1),
                    out)
                .transferToHost(EVERY, out));
    plan.execute();
    assertThat(out.toHeapArray()).containsExactly(1, 1, 1, 1, 1);
  }

  static void sumsWithoutInitialising(FloatArray x, FloatArray y) {
    for (@Parallel int i = 0; i < x.getSize(); i++) {
      float[] sum = new float[2];
      int[] count = new int[1];
      sum[1] += x.get(i);
      y.set(2 * i, sum[1]);
      y.set(2 * i + 1, count[0]);
    }
  }

  @Test
  void privateArraysHoldGarbage() {
    FloatArray x = FloatArray.fromElements(3);
    FloatArray y = new FloatArray(2);
    TaskGraph graph =
        new TaskGraph("g")
            .transferToDevice(EVERY, x)
            .task("t", StrictModeTest::sumsWithoutInitialising, x, y)
            .transferToHost(EVERY, y);
    strict(graph).execute();
    assertThat(y.toHeapArray()).containsExactly(Float.NaN, HeapAccess.UNDEFINED_INT);
    ImmutableTaskGraph snapshot = graph.snapshot();
    StrictMode.off(() -> new TornadoExecutionPlan(snapshot)).execute();
    assertThat(y.toHeapArray()).containsExactly(3, 0);
  }

  @Test
  void outputsUnderDemandComeOnlyThen() {
    FloatArray x = FloatArray.fromElements(1);
    FloatArray y = FloatArray.fromElements(7);
    TornadoExecutionPlan plan =
        strict(
            new TaskGraph("g")
                .transferToDevice(EVERY, x)
                .task("t", StrictModeTest::copy, x, y)
                .transferToHost(DEMAND, y));
    TornadoExecutionResult result = plan.execute();
    assertThat(y.get(0)).isEqualTo(7);
    assertThat(result.transferToHost(y)).isSameAs(result);
    assertThat(y.get(0)).isEqualTo(1);
    assertThat(result.isReady()).isTrue();
  }

  @Test
  void whatIsNotOnTheDeviceDoesNotCome() {
    FloatArray x = FloatArray.fromElements(1);
    TornadoExecutionPlan plan =
        strict(
            new TaskGraph("g").transferToDevice(EVERY, x).task("t", StrictModeTest::increment, x));
    TornadoExecutionResult result = plan.execute();
    assertThatThrownBy(() -> result.transferToHost(new FloatArray(3)))
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("FloatArray of 3")
        .hasMessageContaining("not on the device");
  }

  @Test
  void freedMemoryIsSentAgain() throws Exception {
    FloatArray x = FloatArray.fromElements(1);
    TornadoExecutionPlan plan =
        strict(
            new TaskGraph("g")
                .transferToDevice(FIRST, x)
                .task("t", StrictModeTest::increment, x)
                .transferToHost(EVERY, x));
    plan.execute();
    x.set(0, 10);
    plan.freeDeviceMemory().execute();
    assertThat(x.get(0)).isEqualTo(11);
    plan.close();
  }

  @Test
  void withoutItTasksWorkOnTheHostsArrays() {
    FloatArray x = FloatArray.fromElements(1);
    ImmutableTaskGraph graph =
        new TaskGraph("g")
            .transferToDevice(FIRST, x)
            .task("t", StrictModeTest::increment, x)
            .transferToHost(DEMAND, x)
            .snapshot();
    TornadoExecutionPlan plan = StrictMode.off(() -> new TornadoExecutionPlan(graph));
    plan.execute();
    assertThat(x.get(0)).isEqualTo(2);
  }

  @Test
  void theChoiceEndsWithItsBlock() {
    boolean before = StrictMode.enabled();
    Supplier<Boolean> inner = StrictMode::enabled;
    assertThat(StrictMode.on(() -> StrictMode.off(inner))).isFalse();
    assertThat(StrictMode.on(inner)).isTrue();
    assertThat(StrictMode.enabled()).isEqualTo(before);
  }

  // ---------------------------------------------------------------- sharing

  private final FloatArray w = FloatArray.fromElements(1);
  private final FloatArray y = new FloatArray(1);

  private TaskGraph upload() {
    return new TaskGraph("upload")
        .transferToDevice(FIRST, w)
        .task("t", StrictModeTest::touch, w)
        .persistOnDevice(w);
  }

  private TaskGraph incrementing(String name, String from) {
    return new TaskGraph(name)
        .consumeFromDevice(from, w)
        .task("t", StrictModeTest::increment, w)
        .persistOnDevice(w);
  }

  @Test
  void graphsShareWhatTheyPersist() {
    TornadoExecutionPlan plan =
        strict(upload(), incrementing("a", "upload"), incrementing("b", "upload"));
    plan.withGraph(0).execute();
    plan.withGraph(1).execute();
    plan.withGraph(2).execute();
    plan.withGraph(1).execute();
    TornadoExecutionResult result = plan.withGraph(1).execute();
    assertThat(w.get(0)).isEqualTo(1);
    result.transferToHost(w);
    assertThat(w.get(0)).isEqualTo(5);
  }

  @Test
  void theGraphBeforeCanGoUnnamed() {
    TaskGraph next =
        new TaskGraph("next")
            .consumeFromDevice(w)
            .task("t", StrictModeTest::copy, w, y)
            .transferToHost(EVERY, y);
    TornadoExecutionPlan plan = strict(upload(), next);
    plan.withGraph(0).execute();
    plan.withGraph(1).execute();
    assertThat(y.get(0)).isEqualTo(1);
  }

  @Test
  void graphsThatDoNotShareHaveTheirOwnCopies() {
    TaskGraph first =
        new TaskGraph("first").transferToDevice(FIRST, w).task("t", StrictModeTest::increment, w);
    TaskGraph second =
        new TaskGraph("second")
            .transferToDevice(FIRST, w)
            .task("t", StrictModeTest::increment, w)
            .transferToHost(EVERY, w);
    TornadoExecutionPlan plan = strict(first, second);
    plan.withGraph(0).execute();
    plan.withGraph(1).execute();
    assertThat(w.get(0)).isEqualTo(2);
  }

  @Test
  void consumingBeforeProducingIsAnError() {
    TornadoExecutionPlan plan = strict(upload(), incrementing("a", "upload"));
    assertThatThrownBy(() -> plan.withGraph(1).execute())
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("graph a consumes FloatArray of 1 (argument 1 of task a.t)")
        .hasMessageContaining("graph upload, which has not produced it");
  }

  @Test
  void theSourceHasToPersist() {
    TaskGraph source =
        new TaskGraph("source").transferToDevice(FIRST, w).task("t", StrictModeTest::touch, w);
    TornadoExecutionPlan plan = strict(source, incrementing("a", "source"));
    plan.withGraph(0).execute();
    assertThatThrownBy(() -> plan.withGraph(1).execute())
        .hasMessageContaining("graph source, which does not persist it");
  }

  @Test
  void theSourceHasToBeInThePlan() {
    TornadoExecutionPlan plan = strict(upload(), incrementing("a", "elsewhere"));
    plan.withGraph(0).execute();
    assertThatThrownBy(() -> plan.withGraph(1).execute())
        .hasMessageContaining("graph elsewhere, which is not in the plan");
  }

  @Test
  void theSourceNeedsATaskThatUsesTheArray() {
    TaskGraph idle =
        new TaskGraph("upload")
            .transferToDevice(FIRST, w, y)
            .task("t", StrictModeTest::touch, y)
            .persistOnDevice(w);
    TornadoExecutionPlan plan = strict(idle, incrementing("a", "upload"));
    plan.withGraph(0).execute();
    assertThatThrownBy(() -> plan.withGraph(1).execute())
        .hasMessageContaining("which has not produced it");
  }

  @Test
  void theGraphThatRanLastHasToHoldWhatIsConsumed() {
    TaskGraph other =
        new TaskGraph("other").transferToDevice(FIRST, y).task("t", StrictModeTest::touch, y);
    TornadoExecutionPlan plan = strict(upload(), incrementing("a", "upload"), other);
    plan.withGraph(0).execute();
    plan.withGraph(2).execute();
    assertThatThrownBy(() -> plan.withGraph(1).execute())
        .hasMessageContaining("graph other, which ran last, does not persist it");
  }

  @Test
  void anEarlierSourceHasToHaveBeenTheLast() {
    FloatArray v = new FloatArray(1);
    TaskGraph second =
        new TaskGraph("second")
            .transferToDevice(FIRST, v)
            .task("t", StrictModeTest::touch, v)
            .persistOnDevice(v);
    TaskGraph both =
        new TaskGraph("both")
            .consumeFromDevice("upload", w)
            .consumeFromDevice("second", v)
            .task("t", StrictModeTest::add, w, v)
            .transferToHost(EVERY, v);
    TornadoExecutionPlan plan = strict(upload(), second, both);
    plan.withGraph(0).execute();
    plan.withGraph(1).execute();
    assertThatThrownBy(() -> plan.withGraph(2).execute())
        .hasMessageContaining("graph upload, which is neither the graph that ran last");
  }

  @Test
  void graphsThatShareRunOneByOne() {
    TornadoExecutionPlan plan = strict(upload(), incrementing("a", "upload"));
    assertThatThrownBy(plan::execute).hasMessageContaining("no graph of the plan has run");
  }

  // ---------------------------------------------------------------- limits

  @Test
  void aGraphHasAtMost256Tasks() {
    TaskGraph graph = new TaskGraph("g");
    for (int i = 0; i < 257; i++) {
      graph.task("t" + i, StrictModeTest::touch, w);
    }
    assertThatThrownBy(() -> strict(graph))
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("graph g has 257 tasks, TornadoVM takes 256");
    ImmutableTaskGraph snapshot = graph.snapshot();
    StrictMode.off(() -> new TornadoExecutionPlan(snapshot)).execute();
  }

  @Test
  void aGraphsCodeIsLimited() {
    TaskGraph graph = new TaskGraph("g");
    for (int i = 0; i < 150; i++) {
      graph.task("t" + i, StrictModeTest::touch, w);
    }
    String property = "tornado.tvm.maxbytecodesize";
    String before = System.getProperty(property);
    try {
      System.clearProperty(property);
      assertThatThrownBy(() -> strict(graph))
          .hasMessageContaining("graph g takes about")
          .hasMessageContaining("4096");
      System.setProperty(property, "1048576");
      strict(graph);
    } finally {
      if (before == null) {
        System.clearProperty(property);
      } else {
        System.setProperty(property, before);
      }
    }
  }

  @Test
  void argumentsAreArraysOrNumbers() {
    assertThatThrownBy(
            () -> strict(new TaskGraph("g").task("t", StrictModeTest::takes, w, (Object) "text")))
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("argument 2 of task g.t is a String");
  }

  @Test
  void tasksOfAGraphHaveDifferentNames() {
    TaskGraph graph = new TaskGraph("g").task("t", StrictModeTest::touch, w);
    assertThatThrownBy(() -> graph.task("t", StrictModeTest::touch, w))
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("two tasks 't'");
  }

  @Test
  void graphsTakeArraysOnly() {
    TaskGraph graph = new TaskGraph("g");
    assertThatThrownBy(() -> graph.transferToDevice(EVERY, new float[2]))
        .hasMessageContaining("graph g: transferToDevice takes arrays, not a float[]");
    assertThatThrownBy(() -> graph.transferToHost(EVERY, 3))
        .hasMessageContaining("transferToHost takes arrays, not a Integer");
    assertThatThrownBy(() -> graph.persistOnDevice("x")).hasMessageContaining("persistOnDevice");
    assertThatThrownBy(() -> graph.consumeFromDevice("g0", (Object) null))
        .hasMessageContaining("not null");
    assertThatThrownBy(() -> graph.task("t", StrictModeTest::touch, null))
        .hasMessageContaining("argument 1 of task g.t is null");
    assertThatThrownBy(() -> graph.transferToDevice(DEMAND, w)).hasMessageContaining("no mode 2");
    assertThatThrownBy(() -> graph.transferToHost(3, w)).hasMessageContaining("no mode 3");
    graph.transferToDevice(EVERY, 3);
  }

  @Test
  void aPlanHasGraphs() {
    assertThatThrownBy(TornadoExecutionPlan::new).hasMessageContaining("without graphs");
  }

  @Test
  void halvesAreSentBitForBit() {
    HalfFloatArray halves = HalfFloatArray.fromElements(new HalfFloat(1.5f), new HalfFloat(-2f));
    FloatArray out = new FloatArray(2);
    TornadoExecutionPlan plan =
        strict(
            new TaskGraph("g")
                .transferToDevice(EVERY, halves)
                .task("t", StrictModeTest::widen, halves, out)
                .transferToHost(EVERY, out));
    plan.execute();
    assertThat(out.toHeapArray()).containsExactly(1.5f, -2);
  }

  static void widen(HalfFloatArray x, FloatArray out) {
    for (@Parallel int i = 0; i < x.getSize(); i++) {
      out.set(i, x.get(i).getFloat32());
    }
  }
}
