package io.github.tornadosse.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.ExecutionProfile;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoDeviceMap;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.TornadoProfilerResult;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class ExecutionPlanTest {
  static void increment(FloatArray x) {
    x.set(0, x.get(0) + 1);
  }

  static void busy(FloatArray x, int micros) {
    long end = System.nanoTime() + micros * 1000L;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    x.set(0, x.get(0) + 1);
  }

  static void wholeAsFloat(FloatArray x, float value, int index, IntArray flags) {
    x.set(index, value);
    flags.set(index, 1);
  }

  private final FloatArray x = new FloatArray(4);

  private TaskGraph graph() {
    return new TaskGraph("g")
        .transferToDevice(DataTransferMode.FIRST_EXECUTION, x)
        .task("short", ExecutionPlanTest::busy, x, 100)
        .task("long", ExecutionPlanTest::busy, x, 2000)
        .transferToHost(DataTransferMode.EVERY_EXECUTION, x);
  }

  @Test
  void theProfilerTellsTheTimeOfEachTask() throws Exception {
    ImmutableTaskGraph snapshot = graph().snapshot();
    TornadoExecutionPlan plan = StrictMode.on(() -> new TornadoExecutionPlan(snapshot));
    TornadoExecutionResult result = plan.withProfiler(ProfilerMode.SILENT).execute();
    Map<String, Long> times = ExecutionProfile.of(result).taskTimes();
    assertThat(times).containsOnlyKeys("g.short", "g.long");
    assertThat(times.get("g.short")).isBetween(100_000L, 1_000_000_000L);
    assertThat(times.get("g.long")).isBetween(2_000_000L, 1_000_000_000L);
    TornadoProfilerResult profile = result.getProfilerResult();
    assertThat(profile.getDeviceKernelTime()).isEqualTo(times.get("g.short") + times.get("g.long"));
    assertThat(profile.getTotalTime()).isGreaterThanOrEqualTo(profile.getDeviceKernelTime());
    assertThat(profile.getTotalBytesCopyIn()).isEqualTo(16);
    assertThat(profile.getTotalBytesCopyOut()).isEqualTo(16);
    assertThat(profile.getDataTransfersTime()).isPositive();
    JsonNode log = new ObjectMapper().readTree(profile.getProfileLog());
    assertThat(log.at("/g.long/TASK_KERNEL_TIME").asLong()).isEqualTo(times.get("g.long"));
    assertThat(log.at("/TOTAL_TASK_GRAPH_TIME").asLong()).isEqualTo(profile.getTotalTime());
  }

  @Test
  void withoutTheProfilerThereAreNoTimes() {
    TornadoExecutionPlan plan = new TornadoExecutionPlan(graph().snapshot());
    TornadoExecutionResult result =
        plan.withProfiler(ProfilerMode.SILENT).withoutProfiler().execute();
    assertThat(ExecutionProfile.of(result).taskTimes()).isEmpty();
    assertThat(result.getProfilerResult().getTotalTime()).isZero();
  }

  @Test
  void theConsoleModePrintsTheTimes() {
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      TornadoExecutionPlan plan = new TornadoExecutionPlan(graph().snapshot());
      plan.withProfiler(ProfilerMode.CONSOLE).execute();
    } finally {
      System.setOut(before);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8)).contains("\"g.long\"");
  }

  @Test
  void warmingUpExecutes() throws Exception {
    TaskGraph graph =
        new TaskGraph("g")
            .transferToDevice(DataTransferMode.FIRST_EXECUTION, x)
            .task("t", ExecutionPlanTest::increment, x)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, x);
    TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot());
    plan.withPreCompilation();
    assertThat(x.get(0)).isZero();
    plan.withWarmUpIterations(3);
    assertThat(x.get(0)).isEqualTo(3);
    plan.withWarmUpTime(5);
    assertThat(x.get(0)).isGreaterThan(3);
    assertThatThrownBy(() -> plan.withWarmUpIterations(-1)).hasMessageContaining("-1");
    assertThatThrownBy(() -> plan.withWarmUpTime(-1)).hasMessageContaining("-1");
  }

  @Test
  void precompilationFindsWhatCannotRun() {
    TaskGraph graph = new TaskGraph("g").task("t", a -> increment(a), x);
    TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot());
    assertThatThrownBy(plan::withPreCompilation)
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("lambda expression");
  }

  @Test
  void numbersArePartOfTheirTask() {
    IntArray flags = new IntArray(4);
    TaskGraph graph =
        new TaskGraph("g")
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, x, flags)
            .task("t", ExecutionPlanTest::wholeAsFloat, x, 2.5f, 3, flags)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, x, flags);
    new TornadoExecutionPlan(graph.snapshot()).execute();
    assertThat(x.toHeapArray()).containsExactly(0, 0, 0, 2.5f);
    assertThat(flags.toHeapArray()).containsExactly(0, 0, 0, 1);
  }

  @Test
  void aSnapshotDoesNotFollowItsGraph() {
    TaskGraph graph =
        new TaskGraph("g")
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, x)
            .task("t", ExecutionPlanTest::increment, x);
    ImmutableTaskGraph snapshot = graph.snapshot();
    graph.task("u", ExecutionPlanTest::increment, x);
    new TornadoExecutionPlan(snapshot).execute();
    assertThat(x.get(0)).isEqualTo(1);
    new TornadoExecutionPlan(graph.snapshot()).execute();
    assertThat(x.get(0)).isEqualTo(3);
    assertThat(graph.getTaskGraphName()).isEqualTo("g");
    assertThat(graph.getArgumentsLookup()).containsExactly(x);
  }

  @Test
  void plansAreNumbered() {
    TornadoExecutionPlan first = new TornadoExecutionPlan(graph().snapshot());
    TornadoExecutionPlan second = new TornadoExecutionPlan(graph().snapshot());
    assertThat(second.getId()).isGreaterThan(first.getId());
    assertThat(TornadoExecutionPlan.getTotalPlans()).isGreaterThanOrEqualTo((int) second.getId());
  }

  @Test
  void theJvmIsTheOneDevice() {
    TornadoDeviceMap map = TornadoExecutionPlan.getTornadoDeviceMap();
    assertThat(map.getNumBackends()).isEqualTo(1);
    assertThat(map.getAllBackends().get(0).getBackendType()).isEqualTo(TornadoVMBackendType.JAVA);
    TornadoDevice device = TornadoExecutionPlan.getDevice(0, 0);
    assertThat(map.getDevicesByName("JVM")).containsExactly(device);
    assertThat(map.getDevicesByType(TornadoDeviceType.GPU)).isEmpty();
    assertThat(map.getBackendsWithDevicePredicate(d -> d == device)).hasSize(1);
    assertThat(map.getBackendsWithPredicate(b -> b.getNumDevices() > 1)).isEmpty();
    assertThat(device).isSameAs(TornadoExecutionPlan.DEFAULT_DEVICE);
    assertThat(device.getDescription())
        .contains(Workers.count() + " threads")
        .contains(JvmRuntime.vectorBits() + " bits");
    assertThat(device.getMaxGlobalMemory()).isEqualTo(Runtime.getRuntime().maxMemory());
    assertThat(device.getPhysicalDevice().getDeviceMaxComputeUnits()).isEqualTo(Workers.count());
    TornadoExecutionPlan plan = new TornadoExecutionPlan(graph().snapshot());
    assertThat(plan.withDevice(device).getDevice(0)).isSameAs(device);
    assertThatThrownBy(() -> TornadoExecutionPlan.getDevice(0, 1))
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("no device 1");
    assertThatThrownBy(() -> TornadoExecutionPlan.getDevice(2, 0))
        .hasMessageContaining("no backend 2");
  }
}
